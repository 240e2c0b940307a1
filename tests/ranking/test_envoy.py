"""Envoy's search for a virtual host, in pairs; the first of the two is asked first."""

from __future__ import annotations

import pytest

from gal.model import Gateway, Global, Route, RouteOrder
from gal.ranking import ranked


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(["a.test"], ["*.test"], id="a name before a wildcard"),
        pytest.param(["a.test"], [], id="a name before none"),
        pytest.param(["*.a.test"], ["*.test"], id="a longer wildcard before a shorter"),
        pytest.param(["*.test"], ["a.*"], id="a wildcard in front before one at the end"),
        pytest.param(["a.b.*"], ["a.*"], id="a longer wildcard at the end before a shorter"),
        pytest.param(["a.*"], [], id="a wildcard at the end before none"),
    ],
)
def test_hosts(first: list[str], second: list[str]) -> None:
    routes = [Route(name="second", hosts=second), Route(name="first", hosts=first)]
    gateway = Gateway(settings=Global(route_order=RouteOrder.ENVOY), routes=routes)
    assert [one.route.name for one in ranked(gateway)] == ["first", "second"]


def test_routes_of_a_host_stay_in_the_order_of_the_file() -> None:
    routes = [Route(name=name, hosts=["a.test"]) for name in ("b", "a", "c")]
    gateway = Gateway(settings=Global(route_order=RouteOrder.ENVOY), routes=routes)
    assert [one.route.name for one in ranked(gateway)] == ["b", "a", "c"]
