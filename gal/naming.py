"""Names that are given once."""

from __future__ import annotations

from collections.abc import Collection


def numbered(wanted: str, taken: Collection[str], *, first: int = 2) -> str:
    """The name that is wanted, or with the first free number behind it: `a`, `a-2`, `a-3`."""
    name, number = wanted, first - 1
    while name in taken:
        number += 1
        name = f"{wanted}-{number}"
    return name


def give(wanted: str, taken: set[str]) -> str:
    """A name like the wanted one that is not taken; from now on it is."""
    name = numbered(wanted, taken)
    taken.add(name)
    return name
