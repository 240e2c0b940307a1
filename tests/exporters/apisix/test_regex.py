"""Expressions of other syntaxes in PCRE."""

from __future__ import annotations

import pytest

from gal.exporters.apisix.regex import UntranslatableError, literal_start, searched, translate
from gal.model import Anchor, Dialect, Regex


@pytest.mark.parametrize(
    ("pattern", "dialect", "expected"),
    [
        (r"/a/[0-9]+", Dialect.RE2, r"/a/[0-9]+"),
        (r"a$|b", Dialect.GO, r"a\z|b"),
        (r"(?m)a$", Dialect.RE2, r"(?m)a$"),
        (r"a$", Dialect.PCRE, r"a$"),
        (r"\s\S", Dialect.RE2, r"[\t\n\f\r ][^\t\n\f\r ]"),
        (r"\s", Dialect.RUST, r"\s"),
        (r"[\s\d]", Dialect.GO, r"[\t\n\f\r \d]"),
        (r"\v", Dialect.RE2, r"\x0b"),
        (r"\Qa.b\E.", Dialect.RE2, r"a\.b."),
        (r"\x{41}\x42\101", Dialect.RE2, r"\x41\x42\x41"),
        (r"\x{e9}", Dialect.RE2, r"(?:\xc3\xa9)"),
        ("é+", Dialect.RE2, "(?:é)+"),
        (r"[[a]", Dialect.RE2, r"[\[a]"),
        (r"[]a]", Dialect.RE2, r"[\]a]"),
        (r"[[:alpha:]-]", Dialect.RE2, r"[[:alpha:]-]"),
        (r"a{,2}", Dialect.RE2, r"a\{,2}"),
        (r"a{2,}?", Dialect.RE2, r"a{2,}?"),
        (r"(?P<n>a)(?i:b)", Dialect.RE2, r"(?P<n>a)(?i:b)"),
        (r"(?u)a(?-u:b)", Dialect.RUST, r"a(?:b)"),
        (r"\<a\>", Dialect.RUST, r"\b(?=\w)a\b(?<=\w)"),
    ],
)
def test_translate(pattern: str, dialect: Dialect, expected: str) -> None:
    assert translate(Regex(pattern, dialect)) == expected


@pytest.mark.parametrize(
    ("pattern", "dialect"),
    [
        (r"\pL", Dialect.RE2),
        (r"[é]", Dialect.RE2),
        (r"[\x{e9}]", Dialect.GO),
        (r"a++", Dialect.RUST),
        (r"a**", Dialect.RUST),
        (r"[a&&b]", Dialect.RUST),
        (r"(?x)a b", Dialect.RUST),
        (r"(*FAIL)", Dialect.RE2),
        (r"\K", Dialect.RE2),
        (r"[a", Dialect.RE2),
    ],
)
def test_what_pcre_reads_otherwise(pattern: str, dialect: Dialect) -> None:
    with pytest.raises(UntranslatableError):
        translate(Regex(pattern, dialect))


@pytest.mark.parametrize(
    ("pattern", "anchor", "expected"),
    [
        ("/a", Anchor.FULL, r"^/a\z"),
        ("/a|/b", Anchor.FULL, r"^(?:/a|/b)\z"),
        ("(/a|/b)", Anchor.START, "^(/a|/b)"),
        ("^/a", Anchor.START, "^/a"),
        ("/a", Anchor.SEARCH, "/a"),
    ],
)
def test_anchors(pattern: str, anchor: Anchor, expected: str) -> None:
    assert searched(Regex(pattern, Dialect.RE2, anchor)) == expected


@pytest.mark.parametrize(
    ("pattern", "start"),
    [
        ("^/a/b[0-9]", "/a/b"),
        ("^/a/b?", "/a/"),
        ("^/a/b+", "/a/b"),
        (r"^/a\.b.*\z", "/a.b"),
        ("^/a|/b", "/"),
        ("^(?:/a|/b)", "/"),
        ("/a", "/"),
        ("^(?i)/a", "/"),
        ("^a", "/"),
    ],
)
def test_literal_start(pattern: str, start: str) -> None:
    assert literal_start(pattern) == start
