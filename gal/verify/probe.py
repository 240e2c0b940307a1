"""A question to two gateways, and what one of them made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from gal.model import ModelNode
from gal.tracing.request import Request


class Kind(str, Enum):
    """What a probe is about; reports count by it."""

    MATCH = "match"
    NEAR_MISS = "near miss"
    OVERLAP = "overlap"
    CREDENTIAL = "credential"
    CORS = "cors"
    RATE_LIMIT = "rate limit"
    REWRITE = "rewrite"
    HEADERS = "headers"
    BACKENDS = "backends"
    REDIRECT = "redirect"
    SIZE_LIMIT = "size limit"
    TIMEOUT = "timeout"
    FAILURE = "failure"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Steering:
    """How the recording servers answer, told to them in a header of the request.

    Attributes:
        statuses: of the first, second, ... answer to this probe; the last goes on.
        delay: seconds before an answer.
        headers: headers of the answer.
    """

    statuses: tuple[int, ...] = (200,)
    delay: float = 0.0
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Probe:
    """A question to two gateways: one request, or the same one several times.

    Attributes:
        kind: what it is about.
        about: what it asks, in words, such as `orders: without the header X-Beta`.
        request: what is sent.
        repeat: how many times, one after the other; answers are compared as a whole.
        counted: only how often each answer and each target came is compared, not in which order.
        pause: seconds before the last request, which alone is compared then.
        steering: how the upstream answers.
        nodes: the parts of the models that it is about, for the report.
        secrets: texts in the request that reports leave out.
    """

    kind: Kind
    about: str
    request: Request
    repeat: int = 1
    counted: bool = False
    pause: float = 0.0
    steering: Steering = Steering()
    nodes: tuple[ModelNode, ...] = field(default=(), compare=False)
    secrets: tuple[str, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as an upstream saw it.

    Attributes:
        host: the target's host in the configuration.
        port: the target's port in the configuration.
        method: HTTP method.
        path: with percent signs, without the query.
        query: what stands after `?`; unset when there is none.
        headers: names and values in order, `Host` among them.
    """

    host: str
    port: int
    method: str
    path: str
    query: str | None
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str | None:
        """The values of a header, joined; None when it is absent."""
        found = [value for one, value in self.headers if one.lower() == name.lower()]
        return ", ".join(found) if found else None


@dataclass(frozen=True, slots=True)
class Observation:
    """What became of one request.

    Attributes:
        status: that the client got; 0 when the connection broke or nobody answered in time.
        headers: of the answer.
        by_upstream: the answer is an upstream's.
        seen: the attempts that reached an upstream, in order.
        known: False where this is no observation but what is left open: a gateway that cannot be
            started, and a policy that only it knows.
        targets: hosts and ports that may get the request.
        visible: whether it is known what the upstream saw.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    by_upstream: bool = False
    seen: tuple[Seen, ...] = ()
    known: bool = True
    targets: frozenset[tuple[str, int]] = frozenset()
    visible: bool = True

    def header(self, name: str) -> str | None:
        """The values of a header of the answer, joined; None when it is absent."""
        found = [value for one, value in self.headers if one.lower() == name.lower()]
        return ", ".join(found) if found else None
