"""Drift as a comment on a pull request: bounded, and safe against markup in values.

GitHub takes 65,536 characters in a comment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.drift.change import Level
from gal.drift.report.text import verdict
from gal.report.markdown import escape

if TYPE_CHECKING:
    from gal.drift.change import Change
    from gal.drift.report import Outcome

MARKER = "<!-- gal-drift -->"
"""By which an action finds the comment of the run before."""

MOST = 60_000
_MOST_VALUE = 300
_SIGNS = {
    Level.CRITICAL: "🔴 critical",
    Level.HIGH: "🟠 high",
    Level.MEDIUM: "🟡 medium",
    Level.LOW: "🔵 low",
    Level.INFO: "⚪ info",
}
_HEAD = ["| Level | Id | Object | What | Old | New | Where |", "| --- " * 7 + "|"]


def render(outcome: Outcome) -> str:
    """The verdict, a table of what matters, and the rest folded up."""
    drift = outcome.drift
    lines = [MARKER, "### Gateway drift", ""]
    lines += [f"**{escape(verdict(drift, cosmetic=outcome.cosmetic))}**", ""]
    old, new = (escape(name) for name in outcome.names)
    lines += [f"{old} ({drift.old_provider}) → {new} ({drift.new_provider})", ""]
    important = [one for one in outcome.shown if one.level.rank >= Level.MEDIUM.rank]
    rest = [one for one in outcome.shown if one.level.rank < Level.MEDIUM.rank]
    if important:
        lines += [*_HEAD, *map(_row, important), ""]
    lines += _folded(f"{len(rest)} smaller changes", [*_HEAD, *map(_row, rest)]) if rest else []
    lines += _assumptions(outcome)
    lines += _not_compared(outcome)
    lines += _expectations(outcome)
    return bounded(lines)


def bounded(lines: list[str]) -> str:
    """The lines, as many as a comment takes."""
    kept: list[str] = []
    size = 0
    open_folds = 0
    for line in lines:
        size += len(line) + 1
        if size > MOST:
            kept += ["", "</details>"] * open_folds
            kept += ["", "*Truncated: the whole report is in the run's artifacts.*"]
            break
        open_folds += line.startswith("<details>") - line.startswith("</details>")
        kept.append(line)
    return "\n".join(kept).rstrip() + "\n"


def _row(one: Change) -> str:
    where = " → ".join(
        escape(f"{place.file}:{place.line}")
        for place in (one.old_position, one.new_position)
        if place
    )
    object_ = one.object if one.count == 1 else f"{one.object} ({one.count})"
    labels = f"{one.name}: {one.field}" + (f" ({one.cause})" if one.cause else "")
    cells = (one.id, object_, labels, one.old, one.new)
    shown = " | ".join(escape(_short(cell)) for cell in cells)
    return f"| {_SIGNS[one.level]} | {shown} | {where} |"


def _short(text: str) -> str:
    return text if len(text) <= _MOST_VALUE else f"{text[:_MOST_VALUE]}..."


def _folded(title: str, lines: list[str]) -> list[str]:
    return [f"<details><summary>{title}</summary>", "", *lines, "", "</details>", ""]


def _assumptions(outcome: Outcome) -> list[str]:
    lines = [
        f"- {escape(one.topic)}: {escape(one.old_provider)} {escape(one.old)}, "
        f"{escape(one.new_provider)} {escape(one.new)} ({one.count})"
        for one in outcome.drift.assumptions
    ]
    title = f"{len(lines)} defaults that differ and that neither side sets"
    return _folded(title, lines) if lines else []


def _not_compared(outcome: Outcome) -> list[str]:
    lines = [
        f"- {escape(one.topic)} ({one.side.value} side, {one.count}): {escape(one.reason)}"
        for one in outcome.drift.not_compared
    ]
    return _folded(f"{len(lines)} topics that only one gateway knows", lines) if lines else []


def _expectations(outcome: Outcome) -> list[str]:
    lines = [
        f"- expected: {escape(f'{one.id} {one.object} {one.field}')}" for one in outcome.expected
    ]
    lines += [
        f"- no longer needed: {escape(f'{one.id} {one.object} {one.field}')}"
        for one in outcome.unused
    ]
    lines += [
        f"- over since {one.until}: {escape(f'{one.id} {one.object} {one.field}')}"
        for one in outcome.expired
    ]
    return _folded(f"{len(lines)} expectations", lines) if lines else []
