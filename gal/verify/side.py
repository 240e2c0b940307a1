"""One of the two gateways: started where that can be done, else told by `gal trace`."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from gal.model import Gateway
from gal.tracing.decision import Decision, Outcome
from gal.tracing.tracer import Tracer
from gal.verify.client import send
from gal.verify.gateways import HOST, Running, door
from gal.verify.probe import Observation, Probe, Seen
from gal.verify.recorder import (
    MARK_HEADER,
    PROBE_HEADER,
    STEERING_HEADER,
    Recorders,
    steering_value,
)

Side = Callable[[Probe], list[Observation]]
"""What becomes of every request of a probe."""


@dataclass(slots=True)
class LiveSide:
    """A gateway that runs on loopback.

    Attributes:
        running: the gateway.
        recorders: its upstreams.
        timeout: seconds for one step of a request.
    """

    running: Running
    recorders: Recorders
    timeout: float
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def __call__(self, probe: Probe) -> list[Observation]:
        """Send the probe's requests, one after the other."""
        found = [self._ask(probe) for _ in range(probe.repeat - 1)]
        if probe.pause:
            time.sleep(probe.pause)
        return [*found, self._ask(probe)]

    def _ask(self, probe: Probe) -> Observation:
        request = probe.request
        where = door(self.running.doors, request.scheme, request.port)
        if where is None:
            return Observation(0, known=False)  # it has no listener for that
        mark = f"p{next(self._numbers)}"
        extra = (
            (PROBE_HEADER, mark),
            (STEERING_HEADER, steering_value(probe.steering)),
        )
        response = send(request, (HOST, where.port), extra, self.timeout)
        by_upstream = any(name.lower() == MARK_HEADER for name, _ in response.headers)
        seen = tuple(self._as_configured(one) for one in self.recorders.seen(mark))
        return Observation(response.status, response.headers, by_upstream, seen)

    def _as_configured(self, seen: Seen) -> Seen:
        """What an upstream saw, with the target's own name instead of where it was moved to."""
        moved = f"{HOST}:{self.recorders.ports[seen.host, seen.port]}"
        own = f"{seen.host}:{seen.port}"
        headers = tuple(
            (name, own if name.lower() == "host" and value == moved else value)
            for name, value in seen.headers
        )
        return replace(seen, headers=headers)


@dataclass(slots=True)
class PredictedSide:
    """A gateway that cannot be started: what its model says.

    Attributes:
        gateway: the model.
    """

    gateway: Gateway
    tracer: Tracer = field(init=False)

    def __post_init__(self) -> None:
        self.tracer = Tracer(self.gateway)

    def __call__(self, probe: Probe) -> list[Observation]:
        """Trace the probe's requests, one after the other."""
        self.tracer.counters.now = time.monotonic()
        decisions = [self.tracer.trace(probe.request) for _ in range(probe.repeat - 1)]
        if probe.pause:
            self.tracer.counters.wait(probe.pause)
        decisions.append(self.tracer.trace(probe.request))
        found = [predicted(decision, probe) for decision in decisions]
        return _spread(found, decisions[0]) if probe.counted else found


_DEFAULT_PORTS = frozenset({80, 443})
_TOO_LATE = 504


def _spread(observations: list[Observation], decision: Decision) -> list[Observation]:
    """The same requests at the targets by their shares."""
    found = []
    reached = 0.0
    shares = iter(decision.targets)
    share = next(shares, None)
    for number, one in enumerate(observations):
        while share is not None and 100.0 * number / len(observations) >= reached + share.percent:
            reached += share.percent
            share = next(shares, None)
        if share is None or not one.seen:
            found.append(one)
            continue
        seen = replace(one.seen[0], host=share.host, port=share.port)
        found.append(replace(one, seen=(seen,)))
    return found


def predicted(decision: Decision, probe: Probe) -> Observation:
    """A decision as an observation."""
    known = all(
        step.outcome is not Outcome.UNKNOWN or step.policy == "plugins" for step in decision.steps
    )
    changes = tuple(
        (name, value) for how, name, value in decision.response_headers if how != "remove"
    )
    if decision.answer is not None:
        answer = decision.answer
        return Observation(answer.status, (*answer.headers, *changes), known=known)
    targets = frozenset((one.host, one.port) for one in decision.targets)
    sent = decision.upstream
    if sent is None or not targets:
        return Observation(503, known=known, targets=targets)
    if _is_late(decision, probe):
        return Observation(_TOO_LATE, known=decision.retry is None, targets=targets)
    status, attempts = _after_retries(decision, probe)
    host, port = sorted(targets)[0]
    own = host if port in _DEFAULT_PORTS else f"{host}:{port}"
    headers = (("Host", sent.host or own), *sent.headers)
    seen = Seen(host, port, sent.method, sent.path, sent.query, headers)
    answered = _answered(probe.steering.headers, decision.response_headers)
    return Observation(status, answered, True, (seen,) * attempts, known=known, targets=targets)


def _is_late(decision: Decision, probe: Probe) -> bool:
    """Whether the upstream answers when nobody waits any more."""
    timeout = decision.timeout
    waits = [timeout.read, timeout.request] if timeout is not None else []
    return any(0 < one.in_seconds < probe.steering.delay for one in waits if one is not None)


def _after_retries(decision: Decision, probe: Probe) -> tuple[int, int]:
    """The status that the client gets of the upstream, and how many attempts that takes."""
    statuses = probe.steering.statuses
    retry = decision.retry
    if retry is None or (retry.methods and probe.request.method not in retry.methods):
        return statuses[0], 1
    for attempt in range(retry.attempts + 1):
        status = statuses[min(attempt, len(statuses) - 1)]
        if status not in retry.status_codes:
            return status, attempt + 1
    return statuses[min(retry.attempts, len(statuses) - 1)], retry.attempts + 1


def _answered(
    sent: tuple[tuple[str, str], ...], changes: list[tuple[str, str, str]]
) -> tuple[tuple[str, str], ...]:
    """The upstream's headers after what the gateway does to them."""
    headers = list(sent)
    replaced: set[str] = set()
    for how, name, value in changes:
        lower = name.lower()
        there = any(one.lower() == lower for one, _ in headers)
        if how == "rename":
            headers = [(value if one.lower() == lower else one, text) for one, text in headers]
            continue
        goes = how in ("remove", "set") or (how == "replace" and there)
        if goes and lower not in replaced:
            headers = [pair for pair in headers if pair[0].lower() != lower]
        if (
            how in ("set", "add")
            or (how == "replace" and there)
            or (how == "default" and not there)
        ):
            headers.append((name, value))
            replaced.add(lower)
    return tuple(headers)
