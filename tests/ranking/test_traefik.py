"""Traefik's order: the priority, which importers work out; equal ones have no order of their own.

Traefik 3.7 sorts by priority, then by the precedence of providers. Routers of one provider come out
of a map, so equal ones are in another order at every start; the file's stands for it.
"""

from __future__ import annotations

import pytest

from gal.model import Gateway, Global, PathMatch, Route, RouteOrder, Service
from gal.ranking import ranked

ORDERS: dict[str, tuple[list[tuple[str, int]], list[str]]] = {
    "higher first": ([("a", 1), ("b", 3), ("c", 2)], ["b", "c", "a"]),
    "negative last": ([("a", -5), ("b", 0), ("c", 9)], ["c", "b", "a"]),
    "equal as they stand": ([("b", 9), ("a", 9), ("c", 9)], ["b", "a", "c"]),
    "Traefik's own first": ([("a", 9223372036854774807), ("b", 9223372036854775806)], ["b", "a"]),
}


def gateway(routes: list[Route], services: list[Service] | None = None) -> Gateway:
    """A gateway in Traefik's order."""
    settings = Global(route_order=RouteOrder.TRAEFIK)
    return Gateway(settings=settings, routes=routes, services=services or [])


@pytest.mark.parametrize(("routes", "expected"), ORDERS.values(), ids=ORDERS)
def test_order(routes: list[tuple[str, int]], expected: list[str]) -> None:
    found = ranked(gateway([Route(name, priority=priority) for name, priority in routes]))
    assert [one.route.name for one in found] == expected


def test_what_a_route_asks_for_does_not_count() -> None:
    """Its length is in the priority already."""
    short = Route("short", priority=20, paths=[PathMatch(path_prefix="/")])
    long = Route("long", priority=10, paths=[PathMatch(path="/a/long/path")], hosts=["a.example"])
    assert [one.route.name for one in ranked(gateway([long, short]))] == ["short", "long"]


def test_a_route_is_one_rule() -> None:
    paths = [PathMatch(path_prefix="/"), PathMatch(path_prefix="/longer")]
    (found,) = ranked(gateway([Route("a", priority=1, paths=paths)]))
    assert found.paths == tuple(paths)


def test_routes_in_services_rank_with_the_others() -> None:
    service = Service("s", routes=[Route("low", priority=1), Route("high", priority=3)])
    found = ranked(gateway([Route("middle", priority=2)], [service]))
    assert [one.route.name for one in found] == ["high", "middle", "low"]
    assert [one.service for one in found] == [service, None, service]
