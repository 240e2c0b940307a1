"""Services, upstreams and routes put together (https://apisix.apache.org/docs/apisix/terminology/
service/): which routes go where.

In the model a service says how its targets are spoken to; in APISIX the upstream does. So each
upstream that routes use without a service becomes a service of its own.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.importers.apisix.certificates import Certificates, Names
from gal.importers.apisix.fields import Kept, carry, carry_idle, extensions, take_labels
from gal.importers.apisix.upstreams import Backing, read_upstream
from gal.ledger import Fate, Level
from gal.model import Gateway, Origin, Policies, Protocol, Route, Service, ServiceType, Upstream

if TYPE_CHECKING:
    from gal.importers.apisix.file import Entity, File
    from gal.reading import Mapping

_NAMES = {"upstream": "upstream", "protocol": "upstream.scheme", "type": "upstream.scheme"}
_BY_ID = {"upstream": "upstream_id"}
_GRPC = (Protocol.GRPC, Protocol.GRPCS)
STREAM = "this upstream takes connections, not HTTP requests"


@dataclass(slots=True)
class Served:
    """A service of the input as the model has it.

    Attributes:
        model: the service; its upstream is unset where it has none.
        hosts: for routes that have none.
        unsaid: why its routes cannot be routes of the model, if so.
    """

    model: Service
    hosts: list[str]
    unsaid: str | None = None


@dataclass(slots=True)
class Assembly:
    """What routes are put into.

    Attributes:
        file: the input.
        gateway: gets services, upstreams and routes.
        certificates: the model's certificates.
        names: of services and upstreams, which share one space.
        upstreams: upstreams of their own, by entity.
        services: by entity.
        by_upstream: the services made for upstreams, by the upstream's entity.
        kept: upstreams that plugins hold.
        by_name: upstreams of their own, by name.
    """

    file: File
    gateway: Gateway
    certificates: Certificates
    names: Names = field(default_factory=Names)
    upstreams: dict[int, Backing] = field(default_factory=dict)
    services: dict[int, Served] = field(default_factory=dict)
    by_upstream: dict[int, Service] = field(default_factory=dict)
    kept: list[Backing] = field(default_factory=list)
    by_name: dict[str, Upstream] = field(default_factory=dict)

    def read_upstreams(self) -> None:
        """All upstreams that stand by themselves."""
        for number, entity in enumerate(self.file.of("upstreams"), 1):
            given = entity.node.peek("name")
            label = entity.id or (given.as_str() if given is not None else f"upstream-{number}")
            name = self.names.unique(label, "upstream")
            backing = read_upstream(entity.node, self.file.report, self.certificates, name)
            self.upstreams[id(entity)] = backing
            self.by_name[name] = backing.upstream
            if entity.id is not None and entity.id != name:
                backing.upstream.extensions.setdefault("apisix", {})["id"] = entity.id
            if backing.protocol is None:
                entity.node.take_all()
                self._keep("upstreams", entity.node, STREAM)
            else:
                self.gateway.upstreams.append(backing.upstream)

    def read_services(self) -> None:
        """All services, without routes and plugins."""
        for number, entity in enumerate(self.file.of("services"), 1):
            served = self._service(entity, number)
            self.services[id(entity)] = served
            if served.unsaid is None:
                self.gateway.services.append(served.model)

    def _service(self, entity: Entity, number: int) -> Served:
        node, report = entity.node, self.file.report
        node.mark("id")
        given = node.take_str("name")
        name = self.names.unique(given or entity.id or f"service-{number}", "service")
        kept: dict[str, Any] = {} if entity.id in (None, name) else {"id": entity.id}
        if given is not None and given != name:
            kept["name"] = given
        kept.update(carry_idle(node, report))
        websocket = Kept("enable_websocket", False, Level.INFO, "others upgrade without being told")
        script = Kept("script", message="only APISIX runs this script")
        kept.update(carry(node, report, "service", websocket, script))
        several = Kept("upstreams", message="further upstreams, which only plugins of APISIX name")
        prefixes = (
            Kept("path_prefix", message="APISIX itself knows no prefix of a whole service"),
            Kept("strip_path_prefix", True, Level.INFO),
        )
        kept.update(carry(node, report, "upstream", several, *prefixes))
        model = Service(
            name,
            tags=take_labels(node),
            policies=Policies(origin=Origin(node, {})),
            extensions=extensions(kept),
            origin=Origin(node, _BY_ID if node.peek("upstream") is None else _NAMES),
        )
        served = Served(model, node.take_strings("hosts") or [])
        backing, own = self._backing(node, None)
        if backing is not None:
            if backing.protocol is None:
                served.unsaid = STREAM
            else:
                _serve(model, backing, own)
        return served

    def _backing(self, node: Mapping, name: str | None) -> tuple[Backing | None, bool]:
        """What an object names by `upstream_id` or holds as `upstream`, and which of them."""
        found = self.file.find("upstreams", node, "upstream_id")
        inline = node.take_mapping("upstream")
        if found is not None:
            if inline is not None:
                inline.take_all()
                message = '"upstream_id" decides over this'
                self.file.report.at(inline, Fate.DROPPED, Level.INFO, "upstream", message)
            return self.upstreams[id(found)], False
        if inline is None:
            return None, False
        return read_upstream(inline, self.file.report, self.certificates, name), True

    def place(self, entity: Entity, route: Route, service: Entity | None) -> Service | str | None:
        """Put a route where it belongs.

        Returns:
            The service that it stands in, None for none, or why it cannot stand anywhere.
        """
        backing, own = self._backing(entity.node, None)
        if backing is not None and backing.protocol is None:
            return STREAM
        served = self.services[id(service)] if service is not None else None
        if served is not None:
            if not route.hosts and served.hosts:
                route.hosts = list(served.hosts)
            if backing is None:
                if served.unsaid is not None:
                    return served.unsaid
                served.model.routes.append(route)
                return served.model
            return self._variant(served.model, backing, own, route)
        if backing is None:
            self.gateway.routes.append(route)
            return None
        return self._alone(entity, backing, own, route)

    def _variant(self, model: Service, backing: Backing, own: bool, route: Route) -> Service:
        """A copy of a service for a route that goes to another upstream."""
        copy = Service(
            self.names.unique(f"{model.name}-{route.name or route.id or 'route'}", "service"),
            policies=deepcopy(model.policies),
            origin=route.origin,
        )
        _serve(copy, backing, own)
        copy.routes.append(route)
        self.gateway.services.append(copy)
        return copy

    def _alone(self, entity: Entity, backing: Backing, own: bool, route: Route) -> Service:
        key = id(backing)
        service = None if own else self.by_upstream.get(key)
        if service is None:
            label = route.name or route.id if own else backing.upstream.name
            name = self.names.unique(f"{label}-service", "service") if label else None
            service = Service(name, origin=Origin(entity.node, _BY_ID if not own else _NAMES))
            _serve(service, backing, own)
            self.gateway.services.append(service)
            if not own:
                self.by_upstream[key] = service
        service.routes.append(route)
        return service

    def add_upstream(self, node: Mapping, name: str) -> str | None:
        """An upstream that a plugin holds; the name to refer to it, None for no HTTP."""
        made = self.names.unique(name, "upstream")
        return self.refer(read_upstream(node, self.file.report, self.certificates, made))

    def named_upstream(self, entity: Entity) -> str | None:
        """The name to refer to an upstream by that a plugin names; None for no HTTP."""
        return self._referred(self.upstreams[id(entity)])

    def refer(self, backing: Backing) -> str | None:
        """The name to refer to a new upstream by; None for no HTTP."""
        if backing.protocol is not None:
            self.kept.append(backing)
            self.gateway.upstreams.append(backing.upstream)
        return self._referred(backing)

    def _referred(self, backing: Backing) -> str | None:
        """Where an upstream is not spoken to by plain HTTP, a service says so."""
        if backing.protocol in (None, Protocol.HTTP):
            return None if backing.protocol is None else backing.upstream.name
        service = self.by_upstream.get(id(backing))
        if service is None:
            name = self.names.unique(f"{backing.upstream.name}-service", "service")
            service = Service(name, origin=backing.upstream.origin)
            _serve(service, backing, False)
            self.gateway.services.append(service)
            self.by_upstream[id(backing)] = service
        return service.name

    def name_of(self, service: Service) -> str:
        """The name to refer to a service by; it gets one if it has none."""
        if service.name is None:
            service.name = self.names.unique("service", "service")
        return service.name

    def _keep(self, kind: str, node: Mapping, message: str) -> None:
        kept = self.gateway.extensions.setdefault("apisix", {}).setdefault(kind, [])
        kept.append(node.plain())
        self.file.report.at(node, Fate.CARRIED, Level.WARNING, kind, message)


def _serve(service: Service, backing: Backing, own: bool) -> None:
    protocol = backing.protocol or Protocol.HTTP
    service.protocol = protocol
    service.type = ServiceType.GRPC if protocol in _GRPC else ServiceType.REST
    upstream: Upstream = backing.upstream
    service.upstream = upstream if own else upstream.name
