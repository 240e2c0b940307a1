"""Anchors, aliases and merge keys of one YAML document."""

from __future__ import annotations

from gal.errors import InputError, Position
from gal.reading.mapping import Mapping
from gal.reading.nodes import Node, Scalar, Sequence

__all__ = ["MAX_DEPTH", "MERGE_KEY", "Anchors", "too_deep"]

MAX_DEPTH = 200
"""Levels of mappings and lists inside each other, counted through aliases."""

MERGE_KEY = "<<"
_MAX_EXPANDED = 1_000_000


def too_deep(position: Position) -> InputError:
    """The error for a value inside too many others."""
    return InputError(f"nested deeper than {MAX_DEPTH} levels", position)


class Anchors:
    """The anchored nodes of a document, and how much their aliases add to it.

    Aliases share nodes, so they cost no memory here; whoever walks the values pays for each use.
    Ten lines can hold a billion values that way, so what aliases add is limited to a million
    values, or to two for each character of a large input.
    """

    __slots__ = ("_expanded", "_limit", "_nodes", "_sizes", "shared")

    def __init__(self, characters: int) -> None:
        self._nodes: dict[str, Node] = {}
        self._sizes: dict[int, tuple[int, int]] = {}
        self._expanded = 0
        self._limit = max(_MAX_EXPANDED, 2 * characters)
        self.shared: set[int] = set()

    def add(self, name: str, node: Node) -> None:
        """Name a node; a later anchor with the same name hides an earlier one."""
        self._nodes[name] = node

    def alias(self, name: str, position: Position, holder: Node | None, depth: int) -> Node:
        """The node that an alias stands for.

        Raises:
            InputError: when there is no such anchor, when `holder`, the container of the alias, is
                the anchored node or stands in it, and beyond the limits on depth and size.
        """
        node = self._nodes.get(name)
        if node is None:
            raise InputError(f"there is no anchor &{name} before this alias", position)
        above = holder
        while above is not None:
            if above is node:
                raise InputError(f"the anchor &{name} contains itself", position)
            above = above.parent
        size, height = self._measure(node)
        if depth + height > MAX_DEPTH:
            raise too_deep(position)
        self._expanded += size
        if self._expanded > self._limit:
            raise InputError(
                f"aliases expand this file to more than {self._limit:,} values,"
                f" the last straw is *{name}",
                position,
            )
        self.shared.add(id(node))
        return node

    def _measure(self, node: Node) -> tuple[int, int]:
        """Values in a node, itself included, and levels of containers; aliases count in full."""
        if isinstance(node, Scalar):
            return 1, 0
        known = self._sizes.get(id(node))
        if known is None:
            size, height = 1, 0
            for child in _children(node):
                child_size, child_height = self._measure(child)
                size += child_size
                height = max(height, child_height)
            known = self._sizes[id(node)] = size, height + 1
        return known

    def merge(self, mapping: Mapping) -> None:
        """Replace the merge key of a mapping by what it stands for.

        Keys that the mapping has itself win, then earlier sources over later ones.

        Raises:
            InputError: when the value is no mapping and no list of mappings.
        """
        entries, places = mapping.entries, mapping.places
        value = entries[MERGE_KEY]
        sources = value.items if isinstance(value, Sequence) else [value]
        merged: dict[str, tuple[Node, int, Mapping]] = {}
        for source in sources:
            if not isinstance(source, Mapping):
                raise value.error("a merge key takes a mapping, or a list of mappings")
            self.shared.add(id(source))
            for (key, node), place in zip(source.entries.items(), source.places, strict=True):
                if key not in entries:
                    merged.setdefault(key, (node, place, source))
        own = list(zip(entries.items(), places, strict=True))
        entries.clear()
        places.clear()
        for (key, node), place in own:
            if key != MERGE_KEY:
                entries[key] = node
                places.append(place)
                continue
            for merged_key, (merged_node, merged_place, _) in merged.items():
                entries[merged_key] = merged_node
                places.append(merged_place)
        mapping.origins = {key: source for key, (_, _, source) in merged.items()}


def _children(node: Node) -> list[Node]:
    if isinstance(node, Mapping):
        return list(node.entries.values())
    return node.items if isinstance(node, Sequence) else []
