"""Fields that stand deep in other messages: none is passed over without a word."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gal.convert import convert
from gal.ledger import Ledger
from gal.model import Gateway
from gal.reading import read_documents
from gal.writing import render
from tests.importers.envoy.placed import file, http, read
from tests.importers.envoy.test_listeners import chain, host, listener

Said = list[tuple[str, str]]
DIRECT = "direct_response: {status: 200, body_format: {text_format: hello, %s}}"
COPY = "route: {cluster: s, request_mirror_policies: [{cluster: s, %s}]}"


def told(ledger: Ledger, key: str) -> Said:
    """(fate and level, message) of what is said of a field."""
    return [
        (f"{entry.fate.value} {entry.level.value}", entry.message)
        for entry in ledger
        if entry.path.endswith(key)
    ]


NO_VARIABLES = "no effect on what clients get: the body is a text without variables"
ROUTES: list[tuple[str, str, str, Said]] = [
    (
        "values that are left out",
        DIRECT % "omit_empty_values: true",
        "omit_empty_values",
        [("dropped info", NO_VARIABLES)],
    ),
    (
        "formatters",
        DIRECT % "formatters: [{name: x}]",
        "formatters",
        [("dropped info", NO_VARIABLES)],
    ),
    (
        "options of JSON",
        DIRECT % "json_format_options: {sort_properties: true}",
        "json_format_options",
        [("dropped info", NO_VARIABLES)],
    ),
    (
        "a copy by a header",
        COPY % "cluster_header: X-C",
        "cluster_header",
        [("dropped info", "no effect, as the cluster is named besides")],
    ),
    (
        "another host for the copy",
        COPY % "host_rewrite_literal: b.test",
        "host_rewrite_literal",
        [("carried warning", "only Envoy gives the copy another Host")],
    ),
    (
        "two rewrites",
        "route: {cluster: s, prefix_rewrite: /b, regex_rewrite: {pattern: {regex: a}}}",
        "regex_rewrite",
        [("dropped warning", "Envoy loads no file with both, prefix_rewrite and this")],
    ),
]


@pytest.mark.parametrize(
    ("route", "key", "want"), [row[1:] for row in ROUTES], ids=[row[0] for row in ROUTES]
)
def test_routes(route: str, key: str, want: Said) -> None:
    _, ledger = read(file(route=route))
    assert told(ledger, key) == want
    assert [entry.path for entry in ledger if "not understood" in entry.message] == []


def test_a_copy_that_is_changed_comes_back() -> None:
    text = file(route=COPY % "host_rewrite_literal: b.test")
    conversion = convert(read_documents(text, "in.yaml", "yaml"), "envoy", source="envoy")
    assert "host_rewrite_literal: b.test" in render(conversion.files[0].data, "yaml")
    assert [one.message for one in conversion.ledger if "not put back" in one.message] == []


CLIENT = "what upstreams are told of the client's certificate"
MANAGERS: list[tuple[str, str, Said]] = [
    ("forward_client_cert_matcher", "{}", [("carried warning", CLIENT)]),
    ("forward_client_cert_details", "SANITIZE_SET", [("carried warning", CLIENT)]),
    ("set_current_client_cert_details", "{uri: true}", [("carried warning", CLIENT)]),
]


@pytest.mark.parametrize(("key", "value", "want"), MANAGERS, ids=[row[0] for row in MANAGERS])
def test_connection_managers(key: str, value: str, want: Said) -> None:
    gateway, ledger = read(file(manager=f"{key}: {value}"))
    assert told(ledger, key) == want
    assert key in json.dumps(gateway.extensions)


def served(*chains: dict[str, Any]) -> tuple[Gateway, Ledger]:
    return read(json.dumps({"static_resources": {"listeners": [listener(443, *chains)]}}))


VARIABLE = "the variable has to be filled in before a gateway reads the file"


@pytest.mark.parametrize("key", ["certificate_chain", "private_key"])
def test_certificates_in_variables(key: str) -> None:
    pem = {name: {"environment_variable": name} for name in ("certificate_chain", "private_key")}
    tls = {"common_tls_context": {"tls_certificates": [pem]}}
    gateway, ledger = served(chain(host("*", "x"), tls=tls))
    assert told(ledger, f"{key}") == [("approximated info", VARIABLE)]
    (found,) = gateway.certificates
    assert found.certificate == "${certificate_chain}"
    assert found.key is not None
    assert found.key.reveal() == "${private_key}"


RAW = "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"
ALTS = "type.googleapis.com/envoy.extensions.transport_sockets.alts.v3.Alts"
SOCKETS = [
    ("plain, by its type", {"name": "x", "typed_config": {"@type": RAW}}, "http", False),
    ("plain, by its name", {"name": "envoy.transport_sockets.raw_buffer"}, "http", False),
    (
        "another",
        {"name": "x", "typed_config": {"@type": ALTS, "handshaker_service": "a"}},
        "https",
        True,
    ),
]


@pytest.mark.parametrize(
    ("socket", "protocol", "closed"), [row[1:] for row in SOCKETS], ids=[row[0] for row in SOCKETS]
)
def test_transports(socket: dict[str, Any], protocol: str, closed: bool) -> None:
    gateway, ledger = served({**chain(host("*", "x")), "transport_socket": socket})
    assert gateway.listeners[0].protocol == protocol
    login = gateway.routes[0].policies.authentication
    assert (login is not None) == closed
    assert [entry.path for entry in ledger if "not understood" in entry.message] == []


@pytest.mark.parametrize(
    ("ranges", "sources"),
    [
        ([{"address_prefix": "10.0.0.0", "prefix_len": 8}], ["10.0.0.0/8"]),
        ([{"address_prefix": "10.0.0.1"}], ["0.0.0.0/0"]),
        ([{"address_prefix": "fe80::1", "prefix_len": {"value": 0}}], ["::/0"]),
    ],
    ids=["a length", "none", "none, IPv6"],
)
def test_ranges_of_clients(ranges: list[dict[str, Any]], sources: list[str]) -> None:
    gateway, _ = served(chain(host("*", "x"), match={"source_prefix_ranges": ranges}))
    assert [one.ip for one in gateway.routes[0].sources] == sources


JWT = (
    "providers: {a: {issuer: i, local_jwks: {inline_string: '{\"keys\": []}'}}}, rules: "
    "[{match: {prefix: /other, grpc: {}}, requires: {provider_name: a}},"
    " {match: {prefix: /}, requires: %s}]"
)


@pytest.mark.parametrize(
    ("requires", "kinds", "guards"),
    [("{provider_name: a}", ["jwt"], []), ("{requires_any: {}}", [], ["jwt_authn"])],
    ids=["a rule for other paths", "any of none"],
)
def test_rules_for_tokens(requires: str, kinds: list[str], guards: list[str]) -> None:
    gateway, ledger = read(file(http("jwt_authn.v3.JwtAuthentication", JWT % requires)))
    login = gateway.routes[0].policies.authentication
    assert login is not None
    assert [one.value for one in login.kinds()] == kinds
    assert [one.name for one in login.guards] == guards
    assert [entry.path for entry in ledger if "not understood" in entry.message] == []


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("{pipe: {path: /run/x}}", ["elsewhere there is no port for the administration"]),
        ("{socket_address: {address: 127.0.0.1, port_value: 9901}}", []),
    ],
    ids=["a pipe", "a port"],
)
def test_administration(address: str, message: list[str]) -> None:
    _, ledger = read(f"admin: {{address: {address}}}\n{file()}")
    assert [one.message for one in ledger if one.feature == "admin_port"] == message


SCRIPTS = [
    ("no script on this route", "source_codes: {a: {inline_string: x}}", []),
    ("a file", "default_source_code: {filename: a.lua}", ["lua"]),
    ("a variable", "default_source_code: {environment_variable: A}", ["lua"]),
]


@pytest.mark.parametrize(
    ("settings", "guards"), [row[1:] for row in SCRIPTS], ids=[row[0] for row in SCRIPTS]
)
def test_scripts(settings: str, guards: list[str]) -> None:
    gateway, ledger = read(file(http("lua.v3.Lua", settings)))
    login = gateway.routes[0].policies.authentication
    assert [one.name for one in (login.guards if login is not None else [])] == guards
    assert [entry.path for entry in ledger if "not understood" in entry.message] == []
