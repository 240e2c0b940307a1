"""What acts on a route: policies pushed down from wider scopes, the upstream, the rewriting.

The most specific scope wins whole, per kind of policy (`gal.scopes`); of `headers` each side for
itself, behind those of the service's `transformation`, as `gal.tracing` does it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from gal.drift.atoms import Atom, atoms_of
from gal.model import (
    Backend,
    Certificate,
    Consumer,
    Gateway,
    Headers,
    HostHeader,
    ModelNode,
    Operations,
    Policies,
    Retry,
    Route,
    Service,
    Timeout,
    Upstream,
)
from gal.ranking import ranked

GATEWAY, SERVICE, UPSTREAM, ROUTE = "gateway", "service", "upstream", "route"


@dataclass(frozen=True, slots=True)
class Scoped:
    """A part of the model with the scope that says it.

    Attributes:
        node: the part; None where nothing is said.
        scope: `GATEWAY`, `SERVICE`, `UPSTREAM` or `ROUTE`.
        owner: the object of that scope.
    """

    node: Any
    scope: str
    owner: ModelNode | None


NOTHING: Final = Scoped(None, ROUTE, None)


@dataclass(slots=True, eq=False)
class Place:
    """A route of one side.

    Attributes:
        number: its place in the file, from 0.
        side: the side that it belongs to.
        service: the service that it is nested in or names.
        route: the route.
        atoms: its atomic matches.
        rank: its place in the order in which routes win, from 0.
    """

    number: int
    side: SideView
    service: Service | None
    route: Route
    atoms: list[Atom]
    rank: int = -1

    @property
    def enabled(self) -> bool:
        """Whether it takes any request."""
        return self.service is None or self.service.enabled

    @property
    def levels(self) -> Iterator[tuple[Policies, str, ModelNode]]:
        """The scopes whose policies act, the most specific first."""
        yield self.route.policies, ROUTE, self.route
        if self.service is not None:
            yield self.service.policies, SERVICE, self.service
        yield self.side.gateway.policies, GATEWAY, self.side.gateway

    def policy(self, name: str) -> Scoped:
        """The policy of one kind that acts; None for its node where it is switched off."""
        for policies, scope, owner in self.levels:
            found = getattr(policies, name)
            if found is not None:
                return Scoped(found if found.enabled else None, scope, owner)
        if name == "transformation" and self.service is not None:
            own = self.service.transformation
            return NOTHING if own is None or not own.enabled else Scoped(own, SERVICE, self.service)
        return NOTHING

    def headers(self, side: str) -> list[tuple[Headers, Operations]]:
        """The changes of headers on one side (`request`, `response`), in their order."""
        found: list[tuple[Headers, Operations]] = []
        transformation = self.service.transformation if self.service is not None else None
        if transformation is not None and transformation.enabled:
            own = transformation.headers
            if own is not None and getattr(own, side) is not None:
                found.append((own, getattr(own, side)))
        for policies, _, _ in self.levels:
            headers = policies.headers
            if headers is not None and (not headers.enabled or getattr(headers, side) is not None):
                if headers.enabled:
                    found.append((headers, getattr(headers, side)))
                break
        return found

    # -- where it leads

    @property
    def upstream(self) -> Upstream | None:
        """The only upstream, None where there are several or none."""
        if self.route.backends:
            return None
        if self.service is not None:
            return self.side.upstream_of(self.service)
        return self.side.named_upstream(self.route.upstream)

    @property
    def backends(self) -> list[tuple[Backend, Upstream | None]]:
        """The upstreams of a route that has several."""
        return [(one, self.side.named_upstream(one.upstream)) for one in self.route.backends]

    @property
    def host_header(self) -> HostHeader:
        """Which `Host` the upstream sees."""
        upstream = self.upstream
        own = self.route.host_header or (upstream.host_header if upstream is not None else None)
        return own or HostHeader()

    def resilience(self, name: str) -> Scoped:
        """`retry` or `timeout`: the policy, else what the upstream says."""
        found = self.policy(name)
        if found is not NOTHING:
            return found
        upstream = self.upstream
        own: Retry | Timeout | None = getattr(upstream, name) if upstream is not None else None
        return Scoped(own, UPSTREAM, upstream) if own is not None else NOTHING


@dataclass(slots=True, eq=False)
class SideView:
    """One side, with what is looked up in it.

    Attributes:
        gateway: the model.
        provider: name of its gateway.
        places: its routes, in the file's order.
        own: the gateways whose own settings can be compared with the other side's.
    """

    gateway: Gateway
    provider: str
    places: list[Place] = field(default_factory=list)
    own: tuple[str, ...] = ()
    _services: dict[str, Service] = field(default_factory=dict)
    _upstreams: dict[str, Upstream] = field(default_factory=dict)
    _certificates: dict[str, Certificate] = field(default_factory=dict)

    @classmethod
    def of(cls, gateway: Gateway, provider: str) -> SideView:
        """The view of a gateway; takes n log n steps for n routes, for their ranks."""
        view = cls(gateway, provider)
        for one in gateway.services:
            if one.name is not None:
                view._services.setdefault(one.name, one)
        for upstream in gateway.upstreams:
            if upstream.name is not None:
                view._upstreams.setdefault(upstream.name, upstream)
        by_route: dict[int, Place] = {}
        for number, (service, route) in enumerate(gateway.walk_routes()):
            own = view.named_service(route.upstream) if service is None else service
            place = Place(number, view, own, route, atoms_of(route))
            view.places.append(place)
            by_route[id(route)] = place
        for rank, candidate in enumerate(ranked(gateway)):
            ranking = by_route[id(candidate.route)]
            if ranking.rank < 0:
                ranking.rank = rank
        return view

    def upstream_of(self, service: Service) -> Upstream | None:
        """The upstream of a service, inline or by its name."""
        own = service.upstream
        return own if isinstance(own, Upstream) else self._upstreams.get(own or "")

    def named_upstream(self, name: str | None) -> Upstream | None:
        """The upstream of a name, or that of the service of that name."""
        if name is None:
            return None
        service = self._services.get(name)
        return self.upstream_of(service) if service is not None else self._upstreams.get(name)

    def named_service(self, name: str | None) -> Service | None:
        """The service of a name."""
        return self._services.get(name) if name is not None else None

    def certificate_text(self, name: str) -> str:
        """The PEM text or the file of a certificate by its name; any other text as it is."""
        if not self._certificates:
            self._certificates = {one.name: one for one in self.gateway.certificates}
        found = self._certificates.get(name)
        return name if found is None else found.certificate or found.certificate_file or name

    @property
    def protocols(self) -> frozenset[str]:
        """What its ports speak; empty where the configuration does not say."""
        return frozenset(one.protocol for one in self.gateway.listeners)

    @property
    def consumers(self) -> list[Consumer]:
        """Those who use it."""
        return self.gateway.consumers
