"""Health checks (https://apisix.apache.org/docs/apisix/tutorials/health-check/)."""

from __future__ import annotations

import math

from gal.exporters.apisix.build import Shared
from gal.exporters.apisix.plugin import Json, below, between, differs, native, note, put
from gal.model import ActiveCheck, CheckProtocol, Duration, HealthCheck, PassiveCheck

_ACTIVE_OK = [200, 302]
_ACTIVE_BAD = [429, 404, 500, 501, 502, 503, 504, 505]
_PASSIVE_OK = [*range(200, 209), 226, *range(300, 309)]
_PASSIVE_BAD = [429, 500, 503]
_MOST = 254
_FEATURE = "health_check"


def checks(check: HealthCheck, values: Json, shared: Shared) -> Json:
    """`checks` of an upstream; empty where nothing is checked.

    Args:
        check: what is asked for.
        values: what only APISIX knows of the checks.
        shared: the file.
    """
    passive = check.passive
    watched = passive is not None and _watches(passive)
    written: Json = {}
    if check.active is not None and _asks(check.active):
        written["active"] = _active(check.active, below(values, "active"), shared)
    elif check.active is not None:
        shared.context.claims.claim(check.active)
    if passive is not None and watched:
        if "active" not in written:
            message = "APISIX watches answers only where it asks the targets, too: for connections"
            differs(shared, passive, _FEATURE, message)
            written["active"] = _asking(passive)
        written["passive"] = _passive(passive, shared)
    elif passive is not None:
        shared.context.claims.claim(passive)
    if check.minimum_healthy_percent:
        message = "APISIX sends to all targets where none is healthy"
        differs(shared, check, _FEATURE, message, "minimum_healthy_percent")
    return written


def _asks(check: ActiveCheck) -> bool:
    intervals = check.interval.nanoseconds, _other(check).nanoseconds
    return check.enabled and any(intervals)


def _other(check: ActiveCheck) -> Duration:
    return check.interval if check.unhealthy_interval is None else check.unhealthy_interval


def _watches(check: PassiveCheck) -> bool:
    failures = (check.max_failures, check.max_timeouts, check.max_connection_failures)
    return check.enabled and any(failures)


def _active(check: ActiveCheck, values: Json, shared: Shared) -> Json:
    written: Json = {}
    put(written, "type", _type(check, shared), "http")
    put(written, "http_path", check.http_path, "/")
    put(written, "timeout", _number(check.timeout), 1)
    put(written, "concurrency", check.concurrency, 10)
    put(written, "https_verify_certificate", check.verify_certificate, True)
    _headers(check, written)
    failures = check.unhealthy_threshold
    healthy: Json = {}
    put(healthy, "interval", _interval(check, check.interval, shared), 1)
    put(healthy, "successes", _count(check.healthy_threshold), 2)
    put(healthy, "http_statuses", _statuses(check.healthy_status_codes), _ACTIVE_OK)
    unhealthy: Json = {}
    put(unhealthy, "interval", _interval(check, _other(check), shared), 1)
    put(unhealthy, "http_failures", _count(failures), 5)
    put(unhealthy, "tcp_failures", _count(_or(check.connection_threshold, failures)), 2)
    put(unhealthy, "timeouts", _count(_or(check.timeout_threshold, failures)), 3)
    bad = check.unhealthy_status_codes
    if not bad:
        bad = [code for code in range(400, 600) if code not in check.healthy_status_codes]
    put(unhealthy, "http_statuses", _statuses(bad), _ACTIVE_BAD)
    if not check.unhealthy_threshold and not native(shared):
        message = "APISIX takes a target out after one bad answer where the source never does"
        differs(shared, check, _FEATURE, message, "unhealthy_threshold")
    _never(check, shared)
    return written | _filled(healthy=healthy, unhealthy=unhealthy) | values


def _never(check: ActiveCheck, shared: Shared) -> None:
    """Say that APISIX counts from 1, where the source never takes a target out for something."""
    for name in ("connection_threshold", "timeout_threshold"):
        if getattr(check, name) == 0 and not native(shared):
            message = (
                "APISIX takes a target out after one missing answer where the source never does"
            )
            differs(shared, check, _FEATURE, message, name)


def _type(check: ActiveCheck, shared: Shared) -> str:
    if check.protocol not in (CheckProtocol.GRPC, CheckProtocol.GRPCS):
        return str(check.protocol.value)
    message = "APISIX does not ask by gRPC: it looks whether it can connect"
    differs(shared, check, _FEATURE, message, "protocol")
    return "tcp"


def _headers(check: ActiveCheck, written: Json) -> None:
    """The Host stands apart, and is the server name of HTTPS, too."""
    lines = []
    host = check.sni
    for name, values in check.headers.items():
        rest = values
        if name.lower() == "host" and values and host in (None, values[0]):
            host, rest = values[0], values[1:]
        lines += [f"{name}: {value}" for value in rest]
    put(written, "host", host)
    if lines:
        written["req_headers"] = lines


def _asking(check: PassiveCheck) -> Json:
    """Whether a target that was taken out can be connected to again."""
    pause = 10 if check.retry_after is None else max(1, math.ceil(check.retry_after.in_seconds))
    healthy: Json = {"interval": pause}
    put(healthy, "successes", _count(check.healthy_threshold), 2)
    return {"type": "tcp", "healthy": healthy, "unhealthy": {"interval": pause}}


def _passive(check: PassiveCheck, shared: Shared) -> Json:
    written: Json = {}
    kind = check.protocol
    put(written, "type", "http" if kind.value.startswith("grpc") else kind.value, "http")
    failures = check.max_failures
    healthy: Json = {}
    put(healthy, "successes", between(check.healthy_threshold, 0, _MOST), 5)
    good = _statuses(check.healthy_status_codes)
    if good:
        put(healthy, "http_statuses", good, _PASSIVE_OK)
    unhealthy: Json = {}
    put(unhealthy, "http_failures", between(failures, 0, _MOST), 5)
    put(unhealthy, "tcp_failures", between(_or(check.max_connection_failures, failures), 0, 254), 2)
    put(unhealthy, "timeouts", between(_or(check.max_timeouts, failures), 0, _MOST), 7)
    put(unhealthy, "http_statuses", _statuses(check.unhealthy_status_codes), _PASSIVE_BAD)
    if check.retry_after is not None:
        message = "APISIX brings a target back by asking it, not by time"
        note(shared, check, _FEATURE, message, "retry_after")
    return written | _filled(healthy=healthy, unhealthy=unhealthy)


def _interval(check: ActiveCheck, value: Duration, shared: Shared) -> int:
    """Whole seconds, at least one: APISIX always asks both kinds of targets."""
    seconds = max(1, math.ceil(value.in_seconds))
    if seconds != value.in_seconds:
        message = f"APISIX asks every {seconds} s"
        differs(shared, check, _FEATURE, message, "interval")
    return seconds


def _filled(**parts: Json) -> Json:
    return {name: part for name, part in parts.items() if part}


def _or(value: int | None, default: int) -> int:
    return default if value is None else value


def _count(value: int) -> int:
    return between(value, 1, _MOST)


def _number(value: Duration) -> float:
    seconds = value.in_seconds
    return int(seconds) if seconds == int(seconds) else seconds


def _statuses(codes: list[int]) -> list[int]:
    return [code for code in dict.fromkeys(codes) if type(code) is not int or 200 <= code <= 599]
