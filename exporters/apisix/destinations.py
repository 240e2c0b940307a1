"""Where requests go: services, upstreams, and several upstreams with weights
(https://apisix.apache.org/docs/apisix/terminology/upstream/).

How an upstream is asked (scheme, retries, Host) is the upstream's own matter in APISIX: a route
that wants it otherwise gets an upstream that is otherwise the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gal.claims import unwrap
from gal.exporters.apisix.build import RouteBuild, Shared
from gal.exporters.apisix.certificates import Certificates
from gal.exporters.apisix.plugin import Json, below, differs, kept, labels, native, note, put
from gal.exporters.apisix.upstreams import Manner, retries, scheme_of, upstream_entity
from gal.model import (
    Backend,
    Extensions,
    HostMode,
    Policies,
    Protocol,
    Service,
    ServiceType,
    Upstream,
)

SPLIT = "traffic-split"
_REWRITE = "proxy-rewrite"


@dataclass(slots=True)
class Written:
    """A service of the model in the file.

    Attributes:
        entity: APISIX's service; None where its routes name the upstream themselves.
        manner: how its upstream is asked.
    """

    entity: Json | None
    manner: Manner


@dataclass(slots=True)
class Destinations:
    """All services and upstreams of the file.

    Attributes:
        shared: the file.
        certificates: those that upstreams are shown.
        upstreams: the model's upstreams by name.
        services: the model's services by name.
        written: services of the file, by the identity of the model's.
    """

    shared: Shared
    certificates: Certificates
    upstreams: dict[str, Upstream] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    written: dict[int, Written] = field(default_factory=dict)
    _ids: dict[tuple[int, Manner], str] = field(default_factory=dict)
    _usual: dict[int, Manner] = field(default_factory=dict)
    _parts: set[str] = field(default_factory=set)
    _first: set[int] = field(default_factory=set)

    def prepare(self) -> None:
        """Write the upstreams that have names, and all services."""
        gateway = self.shared.gateway
        for owner, route in unwrap(gateway).walk_routes():
            own = None if owner is None else owner.name
            self._parts |= {one.upstream for one in route.backends if one.upstream != own}
        for service in gateway.services:
            if service.name is not None:
                self.services.setdefault(service.name, service)
        for upstream in gateway.upstreams:
            if upstream.name is not None:
                self.upstreams.setdefault(upstream.name, upstream)
        self._learn_manners()
        for upstream in self.upstreams.values():
            if not self._is_copied_to(upstream):
                self._id(upstream, self._usual_of(upstream), upstream.name or "upstream")
        for service in gateway.services:
            self.written[id(unwrap(service))] = self._write(service)

    def _learn_manners(self) -> None:
        """A named upstream is asked as the first service asks it."""
        for service in self.shared.gateway.services:
            found = self._upstream(service)
            if not isinstance(service.upstream, str) or found is None:
                continue
            if unwrap(service).routes or not self._is_made_for_copies(found):
                manner = self._manner(found, service.protocol, service.type)
                self._usual.setdefault(id(unwrap(found)), manner)

    def _is_made_for_copies(self, upstream: Upstream) -> bool:
        """Whether the importer made it of an address that copies go to, which a plugin says."""
        bare: Upstream = unwrap(upstream)
        return native(self.shared) and bare.retry is None and bare.timeout is None

    def _is_copied_to(self, upstream: Upstream) -> bool:
        if self._is_made_for_copies(upstream) and id(unwrap(upstream)) not in self._usual:
            self.shared.context.claims.claim(upstream)
            return True
        return False

    def _upstream(self, service: Service) -> Upstream | None:
        if isinstance(service.upstream, str):
            return self.upstreams.get(service.upstream)
        return service.upstream

    def _usual_of(self, upstream: Upstream) -> Manner:
        manner = self._usual.get(id(unwrap(upstream)))
        return manner or self._manner(upstream, Protocol.HTTP, ServiceType.REST)

    def _manner(self, upstream: Upstream, protocol: Protocol, kind: ServiceType) -> Manner:
        return Manner(scheme_of(protocol, kind), retries(upstream.retry, self.shared))

    def _id(self, upstream: Upstream, manner: Manner, wanted: str) -> str:
        """The id of an upstream that is asked in a certain manner."""
        key = (id(unwrap(upstream)), manner)
        if key not in self._ids:
            given = kept(upstream.extensions)
            first = key[0] not in self._first
            self._first.add(key[0])
            label = str(given.get("id", wanted)) if first else wanted
            identity = self.shared.id_for("upstreams", label)
            entity: Json = {"id": identity}
            name = given.get("name", wanted)
            if first:
                put(entity, "name", name, identity)
            self._ids[key] = identity
            made = upstream_entity(upstream, manner, self.certificates, self.shared)
            self.shared.section("upstreams").append(entity | made)
        return self._ids[key]

    def _write(self, service: Service) -> Written:
        shared = self.shared
        upstream = self._upstream(service)
        if service.protocol is Protocol.H2C and service.type is not ServiceType.GRPC:
            message = "APISIX speaks HTTP/1.1 to targets, or gRPC"
            differs(shared, service, "protocol", message, "protocol")
        if upstream is None:
            manner = Manner(scheme_of(service.protocol, service.type))
        else:
            manner = self._manner(upstream, service.protocol, service.type)
        if isinstance(service.upstream, str) and upstream is None:
            message = f'there is no upstream "{service.upstream}": APISIX answers 503'
            shared.context.report.dropped(service, "upstream", message, "upstream")
        if self._is_made(service):
            return Written(None, manner)
        values = kept(service.extensions)
        wanted = service.name or "service"
        identity = shared.id_for("services", str(values.pop("id", wanted)))
        entity: Json = {"id": identity}
        put(entity, "name", values.pop("name", service.name), identity)
        if upstream is not None:
            entity |= self.reference(service, upstream, manner)
        put(entity, "labels", labels(list(service.tags)), {})
        entity |= values
        shared.section("services").append(entity)
        return Written(entity, manner)

    def _is_made(self, service: Service) -> bool:
        """Whether a service says nothing that the route and its upstream do not say: the importer
        makes such a one for routes without a service.
        """
        bare: Service = unwrap(service)
        if bare.policies != Policies() or bare.extensions or bare.tags:
            return False
        if bare.upstream is None or not bare.enabled or bare.transformation is not None:
            return False
        if not bare.routes:
            named = isinstance(bare.upstream, str) and bare.name == f"{bare.upstream}-service"
            return named and native(self.shared)
        if bare.name is None:
            return isinstance(bare.upstream, str) or len(bare.routes) == 1
        route = bare.routes[0]
        label = bare.upstream if isinstance(bare.upstream, str) else route.name or route.id
        return bare.name == f"{label}-service" and (
            isinstance(bare.upstream, str) or len(bare.routes) == 1
        )

    def reference(self, service: Service | None, upstream: Upstream, manner: Manner) -> Json:
        """How a service or route names its upstream: by its id, or with all of it."""
        inline = service is not None and not isinstance(service.upstream, str)
        if inline and service is not None and service.name in self._parts:
            return {"upstream_id": self._id(upstream, manner, _label(service, upstream))}
        if inline or upstream.name is None:
            entity: Json = {}
            put(entity, "name", kept(upstream.extensions).get("name", upstream.name))
            made = upstream_entity(upstream, manner, self.certificates, self.shared)
            return {"upstream": entity | made}
        return {"upstream_id": self._id(upstream, manner, upstream.name)}

    def owner(self, build: RouteBuild) -> tuple[Service | None, Upstream | None]:
        """The service and the upstream that a route's requests go to."""
        service, route = build.service, build.route
        if service is not None:
            return service, self._upstream(service)
        if route.upstream is None:
            return None, None
        found = self.upstreams.get(route.upstream)
        if found is None:
            message = f'there is no service or upstream "{route.upstream}": APISIX answers 503'
            self.shared.context.report.dropped(route, "upstream", message, "upstream")
        return None, found

    def place(self, build: RouteBuild, entity: Json) -> None:
        """Say in a route of APISIX where its requests go."""
        service, upstream = self.owner(build)
        written = None if service is None else self.written.get(id(unwrap(service)))
        if written is not None and written.entity is not None:
            entity["service_id"] = written.entity["id"]
        if upstream is not None:
            usual = written.manner if written is not None else self._usual_of(upstream)
            manner = self._wanted(build, upstream, usual)
            if written is None or written.entity is None or manner != usual:
                entity |= self.reference(service, upstream, manner)
        if build.route.backends:
            self._split(build, service, upstream, entity)

    def _wanted(self, build: RouteBuild, upstream: Upstream, usual: Manner) -> Manner:
        """How a route wants its upstream to be asked."""
        manner = usual
        policy = build.scopes.find(lambda policies: policies.retry)
        levels = build.scopes.levels
        if policy is not None:
            manner = replace(manner, retries=retries(policy, self.shared))
        elif any(unwrap(one).retry is not None for one in levels):
            manner = replace(manner, retries=0)
        own = HostMode.PASS if upstream.host_header is None else upstream.host_header.mode
        host = build.host_mode
        if "host" in build.plugins.get(_REWRITE, {}):
            host = HostMode.PASS
        if host is HostMode.REWRITE or (host is not None and host is not own):
            manner = replace(manner, mode=host, host=build.host)
        return manner

    def _split(
        self, build: RouteBuild, service: Service | None, upstream: Upstream | None, entity: Json
    ) -> None:
        """Several upstreams with weights."""
        found: list[Json] = []
        for backend in build.route.backends:
            item = self._backend(build, backend, service)
            if item is None:
                message = f'there is no service or upstream "{backend.upstream}"'
                self.shared.context.report.dropped(backend, "backends", message, "upstream")
                continue
            found.append(item | {"weight": backend.weight})
        if upstream is None and service is None:
            first = next((one for one in found if "upstream_id" in one), None)
            if first is not None:
                entity["upstream_id"] = first["upstream_id"]
        weights = [one["weight"] for one in found]
        if not found or not any(weights):
            message = "no upstream has a share of the requests"
            self.shared.context.report.dropped(build.route, "backends", message, "backends")
            return
        config: Json = {"rules": [{"weighted_upstreams": found}]}
        meta = below(kept(build.route.extensions), "_meta")
        if meta:
            config["_meta"] = meta
        build.plugins[SPLIT] = config

    def _backend(self, build: RouteBuild, backend: Backend, own: Service | None) -> Json | None:
        """One of several upstreams, as `traffic-split` names it."""
        service = self.services.get(backend.upstream)
        if service is None:
            upstream = self.upstreams.get(backend.upstream)
            if upstream is None:
                return None
            usual = self._usual_of(upstream)
            return self._shared(upstream, self._wanted(build, upstream, usual), backend.upstream)
        if own is not None and unwrap(service) is unwrap(own):
            return {}
        upstream = self._upstream(service)
        if upstream is None:
            return None
        if service.path not in (None, "/"):
            message = "the base path of a service has no effect where it is one of several"
            note(self.shared, backend, "backends", message, "upstream")
        manner = self._manner(upstream, service.protocol, service.type)
        wanted = self._wanted(build, upstream, manner)
        return self._shared(upstream, wanted, _label(service, upstream))

    def _shared(self, upstream: Upstream, manner: Manner, wanted: str) -> Json:
        return {"upstream_id": self._id(upstream, manner, upstream.name or wanted)}


def _label(service: Service, upstream: Upstream) -> str:
    """A name for a service's upstream that stands by itself."""
    return upstream.name or f"{service.name}-upstream"


def carried_of(extensions: Extensions) -> Json:
    """What a route of APISIX had that the model does not say, as fields of the route."""
    values = kept(extensions)
    for key in ("uris", "hosts", "each_header", "each_parameter", SPLIT, "_meta"):
        values.pop(key, None)
    return values
