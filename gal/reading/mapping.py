"""Mappings that know which of their keys were read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, KeysView
from collections.abc import Set as AbstractSet
from typing import Any, overload

from gal.errors import InputError, Position
from gal.reading.nodes import Node, Scalar, Sequence
from gal.reading.source import Source

__all__ = ["Mapping"]

_COLUMN_BITS = 32
_NOTHING: frozenset[str] = frozenset()


def packed(line: int, column: int) -> int:
    """A place as one integer: files have as many keys as nodes, and most places are never used."""
    return line << _COLUMN_BITS | column


def unpacked(place: int) -> tuple[int, int]:
    """Line and column of a packed place."""
    return place >> _COLUMN_BITS, place & ((1 << _COLUMN_BITS) - 1)


class Mapping(Node):
    """Keys and values in the order of the file.

    Every `take...` method notes that its key was read; what nobody took is found by `untaken` and
    by `walk_untaken` of the document. A value that is null counts as absent, and still is taken.

    Attributes:
        entries: all nodes by key. Reading it marks nothing.
        places: where each key stands, packed, in the order of `entries`.
        origins: for keys that came through a merge key, the mapping that they came from.
        taken: the keys that were read one by one.
        all_taken: whether everything below was marked at once.
        fold: what makes equal spellings of a key equal; unset compares keys as they stand.
    """

    __slots__ = (
        *("_place_of", "_spelt", "all_taken", "entries", "fold", "origins", "places", "taken"),
    )

    def __init__(
        self, source: Source, line: int, column: int, parent: Node | None, key: str | int | None
    ) -> None:
        self.source = source
        self.line = line
        self.column = column
        self.parent = parent
        self.key = key
        self.entries: dict[str, Node] = {}
        self.places: list[int] = []
        self.origins: dict[str, Mapping] | None = None
        self.taken: AbstractSet[str] = _NOTHING
        self.all_taken = False
        self._place_of: dict[str, int] | None = None
        self.fold: Callable[[str], str] | None = None
        self._spelt: dict[str, str] | None = None

    @property
    def kind(self) -> str:
        """Always `mapping`."""
        return "mapping"

    def plain(self) -> dict[str, Any]:
        """A dict of plain Python data. Marks nothing."""
        return {key: node.plain() for key, node in self.entries.items()}

    def __len__(self) -> int:
        return len(self.entries)

    def __bool__(self) -> bool:
        return True  # an empty mapping in a file is still there

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __contains__(self, key: object) -> bool:
        return key in self.entries

    def __repr__(self) -> str:
        return f"<Mapping of {', '.join(self.entries)} at {self.position}>"

    # -- keys

    def keys(self) -> KeysView[str]:
        """All keys, in the order of the file. Marks nothing."""
        return self.entries.keys()

    def spelt(self, key: str) -> str:
        """The key as the file spells it, where it does; of several spellings the first."""
        if self.fold is None or key in self.entries:
            return key
        if self._spelt is None:
            self._spelt = {self.fold(name): name for name in reversed(self.entries)}
        return self._spelt.get(self.fold(key), key)

    def has(self, key: str) -> bool:
        """Whether the key is there, be its value null. Marks nothing."""
        return self.spelt(key) in self.entries

    def key_position(self, key: str) -> Position:
        """Where the key stands, for a merged key that is at its origin.

        Raises:
            KeyError: when there is no such key.
        """
        if self._place_of is None:
            self._place_of = dict(zip(self.entries, self.places, strict=True))
        line, column = unpacked(self._place_of[self.spelt(key)])
        return Position(self.source.name, line, column, source=self.source)

    def put(self, key: str, node: Node) -> None:
        """Add a key where its value stands, or give one that is there another value. For what a
        file says in a form of its own, such as labels.
        """
        known = self.spelt(key)
        if known in self.entries:
            self.entries[known] = node
            return
        self.entries[key] = node
        self.places.append(packed(node.line, node.column))
        self._spelt = self._place_of = None

    # -- marks

    def mark(self, key: str) -> None:
        """Note that the key was read."""
        key = self.spelt(key)
        if key not in self.entries:
            return
        taken = self.taken
        if isinstance(taken, set):
            taken.add(key)
        else:
            self.taken = {key}
        if self.origins is not None and key in self.origins:
            self.origins[key].mark(key)

    def is_taken(self, key: str) -> bool:
        """Whether the key was read."""
        return self.all_taken or self.spelt(key) in self.taken

    def take_all(self) -> None:
        """Mark everything below as read."""
        if self.all_taken:
            return
        self.all_taken = True
        for node in self.entries.values():
            node.take_all()
        for key, origin in (self.origins or {}).items():
            origin.mark(key)

    def untaken(self) -> Iterator[str]:
        """The keys of this mapping that were not read, in the order of the file."""
        return (key for key in self.entries if not self.is_taken(key))

    def origin_of(self, key: str) -> Mapping:
        """The mapping in which the key is written: this one, unless a merge key brought it."""
        origin = (self.origins or {}).get(self.spelt(key))
        return self if origin is None else origin.origin_of(key)

    # -- nodes

    def peek(self, key: str) -> Node | None:
        """The value, None when it is absent or null. Marks nothing."""
        node = self.entries.get(key if self.fold is None else self.spelt(key))
        if isinstance(node, Scalar) and node.is_null:
            return None
        return node

    def take(self, key: str) -> Node | None:
        """The value, None when it is absent or null."""
        node = self.entries.get(key if self.fold is None else self.spelt(key))
        if node is None:
            return None
        self.mark(key)
        return None if isinstance(node, Scalar) and node.is_null else node

    def take_items(self) -> Iterator[tuple[str, Node]]:
        """All keys and values, for a mapping from names to objects; null values come as nodes."""
        for key, node in self.entries.items():
            self.mark(key)
            yield key, node

    # -- typed values

    @overload
    def take_str(self, key: str) -> str | None: ...
    @overload
    def take_str(self, key: str, default: str) -> str: ...
    def take_str(self, key: str, default: str | None = None) -> str | None:
        """The text of a scalar; see `Scalar.as_str`."""
        node = self.take(key)
        return default if node is None else node.as_str()

    def require_str(self, key: str) -> str:
        """The text of a scalar that must be there.

        Raises:
            InputError: at this mapping, when the key is absent or null.
        """
        node = self.take(key)
        if node is None:
            raise self.missing(key)
        return node.as_str()

    def missing(self, key: str) -> InputError:
        """The error for a key that must be there, to be raised by the caller."""
        return self.error(f'field "{key}" is missing')

    @overload
    def take_bool(self, key: str) -> bool | None: ...
    @overload
    def take_bool(self, key: str, default: bool) -> bool: ...
    def take_bool(self, key: str, default: bool | None = None) -> bool | None:
        """A boolean; see `Scalar.as_bool`."""
        node = self.take(key)
        return default if node is None else node.as_bool()

    @overload
    def take_int(self, key: str) -> int | None: ...
    @overload
    def take_int(self, key: str, default: int) -> int: ...
    def take_int(self, key: str, default: int | None = None) -> int | None:
        """An integer or a placeholder; see `Scalar.as_int`."""
        node = self.take(key)
        return default if node is None else node.as_int()

    @overload
    def take_float(self, key: str) -> float | None: ...
    @overload
    def take_float(self, key: str, default: float) -> float: ...
    def take_float(self, key: str, default: float | None = None) -> float | None:
        """A number or a placeholder; see `Scalar.as_float`."""
        node = self.take(key)
        return default if node is None else node.as_float()

    # -- containers

    def take_mapping(self, key: str) -> Mapping | None:
        """A mapping, None when it is absent or null."""
        node = self.take(key)
        if node is None or isinstance(node, Mapping):
            return node
        if isinstance(node, Sequence) and len(node) == 1 and isinstance(node.items[0], Mapping):
            raise node.mismatch("a mapping", 'remove the "-" before its first key')
        raise node.mismatch("a mapping")

    def take_sequence(self, key: str) -> list[Node]:
        """The items of a list, none when it is absent or null."""
        node = self.take(key)
        if node is None:
            return []
        if isinstance(node, Sequence):
            return node.items
        raise node.mismatch("a list", _list_hint(key, node))

    def take_strings(self, key: str) -> list[str] | None:
        """The texts of a list of scalars, None when it is absent or null."""
        node = self.take(key)
        if node is None:
            return None
        if isinstance(node, Sequence):
            return [item.as_str() for item in node.items]
        raise node.mismatch("a list", _list_hint(key, node))

    def take_mappings(self, key: str) -> list[Mapping]:
        """The items of a list of mappings, none when it is absent or null."""
        mappings: list[Mapping] = []
        for item in self.take_sequence(key):
            if not isinstance(item, Mapping):
                raise item.mismatch("a mapping")
            mappings.append(item)
        return mappings


def _list_hint(key: str, node: Node) -> str | None:
    if isinstance(node, Scalar):
        return f"write a list with one item: {key}: [{node.text}]"
    if isinstance(node, Mapping):
        return 'write a list with one item: put "- " before its first key'
    return None
