"""Hosts in other spellings, which find another route in Kong: it compares them sign by sign, where
other gateways take capital letters for small ones, and some `a.test.` for `a.test`
(https://developer.konghq.com/gateway/routing/traditional/, "Host").
"""

from __future__ import annotations

from collections.abc import Iterable

from gal.exporters.kong.build import Build
from gal.exporters.kong.methods import controls
from gal.model import Route, RouteOrder, Service
from gal.reading import is_placeholder

_WITHOUT_DOT = frozenset({RouteOrder.APISIX, RouteOrder.TRAEFIK})


def missed(build: Build, routes: Iterable[tuple[Service | None, Route]]) -> dict[int, list[str]]:
    """Find the routes with hosts that a request in another spelling passes by, for a route that
    asks for less, and say so.

    Returns:
        further hosts, by identity of the route: with a full stop at the end, where that is the
        same to the source.
    """
    found: dict[int, list[str]] = {}
    if build.native:
        return found
    known = [(route, frozenset(controls(build, service, route))) for service, route in routes]
    catching = {asked for route, asked in known if not _names(route)}
    dotted = build.gateway.settings.route_order in _WITHOUT_DOT
    for route, asked in known:
        names = _names(route)
        if not names or all(asked <= other for other in catching):
            continue
        message = (
            "Kong compares hosts sign by sign: with capital letters in the Host header a request"
            " finds a route without hosts, which asks for less"
        )
        build.report.approximated(route, "hosts", message, "hosts")
        if dotted:
            found[id(route)] = [f"{name}." for name in names if _takes_dot(name)]
    return found


def _names(route: Route) -> list[str]:
    return [] if "*" in route.hosts else list(route.hosts)


def _takes_dot(name: str) -> bool:
    return not (is_placeholder(name) or ":" in name or name.endswith((".", "*")))
