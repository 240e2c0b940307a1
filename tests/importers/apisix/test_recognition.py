"""Which documents are APISIX's, by their content."""

from __future__ import annotations

import pytest

from gal.importers.apisix import recognise
from gal.reading import read_documents


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("routes: [{uri: /, upstream_id: 1}]\n#END", "APISIX standalone"),
        ("routes: [{uris: [/], service_id: 1}]", "APISIX standalone"),
        ("upstreams: [{id: 1, nodes: {'a:1': 1}}]", "APISIX standalone"),
        ("services: [{id: 1, upstream_id: 1}]", "APISIX standalone"),
        ("consumers: [{username: jack, plugins: {key-auth: {key: k}}}]", "APISIX standalone"),
        ("global_rules: [{id: 1, plugins: {prometheus: {}}}]", "APISIX standalone"),
        ("ssls: [{cert: c, key: k, snis: [a]}]", "APISIX standalone"),
        ("secrets: [{id: vault/1, uri: 'http://v', prefix: p, token: t}]", "APISIX standalone"),
        ("services: [{name: s, routes: [{uris: [/]}]}]", "APISIX ADC"),
        ("consumers: [{username: j, credentials: [{name: a, type: key-auth}]}]", "APISIX ADC"),
        ("global_rules: {prometheus: {}}", "APISIX ADC"),
        ("{uri: /, upstream: {nodes: {'a:1': 1}}}", "APISIX Admin API"),
        ("{key: /apisix/routes/1, value: {uri: /, upstream_id: 1}}", "APISIX Admin API"),
        ("{total: 1, list: [{key: /apisix/routes/1, value: {uri: /}}]}", "APISIX Admin API"),
        ("{node: {key: /apisix/routes, nodes: []}, action: get}", "APISIX Admin API"),
        ("[{key: /apisix/routes/1, value: {uri: /}}]", "APISIX Admin API"),
        ("{sni: a, upstream: {nodes: {'a:1': 1}}}", "APISIX Admin API"),
        ("{username: jack, plugins: {key-auth: {key: k}}}", "APISIX Admin API"),
        ("_format_version: '3.0'\nservices: [{name: a, url: 'http://a'}]", None),
        ("services: [{name: a, host: a, routes: [{paths: [/]}]}]", None),
        ("routes: [{name: a, paths: [/], service: a}]", None),
        ("consumers: [{username: jack}]", None),
        ("plugins: [{name: cors, config: {}}]", None),
        ("version: '1.0'\nroutes: [{path: /}]", None),
        ("version: '3'\nservices: {a: {image: b}}", None),
        ("http: {routers: {}}", None),
        ("static_resources: {}", None),
        ("just: a mapping", None),
        ("[1, 2]", None),
        ("text", None),
    ],
)
def test_recognise(text: str, expected: str | None) -> None:
    assert recognise(read_documents(text, "file.yaml", "yaml")[0]) == expected


@pytest.mark.parametrize(
    "text",
    [
        "apisix: {node_listen: 9080}",
        "deployment: {role: data_plane, role_data_plane: {config_provider: yaml}}",
    ],
)
def test_a_config_yaml_is_named(text: str) -> None:
    assert recognise(read_documents(text, "config.yaml", "yaml")[0]) == "APISIX config.yaml"
