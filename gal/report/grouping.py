"""Entries that say the same of many places, brought together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from gal.ledger import Entry


@dataclass(slots=True)
class EntryGroup:
    """Entries that differ only in their place.

    Attributes:
        first: the first of them.
        others: the further ones.
    """

    first: Entry
    others: list[Entry] = field(default_factory=list)

    @property
    def place(self) -> str:
        """`file:line:column` of the first, or the path where it stands in no file."""
        return str(self.first.position) if self.first.position else self.first.path

    @property
    def message(self) -> str:
        """The message, with how often else it holds."""
        more = f" (and at {len(self.others)} more places)" if self.others else ""
        return self.first.message + more


def grouped(entries: Iterable[Entry]) -> list[EntryGroup]:
    """The entries, those with the same fate and words together, in the order of the first."""
    groups: dict[tuple[object, ...], EntryGroup] = {}
    for entry in entries:
        key = (entry.level, entry.fate, entry.feature, entry.message)
        group = groups.get(key)
        if group is None:
            groups[key] = EntryGroup(entry)
        else:
            group.others.append(entry)
    return list(groups.values())
