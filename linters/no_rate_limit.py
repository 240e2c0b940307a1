"""Without a limit, one client can ask as often as it likes: it guesses passwords, tries keys, and
uses up what the upstream has, or what each request costs.

A route counts as limited when a limit acts on it by itself, by its service, by the whole gateway,
or when it only lets in consumers who each have one. What a gateway calls a limit:

- **Kong**: `rate-limiting`, `rate-limiting-advanced`, `response-ratelimiting`.
- **APISIX**: `limit-count`, `limit-req`, `limit-conn`, `ai-rate-limiting`, `workflow`.
- **Traefik**: `rateLimit`, `inFlightReq`.
- **Envoy**: the filter `local_ratelimit` with a `token_bucket`, and `ratelimit` where the route or
  its virtual host has `rate_limits`: of others it asks its service nothing.

Routes that the gateway answers itself (redirects, fixed answers) need none. There is one finding
for all routes of a service. It stands where a limit would: at the service on Kong, and on APISIX
where a service is named; at the first of the routes elsewhere, since a limit of Traefik belongs to
a router, and one of Envoy to a route or what is around it.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.envoy_limits import counted
from gal.lint.exposure import answered
from gal.lint.finding import Finding, finding, place_of
from gal.lint.grouping import by_what_is_behind, holder
from gal.lint.plugins import plugin_names, plugins
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.subject import RouteView, Subject
from gal.model import (
    Authentication,
    ModelNode,
    RateLimit,
    ResponseRateLimit,
)

RULE = Rule(
    code="GAL030",
    name="no-rate-limit",
    title="No limit on how many requests a client may send",
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    cwe=(770, 307),
    owasp=("API4", "API6"),
    pages=(
        "https://developer.konghq.com/plugins/rate-limiting/",
        "https://apisix.apache.org/docs/apisix/plugins/limit-count/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/ratelimit/",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/local_rate_limit_filter",
    ),
)

_LIMITERS = frozenset(
    (
        *("rate-limiting-advanced", "ai-rate-limiting-advanced", "service-protection"),
        *("limit-count", "limit-req", "limit-conn", "ai-rate-limiting", "workflow"),
        *("graphql-limit-count", "inFlightReq", "inflightreq", "rateLimit"),
        *("envoy.filters.http.ratelimit", "envoy.filters.http.local_ratelimit"),
        *("envoy.filters.http.admission_control", "envoy.filters.http.bandwidth_limit"),
        *("envoy.filters.http.adaptive_concurrency", "envoy.filters.http.rate_limit_quota"),
    )
)


def check(subject: Subject) -> Iterator[Finding]:
    """Services, or what else stands behind routes, of which a route has no limit."""
    consumers = subject.gateway.consumers
    each_limited = bool(consumers) and all(
        one.policies.rate_limit is not None and one.policies.rate_limit.enabled for one in consumers
    )
    unlimited = [
        view
        for view in subject.routes
        if not _limited(view)
        and not answered(view)
        and not (each_limited and _asks_consumers(view))
    ]
    for behind, views in by_what_is_behind(unlimited):
        yield _finding(behind, views, holder(subject, views[0]))


def _finding(behind: ModelNode, views: list[RouteView], where: ModelNode) -> Finding:
    subject_text = views[0].title if len(views) == 1 else f"{len(views)} routes"
    shown = [one.route for one in views[:5] if one.route is not where]
    return finding(
        RULE,
        f"nothing limits how many requests {subject_text} may get",
        where,
        owner=behind,
        value="no limit",
        related=[place_of(one, message="no limit acts here") for one in shown],
        help="limit requests by client address, or by consumer where clients are known",
        count=len(views),
    )


def _limited(view: RouteView) -> bool:
    if view.policy(RateLimit) or view.policy(ResponseRateLimit):
        return True
    names = (name for _, policies in view.levels for name in plugin_names(policies))
    if not view.route.policies.plugins.get("envoy"):
        return any(name in _LIMITERS for name in names)
    items = (one for _, policies in view.levels for one in plugins(policies))
    return any(name in _LIMITERS and counted(view, name, item) for name, item in items)


def _asks_consumers(view: RouteView) -> bool:
    asked = view.policy(Authentication)
    return asked is not None and asked.anonymous is None and not _own_users(asked)


def _own_users(asked: Authentication) -> bool:
    """Whether it lets in anybody who is no consumer of the file."""
    named = (asked.basic and asked.basic.users) or (asked.api_key and asked.api_key.keys)
    issued = asked.jwt is not None and bool(asked.jwt.jwks_uri or asked.jwt.jwks)
    return bool(named) or issued or asked.oauth2 is not None or asked.forward is not None


_KONG = """\
services:
- name: shop  # <-
  url: http://shop.internal
  routes: [{name: shop, paths: [/shop]}, {name: cart, paths: [/cart]}]
"""
_APISIX = """\
routes:
- uri: /shop  # <-
  upstream: {nodes: {"shop.internal:80": 1}}
"""
_SHARED = """\
routes:
- {uri: /shop, service_id: shop}
- {uri: /cart, service_id: shop}
services:
- id: shop  # <-
  upstream: {nodes: {"shop.internal:80": 1}}
"""
_TRAEFIK = """\
http:
  routers:
    shop: {rule: PathPrefix(`/shop`), service: shop}  # <-
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
"""
_LIMITED = _TRAEFIK.replace("service: shop}", "service: shop, middlewares: [limit]}")
_BELOW = """\
http:
  routers:
    all: {rule: Host(`shop.test`)%s}
    shop: {rule: PathPrefix(`/shop`), service: shop, parentRefs: [all]}  # <-
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares: {limit: {rateLimit: {average: 5}}}
"""
_BUCKET = """\
filters:
- name: envoy.filters.http.local_ratelimit
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
    stat_prefix: limit
    filter_enabled: {default_value: {numerator: 100}}
    filter_enforced: {default_value: {numerator: 100}}
    token_bucket: {max_tokens: 10, tokens_per_fill: 10, fill_interval: 1s}
"""
_SERVICE = """\
filters:
- name: envoy.filters.http.ratelimit
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit
    domain: shop
    rate_limit_service:
      transport_api_version: V3
      grpc_service: {envoy_grpc: {cluster_name: one}}
"""
_ROUTE = """\
- match: {prefix: /shop}  # <-
  route: {cluster: one}
"""


def _plain(text: str) -> str:
    return text.replace("  # <-", "")


EXAMPLES = (
    bad("kong", _KONG, "one finding for both routes"),
    bad(
        "kong",
        f"{_KONG}  plugins: [{{name: rate-limiting, enabled: false, config: {{minute: 5}}}}]\n",
        "the limit is switched off",
    ),
    good("kong", f"{_plain(_KONG)}  plugins: [{{name: rate-limiting, config: {{minute: 5}}}}]\n"),
    good("kong", f"{_plain(_KONG)}plugins: [{{name: rate-limiting, config: {{minute: 5}}}}]\n"),
    good(
        "kong",
        f"{_plain(_KONG)}  plugins:\n"
        "  - {name: request-termination, config: {status_code: 410}}\n",
        "nothing gets through",
    ),
    bad("apisix", _APISIX),
    bad("apisix", f"{_APISIX}  plugins: {{key-auth: {{}}}}\n", "whoever has a key"),
    bad("apisix", _SHARED, "one finding for both routes"),
    bad(
        "apisix",
        "routes:\n- {uri: /cart, upstream_id: shop, plugins: {limit-req: {rate: 1, burst: 1, "
        "key: remote_addr}}}\n- uri: /shop  # <-\n  upstream_id: shop\n"
        'upstreams:\n- {id: shop, nodes: {"shop.internal:80": 1}}\n',
        "the other route of the upstream has a limit",
    ),
    good(
        "apisix",
        f"{_plain(_APISIX)}  plugins: {{limit-req: {{rate: 1, burst: 1, key: remote_addr}}}}\n",
    ),
    good("apisix", "routes:\n- uri: /shop\n  plugins: {redirect: {uri: /new}}\n"),
    good(
        "apisix",
        f"{_plain(_APISIX)}  plugins: {{key-auth: {{}}}}\nconsumers:\n- username: anna\n"
        "  plugins:\n    key-auth: {key: a-key}\n"
        "    limit-count: {count: 5, time_window: 60}\n",
        "the only consumer has a limit",
    ),
    bad("traefik", _TRAEFIK),
    bad(
        "traefik",
        f"{_LIMITED}  middlewares: {{limit: {{retry: {{attempts: 2}}}}}}\n",
        "another middleware is none",
    ),
    bad("traefik", _BELOW % "", "neither it nor the router above"),
    good("traefik", _plain(_BELOW % ", middlewares: [limit]"), "the router above limits"),
    good(
        "traefik",
        f"{_plain(_LIMITED)}  middlewares: {{limit: {{rateLimit: {{average: 5}}}}}}\n",
    ),
    good(
        "traefik",
        f"{_plain(_LIMITED)}  middlewares: {{limit: {{inFlightReq: {{amount: 5}}}}}}\n",
    ),
    good(
        "traefik",
        f"{_plain(_LIMITED)}  middlewares: {{limit: {{redirectScheme: {{scheme: https}}}}}}\n",
        "nothing gets through",
    ),
    bad("envoy", f"routes:\n{_ROUTE}"),
    bad("envoy", f"{_BUCKET.replace('100', '0')}routes:\n{_ROUTE}", "no request is counted"),
    bad(
        "envoy",
        f"routes:\n{_ROUTE}- match: {{prefix: /cart}}\n  route: {{cluster: one}}\n",
        "one finding for both routes",
    ),
    bad("envoy", f"{_SERVICE}routes:\n{_ROUTE}", "the service is asked of routes with rate_limits"),
    good("envoy", _BUCKET),
    good(
        "envoy",
        f"{_SERVICE}host:\n  rate_limits: [{{actions: [{{remote_address: {{}}}}]}}]\n",
        "the virtual host has rate_limits",
    ),
    good(
        "envoy",
        "routes:\n- match: {prefix: /}\n  redirect: {https_redirect: true}\n",
        "nothing gets through",
    ),
    good("envoy", "routes:\n- match: {prefix: /}\n  direct_response: {status: 404}\n"),
)
