"""Timeouts, retries and health checks are set one by one, and together they do not add up.

- **Attempts that do not fit.** Envoy's `timeout` of a route (15 s unless said otherwise) holds for
  all attempts together: when `per_try_timeout` times the attempts is longer, the last ones are cut
  off or never made. `per_try_timeout` that is not shorter than `timeout` never acts at all.
- **Clients that wait for longer than anybody does.** Kong and APISIX wait for each attempt anew:
  `read_timeout` of ten minutes and five `retries` are an hour. APISIX's `retry_timeout` bounds it.
- **A connection that outlasts the request.** Envoy's `connect_timeout` of a cluster, where it is
  not shorter than the `timeout` of the route: a target that cannot be reached is never given up in
  time.
- **No end at all.** Envoy's `timeout: 0s`, unless the route has an `idle_timeout`, upgrades
  connections or is for gRPC, whose streams may last; Traefik's `respondingTimeouts.readTimeout: 0`,
  which lets a client take for ever to send its request.
- **Targets that never come back.** Kong's `passive` checks take a target out, and only `active`
  ones bring it back, by asking unhealthy targets (`active.unhealthy.interval`).
- **A health check that takes longer than the pause before the next one**: `timeout` above
  `interval` on Kong, APISIX and Traefik. (Envoy counts the pause from the answer on.)

Envoy's `max_retries` of a cluster bounds how many tries are under way at once, not how often one
request is tried: `num_retries` may be higher.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint import traefik_files
from gal.lint.exposure import answered
from gal.lint.finding import Finding, finding, place_of
from gal.lint.peeking import at, items, known, number, section, text
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.subject import RouteView, Subject, explicit
from gal.model import (
    ActiveCheck,
    Duration,
    PassiveCheck,
    Retry,
    ServiceType,
    Timeout,
    Upstream,
)

RULE = Rule(
    code="GAL081",
    name="resilience-budget-inconsistent",
    title="Timeouts, retries and health checks contradict each other",
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    cwe=(400, 1088),
    owasp=("API4",),
    pages=(
        "https://developer.konghq.com/gateway/traffic-control/health-checks-circuit-breakers/",
        "https://apisix.apache.org/docs/apisix/admin-api/#upstream",
        "https://doc.traefik.io/traefik/reference/install-configuration/entrypoints/",
        "https://www.envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts",
    ),
)

_PATIENCE = 600
"""Seconds that nobody waits for an answer."""


def check(subject: Subject) -> Iterator[Finding]:
    """Timeouts and attempts of routes, checks of upstreams, deadlines of entry points."""
    upstreams: dict[int, Upstream] = {}
    for view in subject.routes:
        if answered(view):
            continue
        yield from _of_route(subject, view)
        for upstream, _ in view.upstreams:
            upstreams[id(upstream)] = upstream
    for upstream in upstreams.values():
        yield from _of_health(subject, upstream)
    for name, point in traefik_files.entry_points(subject):
        limits = section(point, "transport.respondingTimeouts")
        given = text(limits, "readTimeout")
        if limits is not None and given is not None and not given.strip("0smh."):
            yield finding(
                RULE,
                f'clients of the entry point "{name}" may take for ever to send a request',
                limits,
                "readTimeout",
                owner=subject.gateway,
                value="read 0s",
                help="leave readTimeout away, or set how long a request may take to arrive",
            )


def _of_route(subject: Subject, view: RouteView) -> Iterator[Finding]:
    timeout, retry = _timeout(view), _retry(view)
    if timeout is not None:
        yield from _endless(view, timeout)
        yield from _slow_connection(view, timeout)
    if timeout is not None and retry is not None and retry.enabled and known(retry.attempts):
        if timeout.request is not None and retry.attempt_timeout is not None:
            yield from _cut_off(retry, retry.attempt_timeout, timeout, timeout.request)
        elif subject.provider in ("kong", "apisix"):
            yield from _hour(view, retry, timeout)


def _timeout(view: RouteView) -> Timeout | None:
    own = view.policy(Timeout)
    return own or next((one.timeout for one, _ in view.upstreams if one.timeout), None)


def _retry(view: RouteView) -> Retry | None:
    own = view.policy(Retry)
    return own or next((one.retry for one, _ in view.upstreams if one.retry), None)


def _endless(view: RouteView, timeout: Timeout) -> Iterator[Finding]:
    if timeout.request is None or timeout.request.nanoseconds or not explicit(timeout, "request"):
        return
    if timeout.read is not None and timeout.read.nanoseconds:
        return
    if _streams(view):
        return
    yield finding(
        RULE,
        "a request may take for ever: the timeout is 0",
        timeout,
        "request",
        owner=view.route,
        value="request 0s",
        help="set how long a request may take, or an idle timeout",
    )


def _streams(view: RouteView) -> bool:
    """Whether a route is for what lasts: upgrades, gRPC, streams with their own deadline."""
    node = view.route.origin.node if view.route.origin is not None else None
    action = section(node, "route")
    lasting = items(action, "upgrade_configs") or at(action, "max_stream_duration") is not None
    grpc = at(node, "match.grpc") is not None or {"grpc", "grpcs"} & set(view.route.schemes)
    service = view.service is not None and view.service.type is ServiceType.GRPC
    return bool(lasting or grpc or service)


def _slow_connection(view: RouteView, timeout: Timeout) -> Iterator[Finding]:
    total = timeout.request
    if total is None or not total.nanoseconds:
        return
    for upstream, _ in view.upstreams:
        own = upstream.timeout
        if own is None or own.connect is None or not explicit(own, "connect"):
            continue
        if own.connect >= total:
            yield finding(
                RULE,
                f"a connection may take {own.connect}, and the whole request {total}",
                own,
                "connect",
                owner=upstream,
                value=f"connect {own.connect} of {total}",
                related=[place_of(timeout, "request", f"the request may take {total}")],
                help="give up a connection well before the request",
            )


def _cut_off(
    retry: Retry, attempt: Duration, timeout: Timeout, total: Duration
) -> Iterator[Finding]:
    attempts = retry.attempts + 1
    if not total.nanoseconds or not attempt.nanoseconds or attempts < 2:
        return
    if attempt.nanoseconds * attempts <= total.nanoseconds:
        return
    fitting = total.nanoseconds // attempt.nanoseconds
    yield finding(
        RULE,
        f"{attempts} attempts of {attempt} do not fit into {total}: there is time for {fitting}",
        retry,
        "attempt_timeout",
        value=f"{attempts} times {attempt} of {total}",
        related=[place_of(timeout, "request", f"all attempts may take {total}")],
        help="shorten the attempts, make fewer, or give the request more time",
    )


def _hour(view: RouteView, retry: Retry, timeout: Timeout) -> Iterator[Finding]:
    read = timeout.read
    if read is None or not explicit(timeout, "read") or not retry.on_timeout:
        return
    for upstream, _ in view.upstreams:
        if number(upstream.origin.node if upstream.origin else None, "retry_timeout"):
            return  # APISIX stops there
    total = read.in_seconds * (retry.attempts + 1)
    if total > _PATIENCE:
        yield finding(
            RULE,
            f"{retry.attempts + 1} attempts that wait for {read} each may take {total / 60:.0f}"
            " minutes",
            timeout,
            "read",
            owner=view.service or view.route,
            value=f"{retry.attempts + 1} times {read}",
            related=[place_of(retry, "attempts", f"{retry.attempts} retries")],
            help="wait for less, or make fewer attempts",
        )


def _of_health(subject: Subject, upstream: Upstream) -> Iterator[Finding]:
    health = upstream.health_check
    if health is None:
        return
    active, passive = health.active, health.passive
    if subject.provider == "kong" and _takes_out(passive) and not _brings_back(active):
        yield finding(
            RULE,
            "passive checks take targets out, and no active check brings them back",
            passive if passive is not None else health,
            owner=upstream,
            value="passive without active",
            help="set healthchecks.active.unhealthy.interval and healthy.successes",
        )
    if active is None or not active.enabled or subject.provider == "envoy":
        return
    pauses = [one for one in (active.interval, active.unhealthy_interval) if one is not None]
    shortest = min((one for one in pauses if one.nanoseconds), default=None)
    if shortest is not None and active.timeout > shortest:
        yield finding(
            RULE,
            f"a check waits for {active.timeout}, and the next one comes after {shortest}",
            active,
            "timeout" if explicit(active, "timeout") else "interval",
            owner=upstream,
            value=f"timeout {active.timeout} interval {shortest}",
            help="let the check give up before the next one",
        )


def _takes_out(passive: PassiveCheck | None) -> bool:
    if passive is None or not passive.enabled:
        return False
    counts = (passive.max_failures, passive.max_timeouts, passive.max_connection_failures)
    return any(known(one) and one > 0 for one in counts if one is not None)


def _brings_back(active: ActiveCheck | None) -> bool:
    if active is None or not active.enabled:
        return False
    again = active.interval if active.unhealthy_interval is None else active.unhealthy_interval
    return again.nanoseconds > 0 and active.healthy_threshold > 0


_KONG = """\
services:
- name: shop
  host: shop
  routes: [{name: shop, paths: [/shop]}]%s
upstreams:
- name: shop
  targets: [{target: "a.internal:80"}, {target: "b.internal:80"}]
  healthchecks:
"""
_WAITING = "\n  read_timeout: 600000%s\n  retries: %s"
_ACTIVE = "    active: {timeout: %s, healthy: {interval: 5%s}, unhealthy: {interval: 5}}"
_APISIX = """\
routes:
- uri: /shop
  upstream:
    nodes: {"a.internal:80": 1, "b.internal:80": 1}
"""
_TRAEFIK = """\
http:
  routers: {shop: {rule: PathPrefix(`/shop`), service: shop}}
  services:
    shop:
      loadBalancer:
        servers: [{url: "http://a.internal"}, {url: "http://b.internal"}]
"""
_POINT = "entryPoints:\n  web:\n    address: ':80'\n    transport:\n      respondingTimeouts:\n"
_ENVOY = "routes:\n- match: {prefix: /shop}\n  route:\n    cluster: one\n"
_RETRY = "    retry_policy:\n      retry_on: 5xx\n      num_retries: 3\n      per_try_timeout: "

EXAMPLES = (
    bad("kong", _KONG % (_WAITING % ("  # <-", 5)) + _ACTIVE % (1, "") + "\n"),
    bad(
        "kong",
        _KONG % "" + "    passive:  # <-\n      unhealthy: {http_failures: 3}\n",
        "nothing brings them back",
    ),
    bad("kong", _KONG % "" + _ACTIVE % (30, "") + "  # <-\n"),
    good("kong", _KONG % (_WAITING % ("", 0)) + _ACTIVE % (1, "") + "\n", "one attempt"),
    good("kong", _KONG % "" + _ACTIVE % (1, "") + "\n", "the defaults"),
    good(
        "kong",
        _KONG % ""
        + _ACTIVE % (1, ", successes: 1")
        + "\n    passive: {unhealthy: {http_failures: 3}}\n",
    ),
    bad(
        "apisix",
        f"{_APISIX}    timeout: {{connect: 5, send: 5, read: 600}}  # <-\n    retries: 3\n",
    ),
    bad(
        "apisix",
        f"{_APISIX}    checks: {{active: {{timeout: 20, healthy: {{interval: 5}}}}}}  # <-\n",
    ),
    good("apisix", f"{_APISIX}    timeout: {{connect: 5, send: 5, read: 60}}\n    retries: 3\n"),
    good(
        "apisix",
        f"{_APISIX}    timeout: {{connect: 5, send: 5, read: 600}}\n    retries: 3\n"
        "    retry_timeout: 30\n",
        "retries end after 30 s",
    ),
    good("apisix", f"{_APISIX}    checks: {{active: {{timeout: 1}}}}\n"),
    bad(
        "traefik", f"{_TRAEFIK}        healthCheck: {{path: /, interval: 5s, timeout: 30s}}  # <-\n"
    ),
    bad("traefik", f"{_POINT}        readTimeout: 0  # <-\n"),
    good("traefik", f"{_TRAEFIK}        healthCheck: {{path: /, interval: 10s}}\n"),
    good("traefik", f"{_POINT}        readTimeout: 30s\n"),
    good("traefik", f"{_POINT}        writeTimeout: 0\n", "answers may last; it is the default"),
    bad("envoy", f"{_ENVOY}    timeout: 10s\n{_RETRY}5s  # <-\n"),
    bad("envoy", f"{_ENVOY}{_RETRY}15s  # <-\n", "the default is 15 s"),
    bad("envoy", f"{_ENVOY}    timeout: 0s  # <-\n"),
    bad("envoy", "cluster:\n  connect_timeout: 20s  # <-\n"),
    good("envoy", f"{_ENVOY}    timeout: 20s\n{_RETRY}5s\n"),
    good("envoy", f"{_ENVOY}    timeout: 0s\n    upgrade_configs: [{{upgrade_type: websocket}}]\n"),
    good("envoy", f"{_ENVOY}    timeout: 0s\n    idle_timeout: 60s\n"),
    good("envoy", "cluster:\n  connect_timeout: 1s\n"),
)
