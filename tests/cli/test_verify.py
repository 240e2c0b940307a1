"""`gal verify` as a user sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gal.cli.group import run

KONG = """\
_format_version: "3.0"
services:
- name: s
  url: http://s.test:8080
  routes: [{name: r, paths: [/r]}]
"""


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(KONG, encoding="utf-8")
    Path("b.yaml").write_text(KONG.replace("s.test", "other.test"), encoding="utf-8")


def test_alike(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", "a.yaml", "a.yaml"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("all ")
    assert "a.yaml: predicted: there is no kong to start here" in told


def test_different(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", "a.yaml", "b.yaml", "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["disagreements"][0]["messages"] == ["it went to s.test:8080 and other.test:8080"]
    assert "b.yaml" not in json.dumps(told["disagreements"][0]["request"])


def test_bounds_and_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--max-probes", "3", "--format", "junit", "-o", "report.xml"]
    assert run(["verify", "a.yaml", "a.yaml", *options]) == 0
    assert capsys.readouterr().out == ""
    assert "<testsuite" in Path("report.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.yaml"], "Missing argument 'B'"),
        (["a.yaml", "nowhere.yaml"], 'cannot read "nowhere.yaml"'),
        (["a.yaml", "a.yaml", "--max-probes", "0"], "is not in the range"),
        (["a.yaml", "a.yaml", "--url-a", "x"], "is no URL"),
        (["a.yaml", "a.yaml", "--url-a", "http://127.0.0.1:1"], "nobody answers at"),
    ],
)
def test_bad_usage(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", *arguments]) == 2
    assert message in capsys.readouterr().err
