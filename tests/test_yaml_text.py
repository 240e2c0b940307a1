"""YAML as it is written: read back by every reader as the same data, in PyYAML's own layout."""

from __future__ import annotations

import re
import string
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gal.reading import Placeholder, Verbatim, read_documents
from gal.yaml_text import yaml_text

WRITTEN: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "{}\n"),
    "plain": ({"a": "b", "c": "d e", "f": "g:h"}, "a: b\nc: d e\nf: g:h\n"),
    "numbers": ({"a": 1, "b": 1.5, "c": True, "d": None}, "a: 1\nb: 1.5\nc: true\nd: null\n"),
    "texts that look like numbers": ({"a": "1", "b": "1.10"}, "a: '1'\nb: '1.10'\n"),
    "texts that look like booleans": (
        {"a": "on", "b": "y", "y": "No"},
        "a: 'on'\nb: 'y'\n'y': 'No'\n",
    ),
    "templates": ({"a": "b{{ c }}", "d": "{{ 'e' }}"}, "a: 'b{{ c }}'\nd: '{{ ''e'' }}'\n"),
    "nested": ({"a": {"b": {"c": "d"}}}, "a:\n  b:\n    c: d\n"),
    "lists": ({"a": ["b", ["c", "d"]]}, "a:\n- b\n- - c\n  - d\n"),
    "lists of mappings": ({"a": [{"b": "c", "d": [1]}]}, "a:\n- b: c\n  d:\n  - 1\n"),
    "empty ones": ({"a": [], "b": {}, "c": [{}], "d": ""}, "a: []\nb: {}\nc:\n- {}\nd: ''\n"),
    "text in lines": ({"a": "b\n  c\n\nd\n"}, "a: |\n  b\n    c\n\n  d\n"),
    "text without a last line break": ({"a": ["b\nc"]}, "a:\n- |-\n  b\n  c\n"),
    "text with several": ({"a": "b\n\n", "c": "d"}, "a: |+\n  b\n\nc: d\n"),
    "text that starts with a space": ({"a": " b\nc"}, 'a: " b\\nc"\n'),
    "placeholders": ({"a": Placeholder("${PORT}"), "b": "${HOST}"}, "a: ${PORT}\nb: ${HOST}\n"),
    "as it stood": ({"a": Verbatim("1.10"), "b": Verbatim("on")}, "a: 1.10\nb: on\n"),
    "colons and hashes": ({"a": "b: c", "d": "e #f", "g": "h:"}, "a: 'b: c'\nd: 'e #f'\ng: 'h:'\n"),
    "a very long key": ({"a": {"k" * 1001: {"b": "c"}}}, f"a:\n  ? {'k' * 1001}\n  :\n    b: c\n"),
    "dots at the end": ({"a": "x?...", "b": "...", "c": "-..."}, "a: x?...\nb: '...'\nc: -...\n"),
    "quotes": ({"a": "it's", "b": '"c"'}, "a: it's\nb: '\"c\"'\n"),
}


@pytest.mark.parametrize(("data", "text"), WRITTEN.values(), ids=WRITTEN)
def test_text(data: dict[str, Any], text: str) -> None:
    assert yaml_text(data) == text


TEXTS = st.text(string.printable + "äß€\u2028\x85\ufeff😀\t\x07", max_size=20) | st.sampled_from(
    [
        "yes",
        "No",
        "~",
        "null",
        "0x1f",
        "1_000",
        "1:30",
        "=",
        "<<",
        "2001-01-01",
        "-",
        "- a",
        "?",
        "",
    ]
)
SCALARS = (
    TEXTS
    | st.integers()
    | st.booleans()
    | st.none()
    | st.floats(allow_nan=False, allow_infinity=False)
)
DATA = st.dictionaries(
    TEXTS,
    st.recursive(
        SCALARS,
        lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXTS, below, max_size=3),
        max_leaves=12,
    ),
    max_size=4,
)


@given(DATA)
@settings(max_examples=500, deadline=None)
def test_read_back(data: dict[str, Any]) -> None:
    text = yaml_text(data)
    assert yaml.load(text, yaml.CSafeLoader) == data
    assert yaml.safe_load(text) == data
    assert read_documents(text, "f.yaml")[0].root.plain() == data


PLAIN = st.text(string.ascii_letters + string.digits + " .:/_-#'", min_size=1, max_size=12)
ORDINARY = st.dictionaries(
    PLAIN,
    st.recursive(
        PLAIN | st.integers() | st.booleans(),
        lambda below: st.lists(below, max_size=3) | st.dictionaries(PLAIN, below, max_size=3),
        max_leaves=12,
    ),
    min_size=1,
    max_size=4,
)


@given(ORDINARY)
@settings(max_examples=300, deadline=None)
def test_pyyamls_own_layout(data: dict[str, Any]) -> None:
    options: dict[str, Any] = {"sort_keys": False, "default_flow_style": False, "width": 2**31 - 1}
    dumped = yaml.dump(data, Dumper=yaml.CSafeDumper, **options)
    bare = set("yYnN") & set(re.findall(r"\w+", dumped))  # the words that PyYAML leaves bare
    assert bare or yaml_text(data) == dumped
