"""Services (https://developer.konghq.com/gateway/entities/service/): where requests go.

Kong keeps retries, timeouts and the base path at the service. A route that differs in one of them
gets a service of its own that is otherwise the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gal.claims import unwrap
from gal.exporters.kong.backends import Merged, merged
from gal.exporters.kong.breakers import Breakers
from gal.exporters.kong.build import Build, Json, kept, put
from gal.exporters.kong.certificates import Certificates
from gal.exporters.kong.ids import made_id
from gal.exporters.kong.upstreams import upstream_entity
from gal.model import (
    Algorithm,
    CircuitBreaker,
    Duration,
    HealthCheck,
    HostMode,
    LoadBalancer,
    Policies,
    Protocol,
    Retry,
    Route,
    Service,
    Timeout,
    Upstream,
    UpstreamTls,
)

_DEFAULT_TIMEOUT, _DEFAULT_RETRIES, _DEFAULT_PORT = 60000, 5, 80
_MOST_MILLISECONDS, _MOST_RETRIES = 2**31 - 2, 32767
_SECURE = (Protocol.HTTPS,)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a route may need otherwise than its service: Kong has it at the service."""

    connect: int
    send: int
    read: int
    retries: int
    prefix: str = ""
    host: str | None = None
    backends: Merged | None = field(default=None, compare=False)


@dataclass(slots=True)
class Services:
    """All services of the file.

    Attributes:
        build: the file.
        certificates: its certificates.
        upstreams: the model's upstreams by name.
        written: services of the file by the identity of the model's, with what differs.
        models: the model's services by name.
        hosts: upstreams of the file that stand for a nameless one of the model, by its identity.
        names: names of upstreams in the file by those in the model.
        own: services of the file by the identity of the model's.
        by_targets: names of upstreams by their targets.
        of_backends: what the backends of a route have become, by the route's identity.
    """

    build: Build
    certificates: Certificates
    upstreams: dict[str, Upstream] = field(default_factory=dict)
    written: dict[tuple[int, Settings], Json] = field(default_factory=dict)
    models: dict[str, Service] = field(default_factory=dict)
    hosts: dict[int, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    own: dict[int, list[Json]] = field(default_factory=dict)
    by_targets: dict[tuple[object, ...], list[str]] = field(default_factory=dict)
    of_backends: dict[int, Merged] = field(default_factory=dict)
    breakers: Breakers = field(init=False)

    def __post_init__(self) -> None:
        self.breakers = Breakers(self.build)

    def prepare(self) -> None:
        """Write the upstreams that have names, and keep the names of the services."""
        gateway = self.build.gateway
        for service in gateway.services:
            if service.name is not None:
                self.models.setdefault(service.name, service)
        for upstream in gateway.upstreams:
            if upstream.name is not None:
                self.upstreams.setdefault(upstream.name, upstream)
        secured = {
            service.upstream
            for service in gateway.services
            if service.protocol in _SECURE and isinstance(service.upstream, str)
        }
        breakers = self._breakers()
        for name, upstream in self.upstreams.items():
            self.names[name] = self.build.upstream_names.give(name)
            self.by_targets.setdefault(_targets_of(unwrap(upstream)), []).append(name)
            entity = upstream_entity(
                self.names[name],
                upstream,
                self.build,
                self.certificates,
                own_tls=name not in secured,
                circuit_breaker=breakers.get(name),
            )
            self.build.section("upstreams").append(entity)

    def _breakers(self) -> dict[str, CircuitBreaker]:
        found: dict[str, CircuitBreaker] = {}
        for service in self.build.gateway.services:
            policy = self.breakers.of(service)
            if policy is not None and isinstance(service.upstream, str):
                found.setdefault(service.upstream, policy)
        return found

    def write_first(self) -> None:
        """Write the services that no route may make needless: all that come from Kong, and those
        that no route is in or names.
        """
        named = {route.upstream for _, route in self.build.gateway.walk_routes()}
        for service in self.build.gateway.services:
            if self.build.native or not (service.routes or service.name in named):
                self.primary(service)

    def write_rest(self) -> None:
        """Write the services that no route has brought."""
        for service in self.build.gateway.services:
            if not self.all_of(service):
                self.primary(service)

    def primary(self, service: Service) -> Json:
        """The service of the file that stands for one of the model."""
        return self._entity(service, self._settings(service, None))

    def all_of(self, service: Service) -> list[Json]:
        """All services of the file that stand for one of the model."""
        return self.own.get(id(service), [])

    def for_route(self, service: Service | None, route: Route) -> Json | None:
        """The service of the file that a route's requests go to."""
        if service is None and route.upstream is not None:
            service = self.models.get(route.upstream) or self._standing_alone(route.upstream)
            if service is None:
                message = f'there is no service or upstream "{route.upstream}": Kong answers 503'
                self.build.report.dropped(route, "upstream", message, "upstream")
        if service is None and route.backends:
            service = Service(name=route.name, upstream=Upstream())
        if service is None:
            return None
        settings = self._settings(service, route)
        if route.rewrite is not None and route.rewrite.add_prefix is not None:
            settings = replace(settings, prefix=route.rewrite.add_prefix)
        if route.backends:
            found = merged(route, self.upstreams, self.models, self.build, self.certificates)
            settings = replace(settings, host=found.host, backends=found)
            self.of_backends[id(unwrap(route))] = found
        return self._entity(service, settings)

    def upstream_of(self, service: Service | None, route: Route) -> Upstream | None:
        """The upstream of the model that a route's requests go to, the first one of several."""
        if route.backends:
            found = self.of_backends.get(id(unwrap(route)))
            return None if found is None else found.upstream
        if service is None and route.upstream is not None:
            service = self.models.get(route.upstream)
            if service is None:
                return self.upstreams.get(route.upstream)
        if service is None:
            return None
        if isinstance(service.upstream, str):
            return self.upstreams.get(service.upstream)
        return service.upstream

    def _standing_alone(self, name: str) -> Service | None:
        """A service for an upstream that a route names by itself."""
        if name not in self.upstreams:
            return None
        return self.models.setdefault(f"\0{name}", Service(name=name, upstream=name))

    def _settings(self, service: Service, route: Route | None) -> Settings:
        levels: list[Policies] = [] if route is None else [route.policies]
        levels += [service.policies, self.build.gateway.policies]
        upstream = service.upstream
        if isinstance(upstream, str):
            upstream = self.upstreams.get(upstream)
        if upstream is not None:
            levels.append(Policies(timeout=upstream.timeout, retry=upstream.retry))
        timed = (one for one in levels if unwrap(one).timeout is not None)
        retried = (one for one in levels if unwrap(one).retry is not None)
        timeout = next((one.timeout for one in timed), None)
        retry = next((one.retry for one in retried), None)
        whole = self.build.gateway.settings.timeout
        if timeout is None and whole is not None:
            timeout = Timeout(read=whole)
        connect, send, read = self._timeouts(timeout)
        return Settings(connect, send, read, self._retries(retry))

    def _timeouts(self, policy: Timeout | None) -> tuple[int, int, int]:
        if policy is None or not policy.enabled:
            return (_DEFAULT_TIMEOUT,) * 3
        read = policy.read
        if policy.request is not None:
            read = read or policy.request
            message = "Kong limits the time between two reads, not the whole request"
            self.build.report.approximated(policy, "timeout", message, "request")
        return _milliseconds(policy.connect), _milliseconds(policy.send), _milliseconds(read)

    def _retries(self, policy: Retry | None) -> int:
        if policy is None:
            return _DEFAULT_RETRIES
        if not policy.enabled:
            return 0
        if not (policy.on_connection_failure and policy.on_timeout) and policy.attempts:
            message = "Kong tries again after failed connections and after timeouts"
            self.build.report.approximated(policy, "retry", message)
        attempts = policy.attempts
        return attempts if type(attempts) is not int else min(attempts, _MOST_RETRIES)

    def _entity(self, service: Service, settings: Settings) -> Json:
        entity = self.written.get((id(service), settings))
        if entity is None:
            entity = self._new(service, settings)
            self.written[(id(service), settings)] = entity
            self.own.setdefault(id(service), []).append(entity)
            self.build.section("services").append(entity)
        return entity

    def _new(self, service: Service, settings: Settings) -> Json:
        entity: Json = {}
        first = not self.all_of(service)
        own = kept(service.extensions)
        given = own.pop("id", None)
        if given is not None and first:
            entity["id"] = given
        names = self.build.service_names
        if service.name is not None or not first:
            name = service.name or "service"
            entity["name"] = names.give(name) if first else names.make(name)
        elif not self.build.native:
            # decK, which puts files into Kong, asks for names.
            entity["name"] = names.make("service")
        backends = settings.backends
        protocol = self._protocol(service, None if backends is None else backends.protocol)
        put(entity, "protocol", protocol, "http")
        self._address(service, settings, entity)
        base = service.path if backends is None else backends.path
        path = _joined(base, settings.prefix)
        if protocol.startswith("grpc") and path is not None:
            self.build.report.dropped(service, "path", "Kong has no base path for gRPC", "path")
        else:
            put(entity, "path", path)
        put(entity, "connect_timeout", settings.connect, _DEFAULT_TIMEOUT)
        put(entity, "write_timeout", settings.send, _DEFAULT_TIMEOUT)
        put(entity, "read_timeout", settings.read, _DEFAULT_TIMEOUT)
        put(entity, "retries", settings.retries, _DEFAULT_RETRIES)
        put(entity, "enabled", service.enabled, True)
        if service.tags:
            entity["tags"] = list(service.tags)
        entity |= own
        return entity

    def _protocol(self, service: Service, of_backends: Protocol | None) -> str:
        protocol = of_backends or service.protocol
        grpc = service.type.value == "grpc"
        if protocol is Protocol.H2C:
            if not grpc:
                message = "Kong speaks HTTP/1.1 to targets, or gRPC"
                self.build.report.approximated(service, "protocol", message, "protocol")
            return "grpc" if grpc else "http"
        if grpc and protocol in (Protocol.HTTP, Protocol.HTTPS):
            return "grpcs" if protocol is Protocol.HTTPS else "grpc"
        return str(protocol.value)

    def _address(self, service: Service, settings: Settings, entity: Json) -> None:
        upstream = service.upstream
        if settings.host is not None:
            entity["host"] = settings.host
            if settings.backends is not None:
                self._tls(settings.backends.upstream, entity)
            return
        if isinstance(upstream, str):
            entity["host"] = self.names.get(upstream, upstream)
            if upstream not in self.upstreams and not self.build.native:
                message = f'there is no upstream "{upstream}": Kong takes it for a host'
                self.build.report.dropped(service, "upstream", message, "upstream")
            self._tls(self.upstreams.get(upstream), entity)
        elif upstream is None or not upstream.targets:
            entity["host"] = "no-upstream.invalid"
            message = "it has no targets: Kong answers 503"
            self.build.report.dropped(service, "upstream", message)
        else:
            entity["host"] = self._host_of(service, upstream)
            if id(unwrap(upstream)) not in self.hosts:
                put(entity, "port", upstream.targets[0].port, _DEFAULT_PORT)
            self._tls(upstream, entity)

    def _host_of(self, service: Service, upstream: Upstream) -> str:
        """The host, or the name of an upstream of the file, where one target is not all."""
        known = self.hosts.get(id(unwrap(upstream)))
        if known is not None:
            return known
        bare: Upstream = unwrap(upstream)
        for name in self.by_targets.get(_targets_of(bare), ()):
            other = self.upstreams[name]
            if bare == replace(unwrap(other), name=None, tls=bare.tls, origin=bare.origin):
                _ = (upstream.targets, upstream.load_balancer, upstream.health_check)
                self.build.context.claims.claim(upstream)
                self.hosts[id(bare)] = self.names[name]
                return self.names[name]
        breaker = self.breakers.of(service)
        target = upstream.targets[0]
        if self._is_simple(upstream) and breaker is None and target.host not in self.upstreams:
            return f"[{target.host}]" if ":" in target.host else target.host
        name = self.build.upstream_names.give(upstream.name or service.name or "upstream")
        self.hosts[id(bare)] = name
        entity = upstream_entity(
            name,
            upstream,
            self.build,
            self.certificates,
            own_tls=False,
            circuit_breaker=breaker,
        )
        self.build.section("upstreams").append(entity)
        return name

    def _is_simple(self, upstream: Upstream) -> bool:
        header = upstream.host_header
        balancer = upstream.load_balancer
        usual = balancer.algorithm in (Algorithm.ROUND_ROBIN, Algorithm.WEIGHTED)
        plain = usual and not balancer.sticky_sessions
        checks = upstream.health_check
        return (
            len(upstream.targets) == 1
            and (plain or unwrap(balancer) == LoadBalancer())
            and (checks is None or unwrap(checks) == HealthCheck())
            and (header is None or header.mode is not HostMode.REWRITE)
            and not upstream.extensions
        )

    def _tls(self, upstream: Upstream | None, entity: Json) -> None:
        tls = None if upstream is None else upstream.tls
        if tls is None:
            return
        if entity.get("protocol") != "https":
            return
        put(entity, "tls_verify", tls.verify)
        put(entity, "tls_verify_depth", tls.verify_depth)
        if tls.ca_certificates:
            names = [self._authority(tls, name) for name in tls.ca_certificates]
            known = [name for name in names if name is not None]
            if known:
                entity["ca_certificates"] = known
        if tls.client_certificate is not None:
            own = self.certificates.id_of(tls.client_certificate)
            if own is None:
                message = f'there is no certificate "{tls.client_certificate}"'
                self.build.report.dropped(tls, "tls", message, "client_certificate")
            else:
                entity["client_certificate"] = {"id": own}

    def _authority(self, tls: UpstreamTls, name: str) -> str | None:
        if "BEGIN CERTIFICATE" in name:
            own = made_id("ca_certificates", name)
            section = self.build.section("ca_certificates")
            if all(one.get("id") != own for one in section):
                section.append({"id": own, "cert": name})
            return own
        found = self.certificates.id_of(name)
        if found is not None or self.build.native:
            return found or name
        message = f'there is no text of a certificate "{name}"'
        if tls.verify:
            message += ": Kong trusts those of lua_ssl_trusted_certificate (see kong.conf) instead"
        self.build.report.dropped(tls, "tls", message, "ca_certificates")
        return None


def _targets_of(upstream: Upstream) -> tuple[object, ...]:
    return tuple((target.host, target.port) for target in upstream.targets)


def _milliseconds(value: Duration | None) -> int:
    if value is None:
        return _DEFAULT_TIMEOUT
    if value.nanoseconds <= 0:
        return _MOST_MILLISECONDS
    return min(max(1, round(value.in_milliseconds)), _MOST_MILLISECONDS)


def _joined(base: str | None, prefix: str) -> str | None:
    if not prefix:
        return base
    return f"{(base or '').rstrip('/')}/{prefix.lstrip('/')}"
