"""Route tables: virtual hosts by their domains, in Envoy's order of search.

A request looks for the virtual host with the narrowest domain and stays there: where no route of it
fits, the answer is 404, even if a wider virtual host has one that would. The model's routes know no
virtual hosts, so such an end is a route of its own.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
(`VirtualHost`) and https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route.proto
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gal.importers.envoy.carried import carry, keep, quiet
from gal.importers.envoy.chain import Chain, Shared
from gal.importers.envoy.domains import ANY, Domain, Domains, Group, extended, grouped, parse
from gal.importers.envoy.matches import Reading
from gal.importers.envoy.names import Names
from gal.importers.envoy.routes import (
    Condition,
    RouteReader,
    Surroundings,
    guard,
    read_scope,
)
from gal.importers.envoy.values import as_flag, take_enum, take_flag
from gal.ledger import Fate, Level
from gal.model import (
    DirectResponse,
    Guard,
    HttpsRedirect,
    Origin,
    Redirect,
    Route,
)
from gal.reading import Mapping, Sequence

if TYPE_CHECKING:
    from gal.importers.envoy.clusters import Directory
    from gal.ledger import Reporter

_FEATURE = "hosts"
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
    "vhost_header": "a header other than Host chooses the virtual host",
    "vhds": "further virtual hosts come from a control plane",
    "ignore_path_parameters_in_path_matching": "what follows a semicolon in a path is not compared",
}


Owned = tuple[int, Domain]
"""A domain with the number of its virtual host."""


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
    names: Names = field(default_factory=Names)

    def read(
        self,
        table: Mapping,
        chain: Chain,
        condition: Condition,
        *,
        edge: bool,
        wider: list[Domain] | None = None,
    ) -> bool:
        """The routes of a table, for connections that a condition describes. Returns whether it
        takes none of the wider hosts but its own, so that they have to be closed.

        Args:
            table: the table.
            chain: the filters that requests pass.
            condition: of the connections.
            edge: the gateway itself sets `X-Forwarded-Proto`.
            wider: domains of the tables that take these connections, too, in the model; None
                where there are none.
        """
        report = self.shared.report
        kept: dict[str, Any] = {}
        table.mark("name")
        around = read_scope(table, self.shared, kept)
        specific_last = take_flag(table, "most_specific_header_mutations_wins") or False
        ignores_port = take_flag(table, "ignore_port_in_host_matching") or False
        parameters = _flag(table, "ignore_path_parameters_in_path_matching")
        condition = _by_header(table, condition, report)
        kept |= carry(table, report, _FEATURE, _ROUTES)
        reading = Reading(edge, edge or _own_scheme(chain.hcm), parameters)
        reader = RouteReader(self.shared, self.directory, chain, reading, specific_last, self.names)
        hosts = table.take_mappings("virtual_hosts")
        owned = _owned(hosts, report, ignores_port=ignores_port)
        _say_ports(table, owned, chain.hcm, report)
        index = Domains()
        for number, domain in owned:
            index.add(domain, number)
        closes = wider is not None and not index.has_wildcards
        if wider is not None and not closes:
            owned = extended(owned, index, wider)
        scopes: dict[int, tuple[Surroundings, dict[str, Any], HttpsRedirect | None]] = {}
        by_owner: dict[int, list[Domain]] = {}
        for number, domain in owned:
            by_owner.setdefault(number, []).append(domain)
        for group in grouped(owned, index):
            if group.owner < 0:
                self.shared.gateway.routes.append(self._nothing(table, group, condition))
                continue
            host = hosts[group.owner]
            if group.owner not in scopes:
                scopes[group.owner] = self._scope(host, reading)
            own, host_kept, tls = scopes[group.owner]
            copied = 0 if wider is not None else _copied(hosts, group, by_owner[group.owner], index)
            ends = not copied and (wider is not None or index.falls_through(group))
            self._host(host, group, ends, copied, (own, around), reader, condition, tls, host_kept)
        for node in (table, *hosts):
            self._limits(node)
        if kept:
            keep(self.shared.gateway.extensions, {"route_config": kept})
        return closes

    def close(self, table: Mapping, condition: Condition, domains: list[Domain]) -> None:
        """Answer 404 for these domains."""
        index = Domains()
        for domain in domains:
            index.add(domain, -1)
        for group in grouped(((-1, domain) for domain in domains), index):
            self.shared.gateway.routes.append(self._nothing(table, group, condition))

    def _limits(self, node: Mapping) -> None:
        """Descriptors that no filter of the chain has looked at."""
        if node.is_taken("rate_limits"):
            return
        limits = node.take("rate_limits")
        if limits is not None:
            limits.take_all()
            message = "no filter of the chain looks at it"
            self.shared.report.at(limits, Fate.DROPPED, Level.INFO, "rate_limit", message)

    def _scope(
        self, host: Mapping, reading: Reading
    ) -> tuple[Surroundings, dict[str, Any], HttpsRedirect | None]:
        kept: dict[str, Any] = {}
        own = read_scope(host, self.shared, kept)
        wanted = take_enum(host, "require_tls", _TLS, "NONE")
        kept |= carry(host, self.shared.report, "route", _TABLE)
        tls = None
        messages = {
            "requests from inside are sent to HTTPS, too": wanted == "EXTERNAL_ONLY",
            "requests are sent to HTTPS that a proxy in front has got by it, too": (
                wanted != "NONE" and not reading.own_scheme
            ),
        }
        for message in (text for text, differs in messages.items() if differs):
            at = host.peek("require_tls") or host
            self.shared.report.at(at, Fate.APPROXIMATED, Level.WARNING, "https_redirect", message)
        if wanted != "NONE":
            tls = HttpsRedirect(301, origin=Origin(host, {"status_code": "require_tls"}))
        return own, kept, tls

    def _host(
        self,
        host: Mapping,
        group: Group,
        leaves: bool,
        copied: int,
        scopes: tuple[Surroundings, Surroundings],
        reader: RouteReader,
        condition: Condition,
        tls: HttpsRedirect | None,
        kept: dict[str, Any],
    ) -> None:
        gateway = self.shared.gateway
        ends = False
        routes = host.take_mappings("routes")
        for node in routes[len(routes) - copied :]:
            node.take_all()
        if tls is not None and condition.schemes == ("http",):
            # No request comes here by TLS: whatever the routes say, all are sent away.
            for node in routes:
                node.take_all()
            route = self._end(host, group, condition)
            route.policies.redirect = Redirect(scheme="https", origin=tls.origin)
            gateway.routes.append(route)
            return
        for node in routes[: len(routes) - copied]:
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
        elif not ends and leaves:
            gateway.routes.append(self._nothing(host, group, condition))

    def _nothing(self, node: Mapping, group: Group, condition: Condition) -> Route:
        """Where Envoy has no route, it answers 404."""
        route = self._end(node, group, condition)
        route.policies.direct_response = DirectResponse(_NOT_FOUND, origin=Origin(node, {}))
        return route

    def _end(self, host: Mapping, group: Group, condition: Condition) -> Route:
        """A route for all that is left of a virtual host."""
        label = host.take_str("name") or "virtual-host"
        route = Route(self.names.unique(f"{label}-end"), hosts=list(group.hosts))
        route.origin = Origin(host, {"hosts": "domains"})
        if group.authority is not None:
            route.headers = [group.authority]
        condition.put(route)
        return route


def _flag(table: Mapping, key: str) -> bool:
    """A flag that stays untaken."""
    node = table.peek(key)
    return node is not None and as_flag(node)


def _own_scheme(hcm: Mapping) -> bool:
    """Whether the connection manager sets the scheme, whatever clients say."""
    transformed = hcm.peek("scheme_header_transformation")
    return isinstance(transformed, Mapping) and transformed.has("scheme_to_overwrite")


def _by_header(table: Mapping, condition: Condition, report: Reporter) -> Condition:
    """The condition with what the model cannot compare, where a header instead of `Host` chooses
    the virtual host. Where one takes all requests, Envoy looks at no header.
    """
    if not table.has("vhost_header"):
        return condition
    if any(one.kind != ANY for one in domains_of(table)):
        unsaid = (*condition.unsaid, "a header other than Host chooses the virtual host")
        return replace(condition, unsaid=unsaid)
    node = table.take("vhost_header") or table
    message = "no effect, as there is one virtual host for every host"
    report.at(node, Fate.DROPPED, Level.INFO, _FEATURE, message)
    return condition


def _say_ports(table: Mapping, owned: list[Owned], hcm: Mapping, report: Reporter) -> None:
    """Envoy compares `Host` as the client writes it, unless it is told to leave the port away."""
    stripped = any(hcm.has(key) for key in ("strip_any_host_port", "strip_matching_host_port"))
    stripped = stripped or table.has("ignore_port_in_host_matching")
    ported = any(one.port for _, one in owned)  # of which more is said
    if stripped or ported or all(one.kind == ANY for _, one in owned):
        return
    message = "a Host with a port is another one for Envoy; here the port is not compared"
    at = table.peek("virtual_hosts") or table
    report.at(at, Fate.APPROXIMATED, Level.INFO, _FEATURE, message, whole=False)


_PLAIN = {"name", "domains", "routes"}


def _copied(hosts: list[Mapping], group: Group, own_domains: list[Domain], index: Domains) -> int:
    """How many routes at the end of a virtual host are those of the wider one, with which the model
    goes on by itself: Envoy's files have to say them again, the model does not.
    """
    above = {index.wider(one) for one in own_domains}
    wider = above.pop() if len(above) == 1 else None
    if wider in (None, group.owner) or group.authority is not None or index.has_prefixes:
        return 0
    own, other = hosts[group.owner], hosts[wider or 0]
    if not {*own, *other} <= _PLAIN or index.with_port(group.domains[0]):
        return 0
    mine, theirs = own.take_mappings("routes"), other.take_mappings("routes")
    if not theirs or len(theirs) >= len(mine):
        return 0
    tail = mine[len(mine) - len(theirs) :]
    same = all(one.plain() == two.plain() for one, two in zip(tail, theirs, strict=True))
    return len(theirs) if same else 0


def domains_of(table: Mapping) -> list[Domain]:
    """All domains of a table, which stays unread."""
    hosts = table.peek("virtual_hosts")
    found: list[Domain] = []
    for host in hosts.items if isinstance(hosts, Sequence) else ():
        domains = host.peek("domains") if isinstance(host, Mapping) else None
        if isinstance(domains, Sequence):
            found += [parse(one.as_str()) for one in domains.items]
    return found


def _owned(hosts: list[Mapping], report: Reporter, *, ignores_port: bool) -> list[Owned]:
    """The domains of virtual hosts, with the hosts' numbers."""
    found: list[Owned] = []
    for number, host in enumerate(hosts):
        host.mark("name")
        domains = [parse(one) for one in host.take_strings("domains") or []]
        if ignores_port:
            domains = [Domain(one.kind, one.text) for one in domains]
        elif any(one.port for one in domains):
            message = "Envoy compares the port that the client writes into Host"
            node = host.peek("domains")
            report.at(node, Fate.APPROXIMATED, Level.WARNING, _FEATURE, message, whole=False)
        found += [(number, one) for one in dict.fromkeys(domains)]
    return found
