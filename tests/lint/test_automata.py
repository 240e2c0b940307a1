"""What expressions can match is found out without running them."""

from __future__ import annotations

import re
import time

import pytest

from gal.lint.automata import matched_by
from gal.model import Anchor, Dialect, Regex

EVIL = [Regex(r"https?://[a-z0-9.-]+[.]evil[.]invalid")]
PCRE = Dialect.PCRE


@pytest.mark.parametrize(
    ("pattern", "anchor", "expected"),
    [
        (r"https://a\.test", Anchor.SEARCH, "https://a.test.evil.invalid"),
        (r"https://a\.test", Anchor.START, "https://a.test.evil.invalid"),
        (r"https://a\.test", Anchor.FULL, None),
        (r"https://a\.test$", Anchor.SEARCH, None),
        (r"^https://a\.test|https://b\.test$", Anchor.SEARCH, "https://a.test.evil.invalid"),
        (r"^(https://a|https://b)\.test$", Anchor.SEARCH, None),
        (r"(?i)^HTTPS://A\.TEST", Anchor.SEARCH, "https://a.test.evil.invalid"),
        (r"HTTPS://A\.TEST", Anchor.SEARCH, None),
        (r"https://[^.]+\.test(:\d+)?", Anchor.FULL, None),
        (r"https://\w{1,3}\.test\S*", Anchor.FULL, "https://a.test.evil.invalid"),
        (r"https://a\.test(?!\.)", Anchor.SEARCH, None),
        (r"(a)\1", Anchor.SEARCH, None),
        (r"[", Anchor.SEARCH, None),
    ],
)
def test_a_text_that_both_match(pattern: str, anchor: Anchor, expected: str | None) -> None:
    assert matched_by(Regex(pattern, PCRE, anchor), EVIL) == expected


@pytest.mark.parametrize(
    "pattern",
    [
        "((.+)+)+x",
        "(a?){1000}a{1000}",
        "((a{1000}){1000}){1000}",
        "(.*){60}y",
        "(" * 500 + "a" + ")*" * 500,
        "([a-z0-9.:/-]{0,500}){5}",
    ],
    ids=lambda pattern: pattern[:20],
)
def test_a_hostile_expression_takes_no_time(pattern: str) -> None:
    before = time.perf_counter()
    matched_by(Regex(pattern, PCRE, Anchor.SEARCH), EVIL)
    assert time.perf_counter() - before < 2


@pytest.mark.parametrize(
    "pattern",
    [
        r"^https://([a-z]+\.)*shop\.test$",
        r"https?://(a|b|cc)+\.test(:[0-9]{2,4})?",
        r"(https|http)://[^/:]+\.(com|net)",
        r"https://.*[0-9]$",
    ],
)
def test_what_is_found_is_matched(pattern: str) -> None:
    anywhere = [Regex(r"[a-z]+://[a-z0-9.-]+(:[0-9]+)?")]
    found = matched_by(Regex(pattern, PCRE, Anchor.SEARCH), anywhere)
    assert found is not None
    assert re.search(pattern, found)
    assert re.fullmatch(anywhere[0].pattern, found)
