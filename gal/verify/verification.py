"""Two gateways, the same requests, and where what comes of them differs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from gal.model import Gateway
from gal.tracing.hiding import Hiding, hiding
from gal.tracing.tracer import Tracer
from gal.verify.compare import Watched, differences, watched
from gal.verify.derive import derive
from gal.verify.gateways import Startable
from gal.verify.probe import Observation, Probe, Seen
from gal.verify.processes import NotStartedError
from gal.verify.recorder import Recorders
from gal.verify.remote import remote
from gal.verify.side import LiveSide, PredictedSide, Side, predicted


@dataclass(frozen=True, slots=True)
class Participant:
    """One of the two gateways.

    Attributes:
        name: for the report.
        gateway: its model.
        startable: its configuration as it can be started; None where there is no binary for it.
        reason: why it cannot be started.
        url: of one that already runs, and is asked instead.
    """

    name: str
    gateway: Gateway
    startable: Startable | None = None
    reason: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A probe that came out differently.

    Attributes:
        probe: the probe.
        messages: what differs, in words: the first side's, then the second's.
        first: what became of it on the first side.
        second: on the second.
    """

    probe: Probe
    messages: tuple[str, ...]
    first: tuple[Observation, ...]
    second: tuple[Observation, ...]


@dataclass(slots=True)
class Verification:
    """What came of all probes.

    Attributes:
        names: of the two sides.
        ways: how each side was asked: `started`, or `predicted` with the reason.
        agreed: probes with the same outcome, by kind.
        disagreements: probes with different outcomes.
        open: probes that could not be compared, by kind.
        left: probes that were not sent for want of room or time.
        seconds: how long it took.
        hiding: what reports leave out of requests and answers.
    """

    names: tuple[str, str]
    ways: tuple[str, str]
    agreed: Counter[str] = field(default_factory=Counter)
    disagreements: list[Disagreement] = field(default_factory=list)
    open: Counter[str] = field(default_factory=Counter)
    left: int = 0
    seconds: float = 0.0
    hiding: Hiding = field(default_factory=Hiding)

    @property
    def sent(self) -> int:
        """How many probes were tried."""
        return self.agreed.total() + self.open.total() + len(self.disagreements)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is tried.

    Attributes:
        probes: at most so many.
        seconds: at most so long for all of them together.
        start: seconds for a gateway to come up.
        step: seconds for one step of a request.
    """

    probes: int = 1000
    seconds: float = 120.0
    start: float = 20.0
    step: float = 5.0


def verify(
    first: Participant,
    second: Participant,
    bounds: Bounds | None = None,
    progress: Callable[[Iterable[Probe]], Iterable[Probe]] | None = None,
) -> Verification:
    """Start both gateways, or predict what they do, and compare what comes of the probes.

    Nothing is sent beyond loopback.
    """
    bounds = bounds or Bounds()
    began = time.monotonic()
    probes, over = derive([first.gateway, second.gateway], bounds.probes)
    with ExitStack() as stack:
        one, one_way = _side(first, bounds, stack)
        other, other_way = _side(second, bounds, stack)
        result = Verification((first.name, second.name), (one_way, other_way), left=over)
        result.hiding = hiding(first.gateway, second.gateway)
        compared = _Compared(
            watched(first.gateway, second.gateway),
            (Tracer(first.gateway), Tracer(second.gateway)),
            result,
        )
        for number, probe in enumerate(progress(probes) if progress else probes):
            if time.monotonic() - began > bounds.seconds:
                result.left += len(probes) - number
                break
            compared.take(probe, one(probe), other(probe))
    result.seconds = time.monotonic() - began
    return result


def _side(participant: Participant, bounds: Bounds, stack: ExitStack) -> tuple[Side, str]:
    if participant.url is not None:
        return remote(participant.url, bounds.step), f"asked at {_shown(participant.url)}"
    startable = participant.startable
    reason = participant.reason
    if startable is not None:
        try:
            recorders = stack.enter_context(Recorders.for_targets(startable.targets))
            running = stack.enter_context(startable.start(recorders.ports, bounds.start))
            return LiveSide(running, recorders, bounds.step), "started"
        except NotStartedError as error:
            reason = str(error)
    return PredictedSide(participant.gateway), f"predicted: {reason}"


def _shown(url: str) -> str:
    """A URL without what may stand before its host."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


@dataclass(slots=True)
class _Compared:
    names: Watched
    tracers: tuple[Tracer, Tracer]
    result: Verification

    def take(self, probe: Probe, first: list[Observation], second: list[Observation]) -> None:
        """Count a probe by what came of it."""
        kind = probe.kind.value
        one, other = self._expected(probe, first, 0), self._expected(probe, second, 1)
        told = differences(probe, one, other, self.names)
        if told is None:
            self.result.open[kind] += 1
        elif not told:
            self.result.agreed[kind] += 1
        else:
            found = Disagreement(probe, tuple(told), tuple(first), tuple(second))
            self.result.disagreements.append(found)

    def _expected(
        self, probe: Probe, observations: list[Observation], side: int
    ) -> list[Observation]:
        """The observations with the targets that may get the request: of several, any is right,
        and what comes elsewhere are copies.
        """
        if all(one.targets or not one.seen for one in observations):
            return observations
        targets = predicted(self.tracers[side].trace(probe.request), probe).targets
        return [
            replace(one, targets=targets, seen=_asked(one.seen, targets)) for one in observations
        ]


def _asked(seen: tuple[Seen, ...], targets: frozenset[tuple[str, int]]) -> tuple[Seen, ...]:
    return tuple(one for one in seen if (one.host, one.port) in targets) or seen
