"""Reading fields of a mapping."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from gal.errors import InputError
from gal.reading import Mapping, read_documents
from tests.reading.helpers import place, root

TEXT = """\
name: on
port: 80
ratio: 1.5
strip: no
none: ~
tags: [a, 1.10]
routes: [{a: 1}, {b: 2}]
tls: {a: 1}
200: ok
"""


@pytest.mark.parametrize(
    ("method", "arguments", "value"),
    [
        ("take_str", ("name",), "on"),
        ("take_str", ("port",), "80"),
        ("take_str", ("none",), None),
        ("take_str", ("gone",), None),
        ("take_str", ("gone", "x"), "x"),
        ("take_str", ("none", "x"), "x"),
        ("take_str", ("200",), "ok"),
        ("require_str", ("name",), "on"),
        ("take_int", ("port",), 80),
        ("take_int", ("gone",), None),
        ("take_int", ("gone", 8), 8),
        ("take_float", ("ratio",), 1.5),
        ("take_float", ("gone", 0.5), 0.5),
        ("take_bool", ("strip",), False),
        ("take_bool", ("gone", True), True),
        ("take_strings", ("tags",), ["a", "1.10"]),
        ("take_strings", ("none",), None),
        ("take_mapping", ("gone",), None),
        ("take_mappings", ("none",), []),
        ("take_sequence", ("gone",), []),
        ("has", ("none",), True),
        ("has", ("gone",), False),
        ("peek", ("none",), None),
        ("take", ("none",), None),
    ],
)
def test_read(method: str, arguments: tuple[Any, ...], value: object) -> None:
    assert getattr(root(TEXT), method)(*arguments) == value


LIST = "write a list with one item: "


@pytest.mark.parametrize(
    ("method", "text", "message", "at", "hint"),
    [
        ("take_int", "f: x", 'field "f" must be an integer, not a string', "1:4", None),
        ("take_strings", "f: /a", 'field "f" must be a list, not a string', "1:4",
            f"{LIST}f: [/a]"),
        ("take_strings", "f: [a, [b]]", 'field "f[1]" must be a string, not a list', "1:8", None),
        ("take_strings", "f: [a, ~]", 'field "f[1]" must be a string, not null', "1:8", None),
        ("take_sequence", "f: {a: 1}", 'field "f" must be a list, not a mapping', "1:4",
            f'{LIST}put "- " before its first key'),
        ("take_mappings", "f: [a]", 'field "f[0]" must be a mapping, not a string', "1:5", None),
        ("take_mapping", "f: [{a: 1}]", 'field "f" must be a mapping, not a list', "1:4",
            'remove the "-" before its first key'),
        ("take_mapping", "f: [1, 2]", 'field "f" must be a mapping, not a list', "1:4", None),
        ("take_mapping", "f: 1", 'field "f" must be a mapping, not an integer', "1:4", None),
        ("require_str", "\ng: 1", 'field "f" is missing', "2:1", None),
        ("require_str", "f: ~", 'field "f" is missing', "1:1", None),
    ],
)  # fmt: skip
def test_wrong_type(method: str, text: str, message: str, at: str, hint: str | None) -> None:
    with pytest.raises(InputError) as caught:
        getattr(root(text), method)("f")
    error = caught.value
    assert (error.message, place(error), error.hint) == (message, at, hint)


def test_a_root_that_is_no_mapping() -> None:
    with pytest.raises(InputError, match="the document must be a mapping, not a list"):
        read_documents("- a", "f")[0].mapping()


def test_order_and_length() -> None:
    mapping = root(TEXT)
    names = ["name", "port", "ratio", "strip", "none", "tags", "routes", "tls", "200"]
    assert list(mapping) == list(mapping.keys()) == names
    assert len(mapping) == 9
    assert "port" in mapping
    assert str(mapping.key_position("none")) == "f.yaml:5:1"
    with pytest.raises(KeyError):
        mapping.key_position("gone")


def test_taking_marks_and_peeking_does_not() -> None:
    mapping = root("a: 1\nb: ~\nc: 3\nd: 4\ne: 5")
    mapping.take("a")
    mapping.take("b")
    mapping.mark("c")
    mapping.mark("gone")
    mapping.peek("d")
    mapping.key_position("d")
    mapping.plain()
    assert list(mapping.untaken()) == ["d", "e"]
    assert [key for key, _ in mapping.take_items()] == ["a", "b", "c", "d", "e"]
    assert list(mapping.untaken()) == []


def test_copies_of_a_node_are_the_node() -> None:
    mapping = root("a: {b: 1}")
    assert copy.deepcopy(mapping) is mapping
    assert copy.copy(mapping) is mapping
    assert copy.deepcopy(mapping.source) is copy.copy(mapping.source) is mapping.source


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a: 1", "<Mapping of a at f.yaml:1:1>"),
        ("- a", "<Sequence of 1 at f.yaml:1:1>"),
        ("a", "<Scalar 'a' at f.yaml:1:1>"),
    ],
)
def test_repr(text: str, shown: str) -> None:
    document = read_documents(text, "f.yaml")[0]
    assert repr(document.root) == shown
    assert repr(document.source) == "Source('f.yaml')"


def test_many_keys_have_their_positions_at_once() -> None:
    mapping = root("".join(f"k{number}: {number}\n" for number in range(20_000)))
    assert isinstance(mapping, Mapping)
    lines = [mapping.key_position(key).line for key in mapping]
    assert lines == list(range(1, 20_001))


@pytest.mark.parametrize("asked", ["maxAge", "maxage", "MAXAGE"])
def test_a_document_whose_keys_have_several_spellings(asked: str) -> None:
    document = read_documents(b"cors: {maxAge: 1, MaxAge: 2, other: 3}", "sample.yaml")[0]
    document.respell(str.lower)
    cors = document.mapping().take_mapping("CORS")
    assert cors is not None
    assert cors.has(asked)
    assert cors.take_int(asked) == 1
    assert list(cors.untaken()) == ["MaxAge", "other"], "the first of several spellings counts"
    assert cors.key_position(asked).column == 8
