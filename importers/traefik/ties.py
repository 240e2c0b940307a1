"""Routers of one priority that take the same requests: Traefik has no order between them, and
chooses anew at every start
(https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/rules-and-priority/).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from gal.importers.traefik.entry_points import EntryPoint
from gal.ledger import Fate, Level
from gal.model import MatchKind, PathMatch, Route, ValueMatch
from gal.model.route import PathKind

if TYPE_CHECKING:
    from gal.ledger import Reporter
    from gal.reading import Node

Made = tuple[Route, Sequence[EntryPoint]]
_START = re.compile(r"\^((?:[A-Za-z0-9/_-]|\\[./-])*)(?![*?{|])")
_FEW = 8
"""So many routes that may all share requests are compared with each other."""


def report_ties(made: Iterable[Made], report: Reporter) -> None:
    """Say of each router which other one Traefik may take in its place."""
    groups: dict[tuple[int, bool], list[Made]] = {}
    for one in made:
        secure = "https" in one[0].schemes
        groups.setdefault((one[0].priority, secure), []).append(one)
    told: set[int] = set()
    for group in groups.values():
        for first, second in _pairs(group) if len(group) > 1 else ():
            place = id(_node(second))
            if place in told or _node(first) is _node(second):
                continue
            told.add(place)
            message = (
                f'Traefik has no order between this router and "{first.name}", and chooses anew at '
                "every start; here the one that stands first wins"
            )
            report.at(
                _node(second), Fate.APPROXIMATED, Level.WARNING, "priority", message, whole=False
            )


def _node(route: Route) -> Node | None:
    return route.origin.node if route.origin is not None else None


def _pairs(group: Sequence[Made]) -> Iterator[tuple[Route, Route]]:
    """Pairs that share requests. Only those of one host are compared, and of these only those of
    which one path starts as the other one does.
    """
    by_host: dict[str, list[int]] = {}
    wide: list[int] = []
    for number, (route, _) in enumerate(group):
        if not route.hosts or any("*" in host for host in route.hosts):
            wide.append(number)
        else:
            for host in route.hosts:
                by_host.setdefault(host, []).append(number)
    found = {pair for numbers in by_host.values() for pair in _near(group, numbers)}
    found.update(_near(group, wide))
    narrow = sorted({number for numbers in by_host.values() for number in numbers})
    found.update((min(one, other), max(one, other)) for one in wide[:_FEW] for other in narrow)
    for first, second in sorted(found):
        if _share(group[first], group[second]):
            yield group[first][0], group[second][0]


def _near(group: Sequence[Made], numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Pairs of which one path starts as the other one does."""
    entries = sorted((start, number) for number in numbers for start in _starts(group[number][0]))
    above: list[tuple[str, int]] = []
    for start, number in entries:
        while above and not start.startswith(above[-1][0]):
            above.pop()
        for _, other in above[-_FEW:]:
            if other != number:
                yield min(other, number), max(other, number)
        above.append((start, number))


def _starts(route: Route) -> list[str]:
    """With what the paths of a route start; an expression that may stand anywhere has no start."""
    return sorted({_start(path) for path in route.paths}) or [""]


def _start(path: PathMatch) -> str:
    if path.path_regex is None:
        return path.text
    found = _START.match(path.path_regex.pattern)
    return found[1].replace("\\", "") if found is not None else ""


def _share(one: Made, other: Made) -> bool:
    """Whether some request fits both; where expressions decide it, only equal ones do."""
    (left, left_points), (right, right_points) = one, other
    return (
        {point.name for point in left_points} & {point.name for point in right_points} != set()
        and _hosts(left, right)
        and (not left.methods or not right.methods or bool({*left.methods} & {*right.methods}))
        and any(_paths(a, b) for a in left.paths or _ANY for b in right.paths or _ANY)
        and not _apart(left.headers, right.headers)
        and not _apart(left.query_params, right.query_params)
    )


_ANY = (PathMatch(path_prefix="/"),)


def _hosts(left: Route, right: Route) -> bool:
    if not left.hosts or not right.hosts:
        return True
    return any(
        a == b or (a[0] == "*" and b.endswith(a[1:])) or (b[0] == "*" and a.endswith(b[1:]))
        for a in left.hosts
        for b in right.hosts
    )


def _paths(left: PathMatch, right: PathMatch) -> bool:
    if PathKind.REGEX in (left.kind, right.kind):
        return left == right or PathKind.PREFIX in (left.kind, right.kind)
    exact = [one.text for one in (left, right) if one.kind is PathKind.EXACT]
    starts = [one.text for one in (left, right) if one.kind is not PathKind.EXACT]
    if len(exact) == len((left, right)):
        return left.text == right.text
    return all(one.startswith(start) for one in exact for start in starts) if exact else True


def _apart(left: Sequence[ValueMatch], right: Sequence[ValueMatch]) -> bool:
    """Whether both ask one header or parameter for different values."""
    wanted = {one.name.lower(): one for one in left if _plain(one)}
    for one in right:
        beside = wanted.get(one.name.lower())
        if beside is not None and _plain(one) and not {*beside.values} & {*one.values}:
            return True
    return any(_opposite(a, b) for a in left for b in right if a.name.lower() == b.name.lower())


def _plain(match: ValueMatch) -> bool:
    return match.kind is MatchKind.EXACT and not match.invert


def _opposite(one: ValueMatch, other: ValueMatch) -> bool:
    """Whether one asks for just what the other must not have."""
    same = (one.kind, one.values, one.regexes) == (other.kind, other.values, other.regexes)
    return same and one.invert is not other.invert
