"""Python's cycle collector, held back while large trees are built."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collection() -> Iterator[None]:
    """Build many objects without the collector walking over them again and again.

    A document of 10,000 routes is about a million live objects; every full collection visits all
    of them and finds nothing, which costs more than reading the file.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
