"""A request may be as long as the client likes. Whoever sends gigabytes fills the memory or the
disk of the gateway or of what stands behind it.

- **Kong**: the plugin `request-size-limiting`, or `nginx_http_client_max_body_size` of `kong.conf`,
  which is 0 (no limit) unless said otherwise.
- **APISIX**: `max_body_size` of the plugin `client-control`, or
  `nginx_config.http.client_max_body_size` of `config.yaml`, which is 0 unless said otherwise.
- **Traefik**: `maxRequestBodyBytes` of `buffering`; 0 is no limit.
- **Envoy**: `max_request_bytes` of the filter `buffer`. (`per_connection_buffer_limit_bytes` bounds
  what Envoy keeps at a time, not what it lets through.)

Routes that take neither POST nor PUT nor PATCH, and those that the gateway answers itself, need
none. There is one finding for all routes of a service, where GAL030 would have it.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.client_address import setups
from gal.lint.exposure import answered
from gal.lint.finding import Finding, finding, place_of
from gal.lint.grouping import by_what_is_behind, holder
from gal.lint.peeking import text
from gal.lint.rule import Confidence, Persona, Rule, Severity, bad, good
from gal.lint.subject import RouteView, Subject
from gal.model import SizeLimit

RULE = Rule(
    code="GAL035",
    name="no-request-size-limit",
    title="Requests may be as long as clients like",
    severity=Severity.LOW,
    confidence=Confidence.HIGH,
    persona=Persona.PEDANTIC,
    cwe=(400, 770),
    owasp=("API4",),
    pages=(
        "https://developer.konghq.com/plugins/request-size-limiting/",
        "https://apisix.apache.org/docs/apisix/plugins/client-control/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/buffering/",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/buffer_filter",
    ),
)

_WITH_BODY = frozenset(("POST", "PUT", "PATCH"))


def check(subject: Subject) -> Iterator[Finding]:
    """Services, or what else stands behind routes, of which a route takes any body."""
    if _limited_everywhere(subject):
        return
    views = [
        view
        for view in subject.routes
        if view.policy(SizeLimit) is None and _takes_bodies(view) and not answered(view)
    ]
    for behind, group in by_what_is_behind(views):
        what = group[0].title if len(group) == 1 else f"{len(group)} routes"
        where = holder(subject, group[0])
        shown = [one.route for one in group[:5] if one.route is not where]
        yield finding(
            RULE,
            f"nothing limits how long requests of {what} may be",
            where,
            owner=behind,
            value="no size limit",
            related=[place_of(one, message="takes any body") for one in shown],
            help="refuse bodies that are longer than the application needs",
            count=len(group),
        )


def _takes_bodies(view: RouteView) -> bool:
    methods = {name.upper() for name in view.route.methods}
    return not methods or bool(_WITH_BODY & methods)


def _limited_everywhere(subject: Subject) -> bool:
    """Whether the settings of the server itself have a limit."""
    keys = {
        "kong": "nginx_http_client_max_body_size",
        "apisix": "nginx_config.http.client_max_body_size",
    }
    for provider, key in keys.items():
        for root in setups(subject, provider):
            if (text(root, key) or "0").strip("kKmMgG") not in ("", "0"):
                return True
    return False


_KONG = """\
services:
- name: shop%s
  url: http://shop.internal
  routes: [{name: shop, paths: [/shop]%s}]
"""
_SIZE = "  plugins: [{name: request-size-limiting, config: {allowed_payload_size: 8}}]\n"
_APISIX = """\
routes:
- uri: /shop%s
  upstream: {nodes: {"shop.internal:80": 1}}
"""
_CONFIG = """\
deployment: {role: data_plane, role_data_plane: {config_provider: yaml}}
nginx_config: {http: {client_max_body_size: 8m}}
---
"""
_TRAEFIK = """\
http:
  routers:
    shop: {rule: PathPrefix(`/shop`)%s, service: shop, middlewares: [buffer]}%s
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares: {buffer: {%s}}
"""
_ENVOY = "routes:\n- match: {prefix: /shop%s}%s\n  route: {cluster: one}\n"
_BUFFER = """\
filters:
- name: envoy.filters.http.buffer
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer
    max_request_bytes: 1048576
"""
_GET = ", headers: [{name: ':method', string_match: {exact: GET}}]"

EXAMPLES = (
    bad("kong", _KONG % ("  # <-", "")),
    bad("kong", _KONG % ("  # <-", ", methods: [GET, PUT]")),
    good("kong", _KONG % ("", "") + _SIZE),
    good("kong", _KONG % ("", ", methods: [GET, DELETE]"), "no bodies"),
    good("kong", _KONG % ("", "") + "  plugins: [{name: request-termination}]\n"),
    bad("apisix", _APISIX % "  # <-"),
    bad("apisix", (_APISIX % "  # <-") + "  plugins: {client-control: {max_body_size: 0}}\n"),
    good("apisix", (_APISIX % "") + "  plugins: {client-control: {max_body_size: 1048576}}\n"),
    good("apisix", _APISIX % "\n  methods: [GET]"),
    good("apisix", _CONFIG + _APISIX % "", "the server has a limit", file="config.yaml"),
    bad("traefik", _TRAEFIK % ("", "  # <-", "compress: {}")),
    bad("traefik", _TRAEFIK % ("", "  # <-", "buffering: {maxResponseBodyBytes: 9}")),
    good("traefik", _TRAEFIK % ("", "", "buffering: {maxRequestBodyBytes: 1048576}")),
    good("traefik", _TRAEFIK % (" && Method(`GET`)", "", "compress: {}"), "no bodies"),
    good("traefik", _TRAEFIK % ("", "", "redirectScheme: {scheme: https}")),
    bad("envoy", _ENVOY % ("", "  # <-")),
    bad(
        "envoy", _ENVOY % ("", "  # <-") + "listener:\n  per_connection_buffer_limit_bytes: 9000\n"
    ),
    good("envoy", _BUFFER + _ENVOY % ("", "")),
    good("envoy", _ENVOY % (_GET, ""), "no bodies"),
    good("envoy", "routes:\n- match: {prefix: /}\n  direct_response: {status: 404}\n"),
)
