r"""Regular expressions in the syntax of Kong's router."""

from __future__ import annotations

import pytest

from gal.exporters.kong.regex import UntranslatableError, from_start, literal_prefix, translate
from gal.model import Anchor, Dialect, Regex


@pytest.mark.parametrize(
    ("pattern", "dialect", "expected"),
    [
        (r"/\d+", Dialect.RUST, r"/\d+"),
        (r"/\d+", Dialect.PCRE, "/[0-9]+"),
        (r"/\D\W", Dialect.RE2, "/[^0-9][^0-9A-Za-z_]"),
        (r"/[\w-]+", Dialect.PCRE, "/[0-9A-Za-z_-]+"),
        ("/[[a]", Dialect.PCRE, r"/[\[a]"),
        ("/a{", Dialect.PCRE, r"/a\{"),
        ("/a{2,}", Dialect.PCRE, "/a{2,}"),
        (r"/\Qa.b\E/c", Dialect.RE2, r"/a\.b/c"),
        ("/(?<id>a)(?:b)", Dialect.PCRE, "/(?<id>a)(?:b)"),
        (r"\A/a\z", Dialect.GO, "^/a$"),
        ("/[[:alpha:]]", Dialect.PCRE, "/[[:alpha:]]"),
        (r"/\/", Dialect.PCRE, r"/\/"),
    ],
)
def test_translate(pattern: str, dialect: Dialect, expected: str) -> None:
    assert translate(Regex(pattern, dialect)) == expected


@pytest.mark.parametrize("pattern", ["/(?=a)", "/(?<!a)", r"/(a)\1", "/a++", "/(?>a)", r"/\K"])
def test_what_the_router_has_not(pattern: str) -> None:
    with pytest.raises(UntranslatableError):
        translate(Regex(pattern, Dialect.PCRE))


@pytest.mark.parametrize(
    ("pattern", "anchor", "expected"),
    [
        ("/a", Anchor.START, "/a"),
        ("/a", Anchor.FULL, "/a$"),
        ("/a$", Anchor.FULL, "/a$"),
        ("^/a$", Anchor.FULL, "/a$"),
        ("/a|/b", Anchor.FULL, "/{0}(?:/a|/b)$"),
        ("/(a|b)", Anchor.START, "/(a|b)"),
        (".*a", Anchor.START, "/{0}(?:.*a)"),
        ("/?a", Anchor.START, "/{0}(?:/?a)"),
        ("a", Anchor.SEARCH, "/{0}(?s:.*?)(?:a)"),
    ],
)
def test_anchoring(pattern: str, anchor: Anchor, expected: str) -> None:
    assert from_start(Regex(pattern, Dialect.RE2, anchor)) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("/a/b.c", "/a/b"), ("/ab*", "/a"), ("/a|/b", "/"), (".*", "/"), ("^/a/(?:b)", "/a/")],
)
def test_literal_prefix(pattern: str, expected: str) -> None:
    assert literal_prefix(Regex(pattern)) == expected


@pytest.mark.parametrize(
    ("pattern", "anchor", "expected"),
    [
        ("/a", Anchor.START, "/a"),
        ("^/a|/b", Anchor.SEARCH, "/a|/b"),
        ("/a|/b", Anchor.SEARCH, "/{0}(?s:.*?)(?:/a|/b)"),
        ("/a|/b", Anchor.START, "/{0}(?:/a|/b)"),
    ],
)
def test_of_alternatives_kong_anchors_the_first_only(
    pattern: str, anchor: Anchor, expected: str
) -> None:
    assert from_start(Regex(pattern, Dialect.RUST, anchor)) == expected
