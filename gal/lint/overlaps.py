"""Routes that rank alike and share requests, with a request that shows it.

Nothing is reported without such a request. Where it cannot be found in a few steps, because of
expressions that no automaton stands for or of conditions on the same header, nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from gal.lint.match_sets import (
    ANY_HOST,
    Piece,
    Rest,
    Shape,
    Value,
    holds_host,
    matches,
    overlapping_networks,
    says_all,
    split_port,
)
from gal.lint.shadows import BY_CHANCE, Earlier, Placed, ranks_apart
from gal.model import Anchor, MatchKind, Regex, RouteOrder
from gal.model.route import PathKind
from gal.tracing.paths import compared_path

_FEW = 32
"""So many routes of equal rank are compared with each other; more are looked up."""

_MOST_EXPRESSIONS = 1000
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two routes that rank alike, and a request that both take.

    Attributes:
        first: the one that stands first.
        second: the other one.
        host: of the request; empty for any.
        path: of the request.
    """

    first: Placed
    second: Placed
    host: str
    path: str


def overlaps(routes: Iterable[Placed], order: RouteOrder, steps: Earlier) -> Iterator[Overlap]:
    """The pairs of objects of which routes rank alike and share requests, each once. Those that
    ask for just the same are none of them.
    """
    if order not in BY_CHANCE:
        return
    groups: dict[tuple[object, ...], list[Placed]] = {}
    for one in routes:
        if one.pieces is not None and says_all(one.route) and not ranks_apart(one.route, order):
            groups.setdefault(one.level, []).append(one)
    seen: set[tuple[int, int]] = set()
    for group in groups.values():
        for first, second in _pairs(group, steps):
            key = first.source, second.source
            if first.source == second.source or key in seen:
                continue
            steps.steps += 1
            found = _common(first, second, order, steps)
            if found is not None:
                seen.add(key)
                yield Overlap(first, second, *found)


def _pairs(group: list[Placed], steps: Earlier) -> Iterator[tuple[Placed, Placed]]:
    if len(group) <= _FEW:
        yield from combinations(group, 2)
        return
    for routes in (group, group[::-1]):
        known = Earlier()
        for one in routes:
            for piece in one.pieces or ():
                for other, _ in known.near(piece):
                    steps.steps += 1
                    yield (other, one) if other.rank < one.rank else (one, other)
            known.add(one)


def _common(
    first: Placed, second: Placed, order: RouteOrder, steps: Earlier
) -> tuple[str, str] | None:
    """A host and a path that both take, if the rest of what they ask for goes together."""
    pairs = 0
    for one in first.pieces or ():
        for other in second.pieces or ():
            pairs += 1
            if pairs > _FEW * _FEW:
                return None
            if one == other:
                continue
            if not _go_together(one.rest, other.rest):
                return None
            found = _request(one, other, order, steps)
            if found is not None:
                return found
    return None


def _request(one: Piece, other: Piece, order: RouteOrder, steps: Earlier) -> tuple[str, str] | None:
    host = _host(one.host, other.host)
    if host is None:
        return None
    path = _path(one.shape, other.shape, steps)
    if path is None or not path.startswith("/") or compared_path(path, order) != path:
        return None
    return host, path


# -- hosts and paths


def _host(one: str, other: str) -> str | None:
    if split_port(one)[1] is not None or split_port(other)[1] is not None:
        return None
    for wide, narrow in ((one, other), (other, one)):
        if holds_host(wide, narrow):
            return narrow.replace("*", "x") if narrow != ANY_HOST else ANY_HOST
    for start, end in ((one, other), (other, one)):
        if start.endswith(".*") and end.startswith("*."):
            return f"{start[:-1]}x{end[1:]}"
    return None


def _path(one: Shape, other: Shape, steps: Earlier) -> str | None:
    if not one.text.startswith(other.text) and not other.text.startswith(one.text):
        return None
    if one.kind is PathKind.REGEX or other.kind is PathKind.REGEX:
        steps.expressions += 1
        if steps.expressions > _MOST_EXPRESSIONS:
            return None
        return _text_of_both(_expression(one), _expression(other))
    for text in (one.text, other.text, f"{one.text}/", f"{other.text}/"):
        if _takes(one, text) and _takes(other, text):
            return text
    return None


def _takes(shape: Shape, path: str) -> bool:
    if shape.kind is PathKind.EXACT:
        return path == shape.text
    if shape.kind is PathKind.PREFIX:
        return path.startswith(shape.text)
    return path == shape.text or path.startswith(f"{shape.text}/")


def _expression(shape: Shape) -> Regex:
    if shape.regex is not None:
        return shape.regex
    text = re.escape(shape.text)
    if shape.kind is PathKind.SEGMENTS:
        return Regex(f"{text}(?:/.*)?")
    return Regex(text, anchor=Anchor.FULL if shape.kind is PathKind.EXACT else Anchor.START)


@lru_cache(maxsize=1024)
def _text_of_both(one: Regex, other: Regex) -> str | None:
    from gal.lint.automata import UnjudgedError, automaton, common_text

    if max(len(one.pattern), len(other.pattern)) > _LONGEST:
        return None
    try:
        text = common_text(automaton(one), automaton(other))
    except UnjudgedError:
        return None
    if text is not None and not text.startswith("/"):
        text = f"/{text}"
        return text if matches(one, text) and matches(other, text) else None
    return text


# -- the rest


def _go_together(one: Rest, other: Rest) -> bool:
    return (
        _shared(one.methods, other.methods)
        and _shared(one.schemes, other.schemes)
        and _shared_names(one.server_names, other.server_names)
        and overlapping_networks(one.sources, other.sources)
        and overlapping_networks(one.destinations, other.destinations)
        and _compatible(one.headers, other.headers)
        and _compatible(one.query, other.query)
    )


def _shared(one: frozenset[str], other: frozenset[str]) -> bool:
    return not one or not other or not one.isdisjoint(other)


def _shared_names(one: frozenset[str], other: frozenset[str]) -> bool:
    if _shared(one, other):
        return True
    if len(one) * len(other) > _FEW:
        return False
    return any(_host(name, second) is not None for name in one for second in other)


def _compatible(one: frozenset[Value], other: frozenset[Value]) -> bool:
    """Whether conditions surely go together: no two different ones are about one name."""
    names = {value[0] for value in one} & {value[0] for value in other}
    for name in names:
        mine = [value for value in one if value[0] == name]
        theirs = [value for value in other if value[0] == name]
        if mine != theirs and not (len(mine) == len(theirs) == 1 and _meet(mine[0], theirs[0])):
            return False
    return True


def _meet(one: Value, other: Value) -> bool:
    if one[5] or other[5] or one[3] != other[3]:
        return False
    if MatchKind.PRESENT in (one[1], other[1]):
        return True
    both = one[1] is MatchKind.EXACT and other[1] is MatchKind.EXACT
    return both and not one[2].isdisjoint(other[2])
