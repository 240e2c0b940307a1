"""Envoy's connection managers, as its files say them: for what the model does not hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gal.reading import Mapping, Node, Sequence

if TYPE_CHECKING:
    from gal.importers.envoy.chain import HttpFilter
    from gal.importers.envoy.sources import Sources
    from gal.lint.subject import RouteView, Subject

_MANAGER = "envoy.filters.network.http_connection_manager"


@dataclass(slots=True, eq=False)
class Manager:
    """An HTTP connection manager.

    Attributes:
        node: its settings.
        listener: the listener that it stands in.
        filters: its HTTP filters, in their order.
        table: its routes; None where a control plane has them.
    """

    node: Mapping
    listener: Mapping
    filters: list[HttpFilter]
    table: Mapping | None

    def hosts(self) -> Iterator[Mapping]:
        """Its virtual hosts."""
        hosts = self.table.peek("virtual_hosts") if self.table is not None else None
        for one in hosts.items if isinstance(hosts, Sequence) else ():
            if isinstance(one, Mapping):
                yield one

    def routes(self) -> Iterator[tuple[Mapping, Mapping]]:
        """Its routes, each after its virtual host."""
        for host in self.hosts():
            routes = host.peek("routes")
            for one in routes.items if isinstance(routes, Sequence) else ():
                if isinstance(one, Mapping):
                    yield host, one

    def named(self, *names: str) -> list[HttpFilter]:
        """The filters of some kinds, such as `local_ratelimit`."""
        return [one for one in self.filters if one.kind.rsplit(".", 1)[-1] in names]


def sources(subject: Subject) -> Sources:
    """All resources of the files."""
    return subject.once(_sources)


def managers(subject: Subject) -> list[Manager]:
    """All connection managers of the files; none where these are of another gateway."""
    return subject.once(_managers) if subject.provider == "envoy" else []


def views_of(subject: Subject, manager: Manager) -> list[RouteView]:
    """The model's routes for the table of a connection manager."""
    return subject.once(_views).get(id(manager.table), [])


def is_outside(listener: Mapping) -> bool:
    """Whether a listener is reached from other machines."""
    from gal.lint.addresses import is_local

    address = listener.peek("address")
    inner = address.peek("socket_address") if isinstance(address, Mapping) else None
    host = inner.peek("address") if isinstance(inner, Mapping) else None
    return host is not None and not is_local(str(host.plain()))


def _sources(subject: Subject) -> Sources:
    from gal.importers.envoy.sources import gather
    from gal.ledger import Ledger, Reporter, Stage

    return gather(subject.documents, Reporter(Ledger(), "envoy", Stage.IMPORT))


def _managers(subject: Subject) -> list[Manager]:
    from gal.importers.envoy.chain import canonical, take_filter, take_typed

    found = []
    resources = sources(subject)
    for listener in resources.listeners:
        for node in _network_filters(listener):
            config = take_typed(node)
            name = node.peek("name")
            kind = config.kind if config is not None and config.kind else ""
            kind = kind or canonical(str(name.plain()) if name is not None else "")
            if kind != _MANAGER or config is None or config.value is None:
                continue
            value = config.value
            filters = [take_filter(one) for one in _mappings(value.peek("http_filters"))]
            found.append(Manager(value, listener, filters, _table(value, resources)))
    return found


def _views(subject: Subject) -> dict[int, list[RouteView]]:
    """The routes by identity of the table that they stand in."""
    tables = {id(one.table) for one in managers(subject) if one.table is not None}
    found: dict[int, list[RouteView]] = {}
    for view in subject.routes:
        node: Node | None = view.route.origin.node if view.route.origin is not None else None
        while node is not None and id(node) not in tables:
            node = node.parent
        if node is not None:
            found.setdefault(id(node), []).append(view)
    return found


def _network_filters(listener: Mapping) -> Iterator[Mapping]:
    for chain in [
        *_mappings(listener.peek("filter_chains")),
        listener.peek("default_filter_chain"),
    ]:
        if isinstance(chain, Mapping):
            yield from _mappings(chain.peek("filters"))


def _table(manager: Mapping, resources: Sources) -> Mapping | None:
    table = manager.peek("route_config")
    if isinstance(table, Mapping):
        return table
    rds = manager.peek("rds")
    name = rds.peek("route_config_name") if isinstance(rds, Mapping) else None
    return resources.routes.get(str(name.plain())) if name is not None else None


def _mappings(node: Node | None) -> list[Mapping]:
    items = node.items if isinstance(node, Sequence) else []
    return [one for one in items if isinstance(one, Mapping)]
