"""Routes and services: what a model's fields are in Kong's file."""

from __future__ import annotations

from typing import Any

import pytest

from tests.exporters.kong.exported import SERVICE, gal, route


@pytest.mark.parametrize(
    ("fields", "key", "value"),
    [
        ("path_prefix: /a", "paths", ["/a"]),
        ("path: /a.b", "paths", [r"~/a\.b$"]),
        ("path_segments: /a", "paths", ["~/a(?:/|$)"]),
        ("path_regex: '/a/[0-9]+'", "paths", ["~/a/[0-9]+$"]),
        ("path_regex: '/a|/b'", "paths", ["~/{0}(?:/a|/b)$"]),
        ("path_regex: {pattern: '\\d', anchor: search}", "paths", ["~/{0}(?s:.*?)(?:[0-9])"]),
        ("path_prefix: /a", "strip_path", False),
        ("path_prefix: /a, rewrite: {strip_prefix: true}", "strip_path", None),
        (
            "path_prefix: /a, schemes: [https], https_redirect: {status_code: 308}",
            "https_redirect_status_code",
            308,
        ),
        ("path_prefix: /a, schemes: [https]", "protocols", ["https"]),
        ("path_prefix: /a, schemes: [grpc]", "protocols", ["grpc", "grpcs"]),
        ("path_prefix: /a, hosts: ['*']", "hosts", None),
        ("path_prefix: /a, hosts: ['*.a.test']", "hosts", ["*.a.test"]),
        ("path_prefix: /a, host_header: {mode: pass}", "preserve_host", True),
        ("path_prefix: /a, redirect: {scheme: https}", "protocols", ["https"]),
        ("path_prefix: /a, redirect: {scheme: https}", "https_redirect_status_code", 301),
        ("path_prefix: /a, request_buffering: false", "request_buffering", False),
        (
            "path_prefix: /a, header_matches: [{name: X, values: [a], kind: prefix}]",
            "headers",
            {"X": ["~*^a"]},
        ),
        ("path_prefix: /a, header_matches: [{name: X, kind: present}]", "headers", {"X": ["~*.*"]}),
        (
            "path_prefix: /a, header_matches: [{name: X, values: ['', '~*a', b]}]",
            "headers",
            {"X": ["~*^$", r"~*^\~\*a$", "b"]},
        ),
        ("path_prefix: /a, methods: [GET, M-SEARCH]", "methods", ["GET"]),
        ("path_prefix: /a, methods: [GET, M-SEARCH], acl: {allow: [g]}", "methods", ["GET"]),
        ("path_prefix: /a, methods: ['${METHOD}']", "methods", ["${METHOD}"]),
        ("tags: [t]", "paths", ["/"]),
    ],
)
def test_route(fields: str, key: str, value: Any) -> None:
    assert route(fields).at(f"services.0.routes.0.{key}") == value


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("query_matches: [{name: q, kind: present}]", "does not look at query parameters"),
        ("header_matches: [{name: X, values: [a], invert: true}]", "must not be there"),
        ("path_regex: {pattern: '/(?!a)', dialect: pcre}", "no look-around"),
        ("sources: [{ip: 10.0.0.0/8}]", "does not look at addresses"),
        ("header_matches: [{name: Host, values: [a.test]}]", "Kong asks for hosts by whole names"),
        ("methods: [M-SEARCH]", "no method with other signs than letters: M-SEARCH, so"),
        ("methods: [get]", "no method with other signs than letters: get, so"),
    ],
)
def test_a_match_that_kong_has_not_closes_the_route(fields: str, said: str) -> None:
    exported = route(fields)
    assert exported.plugins("services.0.routes.0") == {
        "request-termination": {"status_code": 403, "message": "Forbidden"}
    }
    assert any(one.startswith("error dropped") and said in one for one in exported.said)
    assert exported.at("services.0.routes.0.name") == "r"


@pytest.mark.parametrize(
    ("service", "key", "value"),
    [
        ("path: /base", "path", "/base"),
        ("protocol: https", "protocol", "https"),
        ("type: grpc", "protocol", "grpc"),
        ("policies: {timeout: {connect: 2s, read: 0s}}", "connect_timeout", 2000),
        ("policies: {timeout: {connect: 2s, read: 0s}}", "read_timeout", 2147483646),
        ("policies: {retry: {attempts: 1}}", "retries", 1),
        ("policies: {retry: {enabled: false}}", "retries", 0),
        ("enabled: false", "enabled", False),
    ],
)
def test_service(service: str, key: str, value: Any) -> None:
    assert route("path_prefix: /", service).at(f"services.0.{key}") == value


def test_a_route_with_timeouts_of_its_own_gets_a_service_of_its_own() -> None:
    exported = gal(
        "services: [{name: s, upstream: {host: h.test}, routes: ["
        "{name: a, path_prefix: /a}, {name: b, path_prefix: /b, timeout: {read: 5s}}]}]"
    )
    services = exported.data["services"]
    found = [(one["name"], one.get("read_timeout"), one["routes"][0]["name"]) for one in services]
    assert found == [("s", None, "a"), ("s-2", 5000, "b")]


def test_several_targets_are_an_upstream() -> None:
    exported = gal(
        "services: [{name: s, upstream: {targets: [{host: a.test, weight: 2}, {host: '::1',"
        " port: 81}]}, routes: [{path_prefix: /}]}]"
    )
    assert exported.at("services.0.host") == "s"
    assert exported.data["upstreams"] == [
        {
            "name": "s",
            "targets": [{"target": "a.test:80", "weight": 2}, {"target": "[::1]:81", "weight": 1}],
        }
    ]


def test_backends_are_one_upstream_with_all_targets() -> None:
    exported = gal(
        "routes: [{name: r, path_prefix: /, backends: [{upstream: a, weight: 9},"
        " {upstream: b, weight: 1}]}]\n"
        "upstreams: [{name: a, host: a.test}, {name: b, host: b.test}]"
    )
    merged = next(one for one in exported.data["upstreams"] if one["name"] == "r-backends")
    assert [(one["target"], one["weight"]) for one in merged["targets"]] == [
        ("a.test:80", 9),
        ("b.test:80", 1),
    ]


@pytest.mark.parametrize(
    ("guarded", "other", "methods"),
    [
        pytest.param("acl: {allow: [g]}", "path: /b", None, id="another route lets in"),
        pytest.param("acl: {allow: [g]}", "path: /b, methods: [GET]", ["GET"], id="with methods"),
        pytest.param("tags: [t]", "path: /b", ["GET"], id="nothing to guard"),
    ],
)
def test_methods_that_kong_refuses(guarded: str, other: str, methods: list[str] | None) -> None:
    routes = f"{{path: /, methods: [GET, BASELINE-CONTROL], {guarded}}}, {{{other}}}"
    made = gal(f"{SERVICE}routes: [{routes}]}}]\n")
    route = made.at("services.0.routes.0")
    assert route.get("methods") == methods
    assert ("request-termination" in made.plugins("services.0.routes.0")) is (methods is None)
    level = "error" if methods is None else "warning"
    assert any(f"{level} dropped: Kong takes no method" in one for one in made.said)


def test_a_closed_match_gives_no_rank() -> None:
    """The closed route has to come first without its header, so the order names methods."""
    closed = "{path_prefix: /i, header_matches: [{name: X, values: [a], invert: true}]}"
    made = gal(f"{SERVICE}routes: [{closed}, {{path_prefix: /i, methods: [GET]}}]}}]\n")
    first, second = made.at("services.0.routes.0"), made.at("services.0.routes.1")
    assert "GET" in first["methods"]
    assert first["regex_priority"] > second.get("regex_priority", 0)


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        pytest.param("hosts: [a.test]", "path_prefix: /", True, id="a route for any host"),
        pytest.param("hosts: [a.test]", "hosts: [b.test]", False, id="hosts only"),
        pytest.param("hosts: ['10.0.0.1']", "path_prefix: /", False, id="no letters"),
        pytest.param("path_prefix: /a", "path_prefix: /", False, id="no hosts"),
    ],
)
def test_capital_letters_of_hosts_are_said(first: str, second: str, told: bool) -> None:
    text = f"{SERVICE}routes: [{{{first}}}, {{{second}}}]}}]"
    line = (
        "warning approximated: in capital letters its hosts are others to Kong, and find a route "
        "for any host"
    )
    assert (line in gal(text).said) is told
    native = gal(f"global: {{route_order: kong}}\n{text}")
    assert line not in native.said
