"""Upstreams and their targets (https://developer.konghq.com/gateway/entities/upstream/)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gal.importers.kong.fields import take_choice, take_idle, take_integer, take_tags
from gal.importers.kong.health import read_health
from gal.ledger import Fate, Level
from gal.model import (
    Algorithm,
    HashKey,
    HashSource,
    HostHeader,
    HostMode,
    LoadBalancer,
    Origin,
    Target,
    Upstream,
    UpstreamTls,
)
from gal.reading import Mapping, Node, is_placeholder

if TYPE_CHECKING:
    from gal.importers.kong.certificates import Certificates
    from gal.importers.kong.references import Entity, File

DEFAULT_TARGET_PORT = 8000
DEFAULT_WEIGHT = 100
DEFAULT_SLOTS = 10000

_NAMES = {"load_balancer": "algorithm", "health_check": "healthchecks", "tls": "client_certificate"}
_TARGET_NAMES = {"host": "target", "port": "target"}
_BALANCER_NAMES: dict[str, str] = {}
_TLS_NAMES: dict[str, str] = {}

_STICKY = "sticky-sessions"
_ALGORITHMS = {
    "round-robin": Algorithm.ROUND_ROBIN,
    "least-connections": Algorithm.LEAST_CONN,
    "latency": Algorithm.LATENCY,
    "consistent-hashing": Algorithm.HASH,
    _STICKY: Algorithm.ROUND_ROBIN,
}
_SOURCES = {
    "consumer": HashSource.CONSUMER,
    "ip": HashSource.IP_ADDRESS,
    "header": HashSource.HEADER,
    "cookie": HashSource.COOKIE,
    "path": HashSource.PATH,
    "query_arg": HashSource.QUERY_PARAM,
    "uri_capture": HashSource.PATH_CAPTURE,
}
_HASHES = ("none", *_SOURCES)
_NAMED = ("header", "query_arg", "uri_capture")
_COMPANIONS = (
    *("hash_on_header", "hash_on_query_arg", "hash_on_uri_capture", "hash_on_cookie"),
    *("hash_fallback_header", "hash_fallback_query_arg", "hash_fallback_uri_capture"),
    *("hash_on_cookie_path", "hash_fallback"),
    *("sticky_sessions_cookie", "sticky_sessions_cookie_path"),
)
_COOKIE_PATHS = ("hash_on_cookie_path", "sticky_sessions_cookie_path")
_ADDRESS = re.compile(
    r"(?P<v6>\[[0-9a-fA-F:.]+\]|[0-9a-fA-F:]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*)|"
    r"(?P<name>[^:\s/]+)"
)
_HOST_NAME = re.compile(r"[\w.\-]+")


def read_upstreams(file: File, certificates: Certificates) -> dict[str, Upstream]:
    """All upstreams, by name.

    Raises:
        InputError: Kong would refuse one of them.
    """
    targets = _targets(file)
    found: dict[str, Upstream] = {}
    for entity in file.of("upstreams"):
        upstream = _upstream(file, entity, certificates)
        upstream.targets = targets.get(entity.key, [])
        found[upstream.name or ""] = upstream
    return found


def _upstream(file: File, entity: Entity, certificates: Certificates) -> Upstream:
    node, report = entity.node, file.report
    take_idle(node, report)
    name = node.require_str("name")
    if not _HOST_NAME.fullmatch(name) and not is_placeholder(name):
        raise node.entries["name"].error(f'the upstream\'s name "{name}" is no host name')
    upstream = Upstream(name, tags=take_tags(node), origin=Origin(node, _NAMES))
    carried: dict[str, object] = {}
    upstream.load_balancer = _balancer(node, file, upstream, carried)
    upstream.health_check = read_health(node, report)
    host = node.take_str("host_header")
    mode = HostMode.TARGET if host is None else HostMode.REWRITE
    upstream.host_header = HostHeader(mode, host, origin=Origin(node, {"value": "host_header"}))
    certificate = file.reference(entity, "client_certificate", "certificates")
    if certificate is not None:
        client = certificates.names[certificate.key]
        upstream.tls = UpstreamTls(client_certificate=client, origin=Origin(node, _TLS_NAMES))
    for key in ("id", "use_srv_name"):
        below = node.take(key)
        if below is not None and below.plain() is not False:
            carried[key] = below.plain()
    if "use_srv_name" in carried:
        message = "the upstream gets the name in the SRV record as Host; others give the target's"
        report.at(node.entries["use_srv_name"], Fate.CARRIED, Level.WARNING, "upstream", message)
    if carried:
        upstream.extensions["kong"] = carried
    return upstream


def _balancer(
    node: Mapping, file: File, upstream: Upstream, carried: dict[str, object]
) -> LoadBalancer:
    """How Kong balances: `hash_on` decides over a written `algorithm`, unless that is
    least-connections or latency.
    """
    written = take_choice(node, "algorithm", _ALGORITHMS, "round-robin")
    hash_on_node = node.peek("hash_on")
    hash_on = take_choice(node, "hash_on", _HASHES, "none")
    algorithm = _ALGORITHMS.get(written, Algorithm.ROUND_ROBIN)
    if algorithm in (Algorithm.LEAST_CONN, Algorithm.LATENCY):
        hash_on = "none"
    elif hash_on != "none" and written != _STICKY:
        algorithm = Algorithm.HASH
    elif hash_on_node is not None:
        algorithm = Algorithm.ROUND_ROBIN
    slots = take_integer(node, "slots", DEFAULT_SLOTS, 10, 65536)
    balancer = LoadBalancer(
        algorithm,
        slots=None if slots == DEFAULT_SLOTS else slots,
        origin=Origin(node, _BALANCER_NAMES),
    )
    used = {"hash_fallback"}
    if written == _STICKY:
        _sticky(node, balancer, used)
    if algorithm is Algorithm.HASH:
        balancer.hash_on = _hash_keys(node, hash_on, used)
        if not balancer.hash_on:
            message = "consistent hashing of nothing sends every request to one target"
            file.report.about(
                upstream, Fate.EXACT, Level.INFO, "load_balancer", message, "load_balancer"
            )
        elif len(balancer.hash_on) == 1 and balancer.hash_on[0].source is HashSource.IP_ADDRESS:
            balancer.algorithm, balancer.hash_on = Algorithm.IP_HASH, []
    _carry_companions(node, file, used, carried)
    return balancer


def _sticky(node: Mapping, balancer: LoadBalancer, used: set[str]) -> None:
    """Sessions that a cookie of Kong's own keeps at their target, since 3.11
    (https://developer.konghq.com/kubernetes-ingress-controller/sticky-sessions-reference/).
    """
    balancer.sticky_sessions = True
    name = node.take_str("sticky_sessions_cookie")
    if name is None:
        raise node.error(f'"algorithm: {_STICKY}" needs the field "sticky_sessions_cookie"')
    balancer.cookie_name = name
    used.add("sticky_sessions_cookie")


def _hash_keys(node: Mapping, hash_on: str, used: set[str]) -> list[HashKey]:
    if hash_on == "none":
        return []
    fallback = take_choice(node, "hash_fallback", _HASHES, "none")
    if fallback == hash_on and fallback not in _NAMED:
        raise node.entries["hash_fallback"].error('"hash_fallback" must differ from "hash_on"')
    if hash_on == "cookie" and fallback != "none":
        raise node.entries["hash_fallback"].error("hashing a cookie has no fallback")
    keys = [_hash_key(node, "hash_on", hash_on, used)]
    if fallback != "none":
        keys.append(_hash_key(node, "hash_fallback", fallback, used))
    return keys


def _hash_key(node: Mapping, prefix: str, source: str, used: set[str]) -> HashKey:
    key = HashKey(_SOURCES.get(source, HashSource.IP_ADDRESS))
    companion = ""
    if source == "cookie":
        companion = "hash_on_cookie"
        key.cookie_path = node.take_str("hash_on_cookie_path", "/")
        used.add("hash_on_cookie_path")
    elif source in _NAMED:
        companion = f"{prefix}_{source}"
    if companion:
        key.name = node.take_str(companion)
        used.add(companion)
        if key.name is None:
            raise node.error(f'"{prefix}: {source}" needs the field "{companion}"')
    key.origin = Origin(node, {"source": prefix, "name": companion or prefix})
    return key


def _carry_companions(
    node: Mapping, file: File, used: set[str], carried: dict[str, object]
) -> None:
    """Keep the settings of a kind of hashing that is not used."""
    for key in _COMPANIONS:
        below = node.take(key)
        if below is None or key in used:
            continue
        if key in _COOKIE_PATHS and below.plain() in ("/", None):
            continue
        carried[key] = below.plain()
        message = "no effect: nothing is hashed by it"
        file.report.at(below, Fate.CARRIED, Level.INFO, key, message)


def _targets(file: File) -> dict[str, list[Target]]:
    found: dict[str, list[Target]] = {}
    known: dict[tuple[str, str], Node] = {}
    for entity in file.of("targets"):
        node = entity.node
        upstream = file.reference(entity, "upstream", "upstreams")
        if upstream is None:
            raise node.missing("upstream")
        take_idle(node, file.report, "id")
        address = node.take("target")
        if address is None:
            raise node.missing("target")
        text = address.as_str()
        if (upstream.key, text) in known:
            raise address.error(f'the target "{text}" is there twice')
        known[upstream.key, text] = address
        if node.take_bool("failover", False):
            message = "a target for when all others fail: other gateways are written without it"
            file.report.at(node, Fate.DROPPED, Level.WARNING, "upstream", message)
            continue
        host, port = parse_address(address)
        found.setdefault(upstream.key, []).append(
            Target(
                host,
                port,
                take_integer(node, "weight", DEFAULT_WEIGHT, 0, 65535),
                take_tags(node),
                origin=Origin(node, _TARGET_NAMES),
            )
        )
    return found


def parse_address(node: Node) -> tuple[str, int]:
    """Host and port of a target such as `10.0.0.1:80`, `name` or `[::1]:80`; port 8000 if unsaid.

    Raises:
        InputError: it is no address.
    """
    text = node.as_str()
    if is_placeholder(text):
        host, colon, port = text.rpartition(":")
        if colon and port.isdigit() and not text.endswith("}"):
            return host, int(port)
        return text, DEFAULT_TARGET_PORT
    match = _ADDRESS.match(text)
    rest = text[match.end() :] if match else ""
    valid = match is not None and (not rest or (rest[0] == ":" and rest[1:].isdigit()))
    port_number = int(rest[1:]) if valid and rest else DEFAULT_TARGET_PORT
    name = match["name"] if match else None
    if not valid or port_number > 65535 or (name and not _HOST_NAME.fullmatch(name)):
        raise node.error(
            f'the target "{text}" is no address', "write HOST, HOST:PORT, or [IPV6]:PORT"
        )
    host = match.group().strip("[]") if match else text
    return host, port_number
