"""Upstreams (https://apisix.apache.org/docs/apisix/admin-api/#upstream)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gal.importers.apisix.fields import (
    Kept,
    carry,
    carry_idle,
    extensions,
    in_range,
    take_choice,
    take_integer,
    take_labels,
)
from gal.importers.apisix.health import read_health
from gal.ledger import Fate, Level
from gal.model import (
    Algorithm,
    Duration,
    HashKey,
    HashSource,
    HostHeader,
    HostMode,
    LoadBalancer,
    Origin,
    Protocol,
    Retry,
    Target,
    Timeout,
    Upstream,
    UpstreamTls,
)
from gal.reading import Mapping, Node, Placeholder, Sequence, is_placeholder

if TYPE_CHECKING:
    from gal.importers.apisix.certificates import Certificates
    from gal.ledger import Reporter

_HTTP = {
    "http": Protocol.HTTP,
    "https": Protocol.HTTPS,
    "grpc": Protocol.GRPC,
    "grpcs": Protocol.GRPCS,
}
_STREAM = ("tcp", "tls", "udp", "kafka")
_PORTS = {"http": 80, "https": 443, "grpc": 80, "grpcs": 443}
_ALGORITHMS = {
    "roundrobin": Algorithm.ROUND_ROBIN,
    "chash": Algorithm.HASH,
    "ewma": Algorithm.LATENCY,
    "least_conn": Algorithm.LEAST_CONN,
}
_HASH_ON = ("vars", "header", "cookie", "consumer", "vars_combinations")
_MODES = {"pass": HostMode.PASS, "node": HostMode.TARGET, "rewrite": HostMode.REWRITE}
_NODE = re.compile(r"(\[[^\]]+\]|[^:\s]+)(?::(\d+))?")
_DEFAULT_SECONDS = 60

_NAMES = {
    "targets": "nodes",
    "load_balancer": "type",
    "health_check": "checks",
    "host_header": "pass_host",
    "retry": "retries",
}
_BALANCER = {"algorithm": "type", "hash_on": "key"}
_HOST = {"mode": "pass_host", "value": "upstream_host"}
_TLS = {"client_certificate": "client_cert"}
_RETRY = {"attempts": "retries"}


@dataclass(frozen=True, slots=True)
class Backing:
    """An upstream as the model has it.

    Attributes:
        upstream: the targets.
        protocol: how they are spoken to; None for connections that are not HTTP.
    """

    upstream: Upstream
    protocol: Protocol | None


def read_upstream(
    node: Mapping, report: Reporter, certificates: Certificates, name: str | None
) -> Backing:
    """One upstream, be it an object of its own or part of another one.

    Raises:
        InputError: APISIX would refuse it.
    """
    node.mark("id")
    scheme = take_choice(node, "scheme", (*_HTTP, *_STREAM), "http")
    upstream = Upstream(name, origin=Origin(node, _NAMES))
    kept: dict[str, Any] = carry_idle(node, report)
    given = node.take_str("name")
    if given is not None and given != name:
        kept["name"] = given
    upstream.targets = _targets(node, report, _PORTS.get(scheme, 80), kept)
    kept.update(_discovery(node, report, upstream))
    upstream.load_balancer = _balancer(node, report, kept)
    upstream.health_check, checks = read_health(node, report)
    kept.update(checks)
    upstream.tls = _tls(node, certificates, name or "upstream", scheme)
    upstream.host_header = _host_header(node)
    attempts = take_integer(node, "retries", max(len(upstream.targets) - 1, 0))
    upstream.retry = Retry(attempts=attempts, on_timeout=True, origin=Origin(node, _RETRY))
    upstream.timeout = take_timeout(node) or Timeout(
        connect=Duration.seconds(_DEFAULT_SECONDS),
        send=Duration.seconds(_DEFAULT_SECONDS),
        read=Duration.seconds(_DEFAULT_SECONDS),
        origin=Origin(node, {}),
    )
    upstream.tags = take_labels(node)
    kept.update(
        carry(
            node,
            report,
            "upstream",
            Kept("retry_timeout", 0, message="other gateways do not limit the time for retries"),
            Kept("keepalive_pool", level=Level.INFO),
        )
    )
    upstream.extensions = extensions(kept)
    return Backing(upstream, _HTTP.get(scheme))


def take_timeout(node: Mapping) -> Timeout | None:
    """`timeout`, in seconds; all three are needed.

    Raises:
        InputError: one is missing, or not above zero.
    """
    below = node.take_mapping("timeout")
    if below is None:
        return None
    connect, send, read = (_above_zero(below, key) for key in ("connect", "send", "read"))
    return Timeout(connect=connect, send=send, read=read, origin=Origin(below, {}))


def _above_zero(node: Mapping, key: str) -> Duration:
    value = node.take(key)
    if value is None:
        raise node.missing(key)
    seconds = value.as_float()
    if not isinstance(seconds, Placeholder) and seconds <= 0:
        raise value.error(f'field "{key}" must be above zero')
    return Duration.seconds(seconds)


def _targets(node: Mapping, report: Reporter, port: int, kept: dict[str, Any]) -> list[Target]:
    nodes = node.take("nodes")
    if nodes is None:
        if node.peek("service_name") is None and node.peek("discovery_type") is None:
            raise node.missing("nodes")
        return []
    if isinstance(nodes, Mapping):
        return [_by_key(key, value, port) for key, value in nodes.take_items()]
    if not isinstance(nodes, Sequence):
        raise nodes.mismatch("a mapping or a list")
    targets = []
    for item in nodes.items:
        if not isinstance(item, Mapping):
            raise item.mismatch("a mapping")
        targets.append(_by_fields(item, report, port, kept))
    return targets


def _by_key(key: str, value: Node, port: int) -> Target:
    origin = Origin(value, {})
    weight = in_range(value, "weight", value.as_int(), 0, 2**31)
    match = _NODE.fullmatch(key)
    if match is None:
        if is_placeholder(key):
            return Target(key, port, weight, origin=origin)
        raise value.error(f'"{key}" is no node', "write HOST:PORT and its weight")
    host, given = match.groups()
    number = int(given) if given else port
    if not 1 <= number <= 65535:
        raise value.error(f'"{key}" has no port between 1 and 65535')
    return Target(host.strip("[]"), number, weight, origin=origin)


def _by_fields(item: Mapping, report: Reporter, port: int, kept: dict[str, Any]) -> Target:
    host = item.require_str("host")
    rank = Kept("priority", 0, message="other gateways use all nodes alike, not by their rank")
    if carry(item, report, "upstream", rank) and item.parent is not None:
        kept["nodes"] = item.parent.plain()
    below = item.take("metadata")
    if below is not None:
        below.take_all()
        report.at(below, Fate.DROPPED, Level.INFO, "metadata", "no effect on traffic")
    return Target(
        host.strip("[]"),
        take_integer(item, "port", port, 1, 65535),
        take_integer(item, "weight", 1),
        origin=Origin(item, {}),
    )


def _discovery(node: Mapping, report: Reporter, upstream: Upstream) -> dict[str, Any]:
    """`discovery_type`: DNS is what other gateways do, too; registries are APISIX's own."""
    kind = node.take("discovery_type")
    service = node.take("service_name")
    if service is not None and kind is not None and kind.as_str() == "dns":
        text = service.as_str()
        match = _NODE.fullmatch(text)
        if match is not None:
            host, port = match.groups()
            upstream.targets = [
                Target(host.strip("[]"), int(port) if port else 80, origin=Origin(service, {}))
            ]
            message = "APISIX asks its own DNS servers for the addresses of this name"
            report.at(kind, Fate.APPROXIMATED, Level.INFO, "upstream", message)
            return {"discovery_type": "dns", "service_name": text}
    kept = {}
    for key, below in (("discovery_type", kind), ("service_name", service)):
        if below is not None:
            kept[key] = below.plain()
            message = "only APISIX asks this registry: elsewhere the upstream has no targets"
            report.at(below, Fate.CARRIED, Level.WARNING, "upstream", message)
    kept.update(carry(node, report, "upstream", Kept("discovery_args")))
    return kept


def _balancer(node: Mapping, report: Reporter, kept: dict[str, Any]) -> LoadBalancer:
    kind = node.take_str("type", "roundrobin")
    origin = Origin(node, _BALANCER)
    if kind not in _ALGORITHMS:
        kept["type"] = kind
        message = "only APISIX has this way to choose a target; elsewhere they take turns"
        report.at(node.entries["type"], Fate.CARRIED, Level.WARNING, "load_balancer", message)
    balancer = LoadBalancer(_ALGORITHMS.get(kind, Algorithm.ROUND_ROBIN), origin=origin)
    if balancer.algorithm is not Algorithm.HASH:
        for key in ("hash_on", "key"):
            below = node.take(key)
            if below is not None:
                message = 'only "type: chash" uses this'
                report.at(below, Fate.DROPPED, Level.INFO, "load_balancer", message)
        return balancer
    source = take_choice(node, "hash_on", _HASH_ON, "vars")
    given = node.take_str("key")
    if source == "consumer":
        balancer.hash_on = [HashKey(HashSource.CONSUMER, origin=origin)]
        return balancer
    found = _hash_key(source, given or "remote_addr")
    if found is None:
        kept.update(hash_on=source, key=given)
        message = "only APISIX knows what is hashed here; elsewhere it is the client's address"
        at = node.entries.get("key") or node
        report.at(at, Fate.APPROXIMATED, Level.WARNING, "load_balancer", message)
        found = HashKey(HashSource.IP_ADDRESS)
    found.origin = origin
    balancer.hash_on = [found]
    return balancer


def _hash_key(source: str, key: str) -> HashKey | None:
    if source == "vars_combinations":
        key = key.strip().lstrip("$").strip("{}")
    if source in ("header", "cookie"):
        prefix = {"header": "http_", "cookie": "cookie_"}[source]
        name = key[len(prefix) :] if key.lower().startswith(prefix) else key
        name = name.replace("_", "-") if source == "header" else name
        return HashKey(HashSource(source), name)
    if key == "remote_addr":
        return HashKey(HashSource.IP_ADDRESS)
    if key == "uri":
        return HashKey(HashSource.PATH)
    if key == "consumer_name":
        return HashKey(HashSource.CONSUMER)
    if not re.fullmatch(r"[A-Za-z0-9_-]+", key):
        return None
    for prefix, kind in (
        ("arg_", HashSource.QUERY_PARAM),
        ("cookie_", HashSource.COOKIE),
        ("http_", HashSource.HEADER),
    ):
        if key.startswith(prefix):
            name = key[len(prefix) :]
            return HashKey(kind, name.replace("_", "-") if prefix == "http_" else name)
    return None


def _tls(node: Mapping, certificates: Certificates, name: str, scheme: str) -> UpstreamTls | None:
    below = node.take_mapping("tls")
    secure = scheme in ("https", "grpcs")
    if below is None:
        return UpstreamTls(verify=False, origin=Origin(node, {})) if secure else None
    tls = UpstreamTls(verify=below.take_bool("verify", False), origin=Origin(below, _TLS))
    reference = below.take("client_cert_id")
    if reference is not None:
        tls.client_certificate = certificates.by_id.get(reference.as_str())
        if tls.client_certificate is None:
            raise reference.error(f'there is no "{reference.as_str()}" among the ssls')
    else:
        tls.client_certificate = certificates.add_client(name, below)
    return tls


def _host_header(node: Mapping) -> HostHeader:
    word = take_choice(node, "pass_host", _MODES, "pass")
    value = node.take_str("upstream_host")
    mode = _MODES[word]
    if mode is HostMode.REWRITE and value is None:
        raise node.error('"pass_host: rewrite" needs an "upstream_host"')
    return HostHeader(mode, value if mode is HostMode.REWRITE else None, origin=Origin(node, _HOST))
