"""The path that each gateway compares."""

from __future__ import annotations

import pytest

from gal.model import RouteOrder
from gal.tracing.paths import compared_path

GAL, KONG, APISIX = RouteOrder.GAL, RouteOrder.KONG, RouteOrder.APISIX
TRAEFIK, ENVOY = RouteOrder.TRAEFIK, RouteOrder.ENVOY


@pytest.mark.parametrize(
    ("order", "sent", "compared"),
    [
        (KONG, "/a//b/../c", "/a/c"),
        (KONG, "/a/./b/.", "/a/b/"),
        (KONG, "/..", "/"),
        (KONG, "/a%20b%7e", "/a b~"),
        (KONG, "/a%2fb", "/a%2Fb"),
        (KONG, "/%e4%bd%a0", "/你"),
        (APISIX, "/a%2fb//c", "/a/b/c"),
        (ENVOY, "/a%41%2fb", "/aA%2Fb"),
        (ENVOY, "/a//b\\c/../d", "/a/b/d"),
        (ENVOY, "/a%20b", "/a%20b"),
        (GAL, "/a//b/./c", "/a/b/c"),
        (TRAEFIK, "/a//b/../c%20d", "/a/c d"),
        (TRAEFIK, "/a/", "/a/"),
    ],
)
def test_compared_path(order: RouteOrder, sent: str, compared: str) -> None:
    assert compared_path(sent, order) == compared
