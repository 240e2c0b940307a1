"""Services of the dynamic file: targets, how they are chosen, asked and spoken to.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/load-balancing/service/
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gal.exporters.traefik.build import Json, Shared
from gal.exporters.traefik.carried import below, kept
from gal.exporters.traefik.health import health_checks
from gal.exporters.traefik.tls import certificate_pair, trusted
from gal.exporters.traefik.values import duration
from gal.ledger import Fate, Level
from gal.model import (
    Algorithm,
    Duration,
    HashSource,
    LoadBalancer,
    Protocol,
    Service,
    ServiceType,
    Timeout,
    Upstream,
)

_SCHEMES = {
    Protocol.HTTP: "http",
    Protocol.HTTPS: "https",
    Protocol.GRPC: "h2c",
    Protocol.GRPCS: "https",
    Protocol.H2C: "h2c",
}
_DIAL = Duration.seconds(30)
"""How long Traefik waits for a connection unless told."""

_SECURE = (Protocol.HTTPS, Protocol.GRPCS)


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
class Directory:
    """Finds services and upstreams of the model by name, and has Traefik's in the file.

    Attributes:
        shared: sections and reports.
        services: by name.
        upstreams: by name.
    """

    shared: Shared
    services: dict[str, Service] = field(default_factory=dict)
    upstreams: dict[str, Upstream] = field(default_factory=dict)

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
        upstream, name = service.upstream, service.name
        if isinstance(upstream, str):
            name = upstream
            upstream = self.upstreams.get(upstream)
        if upstream is None:
            return None
        protocol = service.protocol
        if service.type is ServiceType.GRPC:
            grpc = {Protocol.HTTP: Protocol.GRPC, Protocol.HTTPS: Protocol.GRPCS}
            protocol = grpc.get(protocol, protocol)
        return Destination(upstream, protocol, name, service)

    def named(self, name: str) -> Destination | None:
        """Where a service or an upstream of that name stands, a service first."""
        service = self.services.get(name)
        if service is not None:
            return self.of_service(service)
        upstream = self.upstreams.get(name)
        return None if upstream is None else Destination(upstream, Protocol.HTTP, name, None)

    def nowhere(self) -> str:
        """A service without targets: it answers 503."""
        return self.shared.services.add("no-target", {"loadBalancer": {"servers": []}})

    def load_balancer(
        self,
        destination: Destination,
        pass_host: bool,
        timeout: Timeout | None,
        around: Json | None = None,
    ) -> str:
        """The name of the service for a destination, which is in the file from now on. `around` is
        what stands beside the load balancer.
        """
        upstream = destination.upstream
        balancer: Json = {}
        strategy = _strategy(upstream.load_balancer, self.shared)
        if strategy is not None:
            balancer["strategy"] = strategy
        own = kept(upstream)
        cookie = _cookie(upstream.load_balancer)
        if cookie is not None:
            cookie |= below(below(own, "sticky"), "cookie")
            if not cookie["httpOnly"]:
                del cookie["httpOnly"]
            balancer["sticky"] = {"cookie": cookie}
        balancer["servers"] = self._servers(destination)
        health = upstream.health_check
        if health is not None:
            balancer |= health_checks(health, self.shared)
        if "healthCheck" in balancer:
            balancer["healthCheck"] |= below(own, "healthCheck")
        balancer["passHostHeader"] = pass_host
        if timeout is None and upstream.timeout is not None and upstream.timeout.enabled:
            timeout = upstream.timeout  # of one of several, or of one that gets copies
        transport = self._transport(destination, timeout)
        if transport is not None:
            balancer["serversTransport"] = transport
        if below(own, "responseForwarding"):
            balancer["responseForwarding"] = below(own, "responseForwarding")
        name = upstream.name or destination.name or "service"
        return self.shared.services.add(name, {"loadBalancer": balancer, **(around or {})})

    def _servers(self, destination: Destination) -> list[Json]:
        upstream = destination.upstream
        if upstream.srv:
            message = "Traefik does not look up SRV records: the hosts are taken as addresses"
            self.shared.context.report.approximated(upstream, "upstream", message, "srv")
        scheme = _SCHEMES[destination.protocol]
        weights = {target.weight for target in upstream.targets}
        servers: list[Json] = []
        for target in upstream.targets:
            if target.weight == 0:
                self.shared.context.claims.claim(target)
                continue
            host = f"[{target.host}]" if ":" in target.host else target.host
            server: Json = {"url": f"{scheme}://{host}:{target.port}"}
            if len(weights - {0}) > 1:
                server["weight"] = target.weight
            servers.append(server)
        return servers

    def _transport(self, destination: Destination, timeout: Timeout | None) -> str | None:
        """The name of the transport that a destination needs besides Traefik's own."""
        config: Json = {}
        if destination.protocol in _SECURE:
            config |= self._tls(destination)
        waits = _timeouts(timeout, self.shared)
        if waits:
            config["forwardingTimeouts"] = waits
        own = below(kept(destination.upstream), "serversTransport")
        times = config.get("forwardingTimeouts", {}) | below(own, "forwardingTimeouts")
        config |= own
        if times:
            config["forwardingTimeouts"] = times
        if not config:
            return None
        return self.shared.transports.add(destination.name or "transport", config)

    def _tls(self, destination: Destination) -> Json:
        """How TLS is done. Where the model leaves open whether certificates are checked, they are
        not: so do the gateways that it is read from.
        """
        tls = destination.upstream.tls
        if tls is None or (tls.verify is None and not tls.ca_certificates):
            upstream = destination.upstream
            message = "nothing says that certificates of targets are verified: they are not"
            report = self.shared.context.report
            report.about(upstream, Fate.APPROXIMATED, Level.INFO, "upstream_tls", message)
        if tls is None:
            return {"insecureSkipVerify": True}
        config: Json = {}
        if tls.sni is not None:
            config["serverName"] = tls.sni
        if not tls.verify and not (tls.verify is None and tls.ca_certificates):
            config["insecureSkipVerify"] = True
        authorities = [text for name in tls.ca_certificates if (text := trusted(name, self.shared))]
        if authorities:
            config["rootCAs"] = authorities
        if tls.client_certificate is not None:
            pair = certificate_pair(tls.client_certificate, self.shared)
            if pair is not None:
                config["certificates"] = [pair]
            else:
                message = "there is no such certificate with a key: none is shown"
                self.shared.context.report.dropped(tls, "tls", message, "client_certificate")
        if tls.verify_depth is not None:
            message = "chains may have any length"
            self.shared.context.report.approximated(tls, "tls", message, "verify_depth")
        return config


def _timeouts(timeout: Timeout | None, shared: Shared) -> Json:
    """Traefik waits for a connection and for the first byte of an answer."""
    if timeout is None:
        return {}
    report = shared.context.report
    found: Json = {}
    if timeout.connect is not None and timeout.connect != _DIAL:
        found["dialTimeout"] = duration(timeout.connect)
    waits = [one for one in (timeout.read, timeout.request) if one is not None]
    waits = [one for one in waits if one.nanoseconds]
    if waits:
        found["responseHeaderTimeout"] = duration(min(waits))
    if timeout.request is not None and timeout.request.nanoseconds:
        message = "it ends with the first byte of the answer, not with its last"
        report.approximated(timeout, "timeout", message, "request")
    elif timeout.read is not None and timeout.read.nanoseconds:
        message = "it is how long the answer may take to begin; later pauses have no limit"
        report.approximated(timeout, "timeout", message, "read")
    if timeout.send is not None and timeout.send.nanoseconds:
        message = "Traefik has no limit for writing to the upstream"
        report.dropped(timeout, "timeout", message, "send")
    return found


def _cookie(balancer: LoadBalancer) -> Json | None:
    """The cookie that brings a client back to its target."""
    if balancer.sticky_sessions:
        return {"name": balancer.cookie_name, "httpOnly": True}
    for key in balancer.hash_on[:1]:
        if key.source is HashSource.COOKIE and key.name is not None:
            found: Json = {"name": key.name, "httpOnly": True}
            if key.cookie_path is not None:
                found["path"] = key.cookie_path
            return found
    return None


def _strategy(balancer: LoadBalancer, shared: Shared) -> str | None:
    """How Traefik chooses a target; None is its own way, round robin by weight."""
    algorithm, report = balancer.algorithm, shared.context.report
    if balancer.slots is not None:
        message = "Traefik's hash needs no table"
        report.dropped(balancer, "load_balancer", message, "slots", Level.INFO)
    if algorithm is Algorithm.LEAST_CONN:
        if not shared.native:
            message = "of two targets taken at random, the one with fewer connections is chosen"
            report.approximated(balancer, "load_balancer", message, "algorithm")
        return "p2c"
    if algorithm is Algorithm.LATENCY:
        return "leasttime"
    if algorithm is Algorithm.IP_HASH:
        return "hrw"
    if algorithm is Algorithm.HASH:
        sources = [key.source for key in balancer.hash_on]
        if sources[:1] == [HashSource.COOKIE]:
            message = "the cookie is one that Traefik sets, with a value of its own"
            report.approximated(balancer, "load_balancer", message, "hash_on")
            return None
        if sources != [HashSource.IP_ADDRESS]:
            message = "Traefik hashes the client's address only"
            report.approximated(balancer, "load_balancer", message, "hash_on")
        return "hrw"
    if algorithm is Algorithm.RANDOM:
        message = "targets are chosen in turn"
        report.approximated(balancer, "load_balancer", message, "algorithm")
    return None
