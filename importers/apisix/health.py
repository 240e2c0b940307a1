"""Health checks (https://apisix.apache.org/docs/apisix/tutorials/health-check/)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.importers.apisix.fields import (
    Kept,
    carry,
    take_choice,
    take_integer,
    take_integers,
    take_seconds,
)
from gal.model import ActiveCheck, CheckProtocol, Duration, HealthCheck, Origin, PassiveCheck
from gal.reading import Mapping, Node

if TYPE_CHECKING:
    from gal.ledger import Reporter

_TYPES = ("http", "https", "tcp")
_ACTIVE_OK = [200, 302]
_ACTIVE_BAD = [429, 404, 500, 501, 502, 503, 504, 505]
_PASSIVE_OK = [*range(200, 209), 226, *range(300, 309)]
_PASSIVE_BAD = [429, 500, 503]

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
    "headers": "req_headers",
    "verify_certificate": "https_verify_certificate",
    "sni": "host",
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


def read_health(upstream: Mapping, report: Reporter) -> tuple[HealthCheck | None, dict[str, Any]]:
    """`checks` of an upstream, and what of them only APISIX has.

    Raises:
        InputError: passive checks without active ones, or a value that is none.
    """
    node = upstream.take_mapping("checks")
    if node is None:
        return None, {}
    active, passive = node.take_mapping("active"), node.take_mapping("passive")
    if active is None:
        raise node.error("passive checks need active ones in APISIX", 'add "active"')
    check = HealthCheck(active=_active(active), origin=Origin(node, {}))
    if passive is not None:
        check.passive = _passive(passive)
    kept = carry(
        active,
        report,
        "health_check",
        Kept("http_method", "GET", message="other gateways ask with GET"),
        Kept("http_req_body", "", message="other gateways ask without a body"),
        Kept("port", message="other gateways ask the target's own port"),
    )
    return check, {"checks": {"active": kept}} if kept else {}


def _section(node: Mapping, key: str) -> Mapping:
    found = node.take_mapping(key)
    return found or Mapping(node.source, node.line, node.column, node.parent, node.key)


def _active(node: Mapping) -> ActiveCheck:
    healthy, unhealthy = _section(node, "healthy"), _section(node, "unhealthy")
    interval = take_seconds(healthy, "interval", 1)
    other = take_seconds(unhealthy, "interval", 1)
    headers: dict[str, list[str]] = {}
    for item in (*node.take_sequence("req_headers"), *node.take_sequence("http_request_headers")):
        name, value = _header(item)
        headers.setdefault(name, []).append(value)
    host = node.take_str("host")
    protocol = CheckProtocol(take_choice(node, "type", _TYPES, "http"))
    if host is not None:
        headers.setdefault("Host", [host])
    return ActiveCheck(
        protocol=protocol,
        http_path=node.take_str("http_path", "/"),
        headers=headers,
        interval=interval,
        unhealthy_interval=None if other == interval else other,
        timeout=_timeout(node),
        healthy_threshold=take_integer(healthy, "successes", 2, 1, 254),
        unhealthy_threshold=take_integer(unhealthy, "http_failures", 5, 1, 254),
        timeout_threshold=take_integer(unhealthy, "timeouts", 3, 1, 254),
        connection_threshold=take_integer(unhealthy, "tcp_failures", 2, 1, 254),
        healthy_status_codes=take_integers(healthy, "http_statuses", _ACTIVE_OK),
        unhealthy_status_codes=take_integers(unhealthy, "http_statuses", _ACTIVE_BAD),
        sni=host if protocol is CheckProtocol.HTTPS else None,
        verify_certificate=node.take_bool("https_verify_certificate", True),
        concurrency=take_integer(node, "concurrency", 10, 0),
        origin=Origin(node, _ACTIVE_NAMES),
    )


def _timeout(node: Mapping) -> Duration:
    return take_seconds(node, "timeout", 1)


def _header(item: Node) -> tuple[str, str]:
    text = item.as_str()
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise item.error(f'"{text}" is no header such as "Name: value"')
    return name.strip(), value.strip()


def _passive(node: Mapping) -> PassiveCheck:
    healthy, unhealthy = _section(node, "healthy"), _section(node, "unhealthy")
    return PassiveCheck(
        protocol=CheckProtocol(take_choice(node, "type", _TYPES, "http")),
        max_failures=take_integer(unhealthy, "http_failures", 5, 0, 254),
        max_timeouts=take_integer(unhealthy, "timeouts", 7, 0, 254),
        max_connection_failures=take_integer(unhealthy, "tcp_failures", 2, 0, 254),
        healthy_threshold=take_integer(healthy, "successes", 5, 0, 254),
        unhealthy_status_codes=take_integers(unhealthy, "http_statuses", _PASSIVE_BAD),
        healthy_status_codes=take_integers(healthy, "http_statuses", _PASSIVE_OK),
        origin=Origin(node, _PASSIVE_NAMES),
    )
