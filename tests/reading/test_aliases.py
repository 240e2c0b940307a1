"""Anchors, aliases and merge keys."""

from __future__ import annotations

import pytest

from gal.reading import Mapping
from tests.reading.helpers import failure, place, read, root


@pytest.mark.parametrize(
    ("text", "data"),
    [
        pytest.param("a: &x [1]\nb: *x", {"a": [1], "b": [1]}, id="list"),
        pytest.param("a: &x 1\nb: [*x, *x]", {"a": 1, "b": [1, 1]}, id="scalar"),
        pytest.param("&x a: 1\nb: *x", {"a": 1, "b": "a"}, id="key with an anchor"),
        pytest.param("a: &x k\n*x : 2", {"a": "k", "k": 2}, id="alias as key"),
        pytest.param("a: &x <<\n*x : 2", {"a": "<<", "<<": 2}, id="alias is no merge key"),
        pytest.param("a: &x 1\nb: &x 2\nc: *x", {"a": 1, "b": 2, "c": 2}, id="anchor again"),
        pytest.param("a: &x {k: 1}\nb: {<<: *x, l: 2}",
            {"a": {"k": 1}, "b": {"k": 1, "l": 2}}, id="merge"),
        pytest.param("a: &x {k: 1}\nb: {k: 2, <<: *x}",
            {"a": {"k": 1}, "b": {"k": 2}}, id="own key before"),
        pytest.param("a: &x {k: 1}\nb: {<<: *x, k: 2}",
            {"a": {"k": 1}, "b": {"k": 2}}, id="own key behind"),
        pytest.param("- &x {k: 1, l: 1}\n- &y {k: 2, m: 2}\n- {<<: [*x, *y], n: 3}",
            [{"k": 1, "l": 1}, {"k": 2, "m": 2}, {"k": 1, "l": 1, "m": 2, "n": 3}],
            id="first of several wins"),
        pytest.param("- &x {k: 1}\n- &y {<<: *x, l: 2}\n- {<<: *y}",
            [{"k": 1}, {"k": 1, "l": 2}, {"k": 1, "l": 2}], id="merge of a merge"),
        pytest.param("{<<: {k: 1}, l: 2}", {"k": 1, "l": 2}, id="merge without alias"),
        pytest.param("{<<: [], l: 2}", {"l": 2}, id="merge of nothing"),
        pytest.param('{"<<": 1}', {"<<": 1}, id="quoted key is no merge key"),
    ],
)  # fmt: skip
def test_data(text: str, data: object) -> None:
    assert read(text, "f.yaml").root.plain() == data


def test_merged_keys_stand_where_the_merge_key_stands() -> None:
    mapping = root("x: &x {b: 1, c: 2}\na: {k: 0, <<: *x, c: 3, d: 4}").take_mapping("a")
    assert mapping is not None
    assert list(mapping) == ["k", "b", "c", "d"]


def test_an_alias_is_the_node_of_its_anchor() -> None:
    document = root("x:\n  y: &y [1]\nz: *y")
    aliased = document.take("z")
    assert aliased is document.take_mapping("x").take("y")  # type: ignore[union-attr]
    assert aliased is not None
    assert (aliased.path, str(aliased.position)) == ("x.y", "f.yaml:2:6")


def test_merged_entries_stand_at_their_origin() -> None:
    document = root("x: &x\n  k: 1\na:\n  <<: *x\n  l: 2")
    merged = document.take_mapping("a")
    origin = document.take_mapping("x")
    assert isinstance(merged, Mapping)
    assert isinstance(origin, Mapping)
    assert merged.entries["k"] is origin.entries["k"]
    assert str(merged.key_position("k")) == "f.yaml:2:3"
    assert merged.origin_of("k") is origin
    assert merged.origin_of("l") is merged


def test_taking_a_merged_key_marks_its_origin() -> None:
    document = root("x: &x {k: 1, l: 2, m: 3}\ny: &y {<<: *x}\na: {<<: *y}\nb: {<<: *y}")
    document.take_mapping("a").take("k")  # type: ignore[union-attr]
    document.take_mapping("b").mark("l")  # type: ignore[union-attr]
    origin = document.take_mapping("x")
    assert origin is not None
    assert list(origin.untaken()) == ["m"]
    document.take_mapping("b").take_all()  # type: ignore[union-attr]
    assert list(origin.untaken()) == []


def bomb(levels: int) -> str:
    """Each level holds ten aliases of the level before it."""
    return "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "\n".join(
        f"a{level}: &a{level} [{','.join([f'*a{level - 1}'] * 10)}]" for level in range(1, levels)
    )


def chain(levels: int) -> str:
    """Each level is inside the next one."""
    return "a0: &a0 [x]\n" + "\n".join(
        f"a{level}: &a{level} [*a{level - 1}]" for level in range(1, levels)
    )


SELF = "the anchor &x contains itself"
MERGE = "a merge key takes a mapping, or a list of mappings"


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        pytest.param("a: *x", "1:4", "there is no anchor &x before this alias", id="no anchor"),
        pytest.param("a: &x 1\n---\nb: *x", "3:4", "there is no anchor &x before this alias",
            id="anchor of another document"),
        pytest.param("a: &x [*x]", "1:8", SELF, id="list in itself"),
        pytest.param("a: &x\n  b: [{c: *x}]", "2:11", SELF, id="mapping in itself"),
        pytest.param("a: &x {<<: *x}", "1:12", SELF, id="merge into itself"),
        pytest.param("a: &x [1]\n*x : 2", "2:1", "a key must be a single value", id="list as key"),
        pytest.param("a: {<<: 1}", "1:9", MERGE, id="merge of a scalar"),
        pytest.param("a: {<<: [{b: 1}, 2]}", "1:9", MERGE, id="merge of a list with a scalar"),
        pytest.param("x: &x {a: 1}\nb: {<<: *x, <<: *x}", "2:13",
            'duplicate key "<<", first at line 2', id="two merge keys"),
        pytest.param(bomb(9), "6:38", "aliases expand this file to more than 1,000,000 values,"
            " the last straw is *a4", id="bomb"),
        pytest.param(chain(500), "200:14", "nested deeper than 200 levels", id="chain"),
    ],
)  # fmt: skip
def test_error(text: str, at: str, message: str) -> None:
    error = failure(text)
    assert (place(error), error.message) == (at, message)


def test_a_large_file_may_use_aliases_a_lot() -> None:
    plugins = "p: &p [" + ", ".join(["{name: x, config: {y: 1}}"] * 10) + "]\n"
    text = plugins + "r:\n" + "- {name: a-route, paths: [/somewhere], plugins: *p}\n" * 20_000
    assert len(read(text).mapping().take_sequence("r")) == 20_000
