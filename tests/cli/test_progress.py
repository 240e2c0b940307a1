"""A sign of life: on a terminal, after a second, and gone at the end."""

from __future__ import annotations

import io
import time

import pytest

from gal.cli import progress
from gal.cli.progress import Progress


class Terminal(io.StringIO):
    """Standard error that people look at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setattr(progress, "_FIRST_AFTER", 0.01)
    monkeypatch.setattr(progress, "_EVERY", 0.01)
    return Terminal()


def wait_for(shown: Terminal, text: str) -> None:
    """Until it is shown; a second is for ever here."""
    for _ in range(1000):
        if text in shown.getvalue():
            return
        time.sleep(0.001)
    raise AssertionError(f"{text!r} is not in {shown.getvalue()!r}")


def test_long_work_shows_its_stage(terminal: Terminal) -> None:
    with Progress(stream=terminal) as shown:
        shown.stage("reading")
        wait_for(terminal, "reading ... 0 s")
        shown.stage("writing")
        wait_for(terminal, "writing ... 0 s")
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_short_work_shows_nothing(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_FIRST_AFTER", 60.0)
    with Progress(stream=terminal):
        pass
    assert terminal.getvalue() == ""


def test_quiet_work_shows_nothing(terminal: Terminal) -> None:
    with Progress(quiet=True, stream=terminal):
        time.sleep(0.05)
    assert terminal.getvalue() == ""


def test_a_pipe_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(progress, "_FIRST_AFTER", 0.0)
    with Progress(stream=pipe):
        time.sleep(0.05)
    assert pipe.getvalue() == ""
