"""Where requests go: upstreams, their targets and what is known of their health."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from gal.model.node import Extensions, ModelNode
from gal.model.resilience import Retry, Timeout
from gal.model.values import Duration, Secret


@dataclass(slots=True)
class Target(ModelNode):
    """One address of an upstream.

    Attributes:
        host: name, IPv4 or IPv6 address (without brackets).
        port: TCP port.
        weight: its share among the targets; 0 gets nothing.
        tags: labels without effect.
    """

    host: str
    port: int = 80
    weight: int = 1
    tags: list[str] = field(default_factory=list)


class CheckProtocol(str, Enum):
    """How a health check asks."""

    HTTP = "http"
    HTTPS = "https"
    TCP = "tcp"
    GRPC = "grpc"
    GRPCS = "grpcs"


@dataclass(slots=True)
class ActiveCheck(ModelNode):
    """The gateway asks the targets itself.

    Attributes:
        enabled: false keeps the settings but asks nothing.
        protocol: how it asks.
        http_path: for HTTP.
        headers: sent along.
        interval: between two questions to a healthy target; `0s` never asks it.
        unhealthy_interval: between two questions to an unhealthy one; unset is `interval`, `0s`
            never asks it.
        timeout: for an answer.
        healthy_threshold: good answers that bring a target back.
        unhealthy_threshold: bad answers that take it out; 0 never does.
        timeout_threshold: missing answers that take it out; unset is `unhealthy_threshold`.
        connection_threshold: refused connections that take it out; unset is
            `unhealthy_threshold`.
        healthy_status_codes: good answers.
        unhealthy_status_codes: bad answers; empty means all that are not good.
        sni: server name, for HTTPS.
        verify_certificate: for HTTPS.
        concurrency: how many targets are asked at once; unset leaves it to the provider.
    """

    enabled: bool = True
    protocol: CheckProtocol = CheckProtocol.HTTP
    http_path: str = "/health"
    headers: dict[str, list[str]] = field(default_factory=dict)
    interval: Duration = field(default_factory=lambda: Duration.seconds(10))
    unhealthy_interval: Duration | None = None
    timeout: Duration = field(default_factory=lambda: Duration.seconds(5))
    healthy_threshold: int = 2
    unhealthy_threshold: int = 3
    timeout_threshold: int | None = None
    connection_threshold: int | None = None
    healthy_status_codes: list[int] = field(default_factory=lambda: [200, 201, 204])
    unhealthy_status_codes: list[int] = field(default_factory=list)
    sni: str | None = None
    verify_certificate: bool = True
    concurrency: int | None = None


@dataclass(slots=True)
class PassiveCheck(ModelNode):
    """The gateway watches the answers that clients get.

    Attributes:
        enabled: false keeps the settings but watches nothing.
        protocol: what counts as an answer.
        max_failures: bad answers in a row that take a target out; 0 never does.
        max_timeouts: missing answers that take it out; unset is `max_failures`.
        max_connection_failures: refused connections that take it out; unset is `max_failures`.
        healthy_threshold: good answers that bring it back; 0 never does.
        unhealthy_status_codes: bad answers.
        healthy_status_codes: good answers; empty means all that are not bad.
        retry_after: when a target that was taken out is tried again; unset leaves it to the
            provider (on Kong: never, without active checks).
    """

    enabled: bool = True
    protocol: CheckProtocol = CheckProtocol.HTTP
    max_failures: int = 5
    max_timeouts: int | None = None
    max_connection_failures: int | None = None
    healthy_threshold: int = 0
    unhealthy_status_codes: list[int] = field(default_factory=lambda: [500, 502, 503, 504])
    healthy_status_codes: list[int] = field(default_factory=list)
    retry_after: Duration | None = None


@dataclass(slots=True)
class HealthCheck(ModelNode):
    """What is known of the targets' health.

    Attributes:
        active: the gateway asks.
        passive: the gateway watches.
        minimum_healthy_percent: below this share of available weight nothing is sent at all.
    """

    active: ActiveCheck | None = None
    passive: PassiveCheck | None = None
    minimum_healthy_percent: float = 0


class Algorithm(str, Enum):
    """How a target is chosen."""

    ROUND_ROBIN = "round_robin"
    LEAST_CONN = "least_conn"
    IP_HASH = "ip_hash"
    WEIGHTED = "weighted"
    HASH = "hash"
    LATENCY = "latency"
    RANDOM = "random"


class HashSource(str, Enum):
    """What a hash is made of."""

    IP_ADDRESS = "ip_address"
    CONSUMER = "consumer"
    HEADER = "header"
    COOKIE = "cookie"
    PATH = "path"
    QUERY_PARAM = "query_param"
    PATH_CAPTURE = "path_capture"


@dataclass(slots=True)
class HashKey(ModelNode):
    """What a target is chosen by.

    Attributes:
        source: kind of value.
        name: name of the header, cookie, parameter or capture.
        cookie_path: path of a cookie that the gateway sets.
    """

    source: HashSource
    name: str | None = None
    cookie_path: str | None = None


@dataclass(slots=True)
class LoadBalancer(ModelNode):
    """How a target is chosen.

    Attributes:
        algorithm: the way; `weighted` is `round_robin` said for targets with weights.
        hash_on: for `hash`: what is hashed, first found first.
        sticky_sessions: a cookie brings a client back to its target.
        cookie_name: name of that cookie.
        slots: size of the table of a consistent hash; unset leaves it to the provider.
    """

    algorithm: Algorithm = Algorithm.ROUND_ROBIN
    hash_on: list[HashKey] = field(default_factory=list)
    sticky_sessions: bool = False
    cookie_name: str = "galSession"
    slots: int | None = None


@dataclass(slots=True)
class UpstreamTls(ModelNode):
    """How TLS to the targets is done.

    Attributes:
        sni: server name; unset is the host that is asked for.
        verify: check the targets' certificates; unset leaves it to the provider.
        verify_depth: longest chain.
        ca_certificates: names of certificates (`certificates` of the file) or PEM texts that are
            trusted.
        client_certificate: name of the certificate that is shown to the targets.
    """

    sni: str | None = None
    verify: bool | None = None
    verify_depth: int | None = None
    ca_certificates: list[str] = field(default_factory=list)
    client_certificate: str | None = None


class HostMode(str, Enum):
    """Which `Host` the upstream sees: the client's, that of the target, or a fixed one."""

    PASS = "pass"
    TARGET = "target"
    REWRITE = "rewrite"


@dataclass(slots=True)
class HostHeader(ModelNode):
    """Which `Host` the upstream sees.

    Attributes:
        mode: `pass` the client's, the name of the `target` (with its port when that is not the
            scheme's own), or `rewrite` to `value`.
        value: for `rewrite`.
    """

    mode: HostMode = HostMode.PASS
    value: str | None = None


@dataclass(slots=True)
class Upstream(ModelNode):
    """A set of targets that answer alike. `host` and `port` are short for one target.

    Attributes:
        name: unique, for routes and services that name it.
        targets: the addresses.
        load_balancer: how a target is chosen.
        health_check: what is known of their health.
        tls: how TLS is done; whether it is done says the service's protocol.
        host_header: which `Host` they see; a route's own wins.
        retry: further attempts, unless a policy says otherwise.
        timeout: how long is waited, unless a policy says otherwise.
        srv: the hosts are names of DNS SRV records.
        tags: labels without effect.
        extensions: what only one provider can say.
    """

    name: str | None = None
    targets: list[Target] = field(default_factory=list)
    load_balancer: LoadBalancer = field(default_factory=LoadBalancer)
    health_check: HealthCheck | None = None
    tls: UpstreamTls | None = None
    host_header: HostHeader | None = None
    retry: Retry | None = None
    timeout: Timeout | None = None
    srv: bool = False
    tags: list[str] = field(default_factory=list)
    extensions: Extensions = field(default_factory=dict)


@dataclass(slots=True)
class Certificate(ModelNode):
    """A certificate with its key, or a trusted authority without one.

    Attributes:
        name: unique in the file.
        certificate: PEM text.
        key: PEM text of the private key; unset for an authority.
        server_names: names that it is shown for, with wildcards.
        alternatives: the same names with another kind of key.
        certificate_file: path of the PEM file, instead of the text.
        key_file: path of the PEM file, instead of the text.
        tags: labels without effect.
        extensions: what only one provider can say.
    """

    name: str
    certificate: str | None = None
    key: Secret | None = None
    server_names: list[str] = field(default_factory=list)
    alternatives: list[Certificate] = field(default_factory=list)
    certificate_file: str | None = None
    key_file: str | None = None
    tags: list[str] = field(default_factory=list)
    extensions: Extensions = field(default_factory=dict)
