"""Which exit code a drift has: told from the same changes that reports show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gal.drift.change import Behaviour, Change, Drift, Level, Security, Traffic

FAIL_ON: Final = ("security", "breaking", "any", "never", *(level.value for level in Level))


def failing(drift: Drift, fail_on: str) -> tuple[Change, ...]:
    """The changes that make a command exit with 1.

    Args:
        drift: what changed.
        fail_on: `security` (weakened or unknown), `breaking`, `any` (cosmetic ones, too), `never`,
            or a level, which means that level and those above it.
    """
    return tuple(change for change in drift.changes if _test(fail_on)(change))


def _test(fail_on: str) -> Callable[[Change], bool]:
    if fail_on == "security":
        labels = (Security.WEAKENED, Security.UNKNOWN)
        return lambda one: one.security in labels and not one.cosmetic
    if fail_on == "breaking":
        return lambda one: one.traffic in (Traffic.BREAKING, Traffic.REROUTING)
    if fail_on in ("any", "never"):
        return lambda _: fail_on == "any"
    least = Level(fail_on).rank
    return lambda one: one.level.rank >= least


def exit_code(drift: Drift, fail_on: str) -> int:
    """1 when any change is one that `fail_on` names, else 0."""
    return int(bool(failing(drift, fail_on)))


def detailed_exit_code(drift: Drift) -> int:
    """0 nothing at all, 10 only cosmetic, 11 behaviour or operations, 12 traffic, 13 security."""
    if not drift.changes:
        return 0
    real = [one for one in drift.changes if not one.cosmetic]
    if any(one.security is Security.WEAKENED for one in real):
        return 13
    if any(one.traffic is not Traffic.NONE for one in real):
        return 12
    if any(one.behaviour is Behaviour.CHANGED for one in real) or real:
        return 11
    return 10
