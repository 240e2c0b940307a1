"""Gateway programs: found, started, watched and stopped."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from gal.errors import GalError


class NotStartedError(GalError):
    """A gateway cannot be started here; the message says why."""


def binary(name: str) -> Path | None:
    """A gateway's program: what `GAL_<NAME>` names, then beside this Python, then on the PATH."""
    told = os.environ.get(f"GAL_{name.upper()}")
    beside = Path(sys.executable).parent / name
    found = told or (str(beside) if beside.exists() else shutil.which(name))
    return Path(found) if found else None


class Process:
    """A running program whose output goes to a file.

    Raises:
        NotStartedError: there is no such program, or it may not be run.
    """

    def __init__(self, command: Sequence[str | Path], log: Path, folder: Path) -> None:
        self._log = log
        self._name = Path(command[0]).name
        with log.open("wb") as sink:
            try:
                self._child = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    cwd=folder,
                )
            except OSError as error:
                message = f"{command[0]} cannot be run: {error.strerror or error}"
                raise NotStartedError(message) from None

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait_until(self, ready: Callable[[], bool], timeout: float) -> None:
        """Wait until `ready` says so.

        Raises:
            NotStartedError: with the end of the log, where the program ends first or `timeout`
                seconds have passed.
        """
        deadline = time.monotonic() + timeout
        while not ready():
            if self._child.poll() is not None:
                raise NotStartedError(f"{self._name} ended at its start: {self._last_words()}")
            if time.monotonic() > deadline:
                raise NotStartedError(f"{self._name} is not ready: {self._last_words()}")
            time.sleep(0.01)

    def _last_words(self) -> str:
        return " ".join(self.log.split())[-600:]

    def stop(self) -> None:
        """End it; what it has to flush it may flush for two seconds."""
        self._child.terminate()
        try:
            self._child.wait(2)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
