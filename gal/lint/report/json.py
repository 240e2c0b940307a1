"""Findings as JSON, for programs. Lines and columns count from 1, columns in characters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gal.lint.finding import Fix, Place
    from gal.lint.run import Outcome, Reported

SCHEMA = "gal.lint/1"


def render(outcome: Outcome) -> str:
    """`findings`, `ignored`, `errors` and a `summary`."""
    data = {
        "schema": SCHEMA,
        "findings": [_finding(one) for one in outcome.findings],
        "ignored": [_finding(one) for one in outcome.ignored],
        "errors": [error.render() for error in outcome.errors],
        "summary": {
            "files": outcome.files,
            "findings": len(outcome.findings),
            "ignored": len(outcome.ignored),
            "worst": worst.value if (worst := outcome.worst()) is not None else None,
        },
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _finding(one: Reported) -> dict[str, Any]:
    finding = one.finding
    data: dict[str, Any] = {
        "code": finding.rule.code,
        "name": finding.rule.name,
        "severity": one.severity.value,
        "confidence": finding.rule.confidence.value,
        "persona": finding.rule.persona.value,
        "message": finding.message,
        "help": finding.help or None,
        **_place(finding.place),
        "path": finding.place.node.path if finding.place.node is not None else None,
        "fingerprint": one.fingerprint.text,
        "count": finding.count,
        "related": [{**_place(place), "message": place.message} for place in finding.related],
        "fix": _fix(finding.fix) if finding.fix is not None else None,
    }
    if one.ignored is not None:
        data["ignored"] = {"by": one.ignored.by, "reason": one.ignored.reason or None}
    return data


def _place(place: Place) -> dict[str, Any]:
    where = place.position
    return {"file": where.file, "line": where.line, "column": where.column}


def _fix(fix: Fix) -> dict[str, Any]:
    return {"message": fix.message, "safety": fix.safety.value}
