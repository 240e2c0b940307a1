"""Expressions of other dialects in Go's syntax."""

from __future__ import annotations

import pytest

from gal.exporters.traefik.regex import UntranslatableError, searched
from gal.model import Anchor, Dialect, Regex


@pytest.mark.parametrize(
    ("pattern", "dialect", "anchor", "text"),
    [
        ("/a.b", Dialect.RE2, Anchor.FULL, "^(?:/a.b)$"),
        ("/a|/b", Dialect.PCRE, Anchor.START, "^(?:/a|/b)"),
        ("a", Dialect.PCRE, Anchor.SEARCH, "a"),
        (r"(?<id>\d+)", Dialect.PCRE, Anchor.SEARCH, r"(?P<id>\d+)"),
        (r"\/a\-b", Dialect.PCRE, Anchor.SEARCH, "/a-b"),
        (r"\Qa.b\Ec", Dialect.PCRE, Anchor.SEARCH, r"a\.bc"),
        (r"[^\/]+?", Dialect.PCRE, Anchor.SEARCH, r"[^\/]+?"),
        (r"a{2,3}", Dialect.GO, Anchor.SEARCH, "a{2,3}"),
        ("a{b", Dialect.PCRE, Anchor.SEARCH, r"a\{b"),
        (r"a\Z", Dialect.PCRE, Anchor.SEARCH, "a$"),
    ],
)
def test_translated(pattern: str, dialect: Dialect, anchor: Anchor, text: str) -> None:
    assert searched(Regex(pattern, dialect, anchor)) == text


@pytest.mark.parametrize(
    "pattern",
    [
        *("(?=a)", "(?!a)", "(?<=a)", "(?>a)", "(?|a)", "(*UTF)", r"(a)\1", "a++", "a**", "*a"),
        *("(", "a)", "[a", "a{1001}", "[z-a]", r"\K", r"\g{1}", "a{3,2}"),
    ],
)
def test_refused(pattern: str) -> None:
    with pytest.raises(UntranslatableError):
        searched(Regex(pattern, Dialect.PCRE, Anchor.SEARCH))
