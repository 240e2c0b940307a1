"""Health checks of upstreams (https://developer.konghq.com/gateway/traffic-control/health-checks-
circuit-breakers/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.importers.kong.fields import take_choice, take_integer, take_number
from gal.model import ActiveCheck, CheckProtocol, Duration, HealthCheck, Origin, PassiveCheck
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.ledger import Reporter

_TYPES = ("tcp", "http", "https", "grpc", "grpcs")
_ACTIVE_OK = [200, 302]
_ACTIVE_BAD = [429, 404, 500, 501, 502, 503, 504, 505]
_PASSIVE_OK = [*range(200, 209), 226, *range(300, 309)]
_PASSIVE_BAD = [429, 500, 503]
_CONCURRENCY = 10

_ACTIVE_NAMES = {
    "protocol": "type",
    "interval": "healthy.interval",
    "unhealthy_interval": "unhealthy.interval",
    "healthy_threshold": "healthy.successes",
    "unhealthy_threshold": "unhealthy.http_failures",
    "timeout_threshold": "unhealthy.timeouts",
    "connection_threshold": "unhealthy.tcp_failures",
    "healthy_status_codes": "healthy.http_statuses",
    "unhealthy_status_codes": "unhealthy.http_statuses",
    "sni": "https_sni",
    "verify_certificate": "https_verify_certificate",
}
_PASSIVE_NAMES = {
    "protocol": "type",
    "max_failures": "unhealthy.http_failures",
    "max_timeouts": "unhealthy.timeouts",
    "max_connection_failures": "unhealthy.tcp_failures",
    "healthy_threshold": "healthy.successes",
    "unhealthy_status_codes": "unhealthy.http_statuses",
    "healthy_status_codes": "healthy.http_statuses",
}
_NAMES = {"minimum_healthy_percent": "threshold"}


def read_health(upstream: Mapping, report: Reporter) -> HealthCheck | None:
    """`healthchecks` of an upstream; None where all of it is off and as Kong has it by itself.

    Raises:
        InputError: a number is out of its range, or a word unknown.
    """
    node = upstream.take_mapping("healthchecks")
    if node is None:
        return None
    check = HealthCheck(origin=Origin(node, _NAMES))
    active, passive = node.take_mapping("active"), node.take_mapping("passive")
    if active is not None:
        check.active = _active(active, report)
    if passive is not None:
        check.passive = _passive(passive)
    threshold = take_number(node, "threshold", 0, 0, 100)
    check.minimum_healthy_percent = int(threshold) if threshold == int(threshold) else threshold
    return None if check == HealthCheck() else check


def _active(node: Mapping, report: Reporter) -> ActiveCheck | None:
    healthy, unhealthy = node.take_mapping("healthy"), node.take_mapping("unhealthy")
    interval, other = _seconds(healthy, "interval", 0), _seconds(unhealthy, "interval", 0)
    concurrency = take_integer(node, "concurrency", _CONCURRENCY, 1, 2**31)
    check = ActiveCheck(
        enabled=bool(interval.nanoseconds or other.nanoseconds),
        protocol=CheckProtocol(take_choice(node, "type", _TYPES, "http")),
        http_path=node.take_str("http_path", "/"),
        headers=_headers(node),
        interval=interval,
        unhealthy_interval=None if other == interval else other,
        timeout=_seconds(node, "timeout", 1),
        healthy_threshold=_count(healthy, "successes"),
        unhealthy_threshold=_count(unhealthy, "http_failures"),
        timeout_threshold=_count(unhealthy, "timeouts"),
        connection_threshold=_count(unhealthy, "tcp_failures"),
        healthy_status_codes=_statuses(healthy, _ACTIVE_OK),
        unhealthy_status_codes=_statuses(unhealthy, _ACTIVE_BAD),
        sni=node.take_str("https_sni"),
        verify_certificate=node.take_bool("https_verify_certificate", True),
        concurrency=None if concurrency == _CONCURRENCY else concurrency,
        origin=Origin(node, _ACTIVE_NAMES),
    )
    if not check.http_path.startswith("/"):
        raise node.entries["http_path"].error('field "http_path" must start with "/"')
    if check == _active_off():
        return None
    if check.enabled and check.protocol is CheckProtocol.TCP:
        check.enabled = False
        report.approximated(
            check, "health_check", "Kong does no TCP checks for HTTP services", "protocol"
        )
    return check


def _passive(node: Mapping) -> PassiveCheck | None:
    healthy, unhealthy = node.take_mapping("healthy"), node.take_mapping("unhealthy")
    check = PassiveCheck(
        protocol=CheckProtocol(take_choice(node, "type", _TYPES, "http")),
        max_failures=_count(unhealthy, "http_failures"),
        max_timeouts=_count(unhealthy, "timeouts"),
        max_connection_failures=_count(unhealthy, "tcp_failures"),
        healthy_threshold=_count(healthy, "successes"),
        unhealthy_status_codes=_statuses(unhealthy, _PASSIVE_BAD),
        healthy_status_codes=_statuses(healthy, _PASSIVE_OK),
        origin=Origin(node, _PASSIVE_NAMES),
    )
    check.enabled = bool(
        check.max_failures
        or check.max_timeouts
        or check.max_connection_failures
        or check.healthy_threshold
    )
    return None if check == _passive_off() else check


def _active_off() -> ActiveCheck:
    """What Kong has where nothing is said."""
    return ActiveCheck(
        enabled=False,
        http_path="/",
        interval=Duration(0),
        timeout=Duration.seconds(1),
        healthy_threshold=0,
        unhealthy_threshold=0,
        timeout_threshold=0,
        connection_threshold=0,
        healthy_status_codes=list(_ACTIVE_OK),
        unhealthy_status_codes=list(_ACTIVE_BAD),
    )


def _passive_off() -> PassiveCheck:
    """What Kong has where nothing is said."""
    return PassiveCheck(
        enabled=False,
        max_failures=0,
        max_timeouts=0,
        max_connection_failures=0,
        unhealthy_status_codes=list(_PASSIVE_BAD),
        healthy_status_codes=list(_PASSIVE_OK),
    )


def _seconds(node: Mapping | None, key: str, default: float) -> Duration:
    value = default if node is None else take_number(node, key, default, 0, 65535)
    return Duration.seconds(value)


def _count(node: Mapping | None, key: str) -> int:
    return 0 if node is None else take_integer(node, key, 0, 0, 255)


def _statuses(node: Mapping | None, default: list[int]) -> list[int]:
    if node is None or node.peek("http_statuses") is None:
        if node is not None:
            node.mark("http_statuses")
        return list(default)
    statuses = []
    for item in node.take_sequence("http_statuses"):
        status = item.as_int()
        if not 100 <= status <= 999:
            raise item.error(f"a status must be between 100 and 999, not {status}")
        statuses.append(status)
    return statuses


def _headers(node: Mapping) -> dict[str, list[str]]:
    headers = node.take_mapping("headers")
    if headers is None:
        return {}
    return {name: headers.take_strings(name) or [] for name in headers}
