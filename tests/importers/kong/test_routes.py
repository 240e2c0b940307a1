"""Routes: what they match, how they forward, and what Kong refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.kong.reading import fragment, model, read, refusal, said


def route(text: str, version: str = "3.0") -> dict[str, Any]:
    """The first route of a file, given its fields."""
    whole = f'_format_version: "{version}"\nroutes: [{{{text}}}]'
    found = fragment(model(whole), "routes.0")
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("paths: [/a]", {"path_prefix": "/a", "rewrite": {"strip_prefix": True}}),
        ("paths: [/a], strip_path: false", {"path_prefix": "/a"}),
        ("hosts: [a.test]", {"hosts": ["a.test"]}),
        (
            "hosts: [a.test], strip_path: false",
            {"hosts": ["a.test"], "extensions": {"kong": {"strip_path": False}}},
        ),
        ("hosts: ['*.a.test', 'a.*', 'a.test:80']", {"hosts": ["*.a.test", "a.*", "a.test:80"]}),
        ("methods: [GET, POST]", {"methods": ["GET", "POST"]}),
        ("methods: [GET], preserve_host: true", {"methods": ["GET"], "host_header": {}}),
        ("methods: [GET], protocols: [http, https]", {"methods": ["GET"]}),
        (
            "methods: [GET], protocols: [http]",
            {"methods": ["GET"], "extensions": {"kong": {"protocols": ["http"]}}},
        ),
        (
            "methods: [GET], protocols: [https]",
            {"methods": ["GET"], "schemes": ["https"], "https_redirect": {}},
        ),
        (
            "methods: [GET], protocols: [https], https_redirect_status_code: 301",
            {"methods": ["GET"], "schemes": ["https"], "https_redirect": {"status_code": 301}},
        ),
        (
            "methods: [GET], https_redirect_status_code: 301",
            {"methods": ["GET"], "extensions": {"kong": {"https_redirect_status_code": 301}}},
        ),
        (
            "snis: ['*.a.test'], protocols: [https]",
            {"server_names": ["*.a.test"], "schemes": ["https"], "https_redirect": {}},
        ),
        (
            "paths: [/a], protocols: [grpc, grpcs]",
            {"path_prefix": "/a", "schemes": ["grpc", "grpcs"]},
        ),
        ("paths: [/a], protocols: [grpcs]", {"path_prefix": "/a", "schemes": ["grpcs"]}),
        (
            "methods: [GET], regex_priority: 5, tags: [t]",
            {"methods": ["GET"], "priority": 5, "tags": ["t"]},
        ),
        (
            "methods: [GET], request_buffering: false, response_buffering: false",
            {"methods": ["GET"], "request_buffering": False, "response_buffering": False},
        ),
        ("methods: [GET], request_buffering: true, response_buffering: true", {"methods": ["GET"]}),
        (
            "methods: [GET], sources: [{ip: 10.0.0.0/8}], destinations: [{port: 80}]",
            {"methods": ["GET"], "sources": [{"ip": "10.0.0.0/8"}], "destinations": [{"port": 80}]},
        ),
        ("methods: [GET], id: 7", {"methods": ["GET"], "id": "7"}),
        (
            "methods: [GET], path_handling: v1",
            {"methods": ["GET"], "extensions": {"kong": {"path_handling": "v1"}}},
        ),
    ],
)
def test_fields(text: str, wanted: dict[str, Any]) -> None:
    assert route(text) == wanted


def test_old_files_join_plainly() -> None:
    found = route("methods: [GET], path_handling: v1", "2.1")
    assert found == {"methods": ["GET"], "rewrite": {"plain_join": True}}


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ("[One]", {"values": ["One"]}),
        ("[a, b]", {"values": ["a", "b"]}),
        (
            "['~*^A.b']",
            {
                "kind": "regex",
                "regexes": [{"pattern": "^a.b", "dialect": "rust", "anchor": "search"}],
            },
        ),
        (
            "['~*a', B.c]",
            {
                "kind": "regex",
                "regexes": [
                    {"pattern": "a", "dialect": "rust", "anchor": "search"},
                    {"pattern": r"b\.c", "dialect": "rust"},
                ],
            },
        ),
    ],
)
def test_headers(values: str, wanted: dict[str, Any]) -> None:
    found = route(f"headers: {{X-A: {values}}}")["header_matches"]
    assert found == [{"name": "X-A", "ignore_case": True, **wanted}]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("name: r", "1:10: a route needs one of hosts, headers, paths, methods, snis"),
        ("protocols: [http]", "1:10: a route needs one of hosts, headers, paths, methods"),
        ("protocols: [grpc]", "1:10: a route needs one of hosts, headers, paths"),
        (
            "paths: [/], protocols: [http, grpc]",
            "1:34: the protocols http, grpc do not go together",
        ),
        ("paths: [/], protocols: [ftp]", '1:35: "ftp" is no protocol'),
        ("paths: [/], protocols: []", "1:34: the protocols (none) do not go together"),
        ("paths: [/], protocols: null", '1:34: field "protocols" must not be null'),
        ("methods: [get]", '1:21: the method "get" must be upper case'),
        ("hosts: ['a.*.b']", '1:19: "a.*.b" is no host to match'),
        ("hosts: ['*']", '1:19: "*" is no host to match'),
        ("headers: {host: [a]}", '1:27: a route matches Host by "hosts", not by "headers"'),
        ("headers: {a: b}", '1:24: field "a" must be a list, not a string'),
        ("snis: [a], paths: [/], protocols: [http]",
         '1:17: "snis" needs https or grpcs among the protocols'),
        ("paths: [/], protocols: [grpc], methods: [GET]",
         '1:51: a gRPC route must not have "methods"'),
        ("paths: [/], protocols: [grpc], strip_path: true",
         '1:54: a gRPC route must not have "strip_path"'),
        ("paths: [/], https_redirect_status_code: 200",
         ('1:51: field "https_redirect_status_code" must be one of 426, 301, 302, 307, 308,'
         ' not "200"')),
        ("paths: [/], strip_path: null", '1:35: field "strip_path" must not be null'),
        ("paths: [/], path_handling: v2",
         '1:38: field "path_handling" must be one of v0, v1, not "v2"'),
        ("paths: [/], name: a b",
         '1:29: the name "a b" may only hold letters, digits and the characters . - _ ~'),
        ("paths: [/], sources: [{}]", '1:33: an address needs "ip" or "port"'),
    ],
)  # fmt: skip
def test_refusals(text: str, wanted: str) -> None:
    assert refusal(f"routes: [{{{text}}}]") == wanted


@pytest.mark.parametrize(("name", "told"), [("x_a", True), ("x-a", False)])
def test_header_with_underscores(name: str, told: bool) -> None:
    found = said(f"routes: [{{headers: {{{name}: [v]}}}}]")
    assert any("hyphens for underscores" in entry for entry in found) is told


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("expression: x, priority: 1", "only known to Kong"),
        ("protocols: [tcp], destinations: [{port: 9}]", "connections, not HTTP requests"),
        ("protocols: [tls_passthrough], snis: [a]", "connections, not HTTP requests"),
        ("protocols: [ws, wss], paths: [/]", "connections, not HTTP requests"),
    ],
)
def test_carried(text: str, reason: str) -> None:
    route = f"{{name: r, {text}, plugins: [{{name: cors}}]}}"
    whole = f"services: [{{name: s, host: h, routes: [{route}]}}]"
    found = model(whole)
    assert fragment(found, "services.0.routes") is None
    kept = fragment(found, "extensions.kong.routes.0")
    assert (kept["name"], kept["service"], kept["plugins"]) == ("r", "s", [{"name": "cors"}])
    assert any(
        entry.startswith("warning carried services[0].routes[0]:") and reason in entry
        for entry in said(whole)
    )


def test_second_name() -> None:
    text = "routes: [{name: r, paths: [/a]}, {name: r, paths: [/b]}, {name: r-2, paths: [/c]}]"
    found = [(one.name, one.id is None) for _, one in read(text).gateway.walk_routes()]
    assert found == [("r", False), ("r-3", True), ("r-2", False)]
    assert said(text) == [
        (
            "warning approximated routes[1].name: Kong refuses a second route of this name; it is"
            ' read as "r-3"'
        )
    ]


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("priority", "routes[0].regex_priority"),
        ("schemes", "routes[0].protocols"),
        ("paths", "routes[0].paths"),
    ],
)
def test_origins(field: str, wanted: str) -> None:
    text = "routes: [{paths: [/], regex_priority: 1, protocols: [https]}]"
    origin = read(text).gateway.routes[0].origin
    assert origin is not None
    node, there = origin.locate(field)
    assert (node.path, there) == (wanted, True)
