"""What an unquoted word means: null, boolean, number or string.

Kinds follow the core schema of YAML 1.2. YAML 1.1, which PyYAML and many Go programs still read,
takes more words for booleans and numbers; `is_stable` tells the spellings that mean one thing to
both.
"""

from __future__ import annotations

import re

__all__ = [
    "FALSE",
    "NULL",
    "OLD_FALSE",
    "OLD_TRUE",
    "TRUE",
    "Verbatim",
    "is_stable",
    "parse_number",
    "plain_value",
    "scalar_kind",
    "stable_text",
]

NULL = frozenset(("", "~", "null", "Null", "NULL"))
TRUE = frozenset(("true", "True", "TRUE"))
FALSE = frozenset(("false", "False", "FALSE"))
OLD_TRUE = frozenset(("yes", "Yes", "YES", "on", "On", "ON"))
OLD_FALSE = frozenset(("no", "No", "NO", "off", "Off", "OFF"))
_OLD_BOOLEANS = OLD_TRUE | OLD_FALSE | frozenset("yYnN")

_WORDS = NULL | TRUE | FALSE | _OLD_BOOLEANS
_LEADS = frozenset("0123456789+-.")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_PADDED = re.compile(r"[-+]?0[0-9_]+")
_PLAIN_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,4000}")
_OLD_SPECIAL = re.compile(
    r"[-+]?0b[01_]+|[-+]?0x[0-9a-fA-F_]+|[-+]?[0-9][0-9_]*"  # integers
    r"|[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"  # base 60
    r"|[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?(?:[Tt\s].*)?"  # dates
    r"|[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
)
_LONGEST_INTEGER = 4000
"""Digits that are still read as a number; Python refuses somewhat more."""


class Verbatim(str):
    """An unquoted scalar whose spelling readers disagree on, such as `on`, `0123` or `1.10`.

    A writer emits it unquoted, exactly as it stood.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Verbatim({str.__repr__(self)})"


def plain_value(text: str) -> str | int | float | bool | None:
    """The value of an unquoted scalar, `Verbatim` where readers disagree on its spelling."""
    if text[:1].isalpha() and text not in _WORDS:
        return text
    kind = scalar_kind(text)
    if kind == "null":
        return None
    if not is_stable(text, kind):
        return Verbatim(text)
    if kind == "string":
        return text
    return text == "true" if kind == "boolean" else parse_number(text)


def scalar_kind(text: str) -> str:
    """Kind of an unquoted scalar: `null`, `boolean`, `integer`, `number` or `string`.

    A decimal number with leading zeros counts as a string: half of all readers take it for octal.
    """
    if text in NULL:
        return "null"
    if text[0] in _LEADS:
        if _INTEGER.fullmatch(text):
            return "string" if _PADDED.fullmatch(text) else "integer"
        return "number" if _FLOAT.fullmatch(text) else "string"
    return "boolean" if text in TRUE or text in FALSE else "string"


def parse_number(text: str) -> int | float | None:
    """The value of a scalar of kind `integer` or `number`; None when it has too many digits."""
    if not _INTEGER.fullmatch(text):
        # Only the words for infinity and "not a number" hold an n, behind a dot.
        return float(text.replace(".", "") if "n" in text.lower() else text)
    if len(text) > _LONGEST_INTEGER:
        return None
    return int(text, {"0x": 16, "0o": 8}.get(text[:2], 10))


def stable_text(value: int | float) -> str:
    """The spelling of a number that every YAML reader takes for that number."""
    if isinstance(value, int):
        return str(int(value))
    text = repr(value)
    if "e" in text and "." not in text:
        text = text.replace("e", ".0e")
    return {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(text, text)


def is_stable(text: str, kind: str) -> bool:
    """Whether YAML 1.1 and 1.2 agree on this unquoted text, and spell its value like that."""
    if kind == "integer":
        return _PLAIN_INTEGER.fullmatch(text) is not None
    if kind == "boolean":
        return text in ("true", "false")
    if kind == "number":
        return "n" not in text.lower() and text == stable_text(float(text))
    if text in _OLD_BOOLEANS or text in ("=", "<<"):
        return False
    return text[0] not in _LEADS or _OLD_SPECIAL.fullmatch(text) is None
