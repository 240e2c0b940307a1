"""The report for test runners: a test case for each kind of probes that agreed, and for each
disagreement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from gal.verify.report.told import all_told, headline, kinds

if TYPE_CHECKING:
    from gal.verify.verification import Verification


def render(result: Verification) -> str:
    """One test suite."""
    rows = kinds(result)
    failures = len(result.disagreements)
    cases = [
        f"  <testcase classname={_attribute(kind)} name={_attribute(f'{alike} probes alike')}/>"
        for kind, alike, _, _ in rows
        if alike
    ]
    for one in all_told(result):
        body = "\n".join([*one.request, *one.messages, one.first, one.second, *one.places])
        cases += [
            f"  <testcase classname={_attribute(one.kind)} name={_attribute(one.about)}>",
            f"    <failure message={_attribute(one.messages[0])}>{_text(body)}</failure>",
            "  </testcase>",
        ]
    skipped = [
        f"  <testcase classname={_attribute(kind)} name={_attribute(f'{left} not compared')}>"
        "<skipped/></testcase>"
        for kind, _, _, left in rows
        if left
    ]
    tests = len([one for one in cases if "<testcase" in one]) + len(skipped)
    head = (
        f'<testsuite name="gal verify" tests="{tests}" failures="{failures}"'
        f' skipped="{len(skipped)}" time="{result.seconds:.3f}">'
    )
    note = f"  <system-out>{_text(headline(result))}</system-out>"
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', head, *cases, *skipped, note, "</testsuite>"]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    return escape(_allowed(text))


def _attribute(text: str) -> str:
    return quoteattr(_allowed(text))


def _allowed(text: str) -> str:
    """Without characters that XML has no place for."""
    return "".join(one if one in "\n\t" or one >= " " else "?" for one in text)
