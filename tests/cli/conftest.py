"""A way to run the command line in the tests' own process."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gal.cli.group import run as run_gal


@dataclass(frozen=True, slots=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str


class _Stdin(io.TextIOWrapper):
    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data), encoding="utf-8")


@pytest.fixture
def gal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Result]:
    """`gal("convert", "in.yaml", files={"in.yaml": "..."}, stdin="...")` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(
        *arguments: str, files: dict[str, str | bytes] | None = None, stdin: str = ""
    ) -> Result:
        for name, content in (files or {}).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        monkeypatch.setattr(sys, "stdin", _Stdin(stdin.encode()))
        capsys.readouterr()
        code = run_gal(arguments)
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return run
