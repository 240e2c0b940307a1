"""Drift as lines for a terminal: the verdict first, then the changes by object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gal.drift.change import Change, Drift, Level

_COLOURS: Final = {
    Level.CRITICAL: "1;31",
    Level.HIGH: "31",
    Level.MEDIUM: "33",
    Level.LOW: "36",
    Level.INFO: "2",
}


def render(
    drift: Drift,
    *,
    names: tuple[str, str] | None = None,
    cosmetic: bool = False,
    verbose: bool = False,
    colour: bool = False,
) -> str:
    """The report.

    Args:
        drift: what changed.
        names: of both sides, as they were asked for; left out if None.
        cosmetic: also what only shows to those who read the files.
        verbose: also the labels, the sentence and the objects of each change.
        colour: with colours.
    """
    shown = [one for one in drift.changes if cosmetic or not one.cosmetic]
    lines = [verdict(drift, cosmetic=cosmetic)]
    if names is not None:
        lines.append(f"{names[0]} ({drift.old_provider}) -> {names[1]} ({drift.new_provider})")
    by_object: dict[str, list[Change]] = {}
    for one in shown:
        by_object.setdefault(one.object, []).append(one)
    for changes in by_object.values():
        lines += ["", _head(changes[0])]
        for one in changes:
            lines += _lines(one, verbose=verbose, colour=colour)
    lines += _assumptions(drift)
    lines += _not_compared(drift)
    return "\n".join(lines) + "\n"


def verdict(drift: Drift, *, cosmetic: bool = False) -> str:
    """One line: how many changes of which level, and how much was compared."""
    counts = drift.counts
    told = [f"{counts[level]} {level.value}" for level in Level if counts[level]]
    if not cosmetic and counts[Level.INFO]:
        told[-1] = f"{counts[Level.INFO]} cosmetic hidden"
    missing = sum(one.count for one in drift.not_compared)
    matched = drift.matched.get("route", 0)
    old = matched + sum(
        1 for one in drift.unmatched if one.kind == "route" and one.side.value == "old"
    )
    rest = [f"{matched}/{old} routes matched"]
    rest += [f"{missing} not comparable"] if missing else []
    assumed = len(drift.assumptions)
    rest += [f"{assumed} assumption{'s' if assumed > 1 else ''}"] if assumed else []
    return f"{', '.join(told) or 'no change'}; {', '.join(rest)}"


def _head(change: Change) -> str:
    more = f"  ({change.count} routes)" if change.count > 1 else ""
    return f"{change.object}{more}"


def _lines(change: Change, *, verbose: bool, colour: bool) -> Iterator[str]:
    level = change.level.value.upper()
    painted = f"\x1b[{_COLOURS[change.level]}m{level:8}\x1b[0m" if colour else f"{level:8}"
    places = " | ".join(
        str(one) if one is not None else "-" for one in (change.old_position, change.new_position)
    )
    cause = f"  [{change.cause}]" if change.cause else ""
    yield (
        f"  {painted} {change.id} {change.name}  {change.field} {change.old} -> {change.new}"
        f"  ({places}){cause}"
    )
    if not verbose:
        return
    yield f"           {change.message}"
    yield (
        f"           security {change.security.value}, traffic {change.traffic.value}, "
        f"behaviour {change.behaviour.value}, operations {change.operations.value}"
    )
    if change.count > 1 or len(change.objects) > 1:
        yield from (f"           - {one}" for one in change.objects)
        if change.count > len(change.objects) > 1:
            yield f"           - and {change.count - len(change.objects)} more"


def _assumptions(drift: Drift) -> list[str]:
    if not drift.assumptions:
        return []
    lines = ["", "assumptions (both sides leave it to their gateway):"]
    for one in drift.assumptions:
        sides = f"{one.old_provider} {one.old}, {one.new_provider} {one.new}"
        level = f"{one.level.value.upper():8}"
        lines.append(f"  {level} D102 {one.topic}: {sides}  ({_times(one.count)})")
    return lines


def _not_compared(drift: Drift) -> list[str]:
    if not drift.not_compared:
        return []
    lines = ["", "not compared (only one of the two gateways can say it):"]
    for one in drift.not_compared:
        place = f"  ({one.position})" if one.position is not None else ""
        lines.append(
            f"  D101 {one.topic}, {_times(one.count)} on the {one.side.value} side: "
            f"{one.reason}{place}"
        )
    return lines


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
