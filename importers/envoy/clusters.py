"""Clusters as upstreams, with a service where they are not spoken to by plain HTTP.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/cluster.proto
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.importers.envoy.carried import carry, keep, quiet
from gal.importers.envoy.endpoints import Endpoints, read_assignment, read_hosts
from gal.importers.envoy.filter_chains import is_plain
from gal.importers.envoy.health_check import health_check
from gal.importers.envoy.load_balancer import load_balancer
from gal.importers.envoy.names import Names
from gal.importers.envoy.outlier_detection import outlier_detection
from gal.importers.envoy.protocol_options import ProtocolOptions, protocol_options
from gal.importers.envoy.tls import Certificates, tls_context, upstream_tls
from gal.importers.envoy.values import take_duration, take_enum, take_flag, take_percent
from gal.ledger import Fate, Level
from gal.model import (
    Algorithm,
    CircuitBreaker,
    Duration,
    Gateway,
    HashKey,
    HashSource,
    HealthCheck,
    Origin,
    Protocol,
    Retry,
    Service,
    ServiceType,
    Timeout,
    Upstream,
)
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.envoy.sources import Sources
    from gal.ledger import Reporter

_FEATURE = "upstream"
_TYPES = ("STATIC", "STRICT_DNS", "LOGICAL_DNS", "EDS", "ORIGINAL_DST")
_DEFAULT_CONNECT = Duration.seconds(5)
_SECURE = {False: Protocol.HTTP, True: Protocol.HTTPS}
_SECURE_HTTP2 = {False: Protocol.H2C, True: Protocol.GRPCS}
_UNLIMITED = 1_000_000
_NAMES = {
    "targets": "load_assignment",
    "timeout": "connect_timeout",
    "load_balancer": "lb_policy",
    "health_check": "health_checks",
    "tls": "transport_socket",
}
_QUIET = quiet(
    *("alt_stat_name", "per_connection_buffer_limit_bytes", "max_requests_per_connection"),
    *("dns_refresh_rate", "dns_jitter", "dns_failure_refresh_rate", "respect_dns_ttl"),
    *("dns_lookup_family", "dns_resolvers", "use_tcp_for_dns_lookups", "dns_resolution_config"),
    *("typed_dns_resolver_config", "wait_for_warm_on_init", "cleanup_interval", "metadata"),
    *("upstream_connection_options", "close_connections_on_host_health_failure"),
    *("ignore_health_on_host_removal", "lrs_server", "lrs_report_endpoint_metrics"),
    *("track_timeout_budgets", "track_cluster_stats", "preconnect_policy"),
    *("connection_pool_per_downstream_connection", "drain_connections_on_host_removal"),
    *("stats_matcher", "per_connection_buffer_high_watermark_timeout", "queuing_policies"),
)
_TABLE = {
    **_QUIET,
    "upstream_bind_config": "which address the gateway connects from",
    "transport_socket_matches": "targets are spoken to differently, by their metadata",
    "transport_socket_matcher": "targets are spoken to differently",
    "transport_socket": "only Envoy speaks this transport",
    "cluster_type": "only Envoy knows this kind of cluster",
    "filters": "network filters before the targets",
    "upstream_config": "an extension sends the requests",
}
_COMMON = {
    **quiet("update_merge_window", "ignore_new_hosts_until_first_hc"),
    **quiet("close_connections_on_host_set_change", "consistent_hashing_lb_config"),
    "zone_aware_lb_config": "near targets come first",
    "override_host_status": "when a target is chosen by a cookie in spite of its health",
}


@dataclass(slots=True)
class Backing:
    """A cluster in the model.

    Attributes:
        upstream: its targets.
        protocol: how they are spoken to.
        connect: how long a connection may take.
        hostnames: `Host` where the cluster sets it, by address.
        breaker: a circuit breaker of the routes that go here.
        node: the cluster.
        referred: names of the services or upstreams by what routes hash.
    """

    upstream: Upstream
    protocol: Protocol
    connect: Duration
    hostnames: dict[tuple[str, int], str]
    breaker: CircuitBreaker | None
    node: Mapping
    referred: dict[tuple[Any, ...], str] = field(default_factory=dict)

    @property
    def hashes(self) -> bool:
        """Whether it looks at what routes hash."""
        return self.upstream.load_balancer.algorithm is Algorithm.HASH


@dataclass(slots=True)
class Directory:
    """Clusters by name, as services and upstreams of the model.

    Attributes:
        sources: the input.
        gateway: gets services and upstreams.
        certificates: the model's certificates.
    """

    sources: Sources
    gateway: Gateway
    certificates: Certificates
    _backings: dict[str, Backing] = field(default_factory=dict)
    _names: Names = field(default_factory=Names)

    @property
    def report(self) -> Reporter:
        """Where differences go."""
        return self.sources.report

    def read(self) -> None:
        """All clusters of the input."""
        self._names.taken.update(self.sources.clusters)
        for name, node in self.sources.clusters.items():
            backing = self._backings[name] = _Reader(self, name, node).read()
            self.gateway.upstreams.append(backing.upstream)
        for name, node in self.sources.endpoints.items():
            if not len(node.taken) or "endpoints" not in node.taken:
                node.take_all()
                message = f'no cluster takes the endpoints of "{name}"'
                self.report.at(node, Fate.DROPPED, Level.INFO, "targets", message)

    def backing(self, cluster: str) -> Backing | None:
        """A cluster; None where the input has none of that name."""
        return self._backings.get(cluster)

    def upstream_of(self, cluster: str) -> str:
        """The name by which the model refers to a cluster."""
        return self.refer(cluster, None)

    def refer(self, cluster: str, keys: Sequence[HashKey] | None) -> str:
        """The same for a route that hashes `keys`; None does not care."""
        backing = self._backings.get(cluster)
        if backing is None:
            return cluster
        mark: tuple[Any, ...] = ()
        if keys is not None and backing.hashes:
            mark = ("hash", *((key.source, key.name, key.cookie_path) for key in keys))
        known = backing.referred
        if mark in known:
            return known[mark]
        if not mark and known:
            return next(iter(known.values()))
        upstream = backing.upstream
        if mark and known and known.keys() != {()}:
            upstream = deepcopy(upstream)
            upstream.name = self.unique(cluster)
            self.gateway.upstreams.append(upstream)
        elif () in known:
            known[mark] = known.pop(())
        if mark:
            _hash_on(upstream, list(keys or ()))
        if mark not in known:
            known[mark] = self._name(upstream, backing.protocol)
        return known[mark]

    def unique(self, label: str) -> str:
        """A name that neither a service nor an upstream has."""
        return self._names.unique(label)

    def _name(self, upstream: Upstream, protocol: Protocol) -> str:
        """The upstream's name, or that of a service that says how it is spoken to."""
        name = upstream.name or ""
        if protocol is Protocol.HTTP:
            return name
        service = Service(
            self.unique(f"{name}-service"),
            type=ServiceType.GRPC if protocol is Protocol.GRPCS else ServiceType.REST,
            protocol=protocol,
            upstream=name,
            origin=upstream.origin,
        )
        self.gateway.services.append(service)
        return service.name or ""

    def speaks_grpc(self, cluster: str) -> None:
        """Note that gRPC requests go to a cluster."""
        backing = self._backings.get(cluster)
        if backing is None or backing.protocol is not Protocol.H2C:
            return
        backing.protocol = Protocol.GRPC
        names = set(backing.referred.values())
        for service in self.gateway.services:
            if service.name in names:
                service.protocol, service.type = Protocol.GRPC, ServiceType.GRPC


def _hash_on(upstream: Upstream, keys: list[HashKey]) -> None:
    balancer = upstream.load_balancer
    balancer.hash_on = keys
    if not keys:
        balancer.algorithm = Algorithm.RANDOM
        balancer.slots = None
    elif [key.source for key in keys] == [HashSource.IP_ADDRESS]:
        balancer.algorithm, balancer.hash_on = Algorithm.IP_HASH, []


@dataclass(slots=True)
class _Reader:
    """Reads one cluster."""

    directory: Directory
    name: str
    node: Mapping
    kept: dict[str, Any] = field(default_factory=dict)

    def read(self) -> Backing:
        node, report = self.node, self.directory.report
        for key in ("name", "@type"):
            node.mark(key)
        endpoints = self._endpoints()
        connect = take_duration(node, "connect_timeout") or _DEFAULT_CONNECT
        options = protocol_options(node, report)
        secure, upstream = self._socket(endpoints)
        protocol = (_SECURE_HTTP2 if options.http2 else _SECURE)[secure]
        self._options(options)
        upstream.targets = endpoints.targets
        upstream.timeout = Timeout(
            connect=connect, origin=Origin(node, {"connect": "connect_timeout"})
        )
        upstream.retry = Retry(attempts=0)
        upstream.load_balancer = load_balancer(node, report, self.kept)
        breaker = self._health(upstream, protocol, options)
        self._circuit_breakers()
        self.kept |= endpoints.kept
        self.kept |= carry(node, report, _FEATURE, _TABLE)
        keep(upstream.extensions, self.kept)
        return Backing(upstream, protocol, connect, endpoints.hostnames, breaker, node)

    def _endpoints(self) -> Endpoints:
        node, report = self.node, self.directory.report
        kind = take_enum(node, "type", _TYPES, "STATIC")
        common = node.peek("common_lb_config")
        by_locality = isinstance(common, Mapping) and common.has("locality_weighted_lb_config")
        assignment = node.take_mapping("load_assignment")
        eds = node.take_mapping("eds_cluster_config")
        if eds is not None:
            name = eds.take_str("service_name") or self.name
            eds.take_all()
            assignment = assignment or self.directory.sources.endpoints.get(name)
            self.kept["eds_cluster_config"] = eds.plain()
            if assignment is None:
                message = "a control plane gives the targets, which are not in the input"
                report.at(eds, Fate.CARRIED, Level.WARNING, "targets", message)
            else:
                message = "the targets are those of the input, and no longer looked up"
                report.at(eds, Fate.APPROXIMATED, Level.INFO, "targets", message)
        elif kind == "EDS":
            assignment = assignment or self.directory.sources.endpoints.get(self.name)
        if kind == "ORIGINAL_DST":
            message = "requests go where the connection was meant to go"
            self.kept["type"] = kind
            report.at(node.peek("type"), Fate.CARRIED, Level.WARNING, "targets", message)
        if node.has("hosts"):
            return read_hosts(node, report)
        if assignment is None:
            return Endpoints()
        return read_assignment(assignment, report, by_locality=by_locality)

    def _socket(self, endpoints: Endpoints) -> tuple[bool, Upstream]:
        upstream = Upstream(self.name, origin=Origin(self.node, _NAMES))
        found = tls_context(self.node, "transport_socket", "tls_context")
        if found is None:
            socket = self.node.peek("transport_socket")
            if socket is not None and is_plain(socket):
                socket.take_all()
            elif socket is not None:
                message = "only Envoy speaks this transport"
                self.kept["transport_socket"] = socket.plain()
                socket.take_all()
                report = self.directory.report
                report.at(socket, Fate.CARRIED, Level.WARNING, _FEATURE, message)
            return False, upstream
        hosts = [target.host for target in endpoints.targets]
        tls, kept = upstream_tls(found, self.directory.certificates, self.name, hosts)
        upstream.tls = tls
        if kept:
            self.kept["tls"] = kept
        return True, upstream

    def _options(self, options: ProtocolOptions) -> None:
        self.kept |= options.kept
        if options.as_client:
            message = "targets are spoken to as the client speaks; elsewhere with HTTP/1.1"
            self.kept["protocol_selection"] = "USE_DOWNSTREAM_PROTOCOL"
            report = self.directory.report
            report.at(self.node, Fate.APPROXIMATED, Level.INFO, "protocol", message, whole=False)

    def _health(
        self, upstream: Upstream, protocol: Protocol, options: ProtocolOptions
    ) -> CircuitBreaker | None:
        node, report = self.node, self.directory.report
        active = health_check(node, protocol, report, self.kept)
        outliers = outlier_detection(node, options.statuses, report)
        least = self._common(watched=active is not None or outliers is not None)
        health = HealthCheck(active, minimum_healthy_percent=least)
        if outliers is not None:
            health.passive = outliers.check
            if outliers.kept:
                self.kept["outlier_detection"] = outliers.kept
        if health.active is not None or health.passive is not None:
            health.origin = Origin(
                node, {"active": "health_checks", "passive": "outlier_detection"}
            )
            upstream.health_check = health
        return outliers.breaker if outliers is not None else None

    def _common(self, *, watched: bool) -> float:
        """`common_lb_config`: how many targets have to be healthy for any to get requests."""
        node, report = self.node.take_mapping("common_lb_config"), self.directory.report
        threshold = None if node is None else take_percent(node, "healthy_panic_threshold")
        zones = node.peek("zone_aware_lb_config") if node is not None else None
        fails = isinstance(zones, Mapping) and bool(take_flag(zones, "fail_traffic_on_panic"))
        if watched and threshold != 0 and not fails:
            message = "where too few targets are healthy, Envoy sends requests to all of them"
            at = (node.peek("healthy_panic_threshold") if node is not None else None) or self.node
            whole = at is not self.node
            report.at(at, Fate.APPROXIMATED, Level.WARNING, "health_check", message, whole=whole)
            self.kept["healthy_panic_threshold"] = 50 if threshold is None else threshold
        if node is None:
            return 0
        if isinstance(zones, Mapping) and fails and len(zones) == 1:
            node.mark("zone_aware_lb_config")
        node.mark("locality_weighted_lb_config")
        weighted = node.peek("locality_weighted_lb_config")
        if weighted is not None:
            weighted.take_all()
        table = _COMMON if not node.is_taken("zone_aware_lb_config") else quiet(*_COMMON)
        kept = carry(node, report, "load_balancer", table, plain={"update_merge_window": "0s"})
        if kept:
            self.kept["common_lb_config"] = kept
        return threshold or 0 if fails else 0

    def _circuit_breakers(self) -> None:
        node, report = self.node.take_mapping("circuit_breakers"), self.directory.report
        if node is None:
            return
        node.take_all()
        thresholds = node.plain().get("thresholds", [])
        own = all(
            isinstance(one, dict) and all(value == _UNLIMITED for value in one.values())
            for one in thresholds
        )
        if own and len(node) == 1:
            return
        self.kept["circuit_breakers"] = node.plain()
        message = "how many connections and requests there may be at once"
        report.at(node, Fate.CARRIED, Level.WARNING, "upstream", message)
