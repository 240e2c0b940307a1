"""`request-transformer` and `response-transformer` into the policies that they are made of.

Kong resolves by plugin and the model by kind of policy: where an instance in a narrower scope hides
a wider one that did more, the narrower scope says that nothing of it is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gal.importers.kong.headers import headers, query, request_line
from gal.importers.kong.placement import report_kept
from gal.importers.kong.plugin import Scope
from gal.importers.kong.scopes import Acting, by_route, effective
from gal.importers.kong.transformation import transformation
from gal.ledger import Fate, Level
from gal.model import Headers, Operations, Policy, Query, RequestLine, Transformation

if TYPE_CHECKING:
    from gal.importers.kong.scopes import Instances, Owners, Placed
    from gal.ledger import Reporter

Own = dict[Scope, "Placed"]


def read_transformers(instances: Instances, owners: Owners, report: Reporter) -> None:
    """Put the policies of both plugins into the model.

    Raises:
        InputError: Kong would refuse one of them.
    """
    requests = instances.get("request-transformer", {})
    responses = instances.get("response-transformer", {})
    if requests or responses:
        _Transformers(requests, responses, owners, report).read()


class _Transformers:
    def __init__(self, requests: Own, responses: Own, owners: Owners, report: Reporter) -> None:
        self.requests = requests
        self.responses = responses
        self.owners = owners
        self.report = report
        self.kept: set[int] = set()

    def read(self) -> None:
        scopes = sorted({*self.requests, *self.responses}, key=by_route)
        self._headers(scopes)
        lines = {
            scope: request_line(placed.plugin, self.report)
            for scope, placed in self.requests.items()
        }
        self._single("request_line", lines, RequestLine)
        queries = {
            scope: query(placed.plugin, self.report) for scope, placed in self.requests.items()
        }
        self._single("query", queries, Query)
        self._bodies(scopes)
        self._leftovers()

    def _headers(self, scopes: list[Scope]) -> None:
        found = {scope: self._headers_of(scope) for scope in scopes}
        asking = Acting.of(scope for scope, one in found.items() if one.request is not None)
        answering = Acting.of(scope for scope, one in found.items() if one.response is not None)
        for scope, policy in found.items():
            if scope in self.requests and policy.request is None and self._hides(scope, asking):
                policy.request = Operations()
            silent = scope in self.responses and policy.response is None
            if silent and self._hides(scope, answering):
                policy.response = Operations()
            if policy != Headers():
                self._put(scope, "headers", policy)

    def _headers_of(self, scope: Scope) -> Headers:
        request, response = self.requests.get(scope), self.responses.get(scope)
        found = headers(
            request.plugin if request else None, response.plugin if response else None, self.report
        )
        return found or Headers()

    def _single(self, name: str, found: Mapping[Scope, Policy | None], blank: type[Policy]) -> None:
        """A policy of request-transformer alone."""
        acting = Acting.of(scope for scope, policy in found.items() if policy is not None)
        for scope, policy in found.items():
            if policy is not None:
                self._put(scope, name, policy)
            elif self._hides(scope, acting):
                self._put(scope, name, blank(enabled=False))

    def _bodies(self, scopes: list[Scope]) -> None:
        """Both plugins make one policy, so each scope's holds what it inherits of the other."""
        service_of = self.owners.service_of
        found: dict[Scope, Transformation | None] = {}
        pending = list(reversed(scopes))
        while pending:
            scope = pending.pop()
            request = effective(self.requests, scope, service_of)
            response = effective(self.responses, scope, service_of)
            found[scope] = transformation(
                request.plugin if request else None,
                response.plugin if response else None,
                self.report,
            )
            if not pending and len(found) == len(scopes) and any(found.values()):
                pending = [one for one in self._closed(scopes) if one not in found]
        acting = Acting.of(scope for scope, policy in found.items() if policy is not None)
        for scope, policy in found.items():
            if policy is not None:
                self._put(scope, "transformation", policy)
            elif self._hides(scope, acting):
                self._put(scope, "transformation", Transformation(enabled=False))

    def _closed(self, scopes: list[Scope]) -> list[Scope]:
        """Besides the scopes themselves, those of a consumer with one plugin on a service or
        route with the other, where both act.
        """
        closed = dict.fromkeys(scopes)
        for own, other in ((self.requests, self.responses), (self.responses, self.requests)):
            for scope in own:
                if scope.consumer is None or scope.route or scope.service:
                    continue
                for wider in other:
                    if wider.consumer is None and (wider.route or wider.service):
                        closed[Scope(wider.route, wider.service, scope.consumer)] = None
        return sorted(closed, key=by_route)

    def _hides(self, scope: Scope, acting: Acting) -> bool:
        return acting.hidden_by(scope, self.owners.service_of)

    def _put(self, scope: Scope, name: str, policy: Policy) -> None:
        own = self.requests.get(scope)
        if own is None or (name == "headers" and scope in self.responses):
            own = self.responses.get(scope, own)
        placed = own or next(iter((self.requests or self.responses).values()))
        if policy.origin is None:
            policy.origin = placed.plugin.origin()
        for one in (self.requests.get(scope), self.responses.get(scope)):
            if one is not None and one.kept and id(one) not in self.kept:
                self.kept.add(id(one))
                kept = policy.extensions.setdefault("kong", {})
                kept.setdefault("plugins", {})[one.plugin.name] = one.kept
                report_kept(one, self.report)
        self.owners.put(scope, name, policy, placed.plugin)

    def _leftovers(self) -> None:
        """A plugin that makes no policy at all does nothing; it is kept for Kong."""
        for instances in (self.requests, self.responses):
            for scope, placed in instances.items():
                policies = self.owners.policies(scope)
                parts = (
                    policies.headers,
                    policies.query,
                    policies.request_line,
                    policies.transformation,
                )
                if any(part is not None for part in parts):
                    continue
                policies.plugins.setdefault("kong", []).append(placed.plain())
                message = "it changes nothing"
                node = placed.plugin.node
                self.report.at(node, Fate.CARRIED, Level.INFO, "plugins", message, whole=False)
