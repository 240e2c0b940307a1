"""The targets of a cluster.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/endpoint/v3/endpoint_components.proto
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import gcd
from typing import TYPE_CHECKING, Any

from gal.importers.envoy.carried import carry, carry_whole, quiet
from gal.importers.envoy.values import take_enum, take_integer
from gal.ledger import Fate, Level
from gal.model import Origin, Target
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.ledger import Reporter

_FEATURE = "targets"
_NAMES = {
    "host": "endpoint.address.socket_address.address",
    "port": "endpoint.address.socket_address.port_value",
    "weight": "load_balancing_weight",
}
_STATES = ("UNKNOWN", "HEALTHY", "UNHEALTHY", "DRAINING", "TIMEOUT", "DEGRADED")
_AWAY = ("UNHEALTHY", "DRAINING", "TIMEOUT")
_ADDRESS = {
    "resolver_name": "an extension looks the name up",
    "ipv4_compat": "IPv4 clients come to the IPv6 address, too, where the machine has it so",
    "network_namespace_filepath": "the address is in another network of the machine",
}
_LARGEST_WEIGHT = 65535


@dataclass(slots=True)
class Endpoints:
    """Targets with what else is said of them.

    Attributes:
        targets: the addresses.
        hostnames: `Host` of a target where it is set by the cluster, by address.
        kept: what only Envoy can say.
        check_port: another port for health checks, if any.
    """

    targets: list[Target] = field(default_factory=list)
    hostnames: dict[tuple[str, int], str] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)
    check_port: int | None = None


def read_assignment(node: Mapping, report: Reporter, *, by_locality: bool) -> Endpoints:
    """A `ClusterLoadAssignment`.

    Args:
        node: the assignment.
        report: where differences go.
        by_locality: weights of localities count.
    """
    node.mark("cluster_name")
    found = Endpoints()
    table = {
        "named_endpoints": "endpoints by name, which other endpoints refer to",
        "policy": "how much of the traffic is dropped, and how overload spills over",
    }
    found.kept |= carry(node, report, _FEATURE, table)
    shares: list[tuple[float, list[Target]]] = []
    for locality in node.take_mappings("endpoints"):
        targets, share = _locality(locality, found, report, by_locality=by_locality)
        shares.append((share, targets))
        found.targets.extend(targets)
    if by_locality:
        _weigh(shares)
    return found


def read_hosts(cluster: Mapping, report: Reporter) -> Endpoints:
    """`hosts` of a cluster of Envoy 2: a list of addresses, or one."""
    found = Endpoints()
    below = cluster.take("hosts")
    items = [below] if isinstance(below, Mapping) else cluster.take_mappings("hosts")
    for item in items:
        address = _address(item, report)
        if address is not None:
            names = {"host": "socket_address.address", "port": "socket_address.port_value"}
            found.targets.append(Target(*address, origin=Origin(item, names)))
    return found


def _locality(
    node: Mapping, found: Endpoints, report: Reporter, *, by_locality: bool
) -> tuple[list[Target], float]:
    kept = carry(
        node,
        report,
        _FEATURE,
        {**quiet("locality", "metadata", "proximity"), "leds_cluster_locality_config": "from LEDS"},
    )
    if kept:
        found.kept.setdefault("localities", []).append(kept)
    priority = take_integer(node, "priority") or 0
    weight = node.peek("load_balancing_weight")
    share = float(take_integer(node, "load_balancing_weight") or 0)
    if weight is not None and not by_locality:
        message = "the weights of localities have no effect without locality_weighted_lb_config"
        report.at(weight, Fate.DROPPED, Level.INFO, _FEATURE, message)
    entries = node.take_mappings("lb_endpoints")
    listed = node.take_mapping("load_balancer_endpoints")
    if listed is not None:
        entries = [*entries, *listed.take_mappings("lb_endpoints")]
    targets = [target for entry in entries if (target := _endpoint(entry, found, report))]
    if priority:
        for target in targets:
            target.weight = 0
        message = f"targets of priority {priority} take over where better ones fail: they get none"
        report.at(node.peek("priority"), Fate.APPROXIMATED, Level.WARNING, _FEATURE, message)
    return targets, share


def _endpoint(entry: Mapping, found: Endpoints, report: Reporter) -> Target | None:
    carry(entry, report, _FEATURE, quiet("metadata"))
    state = take_enum(entry, "health_status", _STATES, "UNKNOWN")
    if entry.has("endpoint_name"):
        name = entry.take("endpoint_name")
        message = "it refers to named_endpoints"
        report.at(name, Fate.DROPPED, Level.WARNING, _FEATURE, message)
        entry.take_all()
        return None
    weight = take_integer(entry, "load_balancing_weight")
    endpoint = entry.take_mapping("endpoint")
    if endpoint is None:
        return None
    address = _address(endpoint.take_mapping("address"), report)
    if address is None:
        endpoint.take_all()
        return None
    hostname = endpoint.take_str("hostname")
    if hostname is not None:
        found.hostnames[address] = hostname
    _check_config(endpoint, found, report)
    more = {"additional_addresses": "further addresses of the same host, tried by Happy Eyeballs"}
    carry(endpoint, report, _FEATURE, {**more, **quiet("observability_name")})
    target = Target(*address, origin=Origin(entry, _NAMES))
    if weight is not None:
        target.weight = min(weight, _LARGEST_WEIGHT)
    if state in _AWAY:
        target.weight = 0
        message = f"it is {state}, so it gets nothing"
        report.at(entry.peek("health_status"), Fate.APPROXIMATED, Level.INFO, _FEATURE, message)
    return target


def _check_config(endpoint: Mapping, found: Endpoints, report: Reporter) -> None:
    config = endpoint.take_mapping("health_check_config")
    if config is None:
        return
    port = take_integer(config, "port_value")
    if port:
        found.check_port = port
    table = {
        "port_value": "health checks ask another port",
        "address": "health checks ask another address",
        "disable_active_health_check": "this target is not asked",
        "hostname": "Host of the health checks",
    }
    if port:
        config.take_all()
        message = table["port_value"]
        report.at(config, Fate.CARRIED, Level.WARNING, "health_check", message)
        found.kept["health_check_config"] = config.plain()
        return
    kept = carry(config, report, "health_check", table)
    if kept:
        found.kept["health_check_config"] = kept


def _address(node: Mapping | None, report: Reporter) -> tuple[str, int] | None:
    """Host and port; None where it is no TCP address."""
    if node is None:
        return None
    address = read_address(node, report)
    if address is None:
        message = "only TCP addresses with a port number can be targets elsewhere"
        carry_whole(node, report, _FEATURE, message)
    return address


def read_address(node: Mapping, report: Reporter) -> tuple[str, int] | None:
    """Host and port of an `Address`; None where it is something else."""
    socket = node.take_mapping("socket_address")
    if socket is None:
        return None
    socket.mark("protocol")
    for key, message in _ADDRESS.items():
        below = socket.take(key)
        if below is not None:
            report.at(below, Fate.DROPPED, Level.WARNING, _FEATURE, message)
    port = take_integer(socket, "port_value")
    protocol = socket.peek("protocol")
    if port is None or (protocol is not None and protocol.as_str() in ("UDP", "1")):
        return None
    return socket.take_str("address", "").strip("[]"), port


def _weigh(shares: list[tuple[float, list[Target]]]) -> None:
    """Have the weights of localities count in those of their targets."""
    whole: list[tuple[Target, float]] = []
    for share, targets in shares:
        total = sum(target.weight for target in targets)
        whole.extend((one, share * one.weight / total if total else 0) for one in targets)
    most = max((weight for _, weight in whole), default=0)
    if not most:
        return
    scaled = [round(weight * 10_000 / most) for _, weight in whole]
    divisor = gcd(*scaled) or 1
    for (target, weight), number in zip(whole, scaled, strict=True):
        target.weight = max(number // divisor, 1) if weight else 0
