"""Drift as a report of GitLab's Code Quality.

Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from gal.drift.change import Level

if TYPE_CHECKING:
    from gal.drift.report import Outcome

_SEVERITIES = {
    Level.CRITICAL: "blocker",
    Level.HIGH: "critical",
    Level.MEDIUM: "major",
    Level.LOW: "minor",
    Level.INFO: "info",
}


def render(outcome: Outcome) -> str:
    """A list of the changes that stand in a file."""
    listed = []
    for number, one in enumerate(outcome.shown):
        where = one.new_position or one.old_position
        if where is None:
            continue
        mark = f"{one.id}|{one.object}|{one.field}|{one.old}|{one.new}|{number}"
        listed.append(
            {
                "description": f"{one.id}: {one.object}: {one.message}",
                "check_name": one.name,
                "fingerprint": hashlib.sha256(mark.encode()).hexdigest()[:32],
                "severity": _SEVERITIES[one.level],
                "location": {
                    "path": Path(where.file).as_posix().removeprefix("./"),
                    "lines": {"begin": where.line},
                },
            }
        )
    return json.dumps(listed, indent=2, ensure_ascii=False) + "\n"
