"""TOML that is read back as what was written."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gal.errors import UsageError
from gal.toml_text import toml_text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

KEYS = st.text(min_size=1, max_size=5)
SCALARS = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
)
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(KEYS.filter(lambda key: key.isprintable()), VALUES, max_size=4))
def test_it_is_read_back(data: dict[str, Any]) -> None:
    assert tomllib.loads(toml_text(data)) == data


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"a": 1, "b": "x"}, 'a = 1\nb = "x"\n'),
        ({"a": {"b": 1}, "c": 2}, "c = 2\n\n[a]\nb = 1\n"),
        ({"a": {"b": {"c": 1}}}, "[a.b]\nc = 1\n"),
        ({"a": [{"b": 1}, {"b": 2}]}, "[[a]]\nb = 1\n\n[[a]]\nb = 2\n"),
        ({"a b": {"c.d": "e\n"}}, '["a b"]\n"c.d" = "e\\n"\n'),
        ({"a": [1, "b", True]}, 'a = [1, "b", true]\n'),
        ({"a": 'x{{ env "A" }}'}, "a = 'x{{ env \"A\" }}'\n"),
        ({"a": {}}, "[a]\n"),
        ({"a": None}, ""),
        ({"a": [1, {"b": 2}]}, "a = [1, { b = 2 }]\n"),
    ],
)
def test_spelling(data: dict[str, Any], text: str) -> None:
    assert toml_text(data) == text


def test_a_number_that_is_too_large() -> None:
    with pytest.raises(UsageError, match="as large"):
        toml_text({"a": 2**63})
