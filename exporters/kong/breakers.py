"""Whose circuit breaker acts: Kong watches the targets of a whole service, never of one route."""

from __future__ import annotations

from dataclasses import dataclass, field

from gal.claims import unwrap
from gal.exporters.kong.build import Build
from gal.model import CircuitBreaker, Route, Service

_FEATURE = "circuit_breaker"


@dataclass(slots=True)
class Breakers:
    """Finds the circuit breakers of services.

    Attributes:
        build: the file.
        routes: those that lead to a service, by its identity.
    """

    build: Build
    routes: dict[int, list[Route]] = field(default_factory=dict)
    _acting: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        gateway = self.build.gateway
        named = {one.name: one for one in reversed(gateway.services) if one.name is not None}
        for service, route in gateway.walk_routes():
            found = service or named.get(route.upstream or "")
            if found is not None:
                self.routes.setdefault(id(unwrap(found)), []).append(route)

    def of(self, service: Service) -> CircuitBreaker | None:
        """The one that acts: what all routes of the service say alike, or else its own."""
        routes = self.routes.get(id(unwrap(service)), [])
        first = unwrap(routes[0]).policies.circuit_breaker if routes else None
        if first is not None and all(
            unwrap(one).policies.circuit_breaker == first for one in routes
        ):
            self._acting.update(id(unwrap(one)) for one in routes)
            for one in routes[1:]:
                self.build.context.claims.claim(unwrap(one).policies.circuit_breaker)
            policy = routes[0].policies.circuit_breaker
            return policy if policy is not None and policy.enabled else None
        for level in (service.policies, self.build.gateway.policies):
            policy = level.circuit_breaker
            if policy is not None:
                return policy if policy.enabled else None
        return None

    def report(self) -> None:
        """Say what of single routes does not act."""
        for _, route in self.build.gateway.walk_routes():
            if unwrap(route).policies.circuit_breaker is None or id(unwrap(route)) in self._acting:
                continue
            policy = route.policies.circuit_breaker
            if policy is not None and policy.enabled:
                message = (
                    "Kong watches the targets of a whole service, and its routes do not all say"
                    " this: a failing target is not left alone"
                )
                self.build.report.dropped(policy, _FEATURE, message)
                self.build.context.claims.claim(policy)
