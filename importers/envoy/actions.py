"""Where a route sends requests.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
(`RouteAction`, `WeightedCluster`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.importers.envoy.carried import carry, quiet
from gal.importers.envoy.chain import Scope, take_overrides
from gal.importers.envoy.headers import take_steps
from gal.importers.envoy.load_balancer import hash_policy
from gal.importers.envoy.paths import rewrite
from gal.importers.envoy.resilience import timeout
from gal.importers.envoy.values import take_flag, take_integer, take_percent
from gal.ledger import Fate, Level
from gal.model import (
    Backend,
    Duration,
    HashKey,
    HostHeader,
    HostMode,
    Mirror,
    Origin,
    Protocol,
    Route,
)
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.envoy.clusters import Directory
    from gal.importers.envoy.matches import Matched
    from gal.ledger import Reporter

_FEATURE = "route"
_OPTIONS = "envoy.extensions.upstreams.http.v3"
_TABLE = {
    **quiet("max_grpc_timeout", "grpc_timeout_offset", "early_data_policy", "priority"),
    **quiet("include_vh_rate_limits", "append_x_forwarded_host", "cluster_not_found_response_code"),
    "metadata_match": "which of the targets, by their metadata",
    "path_rewrite": "another path, by a format",
    "path_rewrite_policy": "another path, by a template",
    "host_rewrite_header": "Host is taken from a header",
    "auto_host_rewrite_header": "Host is taken from a header",
    "host_rewrite_path_regex": "Host is made of the path",
    "host_rewrite": "Host by a format",
    "flush_timeout": "how long the rest of an answer may take",
    "max_stream_duration": "the longest time that a request may take",
    "hedge_policy": "several attempts at once",
    "internal_redirect_policy": "redirects of the upstream are followed by the gateway",
    "internal_redirect_action": "redirects of the upstream are followed by the gateway",
    "max_internal_redirects": "how many redirects are followed",
    "retry_policy_typed_config": "an extension decides on further attempts",
}
_WEIGHTED = quiet("runtime_key_prefix", "header_name", "random_value", "use_hash_policy")
_NO_CLUSTER = {
    "cluster_header": "the cluster is named by a header of the request",
    "cluster_specifier_plugin": "an extension chooses the cluster",
    "inline_cluster_specifier_plugin": "an extension chooses the cluster",
}
_COPY = {
    "request_headers_mutations": "only Envoy changes headers of the copy",
    "host_rewrite_literal": "only Envoy gives the copy another Host",
}
_WEBSOCKET = "websocket"


@dataclass(slots=True)
class Acted:
    """What an action leaves to its route.

    Attributes:
        unsaid: why nothing can be sent anywhere, if so.
        clusters: names of the clusters that get requests.
        overrides: what weighted clusters say of filters, by cluster.
        kept: what only Envoy can say.
        connect: how long a connection may take.
    """

    unsaid: str | None = None
    clusters: list[str] = field(default_factory=list)
    overrides: dict[str, Scope] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)
    connect: Duration | None = None


def read_action(action: Mapping, route: Route, matched: Matched, directory: Directory) -> Acted:
    """A `RouteAction`, put into a route of the model, without retries and filters."""
    report = directory.report
    found = Acted()
    keys = hash_policy(action, report)
    _clusters(action, route, keys, found, directory)
    for key, what in _NO_CLUSTER.items():
        below = action.take(key)
        if below is not None:
            below.take_all()
            found.kept[key] = below.plain()
            found.unsaid = what
    backings = [one for name in found.clusters if (one := directory.backing(name)) is not None]
    found.connect = max((one.connect for one in backings), default=None)
    if len({one.connect for one in backings}) > 1:
        message = "the clusters differ in how long a connection may take: the longest counts"
        report.at(action, Fate.APPROXIMATED, Level.INFO, "timeout", message, whole=False)
    breaker = next((one.breaker for one in backings if one.breaker is not None), None)
    if breaker is not None:
        route.policies.circuit_breaker = breaker
    if matched.grpc:
        for name in found.clusters:
            directory.speaks_grpc(name)
    route.rewrite = rewrite(action, matched, report)
    _host(action, route, found, directory)
    route.policies.timeout = timeout(action, found.connect)
    _mirror(action, route, found, directory)
    _upgrades(action, found, report)
    found.kept |= carry(action, report, _FEATURE, _TABLE)
    return found


def _clusters(
    action: Mapping, route: Route, keys: list[HashKey], found: Acted, directory: Directory
) -> None:
    cluster = action.take_str("cluster")
    if cluster is not None:
        found.clusters.append(cluster)
        route.upstream = directory.refer(cluster, keys)
        _say_idle_hash(action, cluster, keys, directory)
    weighted = action.take_mapping("weighted_clusters")
    if weighted is None:
        return
    take_integer(weighted, "total_weight")
    found.kept |= carry(weighted, directory.report, "backends", _WEIGHTED)
    hosts: list[str | None] = []
    for one in weighted.take_mappings("clusters"):
        name = one.take_str("name")
        weight = take_integer(one, "weight") or 0
        hosts.append(one.take_str("host_rewrite_literal"))
        header = one.take_str("cluster_header")
        if name is not None and header is not None:
            message = "no effect, as the cluster is named besides"
            at = one.peek("cluster_header")
            directory.report.at(at, Fate.DROPPED, Level.INFO, "backends", message)
        if name is None:
            found.unsaid = f"the cluster is named by the header {header}"
            continue
        _cluster_of(one, name, found, directory)
        made = directory.refer(name, keys)
        names = {"upstream": "name", "weight": "weight"}
        route.backends.append(Backend(made, weight, origin=Origin(one, names)))
    _weighted_hosts(weighted, hosts, route, directory.report)
    if len(route.backends) == 1:
        route.upstream = route.backends.pop().upstream


def _say_idle_hash(
    action: Mapping, cluster: str, keys: list[HashKey], directory: Directory
) -> None:
    backing = directory.backing(cluster)
    if keys and backing is not None and not backing.hashes:
        message = "no effect, as the cluster does not hash"
        node = action.peek("hash_policy")
        directory.report.at(node, Fate.DROPPED, Level.INFO, "load_balancer", message)


def _cluster_of(one: Mapping, name: str, found: Acted, directory: Directory) -> None:
    found.clusters.append(name)
    overrides = take_overrides(one)
    if overrides:
        found.overrides[name] = overrides
        for override in overrides.values():
            override.node.take_all()
            message = "only Envoy has filters act by the cluster that was chosen"
            report = directory.report
            report.at(override.node, Fate.CARRIED, Level.WARNING, "backends", message)
    kept = carry(one, directory.report, "backends", {"metadata_match": "targets by their metadata"})
    steps = take_steps(one, directory.report)
    if steps.request or steps.response:
        for key in ("request", "response"):
            for action in ("add", "remove"):
                node = one.peek(f"{key}_headers_to_{action}")
                if node is not None:
                    node.take_all()
                    kept[f"{key}_headers_to_{action}"] = node.plain()
                    message = "only Envoy changes headers by the cluster that was chosen"
                    directory.report.at(node, Fate.CARRIED, Level.WARNING, "headers", message)
    if kept:
        found.kept.setdefault("weighted_clusters", {})[name] = kept


def _weighted_hosts(node: Mapping, hosts: list[str | None], route: Route, report: Reporter) -> None:
    wanted = set(hosts)
    if len(wanted) == 1 and hosts[0] is not None:
        route.host_header = HostHeader(HostMode.REWRITE, hosts[0], origin=Origin(node, {}))
    elif wanted - {None}:
        message = "Host differs by cluster, which only Envoy can do: clients' Host is passed on"
        report.at(node, Fate.APPROXIMATED, Level.WARNING, "host_header", message, whole=False)


def _host(action: Mapping, route: Route, found: Acted, directory: Directory) -> None:
    rewritten = action.peek("host_rewrite")
    literal = action.take_str("host_rewrite_literal")
    if rewritten is not None and not isinstance(rewritten, Mapping):
        literal = action.take_str("host_rewrite")  # of Envoy 2
    automatic = action.take("auto_host_rewrite")
    if literal is not None:
        names = {"value": "host_rewrite_literal", "mode": "host_rewrite_literal"}
        route.host_header = HostHeader(HostMode.REWRITE, literal, origin=Origin(action, names))
        return
    if automatic is None or not take_flag(action, "auto_host_rewrite"):
        return
    origin = Origin(action, {"mode": "auto_host_rewrite"})
    route.host_header = _target_host(found, directory, origin, action)


def _target_host(
    found: Acted, directory: Directory, origin: Origin, action: Mapping
) -> HostHeader | None:
    """`auto_host_rewrite`: the name of the target as Envoy gives it, which has no port."""
    backings = [one for name in found.clusters if (one := directory.backing(name)) is not None]
    hosts: set[str] = set()
    plain = True
    for backing in backings:
        for target in backing.upstream.targets:
            own = 443 if backing.protocol in (Protocol.HTTPS, Protocol.GRPCS) else 80
            with_port = target.host if target.port == own else f"{target.host}:{target.port}"
            name = backing.hostnames.get((target.host, target.port)) or target.host
            hosts.add(name)
            plain = plain and name == with_port
    if len(hosts) == 1 and not plain:
        return HostHeader(HostMode.REWRITE, hosts.pop(), origin=origin)
    if not plain:
        message = "Envoy leaves the port away in Host; others give it where it is not the usual one"
        node = action.peek("auto_host_rewrite")
        directory.report.at(node, Fate.APPROXIMATED, Level.INFO, "host_header", message)
    return HostHeader(HostMode.TARGET, origin=origin)


def _mirror(action: Mapping, route: Route, found: Acted, directory: Directory) -> None:
    nodes = action.take_mappings("request_mirror_policies")
    old = action.take_mapping("request_mirror_policy")
    mirror(nodes if old is None else [old, *nodes], route, found.kept, directory)


def mirror(nodes: list[Mapping], route: Route, kept: dict[str, Any], directory: Directory) -> None:
    """`request_mirror_policies`: the first is the route's, the others are Envoy's own."""
    report = directory.report
    for node in nodes:
        cluster = node.take_str("cluster")
        if cluster is None or route.policies.mirror is not None:
            node.take_all()
            kept.setdefault("request_mirror_policies", []).append(node.plain())
            message = "only one copy is made elsewhere, to an upstream that is known"
            report.at(node, Fate.CARRIED, Level.WARNING, "mirror", message)
            continue
        percent = take_percent(node, "runtime_fraction")
        node.mark("runtime_key")
        node.mark("trace_sampled")
        header = node.take("cluster_header")
        if header is not None:
            message = "no effect, as the cluster is named besides"
            report.at(header, Fate.DROPPED, Level.INFO, "mirror", message)
        as_sent = take_flag(node, "disable_shadow_host_suffix_append")
        if not as_sent:
            message = 'Envoy adds "-shadow" to the Host of the copy'
            report.at(node, Fate.APPROXIMATED, Level.INFO, "mirror", message, whole=False)
        more = carry(node, report, "mirror", _COPY)
        route.policies.mirror = Mirror(
            directory.upstream_of(cluster),
            100 if percent is None else percent,
            extensions={"envoy": more} if more else {},
            origin=Origin(node, {"upstream": "cluster", "percent": "runtime_fraction"}),
        )


def _upgrades(action: Mapping, found: Acted, report: Reporter) -> None:
    for node in action.take_mappings("upgrade_configs"):
        kept = read_upgrade(node, report)
        if kept is not None:
            found.kept.setdefault("upgrade_configs", []).append(kept)


def read_upgrade(node: Mapping, report: Reporter) -> Any | None:
    """Which upgrade a connection may ask for: other gateways let WebSockets through anyway."""
    kind = node.take_str("upgrade_type", "")
    enabled = take_flag(node, "enabled")
    plain = not node.has("filters") and not node.has("connect_config")
    if kind.lower() == _WEBSOCKET and plain and enabled is not False:
        return None
    node.take_all()
    message = f"only Envoy decides on upgrades to {kind}"
    report.at(node, Fate.CARRIED, Level.WARNING, _FEATURE, message)
    return node.plain()
