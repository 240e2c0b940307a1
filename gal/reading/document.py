"""A document: the root of one parsed input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from gal.errors import Position
from gal.reading.mapping import Mapping
from gal.reading.nodes import Node, Sequence
from gal.reading.source import Source
from gal.reading.untaken import walk_shared, walk_tree

__all__ = ["Document", "Format", "walk_untaken"]

Format = Literal["yaml", "json", "toml"]


@dataclass(slots=True, eq=False)
class Document:
    """One document of an input.

    Attributes:
        source: the input.
        root: its value.
        format: the syntax it was read as.
        index: its number in the input, from 0; empty YAML documents count.
        shared: identities of the nodes that YAML aliases and merge keys refer to.
    """

    source: Source
    root: Node
    format: Format
    index: int = 0
    shared: frozenset[int] = frozenset()

    def mapping(self) -> Mapping:
        """The root, which must be a mapping.

        Raises:
            InputError: when it is something else.
        """
        if not isinstance(self.root, Mapping):
            raise self.root.mismatch("a mapping")
        return self.root

    def respell(self, fold: Callable[[str], str]) -> None:
        """Have keys that `fold` makes equal count as the same key in every mapping, for formats
        whose field names have several spellings.

        Only looking up changes: iterating gives keys as they stand, and so do reports.
        """
        nodes = [self.root]
        while nodes:
            node = nodes.pop()
            if isinstance(node, Mapping) and node.fold is None:
                node.fold = fold
                nodes.extend(node.entries.values())
            elif isinstance(node, Sequence):
                nodes.extend(node.items)

    def walk_untaken(self) -> Iterator[tuple[str, Position, Node]]:
        """Every key that nobody took; see the function of that name."""
        return walk_untaken(self)


def walk_untaken(document: Document) -> Iterator[tuple[str, Position, Node]]:
    """Every key that was not read: its path, where it stands, and its value as a whole.

    Keys come in the order of the file. Below a key that was read the search goes on, through lists
    as well, so a mapping that was taken and then never looked into gives each of its keys.

    What aliases and merge keys share is reported once, at its anchor. A key that only holds anchors
    is not reported when all of them were reached through an alias or a merge key.
    """
    if document.shared:
        return walk_shared(document.root, document.shared)
    return walk_tree(document.root)
