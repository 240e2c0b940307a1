"""Drift as SARIF 2.1.0. A result stands at the new side; what is gone at what is nearest to it.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from gal.drift.change import Level
from gal.lint.report.sarif import relative_uri

if TYPE_CHECKING:
    from gal.drift.change import Change
    from gal.drift.report import Outcome
    from gal.errors import Position

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {
    Level.CRITICAL: "error",
    Level.HIGH: "error",
    Level.MEDIUM: "warning",
    Level.LOW: "note",
    Level.INFO: "note",
}


def render(outcome: Outcome) -> str:
    """One run with a result for each change; expected ones carry a suppression."""
    from gal import __version__
    from gal.drift.catalogue import kind_of

    everything = [*outcome.shown, *outcome.expected]
    ids = sorted({one.id for one in everything})
    rules = [
        {
            "id": name,
            "name": kind_of(name).name,
            "shortDescription": {"text": kind_of(name).name.replace("-", " ")},
            "fullDescription": {"text": kind_of(name).explanation},
        }
        for name in ids
    ]
    run = {
        "tool": {"driver": {"name": "gal drift", "version": __version__, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": [
            *(_result(one, ids, expected=False) for one in outcome.shown),
            *(_result(one, ids, expected=True) for one in outcome.expected),
        ],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _result(one: Change, ids: list[str], *, expected: bool) -> dict[str, Any]:
    mark = f"{one.id}|{one.object}|{one.field}|{one.old}|{one.new}"
    result: dict[str, Any] = {
        "ruleId": one.id,
        "ruleIndex": ids.index(one.id),
        "level": _LEVELS[one.level],
        "message": {"text": f"{one.object}: {one.message}"},
        "partialFingerprints": {"galDrift/v1": hashlib.sha256(mark.encode()).hexdigest()[:32]},
        "properties": {
            "security": one.security.value,
            "traffic": one.traffic.value,
            "behaviour": one.behaviour.value,
            "level": one.level.value,
        },
    }
    here = one.new_position or one.old_position
    result["locations"] = [_location(here)] if here is not None else []
    if one.old_position is not None and one.new_position is not None:
        old = {"id": 1, **_location(one.old_position), "message": {"text": "it was here"}}
        result["relatedLocations"] = [old]
    if expected:
        result["suppressions"] = [{"kind": "external", "justification": "expected drift"}]
    return result


def _location(where: Position) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": relative_uri(where.file)},
            "region": {"startLine": where.line, "startColumn": where.column},
        }
    }
