"""How a target is chosen: the cluster's policy, and what routes hash.

Source: https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/load_balancers
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.importers.envoy.carried import carry, carry_whole, quiet
from gal.importers.envoy.chain import take_typed
from gal.importers.envoy.values import take_duration, take_enum, take_flag, take_integer
from gal.ledger import Fate, Level
from gal.model import Algorithm, HashKey, HashSource, LoadBalancer, Origin
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.ledger import Reporter

_FEATURE = "load_balancer"
_POLICIES = (
    *("ROUND_ROBIN", "LEAST_REQUEST", "RING_HASH", "RANDOM", "ORIGINAL_DST_LB", "MAGLEV"),
    *("CLUSTER_PROVIDED", "LOAD_BALANCING_POLICY_CONFIG"),
)
_ALGORITHMS = {
    "ROUND_ROBIN": Algorithm.ROUND_ROBIN,
    "LEAST_REQUEST": Algorithm.LEAST_CONN,
    "RING_HASH": Algorithm.HASH,
    "MAGLEV": Algorithm.HASH,
    "RANDOM": Algorithm.RANDOM,
}
_EXTENSIONS = {
    "round_robin": Algorithm.ROUND_ROBIN,
    "client_side_weighted_round_robin": Algorithm.ROUND_ROBIN,
    "least_request": Algorithm.LEAST_CONN,
    "random": Algorithm.RANDOM,
    "ring_hash": Algorithm.HASH,
    "maglev": Algorithm.HASH,
}
_WRAPPERS = {
    "wrr_locality": "endpoint_picking_policy",
    "subset": "subset_lb_policy",
    "override_host": "fallback_policy",
}
_PACKAGE = "envoy.extensions.load_balancing_policies."
_NAMES = {"algorithm": "lb_policy", "slots": "ring_hash_lb_config.minimum_ring_size"}
_SETTINGS = {
    **quiet("choice_count", "active_request_bias", "maximum_ring_size", "hash_function"),
    **quiet("consistent_hashing_lb_config", "use_hostname_for_hashing", "hash_balance_factor"),
    **quiet("enable_full_scan", "selection_method"),
    "slow_start_config": "new targets get their share step by step",
    "locality_lb_config": "localities with weights, or near ones first",
}
_WHOLE = {
    "lb_subset_config": "targets are chosen by their metadata",
    "original_dst_lb_config": "requests go where the connection was meant to go",
}


def load_balancer(cluster: Mapping, report: Reporter, kept: dict[str, Any]) -> LoadBalancer:
    """The policy of a cluster; `hash_on` stands in its routes."""
    balancer = LoadBalancer(origin=Origin(cluster, _NAMES))
    name = take_enum(cluster, "lb_policy", _POLICIES, "ROUND_ROBIN")
    for key in ("ring_hash_lb_config", "maglev_lb_config"):
        config = cluster.take_mapping(key)
        if config is not None:
            slots = take_integer(config, "minimum_ring_size") or take_integer(config, "table_size")
            balancer.slots = slots
            kept |= _settings(key, config, report)
    for key in ("least_request_lb_config", "round_robin_lb_config"):
        config = cluster.take_mapping(key)
        if config is not None:
            kept |= _settings(key, config, report)
    kept |= carry(cluster, report, _FEATURE, _WHOLE)
    typed = cluster.take_mapping("load_balancing_policy")
    if typed is not None:
        _extension(typed, balancer, report, kept)
        return balancer
    balancer.algorithm = _ALGORITHMS.get(name, Algorithm.ROUND_ROBIN)
    if name not in _ALGORITHMS and name != "LOAD_BALANCING_POLICY_CONFIG":
        kept["lb_policy"] = name
        message = "only Envoy leaves the choice to the kind of cluster"
        report.at(cluster.peek("lb_policy"), Fate.CARRIED, Level.WARNING, _FEATURE, message)
    elif name == "MAGLEV":
        kept["lb_policy"] = name
        message = "another table of hashes: a value may lead to another target"
        report.at(cluster.peek("lb_policy"), Fate.CARRIED, Level.INFO, _FEATURE, message)
    return balancer


def _settings(key: str, config: Mapping, report: Reporter) -> dict[str, Any]:
    found = carry(config, report, _FEATURE, _SETTINGS)
    return {key: found} if found else {}


def _extension(
    node: Mapping, balancer: LoadBalancer, report: Reporter, kept: dict[str, Any]
) -> None:
    """`load_balancing_policy`: the first policy that is known counts."""
    found = _known(node)
    kept["load_balancing_policy"] = node.plain()
    if found is None:
        message = "only Envoy knows these ways to choose a target: they take turns"
        kept["load_balancing_policy"] = carry_whole(node, report, _FEATURE, message)
        return
    name, slots = found
    balancer.algorithm = _EXTENSIONS[name]
    balancer.slots = slots
    node.take_all()
    report.at(node, Fate.CARRIED, Level.INFO, _FEATURE, "its finer settings are Envoy's own")


def _known(node: Mapping) -> tuple[str, int | None] | None:
    for policy in node.take_mappings("policies"):
        extension = policy.take_mapping("typed_extension_config")
        config = take_typed(extension) if extension is not None else None
        if config is None or not config.type.startswith(_PACKAGE):
            continue
        name = config.type[len(_PACKAGE) :].split(".", 1)[0]
        value = config.value
        if name in _WRAPPERS and value is not None:
            inner = value.take_mapping(_WRAPPERS[name])
            found = _known(inner) if inner is not None else None
            if found is not None:
                return found
        if name in _EXTENSIONS:
            slots = None
            if value is not None:
                slots = take_integer(value, "minimum_ring_size") or take_integer(
                    value, "table_size"
                )
            return name, slots
    return None


def hash_policy(action: Mapping, report: Reporter) -> list[HashKey]:
    """What a route hashes. Envoy mixes all values, up to one that is `terminal`; here the first
    that is there counts.
    """
    nodes = action.take_mappings("hash_policy")
    keys: list[HashKey] = []
    for number, node in enumerate(nodes):
        terminal = take_flag(node, "terminal")
        key = _hash_key(node, report)
        if key is None:
            node.take_all()
            message = "only Envoy can hash this"
            report.at(node, Fate.APPROXIMATED, Level.WARNING, _FEATURE, message)
            continue
        keys.append(key)
        if not terminal and number + 1 < len(nodes):
            message = "Envoy mixes this with the values that follow; here the first counts"
            report.at(node, Fate.APPROXIMATED, Level.INFO, _FEATURE, message)
    return keys


def _hash_key(node: Mapping, report: Reporter) -> HashKey | None:
    origin = Origin(node, {})
    header = node.take_mapping("header")
    if header is not None:
        return _of_header(header, origin)
    cookie = node.take_mapping("cookie")
    if cookie is not None:
        lasting = take_duration(cookie, "ttl")
        attributes = cookie.take("attributes")
        if attributes is not None:
            attributes.take_all()
            message = "elsewhere the cookie has no such attributes"
            report.at(attributes, Fate.DROPPED, Level.INFO, _FEATURE, message)
        if lasting is not None and lasting.nanoseconds:
            message = "elsewhere the cookie lasts as long as the client's session"
            report.at(cookie.peek("ttl"), Fate.DROPPED, Level.INFO, _FEATURE, message)
        path = cookie.take_str("path")
        return HashKey(HashSource.COOKIE, cookie.take_str("name"), path, origin=origin)
    connection = node.take_mapping("connection_properties")
    if connection is not None and take_flag(connection, "source_ip"):
        return HashKey(HashSource.IP_ADDRESS, origin=origin)
    query = node.take_mapping("query_parameter")
    if query is not None:
        return HashKey(HashSource.QUERY_PARAM, query.take_str("name"), origin=origin)
    return None


def _of_header(header: Mapping, origin: Origin) -> HashKey | None:
    name = header.take_str("header_name", "")
    rewrite = header.take_mapping("regex_rewrite")
    if name == "x-consumer-username" and rewrite is None:
        return HashKey(HashSource.CONSUMER, origin=origin)
    if name != ":path":
        return None if rewrite is not None else HashKey(HashSource.HEADER, name, origin=origin)
    if rewrite is not None:
        pattern = rewrite.take_mapping("pattern")
        regex = pattern.take_str("regex", "") if pattern is not None else ""
        if (regex, rewrite.take_str("substitution", "")) == (r"\?.*", ""):
            return HashKey(HashSource.PATH, origin=origin)
        return None
    return HashKey(HashSource.PATH, origin=origin)
