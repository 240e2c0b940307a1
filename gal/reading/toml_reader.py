"""TOML: values as `tomllib` reads them, and a scan that finds where they stand.

`tomllib` judges the syntax and knows no positions. The scan after it knows positions and may trust
that the syntax is right, which keeps it short.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from gal.errors import InputError
from gal.reading.aliases import MAX_DEPTH, too_deep
from gal.reading.document import Document
from gal.reading.mapping import Mapping, packed
from gal.reading.nodes import Node, Scalar, Sequence
from gal.reading.scalars import stable_text
from gal.reading.source import Source
from gal.reading.templates import unread_template

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["read_toml"]

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_GAP = re.compile(r"[ \t]*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_VALUE = re.compile(
    r'(?s:"""(?:[^\\]|\\.)*?"""(?!"))'
    r"|(?s:'''.*?'''(?!'))"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}[ ][0-9]{2}:[^\s,\]}#]*"
    r"|[^\s,\]}#]+"
)
_SIMPLE = re.compile(r"true|false|0|-?[1-9][0-9]*")
_WHERE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_TWICE = ("Duplicate", "Cannot overwrite", "Cannot declare", "Cannot mutate", "Cannot redefine")


def read_toml(source: Source) -> list[Document]:
    """The document of a TOML input; none when it has no keys.

    Numbers get the spelling that YAML readers agree on, dates stay as they are written.

    Raises:
        InputError: for bad syntax, a key that is there twice, or nesting that is too deep.
    """
    try:
        tomllib.loads(source.text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _scan_error(source, error) or _syntax_error(source, error) from None
    root = _Scanner(source).document()
    return [Document(source, root, "toml")] if root.entries else []


def _scan_error(source: Source, error: Exception) -> InputError | None:
    """The error that the scan finds: it knows where nesting gets too deep, and both duplicates."""
    if isinstance(error, RecursionError) or str(error).startswith(_TWICE):
        try:
            _Scanner(source).document()
        except InputError as found:
            return found
        except (_UnsoundError, RecursionError):
            pass  # what the scan trusts does not hold here
    return None


def _syntax_error(source: Source, error: Exception) -> InputError:
    if isinstance(error, RecursionError):
        return too_deep(source.position(1, 1))
    message = str(error)
    found = _WHERE.search(message)
    problem = message[: found.start()] if found else message
    problem = problem[:1].lower() + problem[1:]
    if not found or not found.group(1):
        return InputError(problem, source.end())
    position = source.position(int(found[1]), int(found[2]))
    return unread_template(source, position) or InputError(problem, position)


class _UnsoundError(Exception):
    """The scan met something that is no TOML."""


class _Scanner:
    """Finds the keys and values of a sound text.

    Attributes:
        at: how far the text was read.
        headers: identity of each table that no header may open again, and where it was opened.
        closed: identities of inline tables and arrays, to which nothing can be added.
    """

    __slots__ = ("at", "closed", "headers", "names", "root", "source", "text")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.at = 0
        self.root = Mapping(source, 1, 1, None, None)
        self.headers: dict[int, int] = {}
        self.closed: set[int] = set()
        self.names: dict[str, str] = {}  # the same few keys come again and again

    def document(self) -> Mapping:
        """The whole text."""
        table, depth = self.root, 1
        while not self._at_end():
            if self.text[self.at] == "[":
                table, depth = self._header()
            else:
                self._pair(table, depth)
        return self.root

    # -- steps through the text

    def _read(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise _UnsoundError
        self.at = found.end()
        return found.group()

    def _next(self) -> str:
        """The next character that is no white space and no comment; empty at the end."""
        self._read(_BLANK)
        return self.text[self.at : self.at + 1]

    def _at_end(self) -> bool:
        return self._next() == ""

    def _key(self) -> list[tuple[str, int]]:
        """The parts of a dotted key, each with its offset."""
        parts: list[tuple[str, int]] = []
        while True:
            self._read(_GAP)
            start = self.at
            text = self._read(_KEY)
            key = self._string(text) if text[0] in "\"'" else text
            parts.append((self.names.setdefault(key, key), start))
            self._read(_GAP)
            if self.text[self.at : self.at + 1] != ".":
                return parts
            self.at += 1

    # -- tables

    def _header(self) -> tuple[Mapping, int]:
        """The table that a header opens, and the levels down to its content."""
        start = self.at
        brackets = 2 if self.text.startswith("[[", start) else 1
        self.at += brackets
        parts = self._key()
        self.at += brackets
        table = self.root
        depth = 1
        for key, offset in parts[:-1]:
            table, depth = self._below(table, key, offset, offset, depth)
        key, offset = parts[-1]
        if brackets == 2:
            return self._array_item(table, key, offset, start, depth)
        table, depth = self._below(table, key, offset, start, depth)
        if id(table) in self.headers:
            raise self._duplicate("table", key, offset, self.headers[id(table)])
        self.headers[id(table)] = self.source.place(start)[0]
        return table, depth

    def _below(
        self, table: Mapping, key: str, key_at: int, start: int, depth: int
    ) -> tuple[Mapping, int]:
        """The table with that key, the last one of an array of tables; made where it is missing."""
        node = table.entries.get(key)
        if node is None:
            self._check_depth(depth, start)
            node = Mapping(self.source, *self.source.place(start), table, key)
            self._enter(table, key, key_at, node)
        depth += 1
        if isinstance(node, Sequence) and node.items:
            node = node.items[-1]
            depth += 1
        if not isinstance(node, Mapping) or id(table.entries[key]) in self.closed:
            raise self._duplicate("key", key, key_at, table.key_position(key).line)
        return node, depth

    def _array_item(
        self, table: Mapping, key: str, key_at: int, start: int, depth: int
    ) -> tuple[Mapping, int]:
        self._check_depth(depth + 1, start)
        place = self.source.place(start)
        array = table.entries.get(key)
        if array is None:
            array = Sequence(self.source, *place, table, key)
            self._enter(table, key, key_at, array)
        if not isinstance(array, Sequence) or id(array) in self.closed:
            raise self._duplicate("key", key, key_at, table.key_position(key).line)
        item = Mapping(self.source, *place, array, len(array.items))
        array.items.append(item)
        return item, depth + 2

    def _pair(self, table: Mapping, depth: int) -> None:
        parts = self._key()
        for key, offset in parts[:-1]:
            table, depth = self._below(table, key, offset, offset, depth)
            self.headers.setdefault(id(table), table.line)
        key, offset = parts[-1]
        if key in table.entries:
            raise self._duplicate("key", key, offset, table.key_position(key).line)
        self.at += 1  # the equals sign
        self._read(_GAP)
        self._enter(table, key, offset, self._value(table, key, depth))

    def _enter(self, table: Mapping, key: str, key_at: int, node: Node) -> None:
        table.entries[key] = node
        table.places.append(packed(*self.source.place(key_at)))

    # -- values

    def _value(self, parent: Mapping | Sequence, step: str | int, depth: int) -> Node:
        start = self.at
        opening = self.text[start : start + 1]
        place = self.source.place(start)
        if opening == "{":
            return self._inline_table(Mapping(self.source, *place, parent, step), depth)
        if opening == "[":
            return self._array(Sequence(self.source, *place, parent, step), depth)
        text = self._read(_VALUE)
        quoted = opening in ("'", '"')
        value = self._string(text) if quoted else _plain_text(text)
        return Scalar(self.source, *place, parent, step, value, quoted)

    def _inline_table(self, table: Mapping, depth: int) -> Mapping:
        self._check_depth(depth, self.at)
        self.at += 1
        while (symbol := self._next()) != "}":
            if symbol == ",":
                self.at += 1
            else:
                self._pair(table, depth + 1)
        self.at += 1
        self.closed.add(id(table))
        return table

    def _array(self, array: Sequence, depth: int) -> Sequence:
        self._check_depth(depth, self.at)
        self.at += 1
        while (symbol := self._next()) != "]":
            if symbol == ",":
                self.at += 1
            else:
                array.items.append(self._value(array, len(array.items), depth + 1))
        self.at += 1
        self.closed.add(id(array))
        return array

    def _string(self, text: str) -> str:
        """The value of a string, from its text with quotes."""
        if text[0] == '"' and "\\" in text:
            return str(tomllib.loads(f"v={text}")["v"])
        if text.startswith(('"""', "'''")):
            return text[3:-3].replace("\r\n", "\n").removeprefix("\n")
        return text[1:-1]

    # -- errors

    def _check_depth(self, depth: int, offset: int) -> None:
        if depth >= MAX_DEPTH:
            raise too_deep(self.source.position_at(offset))

    def _duplicate(self, what: str, key: str, offset: int, first: int) -> InputError:
        message = f'duplicate {what} "{key}", first at line {first}'
        return InputError(message, self.source.position_at(offset))


def _plain_text(text: str) -> str:
    """The text of a value without quotes, numbers in the spelling that readers agree on."""
    if _SIMPLE.fullmatch(text):
        return text
    value: Any = tomllib.loads(f"v={text}")["v"]
    return stable_text(value) if isinstance(value, (int, float)) else text
