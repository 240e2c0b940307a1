"""A request on its way through the policies of a route."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from gal.model import Consumer, Gateway, ModelNode, Policies, Policy, Route, Service
from gal.tracing.counters import Counters
from gal.tracing.decision import Answer, Decision, Outcome, Pairs, Step
from gal.tracing.request import Request

P = TypeVar("P", bound=Policy)


@dataclass(slots=True)
class Exchange:
    """A request on its way, and what is known of it so far.

    Attributes:
        gateway: the model.
        route: the route that took it.
        service: the service of the route.
        request: as the client sent it.
        decision: what is told in the end.
        counters: what earlier requests have used up.
        method: that the upstream will see.
        path: that the upstream will see, before it is joined with the service's.
        query: that the upstream will see.
        headers: that the upstream will see.
        consumer: who the client was found to be.
        credential: by which credential.
        groups: of the consumer.
        claims: of a valid token.
    """

    gateway: Gateway
    route: Route
    service: Service | None
    request: Request
    decision: Decision
    counters: Counters
    method: str
    path: str
    query: str | None
    headers: Pairs
    consumer: Consumer | None = None
    credential: str | None = None
    groups: list[str] = field(default_factory=list)
    claims: dict[str, object] = field(default_factory=dict)

    @property
    def levels(self) -> list[Policies]:
        """Scopes whose policies act, the most specific first."""
        found: list[Policies] = []
        if self.consumer is not None:
            scoped = [one for one in self.gateway.scoped_policies if self._is_for(one.consumer)]
            service = self.service.name if self.service is not None else None
            found += [one.policies for one in scoped if one.route and one.route == self.route.name]
            found += [one.policies for one in scoped if not one.route and one.service == service]
            found.append(self.consumer.policies)
        found.append(self.route.policies)
        if self.service is not None:
            found.append(self.service.policies)
        found.append(self.gateway.policies)
        return found

    def _is_for(self, name: str) -> bool:
        return self.consumer is not None and self.consumer.name == name

    def policy(self, kind: type[P], name: str) -> P | None:
        """The policy of one kind that acts, None where there is none or it is switched off."""
        for policies in self.levels:
            found = getattr(policies, name)
            if isinstance(found, kind):
                return found if found.enabled else None
        return None

    def note(
        self, policy: str, outcome: Outcome, message: str, node: ModelNode | None, name: str = ""
    ) -> None:
        """Tell a step."""
        self.decision.steps.append(Step(policy, outcome, message, node, name))

    def refuse(self, policy: str, answer: Answer, message: str, node: ModelNode | None) -> None:
        """End here: the request may not enter."""
        self._end(policy, Outcome.REFUSED, answer, message, node)

    def reply(self, policy: str, answer: Answer, message: str, node: ModelNode | None) -> None:
        """End here: the gateway answers itself."""
        self._end(policy, Outcome.ANSWERED, answer, message, node)

    def _end(
        self, policy: str, outcome: Outcome, answer: Answer, message: str, node: ModelNode | None
    ) -> None:
        self.note(policy, outcome, message, node)
        self.decision.answer = answer

    @property
    def ended(self) -> bool:
        """Whether the client has got its answer."""
        return self.decision.answer is not None

    # -- headers

    def header(self, name: str) -> str | None:
        """The values of a header as they stand now, joined; None when it is absent."""
        found = [value for one, value in self.headers if one.lower() == name.lower()]
        return ", ".join(found) if found else None

    def remove_headers(self, names: Iterable[str]) -> None:
        """Take headers away."""
        gone = {name.lower() for name in names}
        self.headers = [pair for pair in self.headers if pair[0].lower() not in gone]

    def set_header(self, name: str, *values: str) -> None:
        """Have a header with these values only."""
        self.remove_headers([name])
        self.headers += [(name, value) for value in values]
