"""What a bootstrap says besides its resources
(https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/bootstrap/v3/bootstrap.proto).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.importers.envoy.carried import carry, keep, quiet
from gal.importers.envoy.endpoints import read_address
from gal.importers.envoy.sources import PROGRAM
from gal.ledger import Fate, Level
from gal.model import Gateway, Origin
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.envoy.sources import Sources
    from gal.ledger import Reporter

_TABLE = {
    **quiet("node", "node_context_params", "flags_path", "stats_sinks", "deferred_stat_options"),
    **quiet(
        "stats_config", "stats_flush_interval", "stats_flush_on_admin", "watchdog", "watchdogs"
    ),
    **quiet("tracing", "header_prefix", "stats_server_version_override", "use_tcp_for_dns_lookups"),
    **quiet("dns_resolution_config", "typed_dns_resolver_config", "bootstrap_extensions"),
    **quiet("fatal_actions", "default_socket_interface", "certificate_provider_instances"),
    **quiet(
        "inline_headers", "perf_tracing_file_path", "default_regex_engine", "application_log_config"
    ),
    **quiet("xds_delegate_extension", "xds_config_tracker_extension", "listener_manager"),
    **quiet("grpc_async_client_manager_config", "stats_flush_on_admin", "memory_allocator_manager"),
    **quiet(
        "enable_dispatcher_stats", "default_config_source", "config_sources", "cluster_manager"
    ),
    **quiet("hds_config", "runtime", "stats_eviction_interval", "enable_worker_cpu_affinity"),
    "overload_manager": "what happens when Envoy runs short of memory or connections",
    "dynamic_resources": "further resources come from a control plane",
}
_ADMIN = quiet(
    *("access_log", "access_log_path", "profile_path", "socket_options"),
    *("ignore_global_conn_limit", "allow_paths"),
)
_ADMIN_NAMES = {"admin_port": "socket_address.port_value"}
_OWN_RUNTIME = "re2.max_program_size."
_OUTSIDE = ("0.0.0.0", "::")


def read_bootstraps(sources: Sources, gateway: Gateway) -> None:
    """The settings of the gateway as a whole."""
    report = sources.report
    for node in sources.bootstraps:
        admin = node.take_mapping("admin")
        if admin is not None:
            _admin(admin, gateway, report)
        runtime = node.take_mapping("layered_runtime")
        if runtime is not None:
            _runtime(runtime, gateway, report)
        kept = carry(node, report, "bootstrap", _TABLE)
        if "node" in kept:
            kept["node"] = {key: v for key, v in kept["node"].items() if key not in PROGRAM}
            kept = {key: value for key, value in kept.items() if key != "node" or value}
        keep(gateway.extensions, kept)
    for node in (*sources.runtimes, *sources.scoped_routes, *sources.vhosts):
        node.take_all()
        message = "nothing in the input refers to it"
        report.at(node, Fate.DROPPED, Level.WARNING, "resources", message)


def _admin(node: Mapping, gateway: Gateway, report: Reporter) -> None:
    """The administration's port; GAL has it on the loopback address only."""
    address = node.take_mapping("address")
    found = read_address(address, report) if address is not None else None
    carry(node, report, "admin_port", _ADMIN)
    if address is not None and found is None:
        address.take_all()
        message = "elsewhere there is no port for the administration"
        report.at(address, Fate.DROPPED, Level.INFO, "admin_port", message)
    if found is None:
        return
    gateway.settings.admin_port = found[1]
    gateway.settings.origin = Origin(address or node, _ADMIN_NAMES)
    if found[0] in _OUTSIDE:
        message = "it is reachable from outside here; elsewhere on the loopback address only"
        report.at(address, Fate.APPROXIMATED, Level.INFO, "admin_port", message, whole=False)


def _runtime(node: Mapping, gateway: Gateway, report: Reporter) -> None:
    """Layers of the runtime; those that GAL itself writes say nothing about requests."""
    node.take_all()
    layers = node.plain().get("layers") or []
    if all(_is_own(layer) for layer in layers):
        return
    keep(gateway.extensions, {"layered_runtime": node.plain()})
    message = "settings of Envoy's runtime: what they change is not read"
    report.at(node, Fate.CARRIED, Level.WARNING, "bootstrap", message)


def _is_own(layer: object) -> bool:
    if not isinstance(layer, dict):
        return False
    static = layer.get("static_layer")
    if static is None:
        return "admin_layer" in layer
    return isinstance(static, dict) and all(key.startswith(_OWN_RUNTIME) for key in static)
