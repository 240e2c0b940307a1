"""The ledger as a table for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.ledger import Fate, Level
from gal.report.grouping import grouped

if TYPE_CHECKING:
    from gal.convert import Conversion

_COLOURS = {Level.ERROR: "31", Level.WARNING: "33", Level.INFO: "2"}
_MESSAGE_WIDTH = 72


def render(
    conversion: Conversion, target: str, *, colour: bool = False, everything: bool = True
) -> str:
    """A table, worst first, and one line of counts.

    Without `everything`, entries of level info are only counted.
    """
    from tabulate import tabulate

    entries = conversion.ledger.sorted()
    shown = [entry for entry in entries if everything or entry.level is not Level.INFO]
    rows = [
        (
            _painted(group.first.level.value, group.first.level, colour),
            group.first.fate.value,
            group.place,
            group.first.feature,
            group.message,
        )
        for group in grouped(shown)
    ]
    lines = []
    if rows:
        headers = ("level", "fate", "where", "what", "why")
        widths = [None, None, None, None, _MESSAGE_WIDTH]
        lines.append(
            tabulate(rows, headers, tablefmt="simple", maxcolwidths=widths, disable_numparse=True)
        )
        lines.append("")
    lines.append(summary(conversion, target, hidden=len(entries) - len(shown)))
    return "\n".join(lines) + "\n"


def summary(conversion: Conversion, target: str, *, hidden: int = 0) -> str:
    """One line: how many fields met which fate."""
    counts = conversion.ledger.counts(conversion.documents)
    told = ", ".join(f"{counts[fate]} {fate.value}" for fate in Fate)
    unseen = f" ({hidden} of no effect on traffic not shown: --verbose)" if hidden else ""
    return f"{conversion.source} to {target}: {told}{unseen}"


def _painted(text: str, level: Level, colour: bool) -> str:
    return f"\x1b[{_COLOURS[level]}m{text}\x1b[0m" if colour else text
