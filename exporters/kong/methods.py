"""Methods that Kong refuses in a route: it takes capital letters only
(https://developer.konghq.com/gateway/entities/route/#schema-route-methods).

Requests with such a method find another route in Kong, one that names no methods, or none. Where
that one asks for less, the route takes every method, and refuses everybody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gal.exporters.kong.build import Build
from gal.exporters.kong.listeners import Listeners
from gal.model import Policies, Route, Service
from gal.reading import is_placeholder

_KNOWN = re.compile(r"[A-Z]+")
_SERVED = re.compile(r"[A-Z_-]+")
"""nginx answers all others with 400 before Kong sees them."""


@dataclass(slots=True)
class OddMethods:
    """Routes that ask for methods which Kong refuses.

    Attributes:
        left: methods that Kong takes, by identity of such a route.
        closed: why those refuse everybody that have to.
    """

    left: dict[int, list[str]] = field(default_factory=dict)
    closed: dict[int, str | None] = field(default_factory=dict)

    def methods(self, route: Route) -> list[str]:
        """The methods that a route asks for in Kong; none takes all."""
        return self.left.get(id(route), list(route.methods))


def odd_methods(build: Build, listeners: Listeners) -> OddMethods:
    """Find the routes, and say what becomes of them."""
    found = OddMethods()
    routes = [one for one in build.gateway.walk_routes() if id(one[1]) not in listeners.closed]
    odd = [one for one in routes if not all(map(_is_known, one[1].methods))]
    if not odd or build.native:
        return found
    others = {frozenset(controls(build, *one)) for one in routes if not one[1].methods}
    for service, route in odd:
        _settle(build, found, service, route, others)
    return found


def _settle(
    build: Build,
    found: OddMethods,
    service: Service | None,
    route: Route,
    others: set[frozenset[int]],
) -> None:
    refused = [method for method in route.methods if not _is_known(method)]
    left = [method for method in route.methods if _is_known(method)]
    message = f"Kong takes no method with other signs than letters: {', '.join(refused)}"
    own = controls(build, service, route)
    served = any(_SERVED.fullmatch(method) for method in refused)
    if not left or (served and any(not own <= other for other in others)):
        found.left[id(route)] = []
        reason = f"{message}, so the route would take other requests, too"
        if left:
            reason = f"{message}, and another route would let them in that asks for less"
        found.closed[id(route)] = build.refuse(route, "methods", reason)
        if found.closed[id(route)] is not None or not left:
            return
    found.left[id(route)] = left
    build.report.dropped(route, "methods", message, "methods")


def _is_known(method: str) -> bool:
    return _KNOWN.fullmatch(method) is not None or is_placeholder(method)


def controls(build: Build, service: Service | None, route: Route) -> set[int]:
    """Identities of the access controls that act on a route."""
    levels: list[Policies] = [route.policies]
    if service is not None:
        levels.append(service.policies)
    levels.append(build.gateway.policies)
    found = set()
    for kind in ("authentication", "acl", "ip_access", "user_agent"):
        policy = next((p for p in (getattr(one, kind) for one in levels) if p is not None), None)
        if policy is not None and policy.enabled:
            found.add(id(policy))
    return found
