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
_SECRETS: Final = re.compile(r"(?i)passw|secret|token|credential|private|cookie")
"""Names of what may hold secrets, whatever these are called in it."""

_DEFAULT: Final = re.compile(r"(\$\{\{?\s*\w+\s*:?[-=])([^}]*)")
"""The start of a placeholder with a default, and the default."""

_LONG_WORD: Final = re.compile(r"(?=\S*[A-Za-z])(?=\S*\d)[A-Za-z0-9+/=_\-.]{20,}|-----BEGIN")
_PLAIN: Final = re.compile(
    r"[a-z][a-z_-]{0,19}|[A-Z]{2,16}(?:_[A-Z]{2,16}){0,4}"  # words, and names of enumerations
    r"|(?:[A-Z][a-z]{1,15}|[a-z]{2,15})(?:[A-Z][a-z]{2,15}){1,4}"
    r"|(?:\d{1,12}(?:\.\d{1,9})?(?:ns|us|ms|s|m|h|d)){1,4}"  # durations
    r"|\d{1,12}(?:\.\d{1,3})?\s?(?:B|[kKMG]i?B?|%)"  # sizes and shares
    r"|(?:Version)?(?:TLS|SSL)v?[\d._]{1,4}"
    r"|\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2}|:\d{1,5})?|:\d{1,5}"  # addresses
    r"|(?:/[a-z][a-z_.-]{0,15}){1,5}/?|/"  # paths
)
"""Texts that nobody takes for a secret: without digits among letters, or of a known form."""

_LENGTH: Final = re.compile(
    r"(?i)(?:ttl|timeout|interval|lifetime|duration|age|period|window|size|limit|count|max|min"
    r"|seconds|delay|expiry|expires|expiration)(?:_(?:in_)?(?:ms|s|sec|seconds|bytes))?"
)

_FREE: Final = frozenset({"jwks", "public_key", "body", "message", "realm", "certificate"})
"""Texts of the model in which a secret may stand; its own secrets have a type."""


def fingerprint(text: str) -> str:
    """A short stable mark instead of a text that may be secret; a placeholder is none and stays,
    but for a default in it.
    """
    return without_default(text) if is_placeholder(text) else str(Secret(text))


def without_default(text: str) -> str:
    """A placeholder with a mark instead of its default, such as `${KEY:-...}` has one."""

    def masked(found: re.Match[str]) -> str:
        return f"{found[1]}{Secret(found[2])}" if found[2] else found[0]

    return _DEFAULT.sub(masked, text)


def shown_value(name: str, text: str) -> str:
    """A text under a name, such as a header's value; a fingerprint where it may be a secret."""
    if is_placeholder(text):
        return cut(without_default(text) if _SECRET_NAME.search(name) else text)
    if _SECRET_NAME.search(name) or _LONG_WORD.search(text):
        return fingerprint(text)
    return cut(without_userinfo(text))


def shown_opaque(name: str, value: Any) -> str:
    """A leaf of data that the model does not know. Only plain words, numbers, durations, and the
    like are shown: of anything else nobody can say whether it is secret.

    Args:
        name: its dotted name; the last steps tell whether it may be a secret.
        value: a scalar.
    """
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if is_placeholder(text):
        return cut(without_default(text))
    number = isinstance(value, (int, float)) or text.isdigit()
    plain = isinstance(value, (int, float)) or _PLAIN.fullmatch(text) is not None
    *outer, last = [one for one in name.split(".") if not one.isdigit()] or [""]
    measured = _LENGTH.search(last) is not None and (number or text[:1].isdigit())
    secret = not measured and (
        _SECRET_NAME.search(last) is not None or any(map(_SECRETS.search, outer[-2:]))
    )
    return text if plain and not secret else fingerprint(text)


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
