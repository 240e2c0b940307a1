"""What an expression holds that an engine does not know, and plain texts that look like one."""

from __future__ import annotations

import re

from gal.model import Dialect
from gal.reading import is_placeholder

_TOKEN = re.compile(
    r"\\Q[\s\S]*?(?:\\E|\Z)|\\[\s\S]|\[\^?\]?(?:\\[\s\S]|\[:\^?\w+:\]|[^\]\\])*\]"
    r"|\(\?(?:<?[=!]|>|P[=>]|[|&(R#]|[+-]?\d)|[*+?}][+]|[\s\S]"
)
_GROUPS = {
    "(?=": "looking ahead",
    "(?!": "looking ahead",
    "(?<=": "looking back",
    "(?<!": "looking back",
    "(?>": "groups that are not entered again",
    "(?P=": "references back",
    "(?P>": "calls of groups",
    "(?#": "comments in groups",
}
_LINEAR = frozenset({Dialect.RUST, Dialect.RE2, Dialect.GO})
_POSSESSIVE = frozenset({"*+", "++", "?+", "}+"})
_SIGNS = (
    re.compile(r"\\[dwsDWSbB]"),
    re.compile(r"\[[^\]/]+\]"),
    re.compile(r"\.[*+]"),
    re.compile(r"\([^)]*\|[^)]*\)|\(\?|\([^)]*\)[*+?]"),
    re.compile(r"[\])}][*+?]"),
    re.compile(r"[^/]\$\Z"),
    re.compile(r"\A\^|\\[./-]"),
)
_TEMPLATE = re.compile(r"/(?:\{[A-Za-z_][A-Za-z0-9_]*(?::[^}/]*)?\}|<[A-Za-z_][A-Za-z0-9_]*>)")


def unknown_part(pattern: str, dialect: Dialect) -> tuple[str, str] | None:
    """The first part of an expression that the engine refuses, and what it is; None where nothing
    is seen. Only engines without backtracking refuse any.
    """
    if dialect not in _LINEAR or is_placeholder(pattern):
        return None
    for found in _TOKEN.finditer(pattern):
        token = found[0]
        if token in _GROUPS:
            return token, _GROUPS[token]
        if len(token) == 2 and token[0] == "\\" and token[1] in "123456789":
            return token, "references back"
        if token == "\\Z":
            return token, "this end of the text (write $)"
        if token in _POSSESSIVE and dialect is not Dialect.RUST:
            return token, "repetitions that give nothing back"
    return None


def looks_like_expression(text: str) -> bool:
    """Whether a plain text is written like an expression."""
    return not is_placeholder(text) and any(sign.search(text) for sign in _SIGNS)


def looks_like_template(text: str) -> bool:
    """Whether a plain path holds a segment such as `{id}`."""
    return not is_placeholder(text) and _TEMPLATE.search(text) is not None
