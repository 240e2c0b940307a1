"""Ids and names of Kong's entities.

Kong makes the ids of named entities from their names (UUID version 5), so an id that equals the
made one need not be written.
"""

from __future__ import annotations

import re
import uuid

from gal.naming import give
from gal.reading import is_placeholder

_KONG = uuid.UUID("fd02801f-0957-4a15-a55a-c8d9606f30b5")
"""Kong's own namespace (`kong/tools/uuid.lua`, version 3)."""
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9.\-_~\u0080-\U0010ffff]+")
_NOT_IN_HOSTS = re.compile(r"[^A-Za-z0-9.\-_]+")


def made_id(kind: str, name: str) -> str:
    """The id that Kong gives to an entity of that kind (`routes`, `consumers`, ...) and name."""
    return str(uuid.uuid5(uuid.uuid5(_KONG, kind), name))


def is_made(kind: str, name: str | None, given: str | None) -> bool:
    """Whether an id is not written: there is none, or Kong makes the same one."""
    return given is None or (name is not None and given == made_id(kind, name))


def is_id(text: str | None) -> bool:
    """Whether Kong takes a text for an id: a UUID, or a placeholder for one."""
    if text is None:
        return False
    return _UUID.fullmatch(text) is not None or is_placeholder(text)


class Names:
    """Names of one kind, each given once."""

    def __init__(self, *, hosts: bool = False) -> None:
        self._wrong = _NOT_IN_HOSTS if hosts else _NOT_IN_NAMES
        self._taken: set[str] = set()
        self._expected: set[str] = set()

    def reserve(self, name: str) -> None:
        """Keep a name from being given to another one."""
        self._taken.add(name)

    def expect(self, name: str) -> None:
        """Keep a name from being made up, until it is given."""
        self._expected.add(name)

    def make(self, wanted: str) -> str:
        """A name for what has none: like the wanted one, and nobody else's."""
        base = self._wrong.sub("-", wanted) or "unnamed"
        name, number = base, 1
        while name in self._taken or name in self._expected:
            number += 1
            name = f"{base}-{number}"
        self._taken.add(name)
        return name

    def give(self, wanted: str) -> str:
        """The name itself where Kong takes it and nothing else has it, else one like it."""
        return give(self._wrong.sub("-", wanted) or "unnamed", self._taken)
