"""Placeholders, and templates around YAML."""

from __future__ import annotations

import copy
import operator
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from gal.errors import InputError
from gal.reading import Placeholder, Scalar, is_placeholder
from tests.reading.helpers import failure, place, read, root


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${PORT}", True),
        ("${port}", True),
        ("${PORT:-80}", True),
        ("${PORT:?missing}", True),
        ("http://${HOST}/x", True),
        ("$PORT", True),
        ("x$PORT", False),
        ("$remote_addr", False),
        ("${1}", False),
        ("$1.00", False),
        ('${{ env "DECK_PORT" }}', True),
        ("${{PORT}}", True),
        ("${{PORT:=80}}", True),
        ('{{env "PORT"}}', True),
        ("{{ .Values.port }}", True),
        ('{{ printf "}}" }}', True),
        ("{{uuid}}", False),
        ("{{ timestamp }}", False),
        ("{{uuid}}-{{ .x }}", True),
        ("/users/{id}", False),
        ("{{", False),
        ("}} {{", False),
        ("$ENV://PORT", True),
        ("$secret://vault/1/a", True),
        ("{vault://env/port}", True),
        ("plain", False),
        ("", False),
    ],
)
def test_is_placeholder(text: str, expected: bool) -> None:
    assert is_placeholder(text) is expected


def test_a_placeholder_is_no_number_that_one_could_mistake() -> None:
    port = Placeholder("${PORT}")
    assert isinstance(port, int)
    assert int(port) == 0
    assert port
    assert (str(port), f"{port}", repr(port)) == ("${PORT}", "${PORT}", "Placeholder('${PORT}')")
    assert port == Placeholder("${PORT}")
    assert port not in (0, Placeholder("${OTHER}"), "${PORT}")
    assert len({port, Placeholder("${PORT}"), Placeholder("${OTHER}")}) == 2
    for other in (copy.deepcopy(port), pickle.loads(pickle.dumps(port))):
        assert (other, other.text) == (port, "${PORT}")


@pytest.mark.parametrize(
    "calculation",
    [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod],
)
def test_calculating_with_a_placeholder_points_at_it(
    calculation: Callable[[Any, Any], Any],
) -> None:
    port = root("f: ${PORT}").take_int("f")
    for pair in ((port, 1000), (1000, port)):
        with pytest.raises(InputError) as caught:
            calculation(*pair)
        assert caught.value.message == "converting this needs the number that ${PORT} stands for"
        assert place(caught.value) == "1:4"


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: {{ .Values.x }}", {"a": "{{ .Values.x }}"}),
        ('a: {{env "X"}}', {"a": '{{env "X"}}'}),
        ('a: ${{ env "X" }}', {"a": '${{ env "X" }}'}),
        ('a: "${{ env "X" }}"', {"a": '${{ env "X" }}'}),
        ('a: "{{ env \\"X\\" }}"', {"a": '{{ env "X" }}'}),
        ("a: '{{ env ''X'' }}'", {"a": "{{ env 'X' }}"}),
        ("{a: ['{{0']}", {"a": ["{{0"]}),
        ("a: x-{{ .a }}:{{ .b }}/y", {"a": "x-{{ .a }}:{{ .b }}/y"}),
        ("a: {{ .a }} # {{ .b }}", {"a": "{{ .a }}"}),
        ("a: {{ printf `}} #` }}", {"a": "{{ printf `}} #` }}"}),
        ("{{ .key }}: 1", {"{{ .key }}": 1}),
        ("[{{ .a }}, ${B}, ${C:-d}]", ["{{ .a }}", "${B}", "${C:-d}"]),
        ("{a: {b: {{ .c }}}}", {"a": {"b": "{{ .c }}"}}),
        ("a:\n  {{ .a }}", {"a": "{{ .a }}"}),
        ("a: ${A:-b: c}", {"a": "${A:-b: c}"}),
        ("a: |\n  {{ if .x }}\n  {% raw %}\n  {{ end }}\n", {
            "a": "{{ if .x }}\n{% raw %}\n{{ end }}\n"}),
        ('a: "\n  {{ if .x }}\n  "', {"a": " {{ if .x }} "}),
        ("a: 1\n# {{ if .x }}\n", {"a": 1}),
        ('["{{", "}}", {"{{": "}}"}]', ["{{", "}}", {"{{": "}}"}]),
        ("['{{', '}}']", ["{{", "}}"]),
        ("a: {b: {c: 1}}", {"a": {"b": {"c": 1}}}),
        ("a: \ue000{{ .x }}", {"a": "\ue000{{ .x }}"}),
        ("a: x\u2028y\x85z", {"a": "x\u2028y\x85z"}),
    ],
)  # fmt: skip
def test_templates_in_yaml(text: str, data: object) -> None:
    assert read(text, "f.yaml").root.plain() == data


@pytest.mark.parametrize(
    ("text", "quoted"),
    [("a: {{ .x }}", False), ("a: '{{ .x }}'", True), ('{"a": {{ .x }}}', False)],
)
def test_quotes_around_templates(text: str, quoted: bool) -> None:
    node = root(text).entries["a"]
    assert isinstance(node, Scalar)
    assert node.quoted is quoted


def test_many_templates() -> None:
    text = "".join(f"- {{{{ .v{number} }}}}\n" for number in range(7_000))
    assert read(text).root.plain() == [f"{{{{ .v{number} }}}}" for number in range(7_000)]


RENDER = "render the template first, then read the result"


@pytest.mark.parametrize(
    ("text", "at", "action"),
    [
        ("{{ if .x }}\na: 1\n{{ end }}", "1:1", "{{ if .x }}"),
        ("a: 1\n{{ if .x }}\nb: 1\n{{ end }}", "2:1", "{{ if .x }}"),
        ("a:\n  {{- range .x }}\n  - b\n  {{- end }}", "2:3", "{{- range .x }}"),
        ("a:\n{{- with .x }}\n  b: 1\n{{- end }}", "2:1", "{{- with .x }}"),
        ("a: 1\n{{/* note */}}\nb: 1", "2:1", "{{/* note */}}"),
        ("a:\n- {{ include `b` . }}\n", "2:3", "{{ include `b` . }}"),
        ("a:\n{% for b in c %}\n- b\n{% endfor %}", "2:1", "{% for b in c %}"),
        ("{{ $x := .y }}\na: 1", "1:1", "{{ $x := .y }}"),
    ],
)
def test_control_flow(text: str, at: str, action: str) -> None:
    error = failure(text)
    assert error.message == f"the template has control flow: {action}"
    assert (place(error), error.hint) == (at, RENDER)


@pytest.mark.parametrize(
    ("name", "text", "at", "line"),
    [
        ("f.yaml", "{{/* one\n two */}}\na: 1", "1:2", "{{/* one"),
        ("f.yaml", "a: 1\nb: {{ .x\n  }}", "2:5", "b: {{ .x"),
        ("f.toml", "a = 1\n{{ range .x }}\nb = 1\n", "2:1", "{{ range .x }}"),
        ("f.toml", "a = {{ .x }}\n", "1:6", "a = {{ .x }}"),
    ],
)
def test_templates_that_cannot_be_read(name: str, text: str, at: str, line: str) -> None:
    error = failure(text, name)
    assert error.message == f"a template that cannot be read: {line}"
    assert (place(error), error.hint) == (at, RENDER)


def test_a_syntax_error_before_control_flow_stays_one() -> None:
    assert failure("a: b: c\n{{ if .x }}\nd: 1\n{{ end }}").message == 'unexpected ":"'


def test_long_lines_of_opening_braces_take_no_time() -> None:
    assert not is_placeholder("{{" * 200_000)
    assert not is_placeholder("${A:-" * 100_000)
    assert read(f"a: '{'{{' * 100_000}'").mapping().take_str("a")
