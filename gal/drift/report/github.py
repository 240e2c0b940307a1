"""Drift as annotations of GitHub Actions, the worst first: only ten are shown a step.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.drift.change import Level
from gal.lint.report.github import data, property_value

if TYPE_CHECKING:
    from gal.drift.change import Change
    from gal.drift.report import Outcome

_MOST = 10
_LEVELS = {
    Level.CRITICAL: "error",
    Level.HIGH: "error",
    Level.MEDIUM: "warning",
    Level.LOW: "notice",
    Level.INFO: "notice",
}


def render(outcome: Outcome) -> str:
    """A line a change, ten at most, and one that says how many more there are."""
    lines = [_line(one) for one in outcome.shown[: _MOST - 1]]
    rest = outcome.shown[_MOST - 1 :]
    if len(rest) == 1:
        lines.append(_line(rest[0]))
    elif rest:
        lines.append(f"::notice title=gal drift::{len(rest)} further changes are in the report\n")
    return "".join(lines)


def _line(one: Change) -> str:
    where = one.new_position or one.old_position
    place = (
        f"file={property_value(where.file)},line={where.line},col={where.column}," if where else ""
    )
    title = property_value(f"{one.id} {one.name}")
    text = data(f"{one.object}: {one.message}")
    return f"::{_LEVELS[one.level]} {place}title={title}::{text}\n"
