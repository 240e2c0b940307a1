"""Reports of a verification."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from gal.tracing.hiding import Hiding
from gal.tracing.request import parse_request
from gal.verify.probe import Kind, Observation, Probe, Seen
from gal.verify.report import FORMATS, render
from gal.verify.verification import Disagreement, Verification

HOSTILE = "<script>alert(1)</script> | `x` *b*\x07"
PROBE = Probe(
    Kind.CREDENTIAL,
    HOSTILE,
    parse_request("GET", "/p?key=hush", ["X-Key: hush", "Authorization: Basic eDp5"]),
    secrets=("hush",),
)
FOUND = Disagreement(PROBE, ("status 200 and 401",), (Observation(200),), (Observation(401),))


def result(*found: Disagreement) -> Verification:
    return Verification(
        ("a.yaml", "b.yaml"),
        ("started", "predicted: there is no kong to start here"),
        Counter({"match": 3}),
        list(found),
        Counter({"cors": 1}),
        left=2,
    )


@pytest.mark.parametrize("form", FORMATS)
def test_no_secret_is_told(form: str) -> None:
    text = render(result(FOUND), form)
    assert "hush" not in text
    assert "eDp5" not in text


def test_text() -> None:
    assert render(result(), "text") == (
        """\
all 3 probes that could be compared came out alike

a.yaml: started
b.yaml: predicted: there is no kong to start here

probes      alike    differ    not compared
--------  -------  --------  --------------
cors            0         0               1
match           3         0               0
2 further probes were not sent (--max-probes, --timeout)
"""
    )


def test_json() -> None:
    told = json.loads(render(result(FOUND), "json"))
    assert told["verdict"] == "1 of 5 probes came out differently"
    assert told["disagreements"][0]["messages"] == ["status 200 and 401"]
    assert told["disagreements"][0]["request"][0] == "GET http://localhost/p?key=[hidden]"


def test_junit() -> None:
    suite = ElementTree.fromstring(render(result(FOUND), "junit"))
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")


def test_html_takes_no_markup() -> None:
    page = render(result(FOUND), "html")
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_markdown_takes_no_markup() -> None:
    page = render(result(FOUND), "markdown")
    assert r"\<script\>" in page
    assert r"\`x\` \*b\*" in page


@pytest.mark.parametrize("form", FORMATS)
def test_no_secret_of_an_observation_is_told(form: str) -> None:
    seen = Seen("u.test", 80, "GET", "/p", "access=hush", (("X-Door", "hidden-key"),))
    found = Disagreement(
        replace(PROBE, about="r: with a key", secrets=()),
        ('the upstream saw x-door: "hidden-key" and nothing', 'query "access=hush" and ""'),
        (Observation(200, seen=(seen,)),),
        (Observation(401),),
    )
    told = replace(result(found), hiding=Hiding(frozenset({"x-door", "access"})))
    text = render(told, form)
    assert "access=hush" not in text
    assert "hidden-key" not in text
