"""Entry points: the ports that Traefik listens on, and what holds for all routers of one
(https://doc.traefik.io/traefik/reference/install-configuration/entrypoints/).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.importers.traefik.options import flag, number, plain, section, strings, text
from gal.ledger import Fate, Level
from gal.model import AddressMatch, Listener, Origin, Route
from gal.reading import Mapping, Node

if TYPE_CHECKING:
    from gal.ledger import Reporter

_INTERNAL = "traefik"
"""Traefik's own entry point for its API, which no router uses unless it names it."""

_KNOWN = {"web": 80, "http": 80, "websecure": 443, "https": 443, _INTERNAL: 8080}
_PLAIN, _SECURE, _FIRST_FREE = 80, 443, 8000
_REDIRECT_PRIORITY = 2**63 - 2
_QUIET = ("transport", "http2", "http3", "observability", "proxyProtocol")
_OF_HTTP = (
    *("encodeQuerySemicolons", "encodedCharacters", "maxHeaderBytes", "sanitizePath"),
    "underscoreHeadersStrategy",
)


@dataclass(slots=True)
class Redirection:
    """All plain requests of an entry point go to another one.

    Attributes:
        to: name of the other entry point, or `:PORT`.
        scheme: of the other one.
        permanent: 308 or 301 instead of 307 or 302.
        priority: against routers.
        bypassed: what fetches certificates is not sent elsewhere.
        node: where it is said.
    """

    to: str
    scheme: str
    permanent: bool
    priority: int
    bypassed: bool
    node: Mapping


@dataclass(slots=True)
class EntryPoint:
    """A port to listen on.

    Attributes:
        name: unique.
        host: address; empty is every one.
        port: TCP port.
        tls: settings of TLS that routers without their own take over.
        middlewares: names that stand before those of a router.
        default: routers that name no entry point are here.
        redirection: where plain requests are sent.
        node: where it is said; unset for one that only routers name.
        kept: settings that only Traefik knows.
        plain: a router takes plain requests here.
        secure: a router takes TLS here.
    """

    name: str
    host: str = ""
    port: int = _PLAIN
    tls: Mapping | None = None
    middlewares: list[str] = field(default_factory=list)
    default: bool = False
    redirection: Redirection | None = None
    node: Node | None = None
    kept: dict[str, Any] = field(default_factory=dict)
    plain: bool = False
    secure: bool = False


@dataclass(slots=True)
class EntryPoints:
    """All entry points.

    Attributes:
        known: by name.
        assumed: the files say none: those that routers name are taken to be there.
        others: those that no HTTP request comes to, as the file has them, and what only Traefik
            knows of the others.
    """

    known: dict[str, EntryPoint] = field(default_factory=dict)
    assumed: bool = False
    others: dict[str, Any] = field(default_factory=dict)

    def of(self, names: Iterable[str], *, secure: bool) -> tuple[list[EntryPoint], list[str]]:
        """The entry points of a router, without names the default ones; and names of none."""
        given = list(dict.fromkeys(names))
        if not given:
            return self._defaults(), []
        found = {name: self._named(name, secure=secure) for name in given}
        known = [one for one in found.values() if one is not None]
        return known, [name for name, one in found.items() if one is None]

    def _named(self, name: str, *, secure: bool) -> EntryPoint | None:
        found = self.known.get(name)
        if found is None and self.assumed:
            found = self.known[name] = EntryPoint(name, port=self._free_port(name, secure))
        return found

    def _free_port(self, name: str, secure: bool) -> int:
        taken = {one.port for one in self.known.values()}
        wanted = [_KNOWN.get(name.lower(), 0), _SECURE if secure else _PLAIN]
        wanted += range(_FIRST_FREE, _FIRST_FREE + len(taken) + 1)
        return next(port for port in wanted if port and port not in taken)

    def _defaults(self) -> list[EntryPoint]:
        if not self.known:
            self.known["web"] = EntryPoint("web")
        own = [one for one in self.known.values() if one.name != _INTERNAL]
        return [one for one in own if one.default] or own

    def redirected(self, to: str) -> int | None:
        """The port that a redirection leads to, where it is known."""
        if to.startswith(":") and to[1:].isdigit():
            return int(to[1:])
        found = self.known.get(to)
        return found.port if found is not None else None


def read_entry_points(static: Sequence[Mapping], report: Reporter) -> EntryPoints:
    """The entry points of the static configuration. Without one, those that routers name are
    assumed to be there.
    """
    found = EntryPoints()
    given = [node.take_mapping("entryPoints") for node in static]
    for points in given:
        for name, node in points.take_items() if points is not None else ():
            below = node if isinstance(node, Mapping) else None
            if below is None:
                raise node.mismatch("a mapping")
            given_as = below.plain()
            point = _read(name, below, report)
            if point is None:
                found.others[name] = given_as
            else:
                found.known[name] = point
    found.assumed = not any(points is not None for points in given)
    return found


def _read(name: str, node: Mapping, report: Reporter) -> EntryPoint | None:
    address = text(node, "address") or f":{_PLAIN}"
    whole, _, protocol = address.partition("/")
    host, _, port = whole.rpartition(":")
    if protocol == "udp":
        node.take_all()
        message = "other gateways are written without UDP"
        report.at(node, Fate.CARRIED, Level.WARNING, "listeners", message)
        return None
    if not port.isdigit():
        raise node.error(f'"{address}" is no address such as :80')
    point = EntryPoint(name, host.strip("[]"), int(port), node=node)
    point.default = flag(node, "asDefault")
    bypass = flag(node, "allowACMEByPass")
    http = section(node, "http")
    if http is not None:
        _http(point, http, bypass, report)
    forwarded = section(node, "forwardedHeaders")
    if forwarded is not None:
        point.kept["forwardedHeaders"] = plain(forwarded)
        message = "other gateways take the client's address from the connection"
        report.at(forwarded, Fate.CARRIED, Level.WARNING, "listeners", message)
    for option in (*_QUIET, "udp", "reusePort"):
        below = node.take(option)
        if below is not None:
            point.kept[option] = plain(below)
            level = Level.WARNING if option == "proxyProtocol" else Level.INFO
            message = "only Traefik has this setting of listeners"
            report.at(below, Fate.CARRIED, level, "listeners", message)
    return point


def _http(point: EntryPoint, node: Mapping, bypass: bool, report: Reporter) -> None:
    point.tls = section(node, "tls")
    point.middlewares = strings(node, "middlewares")
    redirections = section(node, "redirections")
    target = section(redirections, "entryPoint") if redirections is not None else None
    if target is not None:
        priority = number(target, "priority")
        point.redirection = Redirection(
            text(target, "to") or "",
            text(target, "scheme") or "https",
            flag(target, "permanent", default=True),
            _REDIRECT_PRIORITY if priority is None else priority,
            bypass,
            target,
        )
    for option in _OF_HTTP:
        below = node.take(option)
        if below is not None:
            point.kept.setdefault("http", {})[option] = plain(below)
            message = "only Traefik has this setting of listeners"
            report.at(below, Fate.CARRIED, Level.WARNING, "listeners", message)


def listeners(points: EntryPoints, report: Reporter) -> list[Listener]:
    """The listeners of the model. Traefik tells TLS from plain requests on one port; a listener is
    for one of them.
    """
    found = []
    known = list(points.known.values())
    others = any(point.secure and not point.plain for point in known)
    for point in known:
        if point.name == _INTERNAL and not (point.plain or point.secure):
            if point.node is not None:
                points.others[point.name] = point.node.plain()
                message = "its own API is here, which no router leads to"
                report.at(point.node, Fate.CARRIED, Level.INFO, "listeners", message)
            continue
        secure = point.secure or (point.tls is not None and not point.plain)
        if point.secure and point.plain:
            secure = _is_for_tls(point, others or len(known) > 1)
            lost, kept = ("plain", "TLS") if secure else ("TLS", "plain")
            message = f"Traefik takes {lost} requests on this port, too; others {kept} ones only"
            report.at(
                point.node, Fate.APPROXIMATED, Level.WARNING, "listeners", message, whole=False
            )
        origin = Origin(point.node, {"port": "address"}) if point.node is not None else None
        protocol = "https" if secure else "http"
        host = point.host or "0.0.0.0"
        found.append(Listener(point.name, host, point.port, protocol, origin=origin))
        if point.kept:
            points.others[point.name] = point.kept
    return found


def _is_for_tls(point: EntryPoint, others: bool) -> bool:
    """Which of both a port is for that takes both: where its port or its name does not say it, TLS
    if it is the only port.
    """
    if point.tls is not None or str(point.port).endswith(str(_SECURE)):
        return True
    if point.redirection is not None or point.port == _PLAIN:
        return False
    if any(word in point.name.lower() for word in ("secure", "https", "tls", "ssl")):
        return True
    return not others


def bind(route: Route, own: Sequence[EntryPoint], all_of: Sequence[Listener]) -> None:
    """Have a route answer on its entry points only, where its scheme does not say as much."""
    protocol = route.schemes[0] if route.schemes else "http"
    if all(one.protocol == protocol == "http" for one in all_of):
        route.schemes = []
    ports = {one.port for one in all_of if one.protocol == protocol}
    mine = {one.port for one in own}
    if not ports <= mine:
        route.destinations = [AddressMatch(port=port) for port in sorted(mine)]
