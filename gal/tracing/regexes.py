"""Trying a model's regular expression on a text, whatever dialect it is written in."""

from __future__ import annotations

import functools
import re
from importlib import import_module
from typing import Any

from gal.model import Anchor, Regex
from gal.tracing.inline_flags import around_groups

_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "digit": "0-9",
    "lower": "a-z",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_PLAIN = re.compile(r"(?:[A-Za-z0-9/_~-]|\\[./-])*")
_ESCAPED = re.compile(r"\\(.)")
_SPELLINGS = (
    (re.compile(r"\(\?<(?=[A-Za-z_])"), "(?P<"),
    (re.compile(r"\\z"), r"\\Z"),
    (re.compile(r"(?<!\\)\\C"), r"[\\s\\S]"),
    (re.compile(r"\\h"), r"[ \\t]"),
    (re.compile(r"\[:(\w+):\]"), lambda found: _POSIX.get(found[1], found[0])),
)


@functools.lru_cache(maxsize=4096)
def compiled(regex: Regex) -> re.Pattern[str] | None:
    """The expression for Python, None when Python has nothing like it."""
    pattern = around_groups(regex.pattern)
    for spelling, instead in _SPELLINGS:
        pattern = spelling.sub(instead, pattern)
    try:
        return re.compile(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError):
        return None


def tree_of(pattern: re.Pattern[str]) -> Any:
    """What Python's own parser reads of an expression: `SubPattern` of `re._parser` (of `sre_parse`
    in Python 3.10), a tree of operations with the flags.

    Raises:
        re.error: it is none.
        RecursionError: it is too deep.
        OverflowError: it counts too far.
    """
    parser: Any = import_module("re._parser" if hasattr(re, "_parser") else "sre_parse")
    return parser.parse(pattern.pattern, pattern.flags)


def found_in(regex: Regex, text: str) -> re.Match[str] | None:
    """Where the expression matches a text, by its anchoring; None where it does not, or where it
    cannot be tried.
    """
    pattern = compiled(regex)
    if pattern is None:
        return None
    if regex.anchor is Anchor.FULL:
        return pattern.fullmatch(text)
    return pattern.match(text) if regex.anchor is Anchor.START else pattern.search(text)


def literal_start(regex: Regex) -> str:
    """Plain text with which everything starts that the expression matches; empty in doubt."""
    pattern = regex.pattern
    anchored = regex.anchor is not Anchor.SEARCH or pattern.startswith("^")
    if not anchored or "|" in pattern or "(?" in pattern:
        return ""
    found = _PLAIN.match(pattern.removeprefix("^"))
    if found is None:
        return ""
    follows = pattern.removeprefix("^")[found.end() : found.end() + 1]
    text = _ESCAPED.sub(r"\1", found[0])
    return text[:-1] if follows in ("*", "?", "{", "+") else text
