"""Classes of characters in regular expressions (`[a-z]`), as RE2 has them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from gal.exporters.envoy.regex_text import (
    ANY_SIZE,
    Cursor,
    UntranslatableError,
    hexadecimal,
    percent_encoded,
    property_class,
)
from gal.model import Dialect

T = TypeVar("T")

_POSIX = re.compile(r"\[:(\^?)(\w+):\]")
_POSIX_NAMES = frozenset(
    (
        "alnum",
        "alpha",
        "ascii",
        "blank",
        "cntrl",
        "digit",
        "graph",
        "lower",
        "print",
        "punct",
        "space",
        "upper",
        "word",
        "xdigit",
    )
)
_SET_OPERATIONS = ("&&", "--", "~~")
_CONTROL = {"n": 10, "r": 13, "t": 9, "f": 12, "a": 7}


class ClassReader:
    """Reads one class; the cursor stands behind its `[`."""

    __slots__ = ("cursor", "dialect", "parts", "path", "size")

    def __init__(self, cursor: Cursor, dialect: Dialect, *, path: bool) -> None:
        self.cursor = cursor
        self.dialect = dialect
        self.path = path
        self.parts: list[str] = []
        self.size = 1

    def read(self, piece: Callable[[str, int], T]) -> T:
        """The class in RE2 and its size, as `piece` wants them.

        Raises:
            UntranslatableError: RE2 has no such class.
        """
        if self.cursor.take("^"):
            self.size = ANY_SIZE
            self.parts.append("^")
        first = True
        while first or self.cursor.peek() != "]":
            if self.cursor.done:
                raise UntranslatableError('a "]" is missing')
            self._item()
            first = False
        self.cursor.take("]")
        return piece(f"[{''.join(self.parts)}]", self.size)

    def _item(self) -> None:
        low = self._member()
        if low is None:
            return
        cursor = self.cursor
        if cursor.peek() == "-" and cursor.text[cursor.at + 1 : cursor.at + 2] not in ("]", ""):
            self._refuse_operations()
            cursor.take("-")
            high = self._member()
            if high is None or high < low:
                raise UntranslatableError("a range of characters is empty")
            self.parts.append(f"{_shown(low)}-{_shown(high)}")
        else:
            self.parts.append(_shown(low))

    def _member(self) -> str | None:
        """The next single character; None where a whole class stood, which is kept."""
        cursor = self.cursor
        self._refuse_operations()
        named = cursor.match(_POSIX)
        if named is not None:
            if named[2] not in _POSIX_NAMES:
                raise UntranslatableError(f'RE2 has no class "{named[0]}"')
            self.parts.append(named[0])
            return None
        character = cursor.next()
        if character == "[" and self.dialect is Dialect.RUST:
            raise UntranslatableError("RE2 has no classes within classes")
        if character == "[" and cursor.peek() in (".", "="):
            raise UntranslatableError("RE2 has no collating elements")
        if character == "\\":
            return self._escape()
        return self._checked(character)

    def _escape(self) -> str | None:
        letter = self.cursor.next()
        if letter and letter in "dDwWsS":
            self.size = ANY_SIZE
            self.parts.append("\\" + letter)
            return None
        if letter in ("p", "P"):
            text, size = property_class(self.cursor, letter)
            self.size += size
            self.parts.append(text)
            return None
        code = hexadecimal(self.cursor, letter, self.dialect) if letter else None
        if code is None:
            code = _CONTROL.get(letter)
        if code is None and letter == "v" and self.dialect is not Dialect.PCRE:
            code = 11
        if code is None and self.dialect is Dialect.PCRE:
            code = {"b": 8, "e": 27}.get(letter)
        if code is not None:
            return self._checked(chr(code))
        if not letter or letter.isalnum():
            raise UntranslatableError(f'RE2 has no "\\{letter}" in a class')
        return self._checked(letter)

    def _checked(self, character: str) -> str:
        if not character.isascii():
            self.size += ANY_SIZE
            if self.path:
                raise UntranslatableError("a class has characters that paths only have encoded")
        elif self.path and percent_encoded(character) != character and self.parts[:1] != ["^"]:
            raise UntranslatableError("a class has characters that paths only have encoded")
        return character

    def _refuse_operations(self) -> None:
        if self.dialect is Dialect.RUST:
            for operation in _SET_OPERATIONS:
                if self.cursor.text.startswith(operation, self.cursor.at):
                    raise UntranslatableError(f'RE2 has no "{operation}" in a class')


def _shown(character: str) -> str:
    if character in r"\]^[-":
        return "\\" + character
    if character.isprintable() or character == " ":
        return character
    return f"\\x{{{ord(character):x}}}"
