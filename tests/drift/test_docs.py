"""docs/drift.md is real: its examples print what it shows, and its table has every id."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gal.cli.group import run
from gal.drift.catalogue import kinds
from gal.drift.report import FORMATS

PAGE = Path(__file__).parent.parent.parent / "docs" / "drift.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_its_examples_print_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in re.findall(r"^```(?:yaml|toml) (\S+)\n(.*?)^```$", TEXT, re.M | re.S):
        Path(name).write_text(text, encoding="utf-8")
    consoles = re.findall(r"^```console\n(.*?)^```$", TEXT, re.M | re.S)
    assert len(consoles) >= 4
    for console in consoles:
        for step in console.removeprefix("$ gal ").split("\n$ gal "):
            command, _, shown = step.partition("\n")
            assert run(command.split()) in (0, 1)
            said = capsys.readouterr().out
            assert said.rstrip("\n") == shown.rstrip("\n"), command


def test_its_table_has_every_id() -> None:
    rows = [line for line in TEXT.splitlines() if re.match(r"\| D\d", line)]
    assert rows == [
        f"| {one.id} | {one.name} | {one.level.value} | {one.security.value} "
        f"| {one.traffic.value} | {one.explanation} |"
        for one in sorted(kinds().values(), key=lambda one: one.id)
    ]


def test_it_names_every_format_and_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert [form for form in FORMATS if f"`{form}`" not in TEXT] == []
    assert run(["drift", "--help"]) == 0
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help", "--color"}
    options.discard("--verbose")  # as -v
    options.discard("--output")  # as -o
    assert [one for one in sorted(options) if one not in TEXT] == []
