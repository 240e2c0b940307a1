"""YAML: located nodes straight from the events of the parser, libyaml's where it is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from gal.errors import InputError, Position
from gal.reading.aliases import MAX_DEPTH, MERGE_KEY, Anchors, too_deep
from gal.reading.document import Document
from gal.reading.mapping import Mapping, packed
from gal.reading.nodes import Node, Scalar, Sequence
from gal.reading.source import Source
from gal.reading.templates import StandIns, hide_templates, unread_template
from gal.reading.yaml_errors import apply_tag, unreadable_character, yaml_error

__all__ = ["read_yaml"]


def read_yaml(source: Source) -> list[Document]:
    """The documents of a YAML input that hold anything.

    Raises:
        InputError: for bad syntax, a duplicate key, a key that is no scalar, a tag outside of the
            core schema, an alias that goes wrong, or nesting that is too deep.
    """
    yaml = import_module("yaml")
    stand_ins = hide_templates(source)
    try:
        return list(_documents(yaml, source, stand_ins))
    except yaml.reader.ReaderError:
        raise unreadable_character(source) from None
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark or error.context_mark).line + 1
        control = stand_ins.control_before(line) if stand_ins else None
        raise control or yaml_error(source, error) from None


def _parser(yaml: Any, text: str) -> Any:
    try:
        parser = import_module("yaml.cyaml").CParser
    except ImportError:  # PyYAML was built without libyaml
        parser = yaml.SafeLoader
    return parser(text)


def _documents(yaml: Any, source: Source, stand_ins: StandIns | None) -> Iterator[Document]:
    get_event = _parser(yaml, stand_ins.text if stand_ins else source.text).get_event
    index = 0
    while not isinstance(event := get_event(), yaml.StreamEndEvent):
        if not isinstance(event, yaml.DocumentStartEvent):
            continue
        builder = _Builder(yaml.events, source, stand_ins)
        root = builder.build(get_event)
        if not (isinstance(root, Scalar) and root.text == "" and not root.quoted):
            yield Document(source, root, "yaml", index, frozenset(builder.anchors.shared))
        index += 1


class _Builder:
    """Builds one document, one event at a time; nesting takes no stack frames.

    Attributes:
        container: the mapping or list that is being filled; None outside of all.
        entries: its entries, when it is a mapping.
        items: its items, when it is a list; outside of all, the root.
        key: the key of the mapping that waits for its value.
        merging: identities of the mappings that have a merge key.
    """

    __slots__ = (
        "anchors",
        "container",
        "entries",
        "events",
        "items",
        "key",
        "merging",
        "names",
        "source",
        "stack",
        "stand_ins",
    )

    def __init__(self, events: Any, source: Source, stand_ins: StandIns | None) -> None:
        self.events = events
        self.source = source
        self.stand_ins = stand_ins
        self.anchors = Anchors(len(source.text))
        self.container: Any = None
        self.entries: dict[str, Node] | None = None
        self.items: list[Node] = []
        self.key: str | None = None
        self.stack: list[tuple[Any, dict[str, Node] | None, list[Node]]] = []
        self.names: dict[str, str] = {}  # the same few keys come again and again
        self.merging: set[int] = set()

    def build(self, get_event: Callable[[], Any]) -> Node:
        """The root of the document whose start event was just read."""
        scalar, alias = self.events.ScalarEvent, self.events.AliasEvent
        mapping, sequence = self.events.MappingStartEvent, self.events.SequenceStartEvent
        end = self.events.DocumentEndEvent
        while (kind := (event := get_event()).__class__) is not end:
            if kind is scalar:
                self._scalar(event)
            elif kind is mapping:
                self._open(event, Mapping)
            elif kind is sequence:
                self._open(event, Sequence)
            elif kind is alias:
                self._alias(event)
            else:
                self._close()
        root = self.items[0]
        root.key = None
        return root

    def _scalar(self, event: Any) -> None:
        mark = event.start_mark
        text = event.value
        if self.stand_ins is not None and not text.isascii():
            text = self.stand_ins.restore(text, event.style)
        entries, key = self.entries, self.key
        if entries is not None and key is None:
            self._start_entry(event, text)
            return
        node = Scalar(
            self.source,
            mark.line + 1,
            mark.column + 1,
            self.container,
            len(self.items) if entries is None else key,
            text,
            True if event.style else False,  # noqa: SIM210 - a call of bool() counts here
        )
        if event.tag is not None or event.anchor is not None:
            self._decorate(event, node)
        if entries is None or key is None:
            self.items.append(node)
        else:
            entries[key] = node
            self.key = None

    def _start_entry(self, event: Any, text: str) -> None:
        mark = event.start_mark
        container = self.container
        key = self.key = self.names.setdefault(text, text)
        if key in container.entries:
            first = container.key_position(key).line
            message = f'duplicate key "{key}", first at line {first}'
            raise InputError(message, self._position(mark))
        container.places.append(packed(mark.line + 1, mark.column + 1))
        if event.tag is not None or event.anchor is not None:
            place = (self.source, mark.line + 1, mark.column + 1)
            self._decorate(event, Scalar(*place, container, key, key, bool(event.style)))
        if key == MERGE_KEY and not event.style:
            self.merging.add(id(container))

    def _open(self, event: Any, container_type: type[Mapping] | type[Sequence]) -> None:
        mark = event.start_mark
        entries, key = self.entries, self.key
        if entries is not None and key is None:
            raise self._complex_key(mark)
        if len(self.stack) >= MAX_DEPTH:
            raise too_deep(self._position(mark))
        step = len(self.items) if entries is None else key
        node = container_type(self.source, mark.line + 1, mark.column + 1, self.container, step)
        if event.tag is not None or event.anchor is not None:
            self._decorate(event, node)
        self._attach(node)
        self.stack.append((self.container, self.entries, self.items))
        self.container = node
        if isinstance(node, Mapping):
            self.entries = node.entries
        else:
            self.entries = None
            self.items = node.items

    def _close(self) -> None:
        if self.merging and id(self.container) in self.merging:
            self.anchors.merge(self.container)
        self.container, self.entries, self.items = self.stack.pop()

    def _alias(self, event: Any) -> None:
        position = self._position(event.start_mark)
        node = self.anchors.alias(event.anchor, position, self.container, len(self.stack))
        if self.entries is None or self.key is not None:
            self._attach(node)
        elif isinstance(node, Scalar):
            self._start_entry(_AliasedKey(event.start_mark), node.text)
        else:
            raise self._complex_key(event.start_mark)

    def _attach(self, node: Node) -> None:
        if self.entries is None:
            self.items.append(node)
        elif self.key is not None:
            self.entries[self.key] = node
            self.key = None

    def _decorate(self, event: Any, node: Node) -> None:
        """Note the anchor of a node, and obey its tag."""
        if event.tag is not None:
            apply_tag(node, event.tag)
        if event.anchor is not None:
            self.anchors.add(event.anchor, node)

    def _complex_key(self, mark: Any) -> InputError:
        position = self._position(mark)
        template = unread_template(self.source, position)
        return template or InputError("a key must be a single value", position)

    def _position(self, mark: Any) -> Position:
        return self.source.position(mark.line + 1, mark.column + 1)


class _AliasedKey:
    """Stands for the event of a key that is written as an alias."""

    __slots__ = ("start_mark",)

    anchor = None
    tag = None
    style = "*"  # never a merge key

    def __init__(self, mark: Any) -> None:
        self.start_mark = mark
