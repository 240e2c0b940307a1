"""Values as reports show them: short, on one line, and without secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from gal.model import ModelNode, Regex, Secret
from gal.reading import is_placeholder

NONE: Final = "none"
_MOST: Final = 120
_SECRET_NAME: Final = re.compile(
    r"(?i)pass(?:word|wd|phrase)?\b|passw|pwd|secret|token|credential|private|api[-_.]?key|apikey"
    r"|auth(?!or)|cookie|signature|(?:^|[-_.])key$|\bjwks$|\bcert|\bpem|session"
)
_LONG_WORD: Final = re.compile(r"(?=\S*[A-Za-z])(?=\S*\d)[A-Za-z0-9+/=_\-.]{20,}|-----BEGIN")
_PLAIN_WORD: Final = re.compile(r"[a-z][a-z_-]{0,19}|[A-Z]{3,7}")


_FREE: Final = frozenset({"jwks", "public_key", "body", "message", "realm", "certificate"})
"""Texts of the model in which a secret may stand; its own secrets have a type."""


def fingerprint(text: str) -> str:
    """A short stable mark instead of a text that may be secret; a placeholder is none and stays."""
    return text if is_placeholder(text) else str(Secret(text))


def shown_value(name: str, text: str) -> str:
    """A text under a name, such as a header's value; a fingerprint where it may be a secret."""
    if is_placeholder(text):
        return cut(text)
    if _SECRET_NAME.search(name) or _LONG_WORD.search(text):
        return fingerprint(text)
    return cut(without_userinfo(text))


def shown_opaque(name: str, value: Any) -> str:
    """A leaf of data that the model does not know. Only plain words and numbers are shown: of
    anything else nobody can say whether it is secret.
    """
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if is_placeholder(text):
        return cut(text)
    plain = isinstance(value, (int, float)) or _PLAIN_WORD.fullmatch(text) is not None
    return text if plain and not _SECRET_NAME.search(name) else fingerprint(text)


def without_userinfo(text: str) -> str:
    """A URL without name and password; any other text as it is."""
    if "://" not in text or "@" not in text:
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        return fingerprint(text)
    if "@" not in parts.netloc:
        return text
    return urlunsplit(parts._replace(netloc="***@" + parts.netloc.rpartition("@")[2]))


def cut(text: str) -> str:
    """A text on one line of bounded length, without control characters."""
    line = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
    return line if len(line) <= _MOST else f"{line[: _MOST - 3]}..."


def shown(name: str, value: Any) -> str:
    """A field of the model as text; "none" where it is unset or empty."""
    if value is None or value in ([], {}):
        return NONE
    if isinstance(value, Secret):
        return fingerprint(value.reveal())
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Regex):
        return cut(value.pattern)
    if isinstance(value, (list, tuple, set, frozenset)):
        return joined(shown(name.removesuffix("s"), one) for one in value)
    if isinstance(value, dict):
        return joined(f"{key}={_inner(str(key), one)}" for key, one in value.items())
    if isinstance(value, ModelNode):
        from gal.drift.normalise import flat

        leaves = ((key, one) for key, one in flat(value).items() if one not in (None, [], {}))
        return cut(" ".join(f"{key}={shown(key, one)}" for key, one in leaves))
    if isinstance(value, str):
        last = name.rpartition(".")[2]
        return shown_value(last, value) if last in _FREE else cut(without_userinfo(value))
    return cut(str(value))


def _inner(name: str, value: Any) -> str:
    """A value of a mapping whose names somebody chose: headers, fields of bodies."""
    if isinstance(value, str):
        return shown_value(name, value)
    if isinstance(value, (list, tuple)):
        return joined(_inner(name, one) for one in value)
    if isinstance(value, dict):
        return joined(f"{key}={_inner(str(key), one)}" for key, one in value.items())
    return shown(name, value)


def joined(texts: Iterable[str]) -> str:
    """Several texts as one, in their order."""
    return cut(", ".join(texts)) or NONE
