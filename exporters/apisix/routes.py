"""Routes (https://apisix.apache.org/docs/apisix/admin-api/#route)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from copy import deepcopy

from gal.claims import unwrap
from gal.exporters.apisix.authentication import is_stand_in
from gal.exporters.apisix.build import RouteBuild, Shared, refusing
from gal.exporters.apisix.destinations import SPLIT, Destinations, carried_of
from gal.exporters.apisix.matches import PLAIN, Matches, matches_of
from gal.exporters.apisix.order import Order, Part, arranged, native_order
from gal.exporters.apisix.plugin import Json, differs, kept, labels, native, note, put
from gal.exporters.apisix.policies import place_policies
from gal.exporters.apisix.regex import UntranslatableError
from gal.exporters.apisix.rewriting import path_change
from gal.exporters.apisix.upstreams import timeouts
from gal.model import HostMode, MatchKind, Policies, Route, RouteOrder, Service, Timeout
from gal.naming import give
from gal.ranking import ranked
from gal.scopes import Scopes
from gal.underscores import is_guarded

_REWRITE, _ABORT, _REDIRECT = "proxy-rewrite", "fault-injection", "redirect"
_PLAIN = [PLAIN]
_REDIRECTS = (301, 302, 303, 307, 308)
_HOST = re.compile(r"[0-9a-zA-Z.-]+(?::\d{1,5})?")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LONGEST_NAME = 256


def write_routes(shared: Shared, destinations: Destinations) -> tuple[list[RouteBuild], str]:
    """Put all routes into the file. Returns them with the router that chooses as the source."""
    routes = [one for one in shared.gateway.walk_routes() if not _stands_for_kept(one[1], shared)]
    if native(shared):
        values = {id(unwrap(route)): kept(unwrap(route).extensions) for _, route in routes}
        order = native_order((unwrap(route) for _, route in routes), values)
    else:
        order = arranged(ranked(unwrap(shared.gateway)))
    builds = []
    for service, route in routes:
        build = _build(shared, destinations, service, route)
        _write(build, order, destinations, shared)
        builds.append(build)
    return builds, order.router


def _stands_for_kept(route: Route, shared: Shared) -> bool:
    """Whether a route only stands for one that is kept as it was, which the file has already."""
    policy = unwrap(route).policies.authentication
    guards = policy.guards if policy is not None else []
    if not native(shared) or not any(is_stand_in(guard) for guard in guards):
        return False
    whole = kept(unwrap(shared.gateway).extensions).get("routes")
    if not any(isinstance(one, dict) and one.get("id") == route.id for one in whole or ()):
        return False
    shared.context.claims.claim(route)
    return True


def _build(
    shared: Shared, destinations: Destinations, service: Service | None, route: Route
) -> RouteBuild:
    if service is None and route.upstream is not None:
        service = destinations.services.get(route.upstream)
    levels = [route.policies, *([service.policies] if service is not None else [])]
    found = (*levels, shared.gateway.policies)
    scopes = Scopes(tuple(one for one in found if unwrap(one) != Policies()), shared.effective)
    owner = None if service is None else service.name
    name = route.name or route.id or f"{owner or 'gal'}-route"
    return RouteBuild(route, service, scopes, name)


def _write(build: RouteBuild, order: Order, destinations: Destinations, shared: Shared) -> None:
    route = build.route
    for name in ("priority", "paths", "schemes"):
        getattr(route, name)  # the order of the routes and their conditions say it
    for path in route.paths:
        shared.context.claims.claim(path)
    key = id(unwrap(route))
    if key in order.unknown:
        message = f"{order.unknown[key]}, so the route would take other requests, too"
        shared.refuse(build, route, "paths", message)
    matches = matches_of(route, shared.gateway.settings.route_order, _is_guarded(build, shared))
    for one in (*route.headers, *route.query_params, *route.sources, *route.destinations):
        shared.context.claims.claim(one)
    _report_queries(route, shared)
    for subject, feature, reason in matches.missing:
        message = f"{reason}, so the route would take other requests, too"
        shared.refuse(build, subject, feature, message)
    _change_path(build, shared)
    _change_host(build)
    _to_https(build, shared)
    place_policies(build, shared)
    _buffering(build)
    parts = order.parts.get(key) or [Part(["/*"])]
    _count_together(build, parts, shared)
    for number, part in enumerate(parts):
        entity = _entity(build, part, matches, destinations, shared, first=number == 0)
        build.entities.append(entity)
        shared.section("routes").append(entity)
    if len(parts) > 1:
        message = "its paths rank apart, so it becomes several routes in APISIX"
        note(shared, route, "paths", message, "paths")


def _report_queries(route: Route, shared: Shared) -> None:
    if shared.gateway.settings.route_order is not RouteOrder.TRAEFIK:
        return
    for query in route.query_params:
        if query.kind is not MatchKind.EXACT or query.ignore_case:
            message = "of a parameter that is there several times the first one counts"
            differs(shared, query, "query_params", message)


def _is_guarded(build: RouteBuild, shared: Shared) -> bool:
    service = None if build.service is None else unwrap(build.service)
    return is_guarded(unwrap(shared.gateway), service, unwrap(build.route))


def _change_path(build: RouteBuild, shared: Shared) -> None:
    route, service = build.route, build.service
    base = None if service is None else service.path
    rewrite = route.rewrite
    try:
        change, differences = path_change(list(route.paths), rewrite, base, native=native(shared))
    except UntranslatableError as error:
        message = f"{error}: the path stays as it is"
        shared.context.report.dropped(rewrite or route, "rewrite", message)
        return
    for message in differences:
        differs(shared, rewrite or route, "rewrite", message)
    if change:
        build.plugins[_REWRITE] = change


def _change_host(build: RouteBuild) -> None:
    header = build.route.host_header
    if header is None:
        return
    build.host_mode = header.mode
    if header.mode is not HostMode.REWRITE:
        return
    value = header.value or ""
    if _HOST.fullmatch(value):
        build.host_mode = HostMode.PASS
        build.plugins.setdefault(_REWRITE, {})["host"] = value
    else:
        build.host = value


def _to_https(build: RouteBuild, shared: Shared) -> None:
    """What plain HTTP gets on a route that only takes HTTPS."""
    route = build.route
    answer = route.https_redirect
    if answer is None:
        return
    status = answer.status_code
    if not route.schemes or not set(route.schemes) <= {"https", "grpcs"}:
        message = "no effect on a route that takes plain requests, too"
        note(shared, route, "https_redirect", message, "https_redirect")
    elif status == 301:
        build.plugins[_REDIRECT] = {"http_to_https": True}
        message = "APISIX answers 308 to other methods than GET and HEAD"
        note(shared, answer, "https_redirect", message, "status_code")
    elif status in _REDIRECTS:
        uri = "https://$host$request_uri"
        meta = {"filter": deepcopy(_PLAIN)}
        build.plugins[_REDIRECT] = {"uri": uri, "ret_code": status, "_meta": meta}
    else:
        body = '{"message":"Please use HTTPS protocol"}'
        abort = {"http_status": status, "body": body, "vars": [deepcopy(_PLAIN)]}
        build.plugins[_ABORT] = {"abort": abort}


def _buffering(build: RouteBuild) -> None:
    if build.route.request_buffering is False:
        build.plugins["proxy-control"] = {"request_buffering": False}
    if build.route.response_buffering is False:
        build.plugins["proxy-buffering"] = {"disable_proxy_buffering": True}


def _count_together(build: RouteBuild, parts: list[Part], shared: Shared) -> None:
    """Several routes of APISIX that are one in the model have one limit."""
    if len(parts) < 2 or build.refusal is not None:
        return
    counted = build.plugins.get("limit-count")
    if counted is not None and "group" not in counted and "rules" not in counted:
        counted["group"] = f"gal-route-{build.name}"
    for name in ("limit-req", "limit-conn"):
        if name in build.plugins:
            message = f"APISIX counts for each of its {len(parts)} routes apart"
            differs(shared, build.route, "rate_limit", message)


def _entity(
    build: RouteBuild,
    part: Part,
    matches: Matches,
    destinations: Destinations,
    shared: Shared,
    *,
    first: bool,
) -> Json:
    route = build.route
    entity: Json = {}
    if route.id is not None and (_ID.fullmatch(route.id) or native(shared)):
        entity["id"] = shared.id_for("routes", route.id)
    if route.name is not None:
        entity["name"] = _name(route.name, shared)
    _one_or_more(entity, "uri", part.uris)
    for key, values in matches.entity.items():
        if key == "methods":
            entity[key] = list(values)
        else:
            _one_or_more(entity, key.removesuffix("s"), values)
    put(entity, "priority", part.priority, 0)
    conditions = [*([part.condition] if part.condition is not None else []), *matches.conditions]
    if conditions:
        entity["vars"] = deepcopy(conditions)
    destinations.place(build, entity)
    _timeout(build, destinations, entity, shared)
    values = carried_of(route.extensions)
    _put_plugins(build, entity, first=first)
    put(entity, "labels", labels(list(route.tags)), {})
    if build.service is not None and not build.service.enabled:
        entity["status"] = 0
    return entity | values


def _name(wanted: str, shared: Shared) -> str:
    return give(wanted[:_LONGEST_NAME], shared.state(_RouteNames))


class _RouteNames(set[str]):
    """Names of routes, each given once."""


def _put_plugins(build: RouteBuild, entity: Json, *, first: bool) -> None:
    del first
    split = kept(build.route.extensions).get(SPLIT)
    if isinstance(split, dict):
        build.plugins.setdefault(SPLIT, dict(split))
    if build.refusal is not None:
        entity["plugins"] = refusing()
    elif build.plugins or not {"service_id", "upstream_id", "upstream"} & entity.keys():
        entity["plugins"] = deepcopy(build.plugins)


def _one_or_more(entity: Json, key: str, values: Iterable[str]) -> None:
    found = list(values)
    if len(found) == 1:
        entity[key] = found[0]
    else:
        entity[f"{key}s"] = found


def _timeout(build: RouteBuild, destinations: Destinations, entity: Json, shared: Shared) -> None:
    policy = build.scopes.find(lambda policies: policies.timeout)
    own = destinations.owner(build)[1]
    whole = shared.gateway.settings.timeout
    if policy is None and any(unwrap(one).timeout is not None for one in build.scopes.levels):
        policy = Timeout(enabled=False)
        if own is None or own.timeout is None:
            return
    if policy is None and whole is not None and (own is None or own.timeout is None):
        policy = Timeout(request=whole, origin=shared.gateway.settings.origin)
    if policy is not None:
        entity["timeout"] = timeouts(policy, shared)
