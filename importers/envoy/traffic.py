"""Filters about single requests: sizes, compression, faults; and the router at the end.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/http_filters
(`buffer`, `compressor`, `fault`, `router`)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.importers.envoy.carried import carry, keep, quiet
from gal.importers.envoy.chain import take_filter, take_typed
from gal.importers.envoy.classify import sounds_guarding
from gal.importers.envoy.use import Reading, carried, guarded, nothing
from gal.importers.envoy.values import take_flag, take_integer, take_percent
from gal.ledger import Fate, Level
from gal.model import Compression, DirectResponse, Origin, Size, SizeLimit

if TYPE_CHECKING:
    from gal.importers.envoy.use import Use
    from gal.reading import Mapping

_FAULT_TEXT = "fault filter abort"
_ALL = 100
_LIBRARIES = {"Gzip": "gzip", "Brotli": "br", "Zstd": "zstd"}
_LEVELS = {
    **{f"COMPRESSION_LEVEL_{level}": level for level in range(1, 10)},
    "BEST_SPEED": 1,
    "SPEED": 1,
    "BEST_COMPRESSION": 9,
    "BEST": 9,
}
_CHOICE: dict[str, Any] = {"choose_first": True}
_COMPRESSION = {
    **quiet("disable_on_etag_header", "remove_accept_encoding_header", "choose_first"),
    **quiet("weaken_etag_on_compress", "status_header_enabled", "uncompressible_response_codes"),
    "content_type_matcher": "elsewhere what is compressed is told by a list of types",
    "request_direction_config": "elsewhere requests are not compressed",
}
_ROUTER = {
    **quiet("dynamic_stats", "start_child_span", "upstream_log", "upstream_log_options"),
    **quiet("suppress_envoy_headers", "respect_expected_rq_timeout"),
    **quiet("suppress_grpc_request_failure_code_stats", "reject_connect_request_early_data"),
    "strict_check_headers": "elsewhere broken x-envoy-* headers are not refused",
}


def size_limit(use: Use) -> Reading:
    """`buffer`: the largest body. The body is also held back until it is whole."""
    own = use.own
    if own is not None and take_flag(own, "disabled"):
        return nothing(use)
    settings = own.take_mapping("buffer") if own is not None else use.base
    if settings is None:
        return nothing(use)
    if settings is not use.base:
        use.base.take_all()
    old = settings.take("max_request_time")
    if old is not None:
        old.take_all()
    most = take_integer(settings, "max_request_bytes")
    if not most:
        return nothing(use)
    found = Reading(use, groups={"size"})
    found.policies.size_limit = SizeLimit(
        Size(most), origin=Origin(settings, {"max_body": "max_request_bytes"})
    )
    return found


def compression(use: Use) -> Reading:
    """`compressor`, and `gzip` of Envoy 2."""
    base, own = use.base, use.own
    if own is not None and take_flag(own, "disabled"):
        return nothing(use)
    if take_flag(base, "runtime_enabled") is False:
        return nothing(use, "it is switched off")
    overrides = own.take_mapping("overrides") if own is not None else None
    kept: dict[str, Any] = {}
    algorithm, level = _chosen(base, overrides, kept)
    if use.filter.kind.endswith(".gzip"):
        algorithm = "gzip"
    if algorithm is None:
        return carried(use, "only Envoy knows this way to compress")
    direction = base.take_mapping("response_direction_config")
    common = direction.take_mapping("common_config") if direction is not None else base
    if common is not None and take_flag(common, "enabled") is False:
        return nothing(use, "it is switched off")
    policy = Compression([algorithm], level=level, origin=Origin(base, {}))
    if common is not None:
        _common(common, policy)
    for node in (base, direction, common):
        if node is not None:
            kept |= carry(node, use.report, "compression", _COMPRESSION, plain=_CHOICE)
    if kept:
        policy.extensions = {"envoy": {"compressor": kept}}
    found = Reading(use)
    found.policies.compression = policy
    return found


def _chosen(
    base: Mapping, overrides: Mapping | None, kept: dict[str, Any]
) -> tuple[str | None, int | None]:
    """The algorithm and its level, of the narrower scope if it names one."""
    wider = _library(base, kept)
    if overrides is None:
        return wider
    narrower = _library(overrides, kept)
    overrides.take_all()
    return wider if narrower[0] is None else narrower


def _common(node: Mapping, policy: Compression) -> None:
    policy.content_types = node.take_strings("content_type") or []
    least = take_integer(node, "min_content_length")
    least = take_integer(node, "content_length") if least is None else least
    policy.min_size = None if least is None else Size(least)


def _library(node: Mapping, kept: dict[str, Any]) -> tuple[str | None, int | None]:
    """The algorithm, and its level."""
    library = node.take_mapping("compressor_library")
    if library is None:
        return None, None
    library.mark("name")
    typed = take_typed(library)
    if typed is None:
        return None, None
    algorithm = _LIBRARIES.get(typed.type.rsplit(".", 1)[-1])
    if typed.value is None:
        return algorithm, None
    text = typed.value.take_str("compression_level", "")
    typed.value.take_all()
    level = _LEVELS.get(text) if algorithm == "gzip" else None
    others = {
        key: value
        for key, value in typed.value.plain().items()
        if key not in ("@type", "compression_level")
    }
    if others:
        kept["library"] = others
    return algorithm, level


def fault(use: Use) -> Reading:
    """`fault`: answers that tests ask for. One that every request gets is an answer."""
    settings = use.settings
    abort = settings.peek("abort")
    delay = settings.take_mapping("delay")
    if settings is not use.base:
        use.base.take_all()
    pauses = delay is not None and (take_percent(delay, "percentage") or 0) > 0
    share = 0.0
    if abort is not None:
        below = settings.take_mapping("abort")
        assert below is not None
        share = take_percent(below, "percentage") or 0
        status = take_integer(below, "http_status")
        certain = share >= _ALL and status is not None
        limited = any(
            settings.has(key) for key in ("headers", "upstream_cluster", "downstream_nodes")
        ) or below.has("response_body")
        if certain and limited:
            return guarded(use, "it refuses every request of some kind")
        if certain and not settings.has("max_active_faults"):
            use.take_all()
            found = Reading(use, groups={"answer"})
            found.policies.direct_response = DirectResponse(
                status or 503, _FAULT_TEXT, origin=Origin(below, {"status_code": "http_status"})
            )
            return found
    by_header = abort is not None and "header_abort" in str(abort.plain())
    by_header = by_header or (delay is not None and delay.has("header_delay"))
    if share == 0 and not pauses and not by_header and not settings.has("response_rate_limit"):
        return nothing(use, "it does nothing: its shares are 0 %")
    return carried(use, "elsewhere no request is delayed or broken off on purpose")


def router(use: Use) -> Reading:
    """The router itself: filters of its own are guards if they sound like it."""
    base = use.base
    for one in use.overrides:
        one.node.take_all()
    kept = carry(base, use.report, "router", _ROUTER, plain={"suppress_envoy_headers": True})
    if kept:
        keep(use.shared.gateway.extensions, {"router": kept})
    filters = [take_filter(one) for one in base.take_mappings("upstream_http_filters")]
    others = [one for one in filters if not one.kind.endswith(".upstream_codec")]
    names = [name for one in others for name in (one.name, one.kind)]
    for inner in filters:
        inner.node.take_all()
    if not others:
        return Reading(use)
    if sounds_guarding(*names):
        return guarded(use, "filters of the router")
    at = base.peek("upstream_http_filters")
    message = "only Envoy has filters between the router and the upstream"
    use.report.at(at, Fate.CARRIED, Level.WARNING, "plugins", message)
    found = Reading(use)
    found.policies.plugins = {"envoy": [use.plain()]}
    return found
