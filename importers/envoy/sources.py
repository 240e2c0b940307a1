"""The resources of the input, wherever they stand: bootstraps, dumps of a running Envoy
(https://www.envoyproxy.io/docs/envoy/latest/operations/admin#get--config_dump), and files that
Envoy reads instead of asking a control plane (`DiscoveryResponse`, with `resources`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gal.importers.envoy.chain import message_name
from gal.importers.envoy.values import is_camel
from gal.importers.envoy.version import settle
from gal.ledger import Fate, Level
from gal.reading import Mapping
from gal.spelling import snake_case

if TYPE_CHECKING:
    from gal.ledger import Reporter
    from gal.reading import Document, Node

_NO_EFFECT = "no effect on traffic"
PROGRAM = ("extensions", "user_agent_name", "user_agent_version", "user_agent_build_version")
"""What Envoy says of its own program, and not the file that it was started with."""

_OWN_KEYS = ("@type", "version_info", "last_updated", "client_status", "error_state")


@dataclass(slots=True)
class Sources:
    """The resources, each kind in the order of the input.

    Attributes:
        report: where to say what became of what stands around them.
        bootstraps: whole bootstraps.
        listeners: listeners.
        clusters: clusters, by name; the first of a name stays.
        routes: route tables, by name.
        endpoints: cluster load assignments, by name of the cluster.
        secrets: secrets, by name.
        scoped_routes: further tables by scope.
        runtimes: layers of the runtime.
        vhosts: virtual hosts that stand alone.
    """

    report: Reporter
    bootstraps: list[Mapping] = field(default_factory=list)
    listeners: list[Mapping] = field(default_factory=list)
    clusters: dict[str, Mapping] = field(default_factory=dict)
    routes: dict[str, Mapping] = field(default_factory=dict)
    endpoints: dict[str, Mapping] = field(default_factory=dict)
    secrets: dict[str, Mapping] = field(default_factory=dict)
    scoped_routes: list[Mapping] = field(default_factory=list)
    runtimes: list[Mapping] = field(default_factory=list)
    vhosts: list[Mapping] = field(default_factory=list)

    def add(self, node: Mapping) -> None:
        """A resource that says by its `@type` what it is."""
        kind = message_name(node.take_str("@type", ""))
        place = _PLACES.get(kind.rsplit(".", 1)[-1])
        if place is not None:
            place(self, node)
            return
        node.take_all()
        message = f"a resource of this kind ({kind or 'none'}) is no part of a gateway"
        self.report.at(node, Fate.DROPPED, Level.WARNING, "resources", message)

    def named(self, table: dict[str, Mapping], node: Mapping, key: str = "name") -> None:
        """Put a resource under its name; another of the same name is said to be passed over."""
        name = node.take_str(key, "")
        if name in table and table[name] is not node:
            node.take_all()
            message = f'there is another "{name}" before this'
            self.report.at(node, Fate.DROPPED, Level.INFO, "resources", message)
            return
        table[name] = node

    def bootstrap(self, node: Mapping, elsewhere: Collection[str] = ()) -> None:
        """A bootstrap with its `static_resources`, but for those parts that were, or will be, read
        elsewhere.
        """
        self.bootstraps.append(node)
        program = node.peek("node")
        if isinstance(program, Mapping):
            _skip(program, self.report, *PROGRAM)
        static = node.take_mapping("static_resources")
        if static is None:
            return
        for key, part in _STATIC.items():
            if key in elsewhere:
                _repeated(static.take(key), self.report)
                continue
            for resource in static.take_mappings(key):
                _PLACES[_UNTYPED[part]](self, resource)


def gather(documents: Sequence[Document], report: Reporter) -> Sources:
    """The resources of all documents.

    Raises:
        InputError: a document is not a mapping.
    """
    sources = Sources(report)
    for document in documents:
        if is_camel(document.root):
            document.respell(snake_case)
        settle(document.mapping(), report)
        _document(document.mapping(), sources)
    return sources


def _document(root: Mapping, sources: Sources) -> None:
    if root.has("configs"):
        dumped = root.take_mappings("configs")
        told = {_kind(config) for config in dumped}
        for config in dumped:
            _dump(config, sources, told)
    elif root.has("resources"):
        _skip(root, sources.report, "version_info", "nonce", "type_url", "control_plane", "@type")
        for resource in root.take_mappings("resources"):
            sources.add(_unwrapped(resource))
    elif root.has("@type") and message_name(root.take_str("@type", "")).startswith("envoy.admin."):
        _dump(root, sources, set())
    elif root.has("@type"):
        sources.add(root)
    else:
        sources.bootstrap(root)


def _skip(node: Mapping, report: Reporter, *keys: str) -> None:
    for key in keys:
        below = node.take(key)
        if below is None:
            continue
        below.take_all()
        if key != "@type":
            report.at(below, Fate.DROPPED, Level.INFO, "config_dump", _NO_EFFECT)


def _unwrapped(node: Mapping) -> Mapping:
    """A resource without `envoy.service.discovery.v3.Resource` around it."""
    kind = message_name(node.take_str("@type", ""))
    if kind.endswith(("discovery.v3.Resource", "v2.Resource")):
        inner = node.take_mapping("resource")
        if inner is not None:
            for key in ("name", "version", "aliases", "ttl", "cache_control", "metadata"):
                below = node.take(key)
                if below is not None:
                    below.take_all()
            return inner
    return node


def _kind(config: Mapping) -> str:
    """What a part of a dump is."""
    return message_name(config.take_str("@type", "")).rsplit(".", 1)[-1]


def _dump(config: Mapping, sources: Sources, told: set[str]) -> None:
    """A part of a dump, of which `told` are all the kinds of parts."""
    report = sources.report
    kind = _kind(config)
    _skip(config, report, *_OWN_KEYS)
    if kind == "BootstrapConfigDump":
        bootstrap = config.take_mapping("bootstrap")
        if bootstrap is not None:
            sources.bootstrap(bootstrap, [key for key, part in _STATIC.items() if part in told])
        return
    if kind not in _DUMPED:
        config.take_all()
        message = "no part of the configuration that decides on requests"
        report.at(config, Fate.DROPPED, Level.INFO, "config_dump", message)
        return
    for section, inner in _DUMPED[kind]:
        if section == "static_route_configs" and "ListenersConfigDump" in told:
            _repeated(config.take(section), report)
            continue
        for entry in config.take_mappings(section):
            resource = _state(entry, inner, report)
            if resource is None:
                continue
            if resource.has("@type"):
                sources.add(resource)
            else:
                _PLACES[_UNTYPED[kind]](sources, resource)


def _repeated(node: Node | None, report: Reporter) -> None:
    if node is not None:
        node.take_all()
        message = "it stands in the other parts of the dump, too"
        report.at(node, Fate.EXACT, Level.INFO, "config_dump", message)


def _state(entry: Mapping, inner: str, report: Reporter) -> Mapping | None:
    """The resource of an entry of a dump; those that are not in force are passed over."""
    _skip(entry, report, *_OWN_KEYS)
    for state in ("warming_state", "draining_state"):
        below = entry.take(state)
        if below is not None:
            below.take_all()
            report.at(below, Fate.DROPPED, Level.INFO, "config_dump", "it is not in force")
    active = entry.take_mapping("active_state")
    if active is not None:
        entry.mark("name")
        _skip(active, report, *_OWN_KEYS)
        return active.take_mapping(inner)
    name = entry.take_str("name") if inner == "secret" else None
    found = entry.take_mapping(inner)
    if name is not None and found is not None and not found.has("name"):
        found.mark("name")
    return found


_DUMPED: dict[str, tuple[tuple[str, str], ...]] = {
    "ListenersConfigDump": (
        ("static_listeners", "listener"),
        ("dynamic_listeners", "listener"),
        ("dynamic_active_listeners", "listener"),
    ),
    "ClustersConfigDump": (
        ("static_clusters", "cluster"),
        ("dynamic_active_clusters", "cluster"),
    ),
    "RoutesConfigDump": (
        ("static_route_configs", "route_config"),
        ("dynamic_route_configs", "route_config"),
    ),
    "ScopedRoutesConfigDump": (),
    "EndpointsConfigDump": (
        ("static_endpoint_configs", "endpoint_config"),
        ("dynamic_endpoint_configs", "endpoint_config"),
    ),
    "SecretsConfigDump": (
        ("static_secrets", "secret"),
        ("dynamic_active_secrets", "secret"),
    ),
}
_STATIC = {
    "listeners": "ListenersConfigDump",
    "clusters": "ClustersConfigDump",
    "secrets": "SecretsConfigDump",
}
"""What a bootstrap has, and the part of a dump that has it, too."""

_UNTYPED = {
    "ListenersConfigDump": "Listener",
    "ClustersConfigDump": "Cluster",
    "RoutesConfigDump": "RouteConfiguration",
    "EndpointsConfigDump": "ClusterLoadAssignment",
    "SecretsConfigDump": "Secret",
}
_PLACES: dict[str, Callable[[Sources, Mapping], None]] = {
    "Bootstrap": lambda sources, node: sources.bootstrap(node),
    "Listener": lambda sources, node: sources.listeners.append(node),
    "Cluster": lambda sources, node: sources.named(sources.clusters, node),
    "RouteConfiguration": lambda sources, node: sources.named(sources.routes, node),
    "ClusterLoadAssignment": lambda sources, node: sources.named(
        sources.endpoints, node, "cluster_name"
    ),
    "Secret": lambda sources, node: sources.named(sources.secrets, node),
    "ScopedRouteConfiguration": lambda sources, node: sources.scoped_routes.append(node),
    "Runtime": lambda sources, node: sources.runtimes.append(node),
    "VirtualHost": lambda sources, node: sources.vhosts.append(node),
}
