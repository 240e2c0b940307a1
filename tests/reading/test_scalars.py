"""What a scalar is, and what it gives when it is asked for a type."""

from __future__ import annotations

import math

import pytest

from gal.errors import InputError
from gal.reading import Node, Placeholder, Scalar, Verbatim, read_documents
from tests.reading.helpers import place, root


def scalar(text: str, name: str = "f.yaml") -> Scalar:
    """The value of the field `f`."""
    node = root(text, name).entries["f"]
    assert isinstance(node, Scalar)
    return node


@pytest.mark.parametrize(
    ("written", "kind", "plain"),
    [
        ("", "null", None),
        ("~", "null", None),
        ("null", "null", None),
        ("NULL", "null", None),
        ("nULL", "string", "nULL"),
        ("true", "boolean", True),
        ("false", "boolean", False),
        ("True", "boolean", Verbatim("True")),
        ("FALSE", "boolean", Verbatim("FALSE")),
        ("on", "string", Verbatim("on")),
        ("No", "string", Verbatim("No")),
        ("y", "string", Verbatim("y")),
        ("0", "integer", 0),
        ("8080", "integer", 8080),
        ("-5", "integer", -5),
        ("12345678901234567890", "integer", 12345678901234567890),
        ("+5", "integer", Verbatim("+5")),
        ("-0", "integer", Verbatim("-0")),
        ("0x1F", "integer", Verbatim("0x1F")),
        ("0o17", "integer", Verbatim("0o17")),
        ("9" * 5000, "integer", Verbatim("9" * 5000)),
        ("0123", "string", Verbatim("0123")),
        ("-00", "string", Verbatim("-00")),
        ("1_000", "string", Verbatim("1_000")),
        ("0b11", "string", Verbatim("0b11")),
        ("12:30:00", "string", Verbatim("12:30:00")),
        ("1.5", "number", 1.5),
        ("-0.25", "number", -0.25),
        ("1.0e+17", "number", 1e17),
        ("1.10", "number", Verbatim("1.10")),
        ("1.", "number", Verbatim("1.")),
        (".5", "number", Verbatim(".5")),
        ("1e3", "number", Verbatim("1e3")),
        (".inf", "number", Verbatim(".inf")),
        ("-.INF", "number", Verbatim("-.INF")),
        (".nan", "number", Verbatim(".nan")),
        ("2001-01-01", "string", Verbatim("2001-01-01")),
        ("2001-12-14 21:59:43.10", "string", Verbatim("2001-12-14 21:59:43.10")),
        ("1.2.3", "string", "1.2.3"),
        ("10.0.0.1", "string", "10.0.0.1"),
        ("5s", "string", "5s"),
        ("1e", "string", "1e"),
        (".", "string", "."),
        ("-", "sequence", [None]),
        ("=", "string", Verbatim("=")),
        ("a: b", "mapping", {"a": "b"}),
        ("${PORT}", "string", Verbatim("${PORT}")),
        ("'8080'", "string", "8080"),
        ('"on"', "string", "on"),
        ("'${PORT}'", "string", "${PORT}"),
        ("|\n  8080", "string", "8080"),
        (">-\n  a\n  b", "string", "a b"),
        ("a\n  b", "string", "a b"),
    ],
)
def test_kind_and_plain_value(written: str, kind: str, plain: object) -> None:
    node: Node = root(f"f:\n  {written}" if ": " in written or written == "-" else f"f: {written}"
        ).entries["f"]  # fmt: skip
    assert (node.kind, node.plain()) == (kind, plain)
    assert type(node.plain()) is type(plain)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("on", "on"),
        ("1.10", "1.10"),
        ("0123", "0123"),
        ("true", "true"),
        ("'~'", "~"),
        ('"a\\tb"', "a\tb"),
        ("'it''s'", "it's"),
    ],
)
def test_as_str(written: str, text: str) -> None:
    assert scalar(f"f: {written}").as_str() == text


@pytest.mark.parametrize(
    ("written", "value"),
    [(word, True) for word in ("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON")]
    + [
        (word, False) for word in ("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF")
    ],
)
def test_as_bool(written: str, value: bool) -> None:
    assert scalar(f"f: {written}").as_bool() is value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("8080", 8080),
        ("+5", 5),
        ("0x1F", 31),
        ("0o17", 15),
        ("1e3", 1000),
        ("60000.0", 60000),
        ("-2.", -2),
    ],
)
def test_as_int(written: str, value: int) -> None:
    assert scalar(f"f: {written}").as_int() == value


@pytest.mark.parametrize(
    ("written", "value"),
    [("8080", 8080.0), ("1.10", 1.1), ("1e3", 1000.0), ("-.inf", -math.inf), (".5", 0.5)],
)
def test_as_float(written: str, value: float) -> None:
    result = scalar(f"f: {written}").as_float()
    assert result == value
    assert isinstance(result, float)
    assert math.isnan(scalar("f: .nan").as_float())


@pytest.mark.parametrize("written", ["${PORT}", "'${PORT}'", '"${PORT}"', "{{ .Values.port }}"])
def test_a_placeholder_is_a_number(written: str) -> None:
    node = scalar(f"f: {written}")
    for value in (node.as_int(), node.as_float()):
        assert isinstance(value, Placeholder)
        assert str(value) == node.text == written.strip("'\"")


STRING = "a boolean, not a string"
FILL = "fill in the placeholder first"


@pytest.mark.parametrize(
    ("written", "wanted", "message", "hint"),
    [
        ("'true'", "bool", STRING, "remove the quotes: true"),
        ("'yes'", "bool", STRING, None),
        ("y", "bool", STRING, None),
        ("1", "bool", "a boolean, not an integer", None),
        ("~", "bool", "a boolean, not null", None),
        ("${TLS}", "bool", "a boolean, not a placeholder", FILL),
        ("'80'", "int", "an integer, not a string", "remove the quotes: 80"),
        ("x", "int", "an integer, not a string", None),
        ("'x'", "int", "an integer, not a string", None),
        ("010", "int", "an integer, not a string", None),
        ("1.5", "int", "an integer, not a number", None),
        (".inf", "int", "an integer, not a number", None),
        ("true", "int", "an integer, not a boolean", None),
        ("[1]", "int", "an integer, not a list", None),
        ("{a: 1}", "int", "an integer, not a mapping", None),
        ("'1.5'", "float", "a number, not a string", "remove the quotes: 1.5"),
        ("~", "float", "a number, not null", None),
        ("~", "str", "a string, not null", None),
        ("[a]", "str", "a string, not a list", None),
    ],
)
def test_wrong_type(written: str, wanted: str, message: str, hint: str | None) -> None:
    with pytest.raises(InputError) as caught:
        getattr(root(f"f: {written}").entries["f"], f"as_{wanted}")()
    error = caught.value
    assert (error.message, error.hint) == (f'field "f" must be {message}', hint)
    assert place(error) == "1:4"


def test_a_number_with_too_many_digits() -> None:
    with pytest.raises(InputError, match="this number has too many digits"):
        scalar(f"f: {'9' * 5000}").as_int()


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("x", "the document must"),
        ("- x", 'field "[0]" must'),
        ("a: [1, x]", 'field "a[1]" must'),
        ("a: {b: x}", 'field "b" must'),
    ],
)
def test_a_wrong_type_says_where(text: str, subject: str) -> None:
    node = read_documents(text, "f")[0].root
    while not isinstance(node, Scalar):
        node = list(getattr(node, "items", None) or node.entries.values())[-1]  # type: ignore[attr-defined]
    with pytest.raises(InputError) as caught:
        node.as_int()
    assert caught.value.message.startswith(subject)
