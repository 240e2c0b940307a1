"""Traefik runs templates over its dynamic file: texts come out of them as they were."""

from __future__ import annotations

import json

import pytest

from gal.convert import read_gateway
from gal.reading import read_documents
from tests.exporters.traefik.exported import exported, one_route

WARNING = "Traefik runs templates itself: fill these in before it reads the file: "


@pytest.mark.parametrize(
    ("value", "written", "left"),
    [
        pytest.param("a{{b}}", "a{{`{{`}}b}}", None, id="a word in braces"),
        pytest.param("{{{b}}}", "{{`{{`}}{b}}}", None, id="three braces"),
        pytest.param("{{ b", "{{`{{`}} b", None, id="only opened"),
        pytest.param("b }}", "b }}", None, id="only closed"),
        pytest.param("{{{", "{{`{{`}}{", None, id="braces alone"),
        pytest.param("{{`x`}}", "{{`x`}}", None, id="a text for Traefik"),
        pytest.param('{{ env "A" }}', '{{ env "A" }}', '{{ env "A" }}', id="a template"),
        pytest.param("{{ .A }}{{b}}", "{{ .A }}{{`{{`}}b}}", "{{ .A }}", id="both"),
        pytest.param("${A}", "${A}", None, id="a variable"),
    ],
)
def test_texts(value: str, written: str, left: str | None) -> None:
    made = exported(one_route(f"path: /, headers: {{request_set: {{X-A: {json.dumps(value)}}}}}"))
    assert made.chain[0]["headers"]["customRequestHeaders"] == {"X-A": written}
    said = [message for _, feature, message in made.entries if feature == "placeholders"]
    assert said == ([] if left is None else [WARNING + left])


def test_templates_of_traefik_are_its_own() -> None:
    made = exported(
        "http:\n  routers:\n    r: {rule: 'Path(`/{{word}}`)', service: s}\n"
        "  services:\n    s: {loadBalancer: {servers: [{url: 'http://127.0.0.1:80'}]}}\n"
        "# version\n"
    )
    assert made.rules == ["Path(`/{{word}}`)"]
    assert made.entries == []


@pytest.mark.parametrize(
    ("rule", "written", "read"),
    [
        pytest.param("Path(`/{{`{{`}}b}}`)", "Path(`/{{`{{`}}b}}`)", "/{{b}}", id="a word"),
        pytest.param("Path(`/{{ `{{` }} b`)", "Path(`/{{`{{`}} b`)", "/{{ b", id="with blanks"),
        pytest.param('Path(`/{{ "x" }}`)', "Path(`/x`)", "/x", id="no braces"),
        pytest.param('Path(`/{{ env "A" }}`)', 'Path(`/{{ env "A" }}`)', None, id="a template"),
    ],
)
def test_texts_of_go_are_read(rule: str, written: str, read: str | None) -> None:
    text = (
        f"http:\n  routers:\n    r: {{rule: '{rule}', service: s}}\n"
        "  services:\n    s: {loadBalancer: {servers: [{url: 'http://127.0.0.1:80'}]}}\n"
        "# version\n"
    )
    assert exported(text).rules == [written]
    (route,) = read_gateway(read_documents(text, "in.yaml")).gateway.routes
    assert read is None or route.paths[0].path == read
