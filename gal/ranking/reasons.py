"""Why one route comes behind another, in words: the first thing in which their ranks differ."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from gal.model.gateway import RouteOrder
from gal.ranking import Candidate, ranking

_LATER = "it comes later in the file"
_HOSTS, _PRIORITY = "its hosts are wider", "its priority is lower"
_BY_PATH = ("its path is not exact", "less of the path is fixed at its start", _PRIORITY)
_WORDS: dict[RouteOrder, tuple[str, ...]] = {
    RouteOrder.GAL: (
        _PRIORITY,
        _HOSTS,
        "its path is of a wider kind",
        "its path is shorter",
        "it has fewer kinds of match",
    ),
    RouteOrder.ENVOY: (_HOSTS, _HOSTS),
    RouteOrder.TRAEFIK: (_PRIORITY,),
    RouteOrder.APISIX: (_HOSTS, _HOSTS, *_BY_PATH),
}
_KONG_FIRST = (
    *("its rank is an ordinary one", "it has fewer kinds of match", "its hosts are no plain ones"),
    *("it has fewer headers", "its path is no expression", "its regex_priority is lower"),
    *("its path is shorter", "its id is smaller"),
)
_KONG_BITS = (
    (60, "its hosts are no plain ones"),
    (51, "its path is no expression"),
    (29, "it has fewer kinds of match"),
    (20, "it has fewer headers"),
    (19, "its regex_priority is lower"),
    (0, "its path is shorter"),
)


def behind(order: RouteOrder, winner: Candidate, loser: Candidate, *, by_path: bool = False) -> str:
    """Why `loser` comes behind `winner`."""
    first, second = (_key(order, one, by_path) for one in (winner, loser))
    at = next((n for n, pair in enumerate(zip_longest(first, second)) if pair[0] != pair[1]), None)
    if at is None:
        return _LATER
    if order is RouteOrder.KONG:
        return _kong(first, second, at)
    words = _BY_PATH if order is RouteOrder.APISIX and by_path else _WORDS[order]
    return words[at] if at < len(words) else _LATER


def _key(order: RouteOrder, candidate: Candidate, by_path: bool) -> tuple[object, ...]:
    for key, part in ranking(order, by_path=by_path)(candidate.service, candidate.route):
        if part.paths == candidate.paths:
            return key
    return ()


def _kong(first: Sequence[object], second: Sequence[object], at: int) -> str:
    """Kong's rank is a number whose bits say what is compared first."""
    if at == 0 or first[0] == 0:
        return _KONG_FIRST[at] if at < len(_KONG_FIRST) else _LATER
    if at > 1:
        return "its id is smaller"
    one, other = (-value for value in (first[1], second[1]) if isinstance(value, int))
    for shift, words in _KONG_BITS:
        if one >> shift != other >> shift:
            return words
    return _LATER
