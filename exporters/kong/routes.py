"""Routes (https://developer.konghq.com/gateway/entities/route/)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gal.exporters.kong.build import Build, Json, kept, put
from gal.exporters.kong.host_letters import missed
from gal.exporters.kong.ids import is_made
from gal.exporters.kong.listeners import Listeners
from gal.exporters.kong.matches import write_matches
from gal.exporters.kong.methods import OddMethods, controls, odd_methods
from gal.exporters.kong.order import Order, Part, arranged, native_order
from gal.exporters.kong.secure import to_https
from gal.exporters.kong.services import Services
from gal.model import HostMode, Redirect, Route, Service
from gal.ranking import ranked

_SECURE = {"https", "grpcs"}
_GRPC = {"grpc", "grpcs"}


@dataclass(slots=True)
class RouteBuild:
    """A route of the model with what stands for it in the file.

    Attributes:
        route: the route.
        service: the service whose policies it inherits.
        entities: routes of the file.
        refusal: why everybody is refused, if so.
        host: the `Host` that the upstream gets, where only a transformer can set it.
        path: the whole path that the upstream gets, where only a transformer can set it.
        schemes: what it is asked for by; empty is all.
        methods: those that it asks for; empty is all.
    """

    route: Route
    service: Service | None
    entities: list[Json] = field(default_factory=list)
    refusal: str | None = None
    host: str | None = None
    path: str | None = None
    schemes: set[str] = field(default_factory=set)
    methods: list[str] = field(default_factory=list)


def write_routes(build: Build, services: Services, listeners: Listeners) -> list[RouteBuild]:
    """Put all routes into the file, nested in their services."""
    closed = listeners.closed
    routes = [one for one in build.gateway.walk_routes() if id(one[1]) not in closed]
    odd = odd_methods(build, listeners)
    spellings = missed(build, routes)
    if build.native:
        order = native_order([route for _, route in routes])
    else:
        candidates = [one for one in ranked(build.gateway) if id(one.route) not in closed]
        order = arranged(candidates, odd)
    found = []
    for service, route in routes:
        schemes = set(route.schemes) if build.native else listeners.narrowed(route)
        found.append(_write(build, services, order, odd, service, route, schemes))
        _spell_hosts(found[-1], spellings.get(id(route), ()))
    by_route = {id(one.route): one for one in found}
    for wanted, comes in order.wrong:
        _report_order(build, by_route[id(wanted)], by_route[id(comes)])
    return found


def _spell_hosts(made: RouteBuild, others: Sequence[str]) -> None:
    for entity in made.entities:
        if others and "hosts" in entity:
            entity["hosts"] += others


def _write(
    build: Build,
    services: Services,
    order: Order,
    odd: OddMethods,
    service: Service | None,
    route: Route,
    schemes: set[str],
) -> RouteBuild:
    target = services.for_route(service, route)
    owner = service
    if owner is None and route.upstream is not None:
        owner = services.models.get(route.upstream)
    made = RouteBuild(route, owner, schemes=schemes, methods=odd.methods(route))
    made.refusal = odd.closed.get(id(route))
    if id(route) in order.unknown:
        message = f"{order.unknown[id(route)]}, so the route would take other requests, too"
        made.refusal = made.refusal or build.refuse(route, "paths", message)
    for number, part in enumerate(order.parts.get(id(route), [Part()])):
        entity = _entity(build, services, made, part, first=number == 0)
        nested = service is not None or (not build.native and target is not None)
        if target is not None and nested:
            target.setdefault("routes", []).append(entity)
        else:
            if target is not None:
                entity["service"] = target.get("name")
            build.section("routes").append(entity)
        made.entities.append(entity)
    if len(made.entities) > 1:
        message = "its paths rank apart, so it becomes several routes in Kong"
        build.note(route, "paths", message, "paths")
    return made


def _entity(build: Build, services: Services, made: RouteBuild, part: Part, *, first: bool) -> Json:
    route = made.route
    extensions = kept(route.extensions)
    entity: Json = {}
    own = build.id_of(route.id)
    if first and not is_made("routes", route.name, own):
        entity["id"] = own
    if route.name is not None:
        entity["name"] = build.route_names.give(route.name)
    elif not build.native:
        owner = made.service.name if made.service is not None else None
        entity["name"] = build.route_names.make(f"{owner}-route" if owner else "route")
    _protocols(build, made, entity)
    reason = write_matches(route, made.methods, entity, build)
    made.refusal = made.refusal or reason
    if part.methods is not None:
        entity["methods"] = list(part.methods)
    if part.paths:
        entity["paths"] = list(part.paths)
    elif not _asks(entity):
        entity["paths"] = ["/"]
    put(entity, "regex_priority", part.priority, 0)
    _forwarding(build, services, made, entity, asks_paths=bool(route.paths))
    if route.tags:
        entity["tags"] = list(route.tags)
    return entity | extensions


def _asks(entity: Json) -> bool:
    keys = ("hosts", "headers", "methods", "snis", "sources", "destinations")
    return any(entity.get(key) for key in keys)


def _protocols(build: Build, made: RouteBuild, entity: Json) -> None:
    route = made.route
    redirect = _redirect(build, made)
    status = to_https(redirect)
    if redirect is not None and status is not None:
        if made.schemes != {"http"}:
            message = "requests that come by HTTPS go to the upstream, and are not sent round again"
            build.report.approximated(redirect, "redirect", message)
        entity["protocols"] = ["https"]
        put(entity, "https_redirect_status_code", status, 426)
        return
    schemes = made.schemes
    if schemes & _GRPC:
        if schemes - _GRPC:
            message = "a route of Kong takes either HTTP or gRPC: this one takes gRPC"
            build.report.approximated(route, "schemes", message, "schemes")
        elif not build.native:
            message = "Kong does not ask whether a request is one of gRPC"
            build.report.approximated(route, "schemes", message, "schemes")
        secure = schemes & _GRPC == {"grpcs"}
        entity["protocols"] = ["grpcs"] if secure else ["grpc", "grpcs"]
        return
    if schemes == {"https"}:
        entity["protocols"] = ["https"]
        if route.https_redirect is not None:
            put(entity, "https_redirect_status_code", route.https_redirect.status_code, 426)
        else:
            message = "plain HTTP gets 426 from this route, and no other route"
            build.report.approximated(route, "schemes", message, "schemes")
    elif schemes == {"http"}:
        entity["protocols"] = ["http"]
        message = "Kong lets HTTPS in on this route, too"
        build.report.approximated(route, "schemes", message, "schemes")
    elif route.https_redirect is not None:
        message = "no effect on a route that takes plain requests, too"
        build.note(route, "https_redirect", message, "https_redirect")


def _redirect(build: Build, made: RouteBuild) -> Redirect | None:
    levels = [made.route.policies]
    if made.service is not None:
        levels.append(made.service.policies)
    for policies in (*levels, build.gateway.policies):
        policy = policies.redirect
        if policy is not None:
            return policy if policy.enabled else None
    return None


def _forwarding(
    build: Build, services: Services, made: RouteBuild, entity: Json, *, asks_paths: bool
) -> None:
    route = made.route
    rewrite = route.rewrite
    grpc = entity.get("protocols", [""])[0] in _GRPC
    strip = rewrite is not None and rewrite.strip_prefix
    if not strip and not grpc and (asks_paths or entity.get("paths")):
        entity["strip_path"] = False
    if rewrite is not None:
        if rewrite.path is not None:
            base = (made.service.path if made.service is not None else None) or ""
            made.path = f"{base.rstrip('/')}/{rewrite.path.lstrip('/')}"
        if rewrite.pattern is not None:
            message = "Kong cannot replace parts of a path: it stays as it is"
            build.report.dropped(route, "rewrite", message, "rewrite")
            _ = rewrite.replacement
        if rewrite.plain_join and not build.native:
            message = "Kong joins base path and path with one slash"
            build.report.approximated(route, "rewrite", message, "rewrite")
        elif rewrite.plain_join:
            entity["path_handling"] = "v1"
            message = "Kong's default router since 3.0 joins with one slash"
            build.report.approximated(rewrite, "rewrite", message, "plain_join")
    _host(build, services, made, entity)
    if route.request_buffering is False:
        entity["request_buffering"] = False
    if route.response_buffering is False:
        entity["response_buffering"] = False


def _host(build: Build, services: Services, made: RouteBuild, entity: Json) -> None:
    route = made.route
    upstream = services.upstream_of(made.service, route)
    header = route.host_header
    if header is None and upstream is not None:
        inherited = upstream.host_header
        if inherited is None or inherited.mode is HostMode.PASS:
            entity["preserve_host"] = True
        return
    if header is None:
        return
    if header.mode is HostMode.PASS:
        entity["preserve_host"] = True
    elif header.mode is HostMode.REWRITE:
        made.host = header.value
    elif upstream is not None and upstream.host_header is not None:
        fixed = upstream.host_header.mode is HostMode.REWRITE
        if fixed:
            message = "the upstream's fixed Host goes before that of the target"
            build.report.approximated(route, "host_header", message, "host_header")


def _report_order(build: Build, wanted: RouteBuild, comes: RouteBuild) -> None:
    """Kong chooses another route first: never one that lets in whom the wanted one would refuse."""
    name = wanted.route.name or "another route"
    message = f'Kong chooses this route before "{name}" where both take a request'
    if _asked(build, wanted) <= _asked(build, comes):
        build.report.approximated(comes.route, "priority", message)
        return
    reason = f"{message}, which asks for more"
    comes.refusal = comes.refusal or build.refuse(comes.route, "priority", reason)


def _asked(build: Build, made: RouteBuild) -> set[int]:
    return controls(build, made.service, made.route)
