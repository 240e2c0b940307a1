"""Texts that expressions match."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gal.model import Anchor, Dialect, Regex
from gal.tracing.regexes import found_in
from gal.verify.sample import sample


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("/orders/[0-9]+", "/orders/0"),
        ("^/a(b|c)d?$", "/ab"),
        ("/x/(?<id>[^/]+)/y", "/x/x/y"),
        (r"\d{3}-\w+", "777-w"),
        ("(?i)abc", "abc"),
        (r"(a|b)\1", "aa"),
        ("[[:digit:]]x", "0x"),
    ],
)
def test_sample(pattern: str, text: str) -> None:
    assert sample(Regex(pattern, Dialect.PCRE, Anchor.FULL)) == text


@pytest.mark.parametrize("pattern", ["(", "a(?=b)c", r"\p{Greek}"])
def test_no_sample(pattern: str) -> None:
    assert sample(Regex(pattern)) is None


PIECES = st.sampled_from(["a", "[0-9]", "[^/]", r"\d", r"\w", ".", "(a|bc)", "x?", "y+", "z{2,3}"])


@given(st.lists(PIECES, max_size=6).map("".join))
def test_a_sample_is_matched(pattern: str) -> None:
    text = sample(Regex(pattern))
    assert text is not None
    assert re.fullmatch(pattern, text)
    assert found_in(Regex(pattern), text)
