"""Files of Envoy 2 are read as those of Envoy 3."""

from __future__ import annotations

import pytest

from gal.codec import encode
from gal.writing import render
from tests.importers.envoy.placed import file, read

_TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
_SOCKET = f"transport_socket: {{name: tls, typed_config: {{'@type': {_TLS}, sni: x}}}}"


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
