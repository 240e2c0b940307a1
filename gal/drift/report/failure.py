"""Reports of a comparison that could not be made. None of them reads as "nothing changed"."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from html import escape as escape_html
from typing import Any, Final
from xml.etree import ElementTree

from gal.drift.report.json import NAME
from gal.drift.report.markdown import MARKER
from gal.lint.report.github import data
from gal.lint.report.junit import plain
from gal.report.markdown import escape

_WHAT = "gal drift could not compare"


def render(message: str, form: str) -> str:
    """The error in one of the formats."""
    return _FORMATS[form](message)


def _json(message: str) -> str:
    return json.dumps({"schema": NAME, "status": "error", "error": message}, indent=2) + "\n"


def _sarif(message: str) -> str:
    invocation: dict[str, Any] = {
        "executionSuccessful": False,
        "toolExecutionNotifications": [{"level": "error", "message": {"text": message}}],
    }
    run = {"tool": {"driver": {"name": "gal drift"}}, "invocations": [invocation], "results": []}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _junit(message: str) -> str:
    suite = ElementTree.Element("testsuite", name="gal drift", tests="1", errors="1")
    case = ElementTree.SubElement(suite, "testcase", name="reading", classname="gal drift")
    ElementTree.SubElement(case, "error", message=plain(message.splitlines()[0]))
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _gitlab(message: str) -> str:
    entry = {
        "description": f"{_WHAT}: {message.splitlines()[0]}",
        "check_name": "drift-error",
        "fingerprint": "drift-error",
        "severity": "blocker",
        "location": {"path": ".", "lines": {"begin": 1}},
    }
    return json.dumps([entry], indent=2) + "\n"


_FORMATS: Final[Mapping[str, Callable[[str], str]]] = {
    "text": lambda message: f"{_WHAT}: {message}\n",
    "json": _json,
    "markdown": lambda message: (
        f"{MARKER}\n### Gateway drift\n\n**{_WHAT}**\n\n{escape(message)}\n"
    ),
    "html": lambda message: (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{_WHAT}</title>'
        f"<h1>{_WHAT}</h1><pre>{escape_html(message)}</pre></html>\n"
    ),
    "sarif": _sarif,
    "junit": _junit,
    "github": lambda message: f"::error title={_WHAT}::{data(message)}\n",
    "gitlab": _gitlab,
}
