"""Routes and listeners of the bootstrap, and what the ledger says of those that are lost."""

from __future__ import annotations

from typing import Any

import pytest

from gal.context import ExportOptions
from tests.exporters.envoy.exported import exported, one_route

LOOK = "path_regex: {pattern: '/a(?=b)', dialect: pcre}"
GUARDED = "ip_access: {allow: [10.0.0.0/8]}"

LOST = [
    ("an expression", LOOK, "warning", "look-around"),
    ("an expression, guarded", f"{LOOK}, {GUARDED}", "error", "look-around"),
    ("a host", "hosts: [a.*.b]", "warning", "host pattern"),
    ("a host, guarded", f"hosts: [a.*.b], {GUARDED}", "error", "host pattern"),
    ("a range", "sources: [{ip: '2001:db8::/32'}]", "warning", "as text"),
    ("a range, guarded", f"sources: [{{ip: '2001:db8::/32'}}], {GUARDED}", "error", "as text"),
]


@pytest.mark.parametrize(
    ("route", "level", "message"), [row[1:] for row in LOST], ids=[r[0] for r in LOST]
)
def test_lost_routes(route: str, level: str, message: str) -> None:
    """A guarded one refuses everybody who fits the rest of it: another route would let them in."""
    found = exported(one_route(route))
    assert [told[:2] for told in found.told if message in told[2]] == [(level, "route")]
    hosts = found.manager()["route_config"]["virtual_hosts"]
    answers = [one["direct_response"]["status"] for host in hosts for one in host["routes"]]
    assert answers == ([403] if level == "error" else [])


def test_other_paths_of_a_route_stay() -> None:
    lost = "{path_regex: {pattern: '/a(?=b)', dialect: pcre}}"
    found = exported(one_route(f"paths: [{lost}, {{path: /b}}]"))
    assert [route["match"] for route in found.routes] == [{"path": "/b"}]


ANSWERS = [
    ("services: [{name: s, routes: [{path: /}]}]", 503),
    ("routes: [{path: /}]", 503),
    ("routes: [{path: /, upstream: unknown}]", 503),
    ("routes: [{path: /, backends: [{upstream: unknown}]}]", 503),
]


@pytest.mark.parametrize(("text", "status"), ANSWERS)
def test_routes_without_upstream(text: str, status: int) -> None:
    assert exported(text).routes[0]["direct_response"]["status"] == status


TIMEOUTS = [
    ("", "path: /", "0s"),
    ("global: {timeout: 20s}\n", "path: /", "20s"),
    ("global: {timeout: 20s}\n", "path: /, timeout: {request: 3s}", "3s"),
    ("", "path: /, timeout: {read: 3s}", "0s"),
]


@pytest.mark.parametrize(("settings", "route", "expected"), TIMEOUTS)
def test_timeouts(settings: str, route: str, expected: str) -> None:
    assert exported(settings + one_route(route)).routes[0]["route"]["timeout"] == expected


HOSTS: list[tuple[str, str, dict[str, Any]]] = [
    ("", "", {}),
    ("", ", host_header: {mode: rewrite, value: 'x:1'}", {"host_rewrite_literal": "x:1"}),
    ("", ", host_header: {mode: target}", {"host_rewrite_literal": "127.0.0.1:8080"}),
]


SET_HOST = "headers: {request_set: {Host: x.y}}"
BACKENDS = (
    "upstreams: [{name: u, host: a, host_header: {mode: target}}, "
    "{name: v, host: b, host_header: {mode: rewrite, value: c}}]\nroutes: [{path: /, "
    "backends: [{upstream: u, weight: 1}, {upstream: v, weight: 2}]%s}]"
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param(one_route(f"path: /, {SET_HOST}"), ["host_rewrite_literal"], id="one"),
        pytest.param(
            one_route(f"path: /, host_header: {{mode: target}}, {SET_HOST}"),
            ["host_rewrite_literal"],
            id="one, target's",
        ),
        pytest.param(
            BACKENDS % f", {SET_HOST}", ["host_rewrite_literal", "weighted_clusters"], id="weighted"
        ),
    ],
)
def test_a_policy_sets_host_alone(text: str, names: list[str]) -> None:
    action = exported(text).routes[0]["route"]
    clusters = action.get("weighted_clusters", {}).get("clusters", [])
    assert [name for name in sorted(action) if "host" in name or "weighted" in name] == names
    assert action["host_rewrite_literal"] == "x.y"
    assert not [cluster for cluster in clusters if any("host" in name for name in cluster)]


@pytest.mark.parametrize(("service", "route", "expected"), HOSTS)
def test_host(service: str, route: str, expected: dict[str, Any]) -> None:
    action = exported(one_route("path: /" + route, service)).routes[0]["route"]
    assert {name: value for name, value in action.items() if "host" in name} == expected


PORTS = [
    ("80", "http", "a"),
    ("443", "https", "a"),
    ("443", "http", "a:443"),
    ("80", "https", "a:80"),
]


@pytest.mark.parametrize(("port", "protocol", "expected"), PORTS)
def test_host_has_a_port_that_is_not_the_schemes(port: str, protocol: str, expected: str) -> None:
    found = exported(
        f"services: [{{upstream: {{host: a, port: {port}, host_header: {{mode: target}}}}, "
        f"protocol: {protocol}, routes: [{{path: /}}]}}]"
    )
    assert found.routes[0]["route"]["host_rewrite_literal"] == expected


def test_names_are_unique() -> None:
    text = "routes: [{path: /a}, {path: /b, name: x}, {path: /c, name: x}, {path: /d}]"
    names = [route["name"] for route in exported(text).routes]
    assert sorted(names) == ["route", "route-2", "x", "x-2"]


def test_a_service_that_is_off_leaves_no_trace() -> None:
    found = exported(one_route("path: /", "  enabled: false\n"))
    assert found.manager()["route_config"]["virtual_hosts"] == []
    assert found.clusters == {}
    assert found.told == []


def test_policies_that_nothing_asks_for_are_no_loss() -> None:
    text = one_route("path: /, authentication: {enabled: false}")
    guard = "policies: {authentication: {type: basic, basic: {users: []}}}\n"
    assert exported(guard + text).told == []


CERTIFICATE = "{name: c, server_names: [a.test], certificate_file: /c.pem, key_file: /k.pem}"
ONLY_HTTPS = f"""
listeners: [{{name: b, host: '::', port: 2, protocol: https}}]
certificates: [{CERTIFICATE}]
"""
LISTENERS: list[tuple[str, str, list[tuple[str, str, int]]]] = [
    ("none", "", [("http", "0.0.0.0", 10000)]),
    ("global", "global: {host: 127.0.0.1, port: 8000}", [("http", "127.0.0.1", 8000)]),
    (
        "certificates",
        f"global: {{host: '::', port: 8000}}\ncertificates: [{CERTIFICATE}]",
        [("http", "::", 8000), ("https", "::", 8443)],
    ),
    (
        "given",
        (
            f"listeners: [{{name: a, host: '::', port: 1}}, {{name: b, host: '::', port: 2, "
            f"protocol: https}}]\ncertificates: [{CERTIFICATE}]"
        ),
        [("a", "::", 1), ("b", "::", 2)],
    ),
    (
        "without a certificate",
        "listeners: [{name: b, host: '::', port: 2, protocol: https}]",
        [],
    ),
]


@pytest.mark.parametrize(
    ("text", "expected"), [row[1:] for row in LISTENERS], ids=[row[0] for row in LISTENERS]
)
def test_listeners(text: str, expected: list[tuple[str, str, int]]) -> None:
    assert addresses(text) == expected


def addresses(text: str, listen: tuple[str, int] | None = None) -> list[tuple[str, str, int]]:
    found = exported(text, ExportOptions(listen=listen)).listeners
    at = [(one["name"], one["address"]["socket_address"]) for one in found]
    return [(name, where["address"], where["port_value"]) for name, where in at]


LISTEN = [
    ("", [("http", "127.0.0.1", 9)]),
    (
        "listeners: [{name: a, port: 1}, {name: b, host: '::', port: 2}]",
        [("a", "127.0.0.1", 9), ("b", "::", 2)],
    ),
    (
        ONLY_HTTPS,
        [("b", "::", 2), ("http", "127.0.0.1", 9)],
    ),
]


@pytest.mark.parametrize(("text", "expected"), LISTEN)
def test_listen(text: str, expected: list[tuple[str, str, int]]) -> None:
    assert addresses(text, ("127.0.0.1", 9)) == expected


def test_administration() -> None:
    assert "admin" not in exported("").data
    admin = exported("global: {admin_port: 9901}").data["admin"]
    assert admin == {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 9901}}}


def test_own_headers_are_taken_from_clients() -> None:
    keys = "authentication: {type: api_key, api_key: {keys: [{key: k}]}}"
    assert "early_header_mutation_extensions" in exported(one_route(f"path: /, {keys}")).manager()
    assert "early_header_mutation_extensions" not in exported(one_route("path: /")).manager()


def test_long_answers() -> None:
    text = "x" * 5000
    found = exported(one_route(f"path: /, direct_response: {{status_code: 200, body: {text}}}"))
    sizes = found.manager()["route_config"].get("max_direct_response_body_size_bytes", 4096)
    body = found.routes[0]["direct_response"].get("body", {}).get("inline_string", "")
    assert len(body) <= sizes
