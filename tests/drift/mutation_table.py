"""Single changes of a configuration, with the ids that each is to give."""

from __future__ import annotations

from collections.abc import Callable

from gal import model as m
from gal.model import Duration, Gateway, Rate, Secret, Size
from tests.drift.mutations import Mutation

Change_ = Callable[[Gateway], object]


def route(gateway: Gateway, name: str) -> m.Route:
    return next(one for _, one in gateway.walk_routes() if one.name == name)


def service(gateway: Gateway, name: str) -> m.Service:
    return next(one for one in gateway.services if one.name == name)


def upstream(gateway: Gateway, name: str) -> m.Upstream:
    found = service(gateway, name).upstream
    assert isinstance(found, m.Upstream)
    return found


def on_route(name: str, field: str, value: object) -> Change_:
    """Set a field of a route."""
    return lambda gateway: setattr(route(gateway, name), field, value)


def policy(name: str, kind: str, value: object) -> Change_:
    """Set a policy of a route."""
    return lambda gateway: setattr(route(gateway, name).policies, kind, value)


def in_policy(name: str, path: str, value: object) -> Change_:
    """Set a field below a policy of a route."""

    def change(gateway: Gateway) -> None:
        *outer, last = path.split(".")
        node: object = route(gateway, name).policies
        for step in outer:
            node = getattr(node, step)
        setattr(node, last, value)

    return change


def on_upstream(name: str, path: str, value: object) -> Change_:
    """Set a field of an upstream."""

    def change(gateway: Gateway) -> None:
        *outer, last = path.split(".")
        node: object = upstream(gateway, name)
        for step in outer:
            node = getattr(node, step)
        setattr(node, last, value)

    return change


def added(name: str, path: m.PathMatch, **policies: object) -> Change_:
    """One more route of the service billing."""

    def change(gateway: Gateway) -> None:
        made = m.Route(name=name, paths=[path], hosts=["api.example.com"])
        for kind, value in policies.items():
            setattr(made.policies, kind, value)
        service(gateway, "billing").routes.append(made)

    return change


KEYS = m.Authentication(api_key=m.ApiKeyAuth(header_names=["apikey"]))
PREFIX = m.PathMatch(path_prefix="/refunds")
COYOTE = m.Consumer(
    name="coyote",
    credentials=m.Credentials(api_keys=[m.KeyCredential(key=Secret("key-of-coyote-1"))]),
)
ANOTHER = m.KeyCredential(key=Secret("key-of-acme-2"))


def first_key(gateway: Gateway) -> m.KeyCredential:
    return gateway.consumers[0].credentials.api_keys[0]


def ips(gateway: Gateway) -> m.IpAccess:
    found = route(gateway, "export").policies.ip_access
    assert found is not None
    return found


def cors(gateway: Gateway) -> m.Cors:
    found = route(gateway, "orders").policies.cors
    assert found is not None
    return found


SEARCH = m.Anchor.SEARCH


def plain_http(gateway: Gateway) -> None:
    service(gateway, "billing").protocol = m.Protocol.HTTP
    upstream(gateway, "billing").tls = None


def response(name: str, value: str) -> m.Headers:
    return m.Headers(response=m.Operations(set={name: [value]}))


def seconds(value: int) -> Duration:
    return Duration.seconds(value)


def rate(text: str) -> list[Rate]:
    return [Rate.parse(text)]


ENVOY = ("envoy", "gal")
TABLE = [
    # routes
    Mutation("a route is gone", lambda g: service(g, "orders").routes.pop(), ("D001",)),
    Mutation("a route with keys", added("refunds", PREFIX, authentication=KEYS), ("D003",)),
    Mutation("a route for all", added("refunds", PREFIX), ("D003",)),
    Mutation("metrics for all", added("metrics", m.PathMatch(path="/metrics")), ("D062",)),
    Mutation("a host more", lambda g: route(g, "export").hosts.append("new.test"), ("D004",)),
    Mutation("a host less", lambda g: route(g, "orders").hosts.pop(), ("D005",)),
    Mutation("a method more", lambda g: route(g, "orders").methods.append("PUT"), ("D004",)),
    Mutation("a method less", lambda g: route(g, "orders").methods.pop(), ("D005",)),
    Mutation("any method", on_route("orders", "methods", []), ("D004",), ("kong", "envoy")),
    Mutation(
        "another path",
        on_route("orders", "paths", [m.PathMatch(path_prefix="/v2/orders")]),
        ("D121",),
    ),
    Mutation("a path more", lambda g: route(g, "orders").paths.append(PREFIX), ("D004",)),
    Mutation(
        "a longer path",
        on_route("orders", "paths", [m.PathMatch(path_prefix="/orders/new")]),
        ("D005",),
        ("kong", "envoy"),
    ),
    Mutation(
        "a start by whole segments",
        on_route("billing", "paths", [m.PathMatch(path_segments="/billing")]),
        ("D005",),
        ("envoy", "kong"),
    ),
    Mutation(
        "a condition",
        on_route("export", "headers", [m.ValueMatch("X-Version", ["2"])]),
        ("D005",),
    ),
    Mutation(
        "other targets",
        on_upstream("billing", "targets", [m.Target("other.internal", 8443)]),
        ("D006",),
    ),
    Mutation(
        "the prefix stays",
        on_route("billing", "rewrite", None),
        ("D007",),
        ("kong", "traefik"),
        on_route("billing", "rewrite", m.Rewrite(strip_prefix=True)),
    ),
    Mutation("a base path", lambda g: setattr(service(g, "billing"), "path", "/v2"), ("D007",)),
    Mutation(
        "another Host",
        on_route("billing", "host_header", m.HostHeader(mode=m.HostMode.REWRITE, value="b.test")),
        ("D007",),
        ("apisix", "envoy"),
    ),
    Mutation(
        "a service is off",
        lambda g: setattr(service(g, "billing"), "enabled", False),
        ("D009",),
        ("kong", "gal"),
    ),
    Mutation(
        "a redirect",
        policy("export", "redirect", m.Redirect("https://x.test/", status_code=302)),
        ("D122",),
        ("apisix", "envoy"),
    ),
    Mutation(
        "an answer", policy("export", "direct_response", m.DirectResponse(503, "x")), ("D122",)
    ),
    # who may enter
    Mutation("nobody is asked", policy("orders", "authentication", None), ("D010",)),
    Mutation(
        "anybody else enters", in_policy("orders", "authentication.anonymous", "acme"), ("D011",)
    ),
    Mutation("everybody is asked", policy("export", "authentication", KEYS), ("D012",)),
    Mutation(
        "passwords instead of keys",
        policy("orders", "authentication", m.Authentication(basic=m.BasicAuth())),
        ("D013",),
    ),
    Mutation(
        "another header for keys",
        in_policy("orders", "authentication.api_key.header_names", ["x-key"]),
        ("D137",),
        ("kong", "envoy"),
    ),
    Mutation("a consumer more", lambda g: g.consumers.append(COYOTE), ("D017",)),
    Mutation("a consumer less", lambda g: g.consumers.pop(), ("D130",)),
    Mutation("another key", lambda g: setattr(first_key(g), "key", Secret("k-2")), ("D018",)),
    Mutation(
        "a key more", lambda g: g.consumers[0].credentials.api_keys.append(ANOTHER), ("D131",)
    ),
    Mutation(
        "a placeholder instead of a key",
        lambda g: setattr(first_key(g), "key", Secret("${ACME_KEY}")),
        ("D092",),
    ),
    Mutation("only a group", policy("orders", "acl", m.Acl(allow=["partners"])), ("D133",)),
    Mutation(
        "a group more",
        lambda g: g.consumers[0].groups.append("staff"),
        ("D019",),
        ("kong", "gal"),
    ),
    Mutation(
        "more addresses",
        lambda g: ips(g).allow.append("172.16.0.0/12"),
        ("D060",),
    ),
    Mutation("fewer addresses", lambda g: ips(g).allow.pop(), ("D063",)),
    Mutation("other addresses", lambda g: setattr(ips(g), "allow", ["11.0.0.0/8"]), ("D068",)),
    Mutation("all addresses", policy("export", "ip_access", None), ("D060",)),
    Mutation(
        "no curl",
        policy("export", "user_agent", m.UserAgentAccess(deny=[m.Regex("curl", anchor=SEARCH)])),
        ("D065",),
        ("apisix", "envoy"),
    ),
    Mutation(
        "a name has to be there",
        policy("export", "user_agent", m.UserAgentAccess(refuse_missing=True)),
        ("D065",),
        ("apisix", "envoy"),
    ),
    # limits
    Mutation("no limit", policy("orders", "rate_limit", None), ("D020",)),
    Mutation("a looser limit", in_policy("orders", "rate_limit.limits", rate("200/1m")), ("D021",)),
    Mutation("a tighter limit", in_policy("orders", "rate_limit.limits", rate("50/1m")), ("D022",)),
    Mutation(
        "a limit", policy("export", "rate_limit", m.RateLimit(limits=rate("5/1m"))), ("D026",)
    ),
    Mutation(
        "a limit a consumer",
        in_policy("orders", "rate_limit.key_type", m.RateLimitKey.CONSUMER),
        ("D023",),
    ),
    Mutation(
        "another answer to too many",
        in_policy("orders", "rate_limit.response.status_code", 503),
        ("D025",),
    ),
    Mutation(
        "a body limit",
        policy("export", "size_limit", m.SizeLimit(Size.parse("1MiB"))),
        ("D083",),
    ),
    # CORS
    Mutation(
        "an origin more",
        lambda g: cors(g).allowed_origins.append("https://evil.test"),
        ("D030",),
        ("kong", "envoy"),
    ),
    Mutation("any origin", in_policy("orders", "cors.allowed_origins", ["*"]), ("D030",), ENVOY),
    Mutation("credentials", in_policy("orders", "cors.allow_credentials", True), ("D031",)),
    Mutation("no CORS", policy("orders", "cors", None), ("D035",)),
    Mutation("CORS", policy("export", "cors", m.Cors(["https://a.test"])), ("D036",)),
    Mutation("shorter preflights", in_policy("orders", "cors.max_age", seconds(30)), ("D032",)),
    # TLS and headers
    Mutation("unchecked targets", on_upstream("billing", "tls.verify", False), ("D040",)),
    Mutation("plain HTTP to the targets", plain_http, ("D041",)),
    Mutation(
        "HSTS",
        policy("export", "headers", response("Strict-Transport-Security", "max-age=9")),
        ("D046",),
    ),
    Mutation(
        "another value of a header",
        in_policy("orders", "headers.request.set", {"X-Team": ["other"]}),
        ("D050",),
    ),
    Mutation("ids", policy("export", "request_id", m.RequestId()), ("D053",)),
    Mutation(
        "a parameter more",
        policy("export", "query", m.Query(m.Operations(set={"a": ["1"]}))),
        ("D055",),
        ("kong", "envoy"),
    ),
    # upstreams
    Mutation(
        "a target more",
        lambda g: upstream(g, "orders").targets.append(m.Target("three.internal", 8080)),
        ("D070",),
    ),
    Mutation("a target less", lambda g: upstream(g, "orders").targets.pop(), ("D075",)),
    Mutation(
        "other shares", lambda g: setattr(upstream(g, "orders").targets[0], "weight", 3), ("D071",)
    ),
    Mutation(
        "a target is drained",
        lambda g: setattr(upstream(g, "orders").targets[0], "weight", 0),
        ("D076",),
    ),
    Mutation(
        "the least connections",
        on_upstream("orders", "load_balancer.algorithm", m.Algorithm.LEAST_CONN),
        ("D072",),
    ),
    Mutation(
        "sticky sessions",
        on_upstream("orders", "load_balancer.sticky_sessions", True),
        ("D074",),
        ("traefik", "envoy"),
    ),
    Mutation("no health checks", on_upstream("orders", "health_check", None), ("D073",)),
    # resilience
    Mutation("a longer timeout", in_policy("billing", "timeout.read", seconds(90)), ("D080",)),
    Mutation("more attempts", in_policy("billing", "retry.attempts", 4), ("D081",)),
    Mutation(
        "a circuit breaker",
        policy("export", "circuit_breaker", m.CircuitBreaker()),
        ("D082",),
        ("apisix", "envoy"),
    ),
    Mutation(
        "gzip", policy("export", "compression", m.Compression()), ("D084",), ("apisix", "envoy")
    ),
    Mutation(
        "copies", policy("export", "mirror", m.Mirror("billing")), ("D085",), ("apisix", "traefik")
    ),
    # nothing that traffic sees
    Mutation(
        "a tag", lambda g: route(g, "export").tags.append("t"), (), ("kong",), cosmetic=("D113",)
    ),
    Mutation("another name", on_route("export", "name", "dump"), (), cosmetic=("D110",)),
    Mutation("another order", lambda g: g.services.reverse(), (), ("kong",), cosmetic=("D111",)),
    Mutation("nothing", lambda _: None, (), ("kong", "envoy")),
]
