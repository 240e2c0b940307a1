"""The whole configuration of one gateway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from gal.model.consumer import Consumer, ScopedPolicies
from gal.model.node import Extensions, ModelNode
from gal.model.policies import Policies
from gal.model.route import Route
from gal.model.service import Service
from gal.model.upstream import Certificate, Upstream
from gal.model.values import Duration

VERSION = "1.0"


class RouteOrder(str, Enum):
    """Whose rules decide between routes that both take a request (see `gal.ranking`)."""

    GAL = "gal"
    KONG = "kong"
    APISIX = "apisix"
    TRAEFIK = "traefik"
    ENVOY = "envoy"


@dataclass(slots=True)
class Global(ModelNode):
    """Settings of the gateway as a whole.

    Attributes:
        host: address that it listens on.
        port: port for plain HTTP.
        admin_port: port of its administration, on the loopback address; unset leaves it out.
        timeout: for whole requests, unless a policy says otherwise.
        route_order: whose rules decide between routes that both take a request.
    """

    host: str = "0.0.0.0"
    port: int = 10000
    admin_port: int | None = None
    timeout: Duration | None = None
    route_order: RouteOrder = RouteOrder.GAL


@dataclass(slots=True)
class Listener(ModelNode):
    """A port that the gateway listens on.

    Attributes:
        name: unique.
        host: address.
        port: port.
        protocol: `http` or `https`.
        certificates: names of the certificates that are shown; empty means all that have server
            names.
    """

    name: str
    host: str = "0.0.0.0"
    port: int = 10000
    protocol: str = "http"
    certificates: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Gateway(ModelNode):
    """The whole configuration of one gateway.

    Attributes:
        version: of GAL's format, "1.0".
        provider: the gateway that `gal generate` writes for.
        settings: in YAML `global`.
        listeners: its ports; none means one for plain HTTP from `global`, and one for HTTPS where
            certificates are given.
        services: what stands behind it.
        routes: routes outside of services.
        upstreams: sets of targets that services and routes name.
        consumers: those who use it.
        policies: for all requests.
        scoped_policies: for a consumer on a certain service or route.
        certificates: shown to clients and to targets, and trusted authorities.
        extensions: what only one provider can say.
    """

    version: str = VERSION
    provider: str | None = None
    settings: Global = field(default_factory=Global)
    listeners: list[Listener] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    upstreams: list[Upstream] = field(default_factory=list)
    consumers: list[Consumer] = field(default_factory=list)
    policies: Policies = field(default_factory=Policies)
    scoped_policies: list[ScopedPolicies] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)
    extensions: Extensions = field(default_factory=dict)

    def certificates_of_upstreams(self) -> frozenset[str]:
        """Names of the certificates that targets are shown, or that they are checked with."""
        inline = [one.upstream for one in self.services if isinstance(one.upstream, Upstream)]
        found: set[str] = set()
        for upstream in (*self.upstreams, *inline):
            if upstream.tls is not None:
                found.update(upstream.tls.ca_certificates)
                found.update(filter(None, [upstream.tls.client_certificate]))
        return frozenset(found)

    def walk_routes(self) -> Iterator[tuple[Service | None, Route]]:
        """Every route with the service that it is nested in, if any, in the file's order."""
        for service in self.services:
            for route in service.routes:
                yield service, route
        for route in self.routes:
            yield None, route
