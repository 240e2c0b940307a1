"""Drift that is expected, and drift with three sides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gal.cli.group import run

OLD = """\
_format_version: "3.0"
services:
- name: shop
  url: http://shop.internal
  read_timeout: 5000
  routes: [{name: shop, paths: [/shop], hosts: [shop.test]}]
  plugins:
  - name: rate-limiting
    config: {minute: 5, policy: local}
"""
NEW = OLD.replace("5000", "9000").replace("minute: 5", "minute: 500")


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    put("old.yaml", OLD)
    put("new.yaml", NEW)


def put(name: str, text: str) -> None:
    Path(name).write_text(text, encoding="utf-8")


def drift(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = run(["drift", "old.yaml", "new.yaml", "--format", "json", *arguments])
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, data


def ids(changes: list[dict[str, Any]]) -> list[str]:
    return sorted(one["id"] for one in changes)


TIMEOUT = 'id = "D080"\nfield = "timeout*"\nreason = "slow"'
ROWS = [
    ("by field", TIMEOUT, ["D080"], []),
    ("any field", 'id = "D080"', ["D080"], []),
    ("by object", 'id = "D080"\nobject = "route * shop.test /shop[*]"', ["D080"], []),
    ("another object", 'id = "D080"\nobject = "route * b.test *"', [], ["unused"]),
    ("by value", 'id = "D080"\nold = "5s"\nnew = "9s"', ["D080"], []),
    ("another value", 'id = "D080"\nnew = "7s"', [], ["unused"]),
    ("in time", 'id = "D080"\nuntil = 2999-01-01', ["D080"], []),
    ("over", 'id = "D080"\nuntil = 2020-01-01', [], ["expired"]),
    ("not there", 'id = "D071"', [], ["unused"]),
]


@pytest.mark.parametrize(
    ("entry", "expected", "notes"), [pytest.param(*row[1:], id=row[0]) for row in ROWS]
)
def test_an_expectation(
    entry: str,
    expected: list[str],
    notes: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    put("expected.toml", f"[[expect]]\n{entry}\n")
    _, before = drift(capsys)
    _, data = drift(capsys, "--expected", "expected.toml")
    assert ids(data["expected"]) == expected
    assert ids(data["changes"] + data["expected"]) == ids(before["changes"])
    assert len(data["unused_expectations"]) == notes.count("unused")
    assert len(data["expired_expectations"]) == notes.count("expired")
    code, _ = drift(
        capsys, "--expected", "expected.toml", "--strict-expected", "--fail-on", "never"
    )
    assert code == int(bool(notes))


WRONG = [
    ("no id", 'reason = "x"', 'needs an "id"'),
    ("no such id", 'id = "D999"', 'there is no change "D999"'),
    ("more", 'id = "D080"\nx = 1', 'has no "x"'),
    ("no day", 'id = "D080"\nuntil = "soon"', "a day is written"),
    ("critical without reason", 'id = "D010"', '"reason" and "until"'),
    ("critical for ever", 'id = "D010"\nreason = "x"', '"reason" and "until"'),
]


@pytest.mark.parametrize(("entry", "message"), [pytest.param(*row[1:], id=row[0]) for row in WRONG])
def test_what_cannot_act_is_an_error(
    entry: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put("expected.toml", f"[[expect]]\n{entry}\n")
    assert run(["drift", "old.yaml", "new.yaml", "--expected", "expected.toml"]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "expected.toml:" in said


def test_all_changes_can_be_written_down(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["drift", "old.yaml", "new.yaml", "--write-expected", "expected.toml"]) == 0
    _, data = drift(capsys, "--expected", "expected.toml", "--fail-on", "any")
    assert data["changes"] == []
    assert data["unused_expectations"] == []
    assert len(data["expected"]) >= 2


SIDES = [
    ("not applied", OLD, NEW, NEW, "not yet applied"),
    ("behind our back", OLD, NEW, OLD, "changed behind our back"),
    (
        "conflict",
        OLD,
        NEW,
        OLD.replace("5000", "7000").replace("minute: 5", "minute: 50"),
        "conflict",
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "base", "cause"), [pytest.param(*row[1:], id=row[0]) for row in SIDES]
)
def test_three_sides(
    old: str, new: str, base: str, cause: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put("old.yaml", old)
    put("new.yaml", new)
    put("base.yaml", base)
    _, data = drift(capsys, "--base", "base.yaml")
    assert data["changes"]
    assert {one["cause"] for one in data["changes"]} == {cause}


def test_three_sides_with_different_causes(capsys: pytest.CaptureFixture[str]) -> None:
    put("base.yaml", OLD.replace("5000", "9000"))
    _, data = drift(capsys, "--base", "base.yaml")
    causes = {one["id"]: one["cause"] for one in data["changes"]}
    assert causes["D080"] == "not yet applied"
    assert {cause for name, cause in causes.items() if name != "D080"} == {
        "changed behind our back"
    }
