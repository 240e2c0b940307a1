"""Changes of a file's text that leave its comments and its layout alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from gal.errors import GalError
from gal.lint.finding import REMOVE, Edit
from gal.lint.spans import Collection, Entry, Path, Spans, Step, path_of

if TYPE_CHECKING:
    from gal.reading import Document

_PLAIN_WIDTH = 10**6


class CannotEditError(GalError):
    """The text cannot be changed there without a risk for what stands around it."""


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One piece of text that takes the place of another.

    Attributes:
        start: index of the first character that goes.
        end: index after the last one.
        text: what comes there.
    """

    start: int
    end: int
    text: str


def changes_of(document: Document, edits: list[Edit], spans: Spans) -> list[Change]:
    """What edits change in the text of a document.

    Raises:
        CannotEditError: something that is changed is shared by an anchor, or is written in a way
            that cannot be changed alone.
    """
    made = []
    for edit in edits:
        path = path_of(edit.parent)
        collection = spans.collections.get(path)
        if collection is None or collection.shared:
            raise CannotEditError("an anchor or a merge key shares what would be changed")
        made.append(_change(document, edit, collection))
    return made


def _change(document: Document, edit: Edit, collection: Collection) -> Change:
    text = document.source.text
    as_json = document.format == "json"
    entry = collection.entries.get(edit.key)
    if edit.new_key is not None:
        if entry is None:
            raise CannotEditError("there is no such key")
        return Change(entry.start, entry.key_end, _key(edit.new_key, _quoted(text, entry)))
    if edit.value is REMOVE:
        if entry is None:
            raise CannotEditError("there is no such key")
        return _removal(text, edit.key, collection)
    if entry is None:
        return _addition(text, edit, collection, as_json)
    if collection.mapping and entry.value == entry.end:  # no value at all
        colon = text.index(":", entry.key_end) + 1
        return Change(colon, colon, f" {_value(edit.value, as_json)}")
    if not collection.flow and text.count("\n", entry.key_end, entry.value) and collection.mapping:
        return Change(entry.key_end, entry.end, f": {_value(edit.value, as_json)}")
    return Change(entry.value, entry.end, _value(edit.value, as_json))


def _removal(text: str, key: Step, collection: Collection) -> Change:
    order = sorted(collection.entries.items(), key=lambda item: item[1].start)
    number = next(index for index, (name, _) in enumerate(order) if name == key)
    entry = order[number][1]
    if len(order) == 1:
        return Change(collection.start, collection.end, "{}" if collection.mapping else "[]")
    if collection.flow:
        if number + 1 < len(order):
            return Change(entry.start, order[number + 1][1].start, "")
        return Change(order[number - 1][1].end, entry.end, "")
    return _block_removal(text, entry, order[number + 1][1] if number + 1 < len(order) else None)


def _block_removal(text: str, entry: Entry, after: Entry | None) -> Change:
    start = text.rfind("\n", 0, entry.start) + 1
    before = text[start : entry.start]
    if before.strip(" -") or ("-" in before and entry.key_end != entry.start):
        # The first key after the dash of a list's item: the next one takes its place.
        if after is None:
            raise CannotEditError("it is all that its item holds")
        return Change(entry.start, after.start, "")
    end = text.find("\n", entry.end)
    return Change(start, len(text) if end < 0 else end + 1, "")


def _addition(text: str, edit: Edit, collection: Collection, as_json: bool) -> Change:
    value = _value(edit.value, as_json)
    last = max(collection.entries.values(), key=lambda entry: entry.end, default=None)
    if not collection.mapping:
        raise CannotEditError("items are not added to lists")
    quoted = as_json or (last is not None and _quoted(text, last))
    pair = f"{_key(str(edit.key), quoted)}: {value}"
    if last is None:
        return Change(collection.start + 1, collection.start + 1, pair)
    first = min(collection.entries.values(), key=lambda entry: entry.start)
    line = text.rfind("\n", 0, first.start) + 1
    indented = f"{' ' * (first.start - line)}{pair}"
    newline = "\r\n" if "\r\n" in text else "\n"
    if collection.flow:
        if "\n" in text[collection.start : collection.end]:
            return Change(last.end, last.end, f",{newline}{indented}")
        return Change(last.end, last.end, f", {pair}")
    if text[last.end - 1 : last.end] == "\n":  # after a block of text
        return Change(last.end, last.end, f"{indented}{newline}")
    end = text.find(newline, last.end)
    end = len(text) if end < 0 else end
    return Change(end, end, f"{newline}{indented}")


def _quoted(text: str, entry: Entry) -> bool:
    return text[entry.start : entry.start + 1] == '"'


def _key(name: str, quoted: bool) -> str:
    return json.dumps(name, ensure_ascii=False) if quoted else _value(name, False)


def _value(value: Any, as_json: bool) -> str:
    if as_json:
        return json.dumps(value, ensure_ascii=False)
    text: str = yaml.safe_dump(
        value, default_flow_style=True, width=_PLAIN_WIDTH, allow_unicode=True, sort_keys=False
    )
    return text.removesuffix("...\n").rstrip("\n")


def applied(text: str, changes: list[Change]) -> str:
    """The text with changes that do not touch one another.

    Raises:
        CannotEditError: two changes are about the same characters.
    """
    made = text
    before = len(text) + 1
    for change in sorted(set(changes), reverse=True):
        if change.end > before:
            raise CannotEditError("two changes are about the same text")
        made = made[: change.start] + change.text + made[change.end :]
        before = change.start
    return made


def plain_after(document: Document, edits: list[Edit]) -> Any:
    """The document's plain data with edits, to compare what a changed text says with."""
    data = document.root.plain()
    # Items of lists go last to first, so that the others keep their numbers.
    for edit in sorted(edits, key=lambda one: one.key if isinstance(one.key, int) else -1)[::-1]:
        _edit_plain(_at(data, path_of(edit.parent)), edit)
    return data


def _at(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data


def _edit_plain(holder: Any, edit: Edit) -> None:
    if edit.new_key is not None:
        pairs = [(edit.new_key if k == edit.key else k, v) for k, v in holder.items()]
        holder.clear()
        holder.update(pairs)
    elif edit.value is REMOVE:
        del holder[edit.key]
    else:
        holder[edit.key] = edit.value
