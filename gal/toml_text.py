"""Plain data as TOML 1.0 (https://toml.io/en/v1.0.0), for gateways that read it.

Tables come in the order of the data, each with its plain values first, as TOML has no way to come
back to a table after another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gal.errors import UsageError

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
    '"': '\\"',
    "\\": "\\\\",
}
_CONTROL = re.compile(r'[\x00-\x1f\x7f"\\]')


def toml_text(data: dict[str, Any]) -> str:
    """The text of a mapping; it ends with a line break, and keys whose value is None are left out.

    Raises:
        UsageError: a value has no spelling in TOML: a number too large for 64 bits.
    """
    return "".join(f"{line}\n" for line in _table((), data)).lstrip("\n")


def _table(path: tuple[str, ...], data: dict[str, Any]) -> Iterator[str]:
    plain = {key: value for key, value in data.items() if not _is_table(value)}
    tables = {key: value for key, value in data.items() if _is_table(value)}
    for key, value in plain.items():
        if value is not None:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in tables.items():
        below = (*path, key)
        head = ".".join(map(_key, below))
        if isinstance(value, dict):
            if not value or any(not _is_table(one) for one in value.values()):
                yield ""
                yield f"[{head}]"
            yield from _table(below, value)
            continue
        for item in value:
            yield ""
            yield f"[[{head}]]"
            yield from _table(below, item)


def _is_table(value: Any) -> bool:
    """Whether a value stands in a table of its own, or in several."""
    if isinstance(value, dict):
        return True
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _string(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise UsageError(f"TOML has no number as large as {value}")
        return str(value)
    if isinstance(value, float):
        text = repr(value)
        return text if text[-1] in "fn" or set(text) & set(".e") else f"{text}.0"
    if isinstance(value, list):
        return f"[{', '.join(_value(one) for one in value if one is not None)}]"
    if isinstance(value, dict):
        pairs = [f"{_key(key)} = {_value(one)}" for key, one in value.items() if one is not None]
        return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
    return _string(str(value))


def _string(text: str) -> str:
    if "{{" in text and text.isprintable() and "'" not in text:
        return f"'{text}'"  # a template's own quotes and backslashes stay as they are
    return f'"{_CONTROL.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04X}"
