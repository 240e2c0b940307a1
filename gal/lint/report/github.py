"""Findings as annotations of GitHub Actions, the worst first: only ten are shown a step.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.lint.report.paths import relative_path
from gal.lint.rule import Severity

if TYPE_CHECKING:
    from gal.lint.run import Outcome, Reported

_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "notice",
    Severity.INFO: "notice",
}


def render(outcome: Outcome) -> str:
    """A line a finding."""
    worst_first = sorted(outcome.findings, key=lambda one: -one.severity.rank)
    errors = [f"::error::{data(error.render())}\n" for error in outcome.errors]
    return "".join([*errors, *(_line(one) for one in worst_first)])


def _line(one: Reported) -> str:
    finding = one.finding
    where = finding.place.position
    title = f"{finding.rule.code} {finding.rule.name}"
    properties = (
        f"file={property_value(relative_path(where.file))},line={where.line},col={where.column},"
        f"title={property_value(title)}"
    )
    text = finding.message + (f"\n{finding.help}" if finding.help else "")
    return f"::{_LEVELS[one.severity]} {properties}::{data(text)}\n"


def data(text: str) -> str:
    """Text as the message of an annotation."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def property_value(text: str) -> str:
    """Text as a property of an annotation."""
    return data(text).replace(":", "%3A").replace(",", "%2C")
