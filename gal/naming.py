"""Names that are given once, and those that plugins have."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


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


def plugin_name(plugin: Any) -> str:
    """What a gateway calls a plugin of its own: its name, or its only key."""
    if isinstance(plugin, dict) and isinstance(plugin.get("name"), str):
        return str(plugin["name"])
    return str(next(iter(plugin))) if isinstance(plugin, dict) and len(plugin) == 1 else "?"
