"""What earlier requests have used up of the limits: a clock that only moves when told to."""

from __future__ import annotations

from dataclasses import dataclass, field

from gal.model import Rate


@dataclass(slots=True)
class Counters:
    """Counts of requests by limit and key.

    Attributes:
        now: seconds since the start.
    """

    now: float = 0.0
    _used: dict[tuple[int, str, str], tuple[float, int]] = field(default_factory=dict)

    def take(self, policy: int, key: str, rate: Rate) -> int:
        """Count a request; gives how many there were before it in its window, which begins with the
        first of them.
        """
        at = (policy, key, str(rate))
        began, before = self._used.get(at, (self.now, 0))
        if self.now - began >= rate.period.in_seconds:
            began, before = self.now, 0
        self._used[at] = (began, before + 1)
        return before

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
