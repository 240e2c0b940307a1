"""TOML."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from gal.reading import Verbatim
from tests.reading.helpers import failure, place, read

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TRAEFIK = r"""
# Traefik
title = "a \"b\" \u00e9\n" # comment
[entryPoints]
  [entryPoints.web]
  address = ":80"
  [entryPoints."web.secure"]
  address = ':443\'

[http.routers.api]
rule = '''Host(`a`) && Path(`/b`)'''
middlewares = [
  "auth", # first
  "strip",
]
priority = 1_000
tls = {options = "x", domains = [{main = "a", sans = ["b", "c"]}, {main = "d"}]}
[http.middlewares]
strip.stripPrefix.prefixes = ["/b"]
auth.basicAuth = {users = []}
[[tls.certificates]]
certFile = "a"
[[tls.certificates]]
certFile = '''
b
'''
[tls.certificates.extra]
x = +0x_1F
"""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(TRAEFIK.replace("0x_1F", "5"), id="traefik"),
        pytest.param('a = """\\\n   x\n  y\\\n   z"""', id="line continuation"),
        pytest.param('a = """""a"""""\nb = """"""\nc = ""', id="quotes inside quotes"),
        pytest.param("a = '''''a'''''\nb = ''''''\nc = ''", id="quotes inside literal quotes"),
        pytest.param('a = """\r\nx\r\ny"""\r\nb = 1\r\n', id="crlf"),
        pytest.param("a = '''\r\nx\r\ny'''", id="crlf in a literal string"),
        pytest.param("a = [0, -0, +1, 1_000, 0xdead_beef, 0o17, 0b101]", id="integers"),
        pytest.param("a = [1.0, 1.10, 1e3, -2.5E-3, 6.626e-34, 1_0.5, 1e22]", id="floats"),
        pytest.param("a = [true, false]", id="booleans"),
        pytest.param("a = [[], [[]], [1, [2]], {}, {b = {}}]", id="nesting"),
        pytest.param("[a]\n[b.c]\n[b]\nd = 1\n[a.b]\n", id="tables out of order"),
        pytest.param("a.b = 1\na.c.d = 2\n'x y'.\"z\".1 = 3", id="dotted keys"),
        pytest.param("[[a]]\n[[a.b]]\nc = 1\n[[a.b]]\n[[a]]\n[a.d]\n", id="arrays of tables"),
        pytest.param('a = ["x]", "#", \'},\']#c\n', id="brackets in strings"),
        pytest.param("\ufeffa = 1", id="byte order mark"),
    ],
)
def test_values_equal_those_of_tomllib(text: str) -> None:
    document = read(text, "f.toml")
    assert document.format == "toml"
    assert document.root.plain() == tomllib.loads(text.removeprefix("\ufeff"))


@pytest.mark.parametrize(
    ("written", "kind", "quoted", "text", "plain"),
    [
        ("1979-05-27T07:32:00Z", "string", False, "1979-05-27T07:32:00Z",
            Verbatim("1979-05-27T07:32:00Z")),
        ("1979-05-27 07:32:00", "string", False, "1979-05-27 07:32:00",
            Verbatim("1979-05-27 07:32:00")),
        ("1979-05-27 # day", "string", False, "1979-05-27", Verbatim("1979-05-27")),
        ("07:32:00", "string", False, "07:32:00", Verbatim("07:32:00")),
        ("inf", "number", False, ".inf", Verbatim(".inf")),
        ("-inf", "number", False, "-.inf", Verbatim("-.inf")),
        ("nan", "number", False, ".nan", Verbatim(".nan")),
        ("1_000", "integer", False, "1000", 1000),
        ("1e3", "number", False, "1000.0", 1000.0),
        ("'on'", "string", True, "on", "on"),
        ("true", "boolean", False, "true", True),
    ],
)  # fmt: skip
def test_scalars(written: str, kind: str, quoted: bool, text: str, plain: object) -> None:
    node: Any = read(f"f = {written}", "f.toml").mapping().entries["f"]
    assert (node.kind, node.quoted, node.text, node.plain()) == (kind, quoted, text, plain)
    assert type(node.plain()) is type(plain)


DEEP = "nested deeper than 200 levels"


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("a = 1\na = 2", "2:1", 'duplicate key "a", first at line 1'),
        ("[t]\na = 1\n 'a' = 2", "3:2", 'duplicate key "a", first at line 2'),
        ("[a]\n[b]\n[a]", "3:2", 'duplicate table "a", first at line 1'),
        ("a = 1\n[a.b]\n", "2:2", 'duplicate key "a", first at line 1'),
        ("[a]\n[[a]]", "2:3", 'duplicate key "a", first at line 1'),
        ("a = [1]\n[[a]]", "2:3", 'duplicate key "a", first at line 1'),
        ("a = {b = 1}\na.c = 2", "2:1", 'duplicate key "a", first at line 1'),
        ("a.b.c = 1\n[a.b]", "2:4", 'duplicate table "b", first at line 1'),
        ("a = {b = 1, b = 2}", "1:13", 'duplicate key "b", first at line 1'),
        ("a = ", "1:4", "invalid value"),
        ("a = 1\nb\n", "2:2", 'expected "=" after a key in a key/value pair'),
        ('x = "a', "1:7", "unterminated string"),
        ("a = ${PORT}", "1:5", "invalid value"),
        ("a = " + "[" * 100_000, "1:204", DEEP),
        ("a = " + "[" * 250 + "]" * 250, "1:204", DEEP),
        ("a = " + "{b=" * 250 + "1" + "}" * 250, "1:602", DEEP),
        (".".join("a" * 300) + " = 1", "1:399", DEEP),
        ("[" + ".".join("a" * 300) + "]", "1:400", DEEP),
        ("# nothing\n", "1:1", "the file is empty"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_error(text: str, at: str, message: str) -> None:
    error = failure(text, "f.toml")
    assert (place(error), error.message.replace("'", '"')) == (at, message)
