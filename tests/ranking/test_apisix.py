"""APISIX's order, in pairs; the first of the two wins (router `radixtree_host_uri`)."""

from __future__ import annotations

import pytest

from gal.model import Anchor, Dialect, Gateway, Global, PathMatch, Regex, Route, RouteOrder
from gal.ranking.apisix import rank

EXACT = PathMatch(path="/orders/1")
SHORT = PathMatch(path_prefix="/o")
LONG = PathMatch(path_prefix="/orders/")
MIDDLE = PathMatch(path_regex=Regex("/orders/1/.*/x", Dialect.PCRE, Anchor.FULL))


def route(path: PathMatch | None, *hosts: str, priority: int = 0) -> Route:
    return Route(paths=[path] if path else [], hosts=list(hosts), priority=priority)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (route(SHORT, "a.test"), route(EXACT)),
        (route(SHORT, "*.test"), route(EXACT, priority=9)),
        (route(SHORT, "a.test"), route(EXACT, "*.test", priority=9)),
        (route(SHORT, "*.a.test"), route(EXACT, "*.test")),
        (route(EXACT), route(LONG, priority=9)),
        (route(LONG), route(SHORT, priority=9)),
        (route(LONG, priority=1), route(LONG)),
        (route(MIDDLE), route(LONG, priority=9)),
        (route(EXACT), route(MIDDLE, priority=9)),
        (route(SHORT), route(None, priority=9)),
    ],
    ids=[
        "a host before none",
        "a wildcard host before none",
        "an exact host before a wildcard",
        "a longer wildcard before a shorter",
        "an exact path before a prefix of higher priority",
        "a longer prefix before a shorter of higher priority",
        "a higher priority at the same path",
        "a star in the middle counts up to it",
        "an exact path before a star",
        "a path before none",
    ],
)
def test_order(first: Route, second: Route) -> None:
    keys = [key for one in (first, second) for key, _ in rank(None, one)]
    assert keys[0] < keys[1]


def test_paths_rank_apart() -> None:
    both = Route(paths=[SHORT, EXACT])
    ranked = sorted(rank(None, both), key=lambda item: item[0])
    assert [candidate.paths for _, candidate in ranked] == [(EXACT,), (SHORT,)]


def test_the_order_has_a_name() -> None:
    assert Gateway(settings=Global(route_order=RouteOrder.APISIX)).settings.route_order == "apisix"
