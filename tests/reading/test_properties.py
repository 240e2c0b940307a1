"""What holds for all data, and for both YAML parsers."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gal.errors import InputError
from gal.reading import read_documents
from tests.reading.helpers import failure, nodes

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"])) | st.text(
    "aeonyNfTx0123456789.:-+_#{}[]$%'\"\\/~=<&*!|>@` \t\n"
)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXT
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=15,
)


@given(DATA, st.booleans(), st.booleans())
def test_yaml(data: Any, flow: bool, unicode: bool) -> None:
    text = yaml.safe_dump({"k": data}, default_flow_style=flow, allow_unicode=unicode)
    assert read_documents(text, "f", "yaml")[0].root.plain() == {"k": data}


@given(DATA, st.sampled_from([None, 2, "\t"]), st.booleans())
def test_json(data: Any, indent: int | str | None, ascii_only: bool) -> None:
    text = json.dumps(data, indent=indent, ensure_ascii=ascii_only)
    assert read_documents(text, "f.json")[0].root.plain() == data


def toml(value: Any) -> str:
    """A value in TOML, in a spelling that the choice of its text makes varied."""
    if isinstance(value, dict):
        pairs = (f"{toml(key)} = {toml(inner)}" for key, inner in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[ # [\n" + ",\n".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return f"'{value}'" if value.isalnum() else json.dumps(value).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else repr(value)


TOML_DATA = st.recursive(
    st.booleans() | NUMBERS | TEXT.filter(str.isascii),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(TEXT.filter(str.isascii), inner, max_size=4)
    ),
    max_leaves=15,
)
TABLES = st.dictionaries(
    st.text("abAB-_1", min_size=1),
    st.dictionaries(st.text("xy", min_size=1), TOML_DATA),
    min_size=1,
)


@given(TABLES, st.booleans())
def test_toml(tables: dict[str, dict[str, Any]], arrays: bool) -> None:
    text = ""
    for name, table in tables.items():
        text += f"[[ {name} ]]\n" if arrays else f"[{name}]#\n"
        text += "".join(f"  {key}.k = {toml(value)}\n" for key, value in table.items())
    root = read_documents(text, "f.toml")[0].root
    assert root.plain() == tomllib.loads(text)
    lines = text.split("\n")
    for path, place in nodes(root).items():
        line, column = map(int, place.split(":"))
        if path.endswith(".k:"):
            assert lines[line - 1][column - 1] == "k"


def refusal(text: str, name: str) -> InputError | None:
    """The error of reading a text, and of looking at all of it."""
    try:
        for document in read_documents(text, name):
            document.root.plain()
    except InputError as error:
        return error
    return None


@given(st.text("ab:-[]{}'\"#&*!|> \n\t1", max_size=30))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    for name in ("f.yaml", "f.json", "f.toml"):
        error = refusal(text, name)
        assert error is None or (error.position is not None and error.render())


YAML = """\
a: &x {b: [1, 'two', "thr\\u00e9e"], c: ~}
d: {<<: *x, e: !!str 1}
{{ .key }}: |
  text
"""


def test_the_parser_in_python_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    with_libyaml = read_documents(YAML, "f.yaml")[0].root
    monkeypatch.setitem(sys.modules, "yaml.cyaml", None)
    without = read_documents(YAML, "f.yaml")[0].root
    assert type(without) is type(with_libyaml)
    assert without.plain() == with_libyaml.plain()
    assert nodes(without) == nodes(with_libyaml)


STRING = " (in the string that starts at line 1, column 4)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a:\n\tb: 1", "2:1: a tab is used for indentation"),
        ("a: b: c", '1:5: unexpected ":"'),
        ("a: %b", '1:4: a value cannot start with "%"'),
        ("a: 'x", f"1:6: the closing quote is missing{STRING}"),
        ("a: \x07", "1:4: the character U+0007 is not allowed in YAML"),
    ],
)  # fmt: skip
def test_the_parser_in_python_says_the_same(
    text: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "yaml.cyaml", None)
    assert str(failure(text)) == f"f.yaml:{message}"
