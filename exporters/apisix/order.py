"""Routes so that APISIX chooses in the order of the source.

Its router looks for the host first (`radixtree_host_uri`) or takes hosts for a condition like any
other (`radixtree_uri`). Then an exact path goes before starts of it, and a longer start before a
shorter one, whatever `priority` says: that decides between routes of one spelling only
(`apisix/http/router/*.lua`, and `lib/resty/radixtree.lua` of lua-resty-radixtree).

So a route that has to come after another one, and would come before it by its path, is spelled by
the other's start and has a condition on its own path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gal.exporters.apisix.paths import Condition, Spelling, native_uris, spelled, under
from gal.exporters.apisix.regex import UntranslatableError
from gal.model import PathMatch, Route
from gal.ranking import Candidate

BY_HOST, BY_PATH = "radixtree_host_uri", "radixtree_uri"
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE", "PURGE")

_ANY_HOST = ""
_EVERYTHING = -1


@dataclass(slots=True)
class Part:
    """What one route of APISIX takes of a route of the model.

    Attributes:
        uris: as they stand in the file.
        condition: on the variable `uri`, if any.
        priority: decides between routes of one spelling.
    """

    uris: list[str]
    condition: Condition | None = None
    priority: int = 0


@dataclass(slots=True)
class Order:
    """How all routes are written.

    Attributes:
        router: of the instance.
        parts: by the identity of the route.
        unknown: why an expression of a route cannot be written, by its identity.
    """

    router: str = BY_HOST
    parts: dict[int, list[Part]] = field(default_factory=dict)
    unknown: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class _One:
    """One path of a route, with what overlaps are told by.

    Attributes:
        route: the route.
        path: the path; None takes every one.
        hosts: names as APISIX compares them; the empty one is any.
        mask: a bit for each pair of method and scheme that it takes.
        spelling: as it is written.
        priority: as it is written.
    """

    route: Route
    path: PathMatch | None
    hosts: tuple[str, ...]
    mask: int
    spelling: Spelling
    priority: int = 0


@dataclass(slots=True)
class _Bucket:
    """The spellings of routes that win before, for some hosts: bits of what they take, by start."""

    starts: dict[str, int] = field(default_factory=dict)
    exact: dict[str, int] = field(default_factory=dict)
    within: dict[str, int] = field(default_factory=dict)

    def add(self, spelling: Spelling, mask: int) -> None:
        """A route more."""
        for text, exact in spelling.looked_at():
            kind = self.exact if exact else self.starts
            kind[text] = kind.get(text, 0) | mask
            for end in range(len(text), -1, -1):
                known = self.within.get(text[:end], 0)
                if known | mask == known:
                    break
                self.within[text[:end]] = known | mask

    def shortest(self, spelling: Spelling, mask: int) -> str | None:
        """The shortest start of those before that takes requests of this one, too, where this one
        would win by its longer path.
        """
        found = None
        for text, exact in spelling.looked_at():
            for end in range(len(text) + exact):
                if self.starts.get(text[:end], 0) & mask:
                    found = text[:end] if found is None else min(found, text[:end], key=len)
                    break
        return found

    def meets(self, spelling: Spelling, mask: int) -> bool:
        """Whether any of those before may take a request of this one."""
        for text, exact in spelling.looked_at():
            taken = self.exact.get(text, 0) | (0 if exact else self.within.get(text, 0))
            starts = (self.starts.get(text[:end], 0) for end in range(len(text) + 1))
            if taken & mask or any(start & mask for start in starts):
                return True
        return False


class _Hosts:
    """Buckets by host, of which those that share hosts are found."""

    __slots__ = ("_below", "_own")

    def __init__(self) -> None:
        self._own: dict[str, _Bucket] = {}
        self._below: dict[str, _Bucket] = {}

    def add(self, one: _One) -> None:
        """A route more."""
        for host in one.hosts:
            self._own.setdefault(host, _Bucket()).add(one.spelling, one.mask)
            for end in _ends(host):
                self._below.setdefault(end, _Bucket()).add(one.spelling, one.mask)

    def same(self, host: str) -> Iterator[_Bucket]:
        """The routes of just this host."""
        if host in self._own:
            yield self._own[host]

    def wider(self, host: str) -> Iterator[_Bucket]:
        """The routes of all hosts of which this is one, without its own."""
        for end in _ends(host):
            name = f"*{end}" if end else _ANY_HOST
            if name != host and name in self._own:
                yield self._own[name]

    def sharing(self, host: str) -> Iterator[_Bucket]:
        """The routes of all hosts that have a name in common with this."""
        end = host[1:] if host.startswith("*") else host
        if (host == _ANY_HOST or host.startswith("*")) and end in self._below:
            yield self._below[end]
        yield from self.same(host)
        yield from self.wider(host)


def _ends(host: str) -> Iterator[str]:
    """What wildcards that take a host end with: `.b.c`, `.c` and nothing for `a.b.c`."""
    name = host[1:] if host.startswith("*") else host
    if host.startswith("*"):
        yield name
        name = name[1:]
    while "." in name:
        name = name[name.index(".") + 1 :]
        yield f".{name}"
    yield _ANY_HOST


def hosts_of(route: Route) -> tuple[str, ...] | None:
    """The hosts of a route as APISIX's `hosts` takes them, without ports; None where they have to
    be a condition.
    """
    found = []
    for host in route.hosts:
        name = without_port(host).lower()
        if name == "*":
            return (_ANY_HOST,)
        if "*" in name[1:] or (name.startswith("*") and not name.startswith("*.")):
            return None
        found.append(name)
    return tuple(dict.fromkeys(found)) or (_ANY_HOST,)


def without_port(host: str) -> str:
    """A host without its port."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


def arranged(candidates: list[Candidate]) -> Order:
    """Routes in the order in which the candidates win."""
    order = Order()
    groups = [_ones(candidate, order) for candidate in candidates]
    if _hosts_cross(groups):
        order.router = BY_PATH
    _spell(groups, order.router)
    ones = [one for group in groups for one in group]
    _give_priorities(ones, order.router)
    for one in ones:
        _put(order, one)
    return order


def _ones(candidate: Candidate, order: Order) -> list[_One]:
    route = candidate.route
    hosts = hosts_of(route) or (_ANY_HOST,)
    mask = _mask(route)
    found = []
    for path in candidate.paths or (None,):
        try:
            found.append(_One(route, path, hosts, mask, spelled(path)))
        except UntranslatableError as error:
            order.unknown[id(route)] = str(error)
            found.append(_One(route, None, hosts, mask, spelled(None)))
    return found


def _mask(route: Route) -> int:
    methods = 0
    for method in route.methods:
        methods |= 1 << METHODS.index(method) if method in METHODS else 1 << len(METHODS)
    if not methods:
        methods = (1 << (len(METHODS) + 1)) - 1
    width = len(METHODS) + 1
    secure = {scheme in ("https", "grpcs") for scheme in route.schemes}
    if len(secure) != 1 or route.https_redirect is not None:
        return methods | methods << width
    return methods << width if True in secure else methods


def _hosts_cross(groups: list[list[_One]]) -> bool:
    """Whether a route for a host would win over one for more hosts that has to come before."""
    before = _Hosts()
    for group in groups:
        for one in group:
            for host in one.hosts:
                if any(bucket.meets(one.spelling, one.mask) for bucket in before.wider(host)):
                    return True
        for one in group:
            before.add(one)
    return False


def _spell(groups: list[list[_One]], router: str) -> None:
    before = _Hosts()
    for group in groups:
        for one in group:
            buckets = [bucket for host in one.hosts for bucket in _near(before, host, router)]
            starts = [bucket.shortest(one.spelling, one.mask) for bucket in buckets]
            shorter = [start for start in starts if start is not None]
            if shorter:
                one.spelling = under(min(shorter, key=len), one.path)
        for one in group:
            before.add(one)


def _near(hosts: _Hosts, host: str, router: str) -> Iterator[_Bucket]:
    return hosts.same(host) if router == BY_HOST else hosts.sharing(host)


def _give_priorities(ones: list[_One], router: str) -> None:
    """The lowest that do, from the last to the first."""
    known: dict[tuple[str, str], list[tuple[int, int, Route]]] = {}
    for one in reversed(ones):
        hosts = one.hosts if router == BY_HOST else (_ANY_HOST,)
        keys = [(uri, host) for uri in one.spelling.uris for host in hosts]
        found = [
            priority + (route is not one.route)  # a route needs no order among its own paths
            for key in keys
            for mask, priority, route in known.get(key, ())
            if mask & one.mask
        ]
        one.priority = max(found, default=0)
        for key in keys:
            above = [entry for entry in known.get(key, ()) if entry[0] & ~one.mask]
            known[key] = [*above, (one.mask, one.priority, one.route)]


def _put(order: Order, one: _One) -> None:
    """A path more for a route, in a part that it may share."""
    parts = order.parts.setdefault(id(one.route), [])
    spelling = one.spelling
    for part in parts:
        if part.priority != one.priority:
            continue
        if part.condition is None and spelling.condition is None:
            part.uris += [uri for uri in spelling.uris if uri not in part.uris]
            return
        if _joined(part, spelling):
            return
    parts.append(Part(list(spelling.uris), spelling.condition, one.priority))


def _joined(part: Part, spelling: Spelling) -> bool:
    """Whether whole paths of one start became one condition."""
    own, other = part.condition, spelling.condition
    if own is None or other is None or part.uris != list(spelling.uris):
        return False
    if own == other:
        return True
    if own[1] not in ("==", "in") or other[1] != "==":
        return False
    texts = own[2] if isinstance(own[2], list) else [own[2]]
    part.condition = ["uri", "in", [*texts, other[2]]]
    return True


def native_order(routes: Iterable[Route], kept: dict[int, dict[str, object]]) -> Order:
    """Routes that are ranked as APISIX does it, as they came."""
    order = Order()
    for route in routes:
        parts = order.parts.setdefault(id(route), [])
        try:
            found = native_uris(list(route.paths), kept.get(id(route), {}))
        except UntranslatableError as error:
            order.unknown[id(route)] = str(error)
            found = []
        for one in found or [spelled(None)]:
            parts.append(Part(list(one.uris), one.condition, route.priority))
    return order
