"""What reading an expression and a class of characters in it have in common."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from gal.model import Dialect

ANY_SIZE = 12
"""Instructions that RE2 needs for nearly any character, as UTF-8."""

_PROPERTY_SIZE = 500
_META = frozenset(r"\.+*?()|[]{}^$")
_SENT_ENCODED = frozenset(' "<>`')
_PROPERTY = re.compile(r"\{(\^?)(\w+)\}|([LMNPSZC])")
_CATEGORIES: Final = frozenset(
    (
        "L",
        "Ll",
        "Lm",
        "Lo",
        "Lt",
        "Lu",
        "M",
        "Mc",
        "Me",
        "Mn",
        "N",
        "Nd",
        "Nl",
        "No",
        "P",
        "Pc",
        "Pd",
        "Pe",
        "Pf",
        "Pi",
        "Po",
        "Ps",
        "S",
        "Sc",
        "Sk",
        "Sm",
        "So",
        "Z",
        "Zl",
        "Zp",
        "Zs",
        "C",
        "Cc",
        "Cf",
        "Co",
        "Any",
        "Arabic",
        "Armenian",
        "Bengali",
        "Common",
        "Cyrillic",
        "Devanagari",
        "Ethiopic",
        "Georgian",
        "Greek",
        "Gujarati",
        "Han",
        "Hangul",
        "Hebrew",
        "Hiragana",
        "Kannada",
        "Katakana",
        "Khmer",
        "Lao",
        "Latin",
        "Malayalam",
        "Mongolian",
        "Sinhala",
        "Tamil",
        "Telugu",
        "Thai",
        "Tibetan",
    )
)
_HEX = re.compile(r"\{\s*([0-9A-Fa-f]{1,6})\s*\}|([0-9A-Fa-f]{2})")
_UNICODE = re.compile(r"\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{4})")
_LONG_UNICODE = re.compile(r"\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{8})")
_OCTAL = re.compile(r"[0-7]{0,2}")
_LARGEST_CODE = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


class UntranslatableError(ValueError):
    """An expression that RE2 cannot say, with the reason as its text."""


class Cursor:
    """A place in a pattern."""

    __slots__ = ("at", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.text)

    def peek(self) -> str:
        """The next character, empty at the end."""
        return self.text[self.at : self.at + 1]

    def next(self) -> str:
        """The next character, which is passed; empty at the end."""
        self.at += 1
        return self.text[self.at - 1 : self.at]

    def take(self, text: str) -> bool:
        """Pass a text if it comes next."""
        if not self.text.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    def looks_at(self, pattern: re.Pattern[str]) -> bool:
        """Whether something like that comes next."""
        return pattern.match(self.text, self.at) is not None

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Pass what matches, if it comes next."""
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found


def escaped(text: str) -> str:
    """RE2 for exactly this text."""
    return "".join(map(_escaped_character, text))


def _escaped_character(character: str) -> str:
    if character in _META:
        return "\\" + character
    if character.isprintable() or character == " ":
        return character
    return f"\\x{{{ord(character):x}}}"


def percent_encoded(text: str) -> str:
    """A text as clients send it in a path: what has to be encoded is."""
    if text.isascii() and not _SENT_ENCODED.intersection(text):
        return text
    return "".join(
        character if character.isascii() and character not in _SENT_ENCODED else quote(character)
        for character in text
    )


def property_class(cursor: Cursor, letter: str) -> tuple[str, int]:
    r"""The class behind `\p` or `\P`, and its size.

    Raises:
        UntranslatableError: RE2 does not know it.
    """
    found = cursor.match(_PROPERTY)
    name = (found[2] or found[3]) if found else ""
    if found is None or name not in _CATEGORIES:
        raise UntranslatableError(f'RE2 does not know the class of characters after "\\{letter}"')
    negated = (letter == "P") != bool(found[1])
    return f"\\{'P' if negated else 'p'}{{{name}}}", _PROPERTY_SIZE


def hexadecimal(cursor: Cursor, letter: str, dialect: Dialect) -> int | None:
    r"""The number of a character that is written as one, behind `\x`, `\u`, `\U` or `\0`.

    Raises:
        UntranslatableError: the number is none.
    """
    if letter == "0" and dialect is not Dialect.RUST:
        found = cursor.match(_OCTAL)
        return int(found[0] or "0", 8) if found else 0
    if letter == "x":
        found = cursor.match(_HEX)
    elif letter in ("u", "U") and dialect is Dialect.RUST:
        found = cursor.match(_UNICODE if letter == "u" else _LONG_UNICODE)
    else:
        return None
    code = int(found[1] or found[2], 16) if found else -1
    if not 0 <= code <= _LARGEST_CODE or code in _SURROGATES:
        raise UntranslatableError(f'there is no character "\\{letter}" with that number')
    return code
