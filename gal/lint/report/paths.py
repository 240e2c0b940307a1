"""Paths of files as reports for other tools show them."""

from __future__ import annotations

import os
from pathlib import Path


def relative_path(file: str) -> str:
    """A file as a relative path with slashes: tools look it up in the repository, and paths of
    one's machine stay out of reports.
    """
    if os.path.isabs(file):
        try:
            file = os.path.relpath(file)
        except ValueError:  # on another drive
            file = os.path.basename(file)
    return Path(file).as_posix()
