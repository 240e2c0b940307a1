"""What a gateway does with one request, step by step."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from gal.errors import Position
from gal.model import ModelNode, Retry, Route, Service, Timeout
from gal.tracing.hiding import Hiding
from gal.tracing.routing import Choice

Pairs = list[tuple[str, str]]
"""Header names and values, in order."""


class Outcome(str, Enum):
    """What a step did.

    Attributes:
        PASSED: it let the request through as it was.
        CHANGED: it changed the request, or will change the answer.
        ANSWERED: the client gets its answer from the gateway.
        REFUSED: as answered, because the request may not enter.
        NOTED: it acts in a way that one request does not show.
        UNKNOWN: only the running gateway can say; the trace goes on as if it passed.
    """

    PASSED = "passed"
    CHANGED = "changed"
    ANSWERED = "answered"
    REFUSED = "refused"
    NOTED = "noted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a gateway does on the way.

    Attributes:
        policy: the kind of policy, such as `rate_limit`; `route` and `upstream` are the ends.
        outcome: what it did.
        message: the same in words.
        node: the part of the model that says so, unset where a default does.
        field: its field, empty for the whole part.
    """

    policy: str
    outcome: Outcome
    message: str
    node: ModelNode | None = None
    field: str = ""

    @property
    def position(self) -> Position | None:
        """Where the source says so."""
        return position_of(self.node, self.field)


def position_of(node: ModelNode | None, name: str = "") -> Position | None:
    """Where a part of the model, or one of its fields, stands in the source."""
    if node is None or node.origin is None:
        return None
    return node.origin.locate(name)[0].position


def called(route: Route) -> str:
    """The name of a route, else its id."""
    return route.name or route.id or "without a name"


@dataclass(slots=True)
class Answer:
    """What the client gets from the gateway itself.

    Attributes:
        status: HTTP status.
        headers: names and values.
        body: the text; unset leaves it to the gateway.
    """

    status: int
    headers: Pairs = field(default_factory=list)
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """A target and how much of the traffic it gets.

    Attributes:
        upstream: name of the upstream or service; unset where it has none.
        host: of the target.
        port: of the target.
        percent: of the requests like this one.
        node: the part of the model that names the target.
    """

    upstream: str | None
    host: str
    port: int
    percent: float
    node: ModelNode | None = None


@dataclass(slots=True)
class UpstreamRequest:
    """The request as the upstream sees it.

    Attributes:
        protocol: how the gateway speaks to it.
        method: HTTP method.
        path: with percent signs, without the query.
        query: what stands after `?`; unset when there is none.
        host: the `Host` header; unset is the name of the target.
        headers: names and values, without what the gateway adds of its own.
    """

    protocol: str
    method: str
    path: str
    query: str | None
    host: str | None
    headers: Pairs


@dataclass(slots=True)
class Decision:
    """What a gateway does with one request.

    Attributes:
        choice: which route takes it, and which come close.
        steps: what happens, in order.
        consumer: who the client was found to be.
        answer: what the client gets when the gateway answers itself.
        upstream: the request as the upstream sees it, when it gets there.
        targets: who may get it.
        response_headers: what happens to the headers of the upstream's answer: an operation
            (`set`, `add`, `remove`, ...), a name, and a value.
        retry: when the upstream is asked again.
        timeout: how long is waited for it.
        hiding: which headers and parameters are not to be shown, as they hold secrets.
    """

    choice: Choice
    steps: list[Step] = field(default_factory=list)
    consumer: str | None = None
    answer: Answer | None = None
    upstream: UpstreamRequest | None = None
    targets: list[Share] = field(default_factory=list)
    response_headers: list[tuple[str, str, str]] = field(default_factory=list)
    retry: Retry | None = None
    timeout: Timeout | None = None
    hiding: Hiding = field(default_factory=Hiding)

    @property
    def route(self) -> Route | None:
        """The route that takes the request."""
        return self.choice.candidate.route if self.choice.candidate else None

    @property
    def service(self) -> Service | None:
        """The service that the route is nested in."""
        return self.choice.candidate.service if self.choice.candidate else None
