"""Flags inside of expressions hold to the end of their group."""

from __future__ import annotations

import re

import pytest

from gal.model import Anchor, Dialect, Regex
from gal.tracing.inline_flags import around_groups
from gal.tracing.regexes import found_in


@pytest.mark.parametrize(
    ("pattern", "same"),
    [
        ("/a.*", "/a.*"),
        ("(?i)a", "(?i:a)"),
        ("a(?i)b", "a(?i:b)"),
        ("a(?i)b|c", "a(?i:b)|(?i:c)"),
        ("(a(?i)b|c)d", "(a(?i:b)|(?i:c))d"),
        ("(?i)a(?-i)b", "(?i:a(?-i:b))"),
        ("(?s)(?i)a.b", "(?s:(?i:a.b))"),
        ("(?:(?i)a)b", "(?:(?i:a))b"),
        (r"[(?i)]\(?i)", r"[(?i)]\(?i)"),
        (r"(?i)[]a|(]|b", r"(?i:[]a|(])|(?i:b)"),
        (r"\Qa.b|\E(?i)c", r"a\.b\|(?i:c)"),
        (r"\Qa.", r"a\."),
        ("()(?i)", "()(?i:)"),
    ],
)
def test_around_groups(pattern: str, same: str) -> None:
    assert around_groups(pattern) == same
    if same != r"[(?i)]\(?i)":  # which no engine takes
        re.compile(same)


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("/x/(?i)admin", "/x/ADMIN", True),
        ("/x/(?i)admin", "/X/admin", False),
        ("/(?:(?i)a)b", "/Ab", True),
        ("/(?:(?i)a)b", "/AB", False),
        ("/a(?i)b|/c", "/C", True),
        (r"/\Qa+b\E", "/a+b", True),
    ],
)
def test_what_is_matched(pattern: str, text: str, matches: bool) -> None:
    regex = Regex(pattern, Dialect.RE2, Anchor.FULL)
    assert (found_in(regex, text) is not None) is matches
