"""How a cluster asks its targets for their health.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/health_check.proto
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.importers.envoy.carried import carry, carry_whole, quiet
from gal.importers.envoy.values import take_duration, take_header_value, take_integer
from gal.ledger import Fate, Level
from gal.model import ActiveCheck, CheckProtocol, Duration, Origin, Protocol
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.ledger import Reporter

_FEATURE = "health_check"
_STATUSES = range(100, 600)
_DEFAULT = Duration.seconds(1)
_SECURE = (Protocol.HTTPS, Protocol.GRPCS)
_HTTP2 = (Protocol.GRPC, Protocol.GRPCS, Protocol.H2C)
_NAMES = {
    "http_path": "http_health_check.path",
    "headers": "http_health_check.request_headers_to_add",
    "healthy_status_codes": "http_health_check.expected_statuses",
}
_TABLE = {
    **quiet("initial_jitter", "interval_jitter", "interval_jitter_percent", "reuse_connection"),
    **quiet("no_traffic_interval", "no_traffic_healthy_interval", "unhealthy_edge_interval"),
    **quiet("healthy_edge_interval", "event_log_path", "event_logger", "event_service"),
    **quiet("always_log_health_check_failures", "always_log_health_check_success"),
    "alt_port": "health checks ask another port",
    "tls_options": "how TLS is done in health checks",
    "transport_socket_match_criteria": "which transport socket health checks use",
}
_HTTP = {
    **quiet("use_http2", "response_buffer_size", "codec_client_type"),
    "send": "bytes that are sent",
    "receive": "a text that the answer has to hold",
    "service_name": "the answer has to name this service",
    "service_name_matcher": "the answer has to name this service",
    "request_headers_to_remove": "headers that are left away",
    "method": "another method than GET",
}


def health_check(
    cluster: Mapping, protocol: Protocol, report: Reporter, kept: dict[str, Any]
) -> ActiveCheck | None:
    """The check of a cluster, if there is one; further ones are kept for Envoy."""
    checks = cluster.take_mappings("health_checks")
    if not checks:
        return None
    if len(checks) > 1:
        rest = [
            carry_whole(one, report, _FEATURE, "only the first health check is kept elsewhere")
            for one in checks[1:]
        ]
        kept["health_checks"] = rest
    return _check(checks[0], protocol, report, kept)


def _check(
    node: Mapping, protocol: Protocol, report: Reporter, kept: dict[str, Any]
) -> ActiveCheck | None:
    check = ActiveCheck(
        interval=take_duration(node, "interval") or _DEFAULT,
        unhealthy_interval=take_duration(node, "unhealthy_interval"),
        timeout=take_duration(node, "timeout") or _DEFAULT,
        healthy_threshold=take_integer(node, "healthy_threshold") or 1,
        unhealthy_threshold=take_integer(node, "unhealthy_threshold") or 1,
        origin=Origin(node, _NAMES),
    )
    rest = carry(node, report, _FEATURE, _TABLE)
    quiet_value = rest.pop("no_traffic_interval", None)
    if quiet_value is not None and quiet_value != _plain(node, "interval"):
        rest["no_traffic_interval"] = quiet_value
    if not _question(node, check, protocol, report, rest):
        message = "only Envoy knows this kind of health check"
        kept["health_check"] = carry_whole(node, report, _FEATURE, message)
        return None
    if rest:
        kept["health_check"] = rest
    return check


def _plain(node: Mapping, key: str) -> Any:
    below = node.peek(key)
    return None if below is None else below.plain()


def _question(
    node: Mapping,
    check: ActiveCheck,
    protocol: Protocol,
    report: Reporter,
    rest: dict[str, Any],
) -> bool:
    """What is asked. False where the model does not know it."""
    secure = protocol in _SECURE
    http = node.take_mapping("http_health_check")
    tcp = node.take_mapping("tcp_health_check")
    grpc = node.take_mapping("grpc_health_check")
    if http is not None:
        check.protocol = CheckProtocol.HTTPS if secure else CheckProtocol.HTTP
        _http(http, check, report, rest, "HTTP2" if protocol in _HTTP2 else "HTTP1")
    elif tcp is not None:
        check.protocol = CheckProtocol.TCP
        message = "bytes that are sent and expected"
        table = dict.fromkeys(("send", "receive", "proxy_protocol_config"), message)
        rest |= carry(tcp, report, _FEATURE, table)
    elif grpc is not None:
        check.protocol = CheckProtocol.GRPCS if secure else CheckProtocol.GRPC
        table = {
            "service_name": "the service that is asked for",
            "authority": "`:authority` of the question",
            "initial_metadata": "headers of the question",
        }
        rest |= carry(grpc, report, _FEATURE, table)
    else:
        return False
    return True


def _http(
    node: Mapping, check: ActiveCheck, report: Reporter, rest: dict[str, Any], codec: str
) -> None:
    check.http_path = node.take_str("path", "/")
    host = node.take("host")
    if host is not None:
        rest["host"] = host.plain()
    statuses = _ranges(node, "expected_statuses")
    check.healthy_status_codes = statuses or [200]
    for item in node.take_sequence("retriable_statuses"):
        item.take_all()
    if not node.has("retriable_statuses") and check.unhealthy_threshold > 1:
        message = "a bad status takes a target out at once, not after unhealthy_threshold"
        report.at(node, Fate.APPROXIMATED, Level.INFO, _FEATURE, message, whole=False)
    for option in node.take_mappings("request_headers_to_add"):
        header = option.take_mapping("header")
        for key in ("append", "append_action", "keep_empty_value"):
            option.mark(key)
        if header is not None:
            value = take_header_value(header).replace("%%", "%")
            check.headers.setdefault(header.take_str("key", ""), []).append(value)
    rest |= carry(node, report, _FEATURE, _HTTP, plain={"codec_client_type": codec})


def _ranges(node: Mapping, key: str) -> list[int]:
    """The statuses in ranges, whose end is not in them."""
    found: list[int] = []
    for item in node.take_mappings(key):
        start, end = take_integer(item, "start") or 0, take_integer(item, "end") or 0
        found.extend(range(max(start, _STATUSES.start), min(end, _STATUSES.stop)))
    return found
