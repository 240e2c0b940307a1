"""Findings as SARIF 2.1.0, for code scanning.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html, and what GitHub reads of
it: https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gal.lint.report.paths import relative_path
from gal.lint.rule import Severity

if TYPE_CHECKING:
    from gal.lint.finding import Place
    from gal.lint.rule import Rule
    from gal.lint.run import Outcome, Reported

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.0",
}


def render(outcome: Outcome) -> str:
    """One run with a result for each finding; ignored ones carry a suppression."""
    from gal import __version__

    everything = [*outcome.findings, *outcome.ignored]
    rules = {one.finding.rule.code: one.finding.rule for one in everything}
    codes = sorted(rules)
    run = {
        "tool": {
            "driver": {
                "name": "gal",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(rules[code]) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not outcome.errors,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": error.render()}}
                    for error in outcome.errors
                ],
            }
        ],
        "results": [_result(one, codes.index(one.finding.rule.code)) for one in everything],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    from gal.lint.pages import documentation_of

    text = documentation_of(rule)
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": text.split("\n\n")[0].replace("\n", " ")},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "security-severity": _SCORES[rule.severity],
            "precision": {"high": "very-high", "medium": "high", "low": "medium"}[
                rule.confidence.value
            ],
            "tags": [
                "security",
                *(f"external/cwe/cwe-{number:03}" for number in rule.cwe),
                *(f"external/owasp/{name.lower()}-2023" for name in rule.owasp),
            ],
        },
    }


def _result(one: Reported, index: int) -> dict[str, Any]:
    finding = one.finding
    result: dict[str, Any] = {
        "ruleId": finding.rule.code,
        "ruleIndex": index,
        "level": _LEVELS[one.severity],
        "message": {"text": finding.message + (f": {finding.help}" if finding.help else "")},
        "locations": [_location(finding.place)],
        "partialFingerprints": {"galLint/v1": one.fingerprint.text},
    }
    if finding.related:
        result["relatedLocations"] = [
            {"id": number, **_location(place), "message": {"text": place.message or "see here"}}
            for number, place in enumerate(finding.related, 1)
        ]
    if one.ignored is not None:
        kind = "inSource" if one.ignored.by == "comment" else "external"
        suppression = {"kind": kind, "justification": one.ignored.reason or one.ignored.by}
        result["suppressions"] = [suppression]
    return result


def _location(place: Place) -> dict[str, Any]:
    where = place.position
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": relative_uri(where.file)},
            "region": {"startLine": where.line, "startColumn": where.column},
        }
    }
    if place.node is not None and place.node.path:
        location["logicalLocations"] = [{"fullyQualifiedName": place.node.path}]
    return location


def relative_uri(file: str) -> str:
    """A file as a relative URI, with slashes."""
    return quote(relative_path(file))
