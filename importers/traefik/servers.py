"""The servers of a load balancer.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/load-balancing/service/
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gal.importers.traefik.options import flag, number, text
from gal.ledger import Fate, Level
from gal.model import Origin, Protocol, Target
from gal.reading import Mapping, Node, Placeholder, Sequence, is_placeholder

if TYPE_CHECKING:
    from gal.ledger import Reporter

_FEATURE = "upstream"
_PLACEHOLDER = r"\$?\{\{?[^}]*\}?\}"
_URL = re.compile(
    rf"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:[^@/]*@)?"
    rf"(?P<host>\[[^\]]+\]|(?:{_PLACEHOLDER}|[^/:?#{{}}$])+)"
    rf"(?::(?P<port>\d+|{_PLACEHOLDER}))?(?P<path>/[^?#]*)?(?:[?#].*)?",
    re.IGNORECASE,
)
_PROTOCOLS = {
    "http": Protocol.HTTP,
    "ws": Protocol.HTTP,
    "https": Protocol.HTTPS,
    "wss": Protocol.HTTPS,
    "h2c": Protocol.H2C,
}
_HTTPS_PORT = 443
_HIGHEST_PORT = 65535


@dataclass(slots=True)
class Servers:
    """What the servers of one load balancer have in common.

    Attributes:
        targets: their addresses.
        protocol: how they are spoken to; that of the first one.
        path: base path, where the servers' own is put before the request's.
    """

    targets: list[Target] = field(default_factory=list)
    protocol: Protocol = Protocol.HTTP
    path: str | None = None


def read_servers(balancer: Mapping, report: Reporter) -> Servers:
    """All servers of a load balancer; those without an address are left away."""
    found = Servers()
    protocols: list[Protocol] = []
    below = balancer.take("servers")
    items = below.items if isinstance(below, Sequence) else [below] if below is not None else []
    for item in items:
        if not isinstance(item, Mapping):
            raise item.mismatch("a mapping")
        protocol = _server(item, found, report)
        if protocol is not None:
            protocols.append(protocol)
    if protocols:
        found.protocol = protocols[0]
    if len(set(protocols)) > 1 and below is not None:
        message = f"all servers are spoken to with {found.protocol.value}, as the first one"
        report.at(below, Fate.APPROXIMATED, Level.WARNING, _FEATURE, message, whole=False)
    return found


def _server(item: Mapping, found: Servers, report: Reporter) -> Protocol | None:
    node = item.take("url")
    url = node.as_str().strip() if node is not None else ""
    weight = number(item, "weight")
    preserved = flag(item, "preservePath")
    target = Target("", 80, 1 if weight is None else weight, origin=Origin(item, {}))
    if isinstance(weight, int) and not isinstance(weight, Placeholder) and weight < 0:
        target.weight = 0
    match = _URL.fullmatch(url)
    if match is None or not _is_port(match["port"]):
        if is_placeholder(url):
            target.host = url
            found.targets.append(target)
            return Protocol.HTTP
        message = "this is no address of a server such as http://HOST:PORT"
        report.at(node or item, Fate.DROPPED, Level.WARNING, _FEATURE, message)
        return None
    scheme = match["scheme"].lower()
    protocol = _PROTOCOLS.get(scheme)
    if protocol is None:
        message = f'Traefik speaks no "{scheme}" to servers'
        report.at(node, Fate.DROPPED, Level.WARNING, _FEATURE, message)
        return None
    target.host = match["host"].strip("[]")
    target.port = _port(match["port"], protocol, node)
    found.targets.append(target)
    _path(match["path"] or "", preserved, found, node or item, report)
    return protocol


def _is_port(given: str | None) -> bool:
    return given is None or not given.isdecimal() or 0 < int(given[:6]) <= _HIGHEST_PORT


def _port(given: str | None, protocol: Protocol, node: Node | None) -> int:
    if given is None:
        return _HTTPS_PORT if protocol is Protocol.HTTPS else 80
    if not given.isdecimal():
        return Placeholder(given, node.position if node is not None else None)
    return int(given)


def _path(path: str, preserved: bool, found: Servers, node: Node, report: Reporter) -> None:
    """A server's path counts with `preservePath` only; the model has one for all servers."""
    if path in ("", "/"):
        return
    if not preserved:
        message = "Traefik does not look at the path of a server's address"
        report.at(node, Fate.EXACT, Level.INFO, _FEATURE, message)
    elif found.path in (None, path):
        found.path = path
    else:
        message = f"the path {found.path} is put before requests to all servers"
        report.at(node, Fate.APPROXIMATED, Level.WARNING, _FEATURE, message)


def sticky_cookie(balancer: Mapping, service: str) -> tuple[Mapping | None, str]:
    """The cookie that brings a client back to its server, and its name."""
    import hashlib

    from gal.importers.traefik.options import section

    sticky = section(balancer, "sticky")
    cookie = section(sticky, "cookie") if sticky is not None else None
    if cookie is None:
        return None, ""
    given = text(cookie, "name")
    if given is not None:
        return cookie, re.sub(r"[^!#$%&'*+.^`|~A-Za-z0-9-]", "_", given)
    full = service if "@" in service else f"{service}@file"
    digest = hashlib.sha1(f"_TRAEFIK_BACKEND_{full}".encode(), usedforsecurity=False)
    return cookie, f"_{digest.hexdigest()}"[:6]
