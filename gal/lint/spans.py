"""Where values start and end in the text of a file, so that one can be changed and all the rest
stay as it is.

Nodes know where they start. Where they end is asked of PyYAML, which reads JSON as well
(https://yaml.org/spec/1.2.2/#chapter-1-introduction-to-yaml); nothing is constructed from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from gal.errors import GalError

if TYPE_CHECKING:
    from gal.reading import Document, Node

_UNKNOWN = "it is not known where its values start and end"

Step = str | int
Path = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value, or an item of a list.

    Attributes:
        start: index of the key's first character, or the item's.
        key_end: index after the key; `start` for items.
        value: index of the value's first character.
        end: index after the value's last character.
    """

    start: int
    key_end: int
    value: int
    end: int


@dataclass(frozen=True, slots=True)
class Collection:
    """A mapping or a list.

    Attributes:
        start: index of its first character.
        end: index after its last character; for flow style after the closing bracket.
        flow: whether it stands in brackets.
        mapping: whether it has keys.
        entries: its entries by key or index, in the order of the file.
        shared: it, or something around it, is an anchor or an alias.
    """

    start: int
    end: int
    flow: bool
    mapping: bool
    entries: dict[Step, Entry]
    shared: bool


class Spans:
    """The spans of one document's mappings and lists, by their paths.

    Raises:
        GalError: they are not known.
    """

    __slots__ = ("collections",)

    def __init__(self, document: Document) -> None:
        self.collections: dict[Path, Collection] = {}
        root = _composed(document.source.text)[document.index]
        anchors = frozenset(document.shared)
        if root is not None:
            self._visit(root, (), document.root, anchors, False)

    def _visit(
        self, node: yaml.Node, path: Path, ours: Node, anchors: frozenset[int], shared: bool
    ) -> int:
        """Note the spans below a node. Returns the index after its last character."""
        from gal.reading import Mapping, Sequence

        shared = shared or id(ours) in anchors
        if isinstance(node, yaml.MappingNode) and isinstance(ours, Mapping):
            entries: dict[Step, Entry] = {}
            for key, value in node.value:
                name = key.value
                below = ours.entries.get(name)
                if below is None:
                    shared = True  # a merge key: what it brings stands elsewhere
                    end = value.end_mark.index
                else:
                    end = self._visit(value, (*path, name), below, anchors, shared)
                entries[name] = Entry(
                    key.start_mark.index, key.end_mark.index, value.start_mark.index, end
                )
            return self._note(node, path, entries, shared)
        if isinstance(node, yaml.SequenceNode) and isinstance(ours, Sequence):
            items: dict[Step, Entry] = {}
            if len(node.value) != len(ours.items):
                raise GalError(_UNKNOWN)
            for number, (value, below) in enumerate(zip(node.value, ours.items, strict=True)):
                end = self._visit(value, (*path, number), below, anchors, shared)
                start = value.start_mark.index
                items[number] = Entry(start, start, start, end)
            return self._note(node, path, items, shared)
        return node.end_mark.index

    def _note(
        self, node: yaml.CollectionNode, path: Path, entries: dict[Step, Entry], shared: bool
    ) -> int:
        flow = bool(node.flow_style)
        last = max((entry.end for entry in entries.values()), default=node.end_mark.index)
        end = node.end_mark.index if flow else last
        mapping = isinstance(node, yaml.MappingNode)
        self.collections[path] = Collection(
            node.start_mark.index, end, flow, mapping, entries, shared
        )
        return end


class _Loader(yaml.SafeLoader):
    """PyYAML in Python: only its marks have the index of a character."""


def _composed(text: str) -> list[yaml.Node | None]:
    """The nodes of all documents.

    Raises:
        GalError: PyYAML does not read what GAL reads, such as templates.
    """
    try:
        return list(yaml.compose_all(text, Loader=_Loader))
    except yaml.YAMLError:
        pass
    try:  # a tab before a comment is no blank to PyYAML, though it is in YAML
        return list(yaml.compose_all(text.replace("\t", " "), Loader=_Loader))
    except yaml.YAMLError:
        raise GalError(_UNKNOWN) from None


def path_of(node: Node) -> Path:
    """The way from the root to a node."""
    steps: list[Step] = []
    above: Node | None = node
    while above is not None and above.key is not None:
        steps.append(above.key)
        above = above.parent
    return tuple(reversed(steps))
