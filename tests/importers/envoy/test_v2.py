"""Files of Envoy 2 are read as those of Envoy 3."""

from __future__ import annotations

import pytest

from gal.codec import encode
from gal.writing import render
from tests.importers.envoy.placed import file, http, per_route, read

_TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
_SOCKET = f"transport_socket: {{name: tls, typed_config: {{'@type': {_TLS}, sni: x}}}}"


_OLD_HTTP = "type.googleapis.com/envoy.config.filter.http"
_MANAGER = (
    "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3"
    ".HttpConnectionManager"
)
_OLD_MANAGER = (
    "type.googleapis.com/envoy.config.filter.network.http_connection_manager.v2"
    ".HttpConnectionManager"
)
_JWT = (
    "providers: {a: {issuer: i, remote_jwks: {http_uri: {uri: 'https://i/k', cluster: s,"
    " timeout: 1s}}}}, rules: [{match: {prefix: /}, requires: {provider_name: a}}]"
)
_CORS = per_route(
    "cors.v3.CorsPolicy", "allow_origin_string_match: [{exact: 'https://a'}], allow_methods: GET"
)
_ADDRESS = "{socket_address: {address: 10.0.0.1, port_value: 80}}"
_ENDPOINTS = """    load_assignment:
      cluster_name: s
      endpoints:
      - lb_endpoints:
        - endpoint: {address: {socket_address: {address: 10.0.0.1, port_value: 80}}}
"""


def headers(matcher: str) -> str:
    return file(match=f"{{prefix: /, headers: [{{name: A, {matcher}}}]}}")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(
            headers("exact_match: b"), headers("string_match: {exact: b}"), id="exact_match"
        ),
        pytest.param(
            headers("prefix_match: b"), headers("string_match: {prefix: b}"), id="prefix_match"
        ),
        pytest.param(
            headers("regex_match: b.*"),
            headers("string_match: {safe_regex: {regex: b.*}}"),
            id="regex_match",
        ),
        pytest.param(
            file(match="{regex: /a.*}"), file(match="{safe_regex: {regex: /a.*}}"), id="regex"
        ),
        pytest.param(file().replace(_ENDPOINTS, f"    hosts: [{_ADDRESS}]\n"), file(), id="hosts"),
        pytest.param(
            file().replace(_ENDPOINTS, f"    hosts: {_ADDRESS}\n"), file(), id="a single host"
        ),
        pytest.param(
            file("{name: envoy.buffer, config: {max_request_bytes: 10}}"),
            file(http("buffer.v3.Buffer", "max_request_bytes: 10")),
            id="config of a filter",
        ),
        pytest.param(
            file("{name: envoy.filters.http.buffer, config: {max_request_bytes: 10}}"),
            file(http("buffer.v3.Buffer", "max_request_bytes: 10")),
            id="config of a filter, with its new name",
        ),
        pytest.param(
            file().replace(f"'@type': {_MANAGER}", "codec_type: AUTO").replace("typed_", ""),
            file().replace("stat_prefix", "codec_type: AUTO\n          stat_prefix"),
            id="config of the manager",
        ),
        pytest.param(
            file(
                "{name: envoy.buffer, config: {max_request_bytes: 10}}",
                route="route: {cluster: s}, per_filter_config: "
                "{envoy.buffer: {buffer: {max_request_bytes: 20}}}",
            ),
            file(
                http("buffer.v3.Buffer", "max_request_bytes: 10"),
                per_filter={
                    "envoy.filters.http.buffer": per_route(
                        "buffer.v3.BufferPerRoute", "buffer: {max_request_bytes: 20}"
                    )
                },
            ),
            id="per_filter_config of a route",
        ),
        pytest.param(
            file(
                "{name: envoy.buffer, config: {max_request_bytes: 10}}",
                host="per_filter_config: {envoy.buffer: {disabled: true}}",
            ),
            file(),
            id="per_filter_config of a virtual host",
        ),
        pytest.param(
            file(
                "{name: envoy.cors, config: {}}",
                host="cors: {allow_origin: ['https://a'], allow_methods: GET, enabled: true}",
            ),
            file(http("cors.v3.Cors"), per_filter={"envoy.filters.http.cors": _CORS}),
            id="cors of a virtual host",
        ),
        pytest.param(
            file(
                "{name: envoy.cors}",
                host="cors: {allow_origin_regex: ['https://.*'], enabled: {value: true}}",
            ),
            file(
                http("cors.v3.Cors"),
                per_filter={
                    "envoy.filters.http.cors": per_route(
                        "cors.v3.CorsPolicy",
                        "allow_origin_string_match: [{safe_regex: {regex: 'https://.*'}}]",
                    )
                },
            ),
            id="cors by expressions",
        ),
        pytest.param(
            file(
                f"{{name: envoy.buffer, typed_config: {{'@type': {_OLD_HTTP}.buffer.v2.Buffer,"
                " max_request_bytes: 10}}"
            ),
            file(http("buffer.v3.Buffer", "max_request_bytes: 10")),
            id="type of a filter",
        ),
        pytest.param(file().replace(_MANAGER, _OLD_MANAGER), file(), id="type of the manager"),
        pytest.param(
            file(
                f"{{name: x, typed_config: {{'@type': {_OLD_HTTP}.jwt_authn.v2alpha"
                f".JwtAuthentication, {_JWT}}}}}"
            ),
            file(http("jwt_authn.v3.JwtAuthentication", _JWT, name="x")),
            id="type with alpha",
        ),
        pytest.param(
            file(
                "{name: x, typed_config: {'@type': type.googleapis.com/udpa.type.v1.TypedStruct,"
                f" type_url: {_OLD_HTTP}.buffer.v2.Buffer, value: {{max_request_bytes: 10}}}}}}"
            ),
            file(http("buffer.v3.Buffer", "max_request_bytes: 10", name="x")),
            id="type in a struct",
        ),
        pytest.param(
            file().replace("    type: STATIC", "    type: STATIC\n    tls_context: {}"),
            file().replace(
                "    type: STATIC", f"    type: STATIC\n    {_SOCKET.replace(', sni: x', '')}"
            ),
            id="tls_context without anything",
        ),
        pytest.param(
            file().replace(
                "    type: STATIC",
                "    type: STATIC\n    transport_socket: {name: envoy.transport_sockets.tls,"
                " typed_config: {'@type': type.googleapis.com/envoy.api.v2.auth"
                ".UpstreamTlsContext, sni: x}}",
            ),
            file().replace("    type: STATIC", f"    type: STATIC\n    {_SOCKET}"),
            id="type of TLS",
        ),
        pytest.param(
            file(route="route: {cluster: s, host_rewrite: x}"),
            file(route="route: {cluster: s, host_rewrite_literal: x}"),
            id="host_rewrite",
        ),
        pytest.param(
            file().replace("name: envoy.filters.network.http_", "name: envoy.http_"),
            file(),
            id="name of the manager",
        ),
        pytest.param(
            file().replace("    type: STATIC", "    type: STATIC\n    tls_context: {sni: x}"),
            file().replace("    type: STATIC", f"    type: STATIC\n    {_SOCKET}"),
            id="tls_context",
        ),
    ],
)
def test_the_same_model(old: str, new: str) -> None:
    found, expected = (render(encode(read(text)[0]), "yaml") for text in (old, new))
    assert found == expected


def test_the_ledger_says_it_once() -> None:
    address = "{socket_address: {address: 10.0.0.1, port_value: 80}}"
    text = file()
    text = text[: text.index("    load_assignment")] + f"    hosts: [{address}]\n"
    text += f"    tls_context: {{sni: x}}\n  - {{name: t, type: STATIC, hosts: [{address}]}}\n"
    _, ledger = read(text)
    assert [entry.message for entry in ledger if entry.feature == "v2"] == [
        (
            "this file is Envoy 2's; in brackets what Envoy 3 calls it:"
            " hosts (load_assignment), tls_context (transport_socket)"
        )
    ]


def told(text: str) -> list[str]:
    _, ledger = read(text)
    return [entry.message.rpartition("calls it: ")[2] for entry in ledger if entry.feature == "v2"]


_FREE = "{hosts: [a], config: {b: c}, tls_context: {}, name: x, per_filter_config: {}}"
_RESOURCE = "type.googleapis.com/envoy.api.v2.Cluster"


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param(file(), [], id="version 3"),
        pytest.param(
            file("{name: envoy.buffer, config: {max_request_bytes: 1}}"),
            ["config (typed_config)"],
            id="config of a filter",
        ),
        pytest.param(
            file(host="per_filter_config: {}"),
            ["per_filter_config (typed_per_filter_config)"],
            id="per_filter_config",
        ),
        pytest.param(
            file().replace(_MANAGER, _OLD_MANAGER),
            ["types (envoy.config..v3, envoy.extensions..v3)"],
            id="types",
        ),
        pytest.param(
            f"resources: [{{'@type': {_RESOURCE}, name: s, hosts: [{_ADDRESS}]}}]",
            [
                "hosts (load_assignment), types (envoy.config..v3, envoy.extensions..v3)",
            ],
            id="resources",
        ),
        pytest.param(
            file(host=f"metadata: {{filter_metadata: {{x: {_FREE}}}}}"), [], id="metadata"
        ),
        pytest.param(
            f"node: {{id: a, metadata: {{clusters: [{_FREE}]}}}}\n{file()}", [], id="node"
        ),
        pytest.param(
            file(
                http("lua.v3.Lua", "inline_code: x"),
                per_filter={
                    "envoy.filters.http.lua": per_route(
                        "lua.v3.LuaPerRoute", f"filter_context: {{routes: [{_FREE}]}}"
                    )
                },
            ),
            [],
            id="what a script is told",
        ),
        pytest.param(
            file(
                "{name: x, typed_config: {'@type': type.googleapis.com/xds.type.v3.TypedStruct,"
                f" type_url: a.b.C, value: {{http_filters: [{_FREE}]}}}}}}"
            ),
            [],
            id="a struct",
        ),
        pytest.param(
            file(http("wasm.v3.Wasm", "config: {name: a, vm_config: {vm_id: b}}")),
            [],
            id="a field called config",
        ),
        pytest.param(
            file("{name: x, typed_config: {'@type': type.googleapis.com/acme.v2.Filter}}"),
            [],
            id="another maker's version 2",
        ),
    ],
)
def test_which_files_are_of_version_2(text: str, want: list[str]) -> None:
    assert told(text) == want
