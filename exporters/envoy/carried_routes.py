"""What only Envoy can say of routes, virtual hosts and their clusters, put back.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
(`Route`, `RouteAction`, `VirtualHost`)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gal.claims import unwrap
from gal.exporters.envoy.build import Json, RouteBuild, Shared
from gal.exporters.envoy.carried import own, refer, unsound
from gal.exporters.envoy.carried_settings import looks_at_scheme
from gal.exporters.envoy.references import clusters_in
from gal.model import Guard

ROUTE_MATCH = "route-match"
_HEADERS = tuple(f"{side}_headers_to_add" for side in ("request", "response"))
_ROUTE = frozenset(
    (
        *("metadata", "decorator", "tracing", "stat_prefix", "per_request_buffer_limit_bytes"),
        *("request_body_buffer_limit", *_HEADERS),
    )
)
_ACTION = frozenset(
    (
        *("max_grpc_timeout", "grpc_timeout_offset", "early_data_policy", "priority"),
        *("include_vh_rate_limits", "append_x_forwarded_host", "cluster_not_found_response_code"),
        *("metadata_match", "flush_timeout", "max_stream_duration", "hedge_policy", "rate_limits"),
        *("internal_redirect_policy", "max_internal_redirects", "upgrade_configs"),
        *("retry_policy_typed_config", "request_mirror_policies"),
    )
)
_WEIGHTED = frozenset(("runtime_key_prefix", "header_name", "random_value", "use_hash_policy"))
_HOSTS = frozenset(("host_rewrite_header", "host_rewrite_path_regex"))
_PATHS = frozenset(("path_rewrite", "path_rewrite_policy"))
_REWRITES = ("prefix_rewrite", "regex_rewrite", *_PATHS)
_VIRTUAL_HOST = frozenset(
    (
        *("virtual_clusters", "include_request_attempt_count", "include_attempt_count_in_response"),
        "include_is_timeout_retry_header",
    )
)
_ACTIONS = ("route", "redirect", "direct_response")
_OLD_MATCH = ("regex",)
_OLD_ACTION = (
    *("auto_host_rewrite_header", "cors", "host_rewrite", "internal_redirect_action"),
    *("method", "request_mirror_policy"),
)
_CONNECTION = ("the connection's ", "the protocol that the client offers")


@dataclass(slots=True)
class _Back:
    """Identities of the routes that are put back as they were in the source."""

    routes: set[int] = field(default_factory=set)


def settle(route: Json, build: RouteBuild, shared: Shared) -> Json:
    """One of Envoy's routes with what was carried for it."""
    kept = own(build.route.extensions)
    whole = kept.pop("route", None)
    if not kept and whole is None:
        return route
    around = dict(kept.pop("virtual_host", None) or {})
    kept |= _joined(kept, around)
    if whole is not None and _is_back(build, shared):
        return _whole(route, whole, kept, shared)
    found = dict(route)
    lost: dict[str, str] = {}
    for key, value in sorted(kept.items()):
        problem = unsound({key: value}, shared)
        if problem is None:
            problem = _put(key, value, found, shared)
        if problem is None:
            refer({key: value}, shared)
        else:
            lost[key] = problem
    for key, problem in lost.items():
        message = f'"{key}" is not put back: {problem}'
        shared.context.report.dropped(build.route, "route", message)
    return found


def host_settings(build: RouteBuild) -> Json:
    """What was carried for the virtual host that a route stands in."""
    around = own(build.route.extensions).get("virtual_host") or {}
    return {key: value for key, value in around.items() if key in _VIRTUAL_HOST}


def route_match(control: Guard, build: RouteBuild, shared: Shared) -> str | None:
    """Why the source's route cannot be put back as it was; None where it can, in place of what the
    model says of its match and action.
    """
    whole = own(build.route.extensions).get("route")
    reason = str(unwrap(control).config.get("reason", ""))
    if not isinstance(whole, dict):
        return "the source's route is not there any more"
    if any(part in reason for part in _CONNECTION):
        return f"it depends on {reason}"
    action = whole.get("route") or {}
    if "match" not in whole or not any(key in whole for key in _ACTIONS):
        return f"only Envoy knows this: {reason}"
    if any(key in whole["match"] for key in _OLD_MATCH) or any(
        key in action for key in _OLD_ACTION
    ):
        return "it is a route of Envoy 2"
    if ":scheme" in str(whole["match"]) and looks_at_scheme(shared):
        return "it depends on the scheme that clients tell"
    if "weighted_cluster_filters" in own(build.route.extensions) or "typed_per_filter" in str(
        action
    ):
        return "filters act by the cluster that is chosen"
    problem = unsound([whole["match"], action], shared)
    if problem is not None:
        return problem
    for name in clusters_in(action):
        if shared.source_cluster(name, False) != name:
            return f'the cluster "{name}" has another name now'
    shared.state(_Back).routes.add(id(unwrap(build.route)))
    return None


def source_action(build: RouteBuild, shared: Shared) -> Json:
    """The source's own action, where its route was put back; empty elsewhere."""
    whole = own(build.route.extensions).get("route") or {}
    return dict(whole.get("route") or {}) if whole and _is_back(build, shared) else {}


def _is_back(build: RouteBuild, shared: Shared) -> bool:
    """Whether the control that stands for the source's route was put back."""
    return build.refusal is None and id(unwrap(build.route)) in shared.state(_Back).routes


def _whole(route: Json, whole: Json, kept: Json, shared: Shared) -> Json:
    """The source's match and action, besides what else the model says of the route."""
    match = dict(whole["match"])
    for key in ("headers", "filter_state"):
        others = route["match"].get(key, [])
        if others:
            said = match.get(key, [])
            match[key] = [*said, *(one for one in others if one not in said)]
    found = {**route, "match": match}
    if "route" in route and "route" in whole:
        found["route"] = whole["route"]
    for key in _ROUTE:
        if key in kept:
            _onto_route(key, kept[key], found, shared)
    return found


def _joined(kept: Json, around: Json) -> Json:
    """What was carried for the virtual host, as its routes can say it."""
    found: Json = {}
    for key, value in around.items():
        if key in _HEADERS:
            found[key] = [*kept.get(key, []), *value]
        elif key not in _VIRTUAL_HOST and key != "metadata":
            found[key] = kept.get(key, value)
    return found


def _put(key: str, value: Any, route: Json, shared: Shared) -> str | None:
    """Put one setting back. Returns why it has no place, if so."""
    if key in _ROUTE:
        _onto_route(key, value, route, shared)
        return None
    if key in ("redirect", "direct_response"):
        if key not in route:
            return "the route does something else"
        route[key] = value
        return None
    action = route.get("route")
    if not isinstance(action, dict):
        return "the route goes nowhere" if key in _ACTION else f"{key} belongs to an action"
    action = route["route"] = dict(action)
    return _onto_action(key, value, action)


def _onto_action(key: str, value: Any, action: Json) -> str | None:
    if key in ("upgrade_configs", "request_mirror_policies"):
        known = action.get(key, [])
        action[key] = [*known, *(one for one in value if one not in known)]
    elif key in _ACTION:
        action[key] = value
    elif key in _WEIGHTED and "weighted_clusters" in action:
        action["weighted_clusters"] = {**action["weighted_clusters"], key: value}
    elif key == "weighted_clusters" and "weighted_clusters" in action:
        clusters = [
            {**one, **value.get(one["name"], {})} for one in action["weighted_clusters"]["clusters"]
        ]
        action["weighted_clusters"] = {**action["weighted_clusters"], "clusters": clusters}
    elif (key in _HOSTS and not any("host_rewrite" in name for name in action)) or (
        key in _PATHS and not any(name in action for name in _REWRITES)
    ):
        action[key] = value
    elif key in ("retry_policy", "retry_host_predicate") and "retry_policy" in action:
        more = value if key == "retry_policy" else {key: value}
        action["retry_policy"] = {**action["retry_policy"], **more}
    else:
        return "the route says something else in its place"
    return None


def _onto_route(key: str, value: Any, route: Json, shared: Shared) -> None:
    if key == "metadata":
        route[key] = _metadata(value, route.get(key) or {}, shared.replies.carried)
    elif key in _HEADERS:
        known = route.get(key, [])
        route[key] = [*known, *(one for one in value if one not in known)]
    elif key == "request_body_buffer_limit" and key in route:
        route[key] = max(int(value), int(route[key]))
    else:
        route[key] = value


def _metadata(kept: Json, written: Json, carried: frozenset[str]) -> Json:
    """Metadata of the source beside GAL's own marks, and those that carried replies ask for."""
    before, own_filters = (one.get("filter_metadata") or {} for one in (kept, written))
    filters = {**before, **own_filters}
    marks = {key: value for key, value in (before.get("gal") or {}).items() if key in carried}
    filters["gal"] = {**marks, **(own_filters.get("gal") or {})}
    filters = {key: value for key, value in filters.items() if value}
    found = {**kept, "filter_metadata": filters}
    return {key: value for key, value in found.items() if value}


def common(settings: Iterable[Json]) -> Json:
    """Settings that all routes of a virtual host agree on."""
    found: Json | None = None
    for one in settings:
        found = one if found is None or found == one else {}
    return found or {}
