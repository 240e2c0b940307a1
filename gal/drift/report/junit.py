"""Drift as JUnit XML: a suite for each kind of object, a failing case for each failing change."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from gal.drift.report.text import verdict
from gal.lint.report.junit import plain

if TYPE_CHECKING:
    from gal.drift.change import Change
    from gal.drift.report import Outcome


def render(outcome: Outcome) -> str:
    """The suites; one case that passes says that nothing changed."""
    suites = ElementTree.Element("testsuites", name="gal drift")
    failing = set(map(id, outcome.failing))
    by_kind: dict[str, list[Change]] = {}
    for one in outcome.shown:
        by_kind.setdefault(one.object.split(" ", 1)[0], []).append(one)
    for kind, changes in sorted(by_kind.items()):
        bad = sum(id(one) in failing for one in changes)
        suite = ElementTree.SubElement(
            suites, "testsuite", name=kind, tests=str(len(changes)), failures=str(bad)
        )
        for one in changes:
            _case(suite, one, failed=id(one) in failing)
    if not by_kind:
        suite = ElementTree.SubElement(suites, "testsuite", name="drift", tests="1", failures="0")
        said = plain(verdict(outcome.drift, cosmetic=True))
        ElementTree.SubElement(suite, "testcase", name=said, classname="gal drift")
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ElementTree.Element, one: Change, *, failed: bool) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", name=plain(f"{one.id} {one.field}"), classname=plain(one.object)
    )
    if not failed:
        return
    failure = ElementTree.SubElement(
        case, "failure", type=one.level.value, message=plain(one.message)
    )
    places = f"{one.old_position or '-'} | {one.new_position or '-'}"
    failure.text = plain(f"{one.field}: {one.old} -> {one.new}\n{places}")
