"""The clusters of services and upstreams.

A cluster is what all requests to it share: targets, TLS, health, and how long a connection may
take. Services or routes that differ in one of these get clusters of their own.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/cluster.proto
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from gal.claims import unwrap
from gal.exporters.envoy import carried_clusters
from gal.exporters.envoy.build import EXTENSION, Json, Outlier, Shared
from gal.exporters.envoy.health_check import endpoint_host, health_checks, outlier
from gal.exporters.envoy.load_balancer import policy
from gal.exporters.envoy.tls import is_address, upstream_socket
from gal.exporters.envoy.values import duration
from gal.ledger import Fate, Level
from gal.model import (
    Duration,
    HostHeader,
    HostMode,
    Protocol,
    Service,
    ServiceType,
    Target,
    Upstream,
)

_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
DEFAULT_CONNECT = Duration(5 * 10**9)
_FOREVER = Duration(86400 * 10**9)
_UNLIMITED = 1_000_000
_SECURE = (Protocol.HTTPS, Protocol.GRPCS)
_HTTP2 = (Protocol.GRPC, Protocol.GRPCS, Protocol.H2C)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a route goes.

    Attributes:
        upstream: the targets.
        protocol: how they are spoken to.
        name: of the service, or of the upstream that a route names.
        service: the service, if there is one.
    """

    upstream: Upstream
    protocol: Protocol
    name: str | None
    service: Service | None


@dataclass(slots=True)
class Patience:
    """How long connections to upstreams may take.

    Attributes:
        said: what clusters say, by the identity of their upstream.
    """

    said: dict[int, set[Duration]] = field(default_factory=dict)


@dataclass(slots=True)
class Directory:
    """Finds services and upstreams by name, and has their clusters in the file.

    Attributes:
        shared: the bootstrap's clusters and reports.
        services: by name.
        upstreams: by name.
        reached: identities of the services and upstreams that a route leads to.
    """

    shared: Shared
    services: dict[str, Service] = field(default_factory=dict)
    upstreams: dict[str, Upstream] = field(default_factory=dict)
    reached: set[int] = field(default_factory=set)
    _names: dict[tuple[object, ...], str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _leading: dict[str, Service] | None = None

    @classmethod
    def of(cls, shared: Shared) -> Directory:
        """The directory of a gateway."""
        directory = cls(shared)
        for service in shared.gateway.services:
            if service.name is not None:
                directory.services.setdefault(service.name, service)
        for upstream in shared.gateway.upstreams:
            if upstream.name is not None:
                directory.upstreams.setdefault(upstream.name, upstream)
        return directory

    def of_service(self, service: Service) -> Destination | None:
        """Where a service's requests go, if it says so."""
        upstream = service.upstream
        name = service.name
        self.reached.add(id(service))
        if isinstance(upstream, str):
            name = upstream
            upstream = self.upstreams.get(upstream)
        if upstream is None:
            return None
        return Destination(upstream, _protocol(service), name, service)

    def named(self, name: str) -> Destination | None:
        """Where a service or an upstream of that name stands, a service first."""
        service = self.services.get(name)
        if service is not None:
            return self.of_service(service)
        upstream = self.upstreams.get(name)
        return None if upstream is None else Destination(upstream, Protocol.HTTP, name, None)

    def cluster_named(self, name: str) -> str:
        """The cluster of a service or upstream of that name. One without targets stands for a name
        that nothing has, so that the file stays sound.
        """
        found = self.named(name)
        if found is not None:
            return self.cluster(found)
        return self.shared.clusters.add({"name": name, "type": "STATIC"})

    def source_cluster(self, name: str, *, grpc: bool = False) -> str:
        """The cluster that carried settings call by its name in the source, spoken to as the
        service says that leads to it. Settings that speak gRPC say so.
        """
        upstream = self.upstreams.get(name)
        if upstream is None:
            return self.cluster_named(name)
        if self._leading is None:
            leading = reversed(self.shared.gateway.services)
            self._leading = {one.upstream: one for one in leading if isinstance(one.upstream, str)}
        service = self._leading.get(name)
        if service is not None:
            protocol = _protocol(service)
        elif upstream.tls is not None:
            protocol = Protocol.GRPCS if grpc else Protocol.HTTPS
        else:
            protocol = Protocol.GRPC if grpc else Protocol.HTTP
        return self.cluster(Destination(upstream, protocol, name, service))

    def cluster(
        self,
        destination: Destination,
        connect: Duration | None = None,
        breaker: Outlier | None = None,
    ) -> str:
        """The name of the cluster, which is in the file from now on.

        Args:
            destination: where it goes.
            connect: how long a connection may take; unset is what the upstream says, else 5 s,
                Envoy's own.
            breaker: when it leaves a target alone, besides the upstream's own passive check.
        """
        waited = connect or _own_connect(destination.upstream) or DEFAULT_CONNECT
        key = (
            id(destination.upstream),
            destination.protocol,
            waited,
            json.dumps([breaker.detection, breaker.error_matcher]) if breaker else "",
        )
        self.reached.add(id(destination.upstream))
        said = self.shared.state(Patience).said
        said.setdefault(id(unwrap(destination.upstream)), set()).add(waited)
        if key not in self._names:
            self._names[key] = self._free(destination)
            cluster = _cluster(self._names[key], destination, waited, breaker, self.shared)
            self.shared.clusters.add(cluster)
        return self._names[key]

    def _free(self, destination: Destination) -> str:
        base = destination.name or destination.upstream.name
        if base is None:
            targets = destination.upstream.targets
            base = f"{targets[0].host}-{targets[0].port}" if targets else "nowhere"
        name, number = base, 1
        while name in self._taken:
            number += 1
            name = f"{base}-{number}"
        self._taken.add(name)
        return name


def host_action(header: HostHeader | None, destination: Destination) -> Json:
    """How Envoy's route or weighted cluster sets `Host`: nothing passes the client's on."""
    if header is None or header.mode is HostMode.PASS:
        return {}
    if header.mode is HostMode.REWRITE:
        return {"host_rewrite_literal": header.value} if header.value else {}
    hosts = {_host(target, destination.protocol) for target in live(destination.upstream)}
    if len(hosts) == 1:
        return {"host_rewrite_literal": hosts.pop()}
    return {"auto_host_rewrite": True}


def live(upstream: Upstream) -> list[Target]:
    """The targets that get requests."""
    return [target for target in upstream.targets if target.weight != 0]


def _protocol(service: Service) -> Protocol:
    if service.type is ServiceType.GRPC and service.protocol is Protocol.HTTP:
        return Protocol.GRPC
    if service.type is ServiceType.GRPC and service.protocol is Protocol.HTTPS:
        return Protocol.GRPCS
    return service.protocol


def _own_connect(upstream: Upstream) -> Duration | None:
    return upstream.timeout.connect if upstream.timeout is not None else None


def _host(target: Target, protocol: Protocol) -> str:
    """A target as `Host` names it: with its port, unless that is the scheme's own."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    own = 443 if protocol in _SECURE else 80
    return host if target.port == own else f"{host}:{target.port}"


def _cluster(
    name: str,
    destination: Destination,
    connect: Duration,
    breaker: Outlier | None,
    shared: Shared,
) -> Json:
    upstream, protocol = destination.upstream, destination.protocol
    targets = live(upstream)
    for target in upstream.targets:
        if target.weight == 0:
            message = "it gets nothing, so it is left out"
            shared.context.report.about(target, Fate.DROPPED, Level.INFO, "targets", message)
            shared.context.claims.claim(target)
    secure, http2 = protocol in _SECURE, protocol in _HTTP2
    cluster: Json = {"name": name}
    if all(is_address(target.host) for target in targets):
        cluster["type"] = "STATIC"
    else:
        cluster["type"] = "STRICT_DNS"
        cluster["dns_lookup_family"] = "V4_PREFERRED"
    if upstream.srv:
        message = "Envoy does not look up SRV records: the names are taken for hosts"
        shared.context.report.approximated(upstream, "upstream", message, "srv")
    cluster["connect_timeout"] = duration(connect if connect.nanoseconds else _FOREVER)
    cluster |= policy(upstream, targets, shared)
    cluster["common_lb_config"] = _common(upstream, targets, shared)
    # Envoy lets 1024 requests through at a time, and 3 attempts; no other gateway has such limits.
    limits = ("max_connections", "max_pending_requests", "max_requests", "max_retries")
    cluster["circuit_breakers"] = {"thresholds": [dict.fromkeys(limits, _UNLIMITED)]}
    check_host = _check_host(upstream, targets, protocol, name)
    cluster |= health_checks(upstream, check_host, secure, http2, shared)
    detection, matcher = outlier(upstream.health_check, shared)
    if breaker is not None:
        detection, matcher = {"outlier_detection": breaker.detection}, breaker.error_matcher
    cluster |= detection
    endpoints = _endpoints(upstream, targets, protocol, check_host)
    cluster["load_assignment"] = {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]}
    if secure:
        cluster["transport_socket"] = upstream_socket(upstream, targets, shared)
    elif upstream.tls is not None:
        message = "no TLS is done with this protocol"
        shared.context.report.approximated(upstream, "upstream_tls", message, "tls")
        shared.context.claims.claim(upstream.tls)
    if http2 or matcher is not None:
        cluster["typed_extension_protocol_options"] = {_HTTP_OPTIONS: _http(http2, matcher)}
    return carried_clusters.settle(cluster, upstream, shared)


def _http(http2: bool, matcher: Json | None) -> Json:
    version = "http2_protocol_options" if http2 else "http_protocol_options"
    found: Json = {
        "@type": EXTENSION + "upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {version: {}},
    }
    if matcher is not None:
        found["outlier_detection"] = {"error_matcher": matcher}
    return found


def _common(upstream: Upstream, targets: list[Target], shared: Shared) -> Json:
    """Unhealthy targets get nothing, even if all are (Envoy would have all of them try again), and
    changes of health act at once.
    """
    health = upstream.health_check
    least = health.minimum_healthy_percent if health is not None else 0
    found: Json = {"healthy_panic_threshold": {"value": least}, "update_merge_window": "0s"}
    if least:
        found["zone_aware_lb_config"] = {"fail_traffic_on_panic": True}
        if health is not None and len({target.weight for target in targets}) > 1:
            message = "Envoy counts healthy targets, not their weights"
            field_name = "minimum_healthy_percent"
            shared.context.report.approximated(health, "health_check", message, field_name)
    return found


def _fixed_host(upstream: Upstream) -> str | None:
    header = upstream.host_header
    if header is None or header.mode is not HostMode.REWRITE:
        return None
    return header.value or None


def _check_host(upstream: Upstream, targets: list[Target], protocol: Protocol, name: str) -> str:
    fixed = _fixed_host(upstream)
    if fixed is not None:
        return fixed
    return _host(targets[0], protocol) if targets else name


def _endpoints(
    upstream: Upstream, targets: list[Target], protocol: Protocol, check_host: str
) -> list[Json]:
    endpoints = [_endpoint(one, targets, protocol) for one in targets]
    if _fixed_host(upstream) is None:
        for target, endpoint in zip(targets, endpoints, strict=True):
            asked = _host(target, protocol)
            endpoint["endpoint"] |= endpoint_host(upstream, asked, check_host)
    return endpoints


def _endpoint(target: Target, targets: list[Target], protocol: Protocol) -> Json:
    address = {"address": target.host.strip("[]"), "port_value": target.port}
    endpoint: Json = {"address": {"socket_address": address}}
    if len(targets) > 1:
        endpoint["hostname"] = _host(target, protocol)
    found: Json = {"endpoint": endpoint}
    if len(targets) > 1:
        found["load_balancing_weight"] = target.weight
    return found
