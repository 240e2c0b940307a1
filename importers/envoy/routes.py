"""One route of Envoy as one of the model.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
(`Route`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.importers.envoy.actions import mirror, read_action
from gal.importers.envoy.answers import direct_response, redirect
from gal.importers.envoy.carried import carry, keep, quiet
from gal.importers.envoy.chain import Chain, Override, Overrides, Scope, Shared, take_overrides
from gal.importers.envoy.filters import place_filters
from gal.importers.envoy.headers import Steps, headers, take_steps
from gal.importers.envoy.matches import Matched, Reading, read_match
from gal.importers.envoy.names import Names
from gal.importers.envoy.replies import settle_metadata
from gal.importers.envoy.resilience import retry
from gal.ledger import Fate, Level
from gal.model import (
    AddressMatch,
    Authentication,
    DirectResponse,
    Guard,
    HttpsRedirect,
    Origin,
    Policies,
    Redirect,
    Require,
    Route,
    Timeout,
    ValueMatch,
)
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.envoy.clusters import Directory

_FEATURE = "route"
_CORS = "envoy.filters.http.cors"
_NAMES: dict[str, str] = {
    "paths": "match",
    "headers": "match.headers",
    "query_params": "match.query_parameters",
    "upstream": "route.cluster",
    "backends": "route.weighted_clusters",
    "rewrite": "route",
    "host_header": "route",
}
_TABLE = {
    **quiet("metadata", "decorator", "tracing", "stat_prefix", "virtual_clusters"),
    **quiet("per_request_buffer_limit_bytes", "request_body_buffer_limit"),
}
_CLOSED = {
    "filter_action": "a filter of Envoy answers",
    "non_forwarding_action": "Envoy does not send these requests anywhere",
}


@dataclass(slots=True)
class Surroundings:
    """What a virtual host, or a whole table, says for its routes.

    Attributes:
        node: the object.
        steps: changes of headers.
        overrides: settings of filters.
        retry: its `retry_policy`, if any.
        mirrors: its `request_mirror_policies`.
        rate_limits: whether it has any.
    """

    node: Mapping
    steps: Steps
    overrides: Scope
    retry: Mapping | None = None
    mirrors: list[Mapping] = field(default_factory=list)


@dataclass(slots=True)
class Condition:
    """What has to be true of a connection for a table to be asked.

    Attributes:
        schemes: schemes; empty for all.
        server_names: TLS server names; empty for all.
        sources: addresses of clients; empty for all.
        ports: ports of the gateway; empty for all.
        guards: what decides who may connect.
        unsaid: what else the model cannot compare.
    """

    schemes: tuple[str, ...] = ()
    server_names: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    guards: tuple[Guard, ...] = ()
    unsaid: tuple[str, ...] = ()

    def put(self, route: Route) -> None:
        """Have a route ask for it, too."""
        if self.schemes and not route.schemes:
            route.schemes = list(self.schemes)
        if self.server_names and not route.server_names:
            route.server_names = list(self.server_names)
        if self.sources and not route.sources:
            route.sources = [AddressMatch(ip=one) for one in self.sources]
        if self.ports:
            route.destinations = [AddressMatch(port=one) for one in self.ports]


def read_scope(node: Mapping, shared: Shared, kept: dict[str, Any]) -> Surroundings:
    """What a virtual host or table says for its routes."""
    found = Surroundings(node, take_steps(node, shared.report), scope_overrides(node))
    kept |= found.steps.kept
    found.retry = node.take_mapping("retry_policy")
    found.mirrors = node.take_mappings("request_mirror_policies")
    return found


def scope_overrides(node: Mapping) -> Scope:
    """Settings of filters; the old field `cors` is one of them."""
    scope = take_overrides(node)
    cors = node.take_mapping("cors")
    if cors is not None and _CORS not in scope:
        scope[_CORS] = Override(cors, None, _CORS, cors)
    return scope


@dataclass(slots=True)
class RouteReader:
    """Reads the routes of one table.

    Attributes:
        shared: what all routes share.
        directory: the clusters.
        chain: the filters that requests pass.
        reading: how the gateway reads requests before it compares them.
        specific_last: changes of headers of narrower scopes are applied last.
        names: names of routes that are in use.
    """

    shared: Shared
    directory: Directory
    chain: Chain
    reading: Reading
    specific_last: bool
    names: Names

    def read(
        self,
        node: Mapping,
        scopes: Sequence[Surroundings],
        hosts: Sequence[str],
        authority: ValueMatch | None,
        condition: Condition,
        tls: HttpsRedirect | None,
    ) -> tuple[Route, Matched] | None:
        """A route for some hosts; None for one that takes nothing.

        Args:
            node: Envoy's route.
            scopes: virtual host and table, the narrower first.
            hosts: of the virtual host.
            authority: what else is compared of `Host`.
            condition: of the connection.
            tls: plain requests get this.
        """
        report = self.shared.report
        match = node.take_mapping("match")
        matched = read_match(match, self.reading) if match is not None else Matched()
        if matched.never:
            node.take_all()
            message = "it never takes a request"
            report.at(node, Fate.DROPPED, Level.INFO, _FEATURE, message)
            return None
        route = Route(self._name(node), hosts=list(hosts), origin=Origin(node, dict(_NAMES)))
        route.policies = Policies(origin=Origin(node, {}))
        matched.put(route)
        if authority is not None:
            route.headers.insert(0, authority)
        condition.put(route)
        if tls is not None and not route.schemes:
            route.schemes, route.https_redirect = ["https"], tls
        closed = [*matched.unsaid, *condition.unsaid]
        overrides = Overrides(route=scope_overrides(node))
        overrides.virtual_host, overrides.route_config = (one.overrides for one in scopes)
        if tls is not None and "https" not in route.schemes:
            node.take_all()
            route.policies.redirect = Redirect(scheme="https", origin=tls.origin)
            return route, matched
        kept: dict[str, Any] = {}
        reason = self._act(node, route, matched, scopes, overrides, kept)
        if reason is not None:
            closed.append(reason)
        self._headers(node, route, scopes, kept)
        settle_metadata(node, self.chain, self.shared)
        kept |= carry(node, report, _FEATURE, _TABLE)
        place_filters(route, self.chain, overrides, self.shared, where=node)
        self._rate_limits(node, kept)
        for control in condition.guards:
            guard(route, control)
        if closed:
            self._close(route, node, match, closed, kept)
        keep(route.extensions, kept)
        return route, matched

    def _name(self, node: Mapping) -> str | None:
        name = node.take_str("name")
        return None if not name else self.names.unique(name)

    def _act(
        self,
        node: Mapping,
        route: Route,
        matched: Matched,
        scopes: Sequence[Surroundings],
        overrides: Overrides,
        kept: dict[str, Any],
    ) -> str | None:
        """What becomes of the requests. Returns why nothing does, if so."""
        report = self.shared.report
        action = node.take_mapping("route")
        sent = node.take_mapping("redirect")
        answer = node.take_mapping("direct_response")
        if sent is not None:
            route.policies.redirect = redirect(sent, matched, report, kept)
        elif answer is not None:
            route.policies.direct_response = direct_response(answer, node, report, kept)
        elif action is not None:
            acted = read_action(action, route, matched, self.directory)
            overrides.weighted_cluster = acted.overrides
            if _CORS not in overrides.route:
                overrides.route |= scope_overrides(action)
            self._retry(action, route, scopes, kept)
            for scope in scopes:
                mirror(scope.mirrors, route, acted.kept, self.directory)
            kept |= acted.kept
            return acted.unsaid
        else:
            for key, what in _CLOSED.items():
                below = node.take(key)
                if below is not None:
                    below.take_all()
                    return what
            return "it says nothing to do"
        return None

    def _retry(
        self, action: Mapping, route: Route, scopes: Sequence[Surroundings], kept: dict[str, Any]
    ) -> None:
        node = action.take_mapping("retry_policy") or next(
            (scope.retry for scope in scopes if scope.retry is not None), None
        )
        if node is None:
            return
        policy, idle = retry(node, self.shared.report, kept)
        route.policies.retry = policy
        if idle is not None:
            deadline = route.policies.timeout or Timeout()
            deadline.read = deadline.read or idle
            route.policies.timeout = deadline

    def _headers(
        self, node: Mapping, route: Route, scopes: Sequence[Surroundings], kept: dict[str, Any]
    ) -> None:
        own = take_steps(node, self.shared.report)
        kept |= own.kept
        levels = [own, *(scope.steps for scope in scopes)]
        if self.specific_last:
            levels.reverse()
        answer = route.policies.direct_response
        if answer is not None:
            levels = [_absorbed(one, answer) for one in levels]
        if route.policies.redirect is not None:
            levels = [_location(one, route) for one in levels]
        made = headers(levels, Origin(node, {}))
        if made is not None:
            route.policies.headers = made

    def _rate_limits(self, node: Mapping, kept: dict[str, Any]) -> None:
        """Descriptors that no filter of the chain has looked at."""
        action = node.peek("route")
        for one in (node, action):
            below = one.peek("rate_limits") if isinstance(one, Mapping) else None
            if below is None or not isinstance(one, Mapping) or one.is_taken("rate_limits"):
                continue
            message = "no filter of the chain looks at it"
            table = {"rate_limits": f"no effect on what clients get: {message}"}
            kept |= carry(one, self.shared.report, "rate_limit", table)

    def _close(
        self,
        route: Route,
        node: Mapping,
        match: Mapping | None,
        reasons: list[str],
        kept: dict[str, Any],
    ) -> None:
        what = ", ".join(dict.fromkeys(reasons))
        message = (
            f"the model has no words for this: {what}. Any other gateway refuses everybody whom"
            " the rest of the match takes"
        )
        at = match if match is not None else node
        self.shared.report.at(at, Fate.CARRIED, Level.WARNING, _FEATURE, message, whole=False)
        kept["route"] = node.plain()
        guard(route, Guard("route-match", "envoy", {"reason": what}, origin=Origin(at, {})))


def guard(route: Route, control: Guard) -> None:
    """Let nobody past a route without a control that only Envoy knows."""
    policy = route.policies.authentication
    if policy is None or not policy.enabled:
        policy = Authentication(origin=control.origin)
    policy.guards = [*policy.guards, control]
    policy.type = None
    if len(policy.kinds()) + len(policy.guards) > 1:
        policy.require = Require.ALL
    route.policies.authentication = policy


def _absorbed(level: Steps, answer: DirectResponse) -> Steps:
    """Without headers that belong to the answer itself: its type, and the location that Envoy adds
    to 201 and 3xx.
    """
    found = Steps(level.node, list(level.request))
    for step in level.response:
        lower = step.name.lower()
        if lower == "content-type" and step.kind in ("set", "replace") and answer.body:
            answer.content_type = step.value
        elif not (lower == "location" and step.kind == "remove"):
            found.response.append(step)
    return found


def _location(level: Steps, route: Route) -> Steps:
    """A location that is set besides a redirect is the redirect's own."""
    redirect_policy = route.policies.redirect
    found = Steps(level.node, list(level.request))
    for step in level.response:
        if (
            step.name.lower() == "location"
            and step.kind in ("set", "replace")
            and redirect_policy is not None
        ):
            redirect_policy.location = step.value
            redirect_policy.path = redirect_policy.scheme = redirect_policy.host = None
            redirect_policy.port, redirect_policy.strip_query = None, False
        else:
            found.response.append(step)
    return found
