"""Further single changes, of configurations that use more than the usual one."""

from __future__ import annotations

import copy

from gal import model as m
from gal.model import Gateway, Secret
from tests.drift.mutation_table import (
    ENVOY,
    Change_,
    in_policy,
    on_route,
    on_upstream,
    policy,
    route,
    service,
)
from tests.drift.mutations import Mutation

JWKS = (
    '{"keys": [{"kty": "oct", "alg": "HS256", "k": "ZXhhbXBsZS1vbmx5LXNlY3JldC1vZi0zMi1ieXRlcyE"}]}'
)
AUTHORITY = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"
OTHER = "-----BEGIN CERTIFICATE-----\nAQ==\n-----END CERTIFICATE-----"
KEY = "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----"
OTHER_KEY = "-----BEGIN PRIVATE KEY-----\nAQ==\n-----END PRIVATE KEY-----"

APISIX = ("apisix", "gal")
CLIENTS = {"caFiles": ["/ca.pem"], "clientAuthType": "RequireAndVerifyClientCert"}
OTHER_CLIENTS = {**CLIENTS, "caFiles": ["/other.pem"]}


def jwt(**fields: object) -> m.Authentication:
    """Tokens of one issuer."""
    values = {"issuer": "https://id.test", "audiences": ["shop"], "jwks": JWKS}
    values["algorithms"] = ["HS256"]
    return m.Authentication(jwt=m.JwtAuth(**{**values, **fields}))  # type: ignore[arg-type]


def asking(**fields: object) -> m.Authentication:
    """Another service is asked."""
    values = {"address": "http://auth.internal/check", **fields}
    return m.Authentication(forward=m.ForwardAuth(**values))  # type: ignore[arg-type]


def certificates(*models: m.Certificate) -> Change_:
    return lambda gateway: gateway.certificates.extend(models)


def shown(name: str, text: str = AUTHORITY, key: str = KEY, **fields: object) -> m.Certificate:
    """A certificate for `name`.example.com."""
    names = [f"{name}.example.com"]
    return m.Certificate(name, text, Secret(key), names, **fields)  # type: ignore[arg-type]


def first(gateway: Gateway) -> m.Certificate:
    return gateway.certificates[0]


def listeners(*models: m.Listener) -> Change_:
    return lambda gateway: gateway.listeners.extend(models)


def own(provider: str, **settings: object) -> Change_:
    """Settings of the gateway that only one provider knows."""
    return lambda gateway: gateway.extensions.setdefault(provider, {}).update(settings)


def versions(lowest: str) -> Change_:
    """The lowest version of TLS, as Traefik says it."""
    return own("traefik", tls={"options": {"default": {"minVersion": lowest}}})


def both(*changes: Change_) -> Change_:
    def change(gateway: Gateway) -> None:
        for one in changes:
            one(gateway)

    return change


def request_headers(**operations: object) -> m.Headers:
    return m.Headers(request=m.Operations(**operations))  # type: ignore[arg-type]


def split(gateway: Gateway) -> None:
    """The hosts of a route each in a route of its own."""
    whole = route(gateway, "orders")
    other = copy.deepcopy(whole)
    whole.hosts, other.hosts = whole.hosts[:1], whole.hosts[1:]
    other.name = "orders-more"
    service(gateway, "orders").routes.append(other)


def wide(priority: int) -> Change_:
    """A route whose requests those of billing are among."""

    def change(gateway: Gateway) -> None:
        made = m.Route(name="wide", paths=[m.PathMatch(path_prefix="/bill")])
        made.hosts, made.priority = ["api.example.com"], priority
        service(gateway, "orders").routes.append(made)

    return change


SECURE = on_route("export", "schemes", ["https"])
REDIRECTED = both(SECURE, on_route("export", "https_redirect", m.HttpsRedirect(301)))
MORE = [
    # routes
    Mutation(
        "another route wins",
        lambda g: setattr(route(g, "wide"), "priority", 90),
        ("D008",),
        ("kong", "gal"),
        wide(-9),
    ),
    Mutation(
        "a route is covered by another one",
        lambda g: service(g, "billing").routes.clear(),
        ("D002",),
        before=wide(0),
    ),
    Mutation(
        "HTTP/2 to the targets",
        lambda g: setattr(service(g, "orders"), "protocol", m.Protocol.H2C),
        ("D123",),
        ("traefik", "envoy"),
    ),
    Mutation("plain HTTP, too", on_route("export", "schemes", []), ("D045",), before=SECURE),
    Mutation(
        "another redirect to HTTPS",
        on_route("export", "https_redirect", m.HttpsRedirect(302)),
        ("D143",),
        before=REDIRECTED,
        providers=("kong", "gal"),
    ),
    # who may enter
    Mutation(
        "no issuer",
        in_policy("export", "authentication.jwt.issuer", None),
        ("D015",),
        ENVOY,
        policy("export", "authentication", jwt()),
    ),
    Mutation(
        "any audience",
        in_policy("export", "authentication.jwt.audiences", []),
        ("D015",),
        ENVOY,
        policy("export", "authentication", jwt()),
    ),
    Mutation(
        "another issuer",
        in_policy("export", "authentication.jwt.issuer", "https://b.test"),
        ("D138",),
        ENVOY,
        policy("export", "authentication", jwt()),
    ),
    Mutation(
        "let in without the check",
        in_policy("export", "authentication.forward.fail_open", True),
        ("D014",),
        ("apisix", "gal"),
        policy("export", "authentication", asking()),
    ),
    Mutation(
        "another service checks",
        in_policy("export", "authentication.forward.address", "http://b.internal/check"),
        ("D138",),
        ("traefik", "apisix"),
        policy("export", "authentication", asking()),
    ),
    Mutation(
        "what the client says of itself is believed",
        in_policy("export", "authentication.forward.trust_forwarded", True),
        ("D052",),
        ("traefik", "gal"),
        policy("export", "authentication", asking()),
    ),
    Mutation(
        "other groups",
        in_policy("orders", "acl.allow", ["staff"]),
        ("D134",),
        before=policy("orders", "acl", m.Acl(allow=["partners"])),
    ),
    Mutation(
        "a custom id",
        lambda g: setattr(g.consumers[0], "custom_id", "42"),
        ("D139",),
        ("kong", "gal"),
    ),
    Mutation(
        "another placeholder",
        lambda g: setattr(g.consumers[0].credentials.api_keys[0], "key", Secret("${B}")),
        ("D091",),
        before=lambda g: setattr(g.consumers[0].credentials.api_keys[0], "key", Secret("${A}")),
    ),
    Mutation(
        "no key in the query",
        in_policy("export", "authentication.api_key.query_params", []),
        ("D137",),
        ("kong", "envoy"),
        policy(
            "export",
            "authentication",
            m.Authentication(
                api_key=m.ApiKeyAuth(header_names=["apikey"], query_params=["apikey"])
            ),
        ),
    ),
    Mutation(
        "another refusal",
        in_policy("export", "ip_access.status_code", 451),
        ("D069",),
        ("kong", "gal"),
    ),
    Mutation(
        "a limit for a consumer",
        lambda g: setattr(g.consumers[0].policies, "size_limit", m.SizeLimit(m.Size.parse("1MiB"))),
        ("D083",),
        ("kong", "gal"),
    ),
    # limits
    Mutation(
        "closed without the store",
        in_policy("orders", "rate_limit.fail_open", False),
        ("D024",),
    ),
    Mutation(
        "a bucket instead of a window",
        in_policy("orders", "rate_limit.algorithm", m.RateLimitAlgorithm.SLIDING_WINDOW),
        ("D027",),
        APISIX,
    ),
    # certificates, ports and the administration
    Mutation(
        "another certificate",
        lambda g: setattr(first(g), "certificate", OTHER),
        ("D044",),
        before=certificates(shown("api")),
    ),
    Mutation(
        "another private key",
        lambda g: setattr(first(g), "key", Secret(OTHER_KEY)),
        ("D044",),
        before=certificates(shown("api")),
    ),
    Mutation(
        "a certificate more",
        certificates(shown("www", OTHER)),
        ("D049",),
        before=certificates(shown("api")),
    ),
    Mutation(
        "a certificate less",
        lambda g: g.certificates.pop(),
        ("D047",),
        before=certificates(shown("api"), shown("www", OTHER)),
    ),
    Mutation(
        "a client certificate for the targets",
        on_upstream("billing", "tls.client_certificate", "own"),
        ("D043",),
        ("kong", "traefik"),
        certificates(m.Certificate("own", AUTHORITY, Secret(KEY))),
        level="low",
    ),
    Mutation(
        "another server name for the targets",
        on_upstream("billing", "tls.sni", "other.internal"),
        ("D142",),
        ("envoy", "gal"),
    ),
    Mutation(
        "older TLS",
        versions("VersionTLS10"),
        ("D042",),
        ("traefik",),
        versions("VersionTLS12"),
    ),
    Mutation(
        "older TLS for a name",
        lambda g: first(g).extensions.update(apisix={"ssl_protocols": ["TLSv1.1", "TLSv1.2"]}),
        ("D042",),
        ("apisix",),
        certificates(shown("api", extensions={"apisix": {"ssl_protocols": ["TLSv1.2"]}})),
    ),
    Mutation(
        "no certificate of the client",
        own("traefik", tls={"options": {"default": {}}}),
        ("D043",),
        ("traefik",),
        both(SECURE, own("traefik", tls={"options": {"default": {"clientAuth": CLIENTS}}})),
    ),
    Mutation(
        "another authority for clients",
        own("traefik", tls={"options": {"default": {"clientAuth": OTHER_CLIENTS}}}),
        ("D043",),
        ("traefik",),
        own("traefik", tls={"options": {"default": {"clientAuth": CLIENTS}}}),
    ),
    Mutation(
        "a port more",
        listeners(m.Listener("more", port=8081)),
        ("D066",),
        ("envoy", "traefik"),
        listeners(m.Listener("main", port=8080)),
    ),
    Mutation(
        "a port less",
        lambda g: g.listeners.pop(),
        ("D067",),
        ("envoy", "traefik"),
        listeners(m.Listener("main", port=8080), m.Listener("more", port=8081)),
    ),
    Mutation(
        "the administration",
        lambda g: setattr(g.settings, "admin_port", 9901),
        ("D061",),
        ("envoy", "gal"),
        level="medium",
    ),
    Mutation(
        "the administration elsewhere",
        lambda g: setattr(g.settings, "admin_port", 9902),
        ("D144",),
        ("envoy", "gal"),
        lambda g: setattr(g.settings, "admin_port", 9901),
    ),
    # headers and bodies
    Mutation(
        "who the client says it is",
        policy("export", "headers", None),
        ("D051",),
        before=policy("export", "headers", request_headers(remove=["X-Consumer-Username"])),
    ),
    Mutation(
        "a field of the body",
        policy("export", "transformation", m.Transformation(request=m.BodyOperations(["a"]))),
        ("D054",),
        ("kong", "gal"),
    ),
    Mutation(
        "another content type of an answer",
        in_policy("export", "direct_response.content_type", "text/csv"),
        ("D122",),
        ("kong", "gal"),
        policy("export", "direct_response", m.DirectResponse(503, "x")),
        level="low",
    ),
    # what only one gateway knows
    Mutation(
        "a plugin of one gateway",
        lambda g: route(g, "export").policies.plugins.update(
            kong=[{"name": "bot-watch", "config": {"limit": 5}}]
        ),
        ("D100",),
        ("kong", "gal"),
    ),
    Mutation(
        "the name of a consumer",
        lambda g: setattr(g.consumers[0], "name", "acmecorp"),
        ("D139",),
    ),
    # nothing that traffic sees
    Mutation(
        "the tags of a service",
        lambda g: service(g, "orders").tags.append("t"),
        (),
        ("kong", "gal"),
        cosmetic=("D113",),
    ),
    Mutation(
        "one route as two",
        split,
        (),
        ("kong", "traefik"),
        cosmetic=("D114",),
    ),
]
