"""Parameters and header values that are there several times."""

from __future__ import annotations

import re

import pytest

from gal.queries import each_value, holds


@pytest.mark.parametrize(
    ("name", "values", "query", "found"),
    [
        ("a", ["1"], "a=1", True),
        ("a", ["1"], "b=2&a=1", True),
        ("a", ["1"], "a=2&a=1&c", True),
        ("a", ["1"], "%61=%31", True),
        ("a", ["1"], "aa=1", False),
        ("a", ["1"], "a=11", False),
        ("a", ["1", "2"], "a=2", True),
        ("a b", ["c d"], "a+b=c%20d", True),
        ("a", [""], "a", True),
        ("a", [""], "a=", True),
        ("a", [""], "a=1", False),
        ("a.b", ["1"], "axb=1", False),
    ],
)
def test_holds(name: str, values: list[str], query: str, found: bool) -> None:
    assert (re.search(holds(name, values), query) is not None) is found


@pytest.mark.parametrize(
    ("condition", "each"),
    [
        (["==", "a"], ["~~", r"(?:^|, )(?:a)(?:, |\z)"]),
        (["==", "a.b"], ["~~", r"(?:^|, )(?:a\.b)(?:, |\z)"]),
        (["in", ["a", "b"]], ["~~", r"(?:^|, )(?:a|b)(?:, |\z)"]),
        (["~~", "^a$"], ["~~", "(?:^|, )a(?:, |$)"]),
        (["~*", r"^a\z"], ["~*", r"(?:^|, )a(?:, |\z)"]),
        (["~~", "a"], None),
        (["~~", "^[^a]$"], None),
        (["!", "~~", "^a$"], None),
        ([">", 1], None),
    ],
)
def test_each_value(condition: list[object], each: list[object] | None) -> None:
    assert each_value(condition) == each
