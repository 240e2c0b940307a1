"""Findings as a report of GitLab's Code Quality.

Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

from gal.lint.report.paths import relative_path
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
            "fingerprint": _unique(one.fingerprint.text, relative_path(one.file)),
            "severity": _SEVERITIES[one.severity],
            "location": {
                "path": relative_path(one.file),
                "lines": {"begin": one.finding.place.position.line},
            },
        }
        for one in outcome.findings
    ]
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _unique(fingerprint: str, path: str) -> str:
    """The same fault in two files has one fingerprint; GitLab would show it once."""
    return sha256(f"{fingerprint}\n{path}".encode()).hexdigest()[:32]
