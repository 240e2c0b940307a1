"""One route of the model as Traefik's routers.

Parts of a route that follow each other in the order of all routes become one router, so that
what counts requests counts them together.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gal.claims import unwrap
from gal.exporters.traefik.build import (
    NOWHERE,
    Json,
    Names,
    RouteBuild,
    Shared,
    Variant,
    alternation,
    conjunction,
)
from gal.exporters.traefik.carried import kept
from gal.exporters.traefik.listeners import EntryPoint
from gal.exporters.traefik.paths import TOLD, PathAction, is_told, path_plan
from gal.exporters.traefik.policies import apply_policies
from gal.exporters.traefik.regex import UntranslatableError
from gal.exporters.traefik.rules import (
    host_port,
    host_rule,
    path_rule,
    route_rule,
    server_rule,
    widest_rule,
)
from gal.exporters.traefik.services import Destination, Directory
from gal.exporters.traefik.targets import route_service
from gal.ledger import Fate, Level
from gal.model import PathMatch, Policies, Route, Service
from gal.ranking import Candidate
from gal.scopes import Scopes
from gal.underscores import SAME_HEADERS, is_guarded

_SECURE = frozenset({"https", "grpcs"})
_GRPC = frozenset({"grpc", "grpcs"})
_EVERY_PATH = "PathPrefix(`/`)"


@dataclass(slots=True)
class _Made:
    """What all paths of a route share.

    Attributes:
        build: policies and variants.
        rule: what the route asks for besides its path.
        service: Traefik's service.
        ways: names of entry points with what is asked there besides; None means all of them.
        plain: names of entry points where only the redirection to HTTPS acts.
    """

    build: RouteBuild
    rule: str
    service: str
    ways: list[tuple[str, list[str] | None]]
    plain: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Pending:
    """Paths of one route that follow each other, by what becomes of them."""

    made: _Made
    paths: dict[str, tuple[PathAction, list[str]]] = field(default_factory=dict)


@dataclass(slots=True)
class RouteWriter:
    """Turns routes into routers, one candidate after the other, the first one wins.

    Attributes:
        shared: what all routes share.
        directory: services and upstreams.
        points: the ports that Traefik listens on.
    """

    shared: Shared
    directory: Directory
    points: list[EntryPoint]
    _made: dict[int, _Made | None] = field(default_factory=dict)
    _names: Names = field(default_factory=Names)
    _router_names: Names = field(default_factory=Names)
    _pending: _Pending | None = None
    _routers: list[tuple[str, Json]] = field(default_factory=list)
    _told: set[int] = field(default_factory=set)

    def take(self, candidate: Candidate) -> None:
        """Write a candidate, unless the next one can go into the same routers."""
        view = self.shared.context.claims.view
        route = view(unwrap(candidate.route))
        if id(route) not in self._made:
            nested = None if candidate.service is None else view(unwrap(candidate.service))
            self._made[id(route)] = self._make(nested, route)
        made = self._made[id(route)]
        if made is None:
            return
        if self._pending is None or self._pending.made is not made:
            self._flush()
            self._pending = _Pending(made)
        for path in candidate.paths or route.paths:
            self.shared.context.claims.claim(path)
            self._path(self._pending, path)
        if not route.paths:
            self._path(self._pending, None)

    def finish(self) -> None:
        """Number the routers: the first one gets the highest priority."""
        self._flush()
        for number, (name, router) in enumerate(self._routers):
            router["priority"] = len(self._routers) - number
            self.shared.routers[name] = router

    def _make(self, nested: Service | None, route: Route) -> _Made | None:
        """The route's shared parts, or None where there is no such route."""
        for name in ("priority", "id"):
            getattr(route, name)  # the order of the routers says it
        service = nested
        if service is None and route.upstream is not None:
            service = self.directory.services.get(route.upstream)
        if service is not None and not service.enabled:
            message = "the service is switched off, so its routes are not written"
            report = self.shared.context.report
            report.about(service, Fate.DROPPED, Level.INFO, "service", message, "enabled")
            for node in (route, service):
                self.shared.context.claims.claim(node)
            return None
        destination = self._destination(service, route)
        build = self._build(service, route, destination)
        try:
            points = self._entry_points(route)
            hosts, points = self._hosts(route, points)
            rule = conjunction(hosts, route_rule(route, self._same_spellings(build)))
            ways = self._ways(route, points)
        except UntranslatableError as error:
            self._lost(build, str(error), widest_rule(route))
            return None
        build.copies = len(ways)
        build.secure = all(one.secure for one in points)
        apply_policies(build, self.shared)
        target = route_service(build, destination, self.directory, self.shared)
        made = _Made(build, rule, target, ways)
        self._secure(made)
        return made

    def _destination(self, service: Service | None, route: Route) -> Destination | None:
        if service is not None:
            return self.directory.of_service(service)
        if route.upstream is None:
            return None
        found = self.directory.named(route.upstream)
        if found is None:
            message = f'there is no service or upstream "{route.upstream}": it answers 503'
            self.shared.context.report.dropped(route, "upstream", message, "upstream")
        return found

    def _build(
        self, service: Service | None, route: Route, destination: Destination | None
    ) -> RouteBuild:
        levels = [route.policies]
        if service is not None:
            levels.append(service.policies)
        levels.append(self.shared.gateway.policies)
        if destination is not None:
            upstream = destination.upstream
            levels.append(Policies(timeout=upstream.timeout, retry=upstream.retry))
        nothing = Policies()
        scopes = Scopes(
            tuple(level for level in levels if unwrap(level) != nothing), self.shared.effective
        )
        base = route.name or (service.name if service is not None else None) or "route"
        return RouteBuild(route, service, scopes, self._names.free(base))

    def _same_spellings(self, build: RouteBuild) -> bool:
        """Whether headers with underscores must not pass by a route (see `gal.underscores`)."""
        gateway = unwrap(self.shared.gateway)
        if gateway.settings.route_order not in SAME_HEADERS:
            return False
        service = unwrap(build.service) if build.service is not None else None
        return is_guarded(gateway, service, unwrap(build.route))

    def _lost(self, build: RouteBuild, reason: str, rule: str) -> None:
        """Say that requests of a route are not taken by it any more. Another route would take them:
        where this one controls access, everybody who fits the rule is refused instead (law 2).
        """
        scopes, report = build.scopes, self.shared.context.report
        controlled = (
            scopes.find(lambda policies: policies.authentication)
            or scopes.find(lambda policies: policies.acl)
            or scopes.find(lambda policies: policies.ip_access)
            or scopes.find(lambda policies: policies.user_agent)
        )
        if controlled is None:
            message = f"{reason}; its requests find another route, or none"
            report.dropped(build.route, "route", message)
            return
        if self.shared.context.options.allow_open:
            message = f"{reason}; left out because of --allow-open"
            report.dropped(build.route, "route", message)
            return
        message = f"{reason}; everybody who fits the rest of the route is refused with 403"
        report.refused(build.route, "route", message)
        self._flush()
        refused = Variant("", [self.shared.refusal()], NOWHERE, closed=True)
        self._router(_Made(build, "", NOWHERE, []), rule, refused, None)

    def _ways(self, route: Route, points: list[EntryPoint]) -> list[tuple[str, list[str] | None]]:
        """Entry points with what is asked there: only TLS has server names.

        Raises:
            UntranslatableError: a server name has a wildcard in another place than an end.
        """
        rule = server_rule(route.server_names)
        secure = [one for one in points if one.secure or not rule]
        if rule and secure:
            message = "the host of the request is compared, not the server name of TLS"
            self.shared.context.report.approximated(route, "route", message, "server_names")
        found = []
        for asked, some in ((rule, secure), ("", [one for one in points if one not in secure])):
            if some:
                names = [one.name for one in some]
                found.append((asked, None if len(names) == len(self.points) else names))
        return found

    def _entry_points(self, route: Route) -> list[EntryPoint]:
        """The entry points of the ports and schemes that a route wants.

        Raises:
            UntranslatableError: there is none, or it wants one of the gateway's addresses.
        """
        points = self.points
        schemes = frozenset(route.schemes)
        if schemes and schemes <= _GRPC:
            message = "Traefik does not ask whether a request is one of gRPC"
            self.shared.context.report.approximated(route, "schemes", message, "schemes")
        if schemes:
            secure, plain = bool(schemes & _SECURE), bool(schemes - _SECURE)
            points = [one for one in points if (secure if one.secure else plain)]
        if route.destinations:
            if any(one.ip is not None or one.port is None for one in route.destinations):
                raise UntranslatableError(
                    "Traefik's routers do not tell the gateway's addresses apart"
                )
            ports = {one.port for one in route.destinations}
            points = [one for one in points if one.port in ports]
        if not points and not (schemes and route.https_redirect is not None):
            raise UntranslatableError("no listener takes its protocol and port")
        return points

    def _hosts(self, route: Route, points: list[EntryPoint]) -> tuple[str, list[EntryPoint]]:
        """The rule for a route's hosts, and the entry points where they can be asked for.

        Raises:
            UntranslatableError: there is no such host pattern, or no such port.
        """
        if not route.hosts:
            return "", points
        ports = {one.port for one in points}
        hosts = [host for host in route.hosts if host_port(host) in (None, *ports)]
        wanted = {host_port(host) for host in hosts}
        if not hosts:
            raise UntranslatableError("no listener has the port of its hosts")
        if None not in wanted and len(wanted) == 1:
            points = [one for one in points if one.port in wanted]
        elif len(points) > 1 and wanted != {None}:
            message = "the ports of its hosts are not compared"
            self.shared.context.report.approximated(route, "route", message, "hosts")
        return host_rule(hosts), points

    def _secure(self, made: _Made) -> None:
        """What plain requests get where the route only takes HTTPS."""
        route = made.build.route
        if route.https_redirect is None:
            return
        _ = route.https_redirect.status_code
        if route.schemes and frozenset(route.schemes) <= _SECURE:
            made.plain = [one.name for one in self.points if not one.secure]

    def _path(self, pending: _Pending, path: PathMatch | None) -> None:
        build = pending.made.build
        base = build.service.path if build.service is not None else None
        report = self.shared.context.report
        try:
            matched = path_rule(path) if path is not None else ""
            plan = path_plan(path, build.route.rewrite, base)
        except UntranslatableError as error:
            shown = f'the path "{path.text}"' if path is not None else "the rewrite"
            reason = f"{shown} cannot be said in Traefik: {error}"
            self._lost(build, reason, pending.made.rule)
            self._pending = self._pending or _Pending(pending.made)
            return
        for message in plan.differs:
            report.approximated(build.route.rewrite or build.route, "rewrite", message)
        if any(is_told(action.middleware) for action in plan.actions):
            self._tell_path(build)
        if plan.actions[0].rule:  # what needs two routers shares none with others
            self._flush()
            self._pending = _Pending(pending.made)
        for action in plan.actions:
            key = str(action)
            rules = self._pending.paths if self._pending is not None else pending.paths
            rules.setdefault(key, (action, []))[1].append(matched)

    def _tell_path(self, build: RouteBuild) -> None:
        """Say once of a route that the upstream is told its path."""
        if id(build) not in self._told:
            self._told.add(id(build))
            report, owner = self.shared.context.report, build.route.rewrite or build.route
            report.about(owner, Fate.APPROXIMATED, Level.INFO, "rewrite", TOLD)

    def _flush(self) -> None:
        pending, self._pending = self._pending, None
        if pending is None:
            return
        made = pending.made
        for action, paths in pending.paths.values():
            where = "" if "" in paths else alternation(paths)
            rule = conjunction(made.rule, where, action.rule)
            if made.build.own_rule is not None:
                rule = conjunction(made.build.own_rule, action.rule)
            if made.plain:
                self._plain(made, rule)
                self._unreached(made)
            for asked, points in made.ways:
                self._variants(made, action, conjunction(asked, rule), points)

    def _variants(
        self, made: _Made, action: PathAction, rule: str, points: list[str] | None
    ) -> None:
        build = made.build
        if build.refusal is not None:
            refused = Variant("", [self.shared.refusal()], NOWHERE, closed=True)
            self._router(made, rule, refused, points)
            return
        for variant in build.variants:
            chain = list(variant.chain)
            if not variant.closed:
                if action.middleware is not None:
                    chain.append(self.shared.middlewares.add("path", action.middleware))
                chain += build.tail
            whole = Variant(variant.rule, chain, variant.service, variant.closed)
            self._router(made, rule, whole, points)

    def _unreached(self, made: _Made) -> None:
        """Say of a route that only takes HTTPS that no entry point does."""
        redirect = made.build.route.https_redirect
        if redirect is not None and not made.ways:
            message = "no entry point takes HTTPS, so the route cannot be reached"
            self.shared.context.report.approximated(redirect, "https_redirect", message)

    def _plain(self, made: _Made, rule: str) -> None:
        redirect = made.build.route.https_redirect
        if redirect is None:
            return
        code = redirect.status_code
        if code in (301, 302, 307, 308):
            permanent = code in (301, 308)
            scheme = {"scheme": "https", "permanent": permanent}
            middleware = self.shared.middlewares.add("to-https", {"redirectScheme": scheme})
            if code in (307, 308):
                message = f"GET gets {301 if permanent else 302}, other methods get {code}"
                report = self.shared.context.report
                report.approximated(redirect, "https_redirect", message, "status_code")
        else:
            middleware = self.shared.refusal(426)
        self._router(made, rule, Variant("", [middleware], NOWHERE, closed=True), made.plain)

    def _router(self, made: _Made, rule: str, variant: Variant, points: list[str] | None) -> None:
        name = self._router_names.free(made.build.name)
        router: Json = {"rule": conjunction(rule, variant.rule) or _EVERY_PATH, "priority": 0}
        if points is not None:
            router["entryPoints"] = points
        if variant.chain:
            router["middlewares"] = variant.chain
        router["service"] = variant.service or made.service
        if made.build.tls_options is not None and points != made.plain:
            router["tls"] = {"options": made.build.tls_options}
        watched = kept(made.build.route).get("observability")
        if watched:
            router["observability"] = watched
        self._routers.append((name, router))
