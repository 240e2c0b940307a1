"""Routes so that Kong's own ranking chooses in the order of the source.

Kong ranks by the kinds of match before it looks at paths (see `gal.ranking.kong`), so a priority
cannot be copied. Where plain paths come out in the wanted order they stay plain. Otherwise every
path becomes an expression, every route names its methods, and `regex_priority` decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from gal.exporters.kong.matches import is_asked
from gal.exporters.kong.methods import OddMethods
from gal.exporters.kong.paths import expression, plain_path
from gal.exporters.kong.regex import UntranslatableError, literal_prefix
from gal.model import PathKind, PathMatch, Route
from gal.ranking import Candidate

METHODS = ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "CONNECT")

_MOST_KINDS, _MOST_PRIORITY, _MOST_COMPARISONS = 3, 4095, 400
_PLACES = {PathKind.EXACT: 0, PathKind.REGEX: 1, PathKind.SEGMENTS: 2, PathKind.PREFIX: 2}

Key = tuple[int, ...]


@dataclass(slots=True)
class Part:
    """What one route of Kong takes of a route of the model.

    Attributes:
        paths: as Kong writes them; empty takes every path.
        priority: `regex_priority`.
        methods: instead of the route's, when set.
    """

    paths: list[str] = field(default_factory=list)
    priority: int = 0
    methods: list[str] | None = None


@dataclass(slots=True)
class Order:
    """How all routes are written.

    Attributes:
        parts: by the identity of the route.
        wrong: (wanted first, comes first) where Kong cannot be made to choose as wanted.
        unknown: routes with an expression that Kong's router has not, and why.
    """

    parts: dict[int, list[Part]] = field(default_factory=dict)
    wrong: list[tuple[Route, Route]] = field(default_factory=list)
    unknown: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class _One:
    """A candidate with what overlaps are told by."""

    route: Route
    path: PathMatch | None
    literal: str
    hosts: frozenset[str]
    open_hosts: bool
    methods: frozenset[str]
    key: Key = ()


def native_order(routes: list[Route]) -> Order:
    """Routes that are ranked as Kong does it."""
    order = Order()
    for route in routes:
        part = Part(priority=route.priority)
        for path in route.paths:
            part.paths += _written(order, route, path, plain_path)
        order.parts[id(route)] = [part]
    return order


def arranged(candidates: list[Candidate], odd: OddMethods | None = None) -> Order:
    """Routes in the order in which the candidates win.

    Args:
        candidates: the routes, the first to win first.
        odd: those whose methods are not what they say.
    """
    odd = odd or OddMethods()
    ones = [
        _one(candidate.route, path, odd.methods(candidate.route))
        for candidate in candidates
        for path in candidate.paths or (None,)
    ]
    for index, rank in enumerate(_dense(ones)):
        ones[index].key = _natural_key(ones[index], rank)
    plain = not any(_is_segments(one) for one in ones)
    if plain and next(_conflicts(ones), None) is None:
        return _natural(ones)
    padded = _may_pad(ones)
    wrong: list[tuple[Route, Route]] = []
    for ranks in (_dense(ones), _sequence(ones)):
        for one, rank in zip(ones, ranks, strict=True):
            one.key = _expression_key(one, rank, padded)
        wrong = list(_conflicts(ones))
        if not wrong:
            break
    order = _expressions(ones, padded)
    order.wrong = wrong
    return order


def _one(route: Route, path: PathMatch | None, methods: list[str]) -> _One:
    hosts = frozenset(host.lower().partition(":")[0] for host in route.hosts)
    open_hosts = not hosts or any("*" in host for host in hosts)
    literal = "" if path is None else path.text
    if path is not None and path.path_regex is not None:
        literal = literal_prefix(path.path_regex)
    return _One(route, path, literal, hosts, open_hosts, frozenset(methods))


def _is_segments(one: _One) -> bool:
    return one.path is not None and one.path.kind is PathKind.SEGMENTS and one.path.text != "/"


def _is_expression(one: _One) -> bool:
    return one.path is not None and one.path.kind in (PathKind.EXACT, PathKind.REGEX)


def _dense(ones: list[_One]) -> list[int]:
    """A number for each, larger for who wins, equal for those of one kind and length of path."""
    ranks = []
    for one in ones:
        place = 3 if one.path is None else _PLACES[one.path.kind]
        length = 0 if one.path is None else len(one.path.text)
        if place == _PLACES[PathKind.EXACT]:
            length = 0  # two of them take a common path only where they are equal
        ranks.append((one.route.priority, -place, length))
    numbers = {key: number for number, key in enumerate(sorted(set(ranks)))}
    return [min(numbers[key], _MOST_PRIORITY) for key in ranks]


def _sequence(ones: list[_One]) -> list[int]:
    """A number for each, larger for who wins; neighbours of one route share it."""
    ranks: list[int] = []
    rank, before = -1, None
    for one in reversed(ones):
        if before is None or one.route is not before:
            rank += 1
        before = one.route
        ranks.append(min(rank, _MOST_PRIORITY))
    return ranks[::-1]


def _kinds(one: _One, *, path: bool, methods: bool) -> int:
    route = one.route
    hosts = bool(one.hosts) and "*" not in one.hosts
    given = (hosts, methods, path, _headers(route), route.server_names)
    return sum(bool(kind) for kind in given)


def _headers(route: Route) -> int:
    """How many headers the route asks for in Kong; others close it and give it no rank."""
    return sum(is_asked(match) for match in route.headers)


def _natural_key(one: _One, rank: int) -> Key:
    route = one.route
    kinds = _kinds(one, path=one.path is not None, methods=bool(one.methods))
    plain_hosts = bool(one.hosts) and not one.open_hosts
    first = _is_expression(one)
    length = len(one.path.text.encode()) if one.path is not None else 0
    tail = rank if first else length
    return (kinds <= _MOST_KINDS, -plain_hosts, -first, -kinds, -_headers(route), -tail)


def _may_pad(ones: list[_One]) -> bool:
    """Whether naming the methods everywhere keeps Kong's number of kinds in order."""
    some = any(one.methods for one in ones)
    return some and all(_kinds(one, path=True, methods=True) <= _MOST_KINDS for one in ones)


def _expression_key(one: _One, rank: int, padded: bool) -> Key:
    kinds = _kinds(one, path=True, methods=padded or bool(one.methods))
    plain_hosts = bool(one.hosts) and not one.open_hosts
    return (kinds <= _MOST_KINDS, -plain_hosts, -kinds, -_headers(one.route), -rank)


def _conflicts(ones: list[_One]) -> Iterator[tuple[Route, Route]]:
    """Pairs that take common requests, of which Kong does not choose the first."""
    by_literal: dict[str, list[int]] = {}
    for index, one in enumerate(ones):
        by_literal.setdefault(one.literal, []).append(index)
    said: set[tuple[int, int]] = set()
    for index, one in enumerate(ones):
        left = _MOST_COMPARISONS
        for end in range(len(one.literal) + 1):
            for other in by_literal.get(one.literal[:end], ()):
                first, second = sorted((index, other))
                if first == second or ones[first].route is ones[second].route:
                    continue
                left -= 1
                if left < 0:
                    break
                wins = ones[second].key <= ones[first].key
                pair = (id(ones[first].route), id(ones[second].route))
                if wins and pair not in said and _overlap(ones[first], ones[second]):
                    said.add(pair)
                    yield ones[first].route, ones[second].route


def _overlap(one: _One, other: _One) -> bool:
    if one.methods and other.methods and not one.methods & other.methods:
        return False
    if not (one.open_hosts or other.open_hosts or one.hosts & other.hosts):
        return False
    for exact, wider in ((one, other), (other, one)):
        if exact.path is not None and exact.path.kind is PathKind.EXACT:
            exact_too = wider.path is not None and wider.path.kind is PathKind.EXACT
            if exact_too:
                return exact.literal == wider.literal
            return exact.literal.startswith(wider.literal)
    return True


def _written(
    order: Order, route: Route, path: PathMatch, write: Callable[[PathMatch], list[str]]
) -> list[str]:
    """A path in Kong's words. One that Kong has not stands as all that it may take."""
    try:
        return write(path)
    except UntranslatableError as error:
        order.unknown[id(route)] = str(error)
        return [literal_prefix(path.path_regex) if path.path_regex is not None else "/"]


def _natural(ones: list[_One]) -> Order:
    order = Order()
    for one in ones:
        parts = order.parts.setdefault(id(one.route), [])
        if one.path is None:
            parts.append(Part())
            continue
        priority = -one.key[-1] if _is_expression(one) else None
        part = next((part for part in parts if priority is None or part.priority == priority), None)
        if part is None:
            part = Part(priority=priority or 0)
            parts.append(part)
        part.paths += _written(order, one.route, one.path, plain_path)
    return order


def _expressions(ones: list[_One], padded: bool) -> Order:
    order = Order()
    for one in ones:
        parts = order.parts.setdefault(id(one.route), [])
        priority = -one.key[-1]
        part = next((part for part in parts if part.priority == priority), None)
        if part is None:
            methods = list(METHODS) if padded and not one.methods else None
            part = Part(priority=priority, methods=methods)
            parts.append(part)
        path = one.path
        if path is None:
            part.paths.append(expression(None))
        else:
            part.paths += _written(order, one.route, path, lambda one: [expression(one)])
    return order
