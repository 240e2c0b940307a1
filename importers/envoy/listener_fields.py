"""Fields of listeners, filter chains and connection managers that only Envoy knows.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener.proto,
https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener_components.proto and
https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto
"""

from __future__ import annotations

from typing import Any

from gal.importers.envoy.carried import quiet

LISTENER = {
    **quiet("stat_prefix", "metadata", "traffic_direction", "connection_balance_config"),
    **quiet("per_connection_buffer_limit_bytes", "drain_type", "listener_filters_timeout"),
    **quiet("continue_on_listener_filters_timeout", "socket_options", "tcp_fast_open_queue_length"),
    **quiet(
        "tcp_keepalive",
        "reuse_port",
        "enable_reuse_port",
        "tcp_backlog_size",
        "deprecated_v1",
        "freebind",
    ),
    **quiet("max_connections_to_accept_per_socket_event", "ignore_global_conn_limit", "access_log"),
    **quiet("bypass_overload_manager", "enable_mptcp", "transparent"),
    **quiet("stats_matcher", "per_connection_buffer_high_watermark_timeout"),
    **quiet("default_value", "bind_to_port", "use_original_dst", "api_listener", "fcds_config"),
    "additional_addresses": "further addresses to listen on",
    "udp_listener_config": "UDP",
    "internal_listener": "only Envoy itself connects to it",
}
CHAIN = {
    **quiet("name", "metadata", "transport_socket_connect_timeout", "on_demand_configuration"),
    **quiet("use_proxy_proto"),
}
MANAGER = {
    **quiet(
        "stat_prefix", "codec_type", "access_log", "access_log_options", "tracing", "add_user_agent"
    ),
    **quiet("server_name", "server_header_transformation", "generate_request_id", "drain_timeout"),
    **quiet("preserve_external_request_id", "always_set_request_id_in_response", "via"),
    **quiet("request_id_extension", "common_http_protocol_options", "http_protocol_options"),
    **quiet("http2_protocol_options", "http3_protocol_options", "max_request_headers_kb"),
    **quiet("represent_ipv4_remote_address_as_ipv4_mapped_ipv6", "delayed_close_timeout"),
    **quiet(
        "proxy_100_continue", "stream_error_on_invalid_http_message", "http1_safe_max_connection"
    ),
    **quiet("typed_header_validation_config"),
    **dict.fromkeys(
        (
            "forward_client_cert_details",
            "set_current_client_cert_details",
            "forward_client_cert_matcher",
        ),
        "what upstreams are told of the client's certificate",
    ),
    **quiet(
        "append_x_forwarded_port", "proxy_status_config", "append_local_overload", "skip_xff_append"
    ),
    **quiet(
        "internal_address_config", "idle_timeout", "request_headers_timeout", "upgrade_configs"
    ),
    **quiet("merge_slashes", "normalize_path", "use_remote_address"),
    "path_with_escaped_slashes_action": "slashes that are escaped in paths stay as they are",
    **quiet("strip_matching_host_port", "strip_any_host_port", "strip_trailing_host_dot"),
    **quiet(
        "scheme_header_transformation", "early_header_mutation_extensions", "stream_flush_timeout"
    ),
    **quiet("http1_safe_max_connection_duration", "access_log_flush_interval"),
    **quiet("flush_access_log_on_new_request", "drain_timeout_jitter"),
    **quiet("record_route_resolution_stats"),
    **quiet("add_proxy_protocol_connection_state", "forward_proto_config"),
    "xff_num_trusted_hops": "the client's address is taken from X-Forwarded-For",
    "original_ip_detection_extensions": "an extension finds out the client's address",
    "stream_idle_timeout": "a request without traffic ends",
    "request_timeout": "a request has to be whole in this time",
    "max_stream_duration": "a request has to end in this time",
    "hcm_specific": "an extension",
    "path_normalization_options": "how paths are normalised",
    "scoped_routes": "which table is asked depends on the request",
}
PLAIN: dict[str, Any] = {
    "codec_type": "AUTO",
    "merge_slashes": True,
    "normalize_path": True,
    "use_remote_address": True,
    "generate_request_id": False,
    "server_header_transformation": "PASS_THROUGH",
    "forward_client_cert_details": "SANITIZE",
}
"""What says the same as every other gateway does."""

UNSET: dict[str, Any] = {
    "merge_slashes": False,
    "normalize_path": False,
    "generate_request_id": True,
    "server_header_transformation": "OVERWRITE",
}
"""What Envoy does where the file does not say it, and other gateways do not."""
