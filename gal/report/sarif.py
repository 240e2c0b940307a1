"""The ledger as SARIF 2.1.0, for code scanning.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gal.ledger import Fate, Level

if TYPE_CHECKING:
    from gal.convert import Conversion
    from gal.ledger import Entry

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "note"}
_RULES = {
    Fate.EXACT: "The field is kept as it is.",
    Fate.APPROXIMATED: "The field is kept, but the target behaves differently.",
    Fate.DROPPED: "The field is not in the target's configuration.",
    Fate.CARRIED: "Only the source's gateway knows the field; it is kept for that gateway.",
}


def render(conversion: Conversion, target: str) -> str:
    """One run with a result for each entry of the ledger."""
    from gal import __version__

    run = {
        "tool": {
            "driver": {
                "name": "gal",
                "version": __version__,
                "rules": [
                    {"id": f"gal/{fate.value}", "shortDescription": {"text": text}}
                    for fate, text in _RULES.items()
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "properties": {"source": conversion.source, "target": target},
        "results": [_result(entry) for entry in conversion.ledger.sorted()],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _result(entry: Entry) -> dict[str, Any]:
    mark = f"{entry.fate.value}|{entry.feature}|{entry.path}|{entry.message}"
    result: dict[str, Any] = {
        "ruleId": f"gal/{entry.fate.value}",
        "level": _LEVELS[entry.level],
        "message": {"text": f"{entry.feature}: {entry.message}"},
        "partialFingerprints": {"galEntry/v1": hashlib.sha256(mark.encode()).hexdigest()[:32]},
    }
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": entry.path}]}
    if entry.position is not None:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": quote(entry.position.file)},
            "region": {"startLine": entry.position.line, "startColumn": entry.position.column},
        }
    result["locations"] = [location]
    return result
