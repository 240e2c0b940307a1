"""Which protocol a cluster's targets are spoken to with.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/upstreams/http/v3/http_protocol_options.proto
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.importers.envoy.carried import carry, carry_whole, quiet
from gal.importers.envoy.chain import message_name, typed
from gal.importers.envoy.outlier_detection import error_statuses
from gal.ledger import Level
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.ledger import Reporter

_FEATURE = "protocol"
_OPTIONS = "HttpProtocolOptions"
_COMMON = {
    **quiet("idle_timeout", "max_connection_duration", "max_headers_count"),
    **quiet("max_requests_per_connection", "max_response_headers_kb"),
    "max_stream_duration": "the longest time that a request may take",
    "headers_with_underscores_action": "what becomes of headers with underscores",
}
_UPSTREAM = {
    "auto_sni": "the server name is the request's Host",
    "auto_san_validation": "the certificate has to be for the request's Host",
    "override_auto_sni_header": "the server name is in this header",
}
_REST = {
    "http_filters": "filters between the router and the targets",
    "header_validation_config": "how headers are checked",
    "request_mirror_policies": "where copies of requests go",
    "hash_policy": "what is hashed to choose a target",
    "retry_policy": "further attempts",
}


@dataclass(slots=True)
class ProtocolOptions:
    """What a cluster says of HTTP.

    Attributes:
        http2: HTTP/2 without asking first.
        as_client: as the client speaks.
        statuses: answers that count as failures, where it says so.
        kept: what only Envoy can say.
    """

    http2: bool = False
    as_client: bool = False
    statuses: list[int] | None = None
    kept: dict[str, Any] = field(default_factory=dict)


def protocol_options(cluster: Mapping, report: Reporter) -> ProtocolOptions:
    """The options of a cluster, of v3 and of v2."""
    found = ProtocolOptions()
    _plain_fields(cluster, found, report)
    options = cluster.take_mapping("typed_extension_protocol_options")
    for key, node in options.take_items() if options is not None else ():
        if not isinstance(node, Mapping):
            raise node.mismatch("a mapping")
        if message_name(node.take_str("@type", "")).endswith(_OPTIONS) or key.endswith(_OPTIONS):
            _typed(typed(node).value or node, found, report)
        else:
            message = "only Envoy speaks this protocol"
            found.kept[key] = carry_whole(node, report, _FEATURE, message)
    old = cluster.take("extension_protocol_options")
    if old is not None:
        old.take_all()
        found.kept["extension_protocol_options"] = old.plain()
    return found


def _plain_fields(cluster: Mapping, found: ProtocolOptions, report: Reporter) -> None:
    http2 = cluster.take("http2_protocol_options")
    if http2 is not None:
        found.http2 = True
        _quietly("http2_protocol_options", http2, found, report)
    _quietly("http_protocol_options", cluster.take("http_protocol_options"), found, report)
    selection = cluster.take_str("protocol_selection")
    found.as_client = selection in ("USE_DOWNSTREAM_PROTOCOL", "1")
    _common(cluster, found, report)


def _common(node: Mapping, found: ProtocolOptions, report: Reporter) -> None:
    common = node.take_mapping("common_http_protocol_options")
    if common is not None:
        kept = carry(common, report, _FEATURE, _COMMON)
        if kept:
            found.kept["common_http_protocol_options"] = kept
    upstream = node.take_mapping("upstream_http_protocol_options")
    if upstream is not None:
        kept = carry(upstream, report, "upstream_tls", _UPSTREAM)
        if kept:
            found.kept["upstream_http_protocol_options"] = kept


def _quietly(key: str, node: Any, found: ProtocolOptions, report: Reporter) -> None:
    """Settings of a version of HTTP, which clients do not see."""
    if not isinstance(node, Mapping):
        return
    if len(node):
        found.kept[key] = node.plain()
        carry_whole(node, report, _FEATURE, "how the protocol is spoken", Level.INFO)


def _typed(node: Mapping, found: ProtocolOptions, report: Reporter) -> None:
    _common(node, found, report)
    explicit = node.take_mapping("explicit_http_config")
    client = node.take_mapping("use_downstream_protocol_config")
    automatic = node.take_mapping("auto_config")
    for choice in (explicit, client, automatic):
        if choice is None:
            continue
        if choice is explicit and choice.has("http2_protocol_options"):
            found.http2 = True
        if choice is explicit and choice.has("http3_protocol_options"):
            node_3 = choice.take("http3_protocol_options")
            if node_3 is not None:
                message = "only Envoy speaks HTTP/3 to targets"
                carry_whole(choice, report, _FEATURE, message)
            found.kept["http3_protocol_options"] = choice.plain()
        for key in list(choice):
            name = key if choice.fold is None else choice.fold(key)
            _quietly(name, choice.take(key), found, report)
    if client is not None:
        found.as_client = True
    detection = node.take_mapping("outlier_detection")
    matcher = detection.take_mapping("error_matcher") if detection is not None else None
    if matcher is not None:
        found.statuses = error_statuses(matcher, report)
        if found.statuses is None:
            found.kept["error_matcher"] = matcher.plain()
    found.kept |= carry(node, report, _FEATURE, _REST)
