"""How a target is chosen: the cluster's policy, and what the route hashes.

Source: https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/load_balancers
"""

from __future__ import annotations

from collections.abc import Sequence

from gal.exporters.envoy.build import EXTENSION, HTTP_FILTER, Json, RouteBuild, Shared
from gal.exporters.envoy.regex import UntranslatableError, translate
from gal.ledger import Fate, Level
from gal.model import Algorithm, HashKey, HashSource, LoadBalancer, Route, Target, Upstream

CONSUMER_HEADER = "x-consumer-username"
_STATEFUL_SESSION = HTTP_FILTER + "stateful_session.v3.StatefulSession"
_COOKIE_STATE = EXTENSION + "http.stateful_session.cookie.v3.CookieBasedSessionState"
_WITHOUT_QUERY = {"pattern": {"regex": r"\?.*"}, "substitution": ""}
_LARGEST_RING = 8 * 1024 * 1024
_POLICIES = {
    Algorithm.ROUND_ROBIN: "ROUND_ROBIN",
    Algorithm.WEIGHTED: "ROUND_ROBIN",
    Algorithm.LEAST_CONN: "LEAST_REQUEST",
    Algorithm.LATENCY: "LEAST_REQUEST",
    Algorithm.IP_HASH: "RING_HASH",
    Algorithm.HASH: "RING_HASH",
    Algorithm.RANDOM: "RANDOM",
}


def policy(upstream: Upstream, targets: Sequence[Target], shared: Shared) -> Json:
    """The cluster's `lb_policy`, with its settings."""
    balancer, report = upstream.load_balancer, shared.context.report
    found: Json = {"lb_policy": _POLICIES[balancer.algorithm]}
    weighted = len({target.weight for target in targets}) > 1
    if balancer.algorithm is Algorithm.LATENCY:
        message = "Envoy does not measure latency: the target with the fewest requests is chosen"
        report.approximated(balancer, "load_balancer", message, "algorithm")
    elif balancer.algorithm is Algorithm.RANDOM and weighted:
        message = "Envoy's random choice ignores weights: targets take turns by weight instead"
        report.approximated(balancer, "load_balancer", message, "algorithm")
        found["lb_policy"] = "ROUND_ROBIN"
    elif found["lb_policy"] == "RING_HASH" and len(targets) > 1:
        message = "the same value may lead to another target than before"
        report.about(balancer, Fate.APPROXIMATED, Level.INFO, "load_balancer", message, "algorithm")
    if balancer.slots is not None and found["lb_policy"] == "RING_HASH":
        found["ring_hash_lb_config"] = {"minimum_ring_size": min(balancer.slots, _LARGEST_RING)}
    return found


def hash_policy(upstream: Upstream, route: Route, shared: Shared) -> list[Json]:
    """What a route hashes to choose a target: the first value that is there."""
    balancer = upstream.load_balancer
    if balancer.algorithm is Algorithm.IP_HASH:
        return [{"connection_properties": {"source_ip": True}}]
    if balancer.algorithm is not Algorithm.HASH:
        return []
    keys = [_hash(key, route, balancer, shared) for key in balancer.hash_on]
    found = [key for key in keys if key is not None]
    return [{**key, "terminal": True} for key in found[:-1]] + found[-1:]


def _hash(key: HashKey, route: Route, balancer: LoadBalancer, shared: Shared) -> Json | None:
    name = key.name or ""
    if key.source is HashSource.IP_ADDRESS:
        return {"connection_properties": {"source_ip": True}}
    if key.source is HashSource.CONSUMER:
        return {"header": {"header_name": CONSUMER_HEADER}}
    if key.source is HashSource.HEADER:
        return {"header": {"header_name": name}}
    if key.source is HashSource.COOKIE:
        return {"cookie": {"name": name, "ttl": "0s", "path": key.cookie_path or "/"}}
    if key.source is HashSource.QUERY_PARAM:
        return {"query_parameter": {"name": name}}
    rewrite = _WITHOUT_QUERY
    if key.source is HashSource.PATH_CAPTURE:
        captured = _capture(route, name)
        if captured is None:
            message = f'no expression in the route\'s paths captures "{name}"; it is not hashed'
            shared.context.report.approximated(balancer, "load_balancer", message, "hash_on")
            return None
        rewrite = captured
    return {"header": {"header_name": ":path", "regex_rewrite": rewrite}}


def _capture(route: Route, name: str) -> Json | None:
    """What turns a path into the text that a group of the route's path captures."""
    for path in route.paths:
        if path.path_regex is None:
            continue
        try:
            found = translate(path.path_regex, path=True)
        except UntranslatableError:
            continue
        number = int(name) if name.isdigit() else found.names.get(name, 0)
        if 0 < number <= found.groups:
            start = "" if found.starts else "^"
            return {"pattern": {"regex": f"{start}{found.atom}.*"}, "substitution": f"\\{number}"}
    return None


def stick(upstream: Upstream, build: RouteBuild, shared: Shared) -> None:
    """Have a cookie bring clients of a route back to their target."""
    balancer = upstream.load_balancer
    if not balancer.sticky_sessions:
        return
    name = balancer.cookie_name
    state = {
        "name": "envoy.http.stateful_session.cookie",
        "typed_config": {
            "@type": _COOKIE_STATE,
            "cookie": {"name": name, "path": "/", "ttl": "0s"},
        },
    }
    config = {"@type": _STATEFUL_SESSION, "session_state": state}
    build.switch_on(shared.filters.ensure("sticky_session", config, name))
