"""The ways in which the same objects are written."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.apisix.reading import fragment, model, read, refusal, said

ROUTE = "{uri: /x, upstream: {nodes: {'a:80': 1}}}"
STORED = '{"uri": "/x", "upstream": {"nodes": {"a:80": 1}}}'


@pytest.mark.parametrize(
    ("text", "route_id"),
    [
        ("routes: [{id: 1, uri: /x, upstream: {nodes: {'a:80': 1}}}]\n#END", "1"),
        (f"routes: [{ROUTE}]", None),
        (STORED, None),
        (f'{{"key": "/apisix/routes/7", "value": {STORED}}}', "7"),
        (f'{{"total": 1, "list": [{{"key": "/apisix/routes/7", "value": {STORED}}}]}}', "7"),
        (f'[{{"key": "/apisix/routes/7", "createdIndex": 3, "value": {STORED}}}]', "7"),
        (f'{{"routes": {{"total": 1, "list": [{{"value": {STORED}}}]}}}}', None),
        (
            (
                '{"action": "get", "node": {"key": "/apisix/routes", "dir": true, "nodes": '
                f'[{{"key": "/apisix/routes/7", "value": {STORED}}}]}}}}'
            ),
            "7",
        ),
        ("services: [{name: s, upstream: {nodes: {'a:80': 1}}, routes: [{uris: [/x]}]}]", None),
    ],
    ids=[
        *("standalone", "without id", "object", "stored", "list", "bare list", "section"),
        *("version 2", "ADC"),
    ],
)
def test_a_route_in_every_form(text: str, route_id: str | None) -> None:
    plain = model(text)
    route = fragment(plain, "services.0.routes.0")
    assert route["path"] == "/x"
    assert route.get("id") == route_id
    assert said(text) == []


def test_several_files_are_one() -> None:
    upstream = '{"key": "/apisix/upstreams/u", "value": {"nodes": {"a:80": 1}}}'
    route = '{"key": "/apisix/routes/r", "value": {"uri": "/x", "upstream_id": "u"}}'
    plain = model(route, upstream)
    assert fragment(plain, "services.0.upstream") == "u"
    assert fragment(plain, "upstreams.0.host") == "a"


@pytest.mark.parametrize("text", ["{}", "routes: []\n#END\n"])
def test_a_file_without_routes(text: str) -> None:
    assert model(text)["global"] == {"port": 9080, "route_order": "apisix"}
    assert said(text) == []


def test_settings() -> None:
    gateway, _ = read(f"routes: [{ROUTE}]")
    assert gateway.settings.port == 9080
    assert gateway.settings.route_order.value == "apisix"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("apisix: {node_listen: 9080}", "1:1: this is a config.yaml"),
        ("routes: [{uri: /x, upstream_id: nope}]", '1:33: there is no "nope" among the upstreams'),
        ("routes: [{uri: /x, service_id: nope}]", '1:32: there is no "nope" among the services'),
        ("routes: [{upstream_id: 1}]\nupstreams: [{id: 1, nodes: {}}]", '1:10: field "uri" is'),
        ("routes: [{uri: /x, uris: [/y]}]", '1:10: only one of "uri" and "uris"'),
        ("routes: [{uri: x}]", '1:16: the uri "x" must start with "/"'),
        ("routes: [{uri: /x, methods: [get]}]", '1:30: "get" is no method'),
        ("routes: [{uri: /x, plugins: {cors: 1}}]", '1:36: field "cors" must be a mapping'),
        ("upstreams: [{id: 1, type: roundrobin}]", '1:13: field "nodes" is missing'),
        ("upstreams: [{id: 1, nodes: {'a:b': 1}}]", '1:36: "a:b" is no node'),
        ("upstreams: [{nodes: {}, timeout: {send: 1}}]", '1:34: field "connect" is missing'),
        ("upstreams: [{nodes: {}, checks: {passive: {}}}]", "1:33: passive checks need active"),
        ("upstreams: [{nodes: {}, scheme: ftp}]", '1:33: field "scheme" must be one of'),
        ("consumers: [{plugins: {}}]", '1:13: field "username" is missing'),
        ("consumers: [{username: a, group_id: g}]", '1:37: there is no "g"'),
        ("consumers: [{id: a/credentials/b, plugins: {}}]", '1:13: this credential is of "a"'),
    ],
)
def test_refused(text: str, expected: str) -> None:
    assert refusal(text).startswith(expected)


@pytest.mark.parametrize(
    ("text", "path", "entry"),
    [
        (
            "secrets: [{id: vault/1, uri: 'http://v', prefix: p, token: t}]",
            "extensions.apisix.secrets.0.id",
            "info carried secrets[0]",
        ),
        (
            '{"list": [{"key": "/apisix/secrets/vault/1", "value": {"uri": "http://v"}}]}',
            "extensions.apisix.secrets.0.id",
            "info carried list[0].value",
        ),
        (
            "stream_routes: [{id: 1, server_port: 1985, upstream: {nodes: {'a:1': 1}}}]",
            "extensions.apisix.stream_routes.0.id",
            "warning carried stream_routes[0]",
        ),
        (
            "protos: [{id: 1, content: x}]",
            "extensions.apisix.protos.0.id",
            "info carried protos[0]",
        ),
        (
            "upstreams: [{id: 1, scheme: tcp, nodes: {'a:1': 1}}]",
            "extensions.apisix.upstreams.0.id",
            "warning carried upstreams[0]",
        ),
    ],
)
def test_carried_sections(text: str, path: str, entry: str) -> None:
    found: Any = fragment(model(text), path)
    assert found is not None
    assert any(one.startswith(entry) for one in said(text))


def test_unknown_keys_are_not_understood() -> None:
    text = "routes: [{uri: /x, colour: red, plugins: {limit-conn: {}, cors: {max_ages: 1}}}]"
    assert [one for one in said(text) if "not understood" in one] == [
        "warning dropped routes[0].colour: not understood",
        "warning dropped routes[0].plugins.cors.max_ages: not understood",
    ]


@pytest.mark.parametrize("number", ["0", "-1", "1.5"])
def test_numbers_that_are_no_ids(number: str) -> None:
    text = f"routes: [{{id: {number}, uri: /a, upstream: {{nodes: {{'a:80': 1}}}}}}]"
    assert refusal(text) == (f'1:15: "{number}" is no id: numbers have to be whole, and 1 or more')
