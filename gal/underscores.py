"""Header names with underscores.

nginx, and so Kong and APISIX, takes `x_a` for `x-a` where it compares a header. Envoy and Traefik
do not, so that a client could pass by a route that controls access with another spelling, which
upstreams that work as CGI does would still take for the header
(https://doc.traefik.io/traefik/security/header-aliases/).
"""

from __future__ import annotations

from gal.model import Gateway, Policies, Route, RouteOrder, Service, ValueMatch

SAME_HEADERS = frozenset({RouteOrder.APISIX, RouteOrder.KONG})
"""Gateways to which `x_a` is `x-a`."""
_CONTROLS = ("authentication", "acl", "ip_access", "user_agent")


def guarding_matches(gateway: Gateway) -> list[ValueMatch]:
    """The matches on headers that decide whether a request comes to a route that controls access,
    and that another spelling of the name would pass by.
    """
    if gateway.settings.route_order not in SAME_HEADERS:
        return []
    return [
        match
        for service, route in gateway.walk_routes()
        if is_guarded(gateway, service, route)
        for match in route.headers
        if "-" in match.name and not match.invert
    ]


def is_guarded(gateway: Gateway, service: Service | None, route: Route) -> bool:
    """Whether any access control acts on a route."""
    levels: list[Policies] = [route.policies, gateway.policies]
    if service is not None:
        levels.insert(1, service.policies)
    for kind in _CONTROLS:
        policy = next((p for p in (getattr(one, kind) for one in levels) if p is not None), None)
        if policy is not None and policy.enabled:
            return True
    return False


def underscored(name: str) -> str:
    """The other spelling of a header's name."""
    return name.replace("-", "_")
