"""The search for keys that nobody read."""

from __future__ import annotations

from collections.abc import Iterator

from gal.errors import Position
from gal.reading.mapping import Mapping, unpacked
from gal.reading.nodes import Node, Scalar, Sequence, step_text

__all__ = ["walk_shared", "walk_tree"]

Untaken = tuple[str, Position, Node]


def walk_tree(node: Node) -> Iterator[Untaken]:
    """The keys below `node` that were not read, in a document without aliases."""
    if isinstance(node, Sequence):
        for item in node.items:
            if item.__class__ is not Scalar:
                yield from walk_tree(item)
    elif isinstance(node, Mapping) and not node.all_taken:
        taken = node.taken
        for (key, child), place in zip(node.entries.items(), node.places, strict=True):
            if key not in taken:
                yield _untaken(node, key, place)
            elif child.__class__ is not Scalar:
                yield from walk_tree(child)


def walk_shared(root: Node, shared: frozenset[int]) -> Iterator[Untaken]:
    """The same for a document with aliases; `shared` are the identities of aliased nodes."""
    walk = _SharedWalk(shared)
    walk.reach(root)
    for owner, key, place in walk.found:
        if not walk.is_spent(owner.entries[key]):
            yield _untaken(owner, key, place)


def _untaken(owner: Mapping, key: str, place: int) -> Untaken:
    path = (owner.path + step_text(key)).removeprefix(".")
    return path, owner.source.position(*unpacked(place)), owner.entries[key]


class _SharedWalk:
    """Finds what is reachable through keys that were read, and the other keys on the way.

    Whether a key only holds an anchor is known when all of the document was walked, because the
    alias comes after it.
    """

    def __init__(self, shared: frozenset[int]) -> None:
        self.shared = shared
        self.reached: set[int] = set()
        self.merged: set[int] = set()
        self.known: set[tuple[int, str]] = set()
        self.found: list[tuple[Mapping, str, int]] = []

    def reach(self, node: Node) -> None:
        """Walk a value that was read, once."""
        if id(node) in self.shared:
            if id(node) in self.reached:
                return
            self.reached.add(id(node))
        if isinstance(node, Sequence):
            for item in node.items:
                self.reach(item)
        elif isinstance(node, Mapping):
            self._reach_mapping(node)

    def _reach_mapping(self, node: Mapping) -> None:
        for origin in (node.origins or {}).values():
            self._reach_origin(origin)
        for (key, child), place in zip(node.entries.items(), node.places, strict=True):
            if node.is_taken(key):
                self.reach(child)
                continue
            owner = node.origin_of(key)
            if (id(owner), key) not in self.known and not owner.is_taken(key):
                self.known.add((id(owner), key))
                self.found.append((owner, key, place))

    def _reach_origin(self, origin: Mapping) -> None:
        # Merging reads a mapping; its keys count where they were merged into.
        if id(origin) in self.merged:
            return
        self.merged.add(id(origin))
        for further in (origin.origins or {}).values():
            self._reach_origin(further)

    def is_spent(self, node: Node) -> bool:
        """Whether a value holds nothing but anchors that were reached through aliases."""
        if id(node) in self.reached or id(node) in self.merged:
            return True
        if isinstance(node, Sequence):
            return bool(node.items) and all(map(self.is_spent, node.items))
        if isinstance(node, Mapping):
            return bool(node.entries) and all(map(self.is_spent, node.entries.values()))
        return False
