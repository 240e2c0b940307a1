"""Findings as JUnit XML: one test case a finding, one for every file without any.

Source: https://github.com/testmoapp/junitxml, which describes what CI servers read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from gal.lint.report.paths import relative_path

if TYPE_CHECKING:
    from gal.lint.run import Outcome

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(outcome: Outcome) -> str:
    """One test suite."""
    count = len(outcome.findings)
    suite = ElementTree.Element(
        "testsuite",
        name="gal lint",
        tests=str(max(count, 1) + len(outcome.errors)),
        failures=str(count),
        errors=str(len(outcome.errors)),
    )
    for one in outcome.findings:
        finding = one.finding
        where = finding.place.position
        file = relative_path(where.file)
        case = ElementTree.SubElement(
            suite,
            "testcase",
            name=plain(f"{finding.rule.code} {where.line}:{where.column}"),
            classname=plain(file),
            file=plain(file),
            line=str(where.line),
        )
        failure = ElementTree.SubElement(
            case, "failure", type=one.severity.value, message=plain(finding.message)
        )
        place = f"{file}:{where.line}:{where.column}"
        failure.text = plain(f"{place}: {finding.message}\n{finding.help}".rstrip())
    for error in outcome.errors:
        case = ElementTree.SubElement(suite, "testcase", name="reading", classname="gal lint")
        ElementTree.SubElement(case, "error", message=plain(error.message)).text = plain(
            error.render()
        )
    if not outcome.findings and not outcome.errors:
        ElementTree.SubElement(suite, "testcase", name="no findings", classname="gal lint")
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def plain(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return _FORBIDDEN.sub("?", text)
