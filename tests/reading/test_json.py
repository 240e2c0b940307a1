"""JSON."""

from __future__ import annotations

import json

import pytest

from gal.reading import read_documents
from tests.reading.helpers import failure, place, read


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ('{"a":\t"\\ud83d\\ude00\\/\\u00e9"}', {"a": "😀/é"}),
        ('{"a": 1E3, "b": -0, "c": 1.10, "d": 1e-7}', {"a": 1000.0, "b": 0, "c": 1.1, "d": 1e-7}),
        ("[true, false, null, -1.5]", [True, False, None, -1.5]),
        ('["on", "~", "1", "", "<<", "{{x}}"]', ["on", "~", "1", "", "<<", "{{x}}"]),
        ('{"<<": {"a": 1}}', {"<<": {"a": 1}}),
        (f'{{"{"k" * 3000}": 1}}', {"k" * 3000: 1}),
        ('{"a\\nb": 1, "" : 2}', {"a\nb": 1, "": 2}),
        ('"x"', "x"),
        (" 12 ", 12),
        ("\r\n[\r\n]\t", []),
        ('{"p": ${PORT}, "q": {{ .q }}}', {"p": "${PORT}", "q": "{{ .q }}"}),
        ("[" * 200 + "]" * 200, json.loads("[" * 200 + "]" * 200)),
    ],
)
def test_data(text: str, data: object) -> None:
    document = read(text, "f.json")
    assert (document.root.plain(), document.format) == (data, "json")


LIST = " (in the list that starts at line 1, column 1)"
MAPPING = " (in the mapping that starts at line 1, column 1)"
END = "remove the comma"


@pytest.mark.parametrize(
    ("text", "at", "message", "hint"),
    [
        ('{"a": 1,}', "1:8", "a comma before the end", END),
        ("[1 , ]", "1:4", "a comma before the end", END),
        ("[1,,2]", "1:4", f"a value is expected{LIST}", None),
        ("[,1]", "1:2", f"a value is expected{LIST}", None),
        ("[1 2]", "1:4", f'"," or "]" is expected{LIST}', None),
        ('{"a" 1}', "1:6", f'":" is expected after the key{MAPPING}', None),
        ('{"a": 1 "b": 2}', "1:9", f'"," or "}}" is expected{MAPPING}', None),
        ("{'a': 1}", "1:2", "a key in double quotes is expected", "JSON has double quotes only"),
        ("['a']", "1:2", "a value is expected", "JSON has double quotes only"),
        ("{a: 1}", "1:2", f"a key in double quotes is expected{MAPPING}", None),
        ("[01]", "1:2", f"a value is expected{LIST}", None),
        ("[+1]", "1:2", f"a value is expected{LIST}", None),
        ("[NaN]", "1:2", f"a value is expected{LIST}", None),
        ("[True]", "1:2", f"a value is expected{LIST}", None),
        ("[1]\n]", "2:1", "there is more text after the end of the value", None),
        ("{}{}", "1:3", "there is more text after the end of the value", None),
        ("[1, // one\n2]", "1:5", "JSON has no comments", "remove the comment"),
        ("# one\n{}", "1:1", "JSON has no comments", "remove the comment"),
        ('["x', "1:2", "the closing quote is missing", None),
        ('["x\ny"]', "1:4", "a control character or line break inside a string", None),
        ('["\\x"]', "1:3", "this escape does not exist in JSON", None),
        ('["\\u12"]', "1:4", "four hexadecimal digits are expected after \\u", None),
        ('["\\ud83d"]', "1:2", "half of a surrogate pair is no text", None),
        ('{"a": 1,\n "\\u0061": 2}', "2:2", 'duplicate key "a", first at line 1', None),
        ("[1,\n\n", "1:4", f"the file ends: a value is expected{LIST}", None),
        ("{", "1:2", f"the file ends: a key in double quotes is expected{MAPPING}", None),
        ("[" * 100_000, "1:201", "nested deeper than 200 levels", None),
        ('{"a":' * 100_000, "1:1001", "nested deeper than 200 levels", None),
        (" \n", "1:1", "the file is empty", None),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_error(text: str, at: str, message: str, hint: str | None) -> None:
    error = failure(text, "f.json")
    assert (place(error), error.message, error.hint) == (at, message, hint)


def test_json_in_a_yaml_file() -> None:
    assert read_documents('{\n\t"a": 1\n}', "f.yaml")[0].format == "json"
    assert read_documents('{"a": 1,}', "f.yaml")[0].format == "yaml"
