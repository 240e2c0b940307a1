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
    _used: dict[tuple[int, str, str, int], int] = field(default_factory=dict)

    def take(self, policy: int, key: str, rate: Rate) -> int:
        """Count a request in its window; gives how many there were before it."""
        window = int(self.now / rate.period.in_seconds)
        at = (policy, key, str(rate), window)
        before = self._used.get(at, 0)
        self._used[at] = before + 1
        return before
