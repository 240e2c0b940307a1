"""Services (https://developer.konghq.com/gateway/entities/service/)."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gal.importers.kong.fields import (
    take_choice,
    take_idle,
    take_integer,
    take_required,
    take_tags,
)
from gal.importers.kong.urls import split_url
from gal.ledger import Fate, Level
from gal.model import (
    Duration,
    HostHeader,
    HostMode,
    Origin,
    Policies,
    Protocol,
    Retry,
    Service,
    ServiceType,
    Target,
    Timeout,
    Upstream,
    UpstreamTls,
)
from gal.reading import Mapping, is_placeholder

if TYPE_CHECKING:
    from gal.importers.kong.certificates import Certificates
    from gal.importers.kong.references import Entity, File
    from gal.ledger import Reporter

STREAM = ("tcp", "tls", "udp", "tls_passthrough", "ws", "wss")
"""What carries no HTTP requests; the last two, WebSockets, are the enterprise edition's own."""
_PROTOCOLS = ("grpc", "grpcs", "http", "https", *STREAM)
_DEFAULT_TIMEOUT = 60000
_KEPT = ("id", "tls_sans")
_DEFAULT_RETRIES = 5
_MOST_MILLISECONDS = 2**31 - 2
_DEFAULT_PORTS = {80: ("http", "grpc"), 443: ("https", "grpcs")}

_NAMES = {"upstream": "host", "type": "protocol"}
_NAMES_BY_URL = {"upstream": "url", "protocol": "url", "path": "url", "type": "url"}
_TIMEOUT_NAMES = {"connect": "connect_timeout", "send": "write_timeout", "read": "read_timeout"}
_RETRY_NAMES = {"attempts": "retries"}
_TLS_NAMES = {"verify": "tls_verify", "verify_depth": "tls_verify_depth"}
_PATH = re.compile(r"/(?:[\w.\-~/:@!$&'()*+,;=]|%[0-9a-fA-F]{2})*", re.ASCII)
_HOST = re.compile(r"[\w.\-]+|\[?[0-9a-fA-F:.]+\]?", re.ASCII)
NAME = re.compile(r"[A-Za-z0-9.\-_~\u0080-\U0010ffff]+")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service stands.

    Attributes:
        protocol: how the gateway speaks to it.
        host: name of an upstream, or of a host.
        port: TCP port.
        path: base path.
        by_url: it was given as one `url`.
    """

    protocol: str
    host: str
    port: int
    path: str | None
    by_url: bool


def is_stream(entity: Entity) -> bool:
    """Whether a service speaks no HTTP. Marks nothing."""
    node = entity.node.peek("protocol")
    if entity.node.peek("url") is not None:
        url = entity.node.peek("url")
        return url is not None and url.as_str().partition("://")[0] in STREAM
    return node is not None and node.as_str() in STREAM


def read_services(
    file: File, upstreams: dict[str, Upstream], certificates: Certificates
) -> dict[str, Service]:
    """All services that speak HTTP, by the keys of their entities, without routes and plugins.

    Raises:
        InputError: Kong would refuse one of them.
    """
    reader = _Reader(file, upstreams, certificates)
    services = {
        entity.key: reader.service(entity)
        for entity in file.of("services")
        if not is_stream(entity)
    }
    for name in [name for name in upstreams if name not in reader.used]:
        node = file.names["upstreams"][name].node
        message = "no service names this upstream, so it has no effect"
        file.report.at(node, Fate.EXACT, Level.INFO, "upstream", message, whole=False)
    return services


@dataclass(slots=True)
class _Reader:
    file: File
    upstreams: dict[str, Upstream]
    certificates: Certificates
    used: set[str]
    secured: set[str]
    own_tls: dict[str, UpstreamTls | None]

    def __init__(
        self, file: File, upstreams: dict[str, Upstream], certificates: Certificates
    ) -> None:
        self.file = file
        self.upstreams = upstreams
        self.certificates = certificates
        self.used = set()
        self.secured = set()
        self.own_tls = {}

    def service(self, entity: Entity) -> Service:
        node = entity.node
        take_idle(node, self.file.report)
        take_required(node, "enabled")
        address = read_address(node, self.file.report)
        protocol = Protocol(address.protocol)
        grpc = protocol in (Protocol.GRPC, Protocol.GRPCS)
        if grpc and address.path is not None:
            raise node.error(f'a service of protocol {protocol.value} must not have a "path"')
        service = Service(
            read_name(node),
            ServiceType.GRPC if grpc else ServiceType.REST,
            protocol,
            path=address.path,
            enabled=node.take_bool("enabled", True),
            tags=take_tags(node),
            policies=Policies(origin=Origin(node, {})),
            origin=Origin(node, _NAMES_BY_URL if address.by_url else _NAMES),
        )
        service.policies.timeout = _timeout(node)
        attempts = take_integer(node, "retries", _DEFAULT_RETRIES, 0, 32767)
        service.policies.retry = Retry(
            attempts=attempts,
            on_connection_failure=True,
            on_timeout=True,
            origin=Origin(node, _RETRY_NAMES),
        )
        tls = self._tls(entity, protocol)
        service.upstream = self._upstream(node, address, tls)
        kept = {key: node.entries[key].plain() for key in _KEPT if node.peek(key) is not None}
        for key in _KEPT:
            node.mark(key)
        if "tls_sans" in kept:
            node.entries["tls_sans"].take_all()
            message = "elsewhere the upstream's certificate may have any name that fits its host"
            self.file.report.at(
                node.entries["tls_sans"], Fate.CARRIED, Level.WARNING, "upstream", message
            )
        if kept:
            service.extensions["kong"] = kept
        return service

    def _tls(self, entity: Entity, protocol: Protocol) -> UpstreamTls | None:
        node = entity.node
        tls = UpstreamTls(
            verify=node.take_bool("tls_verify"),
            ca_certificates=self._authorities(node),
            origin=Origin(node, _TLS_NAMES),
        )
        if node.peek("tls_verify_depth") is not None:
            tls.verify_depth = take_integer(node, "tls_verify_depth", 1, 0, 64)
        node.mark("tls_verify_depth")
        certificate = self.file.reference(entity, "client_certificate", "certificates")
        if certificate is not None:
            tls.client_certificate = self.certificates.names[certificate.key]
        if tls == UpstreamTls():
            return None
        if protocol is not Protocol.HTTPS:
            raise node.error("TLS to the upstream can only be set with protocol https")
        return tls

    def _authorities(self, node: Mapping) -> list[str]:
        names = []
        for item in node.take_sequence("ca_certificates"):
            entity = self.file.ids.get("ca_certificates", {}).get(item.as_str())
            names.append(item.as_str() if entity is None else self.certificates.names[entity.key])
        return names

    def _upstream(self, node: Mapping, address: Address, tls: UpstreamTls | None) -> Upstream | str:
        upstream = self.upstreams.get(address.host)
        if upstream is None:
            names = {"host": "host", "port": "port"}
            if address.by_url:
                names = {"host": "url", "port": "url"}
            target = Target(address.host.strip("[]"), address.port, origin=Origin(node, names))
            return Upstream(
                targets=[target],
                tls=tls,
                host_header=HostHeader(HostMode.TARGET, origin=Origin(node, names)),
                origin=Origin(node, names),
            )
        if address.host not in self.used:
            self._complete_host(upstream, address.protocol)
        self.used.add(address.host)
        return self._secured(node, upstream, address, tls)

    def _secured(
        self, node: Mapping, upstream: Upstream, address: Address, tls: UpstreamTls | None
    ) -> Upstream | str:
        """The upstream with the TLS settings of a service. Kong has them at the service."""
        if address.protocol != "https":
            return address.host
        own = self.own_tls.setdefault(address.host, upstream.tls)
        if tls is not None and own is not None and tls.client_certificate is None:
            tls.client_certificate = own.client_certificate
        wanted = tls or own
        if address.host not in self.secured:
            self.secured.add(address.host)
            upstream.tls = wanted
        elif wanted != upstream.tls:
            copy = deepcopy(upstream)
            copy.name, copy.tls = None, wanted
            message = "services of one upstream differ in TLS: this one gets a copy of it"
            self.file.report.at(
                node, Fate.APPROXIMATED, Level.INFO, "upstream", message, whole=False
            )
            return copy
        return address.host

    def _complete_host(self, upstream: Upstream, protocol: str) -> None:
        """Kong adds the target's port to a fixed Host, unless it is the protocol's own."""
        header = upstream.host_header
        if header is None or header.value is None:
            return
        ports = {target.port for target in upstream.targets}
        suffixes = {
            "" if protocol in _DEFAULT_PORTS.get(port, ()) else f":{port}" for port in ports
        }
        if len(suffixes) > 1:
            message = "Kong adds the target's port to this Host; here it stays without a port"
            self.file.report.approximated(upstream, "host_header", message, "host_header")
        elif suffixes and suffixes != {""}:
            upstream.extensions.setdefault("kong", {})["host_header"] = header.value
            header.value += suffixes.pop()


def _timeout(node: Mapping) -> Timeout:
    def one(key: str) -> Duration:
        value = take_integer(node, key, _DEFAULT_TIMEOUT, 1, _MOST_MILLISECONDS)
        return Duration.milliseconds(value)

    return Timeout(
        connect=one("connect_timeout"),
        send=one("write_timeout"),
        read=one("read_timeout"),
        origin=Origin(node, _TIMEOUT_NAMES),
    )


def read_name(node: Mapping) -> str | None:
    """The name of a service or route.

    Raises:
        InputError: it holds other characters than Kong takes.
    """
    below = node.take("name")
    if below is None:
        return None
    name = below.as_str()
    if not NAME.fullmatch(name) and not is_placeholder(name):
        raise below.error(
            f'the name "{name}" may only hold letters, digits and the characters . - _ ~'
        )
    return name


def read_address(node: Mapping, report: Reporter) -> Address:
    """`url`, or `protocol`, `host`, `port` and `path`.

    Raises:
        InputError: there is no host, or a part is wrong.
    """
    if node.peek("url") is not None:
        return _by_url(node, report)
    node.mark("url")
    for key in ("protocol", "port"):
        take_required(node, key)
    protocol = take_choice(node, "protocol", _PROTOCOLS, "http")
    if is_placeholder(protocol):
        raise node.entries["protocol"].error("the protocol must be known, to convert a service")
    host = node.require_str("host")
    if not _HOST.fullmatch(host) and not is_placeholder(host):
        raise node.entries["host"].error(f'"{host}" is no host', "the port has a field of its own")
    port = take_integer(node, "port", 80, 0, 65535)
    return Address(protocol, host, port, _checked_path(node, "path", node.take_str("path")), False)


def _by_url(node: Mapping, report: Reporter) -> Address:
    below = node.entries["url"]
    text = node.require_str("url")
    for key in ("protocol", "host", "port", "path"):
        other = node.take(key)
        if other is not None:
            report.at(other, Fate.DROPPED, Level.INFO, key, '"url" decides over this')
    protocol, host, port, path = split_url(below, text)
    protocol = protocol or ("https" if port == 443 else "http")
    if protocol not in _PROTOCOLS:
        raise below.error(f'"{protocol}" is no protocol', f"there are: {', '.join(_PROTOCOLS)}")
    if port is None:
        port = 443 if protocol == "https" else 80
    return Address(protocol, host, port, _checked_path(node, "url", path or None), True)


def _checked_path(node: Mapping, key: str, path: str | None) -> str | None:
    if path is None or is_placeholder(path):
        return path
    if not _PATH.fullmatch(path) or "//" in path:
        raise node.entries[key].error(
            f'the path "{path}" must start with "/" and hold neither "//" nor characters that a'
            " URL has to encode"
        )
    return path
