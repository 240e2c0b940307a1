"""One route of the model as Envoy's routes: one for each path, and those in front of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gal.claims import unwrap
from gal.exporters.envoy import carried_routes
from gal.exporters.envoy.build import Alternative, Json, RouteBuild, Shared
from gal.exporters.envoy.carried_connections import bound_ports, plain_ports
from gal.exporters.envoy.clusters import DEFAULT_CONNECT, Destination, Directory, host_action
from gal.exporters.envoy.hosts import HostPattern, parse_host
from gal.exporters.envoy.load_balancer import hash_policy, stick
from gal.exporters.envoy.matches import (
    DECODES_QUERIES,
    RequestMatch,
    path_match,
    request_match,
    widest_match,
)
from gal.exporters.envoy.paths import PathAction, path_plan
from gal.exporters.envoy.regex import UntranslatableError
from gal.exporters.envoy.values import duration, header_option
from gal.exporters.envoy.virtual_hosts import Entry
from gal.ledger import Fate, Level
from gal.model import Duration, MatchKind, PathMatch, Policies, Route, Service
from gal.ranking import Candidate
from gal.scopes import Scopes

OVERWRITE = "OVERWRITE_IF_EXISTS_OR_ADD"
_JSON_TYPE = "application/json; charset=utf-8"
_REDIRECTS = {
    301: "MOVED_PERMANENTLY",
    302: "FOUND",
    303: "SEE_OTHER",
    307: "TEMPORARY_REDIRECT",
    308: "PERMANENT_REDIRECT",
}
_REWRITES = ("prefix_rewrite", "regex_rewrite", "path_rewrite", "path_rewrite_policy")
_HTTPS_ONLY = '{"message":"Please use HTTPS protocol"}'
_NO_SERVICE = '{"message":"no Service found with those values"}'
_REFUSED = '{"message":"You cannot consume this service"}'


@dataclass(slots=True)
class _Made:
    """What all paths of a route share."""

    build: RouteBuild
    match: RequestMatch
    hosts: tuple[HostPattern, ...]
    action: Json


@dataclass(slots=True)
class RouteWriter:
    """Turns routes into entries of the route table, one candidate after the other.

    Attributes:
        shared: what all routes share.
        directory: services, upstreams and their clusters.
        has_https: there is a listener with TLS.
    """

    shared: Shared
    directory: Directory
    has_https: bool
    _made: dict[int, _Made | None] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)

    def entries(self, candidate: Candidate) -> Iterator[Entry]:
        """The entries of a candidate, the first that fits wins."""
        view = self.shared.context.claims.view
        route, service = view(unwrap(candidate.route)), candidate.service
        if id(route) not in self._made:
            nested = None if service is None else view(unwrap(service))
            self._made[id(route)] = self._make(nested, route)
        made = self._made[id(route)]
        if made is None:
            return
        for path in candidate.paths or route.paths:
            self.shared.context.claims.claim(path)
            yield from self._path(made, path)
        if not route.paths:
            yield from self._path(made, None)

    def _make(self, nested: Service | None, route: Route) -> _Made | None:
        """The route's shared parts, or None where there is no such route."""
        _claim_order(route)
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
        hosts = self._hosts(build)
        if hosts is None and build.refusal is None:
            return None
        hosts = hosts or ()
        try:
            order = self.shared.gateway.settings.route_order
            match = request_match(route, order in DECODES_QUERIES)
            if order in DECODES_QUERIES:
                self._report_queries(route)
        except UntranslatableError as error:
            if not self._lost(build, str(error)):
                return None
            return _Made(build, widest_match(route), hosts, {})
        from gal.exporters.envoy.policies import apply_policies

        apply_policies(build, self.shared)
        self._buffering(route)
        action = self._action(build, destination)
        return _Made(
            build, match, hosts, carried_routes.source_action(build, self.shared) or action
        )

    def _report_queries(self, route: Route) -> None:
        for one in route.query_params:
            if not one.invert and one.kind not in (MatchKind.EXACT, MatchKind.PRESENT):
                message = (
                    "Envoy compares the first value of a parameter, and with percent signs where"
                    " it has any"
                )
                self.shared.context.report.approximated(one, "query_params", message)

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
        # Every kind is looked for in every level, and most levels have none.
        nothing = Policies()
        scopes = Scopes(
            tuple(level for level in levels if unwrap(level) != nothing), self.shared.effective
        )
        return RouteBuild(route, service, scopes, self._name(service, route))

    def _name(self, service: Service | None, route: Route) -> str:
        base = route.name or (service.name if service is not None else None) or "route"
        name, number = base, 1
        while name in self._names:
            number += 1
            name = f"{base}-{number}"
        self._names.add(name)
        return name

    def _hosts(self, build: RouteBuild) -> tuple[HostPattern, ...] | None:
        """The route's host patterns; None where it has some and Envoy knows none of them."""
        found = []
        for host in build.route.hosts:
            pattern = parse_host(host)
            if pattern is None:
                self._lost(build, f'Envoy has no host pattern "{host}"')
            else:
                found.append(pattern)
        return None if build.route.hosts and not found else tuple(dict.fromkeys(found))

    def _lost(self, build: RouteBuild, reason: str) -> bool:
        """Say that requests of a route are not taken by it any more. Another route would take them:
        where this one controls access, everybody who fits the rest of it is refused instead (law
        2), and the answer is True.
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
            return False
        if self.shared.context.options.allow_open:
            message = f"{reason}; left out because of --allow-open"
            report.dropped(build.route, "route", message)
            return False
        message = f"{reason}; everybody who fits the rest of the route is refused with 403"
        report.refused(build.route, "route", message)
        build.refusal = build.refusal or reason
        return True

    def _buffering(self, route: Route) -> None:
        for name in ("request_buffering", "response_buffering"):
            if getattr(route, name):
                message = "Envoy passes bodies on as they come"
                self.shared.context.report.approximated(route, "buffering", message, name)

    def _action(self, build: RouteBuild, destination: Destination | None) -> Json:
        """Envoy's route action without what depends on the path; empty where nothing stands behind
        the route.
        """
        route = build.route
        timeout = build.scopes.find(lambda policies: policies.timeout)
        connect = None if timeout is None else timeout.connect or DEFAULT_CONNECT
        action: Json = {}
        if route.backends:
            action = self._weighted(build, connect)
        elif destination is not None:
            action["cluster"] = self.directory.cluster(destination, connect, build.outlier)
            header = route.host_header or destination.upstream.host_header
            action |= host_action(header, destination)
            action |= self._chosen(build, destination)
        if not action:
            return {}
        if any("host_rewrite" in name for name in build.action):  # a policy sets it
            action = _without_host(action)
        whole = self.shared.gateway.settings.timeout or Duration(0)
        return {**action, "timeout": duration(whole), **build.action}

    def _weighted(self, build: RouteBuild, connect: Duration | None) -> Json:
        clusters: list[Json] = []
        hashed: Json = {}
        target_host = False
        for backend in build.route.backends:
            found = self.directory.named(backend.upstream)
            if found is None:
                message = f'there is no service or upstream "{backend.upstream}"'
                self.shared.context.report.dropped(backend, "backends", message, "upstream")
                continue
            if not clusters:  # the cluster is chosen before the target
                hashed = self._chosen(build, found)
            host = host_action(build.route.host_header or found.upstream.host_header, found)
            target_host = host.pop("auto_host_rewrite", target_host)
            name = self.directory.cluster(found, connect, build.outlier)
            clusters.append({"name": name, "weight": backend.weight, **host})
            if found.service is not None and found.service.path not in (None, "/"):
                message = "the base path of a service has no effect where it is one of several"
                self.shared.context.report.approximated(backend, "backends", message, "upstream")
        if not sum(cluster["weight"] for cluster in clusters):
            return {}
        action: Json = {"weighted_clusters": {"clusters": clusters}, **hashed}
        return {**action, "auto_host_rewrite": True} if target_host else action

    def _chosen(self, build: RouteBuild, destination: Destination) -> Json:
        """How a route chooses a target of its upstream, besides the cluster's own way."""
        stick(destination.upstream, build, self.shared)
        hashed = hash_policy(destination.upstream, build.route, self.shared)
        return {"hash_policy": hashed} if hashed else {}

    def _path(self, made: _Made, path: PathMatch | None) -> Iterator[Entry]:
        build = made.build
        base = build.service.path if build.service is not None else None
        try:
            match = path_match(path)
            plan = path_plan(path, build.route.rewrite, base)
        except UntranslatableError as error:
            shown = f'the path "{path.text}"' if path is not None else "the rewrite"
            open_before = build.refusal
            if self._lost(build, f"{shown} cannot be said in Envoy: {error}"):
                yield self._entry(made, PathAction(), {"prefix": "/"}, None)
                build.refusal = open_before  # its other paths can be said
            return
        for message in plan.differs:
            subject = build.route.rewrite or build.route
            self.shared.context.report.approximated(subject, "rewrite", message)
        if made.match.secure:
            yield from self._plain(made, match)
        for action in plan.actions:
            yield from self._alternatives(made, action, action.match or match)

    def _plain(self, made: _Made, match: Json) -> Iterator[Entry]:
        """What a plain request gets where the route only takes HTTPS."""
        redirect = made.build.route.https_redirect
        if redirect is None:
            return
        if not self.has_https:
            message = "no listener takes HTTPS, so the route cannot be reached"
            self.shared.context.report.approximated(redirect, "https_redirect", message)
        route: Json = {
            "name": made.build.name,
            "match": made.match.render(match, made.build.route.methods, secure=False),
        }
        code = _REDIRECTS.get(redirect.status_code)
        if code is not None:
            target = {"https_redirect": True, "port_redirect": 443, "response_code": code}
            route["redirect"] = target
        else:
            route |= _answer(426, _HTTPS_ONLY)
        yield Entry(route, made.hosts, None, plain_ports(made.match.ports, self.shared))

    def _alternatives(self, made: _Made, action: PathAction, match: Json) -> Iterator[Entry]:
        build = made.build
        alternatives: Sequence[Alternative] = () if build.refusal else build.alternatives
        for one in alternatives:
            yield self._entry(made, action, match, one)
        yield self._entry(made, action, match, None)

    def _entry(
        self, made: _Made, action: PathAction, match: Json, alternative: Alternative | None
    ) -> Entry:
        build, route_match = made.build, made.match
        methods: Sequence[str] = build.route.methods
        filters = build.filters
        if alternative is not None:
            methods = methods if alternative.methods is None else alternative.methods
            filters = filters if alternative.filters is None else alternative.filters
            without = alternative.without
            filters = {name: one for name, one in filters.items() if name not in without}
        whole = route_match.render(match, methods, route_match.secure)
        if alternative is not None:
            _extend(whole, "headers", alternative.headers)
            _extend(whole, "query_parameters", alternative.query_parameters)
        route: Json = {"name": build.name}
        if build.replies and build.refusal is None:
            marks = dict.fromkeys(build.replies, "1")
            route["metadata"] = {"filter_metadata": {"gal": marks}}
        route["match"] = whole
        instead = alternative.instead if alternative is not None else None
        route |= self._consequence(made, action, instead)
        if build.refusal is None:
            self._decorate(route, build, filters)
        bound = bound_ports(build.route, self.shared)
        ports = route_match.ports if bound is None else bound
        if build.refusal is not None:
            return Entry(route, made.hosts, route_match.server_names, ports)
        route = carried_routes.settle(route, build, self.shared)
        around = None if "route" not in route else carried_routes.host_settings(build)
        return Entry(route, made.hosts, route_match.server_names, ports, around)

    def _consequence(self, made: _Made, action: PathAction, instead: Json | None) -> Json:
        build = made.build
        if build.refusal is not None:
            return _answer(403, _REFUSED)
        found = instead or build.instead
        if found is not None:
            return found
        if not made.action:
            return _answer(503, _NO_SERVICE)
        if any(name in build.action for name in _REWRITES):
            return {"route": made.action}
        return {"route": {**made.action, **action.action}}

    def _decorate(self, route: Json, build: RouteBuild, filters: Json) -> None:
        if filters:
            route["typed_per_filter_config"] = filters
        if build.body_limit is not None:
            route["request_body_buffer_limit"] = build.body_limit
        _extend(route, "request_headers_to_add", build.request_headers_to_add)
        _extend(route, "request_headers_to_remove", build.request_headers_to_remove)
        _extend(route, "response_headers_to_add", build.response_headers_to_add)
        _extend(route, "response_headers_to_remove", build.response_headers_to_remove)


def _claim_order(route: Route) -> None:
    """Read what decides between routes: the order of the entries says it."""
    for name in ("priority", "id"):
        getattr(route, name)


def _without_host(action: Json) -> Json:
    """A route action, or a cluster of one, that leaves `Host` to others."""
    kept = {name: value for name, value in action.items() if "host_rewrite" not in name}
    weighted = kept.get("weighted_clusters")
    if weighted is not None:
        clusters = [_without_host(cluster) for cluster in weighted["clusters"]]
        kept["weighted_clusters"] = {**weighted, "clusters": clusters}
    return kept


def _extend(owner: Json, name: str, items: Sequence[object]) -> None:
    if items:
        owner[name] = [*owner.get(name, ()), *items]


def _answer(status: int, body: str) -> Json:
    return {
        "direct_response": {"status": status, "body": {"inline_string": body}},
        "response_headers_to_add": [header_option("content-type", _JSON_TYPE, OVERWRITE)],
    }
