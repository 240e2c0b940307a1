"""Every format of the report, with values that try to break it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from gal.cli.group import run
from gal.drift.change import (
    Behaviour,
    Change,
    Drift,
    Level,
    Operations,
    Security,
    Traffic,
)
from gal.drift.report import FORMATS, Outcome, render, render_failure
from gal.drift.report.json import schema
from gal.drift.report.markdown import MARKER, MOST
from gal.errors import Position

SCHEMA = Path(__file__).parent.parent.parent / "docs" / "drift.schema.json"
HOSTILE = "</script><img src=x onerror=alert(1)> | `x` @team [a](http://evil.test) ]]> \x07"

OLD = """\
_format_version: "3.0"
services:
- name: shop
  url: http://shop.internal
  routes: [{name: shop, paths: [/shop], hosts: [shop.test]}]
  plugins:
  - name: key-auth
consumers:
- {username: anna, keyauth_credentials: [{key: canary-old-4711}]}
"""
NEW = OLD.replace("  plugins:\n  - name: key-auth\n", "").replace("canary-old", "canary-new")


def change(number: int = 0, **further: object) -> Change:
    place = Position("old.yaml", 3, 5), Position("new.yaml", 4, 7)
    values: dict[str, object] = {
        "id": "D010",
        "name": "auth-removed",
        "object": f"route GET a.test /{number}",
        "field": "authentication",
        "old": "api_key",
        "new": "none",
        "old_position": place[0],
        "new_position": place[1],
        "security": Security.WEAKENED,
        "traffic": Traffic.OPENING,
        "behaviour": Behaviour.SAME,
        "operations": Operations.NONE,
        "level": Level.CRITICAL,
        "message": "nobody is asked for a key any more",
    }
    return Change(**{**values, **further})  # type: ignore[arg-type]


def outcome(*changes: Change) -> Outcome:
    return Outcome(Drift("kong", "envoy", changes), changes, int(bool(changes)), ("a", "b"))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old.yaml").write_text(OLD, encoding="utf-8")
    Path("new.yaml").write_text(NEW, encoding="utf-8")


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_tells_what_changed_and_no_secret(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["drift", "old.yaml", "new.yaml", "--format", form, "-v"]) == 1
    told = capsys.readouterr()
    assert "D010" in told.out
    assert "D018" in told.out
    assert "canary" not in told.out + told.err


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("form", FORMATS)
def test_a_side_that_cannot_be_read_is_no_empty_report(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("new.yaml").write_text("services: [", encoding="utf-8")
    Path("report").write_text("the one of the run before", encoding="utf-8")
    assert run(["drift", "old.yaml", "new.yaml", "--format", form, "-o", "report"]) == 2
    text = Path("report").read_text(encoding="utf-8")
    assert "new.yaml:1:" in text.replace("\\", "") or "drift-error" in text
    assert "before" not in text
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_values_stay_values(form: str) -> None:
    bad = change(object=HOSTILE, field=HOSTILE, old=HOSTILE, new=HOSTILE, message=HOSTILE)
    text = render(outcome(bad), form)
    if form == "html":
        assert "<img" not in text
        assert text.count("</script>") == 1
    elif form == "markdown":
        assert "<img" not in text.replace("\\<", "")
        assert "http://" not in text
        row = next(line for line in text.splitlines() if "D010" in line)
        assert len(row.replace("\\|", "").split("|")) == 9
        assert "@team" not in row.replace("\\@", "")
    elif form == "junit":
        ElementTree.fromstring(text)
    elif form == "github":
        assert len(text.splitlines()) == 1
    elif form != "text":
        json.loads(text)


def test_the_published_schema_is_current() -> None:
    wanted = json.dumps(schema(), indent=2) + "\n"
    assert SCHEMA.read_text(encoding="utf-8") == wanted, "write gal.drift.report.json.schema()"


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    "new", ["old.yaml", "new.yaml", "missing.yaml"], ids=["same", "changed", "error"]
)
def test_json_fits_its_schema(new: str) -> None:
    run(["drift", "old.yaml", new, "--format", "json", "-o", "report.json"])
    data = json.loads(Path("report.json").read_text(encoding="utf-8"))
    jsonschema.validate(data, schema())


@pytest.mark.usefixtures("files")
def test_the_exit_code_is_that_of_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    for fail_on in ("security", "breaking", "any", "never", "critical", "low"):
        code = run(["drift", "old.yaml", "new.yaml", "--format", "json", "--fail-on", fail_on])
        assert json.loads(capsys.readouterr().out)["exit_code"] == code


def test_a_comment_is_bounded() -> None:
    text = render(outcome(*(change(number) for number in range(2000))), "markdown")
    assert text.startswith(MARKER)
    assert len(text) < MOST + 200
    assert text.rstrip().endswith("*Truncated: the whole report is in the run's artifacts.*")


def test_a_page_holds_all_changes() -> None:
    text = render(outcome(*(change(number) for number in range(500))), "html")
    assert text.count("<article") == 500
    assert "http://" not in text
    assert "https://" not in text


def test_ten_annotations_at_most() -> None:
    lines = render(outcome(*(change(number) for number in range(30))), "github").splitlines()
    assert len(lines) == 10
    assert lines[-1].endswith("21 further changes are in the report")


def test_junit_fails_what_fails() -> None:
    low = change(1, level=Level.LOW)
    both = Outcome(Drift("kong", "envoy", (change(), low)), (change(),), 1, ("a", "b"))
    both = Outcome(both.drift, both.drift.changes[:1], 1, ("a", "b"))
    suite = ElementTree.fromstring(render(both, "junit"))[0]
    assert suite.attrib == {"name": "route", "tests": "2", "failures": "1"}


@pytest.mark.parametrize("form", FORMATS)
def test_no_change_is_said(form: str) -> None:
    text = render(outcome(), form)
    if form in ("text", "markdown", "html", "junit"):
        assert "no change" in text


@pytest.mark.parametrize("form", FORMATS)
def test_a_failure_is_hostile_text_too(form: str) -> None:
    text = render_failure(HOSTILE, form)
    if form == "html":
        assert "<img" not in text
    if form == "junit":
        ElementTree.fromstring(text)
