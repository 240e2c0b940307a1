"""Findings as a report of GitLab's Code Quality.

Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from gal.lint.rule import Severity

if TYPE_CHECKING:
    from gal.lint.run import Outcome

_SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
    Severity.INFO: "info",
}


def render(outcome: Outcome) -> str:
    """A list of findings. Fingerprints are unique, or GitLab would drop some."""
    data = [
        {
            "description": f"{one.finding.rule.code}: {one.finding.message}",
            "check_name": one.finding.rule.name,
            "fingerprint": one.fingerprint.text,
            "severity": _SEVERITIES[one.severity],
            "location": {
                "path": Path(one.file).as_posix().removeprefix("./"),
                "lines": {"begin": one.finding.place.position.line},
            },
        }
        for one in outcome.findings
    ]
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
