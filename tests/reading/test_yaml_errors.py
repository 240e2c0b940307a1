"""What YAML that cannot be read says."""

from __future__ import annotations

import pytest

from tests.reading.helpers import failure, place, read

QUOTE = "put the text in quotes"
COLON = 'put text that contains ": " in quotes, and indent keys of one mapping alike'
INDENT = "check the indentation of this line and of the lines above it"
SPACES = "indent with spaces"
TAB = "a tab is used for indentation"


@pytest.mark.parametrize(
    ("text", "at", "message", "hint"),
    [
        pytest.param("a:\n\tb: 1", "2:1", TAB, SPACES, id="tab"),
        pytest.param("a:\n  b: 1\n  \tc: 2", "3:3", TAB, SPACES, id="tab behind spaces"),
        pytest.param("a: |\n\tx", "2:1", TAB, SPACES, id="tab in a block scalar"),
        pytest.param("a: b: c", "1:5", 'unexpected ":"', COLON, id="two colons"),
        pytest.param("a: 1\n b: 2", "2:3", 'unexpected ":"', COLON, id="too deep"),
        pytest.param(
            "a:\n  b: 1\n c: 2",
            "3:2",
            "a key is expected here (in the mapping that starts at line 1, column 1)",
            INDENT,
            id="between two levels",
        ),
        pytest.param(
            "a:\n- b\nc\n",
            "3:2",
            'a key without a ":" (in the simple key that starts at line 3, column 1)',
            INDENT,
            id="no colon",
        ),
        pytest.param(
            "- a\nb: 1",
            "2:1",
            'a "- " is expected here (in the list that starts at line 1, column 1)',
            INDENT,
            id="key in a list",
        ),
        pytest.param("a: %b", "1:4", 'a value cannot start with "%"', QUOTE, id="percent"),
        pytest.param("a: @b", "1:4", 'a value cannot start with "@"', QUOTE, id="at sign"),
        pytest.param("a: `b`", "1:4", 'a value cannot start with "`"', QUOTE, id="backtick"),
        pytest.param(
            "a: 'x\n\n",
            "1:6",
            "the closing quote is missing (in the string that starts at line 1, column 4)",
            None,
            id="open quote",
        ),
        pytest.param(
            'a: "x\\q"',
            "1:6",
            "unknown escape character (in the string that starts at line 1, column 4)",
            "write \\\\ for a backslash, or use single quotes",
            id="escape",
        ),
        pytest.param(
            "{a: 1",
            "1:6",
            'expected "," or "}" (in the mapping that starts at line 1, column 1)',
            None,
            id="open brace",
        ),
        pytest.param(
            "a: [1, 2\n",
            "1:9",
            'expected "," or "]" (in the list that starts at line 1, column 4)',
            None,
            id="open bracket",
        ),
        pytest.param("a: [1,, 2]", "1:7", "a value is expected here", None, id="two commas"),
        pytest.param(
            "a: 1\n...\nb: 2",
            "3:1",
            '"---" is expected before a new document',
            None,
            id="no document start",
        ),
        pytest.param(
            "%YAML 2.0\n---\na: 1",
            "1:1",
            "this version of YAML is not supported",
            "remove the line",
            id="version",
        ),
        pytest.param("a: !b!c x", "1:4", "undefined tag handle", None, id="tag handle"),
        pytest.param(
            "a: b\nc: \x07",
            "2:4",
            "the character U+0007 is not allowed in YAML",
            "remove it, or write it as an escape in double quotes",
            id="control character",
        ),
        pytest.param("a: 1\nb: 2\na: 3", "3:1", 'duplicate key "a", first at line 1', None,
            id="duplicate key"),
        pytest.param("on: 1\n'on': 3", "2:1", 'duplicate key "on", first at line 1', None,
            id="duplicate key in quotes"),
        pytest.param("? [a]\n: b", "1:3", "a key must be a single value", None, id="list as key"),
        pytest.param("? {a: 1}\n: b", "1:3", "a key must be a single value", None, id="map as key"),
        pytest.param("a: !Ref x", "1:4", 'tag "!Ref" is not supported',
            "resolve the tags of the file first", id="local tag"),
        pytest.param("a: !Sub [x]", "1:4", 'tag "!Sub" is not supported',
            "resolve the tags of the file first", id="local tag on a list"),
        pytest.param("!x a: 1", "1:1", 'tag "!x" is not supported',
            "resolve the tags of the file first", id="local tag on a key"),
        pytest.param("a: !!python/object/apply:os.system [id]", "1:4",
            'tag "!!python/object/apply:os.system" is not supported', None, id="python tag"),
        pytest.param("a: !!binary eA==", "1:4", 'tag "!!binary" is not supported', None,
            id="binary"),
        pytest.param("a: !!int x", "1:4", 'tag "!!int" does not fit the value', None,
            id="tag does not fit"),
        pytest.param("a: !!map [x]", "1:4", 'tag "!!map" does not fit the value', None,
            id="map tag on a list"),
        pytest.param("", "1:1", "the file is empty", None, id="empty"),
        pytest.param("\n # nothing\n", "1:1", "the file is empty", None, id="comment only"),
        pytest.param("---\n---\n", "1:1", "the file is empty", None, id="empty documents"),
        pytest.param("[" * 900, "1:201", "nested deeper than 200 levels", None,
            id="nine hundred brackets"),
        pytest.param("- " * 100_000, "1:401", "nested deeper than 200 levels", None,
            id="a hundred thousand dashes"),
        pytest.param('{"a":' * 100_000, "1:1001", "nested deeper than 200 levels", None,
            id="a hundred thousand braces"),
    ],
)  # fmt: skip
def test_error(text: str, at: str, message: str, hint: str | None) -> None:
    error = failure(text)
    assert (place(error), error.message, error.hint) == (at, message, hint)


def test_a_hundred_thousand_brackets() -> None:
    """Libraries before 6.0.4 stop here, later ones by themselves, a little further on."""
    error = failure("[" * 100_000)
    assert place(error) in ("1:201", "1:1001")
    assert (error.message, error.hint) == ("nested deeper than 200 levels", None)


def test_two_hundred_levels_are_fine() -> None:
    assert read("[" * 200 + "]" * 200).root.plain()


@pytest.mark.parametrize(
    ("text", "data"),
    [
        pytest.param("a: !!str 1", {"a": "1"}, id="str"),
        pytest.param("a: ! 1", {"a": "1"}, id="not specific"),
        pytest.param('a: !!int "5"', {"a": 5}, id="int in quotes"),
        pytest.param("a: !!float 5.5", {"a": 5.5}, id="float"),
        pytest.param("a: !!bool true", {"a": True}, id="bool"),
        pytest.param("a: !!null ~", {"a": None}, id="null"),
        pytest.param("a: !!map {b: !!seq [1]}", {"a": {"b": [1]}}, id="map and seq"),
        pytest.param("!!str a: 1", {"a": 1}, id="on a key"),
    ],
)
def test_core_tags(text: str, data: object) -> None:
    assert read(text).root.plain() == data
