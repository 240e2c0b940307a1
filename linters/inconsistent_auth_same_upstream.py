"""Two routes lead to the same part of an application. One asks for credentials, the other does not:
whoever finds the second one needs none, whatever the first one demands.

Typical ways to get there: a router for plain HTTP beside the guarded one for HTTPS; another host
name for the same service; a route that takes its prefix away, so that `/legacy/admin` arrives as
`/admin`, which elsewhere is guarded; a header on the guarded route that a client need not send.

What is compared is what the upstream sees: the same targets, a path that both show (after
`strip_path`, `proxy-rewrite`, `stripPrefix` or `prefix_rewrite`), and a method that both take.
There is no finding

- where the guarded route wins for all these requests by the gateway's own order of routes;
- where the open route is narrower than the guarded one, as an exception from it is;
- where the open route is for everybody by its path or its mark, or for some addresses only (see
  GAL010);
- where nothing but code (Lua, Wasm, `ext_proc`) might ask for credentials: that is not judged;
- where the route matches by an expression, or its replacement of the path is not a prefix for
  another: that is not judged.

Ask for the same credentials on both, or have the open route reach less.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.bypasses import Bypass, bypasses
from gal.lint.finding import Finding, finding, place_of
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.subject import Subject
from gal.model import Authentication

RULE = Rule(
    code="GAL011",
    name="inconsistent-auth-same-upstream",
    title="One part of an application is reached with credentials and without",
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    cwe=(288, 306),
    owasp=("API2", "API5"),
    pages=(
        "https://developer.konghq.com/gateway/entities/route/",
        "https://apisix.apache.org/docs/apisix/terminology/route/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/router/",
        "https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/http/http_routing",
    ),
)


def check(subject: Subject) -> Iterator[Finding]:
    """Open routes that lead around a guarded one, those around the same one together."""
    groups: dict[int, list[Bypass]] = {}
    for one in subject.once(bypasses):
        groups.setdefault(id(one.guarded.route), []).append(one)
    for found in groups.values():
        yield _finding(found)


def _finding(found: list[Bypass]) -> Finding:
    first = found[0]
    opened = first.opened.title if len(found) == 1 else f"{len(found)} routes"
    verb = "gets" if len(found) == 1 else "get"
    policy = first.guarded.policy(Authentication)
    related = [place_of(first.guarded.route, message="this route goes there, too")]
    if policy is not None and policy.origin is not None:
        related.append(place_of(policy, message="and asks for credentials"))
    related += [place_of(one.opened.route, message="so does this one") for one in found[1:5]]
    return finding(
        RULE,
        f'{opened} {verb} to "{first.path or "/"}" of the same upstream without the credentials '
        f"that {first.guarded.title} asks for",
        first.opened.route,
        value=first.path or "/",
        related=related,
        help="ask for the same credentials on both, or have the open route reach less",
        count=len(found),
    )


_KONG = """\
services:
- name: shop
  url: http://shop.internal
  routes:
  - name: orders
    hosts: [api.shop.test]
    strip_path: false
    paths: [/orders]
    plugins: [{name: key-auth}]
"""
_APISIX = """\
routes:
- uri: /orders/*
  host: api.shop.test
  upstream_id: shop
  plugins: {key-auth: {}}
"""
_UPSTREAM = 'upstreams:\n- id: shop\n  nodes: {"shop.internal:80": 1}\n'
_TRAEFIK = """\
http:
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares:
    who: {forwardAuth: {address: "http://who.test"}}
    secure: {redirectScheme: {scheme: https}}
    strip: {stripPrefix: {prefixes: [/old]}}
  routers:
    orders:
      rule: Host(`api.shop.test`) && PathPrefix(`/orders`)
      service: shop
      entryPoints: [websecure]
      tls: {}
      middlewares: [who]
"""
_ENVOY = """\
filters:
- name: envoy.filters.http.basic_auth
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.basic_auth.v3.BasicAuth
    users: {inline_string: "anna:{SHA}2kuSN7rMzfGcB2DKt67EqDWQELA="}
routes:
- match: {prefix: /orders}
  route: {cluster: one}
"""
_CODE = """\
filters:
- name: envoy.filters.http.lua
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
    default_source_code: {inline_string: "function envoy_on_request(handle) end"}
routes:
- match: {prefix: /orders}
  route: {cluster: one}
"""
_OFF = """\
  typed_per_filter_config:
    envoy.filters.http.basic_auth:
      "@type": type.googleapis.com/envoy.config.route.v3.FilterConfig
      disabled: true
"""

EXAMPLES = (
    bad(
        "kong",
        f"{_KONG}  - name: inside  # <-\n    hosts: [in.shop.test]\n",
        "another host for all of it",
    ),
    bad(
        "kong",
        f"{_KONG}  - name: old  # <-\n    hosts: [api.shop.test]\n    paths: [/old]\n",
        "/old/orders arrives as /orders",
    ),
    good(
        "kong",
        f"{_KONG}  - name: rest\n    hosts: [api.shop.test]\n"
        "    paths: [/]\n    strip_path: false\n",
        "the guarded route wins for /orders",
    ),
    good(
        "kong",
        f"{_KONG}  - name: status\n    hosts: [in.shop.test]\n    strip_path: false\n"
        "    paths: [/orders/status]\n",
        "narrower: an exception",
    ),
    good(
        "kong",
        f"{_KONG}  - name: inside\n    hosts: [in.shop.test]\n"
        "    plugins: [{name: ip-restriction, config: {allow: [10.0.0.0/8]}}]\n",
        "for some addresses only",
    ),
    bad(
        "apisix",
        f"{_APISIX}- uri: /*  # <-\n  host: in.shop.test\n  upstream_id: shop\n{_UPSTREAM}",
    ),
    bad(
        "apisix",
        f"{_APISIX}- uri: /orders/*  # <-\n  host: old.shop.test\n"
        f'  upstream: {{nodes: {{"shop.internal:80": 1}}}}\n{_UPSTREAM}',
        "an upstream of its own with the same target",
    ),
    bad(
        "apisix",
        f"{_APISIX}- uri: /old/*  # <-\n  host: api.shop.test\n  upstream_id: shop\n"
        f"  plugins: {{proxy-rewrite: {{regex_uri: ['^/old/(.*)', '/$1']}}}}\n{_UPSTREAM}",
        "/old/orders/1 arrives as /orders/1",
    ),
    good(
        "apisix",
        f"{_APISIX}- uri: /*\n  host: api.shop.test\n  upstream_id: shop\n{_UPSTREAM}",
        "the guarded route wins for /orders",
    ),
    good(
        "apisix",
        f"{_APISIX}- uri: /*\n  host: in.shop.test\n"
        f'  upstream: {{nodes: {{"other.internal:80": 1}}}}\n{_UPSTREAM}',
        "another upstream",
    ),
    good(
        "apisix",
        f"{_APISIX}  methods: [POST]\n"
        f"- uri: /*\n  host: in.shop.test\n  methods: [GET]\n  upstream_id: shop\n{_UPSTREAM}",
        "no method of both",
    ),
    bad(
        "traefik",
        f"{_TRAEFIK}    plain:  # <-\n      rule: Host(`api.shop.test`) && PathPrefix(`/orders`)\n"
        "      service: shop\n      entryPoints: [web]\n",
        "in plain HTTP nobody is asked",
    ),
    bad(
        "traefik",
        f"{_TRAEFIK}    old:  # <-\n      rule: PathPrefix(`/old`)\n"
        "      service: shop\n      middlewares: [strip]\n",
        "/old/orders arrives as /orders",
    ),
    good(
        "traefik",
        f"{_TRAEFIK}    plain:\n      rule: Host(`api.shop.test`) && PathPrefix(`/orders`)\n"
        "      service: shop\n      entryPoints: [web]\n      middlewares: [secure]\n",
        "plain requests are sent to HTTPS",
    ),
    good(
        "traefik",
        f"{_TRAEFIK}    health:\n      rule: Host(`in.shop.test`) && Path(`/orders/health`)\n"
        "      service: shop\n",
        "narrower, and for health checks",
    ),
    good(
        "traefik",
        f"{_TRAEFIK}    rest:\n      rule: Host(`api.shop.test`)\n      service: shop\n"
        "      entryPoints: [websecure]\n      tls: {}\n",
        "the guarded route wins for /orders",
    ),
    bad(
        "envoy",
        f"{_ENVOY}- match: {{prefix: /old}}  # <-\n"
        f"  route: {{cluster: one, prefix_rewrite: /}}\n{_OFF}",
        "/old/orders arrives as /orders",
    ),
    bad(
        "envoy",
        _ENVOY.replace(
            "prefix: /orders}", "prefix: /orders, headers: [{name: x-new, present_match: true}]}"
        )
        + f"- match: {{prefix: /orders}}  # <-\n  route: {{cluster: one}}\n{_OFF}",
        "a client need not send the header",
    ),
    good(
        "envoy",
        f"{_ENVOY}- match: {{prefix: /}}\n  route: {{cluster: one}}\n{_OFF}",
        "the guarded route wins for /orders",
    ),
    good(
        "envoy",
        _ENVOY.replace(
            "- match",
            f"- match: {{prefix: /orders/public}}\n  route: {{cluster: one}}\n{_OFF}- match",
        ),
        "narrower: an exception",
    ),
    good(
        "envoy",
        f"{_ENVOY}- match: {{prefix: /old}}\n  redirect: {{path_redirect: /orders}}\n{_OFF}",
        "the client asks again",
    ),
    good(
        "envoy",
        f"{_CODE}- match: {{prefix: /old}}\n  route: {{cluster: one, prefix_rewrite: /}}\n"
        + _OFF.replace("basic_auth", "lua"),
        "what the code asks for is not known",
    ),
)
