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


def ranks_by_path(gateway: Gateway) -> bool:
    """Whether an APISIX has another router than `radixtree_host_uri`, which only it knows of."""
    router = gateway.extensions.get("apisix", {}).get("router", "")
    return router not in ("", "radixtree_host_uri")


def _ranking(gateway: Gateway) -> Ranking:
    return ranking(gateway.settings.route_order, by_path=ranks_by_path(gateway))


def ranking(order: RouteOrder, *, by_path: bool = False) -> Ranking:
    """How a gateway ranks its routes; `by_path` is for an APISIX where hosts decide nothing."""
    if order is RouteOrder.KONG:
        from gal.ranking import kong

        return kong.rank
    if order is RouteOrder.APISIX:
        from gal.ranking import apisix

        return apisix.rank_by_path if by_path else apisix.rank
    if order is RouteOrder.TRAEFIK:
        from gal.ranking import traefik

        return traefik.rank
    if order is RouteOrder.ENVOY:
        from gal.ranking import envoy

        return envoy.rank
    from gal.ranking import own

    return own.rank
