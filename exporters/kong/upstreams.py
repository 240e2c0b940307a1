"""Upstreams and their targets (https://developer.konghq.com/gateway/entities/upstream/)."""

from __future__ import annotations

from gal.exporters.kong.build import NO_HEADER, Build, Json, is_header, kept, put
from gal.exporters.kong.certificates import Certificates
from gal.exporters.kong.health import breaker, health
from gal.model import (
    Algorithm,
    CircuitBreaker,
    HashKey,
    HashSource,
    HostMode,
    LoadBalancer,
    Target,
    Upstream,
)

_ALGORITHMS = {
    Algorithm.LEAST_CONN: "least-connections",
    Algorithm.LATENCY: "latency",
    Algorithm.HASH: "consistent-hashing",
    Algorithm.IP_HASH: "consistent-hashing",
}
_SOURCES = {
    HashSource.CONSUMER: "consumer",
    HashSource.IP_ADDRESS: "ip",
    HashSource.HEADER: "header",
    HashSource.COOKIE: "cookie",
    HashSource.PATH: "path",
    HashSource.QUERY_PARAM: "query_arg",
    HashSource.PATH_CAPTURE: "uri_capture",
}
_NAMED = ("header", "query_arg", "uri_capture")
_DEFAULT_SLOTS, _DEFAULT_WEIGHT, _MOST_WEIGHT = 10000, 100, 65535


def upstream_entity(
    name: str,
    model: Upstream,
    build: Build,
    certificates: Certificates,
    *,
    own_tls: bool,
    circuit_breaker: CircuitBreaker | None = None,
) -> Json:
    """An upstream of the file with its targets.

    Args:
        name: its name in the file.
        model: the upstream.
        build: the file.
        certificates: the file's certificates.
        own_tls: no service says how TLS is done, so the upstream names its client certificate.
        circuit_breaker: when a failing target is left alone.
    """
    extensions = kept(model.extensions)
    entity: Json = {}
    put(entity, "id", extensions.pop("id", None))
    entity["name"] = name
    _balancer(model.load_balancer, entity, build)
    host_header = extensions.pop("host_header", None)
    header = model.host_header
    if header is not None and header.mode is HostMode.REWRITE:
        put(entity, "host_header", host_header or header.value)
    entity.update(extensions)
    if model.srv and "use_srv_name" not in entity:
        build.note(model, "upstream", "Kong asks for SRV records by itself", "srv")
    if own_tls and model.tls is not None and model.tls.client_certificate is not None:
        own = certificates.id_of(model.tls.client_certificate)
        if own is not None:
            entity["client_certificate"] = {"id": own}
    checks = _checks(model, circuit_breaker, build)
    if checks:
        entity["healthchecks"] = checks
    if model.targets:
        entity["targets"] = _targets(model.targets, build)
    if model.tags:
        entity["tags"] = list(model.tags)
    return entity


def _checks(model: Upstream, circuit_breaker: CircuitBreaker | None, build: Build) -> Json:
    checks = {} if model.health_check is None else health(model.health_check, build)
    if circuit_breaker is None:
        return checks
    if not checks:
        return breaker(circuit_breaker, build)
    message = "the health checks of the upstream go before it"
    build.report.dropped(circuit_breaker, "circuit_breaker", message)
    build.context.claims.claim(circuit_breaker)
    return checks


def _targets(targets: list[Target], build: Build) -> list[Json]:
    found: dict[str, Json] = {}
    for target in targets:
        address = f"[{target.host}]" if ":" in target.host else target.host
        text = f"{address}:{target.port}"
        if text in found:
            found[text]["weight"] = found[text].get("weight", _DEFAULT_WEIGHT) + target.weight
            build.note(target, "upstream", "Kong takes a target once: its weights are added")
            continue
        entity: Json = {"target": text}
        weight = target.weight
        if type(weight) is int:
            weight = min(weight, _MOST_WEIGHT)
        put(entity, "weight", weight, _DEFAULT_WEIGHT)
        if target.tags:
            entity["tags"] = list(target.tags)
        found[text] = entity
    return list(found.values())


def _balancer(balancer: LoadBalancer, entity: Json, build: Build) -> None:
    algorithm = balancer.algorithm
    put(entity, "slots", balancer.slots, _DEFAULT_SLOTS)
    if algorithm is Algorithm.RANDOM:
        build.report.approximated(
            balancer, "load_balancer", "Kong takes the targets in turn", "algorithm"
        )
    keys = _known(balancer, build) if algorithm is Algorithm.HASH else []
    if algorithm is Algorithm.IP_HASH:
        keys = [HashKey(HashSource.IP_ADDRESS)]
    if balancer.sticky_sessions:
        cookie = HashKey(HashSource.COOKIE, name=balancer.cookie_name, cookie_path="/")
        keys = [cookie]
        algorithm = Algorithm.HASH
        message = "Kong hashes the value of a cookie; where targets come or go, others may move"
        build.report.approximated(balancer, "load_balancer", message, "sticky_sessions")
    if algorithm in _ALGORITHMS:
        entity["algorithm"] = _ALGORITHMS[algorithm]
    if not keys:
        return
    _hash(entity, "hash_on", keys[0])
    rest = keys[1:]
    if rest and _may_fall_back(keys[0], rest[0]):
        _hash(entity, "hash_fallback", rest.pop(0))
    if rest:
        message = "Kong hashes one value and knows one more for when it is missing"
        build.report.approximated(balancer, "load_balancer", message, "hash_on")


def _known(balancer: LoadBalancer, build: Build) -> list[HashKey]:
    """What is hashed, without headers that no client can send."""
    found = []
    for key in balancer.hash_on:
        if key.source is HashSource.HEADER and not is_header(key.name or ""):
            message = f'"{key.name}": {NO_HEADER}'
            build.report.dropped(balancer, "load_balancer", message, "hash_on")
        else:
            found.append(key)
    return found


def _may_fall_back(first: HashKey, second: HashKey) -> bool:
    if first.source is HashSource.COOKIE:
        return False
    return first.source is not second.source or _SOURCES[first.source] in _NAMED


def _hash(entity: Json, prefix: str, key: HashKey) -> None:
    source = _SOURCES[key.source]
    entity[prefix] = source
    if source == "cookie":
        entity["hash_on_cookie"] = key.name or "galSession"
        put(entity, "hash_on_cookie_path", key.cookie_path, "/")
    elif source in _NAMED:
        put(entity, f"{prefix}_{source}", key.name)
