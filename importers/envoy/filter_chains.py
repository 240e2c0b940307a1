"""Filter chains: which connections come to one, and which of them the model's routes of another
would take, too.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener_components.proto
(`FilterChainMatch`).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gal.importers.envoy.routes import Condition
from gal.ledger import Fate, Level
from gal.reading import Mapping, Node, Sequence

if TYPE_CHECKING:
    from gal.ledger import Reporter

_FEATURE = "listeners"
DECIDING = {
    f"envoy.filters.network.{name}"
    for name in (
        *("rbac", "ext_authz", "client_ssl_auth", "ratelimit"),
        *("wasm", "golang", "ext_proc", "dynamic_modules"),
    )
}
"""Network filters that decide who may connect, or may do so by their program."""


def condition_of(chain: Mapping, report: Reporter, *, alone: bool) -> Condition:
    """When connections come to a chain.

    Args:
        chain: the chain.
        report: where differences go.
        alone: there is no other that the client's protocol could lead to.
    """
    found = Condition()
    node = chain.take_mapping("filter_chain_match")
    if node is None:
        return found
    names = [name.lower() for name in node.take_strings("server_names") or ()]
    found.server_names = tuple(names)
    sources = [_range(one) for one in node.take_mappings("source_prefix_ranges")]
    found.sources = tuple(one for one in sources if one)
    port = node.take("destination_port")
    unsaid = []
    if port is not None:
        found.ports = (int(port.as_int()),)
    transport = node.take_str("transport_protocol", "")
    if transport == "raw_buffer":
        found.schemes = ("http",)
    elif transport not in ("", "tls"):
        unsaid.append("the connection's transport")
    protocols = node.take_strings("application_protocols") or []
    if protocols and not {"h2", "http/1.1"} <= set(protocols):
        if alone and {"h2", "http/1.1", "http/1.0", "h2c"} & set(protocols):
            at = node.peek("application_protocols")
            message = "clients that offer another protocol are let in, too"
            report.at(at, Fate.APPROXIMATED, Level.WARNING, _FEATURE, message)
        else:
            unsaid.append("the protocol that the client offers")
    for key in list(node.untaken()):
        node.mark(key)
        node.entries[key].take_all()
        unsaid.append(f"the connection's {key}")
    found.unsaid = tuple(unsaid)
    return found


def parts(condition: Condition) -> list[Condition]:
    """A condition by the rank of its server names: one chain may have names that rank before those
    of another, and names that rank after them.
    """
    ranks: dict[int, list[str]] = {}
    for name in condition.server_names:
        ranks.setdefault(len(name) if name.startswith("*") else 0, []).append(name)
    if len(ranks) < 2:
        return [condition]
    return [replace(condition, server_names=tuple(names)) for names in ranks.values()]


def speaks_tls(chain: Mapping) -> bool:
    """Whether connections of a chain are encrypted."""
    socket = chain.peek("transport_socket")
    if chain.has("tls_context") or socket is None:
        return chain.has("tls_context")
    return not is_plain(socket)


def asks_for_tls(chain: Mapping, *, inspected: bool) -> bool:
    """Whether only encrypted connections come to a chain. Where plain ones are `inspected`, their
    protocol is known, too.
    """
    match = chain.peek("filter_chain_match")
    if not isinstance(match, Mapping):
        return False
    names, transport = match.peek("server_names"), match.peek("transport_protocol")
    protocols = None if inspected else match.peek("application_protocols")
    asked = any(isinstance(one, Sequence) and bool(one.items) for one in (names, protocols))
    return asked or (transport is not None and transport.as_str() == "tls")


def is_plain(socket: Node) -> bool:
    """Whether a transport socket only passes on what comes."""
    node = socket if isinstance(socket, Mapping) else None
    name, config = (node.peek("name"), node.peek("typed_config")) if node else (None, None)
    kind = config.peek("@type") if isinstance(config, Mapping) else None
    said = kind.as_str() if kind is not None else name.as_str() if name is not None else ""
    return said.endswith((".RawBuffer", "raw_buffer"))


def breadth(condition: Condition) -> tuple[object, ...]:
    """Envoy's order of filter chains: by port, server name, transport, and the client's address;
    the smaller is chosen first.
    """
    names = condition.server_names
    name = min(
        ((True, -len(one)) if one.startswith("*") else (False, 0) for one in names),
        default=(True, 0),
    )
    narrow = max((one.rpartition("/")[2].zfill(3) for one in condition.sources), default="")
    return not condition.ports, name, not condition.unsaid, not narrow, -int(narrow or 0)


_Range = tuple[int, int, int]
"""Version, length and bits of a range of addresses; no length takes all of them."""

_ALL_ADDRESSES: _Range = (0, 0, 0)


@dataclass(slots=True)
class _Alike:
    """The chains of a listener that ask for the same server name, by the clients' addresses."""

    every: list[int] = field(default_factory=list)
    by_range: dict[_Range, list[int]] = field(default_factory=dict)
    lengths: set[tuple[int, int]] = field(default_factory=set)

    def add(self, number: int, ranges: Iterable[_Range]) -> None:
        """Note a chain."""
        self.every.append(number)
        for one in ranges:
            self.by_range.setdefault(one, []).append(number)
            self.lengths.add(one[:2])

    def around(self, ranges: Iterable[_Range]) -> Iterator[int]:
        """The chains whose addresses take any of these whole."""
        for version, length, bits in ranges:
            for kind, shorter in self.lengths:
                if shorter == 0 or (kind == version and shorter <= length):
                    above = (kind, shorter, bits >> (length - shorter) if shorter else 0)
                    yield from self.by_range.get(above, ())


@dataclass(slots=True)
class Rivals:
    """Finds the chains that would take the connections of others, without asking all of them.

    Attributes:
        conditions: of the chains.
    """

    conditions: list[Condition] = field(default_factory=list)
    _named: dict[tuple[int, str], _Alike] = field(default_factory=dict)
    _all: dict[int, list[int]] = field(default_factory=dict)

    def add(self, condition: Condition, places: Iterable[int]) -> None:
        """Note a chain of some listeners, which are known by numbers."""
        number = len(self.conditions)
        self.conditions.append(condition)
        ranges = _ranges(condition)
        for place in places:
            self._all.setdefault(place, []).append(number)
            for name in condition.server_names or ("",):
                self._named.setdefault((place, name), _Alike()).add(number, ranges)

    def wider(self, number: int, places: Iterable[int]) -> list[int]:
        """The chains of these listeners that would take a chain's connections, too."""
        own = self.conditions[number]
        found: set[int] = set()
        for place in places:
            found.update(self._candidates(own, place))
        found.discard(number)
        return [one for one in sorted(found) if takes(self.conditions[one], own)]

    def _candidates(self, own: Condition, place: int) -> Iterator[int]:
        # Of chains that differ in one address only, the one with the wider range comes later. What
        # Envoy compares before the address makes any range possible.
        by_address = not own.unsaid and len(own.sources) < 2
        if not own.server_names and (own.ports or not by_address):
            yield from self._all.get(place, ())
            return
        ranges = _ranges(own)
        for name in own.server_names or ("",):
            for key in dict.fromkeys(("", name, *(f"*{name[at:]}" for at in range(len(name))))):
                alike = self._named.get((place, key))
                if alike is not None:
                    same = key == name and by_address and not own.ports
                    yield from alike.around(ranges) if same else alike.every


def _ranges(condition: Condition) -> list[_Range]:
    """The clients' addresses, as they are compared."""
    found: list[_Range] = []
    for text in condition.sources:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            return [_ALL_ADDRESSES]
        bits = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
        found.append((network.version, network.prefixlen, bits))
    return found or [_ALL_ADDRESSES]


def takes(wider: Condition, narrow: Condition) -> bool:
    """Whether the model's routes of one chain would take connections of a narrower one, too."""
    if breadth(wider) <= breadth(narrow):
        return False
    if wider.schemes and narrow.schemes and not set(wider.schemes) & set(narrow.schemes):
        return False
    if wider.ports and narrow.ports and not set(wider.ports) & set(narrow.ports):
        return False
    if not wider.server_names or not narrow.server_names:
        return True
    return any(
        own == name or (name.startswith("*") and own.endswith(name[1:]))
        for name in wider.server_names
        for own in narrow.server_names
    )


def covers(wider: Condition, narrow: Condition) -> bool:
    """Whether a chain differs from a narrower one only in taking further server names, so that the
    narrower's connections would get the same from it.
    """
    if wider.guards or narrow.guards or wider.unsaid or narrow.unsaid:
        return False
    if replace(wider, server_names=()) != replace(narrow, server_names=()):
        return False
    return not wider.server_names or all(
        any(
            one == name or (one.startswith("*") and name.endswith(one[1:]))
            for one in wider.server_names
        )
        for name in narrow.server_names
    )


def _range(node: Mapping) -> str | None:
    address = node.take_str("address_prefix")
    length = node.take("prefix_len")
    if address is None:
        return None
    if isinstance(length, Mapping):
        length = length.take("value")
    bits = length.as_int() if length is not None else 0
    if bits == 0:
        return "::/0" if ":" in address else "0.0.0.0/0"
    return f"{address}/{bits}"
