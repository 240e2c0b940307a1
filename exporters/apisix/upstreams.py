"""Upstreams (https://apisix.apache.org/docs/apisix/admin-api/#upstream)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gal.exporters.apisix.build import Shared
from gal.exporters.apisix.certificates import Certificates
from gal.exporters.apisix.health import checks
from gal.exporters.apisix.plugin import Json, below, differs, kept, labels, native, note, put
from gal.model import (
    Algorithm,
    HashKey,
    HashSource,
    HostMode,
    LoadBalancer,
    Protocol,
    Retry,
    ServiceType,
    Target,
    Timeout,
    Upstream,
    UpstreamTls,
)

_USUAL_SECONDS = 60
_LONGEST_SECONDS = 2**31 // 1000 - 1
_PORTS = {"http": 80, "https": 443, "grpc": 80, "grpcs": 443}
_SECURE = ("https", "grpcs")
_ALGORITHMS = {
    Algorithm.LEAST_CONN: "least_conn",
    Algorithm.LATENCY: "ewma",
    Algorithm.HASH: "chash",
    Algorithm.IP_HASH: "chash",
}
_MODES = {HostMode.PASS: "pass", HostMode.TARGET: "node", HostMode.REWRITE: "rewrite"}
_NAME = re.compile(r"[a-zA-Z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Manner:
    """How an upstream is asked, which in APISIX it says itself.

    Attributes:
        scheme: `http`, `https`, `grpc` or `grpcs`.
        retries: further attempts; None leaves it to APISIX.
        mode: which Host it gets; None is its own.
        host: the Host for `rewrite`.
    """

    scheme: str
    retries: int | None = None
    mode: HostMode | None = None
    host: str | None = None


def scheme_of(protocol: Protocol, kind: ServiceType) -> str:
    """APISIX's word for how targets are spoken to."""
    if kind is ServiceType.GRPC:
        secure = protocol in (Protocol.HTTPS, Protocol.GRPCS)
        return "grpcs" if secure else "grpc"
    return "http" if protocol is Protocol.H2C else str(protocol.value)


def upstream_entity(
    model: Upstream, manner: Manner, certificates: Certificates, shared: Shared
) -> Json:
    """An upstream, without its id and name."""
    values = kept(model.extensions)
    for key in ("id", "name"):
        values.pop(key, None)
    entity: Json = {}
    put(entity, "scheme", manner.scheme, "http")
    _balancer(model.load_balancer, values, entity, shared)
    if "service_name" in values or "discovery_type" in values:
        _ = model.targets
    else:
        entity["nodes"] = values.pop("nodes", None) or [_node(one, shared) for one in model.targets]
    _host(model, manner, entity)
    usual = max(len(model.targets) - 1, 0)
    put(entity, "retries", manner.retries, usual if native(shared) else None)
    if model.timeout is not None:
        timeout = timeouts(model.timeout, shared)
        usual_timeouts = dict.fromkeys(("connect", "send", "read"), _USUAL_SECONDS)
        put(entity, "timeout", timeout, usual_timeouts)
    if model.health_check is not None:
        put(entity, "checks", checks(model.health_check, below(values, "checks"), shared), {})
    values.pop("checks", None)
    if model.tls is not None:
        put(entity, "tls", _tls(model, model.tls, manner.scheme, certificates, shared), {})
    if model.srv:
        message = "APISIX asks for addresses here, not for SRV records"
        differs(shared, model, "upstream", message, "srv")
    put(entity, "labels", labels(list(model.tags)), {})
    return entity | values


def _node(target: Target, shared: Shared) -> Json:
    if target.tags:
        note(shared, target, "upstream", "APISIX has no labels at nodes", "tags")
    host = f"[{target.host}]" if ":" in target.host else target.host
    return {"host": host, "port": target.port, "weight": target.weight}


def _balancer(balancer: LoadBalancer, values: Json, entity: Json, shared: Shared) -> None:
    entity["type"] = _ALGORITHMS.get(balancer.algorithm, "roundrobin")
    if balancer.algorithm is Algorithm.RANDOM:
        message = "APISIX takes the targets in turn"
        differs(shared, balancer, "load_balancer", message, "algorithm")
    keys = list(balancer.hash_on) if balancer.algorithm is Algorithm.HASH else []
    if balancer.sticky_sessions:
        keys = [HashKey(HashSource.COOKIE, balancer.cookie_name)]
        entity["type"] = "chash"
        message = "APISIX hashes the value of a cookie, and sets none itself"
        differs(shared, balancer, "load_balancer", message, "sticky_sessions")
    if balancer.slots is not None:
        note(shared, balancer, "load_balancer", "APISIX has a table of its own size", "slots")
    if entity["type"] != "chash" or "hash_on" in values:
        return
    if len(keys) > 1:
        message = "APISIX hashes one value, and the address where it is missing"
        differs(shared, balancer, "load_balancer", message, "hash_on")
    source, name = _hash(keys[0] if keys else HashKey(HashSource.IP_ADDRESS), balancer, shared)
    put(entity, "hash_on", source, "vars")
    put(entity, "key", name)


def _hash(key: HashKey, balancer: LoadBalancer, shared: Shared) -> tuple[str, str | None]:
    source, name = key.source, key.name or ""
    if key.cookie_path is not None:
        message = "APISIX sets no cookie"
        note(shared, key, "load_balancer", message, "cookie_path")
    if source is HashSource.CONSUMER:
        return "consumer", None
    if source is HashSource.PATH:
        return "vars", "uri"
    if _NAME.fullmatch(name):
        if source is HashSource.HEADER:
            return "header", name
        if source is HashSource.COOKIE:
            return "cookie", name
        if source is HashSource.QUERY_PARAM:
            return "vars", f"arg_{name}"
    if source is not HashSource.IP_ADDRESS:
        message = "APISIX cannot hash this: it hashes the address"
        differs(shared, balancer, "load_balancer", message, "hash_on")
    return "vars", "remote_addr"


def _host(model: Upstream, manner: Manner, entity: Json) -> None:
    header = model.host_header
    mode = manner.mode or (HostMode.PASS if header is None else header.mode)
    own = manner.host or (header.value if header is not None else None)
    if mode is HostMode.REWRITE and not own:
        return  # there is none to set
    put(entity, "pass_host", _MODES[mode], "pass")
    if mode is HostMode.REWRITE:
        entity["upstream_host"] = own


def timeouts(policy: Timeout, shared: Shared) -> Json:
    """`timeout`, in seconds; all three are needed."""
    read = policy.read
    if not policy.enabled:
        return dict.fromkeys(("connect", "send", "read"), _USUAL_SECONDS)
    if policy.request is not None:
        read = read or policy.request
        message = "APISIX limits the time between two reads, not that for the whole request"
        differs(shared, policy, "timeout", message, "request")
    found: Json = {}
    for name, value in (("connect", policy.connect), ("send", policy.send), ("read", read)):
        seconds = _USUAL_SECONDS if value is None else value.in_seconds
        if seconds <= 0:
            seconds = _LONGEST_SECONDS
        found[name] = int(seconds) if seconds == int(seconds) else seconds
    return found


def retries(policy: Retry | None, shared: Shared) -> int | None:
    """How often APISIX tries again; None leaves it to APISIX."""
    if policy is None:
        return None
    if not policy.enabled:
        return 0
    attempts = policy.attempts
    if not (policy.on_connection_failure and policy.on_timeout) and attempts:
        message = "APISIX tries again after failed connections and after timeouts"
        differs(shared, policy, "retry", message)
    for name, message in (
        ("status_codes", "APISIX does not try again because of an answer"),
        ("methods", "APISIX repeats methods that may be repeated"),
        ("backoff", "APISIX tries again at once"),
        ("max_backoff", "APISIX tries again at once"),
        ("attempt_timeout", "APISIX has no timeout of its own for single attempts"),
    ):
        if getattr(policy, name):
            differs(shared, policy, "retry", message, name)
    return attempts


def _tls(
    model: Upstream, tls: UpstreamTls, scheme: str, certificates: Certificates, shared: Shared
) -> Json:
    written: Json = {}
    if scheme not in _SECURE:
        shared.context.claims.claim(tls)
        return written
    put(written, "verify", tls.verify, False)
    report = shared.context.report
    if tls.sni is not None:
        message = "APISIX names the Host that the upstream gets as server name"
        differs(shared, tls, "tls", message, "sni")
    if tls.verify_depth is not None:
        note(shared, tls, "tls", "APISIX has its own longest chain", "verify_depth")
    if tls.ca_certificates:
        message = "APISIX trusts what apisix.ssl.ssl_trusted_certificate of its config.yaml names"
        differs(shared, tls, "tls", message, "ca_certificates")
    if tls.client_certificate is not None:
        own = certificates.client(tls.client_certificate, model.name or "upstream")
        if own is None:
            message = f'there is no certificate "{tls.client_certificate}" with its key as text'
            report.dropped(tls, "tls", message, "client_certificate")
        else:
            written |= own
    return written
