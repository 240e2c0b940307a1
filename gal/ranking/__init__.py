"""Which route wins when several take a request, by the rules of the gateway it was written for.

Gateways rank routes in different ways, so a priority cannot be copied as a number. `ranked` sorts
a gateway's routes by the rules that `global.route_order` names; an exporter writes them so that
its own gateway chooses in that order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gal.model.gateway import RouteOrder

if TYPE_CHECKING:
    from gal.model import Gateway, PathMatch, Route, Service


@dataclass(frozen=True, slots=True)
class Candidate:
    """A route, or the part of it that ranks alike.

    Attributes:
        service: the service that the route is nested in, if any.
        route: the route.
        paths: the paths of this part; empty takes every path.
    """

    service: Service | None
    route: Route
    paths: tuple[PathMatch, ...]


Ranking = Callable[["Service | None", "Route"], Iterator[tuple[tuple[object, ...], Candidate]]]
"""The parts of a route, each with a sort key: the smallest key wins."""


def ranked(gateway: Gateway) -> list[Candidate]:
    """All routes in the order in which they win, in n log n steps for n routes."""
    rank = _ranking(gateway)
    keyed: list[tuple[tuple[object, ...], int, Candidate]] = []
    for service, route in gateway.walk_routes():
        for key, candidate in rank(service, route):
            keyed.append((key, len(keyed), candidate))
    keyed.sort(key=lambda item: (item[0], item[1]))
    return [candidate for _, _, candidate in keyed]


def _ranking(gateway: Gateway) -> Ranking:
    order = gateway.settings.route_order
    if order is RouteOrder.KONG:
        from gal.ranking import kong

        return kong.rank
    if order is RouteOrder.APISIX:
        from gal.ranking import apisix

        # Which of its routers decides, only APISIX knows of.
        router = gateway.extensions.get("apisix", {}).get("router", "")
        return apisix.rank if router in ("", "radixtree_host_uri") else apisix.rank_by_path
    if order is RouteOrder.TRAEFIK:
        from gal.ranking import traefik

        return traefik.rank
    if order is RouteOrder.ENVOY:
        from gal.ranking import envoy

        return envoy.rank
    from gal.ranking import own

    return own.rank
