"""One finding for all routes of a service, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gal.model import ModelNode

if TYPE_CHECKING:
    from gal.lint.subject import RouteView, Subject


def by_what_is_behind(views: Iterable[RouteView]) -> list[tuple[ModelNode, list[RouteView]]]:
    """Routes together with the service, upstream, or else route that stands behind them."""
    groups: dict[int, tuple[ModelNode, list[RouteView]]] = {}
    for view in views:
        behind: ModelNode = view.service or next((one for one, _ in view.upstreams), view.route)
        groups.setdefault(id(behind), (behind, []))[1].append(view)
    return list(groups.values())


def holder(subject: Subject, view: RouteView) -> ModelNode:
    """What would hold a policy that is missed: the service, where it is an object that has
    policies, else the route.
    """
    service, route = view.service, view.route
    if service is None or service.origin is None or subject.provider not in ("kong", "apisix"):
        return service if service is not None and subject.provider == "gal" else route
    # What several routes of APISIX have in common stands at the first of them, which may be
    # another one than is spoken of here.
    return route if id(service.origin.node) in subject.once(_route_nodes) else service


def _route_nodes(subject: Subject) -> frozenset[int]:
    origins = (view.route.origin for view in subject.routes)
    return frozenset(id(one.node) for one in origins if one is not None)
