"""APISIX's order, in pairs; the first of the two wins (router `radixtree_host_uri`)."""

from __future__ import annotations

import pytest

from gal.model import Anchor, Dialect, Gateway, Global, PathMatch, Regex, Route, RouteOrder
from gal.ranking import ranked
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


def conditional(**own: list[str]) -> Route:
    """A route whose path and host are conditions on variables, with its own uris or hosts."""
    return Route(paths=[EXACT], hosts=["a.test"], extensions={"apisix": dict(own)})


def test_conditions_count_for_nothing() -> None:
    of = {
        name: next(iter(rank(None, one)))[0]
        for name, one in {
            "exact": route(EXACT, "a.test"),
            "long": route(LONG, "a.test"),
            "short": route(SHORT, "a.test"),
            "open": route(SHORT),
            "by uri": conditional(uris=["/ord*"]),
            "by host": conditional(hosts=[]),
        }.items()
    }
    assert of["exact"] < of["long"] < of["by uri"] < of["short"] < of["by host"] < of["open"]


def test_the_other_router_has_no_order_of_hosts() -> None:
    found = [route(SHORT, "a.test"), route(LONG, priority=0), route(EXACT, "*.test")]
    for number, one in enumerate(found):
        one.name = str(number)
    settings = Global(route_order=RouteOrder.APISIX)
    gateway = Gateway(settings=settings, routes=found)
    assert [one.route.name for one in ranked(gateway)] == ["0", "2", "1"]
    gateway.extensions = {"apisix": {"router": "radixtree_uri"}}
    assert [one.route.name for one in ranked(gateway)] == ["2", "1", "0"]


def test_paths_rank_apart() -> None:
    both = Route(paths=[SHORT, EXACT])
    ranked = sorted(rank(None, both), key=lambda item: item[0])
    assert [candidate.paths for _, candidate in ranked] == [(EXACT,), (SHORT,)]


def test_the_order_has_a_name() -> None:
    assert Gateway(settings=Global(route_order=RouteOrder.APISIX)).settings.route_order == "apisix"
