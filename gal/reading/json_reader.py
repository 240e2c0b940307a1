"""JSON: strict, with the place of every key and value."""

from __future__ import annotations

import json
import re

from gal.errors import InputError
from gal.reading.aliases import MAX_DEPTH, too_deep
from gal.reading.document import Document
from gal.reading.mapping import Mapping, packed
from gal.reading.nodes import Node, Scalar, Sequence
from gal.reading.placeholders import ACTION, VARIABLE
from gal.reading.scalars import is_stable, parse_number, scalar_kind, stable_text
from gal.reading.source import Source

__all__ = ["read_json"]

_SPACE = r"[ \t\n\r]*"
_STRING = r'"([^"\\\x00-\x1f]*)"'
_VALUE = re.compile(
    rf"{_SPACE}(?:{_STRING}"
    r"|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null)(?![\w.+-])"
    r'|(\[|\{(?!\{)|")'
    rf"|({ACTION}|{VARIABLE}))"
)
_TEXT, _WORD, _START = 1, 2, 3  # its groups; the fourth is a placeholder
_KEY = re.compile(rf"{_SPACE}{_STRING}{_SPACE}:")
_NEXT = re.compile(rf"{_SPACE}([,\]}}])")
_SKIP = re.compile(_SPACE)
_DECODER = json.JSONDecoder()
_STRING_ERRORS = {
    "Unterminated string starting at": "the closing quote is missing",
    "Invalid control character at": "a control character or line break inside a string",
    "Invalid \\escape": "this escape does not exist in JSON",
    "Invalid \\uXXXX escape": "four hexadecimal digits are expected after \\u",
}
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_json(source: Source) -> list[Document]:
    """The one document of a JSON input; none when there is only white space.

    A template placeholder may stand where a value belongs. It is read as an unquoted string.

    Raises:
        InputError: for bad syntax, a duplicate key, or nesting that is too deep.
    """
    if not source.text.strip(" \t\n\r"):
        return []
    return [Document(source, _Scanner(source).document(), "json")]


class _Scanner:
    """Reads one text from its start to its end; nesting takes no stack frames.

    Attributes:
        at: how far the text was read.
        containers: the mappings and lists that are open, the innermost last.
    """

    __slots__ = ("at", "containers", "names", "source", "text")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.at = 0
        self.containers: list[Mapping | Sequence] = []
        self.names: dict[str, str] = {}  # the same few keys come again and again

    def document(self) -> Node:
        """The value that is the whole text."""
        root = self._value(None, None)
        while self.containers:
            container = self.containers[-1]
            if isinstance(container, Mapping):
                if self._ends(container.entries, "}"):
                    continue
                key = self._key(container)
                container.entries[key] = self._value(container, key)
            elif not self._ends(container.items, "]"):
                container.items.append(self._value(container, len(container.items)))
        rest = self._skip(self.at)
        if rest < len(self.text):
            raise self._error("there is more text after the end of the value", rest)
        return root

    def _ends(self, content: dict[str, Node] | list[Node], bracket: str) -> bool:
        """Whether the innermost container ends here; if not, read the comma before what follows."""
        found = _NEXT.match(self.text, self.at)
        symbol = found.group(1) if found else None
        if found and symbol == bracket:
            self.at = found.end()
            self.containers.pop()
            return True
        if not content:
            return False
        if not found or symbol != ",":
            raise self._unexpected(f'"," or "{bracket}" is expected')
        self.at = found.end()
        return False

    def _key(self, mapping: Mapping) -> str:
        found = _KEY.match(self.text, self.at)
        if found:
            key = found.group(1)
            start = found.start(1) - 1
            self.at = found.end()
        else:
            start = self._skip(self.at)
            if not self.text.startswith('"', start):
                raise self._unexpected("a key in double quotes is expected")
            key = self._escaped(start)
            colon = self._skip(self.at)
            if not self.text.startswith(":", colon):
                raise self._unexpected('":" is expected after the key')
            self.at = colon + 1
        key = self.names.setdefault(key, key)
        if key in mapping.entries:
            first = mapping.key_position(key).line
            raise self._error(f'duplicate key "{key}", first at line {first}', start)
        mapping.places.append(packed(*self.source.place(start)))
        return key

    def _value(self, parent: Mapping | Sequence | None, step: str | int | None) -> Node:
        found = _VALUE.match(self.text, self.at)
        if not found:
            raise self._unexpected("a value is expected")
        kind, text = found.lastindex, found.group(found.lastindex or 0)
        start = found.start(kind or 0) - (kind == _TEXT)
        self.at = found.end()
        line, column = self.source.place(start)
        if kind == _START and text != '"':
            if len(self.containers) >= MAX_DEPTH:
                raise too_deep(self.source.position(line, column))
            container = (Mapping if text == "{" else Sequence)(
                self.source, line, column, parent, step
            )
            self.containers.append(container)
            return container
        if kind == _START:
            text = self._escaped(start)
        elif kind == _WORD:
            text = _stable(text)
        quoted = kind in (_TEXT, _START)
        return Scalar(self.source, line, column, parent, step, text, quoted)

    def _escaped(self, start: int) -> str:
        """A string that the expression for simple strings does not take, from its quote on."""
        try:
            value, self.at = _DECODER.raw_decode(self.text, start)
        except json.JSONDecodeError as error:
            raise self._error(_STRING_ERRORS.get(error.msg, error.msg), error.pos) from None
        if _SURROGATE.search(value):
            raise self._error("half of a surrogate pair is no text", start)
        return str(value)

    # -- errors

    def _skip(self, offset: int) -> int:
        found = _SKIP.match(self.text, offset)
        return found.end() if found else offset

    def _error(self, message: str, offset: int, hint: str | None = None) -> InputError:
        return InputError(message, self.source.position_at(offset), hint)

    def _unexpected(self, wanted: str) -> InputError:
        """The error for what stands at the place that was reached, instead of what is wanted."""
        at = self._skip(self.at)
        rest = self.text[at : at + 10]
        if not rest:
            return InputError(f"the file ends: {wanted}{self._open()}", self.source.end())
        if rest[0] in "]}" and self.text[self.at - 1] == ",":
            return self._error("a comma before the end", self.at - 1, "remove the comma")
        if rest.startswith(("//", "/*", "#")):
            return self._error("JSON has no comments", at, "remove the comment")
        if rest[0] == "'":
            return self._error(wanted, at, "JSON has double quotes only")
        return self._error(wanted + self._open(), at)

    def _open(self) -> str:
        if not self.containers:
            return ""
        container = self.containers[-1]
        what = "mapping" if isinstance(container, Mapping) else "list"
        return f" (in the {what} that starts at line {container.line}, column {container.column})"


def _stable(text: str) -> str:
    """A number in the spelling that YAML readers agree on: in JSON `1E3` can only mean a number."""
    kind = scalar_kind(text)
    if is_stable(text, kind) or kind not in ("integer", "number"):
        return text
    value = parse_number(text)
    return text if value is None else stable_text(value)
