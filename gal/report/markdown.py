"""The ledger as Markdown, for a pull request or a page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gal.report.grouping import grouped
from gal.report.text import summary

if TYPE_CHECKING:
    from gal.convert import Conversion

_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~&@-])")


def render(conversion: Conversion, target: str) -> str:
    """A heading, the counts, and a table, worst first. Values cannot bring markup of their own."""
    lines = ["# Conversion report", "", escape(summary(conversion, target)), ""]
    groups = grouped(conversion.ledger.sorted())
    if groups:
        lines += ["| Level | Fate | Where | What | Why |", "| --- | --- | --- | --- | --- |"]
    for group in groups:
        entry = group.first
        cells = (entry.level.value, entry.fate.value, group.place, entry.feature, group.message)
        lines.append("| " + " | ".join(escape(cell) for cell in cells) + " |")
    return "\n".join(lines).rstrip() + "\n"


def escape(text: str) -> str:
    """Text that Markdown shows as it stands, on one line. Addresses do not become links."""
    shown = _MARKUP.sub(r"\\\1", " ".join(text.split()))
    return shown.replace("://", "\\://").replace("www.", "www\\.")
