"""Listeners: ports, filter chains, and the HTTP connection managers in them.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener.proto,
https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener_components.proto and
https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gal.importers.envoy.actions import read_upgrade
from gal.importers.envoy.carried import carry, carry_whole, keep
from gal.importers.envoy.chain import Chain, Shared, canonical, take_filter, take_typed
from gal.importers.envoy.closing import Closing
from gal.importers.envoy.domains import Domain
from gal.importers.envoy.endpoints import read_address
from gal.importers.envoy.filter_chains import (
    DECIDING,
    Rivals,
    asks_for_tls,
    breadth,
    condition_of,
    covers,
    is_plain,
    parts,
    speaks_tls,
)
from gal.importers.envoy.listener_fields import CHAIN, LISTENER, MANAGER, PLAIN
from gal.importers.envoy.listener_filters import listener_filters, looks_for_protocol
from gal.importers.envoy.managers import settle_filter, unlike_others
from gal.importers.envoy.replies import settle
from gal.importers.envoy.routes import Condition
from gal.importers.envoy.tls import Certificates, Downstream, downstream, tls_context
from gal.importers.envoy.values import take_flag
from gal.importers.envoy.virtual_hosts import domains_of
from gal.ledger import Fate, Level
from gal.model import Guard, Listener, Origin
from gal.reading import Mapping, Node

if TYPE_CHECKING:
    from gal.importers.envoy.sources import Sources
    from gal.importers.envoy.virtual_hosts import TableReader
    from gal.ledger import Reporter

_FEATURE = "listeners"
_MANAGER = "envoy.filters.network.http_connection_manager"
_OWN_STATE = "gal.connection"


@dataclass(frozen=True, slots=True)
class Served:
    """A connection manager, and when connections come to it.

    Attributes:
        table: its routes.
        chain: its filters.
        condition: of the connection.
        edge: it sets `X-Forwarded-Proto` itself.
    """

    table: Mapping
    chain: Chain
    condition: Condition
    edge: bool


@dataclass(slots=True)
class ListenerReader:
    """Reads listeners.

    Attributes:
        sources: the input.
        shared: what all routes share.
        certificates: the model's certificates.
        tables: reads route tables.
    """

    sources: Sources
    shared: Shared
    certificates: Certificates
    tables: TableReader
    _served: list[tuple[Listener, Served]] = field(default_factory=list)
    _ports: dict[str, set[int]] = field(default_factory=dict)

    @property
    def report(self) -> Reporter:
        """Where differences go."""
        return self.shared.report

    def read(self) -> None:
        """All listeners, then the routes of their tables."""
        for number, node in enumerate(self.sources.listeners):
            self._listener(node, number)
        gathered = self._gathered()
        domains: list[list[Domain]] = []
        if len(gathered) > 1:
            domains = [domains_of(served.table) for served, _ in gathered]
        rivals, closing = _rivals(gathered), Closing(self.tables, domains)
        for number, (served, listeners) in enumerate(gathered):
            closing.before(number)
            numbers = rivals.wider(number, map(id, listeners))
            wider = closing.foreign(numbers)
            condition = self._bound(served.condition, listeners)
            edge = served.edge
            if self.tables.read(served.table, served.chain, condition, edge=edge, wider=wider):
                closing.add(served.table, condition, numbers)
        closing.finish()
        for name, table in self.sources.routes.items():
            if not table.is_taken("virtual_hosts"):
                table.take_all()
                message = f'no listener asks for the routes "{name}"'
                self.report.at(table, Fate.DROPPED, Level.INFO, "routes", message)

    # -- one table for several listeners

    def _gathered(self) -> list[tuple[Served, list[Listener]]]:
        """The connection managers, those that say the same together with all their listeners."""
        found: dict[object, tuple[Served, list[Listener]]] = {}
        for listener, served in self._served:
            key = _fingerprint(served)
            if key in found:
                served.table.take_all()
                for one in served.chain.filters:
                    one.node.take_all()
                found[key][1].append(listener)
            else:
                found[key] = (served, [listener])
        return self._folded(list(found.values()))

    def _folded(
        self, gathered: list[tuple[Served, list[Listener]]]
    ) -> list[tuple[Served, list[Listener]]]:
        """Without chains that differ from the next wider one in nothing but their server names,
        as files have a chain for each certificate; the narrowest first.
        """
        gathered.sort(key=lambda one: breadth(one[0].condition))
        alike = Counter(repr(_requests(served)) for served, _ in gathered)
        rivals = _rivals(gathered)
        found = []
        for number, (served, places) in enumerate(gathered):
            said = _requests(served)
            wider = rivals.wider(number, map(id, places)) if alike[repr(said)] > 1 else []
            following = gathered[wider[0]] if wider else None
            if (
                following is not None
                and following[1] == places
                and covers(following[0].condition, served.condition)
                and _requests(following[0]) == said
            ):
                served.table.take_all()
                for filter_ in served.chain.filters:
                    filter_.node.take_all()
                continue
            found.append((served, places))
        return found

    def _bound(self, condition: Condition, listeners: list[Listener]) -> Condition:
        """The condition with the ports of these listeners, where others are there, too."""
        others = self.shared.gateway.listeners
        if len(listeners) == len(others):
            return condition
        kinds = {one.protocol for one in listeners}
        if not self._ports:
            for one in others:
                self._ports.setdefault(one.protocol, set()).add(one.port)
        schemes = condition.schemes or (tuple(sorted(kinds)) if len(kinds) == 1 else ())
        ports = {one.port for one in listeners}
        if all(self._ports[kind] <= ports for kind in kinds):
            return replace(condition, schemes=schemes)
        return replace(condition, schemes=schemes, ports=tuple(sorted(ports)))

    # -- one listener

    def _listener(self, node: Mapping, number: int) -> None:
        report = self.report
        name = node.take_str("name") or f"listener-{number}"
        kept = carry(node, report, _FEATURE, LISTENER)
        address = node.take_mapping("address")
        found = read_address(address, report) if address is not None else None
        if found is None:
            node.take_all()
            message = "other gateways listen on TCP ports only"
            report.at(node, Fate.DROPPED, Level.WARNING, _FEATURE, message)
            return
        told = listener_filters(node, report, kept)
        chosen = self._chosen_by_tree(node)
        chains = node.take_mappings("filter_chains")
        default = node.take_mapping("default_filter_chain")
        origin = Origin(node, {"host": "address", "port": "address"})
        listener = Listener(name, found[0], found[1], origin=origin)
        before = len(self._served)
        secure = False
        chains += [default] if default is not None else []
        if not chosen:
            chains = [one for one in chains if self._is_reached(one, node)]
        speaking = [speaks_tls(one) for one in chains]
        mixed = any(speaking) and not all(speaking)
        if mixed:
            message = "TLS and plain connections come to one port"
            report.at(node, Fate.APPROXIMATED, Level.WARNING, _FEATURE, message, whole=False)
        for chain, tls in zip(chains, speaking, strict=True):
            condition = condition_of(chain, self.report, alone=len(chains) == 1)
            condition.unsaid += chosen
            if told and condition.sources:
                condition.unsaid += ("the connection's source_prefix_ranges, behind a proxy",)
            if mixed:
                condition.schemes = ("https",) if tls else ("http",)
            secure |= self._chain(chain, listener, condition, kept)
        listener.protocol = "https" if secure else listener.protocol
        self._note(listener, self._served[before:], kept, told=told)

    def _note(
        self,
        listener: Listener,
        served: list[tuple[Listener, Served]],
        kept: dict[str, Any],
        *,
        told: bool,
    ) -> None:
        """A listener with its connection managers; one without any is none of the model."""
        gateway = self.shared.gateway
        for _, one in served:
            one.chain.told = told
        if served:
            gateway.listeners.append(listener)
        if kept:
            listeners = gateway.extensions.setdefault("envoy", {}).setdefault("listeners", {})
            listeners[listener.name] = kept

    def _is_reached(self, chain: Mapping, listener: Mapping) -> bool:
        """Whether any connection comes to a chain that it can read."""
        if speaks_tls(chain) or not asks_for_tls(chain, inspected=looks_for_protocol(listener)):
            return True
        chain.take_all()
        message = "no connection comes to it: it asks for TLS, and does not speak it"
        self.report.at(chain, Fate.DROPPED, Level.INFO, _FEATURE, message)
        return False

    def _chosen_by_tree(self, node: Mapping) -> tuple[str, ...]:
        """What the model cannot compare where a tree chooses the chain."""
        tree = node.take("filter_chain_matcher")
        if tree is None:
            return ()
        tree.take_all()
        message = "a tree chooses the filter chain: any other gateway refuses everybody here"
        self.report.at(tree, Fate.CARRIED, Level.WARNING, _FEATURE, message)
        return ("the connection's filter chain, by a tree of matchers",)

    def _chain(
        self, chain: Mapping, listener: Listener, condition: Condition, kept: dict[str, Any]
    ) -> bool:
        """One filter chain; whether it speaks TLS."""
        context = tls_context(chain, "transport_socket", "tls_context")
        tls = Downstream()
        if context is not None:
            label = listener.name
            tls = downstream(context, self.certificates, label, condition.server_names)
            listener.certificates += [
                one for one in tls.certificates if one not in listener.certificates
            ]
        if tls.guard is not None:
            condition.guards = (*condition.guards, tls.guard)
        if tls.kept:
            kept.setdefault("tls", []).append(tls.kept)
        socket = chain.peek("transport_socket") if context is None else None
        if socket is not None:
            self._transport(socket, condition, kept)
        carry(chain, self.report, _FEATURE, CHAIN)
        for one in chain.take_mappings("filters"):
            self._network_filter(one, listener, condition, kept)
        return context is not None or bool(socket is not None and not is_plain(socket))

    def _transport(self, socket: Node, condition: Condition, kept: dict[str, Any]) -> None:
        """What connections speak instead of TLS."""
        socket.take_all()
        if is_plain(socket):
            return
        kept.setdefault("transport_sockets", []).append(socket.plain())
        message = "only Envoy speaks this transport: any other gateway refuses everybody here"
        self.report.at(socket, Fate.CARRIED, Level.WARNING, _FEATURE, message)
        condition.unsaid += ("the connection's transport",)

    def _network_filter(
        self, node: Mapping, listener: Listener, condition: Condition, kept: dict[str, Any]
    ) -> None:
        name = node.take_str("name", "")
        typed = take_typed(node)
        kind = (typed.kind if typed is not None else "") or canonical(name)
        if kind == _MANAGER and typed is not None and typed.value is not None:
            self._manager(typed.value, listener, condition)
            return
        node.take_all()
        if name == _OWN_STATE:
            return  # GAL's own: the routes say what it is for
        if kind in DECIDING:
            message = "who may connect: any other gateway refuses everybody on these listeners"
            self.report.at(node, Fate.CARRIED, Level.WARNING, _FEATURE, message)
            control = Guard(
                kind.rsplit(".", 1)[-1], "envoy", node.plain(), origin=Origin(node, {"name": ""})
            )
            condition.guards = (*condition.guards, control)
            return
        message = f"other gateways are written without {kind.rsplit('.', 1)[-1]}"
        value = carry_whole(node, self.report, _FEATURE, message)
        kept.setdefault("network_filters", []).append(value)

    # -- a connection manager

    def _manager(self, node: Mapping, listener: Listener, condition: Condition) -> None:
        edge = take_flag(node, "use_remote_address") or False
        filters = [take_filter(one) for one in node.take_mappings("http_filters")]
        for one in filters:
            settle_filter(one, self.report)
        table = node.take_mapping("route_config") or self._discovered(node)
        self._upgrades(node)
        replies = node.take_mapping("local_reply_config")
        plain = {**PLAIN, "stat_prefix": listener.name}
        kept = carry(node, self.report, _FEATURE, MANAGER, plain=plain)
        kept |= unlike_others(node, self.report, edge=edge)
        texts = settle(replies, self.report) if replies is not None else None
        if texts:
            kept["local_reply_config"] = texts
        if kept:
            managers = self.shared.gateway.extensions.setdefault("envoy", {})
            managers.setdefault("connection_managers", {})[listener.name] = kept
        if table is None:
            return
        chain = Chain(filters, listener.name, node)
        for part in parts(condition):
            self._served.append((listener, Served(table, chain, part, edge)))

    def _discovered(self, node: Mapping) -> Mapping | None:
        """A table that the manager asks for by its name."""
        rds = node.take_mapping("rds")
        if rds is None:
            return None
        name = rds.take_str("route_config_name", "")
        rds.take_all()
        found = self.sources.routes.get(name)
        if found is None:
            message = f'the routes "{name}" come from a control plane: they are not in the input'
            self.report.at(rds, Fate.DROPPED, Level.WARNING, "routes", message)
        return found

    def _upgrades(self, node: Mapping) -> None:
        kept = [
            value
            for one in node.take_mappings("upgrade_configs")
            if (value := read_upgrade(one, self.report)) is not None
        ]
        if kept:
            keep(self.shared.gateway.extensions, {"upgrade_configs": kept})


_ADDRESS = ("xff_num_trusted_hops", "original_ip_detection_extensions")
"""What says whose address the client's is, besides `use_remote_address`."""


def _rivals(gathered: list[tuple[Served, list[Listener]]]) -> Rivals:
    found = Rivals()
    for served, listeners in gathered:
        found.add(served.condition, map(id, listeners))
    return found


def _fingerprint(served: Served) -> object:
    """Equal for connection managers that do the same with requests."""
    condition = served.condition
    said = (condition.schemes, condition.server_names, condition.sources, condition.unsaid)
    guards = [(one.name, one.config) for one in condition.guards]
    return _requests(served), said, repr(guards)


def _requests(served: Served) -> tuple[str, bool]:
    """Equal for connection managers that do the same with what comes to them."""
    chain = served.chain
    whose = [chain.hcm.peek(key) for key in _ADDRESS]
    told = [chain.told, *(None if one is None else _plain(one) for one in whose)]
    plain = [_plain(served.table), [_plain(one.node) for one in chain.filters], told]
    return repr(plain), served.edge


def _plain(node: Node) -> Any:
    return node.plain()
