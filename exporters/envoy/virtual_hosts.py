"""The route table: which entries stand in which virtual host, and in which order.

Envoy picks one virtual host for a request (the exact domain, else the longest `*.x`, else the
longest `x.*`, else `*`) and looks no further. So that an order of all routes holds across hosts,
each virtual host has every entry that may take a request that lands there, in that order:
those without hosts, those whose pattern takes all of the domain, and those that take a part of
it (`x.*` within `*.y`), which compare `:authority`, too.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gal.exporters.envoy.build import Json
from gal.exporters.envoy.carried_routes import common
from gal.exporters.envoy.hosts import (
    HostKind,
    HostPattern,
    wider_prefixes,
    wider_suffixes,
)

_MOST_COPIES = 4
_ALWAYS_FINE = 1000


@dataclass(slots=True)
class Entry:
    """One of Envoy's routes, before it is known where it stands.

    Attributes:
        route: the route; its match says nothing of hosts.
        hosts: patterns of which one has to fit; empty takes every host.
        server_names: RE2 for the TLS server name, on listeners with TLS.
        ports: ports of the listeners that have it; None means all.
        around: further fields of its virtual host; None leaves them to other entries.
    """

    route: Json
    hosts: tuple[HostPattern, ...] = ()
    server_names: str | None = None
    ports: frozenset[int] | None = None
    around: Json | None = None


@dataclass(slots=True)
class _Table:
    """The entries by their patterns, without ports, as numbers in the entries' order."""

    everywhere: list[int] = field(default_factory=list)
    exact: dict[str, list[int]] = field(default_factory=dict)
    suffix: dict[str, list[int]] = field(default_factory=dict)
    prefix: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> _Table:
        table = cls()
        by_kind = {
            HostKind.EXACT: table.exact,
            HostKind.SUFFIX: table.suffix,
            HostKind.PREFIX: table.prefix,
        }
        for number, entry in enumerate(entries):
            if not entry.hosts or any(host.kind is HostKind.ANY for host in entry.hosts):
                table.everywhere.append(number)
                continue
            for kind, text in dict.fromkeys((host.kind, host.text) for host in entry.hosts):
                by_kind[kind].setdefault(text, []).append(number)
        return table

    def domains(self) -> Iterator[tuple[HostPattern, list[list[int]]]]:
        """Every domain with the lists of entries whose pattern takes all of it."""
        for name, own in self.exact.items():
            yield HostPattern(HostKind.EXACT, name), [own, *self._above(name, prefixes=True)]
        for name, own in self.suffix.items():
            yield HostPattern(HostKind.SUFFIX, name), [own, *self._above(name, prefixes=False)]
        for name, own in self.prefix.items():
            above = [self.prefix[text] for text in wider_prefixes(name) if text in self.prefix]
            yield HostPattern(HostKind.PREFIX, name), [own, *above]

    def _above(self, name: str, *, prefixes: bool) -> Iterator[list[int]]:
        yield from (self.suffix[text] for text in wider_suffixes(name) if text in self.suffix)
        if prefixes:
            yield from (self.prefix[text] for text in wider_prefixes(name) if text in self.prefix)

    def partly(self, domain: HostPattern) -> Iterable[list[int]]:
        """The lists of entries whose pattern takes a part of a domain."""
        return self.prefix.values() if domain.kind is HostKind.SUFFIX else ()

    def numbers(self) -> dict[int, int]:
        """A number for each list, by its identity; lists with the same entries share one."""
        known: dict[tuple[int, ...], int] = {}
        lists = [*self.exact.values(), *self.suffix.values(), *self.prefix.values()]
        return {id(one): known.setdefault(tuple(one), len(known)) for one in lists}


@dataclass(slots=True)
class _Place:
    """A virtual host to be.

    Attributes:
        domains: those that have the same entries.
        entries: numbers of the entries, the first that fits wins.
        partly: those of them whose pattern takes a part of the domains only.
    """

    domains: list[HostPattern]
    entries: list[int]
    partly: frozenset[int] = frozenset()


def virtual_hosts(entries: Sequence[Entry], port: int) -> list[Json]:
    """The virtual hosts for a listener of that port, so that the first entry that fits wins.

    Where that would multiply the entries too much, there is one virtual host for all, whose
    entries compare `:authority`: fewer bytes, and a slower choice.
    """
    places = _places(entries)
    if places is None:
        routes = [_on_authority(entry, entry.hosts, port) for entry in entries]
        around = common(one.around for one in entries if one.around is not None)
        return [{"name": "all", "domains": ["*"], **around, "routes": routes}] if routes else []
    return [
        {
            "name": "all" if place.domains[0].kind is HostKind.ANY else place.domains[0].domain,
            "domains": [domain.domain for domain in place.domains],
            **common(
                one for number in place.entries if (one := entries[number].around) is not None
            ),
            "routes": [_in_place(entries[number], number, place, port) for number in place.entries],
        }
        for place in places
    ]


def _places(entries: Sequence[Entry]) -> list[_Place] | None:
    """The virtual hosts, or None where they would hold too many entries.

    Lists of entries are told apart by number, so that domains are compared without looking into
    the lists: the work grows with the input and the output, not with their product.
    """
    table = _Table.of(entries)
    numbers_of_lists = table.numbers()
    most = _MOST_COPIES * len(entries) + _ALWAYS_FINE
    groups: dict[tuple[bool, frozenset[int]], _Place] = {}
    held = len(table.everywhere)
    for domain, lists in table.domains():
        in_part = table.partly(domain)
        key = (bool(in_part), frozenset(numbers_of_lists[id(one)] for one in lists))
        if key in groups:
            groups[key].domains.append(domain)
            continue
        whole = set(table.everywhere).union(*lists)
        partly = frozenset().union(*in_part) - whole
        groups[key] = _Place([domain], sorted(whole | partly), partly)
        held += len(whole) + len(partly)
        if held > most:
            return None
    places = _merged(groups.values())
    if table.everywhere:
        places.append(_Place([HostPattern(HostKind.ANY, "")], table.everywhere))
    return places


def _merged(places: Iterable[_Place]) -> list[_Place]:
    """Places with the same entries in one."""
    found: dict[tuple[frozenset[int], tuple[int, ...]], _Place] = {}
    for place in places:
        same = found.setdefault((place.partly, tuple(place.entries)), place)
        if same is not place:
            same.domains.extend(place.domains)
    return list(found.values())


def _in_place(entry: Entry, number: int, place: _Place, port: int) -> Json:
    """The entry's route in a virtual host, comparing what its domains leave open."""
    if any(host.port is not None for host in entry.hosts):
        hosts: Sequence[HostPattern] = entry.hosts
        only = place.domains[0] if len(place.domains) == 1 else None
        if only is not None and only.kind is HostKind.EXACT:
            hosts = [host for host in hosts if host.takes(only.text)]
            if any(host.port is None for host in hosts):
                return entry.route
        return _on_authority(entry, hosts, port)
    if number in place.partly:
        prefixes = [host for host in entry.hosts if host.kind is HostKind.PREFIX]
        return _on_authority(entry, prefixes, port)
    return entry.route


def _on_authority(entry: Entry, hosts: Sequence[HostPattern], port: int) -> Json:
    if not hosts or any(host.kind is HostKind.ANY and host.port is None for host in hosts):
        return entry.route
    expressions = [host.authority(port) for host in hosts]
    one = expressions[0] if len(expressions) == 1 else f"(?:{'|'.join(expressions)})"
    authority = {"name": ":authority", "string_match": {"safe_regex": {"regex": f"(?i){one}"}}}
    match = dict(entry.route["match"])
    match["headers"] = [authority, *match.get("headers", ())]
    return {**entry.route, "match": match}
