"""The ledger as JSON: every entry, and the path of every field that was kept exactly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gal.convert import Conversion
    from gal.ledger import Entry


def render(conversion: Conversion, target: str) -> str:
    """One object: `source`, `target`, `counts`, `entries`, `exact` (a list of paths by file)."""
    counts = conversion.ledger.counts(conversion.documents)
    exact: dict[str, list[str]] = {}
    for document in conversion.documents:
        paths = [node.path for node in conversion.ledger.exact_fields([document])]
        exact.setdefault(document.source.name, []).extend(sorted(paths))
    report = {
        "version": "1.0",
        "source": conversion.source,
        "target": target,
        "counts": {fate.value: count for fate, count in counts.items()},
        "entries": [_entry(entry) for entry in conversion.ledger.sorted()],
        "exact": exact,
    }
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def _entry(entry: Entry) -> dict[str, Any]:
    written: dict[str, Any] = {
        "level": entry.level.value,
        "fate": entry.fate.value,
        "stage": entry.stage.value,
        "provider": entry.provider,
        "feature": entry.feature,
        "path": entry.path,
        "message": entry.message,
    }
    if entry.position is not None:
        written["file"] = entry.position.file
        written["line"] = entry.position.line
        written["column"] = entry.position.column
    return written
