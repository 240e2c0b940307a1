"""Traefik's files around those that are linted.

Traefik reads a folder and the folders in it as one configuration; a hook names the changed files
only. So what a file names may stand in one that nobody asked about. Such files are looked at for
the names that they define, and for nothing else.

Source: https://doc.traefik.io/traefik/reference/install-configuration/providers/others/file/
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from glob import escape, glob
from typing import TYPE_CHECKING

from gal.errors import GalError

if TYPE_CHECKING:
    from gal.reading import Document

_SUFFIXES = (".yaml", ".yml", ".toml")
_NEAR = ("*", "*/*", "../*", "../*/*")
_MOST_FILES = 300
_MOST_BYTES = 1024 * 1024

Read = Callable[[str], "list[Document]"]


def traefik_beside(folder: str, linted: set[str], read: Read) -> list[Document]:
    """Traefik's files in a folder, in those right below it, beside it, and above it, without those
    that are linted anyway. Files that cannot be read are passed over.
    """
    from gal.convert import recognised

    found: list[Document] = []
    for name in _near(folder, linted):
        try:
            found += [one for one in read(name) if recognised(one) == "traefik"]
        except (GalError, OSError):
            continue
    return found


def _near(folder: str, linted: set[str]) -> Iterator[str]:
    known = {os.path.realpath(name) for name in linted}
    looked_at = 0
    for pattern in _NEAR:
        for name in sorted(glob(os.path.join(escape(folder or "."), pattern))):
            real = os.path.realpath(name)
            if real in known or os.path.splitext(name)[1].lower() not in _SUFFIXES:
                continue
            known.add(real)
            if not os.path.isfile(real) or os.path.getsize(real) > _MOST_BYTES:
                continue
            looked_at += 1
            if looked_at > _MOST_FILES:
                return
            yield name
