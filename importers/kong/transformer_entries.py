"""The entries of Kong's transformers, and the neutral operations that they amount to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gal.ledger import Fate, Level
from gal.model import Extensions, MultiMap, Operations
from gal.reading import Mapping, Node, is_placeholder

if TYPE_CHECKING:
    from gal.importers.kong.plugin import Plugin
    from gal.ledger import Reporter

KEYS = ("remove", "rename", "replace", "add", "append")
"""What Kong does, in its order."""

_ENTRY = re.compile(r"([^:]+):*(.*)", re.DOTALL)
_HEADER = re.compile(r"[A-Za-z0-9_-]+")
_FEATURES = {"headers": "headers", "querystring": "query"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One `name:value`.

    Attributes:
        node: where it stands.
        key: the list that it stands in, one of `KEYS`.
        name: the text before the first colon.
        value: the text after the colons.
        index: its place in the list.
    """

    node: Node
    key: str
    name: str
    value: str
    index: int

    @property
    def is_template(self) -> bool:
        """Whether Kong computes the value from the request."""
        return "$(" in self.value


@dataclass(slots=True)
class Entries:
    """The entries of one area (`headers`, `querystring`, `body`, `json`), by what is done."""

    remove: list[Entry] = field(default_factory=list)
    rename: list[Entry] = field(default_factory=list)
    replace: list[Entry] = field(default_factory=list)
    add: list[Entry] = field(default_factory=list)
    append: list[Entry] = field(default_factory=list)

    @classmethod
    def read(cls, config: Mapping, area: str, *, on_request: bool) -> Entries:
        """Take the area's lists.

        Raises:
            InputError: an entry without a name, a colon or a value where Kong needs one.
        """
        found = cls()
        for key in KEYS:
            below = config.take_mapping(key)
            if below is None:
                continue
            for index, node in enumerate(below.take_sequence(area)):
                getattr(found, key).append(_entry(node, key, area, index, on_request))
        return found

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return any(getattr(self, key) for key in KEYS)

    def __iter__(self) -> Iterator[Entry]:
        for key in KEYS:
            yield from getattr(self, key)


def _entry(node: Node, key: str, area: str, index: int, on_request: bool) -> Entry:
    text = node.as_str()
    parts = _ENTRY.fullmatch(text)
    if parts is None:
        raise node.error("an entry starts with a name")
    name, value = parts.groups()
    if area == "headers":
        value = value.strip(" \t")  # as every reader of headers does
    if key == "remove":
        value = ""
    else:
        renames_header = key == "rename" and area == "headers"
        needs_value = renames_header or (on_request and area != "headers")
        if ":" not in text or (needs_value and not value):
            raise node.error(f'"{name}" has no value', f"write {name}:VALUE")
    if area == "headers":
        _check_names(node, key, name, value, on_request)
    return Entry(node, key, name, value, index)


def _check_names(node: Node, key: str, name: str, value: str, on_request: bool) -> None:
    names = [name, value] if key == "rename" else [name] if on_request else []
    for one in names:
        if not _HEADER.fullmatch(one) and not is_placeholder(one):
            raise node.error(f'"{one}" is no name of a header')


@dataclass(slots=True)
class SideOperations:
    """The operations on one area, and what is kept for Kong.

    Attributes:
        plugin: whose they are.
        area: `headers` or `querystring`.
        operations: what any gateway can be told.
        kept: the other entries by what is done, as they were written.
        acts: whether there is anything in `operations`.
    """

    plugin: Plugin
    area: str
    report: Reporter
    operations: Operations
    kept: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, plugin: Plugin, entries: Entries, area: str, report: Reporter) -> SideOperations:
        """The operations that the entries amount to."""
        names = {
            "remove": f"config.remove.{area}",
            "rename": f"config.rename.{area}",
            "replace": f"config.replace.{area}",
            "set": f"config.replace.{area}",
            "default": f"config.add.{area}",
            "add": f"config.append.{area}",
        }
        side = cls(plugin, area, report, Operations(origin=plugin.origin(names)))
        if plugin.name.startswith("response-"):
            _read_response(side, entries)
        else:
            _read_request(side, entries)
        side.join()
        return side

    def join(self) -> None:
        """Say as one what is replaced where it is there, and added where it is not."""
        operations = self.operations
        for name, values in list(operations.default.items()):
            twin = next(
                (one for one in operations.replace if self.same(one) == self.same(name)), ""
            )
            if twin and operations.replace[twin] == values:
                del operations.replace[twin], operations.default[name]
                operations.set[twin] = values

    @property
    def acts(self) -> bool:
        """Whether any gateway can be told something."""
        return self.operations != Operations()

    def extend(self, extensions: Extensions) -> None:
        """Add what is kept for Kong."""
        if self.kept:
            below = {key: {self.area: entries} for key, entries in self.kept.items()}
            extensions.setdefault("kong", {})[self.plugin.name] = below

    def keep(self, entry: Entry, message: str) -> None:
        """Keep an entry for Kong alone."""
        self.kept.setdefault(entry.key, []).append(entry.node.as_str())
        self._say(entry, Fate.CARRIED, Level.WARNING, message)

    def idle(self, entry: Entry, message: str) -> None:
        """Leave out an entry that does nothing in Kong either."""
        self._say(entry, Fate.DROPPED, Level.INFO, message)

    def _say(self, entry: Entry, fate: Fate, level: Level, message: str) -> None:
        self.report.at(entry.node, fate, level, _FEATURES[self.area], message)

    def same(self, name: str) -> str:
        """The name as it is compared."""
        return name.lower() if self.area == "headers" else name

    def put(self, values: MultiMap, entry: Entry, *, more: bool = False, last: bool = True) -> None:
        """Note a value: beside the others of the name, or as the only one."""
        name = next((one for one in values if self.same(one) == self.same(entry.name)), entry.name)
        if more:
            values.setdefault(name, []).append(entry.value)
        elif last or name not in values:
            values[name] = [entry.value]
        else:
            self.idle(entry, f'"{entry.name}" is there by then')


def _usable(side: SideOperations, entries: Entries) -> Iterator[Entry]:
    """The entries with a value of their own, in the order in which they act."""
    for entry in entries:
        if entry.is_template:
            side.keep(entry, "a template $(...) is Kong's own: left out elsewhere")
        elif entry.key not in ("remove", "rename") and not entry.value:
            side.idle(entry, "an entry without value does nothing")
        else:
            yield entry


def _read_request(side: SideOperations, entries: Entries) -> None:
    """On requests every operation sees what the ones before it did, as in the model."""
    operations = side.operations
    renamed: set[str] = set()
    for entry in _usable(side, entries):
        if side.area == "headers" and entry.name.lower() == "host":
            _read_host(side, entry)
        elif entry.key == "remove":
            operations.remove.append(entry.name)
        elif entry.key == "rename":
            if side.same(entry.name) in renamed:
                side.idle(entry, f'"{entry.name}" has another name by then')
                continue
            renamed.add(side.same(entry.name))
            operations.rename[entry.name] = entry.value
        elif entry.key == "replace":
            side.put(operations.replace, entry)
        elif entry.key == "add":
            side.put(operations.default, entry, last=False)
        else:
            side.put(operations.add, entry, more=True)


def _read_host(side: SideOperations, entry: Entry) -> None:
    """`Host` cannot be removed, renamed or added; replacing and appending set it."""
    if entry.key in ("replace", "append"):
        side.put(side.operations.set, entry)
    else:
        side.idle(entry, "Kong leaves Host alone here")


def _read_response(side: SideOperations, entries: Entries) -> None:
    """On responses Kong asks what was there before all operations, so a header that two of them
    name needs care: the model's operations follow each other.
    """
    operations = side.operations
    replaced = {entry.name.lower() for entry in entries.replace if entry.value}
    old = [entry.name.lower() for entry in entries.rename]
    moved = {*old, *(entry.value.lower() for entry in entries.rename)}
    removed = {entry.name.lower() for entry in entries.remove}
    seen: set[str] = set()
    for entry in _usable(side, entries):
        name = entry.name.lower()
        if entry.key == "remove":
            # Replacing and renaming use the value that was there, so these do all of it.
            if name not in old and (name not in replaced or name in moved):
                operations.remove.append(entry.name)
        elif entry.key == "rename":
            both = {name, entry.value.lower()}
            if len(both) == 1 or seen & both:
                side.keep(entry, "left out elsewhere: another entry renames one of these, too")
                continue
            seen |= both
            operations.rename[entry.name] = entry.value
        elif entry.key == "append":
            side.put(operations.add, entry, more=True)
        elif name in moved:
            side.keep(entry, "left out elsewhere: Kong asks for the header before it renames it")
        elif entry.key == "replace":
            side.put(operations.replace, entry)
        elif name in removed and name not in replaced:
            side.keep(entry, "left out elsewhere: Kong adds this only where it removed nothing")
        else:
            side.put(operations.default, entry)
