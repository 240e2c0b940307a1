"""Route tables: virtual hosts by their domains, in Envoy's order of search.

A request looks for the virtual host with the narrowest domain and stays there: where no route of it
fits, the answer is 404, even if a wider virtual host has one that would. The model's routes know no
virtual hosts, so such an end is a route of its own.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
(`VirtualHost`) and https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route.proto
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.importers.envoy.carried import carry, keep, quiet
from gal.importers.envoy.chain import Chain, Shared
from gal.importers.envoy.routes import (
    Condition,
    RouteReader,
    Surroundings,
    guard,
    read_scope,
    unique,
)
from gal.importers.envoy.values import take_enum, take_flag
from gal.ledger import Fate, Level
from gal.model import (
    DirectResponse,
    Guard,
    HttpsRedirect,
    MatchKind,
    Origin,
    Route,
    ValueMatch,
)
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.envoy.clusters import Directory

_FEATURE = "hosts"
_PORT = re.compile(r":(\d+|\*)$")
_TLS = ("NONE", "EXTERNAL_ONLY", "ALL")
_NOT_FOUND = 404
_TABLE = {
    **quiet("metadata", "virtual_clusters", "include_request_attempt_count"),
    **quiet("include_attempt_count_in_response", "include_is_timeout_retry_header"),
    **quiet("per_request_buffer_limit_bytes", "request_body_buffer_limit"),
    "hedge_policy": "a slow request is sent a second time",
    "retry_policy_typed_config": "an extension says what is tried again",
}
_ROUTES = {
    **quiet("metadata", "validate_clusters", "max_direct_response_body_size_bytes"),
    "internal_only_headers": "headers that clients from outside must not send are taken away",
    "cluster_specifier_plugins": "an extension chooses the cluster",
    "vhds": "further virtual hosts come from a control plane",
    "ignore_path_parameters_in_path_matching": "what follows a semicolon in a path is not compared",
}


@dataclass(frozen=True, slots=True)
class Group:
    """Domains of a virtual host that rank alike.

    Attributes:
        rank: the smaller is searched first.
        hosts: as the model has them; empty takes every host.
        authority: what is compared of `Host` instead.
    """

    rank: tuple[int, int]
    hosts: tuple[str, ...]
    authority: ValueMatch | None = None


@dataclass(slots=True)
class TableReader:
    """Reads route tables.

    Attributes:
        shared: what all routes share.
        directory: the clusters.
        names: names of routes that are in use.
    """

    shared: Shared
    directory: Directory
    names: set[str] = field(default_factory=set)

    def read(self, table: Mapping, chain: Chain, condition: Condition, *, edge: bool) -> None:
        """The routes of a table, for connections that a condition describes."""
        report = self.shared.report
        kept: dict[str, Any] = {}
        table.mark("name")
        around = read_scope(table, self.shared, kept)
        specific_last = take_flag(table, "most_specific_header_mutations_wins") or False
        ignores_port = take_flag(table, "ignore_port_in_host_matching") or False
        kept |= carry(table, report, _FEATURE, _ROUTES)
        limits = table.take("rate_limits")
        if limits is not None:
            limits.take_all()
        reader = RouteReader(self.shared, self.directory, chain, edge, specific_last, self.names)
        hosts = [
            (group, host)
            for host in table.take_mappings("virtual_hosts")
            for group in _groups(host, self.shared, ignores_port=ignores_port)
        ]
        hosts.sort(key=lambda item: item[0].rank)
        scopes: dict[int, tuple[Surroundings, dict[str, Any], HttpsRedirect | None]] = {}
        for place, (group, host) in enumerate(hosts):
            if id(host) not in scopes:
                scopes[id(host)] = self._scope(host)
            own, host_kept, tls = scopes[id(host)]
            wider = [one for one, _ in hosts[place + 1 :]]
            self._host(host, group, wider, (own, around), reader, condition, tls, host_kept)
        if kept:
            keep(self.shared.gateway.extensions, {"route_config": kept})

    def _scope(self, host: Mapping) -> tuple[Surroundings, dict[str, Any], HttpsRedirect | None]:
        kept: dict[str, Any] = {}
        own = read_scope(host, self.shared, kept)
        wanted = take_enum(host, "require_tls", _TLS, "NONE")
        kept |= carry(host, self.shared.report, "route", _TABLE)
        limits = host.take("rate_limits")
        if limits is not None:
            limits.take_all()
        tls = None
        if wanted != "NONE":
            tls = HttpsRedirect(301, origin=Origin(host, {"status_code": "require_tls"}))
        return own, kept, tls

    def _host(
        self,
        host: Mapping,
        group: Group,
        wider: Sequence[Group],
        scopes: tuple[Surroundings, Surroundings],
        reader: RouteReader,
        condition: Condition,
        tls: HttpsRedirect | None,
        kept: dict[str, Any],
    ) -> None:
        gateway = self.shared.gateway
        ends = False
        for node in host.take_mappings("routes"):
            found = reader.read(node, scopes, group.hosts, group.authority, condition, tls)
            if found is None:
                continue
            route, matched = found
            keep(route.extensions, {"virtual_host": kept} if kept else {})
            gateway.routes.append(route)
            ends |= matched.takes_all and route.https_redirect is None
        matcher = host.take("matcher")
        if matcher is not None:
            matcher.take_all()
            message = (
                "the model has no words for a tree of matchers. Any other gateway refuses everybody"
                " on these hosts"
            )
            self.shared.report.at(matcher, Fate.CARRIED, Level.WARNING, "route", message)
            route = self._end(host, group, condition)
            config = {"matcher": matcher.plain()}
            guard(route, Guard("matcher", "envoy", config, origin=Origin(matcher, {})))
            gateway.routes.append(route)
        elif not ends and any(_overlap(group, one) for one in wider):
            route = self._end(host, group, condition)
            answer = DirectResponse(_NOT_FOUND, origin=Origin(host, {}))
            route.policies.direct_response = answer
            gateway.routes.append(route)

    def _end(self, host: Mapping, group: Group, condition: Condition) -> Route:
        """A route for all that is left of a virtual host."""
        label = host.take_str("name") or "virtual-host"
        route = Route(unique(f"{label}-end", self.names), hosts=list(group.hosts))
        route.origin = Origin(host, {"hosts": "domains"})
        if group.authority is not None:
            route.headers = [group.authority]
        condition.put(route)
        return route


_EXACT, _SUFFIX, _PREFIX, _ANY = range(4)


def _groups(host: Mapping, shared: Shared, *, ignores_port: bool) -> list[Group]:
    """The domains of a virtual host by their rank."""
    host.mark("name")
    domains = host.take_strings("domains") or []
    by_rank: dict[tuple[int, int], list[str]] = {}
    found: list[Group] = []
    for domain in domains:
        name = domain.lower()
        port = _PORT.search(name)
        if port and port[1] != "*" and not ignores_port:
            message = "Envoy compares the port that the client writes into Host"
            node = host.peek("domains")
            shared.report.at(node, Fate.APPROXIMATED, Level.INFO, _FEATURE, message, whole=False)
        bare = name[: port.start()] if port else name
        if bare == "*":
            found.append(Group((_ANY, 0), ()))
        elif "*" not in bare:
            by_rank.setdefault((_EXACT, 0), []).append(bare)
        elif bare.startswith("*."):
            by_rank.setdefault((_SUFFIX, -len(bare)), []).append(bare)
        elif bare.endswith(".*"):
            by_rank.setdefault((_PREFIX, -len(bare)), []).append(bare)
        else:
            found.append(_by_text(host, bare))
    for rank, names in by_rank.items():
        found.append(Group(rank, tuple(dict.fromkeys(names))))
    return found


def _by_text(host: Mapping, domain: str) -> Group:
    """A domain whose wildcard stands within a label."""
    suffix = domain.startswith("*")
    kind = MatchKind.SUFFIX if suffix else MatchKind.PREFIX
    match = ValueMatch("host", [domain.strip("*")], kind, ignore_case=True)
    match.origin = Origin(host, {"values": "domains"})
    return Group((_SUFFIX if suffix else _PREFIX, -len(domain)), (), match)


def _overlap(group: Group, wider: Group) -> bool:
    """Whether a wider group of domains takes what a narrower one takes, too."""
    if not wider.hosts or not group.hosts:
        return True
    for name in wider.hosts:
        for own in group.hosts:
            if name.startswith("*") and own.lstrip("*").endswith(name[1:]):
                return True
            if name.endswith("*") and own.startswith((name[:-1], "*")):
                return True
    return False
