"""A sign of life on a terminal, for work that lasts over a second."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import TextIO

_FIRST_AFTER = 1.0
_EVERY = 0.2


class Progress:
    """`with Progress() as progress: progress.stage("reading")`. Silent where nobody watches."""

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._stage = "working"
        self._shown = False
        self._done = threading.Event()
        self._watched = self._stream.isatty() and not quiet
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Progress:
        if self._watched:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        if self._watched:
            self._thread.join()
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def stage(self, name: str) -> None:
        """Say what is being done now."""
        self._stage = name

    def _run(self) -> None:
        began = time.monotonic()
        wait = _FIRST_AFTER
        while not self._done.wait(wait):
            self._shown = True
            wait = _EVERY
            self._stream.write(f"\r\x1b[K{self._stage} ... {time.monotonic() - began:.0f} s")
            self._stream.flush()
