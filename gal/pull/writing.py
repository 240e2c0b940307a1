"""A pulled file on disk: whole or not at all, and for its owner only."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from gal.errors import UsageError


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600: a gateway's configuration holds keys and passwords. What was
    there before is replaced, its mode with it.

    Raises:
        UsageError: it cannot be written there.
    """
    if path.exists() and not path.is_file():
        raise UsageError(f"cannot write {path}: it is no file")
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            if temporary:
                os.unlink(temporary)
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
