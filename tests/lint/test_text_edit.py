"""Changes of a text that leave its comments and its layout alone."""

from __future__ import annotations

from typing import Any

import pytest

from gal.lint.finding import REMOVE, Edit
from gal.lint.spans import Spans
from gal.lint.text_edit import CannotEditError, applied, changes_of, plain_after
from gal.reading import Mapping, Node, Sequence, read_documents

ROWS: list[tuple[str, str, str, str | int, Any, str]] = [
    # name, text, path of the parent, key, value, expected
    ("a value", "a:\n  b: 1  # why\n  c: 2\n", "a", "b", 5, "a:\n  b: 5  # why\n  c: 2\n"),
    ("a quoted value", 'a: {b: "x"}\n', "a", "b", "y", "a: {b: y}\n"),
    ("a block by a list", "a:\n  b:\n  - 1\n  - 2\n  c: 3\n", "a", "b", [7],
     "a:\n  b: [7]\n  c: 3\n"),
    ("a new key", "a:\n  b: 1  # why\nc: 2\n", "a", "d", True,
     "a:\n  b: 1  # why\n  d: true\nc: 2\n"),
    ("a new key in brackets", "a: {b: 1}\n", "a", "d", "x", "a: {b: 1, d: x}\n"),
    ("a new key in empty brackets", "a: {}\n", "a", "d", 1, "a: {d: 1}\n"),
    ("a new key after a block of text", "a:\n  b: |\n    x\n    y\nc: 1\n", "a", "d", 1,
     "a:\n  b: |\n    x\n    y\n  d: 1\nc: 1\n"),
    ("a key goes", "a:\n  b: 1  # why\n  c: 2\n", "a", "b", REMOVE, "a:\n  c: 2\n"),
    ("the last key goes", "a:\n  b: 1\n  c: 2  # two\nd: 3\n", "a", "c", REMOVE,
     "a:\n  b: 1\nd: 3\n"),
    ("the only key goes", "a:\n  b: 1\nc: 2\n", "a", "b", REMOVE, "a:\n  {}\nc: 2\n"),
    ("a key in brackets goes", "a: {b: 1, c: 2}\n", "a", "b", REMOVE, "a: {c: 2}\n"),
    ("the last in brackets goes", "a: {b: 1, c: 2}\n", "a", "c", REMOVE, "a: {b: 1}\n"),
    ("an item goes", "a:\n- 1  # one\n- 2\n", "a", 0, REMOVE, "a:\n- 2\n"),
    ("an item in brackets goes", "a: [1, 2, 3]\n", "a", 1, REMOVE, "a: [1, 3]\n"),
    ("JSON", '{\n  "a": {\n    "b": 1\n  }\n}\n', "a", "c", [True],
     '{\n  "a": {\n    "b": 1,\n    "c": [true]\n  }\n}\n'),
    ("JSON in a line", '{"a": {"b": 1, "c": 2}}', "a", "b", REMOVE, '{"a": {"c": 2}}'),
]  # fmt: skip


def node_at(root: Node, path: str) -> Mapping | Sequence:
    node: Node = root
    for step in path.split(".") if path else ():
        assert isinstance(node, Mapping)
        node = node.entries[step]
    assert isinstance(node, (Mapping, Sequence))
    return node


@pytest.mark.parametrize(
    ("text", "path", "key", "value", "expected"),
    [pytest.param(*row[1:], id=row[0]) for row in ROWS],
)
def test_an_edit(text: str, path: str, key: str | int, value: Any, expected: str) -> None:
    name = "x.json" if text.startswith("{") else "x.yaml"
    document = read_documents(text, name)[0]
    edits = [Edit(node_at(document.root, path), key, value)]
    changed = applied(text, changes_of(document, edits, Spans(document)))
    assert changed == expected
    assert read_documents(changed, name)[0].root.plain() == plain_after(document, edits)


def test_a_key_gets_another_name() -> None:
    document = read_documents("a:\n  b: [1]  # why\n", "x.yaml")[0]
    edits = [Edit(node_at(document.root, "a"), "b", new_key="c")]
    changed = applied(document.source.text, changes_of(document, edits, Spans(document)))
    assert changed == "a:\n  c: [1]  # why\n"


def test_the_first_key_of_an_item_goes() -> None:
    document = read_documents("- b: 1\n  c: 2\n", "x.yaml")[0]
    assert isinstance(document.root, Sequence)
    item = document.root.items[0]
    assert isinstance(item, Mapping)
    edits = [Edit(item, "b", REMOVE)]
    changed = applied(document.source.text, changes_of(document, edits, Spans(document)))
    assert changed == "- c: 2\n"


SHARED = [
    ("an anchor", "x: &x {b: 1}\na: *x\n", "x"),
    ("below an anchor", "x: &x\n  y:\n    b: 1\na: *x\n", "x.y"),
    ("a merge key", "x: &x {c: 1}\na:\n  <<: *x\n  b: 1\n", "a"),
]


@pytest.mark.parametrize(
    ("text", "path"), [pytest.param(text, path, id=name) for name, text, path in SHARED]
)
def test_what_is_shared_is_left_alone(text: str, path: str) -> None:
    document = read_documents(text, "x.yaml")[0]
    edits = [Edit(node_at(document.root, path), "b", 2)]
    with pytest.raises(CannotEditError):
        changes_of(document, edits, Spans(document))
