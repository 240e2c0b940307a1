"""Health checks of upstreams (https://developer.konghq.com/gateway/traffic-control/health-checks-
circuit-breakers/).
"""

from __future__ import annotations

import math

from gal.exporters.kong.build import NO_HEADER, Build, Json, is_header, put
from gal.model import (
    ActiveCheck,
    CheckProtocol,
    CircuitBreaker,
    Duration,
    HealthCheck,
    PassiveCheck,
)

_ACTIVE_OK = [200, 302]
_ACTIVE_BAD = [429, 404, 500, 501, 502, 503, 504, 505]
_PASSIVE_OK = [*range(200, 209), 226, *range(300, 309)]
_PASSIVE_BAD = [429, 500, 503]
_MOST = 255
_ANY_ANSWER = [*range(200, 209), 226, *range(300, 309), *range(400, 430), 431, 451]


def health(check: HealthCheck, build: Build) -> Json:
    """`healthchecks` of an upstream."""
    written: Json = {}
    if check.active is not None:
        active = _active(check.active, build)
        if active:
            written["active"] = active
    if check.passive is not None:
        passive = _passive(check.passive, build)
        if passive:
            written["passive"] = passive
    put(written, "threshold", check.minimum_healthy_percent, 0)
    return written


def _active(check: ActiveCheck, build: Build) -> Json:
    tcp = check.protocol is CheckProtocol.TCP  # which Kong does not do for HTTP anyway
    if not check.enabled and check.interval.nanoseconds and not (tcp and build.native):
        build.report.dropped(check, "health_check", "Kong keeps no checks that are off")
        build.context.claims.claim(check)
        return {}
    paces = [check.interval, check.unhealthy_interval or check.interval, check.timeout]
    interval, other, timeout = (_whole(one, check, build) for one in paces)
    healthy: Json = {}
    put(healthy, "interval", interval, 0)
    put(healthy, "successes", _count(check.healthy_threshold), 0)
    put(healthy, "http_statuses", _statuses(check.healthy_status_codes), _ACTIVE_OK)
    unhealthy: Json = {}
    put(unhealthy, "interval", other, 0)
    failures = check.unhealthy_threshold
    put(unhealthy, "http_failures", _count(failures), 0)
    put(unhealthy, "timeouts", _count(_or(check.timeout_threshold, failures)), 0)
    put(unhealthy, "tcp_failures", _count(_or(check.connection_threshold, failures)), 0)
    bad = check.unhealthy_status_codes
    if not bad and not build.native:
        bad = [code for code in range(200, 600) if code not in check.healthy_status_codes]
    put(unhealthy, "http_statuses", _statuses(bad), _ACTIVE_BAD)
    written: Json = {}
    put(written, "type", _type(check, build), "http")
    put(written, "http_path", check.http_path, "/")
    put(written, "timeout", timeout, 1)
    concurrency = check.concurrency
    put(written, "concurrency", 1 if concurrency == 0 else concurrency, 10)
    put(written, "https_sni", check.sni)
    put(written, "https_verify_certificate", check.verify_certificate, True)
    if check.headers:
        written["headers"] = _headers(check, build)
    return written | _filled(healthy=healthy, unhealthy=unhealthy)


def _headers(check: ActiveCheck, build: Build) -> Json:
    found: Json = {}
    for name, values in check.headers.items():
        if is_header(name):
            found[name] = list(values)
        else:
            message = f'"{name}": {NO_HEADER}'
            build.report.dropped(check, "health_check", message, "headers")
    return found


def _passive(check: PassiveCheck, build: Build) -> Json:
    counts = (
        check.max_failures,
        _or(check.max_timeouts, check.max_failures),
        _or(check.max_connection_failures, check.max_failures),
    )
    if not check.enabled and (any(counts) or check.healthy_threshold):
        build.report.dropped(check, "health_check", "Kong keeps no checks that are off")
        build.context.claims.claim(check)
        return {}
    healthy: Json = {}
    put(healthy, "successes", _count(check.healthy_threshold), 0)
    good = check.healthy_status_codes
    if good or build.native:
        put(healthy, "http_statuses", _statuses(good), _PASSIVE_OK)
    unhealthy: Json = {}
    put(unhealthy, "http_failures", _count(counts[0]), 0)
    put(unhealthy, "timeouts", _count(counts[1]), 0)
    put(unhealthy, "tcp_failures", _count(counts[2]), 0)
    put(unhealthy, "http_statuses", _statuses(check.unhealthy_status_codes), _PASSIVE_BAD)
    if check.retry_after is not None:
        message = "Kong tries a target that was taken out again only by active checks"
        build.report.approximated(check, "health_check", message, "retry_after")
    written: Json = {}
    put(written, "type", check.protocol.value, "http")
    return written | _filled(healthy=healthy, unhealthy=unhealthy)


def breaker(policy: CircuitBreaker, build: Build) -> Json:
    """A circuit breaker as checks: failures take a target out, and it is asked after the timeout
    whether it is back.
    """
    message = (
        "Kong counts failures for each target, and asks a target that was taken out by requests"
        " of its own to /; clients get Kong's own 503 meanwhile"
    )
    build.report.approximated(policy, "circuit_breaker", message)
    build.context.claims.claim(policy.response)
    interval = max(1, _seconds(policy.timeout))
    failures = _count(max(1, policy.max_failures))
    return {
        "active": {
            "healthy": {
                "successes": _count(max(1, policy.half_open_requests)),
                "http_statuses": [
                    code for code in _ANY_ANSWER if code not in policy.unhealthy_status_codes
                ],
            },
            "unhealthy": {"interval": interval},
        },
        "passive": {
            "healthy": {"successes": 1},
            "unhealthy": {
                "http_failures": failures,
                "timeouts": failures,
                "tcp_failures": failures,
                "http_statuses": _statuses(policy.unhealthy_status_codes),
            },
        },
    }


def _type(check: ActiveCheck, build: Build) -> str:
    if check.protocol is CheckProtocol.TCP and not build.native:
        message = "Kong does no TCP checks for HTTP services"
        build.report.approximated(check, "health_check", message, "protocol")
    return check.protocol.value


def _filled(**parts: Json) -> Json:
    return {name: part for name, part in parts.items() if part}


def _or(value: int | None, default: int) -> int:
    return default if value is None else value


def _count(value: int) -> int:
    return value if type(value) is not int else min(value, _MOST)


def _seconds(value: Duration) -> float:
    seconds = value.in_seconds
    return int(seconds) if seconds == int(seconds) else seconds


def _whole(value: Duration, check: ActiveCheck, build: Build) -> float:
    """Seconds; whole ones, which decK asks for, but for what comes from Kong."""
    seconds = _seconds(value)
    if build.native or seconds == int(seconds):
        return seconds
    message = f"decK, which puts files into Kong, takes whole seconds: {value} is rounded up"
    build.report.approximated(check, "health_check", message)
    return math.ceil(seconds)


def _statuses(codes: list[int]) -> list[int]:
    return [code for code in codes if type(code) is not int or 100 <= code <= 999]
