"""What happens when an upstream is slow or fails."""

from __future__ import annotations

from dataclasses import dataclass, field

from gal.model.node import Policy
from gal.model.rate_limit import LimitResponse
from gal.model.values import Duration


def _unavailable() -> LimitResponse:
    return LimitResponse(status_code=503, message="Service temporarily unavailable")


@dataclass(slots=True)
class CircuitBreaker(Policy):
    """After so many failures in a row the upstream is left alone for a while.

    Attributes:
        max_failures: failures in a row that open it.
        timeout: how long it stays open.
        half_open_requests: good answers that close it again.
        unhealthy_status_codes: answers that count as failures.
        response: what clients get while it is open.
    """

    max_failures: int = 5
    timeout: Duration = field(default_factory=lambda: Duration.seconds(30))
    half_open_requests: int = 3
    unhealthy_status_codes: list[int] = field(default_factory=lambda: [500, 502, 503, 504])
    response: LimitResponse = field(default_factory=_unavailable)


@dataclass(slots=True)
class Retry(Policy):
    """Further attempts after a failed one.

    Attributes:
        attempts: further attempts after the first; 0 means none.
        on_connection_failure: after a connection that could not be made or broke early.
        on_timeout: after an attempt without an answer in time, for methods that may be repeated
            (RFC 9110, 9.2.2).
        status_codes: after these answers.
        methods: only for these; empty means all.
        backoff: pause before an attempt.
        max_backoff: longest pause.
        attempt_timeout: for one attempt.
    """

    attempts: int = 3
    on_connection_failure: bool = True
    on_timeout: bool = False
    status_codes: list[int] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    backoff: Duration | None = None
    max_backoff: Duration | None = None
    attempt_timeout: Duration | None = None


@dataclass(slots=True)
class Timeout(Policy):
    """How long is waited. Unset leaves it to the provider; `0s` waits for ever.

    Attributes:
        connect: for the connection to the upstream.
        send: between two writes to the upstream.
        read: between two reads from the upstream.
        request: for the whole request, from its end to the end of the answer.
    """

    connect: Duration | None = None
    send: Duration | None = None
    read: Duration | None = None
    request: Duration | None = None
