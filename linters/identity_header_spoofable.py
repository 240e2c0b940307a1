"""An application behind a gateway often asks nobody itself: it believes a header in which
the gateway says who the client is. On a route where the gateway sets that header, what the client
sent in it is gone. On another route to the same application it is not: there the client itself says
who it is.

Headers that count:

- **Kong**: `X-Consumer-ID`, `X-Consumer-Username`, `X-Consumer-Custom-ID` and
  `X-Credential-Identifier`, which authentication plugins set and clear, and only they.
- **APISIX**: `X-Consumer-Username` and its kin, `upstream_headers` of `forward-auth`, and
  `X-Userinfo`, `X-Access-Token` and `X-ID-Token` of `openid-connect`.
- **Traefik**: `authResponseHeaders` of `forwardAuth`, and `headerField` of `basicAuth` and
  `digestAuth`.
- **Envoy**: `claim_to_headers` and `forward_payload_header` of `jwt_authn`,
  `allowed_upstream_headers` of `ext_authz`, `forward_username_header` of `basic_auth`, and
  `forwarding.header` of `api_key_auth`. Also: headers that `ext_authz` appends
  (`allowed_upstream_headers_to_append`), since the client's own value stays before them, and
  `x-forwarded-client-cert` where `forward_client_cert_details` hands on what the client sent
  (`ALWAYS_FORWARD_ONLY`, and of medium severity `FORWARD_ONLY`, where the client has a certificate
  at least).

There is no finding for routes that take the header away or set it, that the gateway answers itself,
or that are for everybody by their path (`/health`, `/login`, ...) or mark (see GAL010).

Take the header away on the other routes, or have the application check a signature.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gal.lint.envoy_files import is_outside, managers
from gal.lint.envoy_messages import messages
from gal.lint.exposure import answered, is_public, limited_by_address
from gal.lint.finding import Finding, finding, place_of
from gal.lint.identity_headers import identity_headers
from gal.lint.peeking import items, text
from gal.lint.request_headers import taken_away
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.subject import RouteView, Subject
from gal.model import Authentication

RULE = Rule(
    code="GAL023",
    name="identity-header-spoofable",
    title="Clients can say themselves who they are",
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    cwe=(290, 345),
    owasp=("API2", "API5"),
    pages=(
        "https://developer.konghq.com/plugins/key-auth/",
        "https://apisix.apache.org/docs/apisix/plugins/forward-auth/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/forwardauth/",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers",
    ),
)
_HELP = "take the header away on routes that do not set it"
_XFCC = "x-forwarded-client-cert"
_FORWARDED = {"ALWAYS_FORWARD_ONLY": Severity.HIGH, "FORWARD_ONLY": Severity.MEDIUM}
_SHOWN = 4
_OWN = frozenset(
    (
        *("x-consumer-id", "x-consumer-custom-id", "x-consumer-username", "x-consumer-groups"),
        *("x-credential-identifier", "x-anonymous-consumer"),
    )
)


@dataclass(slots=True)
class _Group:
    """The routes of an upstream.

    Attributes:
        views: those whose requests clients from outside can send.
        told: for each header the first route that sets it, by its name in small letters.
    """

    views: list[RouteView] = field(default_factory=list)
    told: dict[str, tuple[str, RouteView]] = field(default_factory=dict)


def check(subject: Subject) -> Iterator[Finding]:
    """Routes on which a client can set what other routes to the same upstream set."""
    told = {id(view): identity_headers(view, subject) for view in subject.routes}
    if any(told.values()):
        for group in _groups(subject, told):
            yield from _spoofable(group, told)
    yield from _appended(subject)
    yield from _certificates(subject)


def _groups(subject: Subject, told: dict[int, list[str]]) -> list[_Group]:
    found: dict[object, _Group] = {}
    for view in subject.routes:
        if answered(view):
            continue
        for upstream, _ in view.upstreams:
            targets = frozenset((one.host.lower(), one.port) for one in upstream.targets)
            group = found.setdefault(targets or id(upstream), _Group())
            for name in told[id(view)]:
                group.told.setdefault(name.lower(), (name, view))
            if not (
                _is_unknown(view, told) or is_public(view, subject) or limited_by_address(view)
            ):
                group.views.append(view)
    return [one for one in found.values() if one.told]


def _is_unknown(view: RouteView, told: dict[int, list[str]]) -> bool:
    """Whether something asks who the client is whose headers are not known."""
    policy = view.policy(Authentication)
    return policy is not None and bool(policy.guards) and not told[id(view)]


def _spoofable(group: _Group, told: dict[int, list[str]]) -> Iterator[Finding]:
    by_headers: dict[tuple[str, ...], list[RouteView]] = {}
    for view in group.views:
        own = {name.lower() for name in told[id(view)]}
        open_to = tuple(key for key in group.told if key not in own and not taken_away(view, [key]))
        if open_to:
            by_headers.setdefault(open_to, []).append(view)
    for keys, views in by_headers.items():
        yield _finding(keys, views, group)


def _finding(keys: tuple[str, ...], views: list[RouteView], group: _Group) -> Finding:
    name, trusted = group.told[keys[0]]
    policy = trusted.policy(Authentication)
    more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
    where = views[0].title if len(views) == 1 else f"{len(views)} routes"
    related = [place_of(trusted.route, message="this route sets it for the same upstream")]
    if policy is not None:
        related.insert(0, place_of(policy, message=f"{name} is set here"))
    related += [place_of(one.route, message="open here, too") for one in views[1:_SHOWN]]
    return finding(
        RULE,
        f"a client can make up {name}{more} on {where}: {trusted.title} sets it for the same "
        "upstream",
        views[0].route,
        value=_value(keys),
        related=related,
        help=_HELP,
        count=len(views),
    )


def _value(keys: tuple[str, ...]) -> str:
    """The headers; those of a gateway's own have other names on every gateway."""
    own = all(key in _OWN or key.startswith("x-gal-") for key in keys)
    return "the gateway's own header" if own else " ".join(sorted(keys))


# -- Envoy's own


def _appended(subject: Subject) -> Iterator[Finding]:
    path = "http_service.authorization_response.allowed_upstream_headers_to_append.patterns"
    for node in messages(subject, "ExtAuthz"):
        for one in items(node, path):
            name = text(one, "exact")
            if name is not None:
                yield finding(
                    RULE,
                    f"{name} is appended to what the client sent in it",
                    one,
                    "exact",
                    owner=subject.gateway,
                    value=name.lower(),
                    help="name it in allowed_upstream_headers, which replaces what the client sent",
                )


def _certificates(subject: Subject) -> Iterator[Finding]:
    for manager in managers(subject):
        word = text(manager.node, "forward_client_cert_details") or ""
        severity = _FORWARDED.get(word)
        if severity is not None and is_outside(manager.listener):
            yield finding(
                RULE,
                f"what a client sends in {_XFCC} is handed on",
                manager.node,
                "forward_client_cert_details",
                owner=subject.gateway,
                value=_XFCC,
                severity=severity,
                help="use SANITIZE_SET, unless another proxy before this one sets the header",
            )


_KONG = """\
services:
- name: shop
  url: http://shop.internal
  routes:
  - name: orders
    paths: [/orders]
    plugins: [{name: key-auth}]
"""
_APISIX = """\
routes:
- uri: /orders/*
  upstream_id: shop
  plugins: {forward-auth: {uri: "http://who.internal", upstream_headers: [X-User]}}
"""
_UPSTREAM = 'upstreams:\n- id: shop\n  nodes: {"shop.internal:80": 1}\n'
_TRAEFIK = """\
http:
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares:
    gone: {headers: {customRequestHeaders: {X-User: ""}}}
    who: {forwardAuth: {address: "http://who.internal", authResponseHeaders: [X-User]}}
  routers:
    orders: {rule: PathPrefix(`/orders`), service: shop, middlewares: [who]}
"""
_ENVOY = """\
filters:
- name: envoy.filters.http.jwt_authn
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
    providers:
      issuer:
        issuer: https://issuer.test
        remote_jwks:
          http_uri: {uri: "https://issuer.test/keys", cluster: one, timeout: 1s}
        claim_to_headers: [{header_name: x-user, claim_name: sub}]
    rules:
    - match: {prefix: /orders}
      requires: {provider_name: issuer}
routes:
- match: {prefix: /orders}
  route: {cluster: one}
"""
_CHECK = """\
filters:
- name: envoy.filters.http.ext_authz
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
    http_service:
      server_uri: {uri: "http://one.internal", cluster: one, timeout: 1s}
      authorization_response:
"""

EXAMPLES = (
    bad("kong", f"{_KONG}  - name: cart  # <-\n    paths: [/cart]\n"),
    bad(
        "kong",
        "services:\n- name: shop\n  url: http://shop.internal\n  plugins: [{name: basic-auth}]\n"
        "  routes: [{name: orders, paths: [/orders]}]\n"
        "- name: same\n  host: shop.internal\n"
        "  routes:\n  - name: cart  # <-\n    paths: [/cart]\n",
        "another service with the same target",
    ),
    good(
        "kong", f"{_KONG}  - name: cart\n    paths: [/cart]\n    plugins: [{{name: hmac-auth}}]\n"
    ),
    good(
        "kong",
        f"{_KONG}  - name: cart\n    paths: [/cart]\n    plugins:\n"
        "    - name: request-transformer\n      config:\n        remove:\n          headers:\n"
        "          - X-Consumer-ID\n          - X-Consumer-Custom-ID\n"
        "          - X-Consumer-Username\n          - X-Credential-Identifier\n",
        "they are taken away",
    ),
    good("kong", f"{_KONG}  - name: health\n    paths: [/health]\n", "for health checks"),
    bad("apisix", f"{_APISIX}- uri: /cart/*  # <-\n  upstream_id: shop\n{_UPSTREAM}"),
    bad(
        "apisix",
        f"{_APISIX}- uri: /cart/*  # <-\n  upstream_id: shop\n"
        f"  plugins: {{proxy-rewrite: {{headers: {{add: {{X-User: guest}}}}}}}}\n{_UPSTREAM}",
        "added to what the client sent",
    ),
    good(
        "apisix",
        f"{_APISIX}- uri: /cart/*\n  upstream_id: shop\n"
        f"  plugins: {{proxy-rewrite: {{headers: {{remove: [X-User]}}}}}}\n{_UPSTREAM}",
    ),
    good(
        "apisix",
        f"{_APISIX}- uri: /cart/*\n  upstream: {{nodes: {{'cart.internal:80': 1}}}}\n{_UPSTREAM}",
        "another upstream",
    ),
    good(
        "apisix",
        f"{_APISIX}- uri: /cart/*\n  upstream_id: shop\n"
        f"  plugins: {{redirect: {{uri: /orders/}}}}\n{_UPSTREAM}",
        "it does not get there",
    ),
    bad("traefik", f"{_TRAEFIK}    cart: {{rule: PathPrefix(`/cart`), service: shop}}  # <-\n"),
    bad(
        "traefik",
        _TRAEFIK.replace(
            'forwardAuth: {address: "http://who.internal", authResponseHeaders: [X-User]}',
            "basicAuth: {users: ['a:$2y$05$4CB1Qng5zIcVHbFOl3bzM.'], headerField: X-User}",
        )
        + "    cart: {rule: PathPrefix(`/cart`), service: shop}  # <-\n",
    ),
    good(
        "traefik",
        f"{_TRAEFIK}    cart: {{rule: PathPrefix(`/cart`), service: shop, middlewares: [gone]}}\n",
    ),
    good(
        "traefik",
        f"{_TRAEFIK}    cart: {{rule: PathPrefix(`/cart`), service: shop, middlewares: [who]}}\n",
    ),
    good("traefik", f"{_TRAEFIK}    login: {{rule: PathPrefix(`/login`), service: shop}}\n"),
    bad("envoy", f"{_ENVOY}- match: {{prefix: /cart}}  # <-\n  route: {{cluster: one}}\n"),
    bad(
        "envoy",
        f"{_CHECK}        allowed_upstream_headers_to_append:\n"
        "          patterns: [{exact: x-user}]  # <-\n",
    ),
    bad("envoy", "manager:\n  forward_client_cert_details: ALWAYS_FORWARD_ONLY  # <-\n"),
    good(
        "envoy",
        f"{_ENVOY}- match: {{prefix: /cart}}\n  route: {{cluster: one}}\n"
        "  request_headers_to_remove: [x-user]\n",
    ),
    good(
        "envoy",
        f"{_CHECK}        allowed_upstream_headers:\n          patterns: [{{exact: x-user}}]\n",
        "what the client sent is replaced",
    ),
    good("envoy", "manager:\n  forward_client_cert_details: SANITIZE_SET\n"),
)
