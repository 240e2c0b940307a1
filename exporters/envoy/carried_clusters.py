"""What only Envoy can say of clusters, put back.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/cluster.proto and
https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/upstreams/http/v3/http_protocol_options.proto
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gal.exporters.envoy.build import EXTENSION, Json, Shared
from gal.exporters.envoy.carried import own, refer, unsound
from gal.model import Upstream

HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_KINDS = ("cluster_type", "type")
_ELSEWHERE = "the source says something else in its place"
_LOST = {
    "eds_cluster_config": "the targets are those of the file",
    "extension_protocol_options": "Envoy 3 has no such setting",
    "lb_subset_config": "the targets have no metadata any more",
    "localities": "the targets stand in one locality",
    "named_endpoints": "the targets have no names any more",
    "policy": "the targets stand in one locality",
}
_PLAIN = frozenset(
    (
        *("alt_stat_name", "per_connection_buffer_limit_bytes", "dns_refresh_rate", "dns_jitter"),
        *("dns_failure_refresh_rate", "respect_dns_ttl", "dns_lookup_family", "dns_resolvers"),
        *("use_tcp_for_dns_lookups", "dns_resolution_config", "typed_dns_resolver_config"),
        *("wait_for_warm_on_init", "cleanup_interval", "metadata", "upstream_connection_options"),
        *("close_connections_on_host_health_failure", "ignore_health_on_host_removal"),
        *("lrs_server", "lrs_report_endpoint_metrics", "track_timeout_budgets"),
        *("track_cluster_stats", "preconnect_policy", "upstream_bind_config", "filters"),
        *("connection_pool_per_downstream_connection", "upstream_config", "circuit_breakers"),
        *("transport_socket_matches", "transport_socket_matcher"),
    )
)
_HTTP = frozenset(
    (
        *("upstream_http_protocol_options", "common_http_protocol_options", "http_filters"),
        *("header_validation_config", "request_mirror_policies", "hash_policy", "retry_policy"),
    )
)
_VERSIONS = frozenset(("http_protocol_options", "http2_protocol_options"))
_BALANCERS = {
    "ring_hash_lb_config": "RING_HASH",
    "maglev_lb_config": "MAGLEV",
    "least_request_lb_config": "LEAST_REQUEST",
    "round_robin_lb_config": "ROUND_ROBIN",
}
_TLS_CONTEXT = frozenset(("allow_renegotiation", "max_session_keys", "enforce_rsa_key_usage"))
_TLS_LOST = {
    "sds": "the secret comes from a control plane",
    "default_validation_context": "there are two sets of rules for one certificate",
}
_TLS_COMMON = frozenset(
    (
        *("key_log", "tls_params", "tls_certificate_provider_instance", "custom_handshaker"),
        "custom_tls_certificate_selector",
    )
)
_CHECK = frozenset(
    (
        *("no_traffic_interval", "no_traffic_healthy_interval", "unhealthy_edge_interval"),
        *("healthy_edge_interval", "initial_jitter", "interval_jitter", "interval_jitter_percent"),
        *(
            "event_log_path",
            "event_logger",
            "event_service",
            "always_log_health_check_failures",
            "tls_options",
        ),
        *("transport_socket_match_criteria", "reuse_connection", "alt_port"),
        *("always_log_health_check_success", "custom_health_check"),
    )
)
_CHECKS = ("http_health_check", "tcp_health_check", "grpc_health_check")


def settle(cluster: Json, upstream: Upstream, shared: Shared) -> Json:
    """A cluster with what was carried for it."""
    kept = own(upstream.extensions)
    if not kept:
        return cluster
    found = dict(cluster)
    for key, value in sorted(kept.items(), key=lambda item: (item[0] not in _KINDS, item[0])):
        problem = _LOST.get(key) or unsound({key: value}, shared)
        if problem is None:
            problem = _put(key, value, found)
        if problem is None:
            refer({key: value}, shared)
            continue
        message = f'"{key}" is not put back: {problem}'
        shared.context.report.dropped(upstream, "upstream", message)
    return found


def _put(key: str, value: Any, cluster: Json) -> str | None:
    """Put one setting back. Returns why it has no place, if so."""
    if key in _PUTS:
        return _PUTS[key](value, cluster)
    if key in _PLAIN:
        cluster[key] = value
    elif key in _HTTP:
        cluster["typed_extension_protocol_options"] = _http(cluster, key, value)
    elif key in _VERSIONS:
        return _version(key, value, cluster)
    elif key in _BALANCERS:
        if cluster.get("lb_policy", "ROUND_ROBIN") != _BALANCERS[key]:
            return _ELSEWHERE
        cluster[key] = {**value, **cluster.get(key, {})}
    elif "." in key:
        options = cluster.get("typed_extension_protocol_options", {})
        cluster["typed_extension_protocol_options"] = {**options, key: value}
    else:
        return "there is no place for it"
    return None


def _http(cluster: Json, key: str, value: Any) -> Json:
    """The protocol options of a cluster with one more of them."""
    options = dict(cluster.get("typed_extension_protocol_options", {}))
    found = options.get(HTTP_OPTIONS) or {
        "@type": EXTENSION + "upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http_protocol_options": {}},
    }
    more = {**found.get(key, {}), **value} if isinstance(value, dict) else value
    return {**options, HTTP_OPTIONS: {**found, key: more}}


def _version(key: str, value: Any, cluster: Json) -> str | None:
    """How a version of HTTP is spoken, where it is that one."""
    options = cluster.get("typed_extension_protocol_options", {}).get(HTTP_OPTIONS, {})
    explicit = options.get("explicit_http_config", {"http_protocol_options": {}})
    if key not in explicit:
        return _ELSEWHERE
    cluster["typed_extension_protocol_options"] = _http(
        cluster, "explicit_http_config", {key: value}
    )
    return None


def _requests(value: Any, cluster: Json) -> str | None:
    more = {"max_requests_per_connection": value}
    options = _http(cluster, "common_http_protocol_options", more)
    cluster["typed_extension_protocol_options"] = options
    return None


def _balancer(value: Any, cluster: Json) -> str | None:
    """Another way to choose a target: by a table of hashes, or as the kind of cluster has it."""
    if value != "MAGLEV":
        cluster["lb_policy"] = "CLUSTER_PROVIDED"
        return None if "load_assignment" not in cluster else _ELSEWHERE
    if cluster.get("lb_policy") != "RING_HASH":
        return "nothing is hashed"
    cluster["lb_policy"] = value
    size = cluster.pop("ring_hash_lb_config", {}).get("minimum_ring_size")
    if size is not None:
        cluster["maglev_lb_config"] = {"table_size": size}
    return None


def _typed_balancer(value: Any, cluster: Json) -> str | None:
    for key in ("lb_policy", *_BALANCERS):
        cluster.pop(key, None)
    cluster["load_balancing_policy"] = value
    return None


def _kind(value: Any, cluster: Json) -> str | None:
    """A kind of cluster that finds its targets itself."""
    for key in ("type", "dns_lookup_family", "load_assignment", *_BALANCERS):
        cluster.pop(key, None)
    cluster["lb_policy"] = "CLUSTER_PROVIDED"
    cluster["type" if isinstance(value, str) else "cluster_type"] = value
    return None


def _common(value: Any, cluster: Json) -> str | None:
    cluster["common_lb_config"] = {**cluster["common_lb_config"], **value}
    return None


def _panic(value: Any, cluster: Json) -> str | None:
    share = int(value) if value == int(value) else value
    return _common({"healthy_panic_threshold": {"value": share}}, cluster)


def _detection(value: Any, cluster: Json) -> str | None:
    if "outlier_detection" not in cluster:
        return _ELSEWHERE
    cluster["outlier_detection"] = {**cluster["outlier_detection"], **value}
    return None


def _further_checks(value: Any, cluster: Json) -> str | None:
    cluster["health_checks"] = [*cluster.get("health_checks", []), *value]
    return None


def _check(value: Any, cluster: Json) -> str | None:
    """The rest of the first health check, or all of one that the model does not know."""
    checks = cluster.get("health_checks", [])
    if not checks:
        if "timeout" not in value:
            return _ELSEWHERE
        cluster["health_checks"] = [value]
        return None
    first = dict(checks[0])
    inner = next((key for key in _CHECKS if key in first), None)
    for key, one in value.items():
        if key in _CHECK:
            first[key] = one
        elif inner is not None:
            first[inner] = {**first[inner], key: one}
    cluster["health_checks"] = [first, *checks[1:]]
    return None


def _endpoint_check(value: Any, cluster: Json) -> str | None:
    """How the one target of a cluster is asked."""
    groups = cluster.get("load_assignment", {}).get("endpoints", [])
    if len(groups) != 1 or len(groups[0]["lb_endpoints"]) != 1:
        return "targets may differ in it"
    one = groups[0]["lb_endpoints"][0]
    known = one["endpoint"].get("health_check_config", {})
    endpoint = {**one["endpoint"], "health_check_config": {**known, **value}}
    assignment = {
        **cluster["load_assignment"],
        "endpoints": [{**groups[0], "lb_endpoints": [{**one, "endpoint": endpoint}]}],
    }
    cluster["load_assignment"] = assignment
    return None


def _socket(value: Any, cluster: Json) -> str | None:
    if "transport_socket" in cluster:
        return _ELSEWHERE
    cluster["transport_socket"] = value
    return None


def _tls(value: Any, cluster: Json) -> str | None:
    """TLS to the targets."""
    socket = cluster.get("transport_socket")
    if socket is None:
        return "no TLS is spoken"
    context = dict(socket["typed_config"])
    common = dict(context.get("common_tls_context", {}))
    lost = []
    for key, one in value.items():
        if key in _TLS_LOST:
            lost.append(f"{key}: {_TLS_LOST[key]}")
        elif key in _TLS_CONTEXT:
            context[key] = one
        elif key in _TLS_COMMON:
            common[key] = one
        elif "validation_context" in common:
            common["validation_context"] = {**common["validation_context"], key: one}
        else:
            lost.append(f"{key}: certificates are not verified")
    context["common_tls_context"] = common
    cluster["transport_socket"] = {**socket, "typed_config": context}
    return ", ".join(lost) or None


def _selection(value: Any, cluster: Json) -> str | None:
    """Targets are spoken to as the client speaks."""
    del value
    options = dict(cluster.get("typed_extension_protocol_options", {}))
    found = dict(
        options.get(HTTP_OPTIONS) or {"@type": EXTENSION + "upstreams.http.v3.HttpProtocolOptions"}
    )
    explicit = found.pop("explicit_http_config", {"http_protocol_options": {}})
    both = {"http_protocol_options": {}, "http2_protocol_options": {}, **explicit}
    found["use_downstream_protocol_config"] = both
    cluster["typed_extension_protocol_options"] = {**options, HTTP_OPTIONS: found}
    return None


_PUTS: dict[str, Callable[[Any, Json], str | None]] = {
    "cluster_type": _kind,
    "common_lb_config": _common,
    "health_check": _check,
    "health_check_config": _endpoint_check,
    "health_checks": _further_checks,
    "healthy_panic_threshold": _panic,
    "lb_policy": _balancer,
    "load_balancing_policy": _typed_balancer,
    "max_requests_per_connection": _requests,
    "outlier_detection": _detection,
    "protocol_selection": _selection,
    "tls": _tls,
    "transport_socket": _socket,
    "type": _kind,
}
