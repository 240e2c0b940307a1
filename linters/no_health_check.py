"""An upstream has several targets, and the gateway never finds out that one of them is down: part
of all requests goes on to fail until somebody notices.

- **Kong**: `healthchecks.active` asks only where an `interval` is above 0, and `passive` watches
  only where `http_failures`, `tcp_failures` or `timeouts` is above 0. All of them are 0 by default.
- **APISIX**: `checks.active` is missing. (`checks.passive` needs it.)
- **Traefik**: neither `healthCheck` nor `passiveHealthCheck`.
- **Envoy**: neither `health_checks` nor `outlier_detection`.

A single target needs none, since there is nowhere else to go; nor do the names of a service in
Kubernetes, which count as one.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.exposure import answered
from gal.lint.finding import Finding, finding, place_of
from gal.lint.peeking import known
from gal.lint.rule import Confidence, Persona, Rule, Severity, bad, good
from gal.lint.subject import RouteView, Subject
from gal.model import ActiveCheck, PassiveCheck, Upstream

RULE = Rule(
    code="GAL080",
    name="no-health-check",
    title="Several targets, and nobody finds out when one is down",
    severity=Severity.LOW,
    confidence=Confidence.HIGH,
    persona=Persona.PEDANTIC,
    cwe=(754,),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/gateway/traffic-control/health-checks-circuit-breakers/",
        "https://apisix.apache.org/docs/apisix/tutorials/health-check/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/load-balancing/service/",
        "https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/health_checking",
    ),
)


def check(subject: Subject) -> Iterator[Finding]:
    """Upstreams with several targets that routes send requests to."""
    behind: dict[int, tuple[Upstream, list[RouteView]]] = {}
    for view in subject.routes:
        for upstream, _ in () if answered(view) else view.upstreams:
            behind.setdefault(id(upstream), (upstream, []))[1].append(view)
    for upstream, views in behind.values():
        used = {(one.host, one.port) for one in upstream.targets if one.weight > 0}
        health = upstream.health_check
        if len(used) < 2 or (health and (_asks(health.active) or _watches(health.passive))):
            continue
        written = health is not None
        yield finding(
            RULE,
            f"nobody finds out when one of {len(used)} targets is down"
            + (": the checks are switched off" if written else ""),
            upstream,
            "health_check" if written else "",
            value="no health check",
            related=[place_of(view.route, message="sends requests there") for view in views[:3]],
            help="have the gateway ask its targets, or watch their answers",
        )


def _asks(check: ActiveCheck | None) -> bool:
    if check is None or not check.enabled:
        return False
    again = check.unhealthy_interval
    return check.interval.nanoseconds > 0 or (again is not None and again.nanoseconds > 0)


def _watches(check: PassiveCheck | None) -> bool:
    if check is None or not check.enabled:
        return False
    counts = (check.max_failures, check.max_timeouts, check.max_connection_failures)
    return any(not known(one) or one > 0 for one in counts if one is not None)


_KONG = """\
services: [{name: shop, host: shop, routes: [{name: shop, paths: [/shop]}]}]
upstreams:
- name: shop%s
  targets: [{target: "a.internal:80"}, {target: "b.internal:80"%s}]
"""
_APISIX = """\
routes:
- uri: /shop
  upstream:%s
    type: roundrobin
    nodes: {"a.internal:80": 1, "b.internal:80": %s}
"""
_TRAEFIK = """\
http:
  routers: {shop: {rule: PathPrefix(`/shop`), service: shop}}
  services:
    shop:
      loadBalancer:%s
        servers: [{url: "http://a.internal"}%s]
"""
_B = ', {url: "http://b.internal"}'
_ENVOY = """\
clusters:
- name: one%s
  type: STRICT_DNS
  load_assignment:
    cluster_name: one
    endpoints:
    - lb_endpoints:
      - endpoint: {address: {socket_address: {address: a.internal, port_value: 80}}}
"""
_C = "      - endpoint: {address: {socket_address: {address: b.internal, port_value: 80}}}\n"
_ACTIVE = """\
  health_checks:
  - {timeout: 1s, interval: 5s, unhealthy_threshold: 2, healthy_threshold: 2,
     http_health_check: {path: /health}}
"""

EXAMPLES = (
    bad("kong", _KONG % ("  # <-", "")),
    bad(
        "kong",
        _KONG % ("  # <-", "") + "  healthchecks:\n    active: {healthy: {interval: 0}}\n",
        "the default, written down",
    ),
    good("kong", _KONG % ("", "") + "  healthchecks: {active: {healthy: {interval: 5}}}\n"),
    good("kong", _KONG % ("", "") + "  healthchecks: {passive: {unhealthy: {tcp_failures: 3}}}\n"),
    good("kong", _KONG % ("", ", weight: 0"), "one target only"),
    bad("apisix", _APISIX % ("  # <-", "1")),
    bad("apisix", _APISIX % ("  # <-", "5") + "    retries: 2\n", "retries are no checks"),
    good(
        "apisix",
        _APISIX % ("", "1") + "    checks: {active: {http_path: /health}}\n",
    ),
    good("apisix", _APISIX % ("", "0"), "one target only"),
    good(
        "apisix",
        "routes:\n- uri: /shop\n  upstream: {type: roundrobin, service_name: shop,"
        " discovery_type: dns}\n",
    ),
    bad("traefik", _TRAEFIK % ("  # <-", _B)),
    bad(
        "traefik",
        _TRAEFIK % ("  # <-", _B) + "        sticky: {cookie: {name: shop}}\n",
    ),
    good("traefik", _TRAEFIK % ("", _B) + "        healthCheck: {path: /health}\n"),
    good("traefik", _TRAEFIK % ("", _B) + "        passiveHealthCheck: {maxFailedAttempts: 3}\n"),
    good("traefik", _TRAEFIK % ("", ""), "one target only"),
    bad("envoy", _ENVOY % "  # <-" + _C),
    bad("envoy", _ENVOY % "  # <-" + _C + "  circuit_breakers: {thresholds: [{max_retries: 5}]}\n"),
    good("envoy", _ENVOY % "" + _C + _ACTIVE),
    good("envoy", _ENVOY % "" + _C + "  outlier_detection: {consecutive_5xx: 5}\n"),
    good("envoy", _ENVOY % "", "one target only"),
)
