"""The ports of other gateways, where Kong has two: one for HTTP and one for HTTPS.

They are no part of Kong's file (https://developer.konghq.com/gateway/configuration/#proxy-listen),
and its default router does not look at the port. So the main listener of each scheme is Kong's, and
routes that are reached on others only are not in the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from gal.exporters.kong.build import Build
from gal.ledger import Fate, Level
from gal.model import Gateway, Route

KONG_PORTS = (8000, 8443)
_HTTPS_OFFSET = 443
_BOTH = frozenset(("http", "https"))
_PLAIN = {"http": "http", "grpc": "http", "https": "https", "grpcs": "https"}


@dataclass(slots=True)
class Listeners:
    """The listeners of the model that Kong's two stand for.

    Attributes:
        main: the port of each scheme.
        ports: all ports of each scheme.
        closed: identities of the routes that none of Kong's two has.
    """

    main: dict[str, int] = field(default_factory=dict)
    ports: dict[str, list[int]] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)

    def schemes(self, route: Route) -> set[str]:
        """What a route is asked for by on the main listeners: `http`, `https`."""
        wanted = _wanted(route)
        bound = _bound(route)
        return {
            scheme
            for scheme, port in self.main.items()
            if scheme in wanted and (bound is None or port in bound)
        }

    def narrowed(self, route: Route) -> set[str]:
        """A route's schemes, without those of a main listener that it is not reached on."""
        found = set(route.schemes)
        bound = _bound(route)
        if bound is None:
            return found
        reached = self.schemes(route)
        if reached == set(self.main) & _wanted(route):
            return found
        return {one for one in found if _PLAIN[one] in reached} or reached


def listeners_of(build: Build) -> Listeners:
    """The main listeners, by the routes that are reached on each."""
    found = Listeners()
    for scheme, port in _ports(build.gateway):
        found.ports.setdefault(scheme, []).append(port)
    routes = [route for _, route in build.gateway.walk_routes()]
    limited = [] if build.native else [one for one in routes if _bound(one) is not None]
    if not limited:
        found.main = {scheme: ports[0] for scheme, ports in found.ports.items()}
        return found
    local = {one.port for one in build.gateway.listeners if _is_local(one.host)}
    counts: Counter[tuple[str, int]] = Counter()
    for route in limited:
        bound = _bound(route) or set()
        counts.update((scheme, port) for scheme in _wanted(route) for port in bound)
    for scheme, ports in found.ports.items():
        # What is reached from the machine itself only is never opened to others.
        known = [port for port in ports if port not in local] or ports
        found.main[scheme] = max(known, key=lambda port: counts[scheme, port])
    for route in limited:
        if not found.schemes(route):
            found.closed.add(id(route))
            _report(build, route, found)
    return found


def report_listeners(build: Build) -> None:
    """Say that Kong is told of its ports elsewhere."""
    settings, listen = build.gateway.settings, build.context.options.listen
    message = "Kong's ports are no part of this file: set proxy_listen and admin_listen"
    usual = settings.host == "0.0.0.0" and settings.port in (KONG_PORTS[0], 10000)
    if not usual or listen is not None or settings.admin_port is not None:
        build.report.about(settings, Fate.DROPPED, Level.INFO, "listeners", message)
    for listener in build.gateway.listeners:
        if not build.native:
            build.report.about(listener, Fate.DROPPED, Level.INFO, "listeners", message)
        if listener.certificates:
            shown = "Kong shows certificates by their server names, on every port alike"
            build.report.approximated(listener, "listeners", shown, "certificates")
        build.context.claims.claim(listener)


def _ports(gateway: Gateway) -> Iterable[tuple[str, int]]:
    for listener in gateway.listeners:
        yield ("https" if listener.protocol == "https" else "http"), listener.port
    if not gateway.listeners:
        yield "http", gateway.settings.port
        yield "https", gateway.settings.port + _HTTPS_OFFSET


def _is_local(host: str) -> bool:
    return host in ("localhost", "::1", "[::1]") or host.startswith("127.")


def _wanted(route: Route) -> set[str]:
    return {_PLAIN.get(scheme, scheme) for scheme in route.schemes} or set(_BOTH)


def _bound(route: Route) -> set[int] | None:
    """The ports that a route is reached on; None for all, and where addresses are asked for."""
    if not route.destinations:
        return None
    ports = {one.port for one in route.destinations if one.ip is None and one.port is not None}
    return ports if len(ports) == len(route.destinations) else None


def is_bound(route: Route) -> bool:
    """Whether a route's destinations are ports of listeners and nothing else."""
    return _bound(route) is not None


def _report(build: Build, route: Route, found: Listeners) -> None:
    main = " and ".join(f"{port} ({scheme})" for scheme, port in found.main.items())
    message = (
        "Kong has one port for HTTP and one for HTTPS, which stand for those that most routes are"
        f" reached on: {main}; this route is reached on others only, and is not written"
    )
    build.report.dropped(route, "destinations", message, "destinations")
    build.context.claims.claim(route)
