"""The entries of a ledger by the part of the source that they are about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gal.ledger import Entry
    from gal.reading import Document, Node

Place = tuple[str, int, int]
"""File, line and column."""


@dataclass(slots=True)
class LedgerByNode:
    """Entries, to be looked up by nodes of the source.

    Attributes:
        nowhere: entries about no place of the source.
    """

    nowhere: list[Entry] = field(default_factory=list)
    _at: dict[int, list[Entry]] = field(default_factory=dict)
    _within: dict[int, list[Entry]] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[Entry], routes: Iterable[Node]) -> LedgerByNode:
        """Sort entries by their places.

        Args:
            entries: of the ledger.
            routes: the nodes of all routes: what stands in one is not looked up by what is around
                it, such as its service.
        """
        made = cls()
        ends = frozenset(map(id, routes))
        for entry in entries:
            if entry.node is None:
                made.nowhere.append(entry)
                continue
            made._at.setdefault(id(entry.node), []).append(entry)
            for node in ancestry(entry.node):
                made._within.setdefault(id(node), []).append(entry)
                if id(node) in ends:
                    break
        return made

    def within(self, nodes: Iterable[Node]) -> Iterator[Entry]:
        """The entries at some nodes, or about something in them."""
        for node in nodes:
            yield from self._within.get(id(node), ())

    def above(self, node: Node) -> Iterator[Entry]:
        """The entries at a node, and at those that it stands in."""
        for one in ancestry(node):
            yield from self._at.get(id(one), ())


def ancestry(node: Node) -> Iterator[Node]:
    """A node, and those that it stands in, the innermost first."""
    found: Node | None = node
    while found is not None:
        yield found
        found = found.parent


def below(node: Node, above: Node) -> bool:
    """Whether a node is another one, or stands in it."""
    return any(one is above for one in ancestry(node))


def nodes_by_position(documents: Iterable[Document]) -> dict[Place, Node]:
    """Every node by the place where it starts; the innermost where several start there."""
    from gal.reading import Mapping, Sequence

    found: dict[Place, Node] = {}
    for document in documents:
        pending: list[Node] = [document.root]
        while pending:
            node = pending.pop()
            found[node.source.name, node.line, node.column] = node
            if isinstance(node, Mapping):
                pending.extend(node.entries.values())
            elif isinstance(node, Sequence):
                pending.extend(node.items)
    return found
