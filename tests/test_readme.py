"""The README's example is real: its output is what the command prints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gal.cli.group import COMMANDS, run

README = Path(__file__).parent.parent / "README.md"


def blocks(language: str) -> Iterator[str]:
    text = README.read_text(encoding="utf-8")
    yield from re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kong.yaml").write_text(next(blocks("yaml")), encoding="utf-8")
    shown = next(blocks("console"))
    command, _, output = shown.partition("\n")
    arguments = command.removeprefix("$ gal ").split()
    assert run(arguments) == 0
    assert capsys.readouterr().err == output.partition("$ ")[0]


def test_every_command_is_described() -> None:
    text = README.read_text(encoding="utf-8")
    assert [
        name for name in COMMANDS if f"| `gal {name} " not in text and f"`gal {name}`" not in text
    ] == []
