"""What a route asks of requests, and what it does besides policies."""

from __future__ import annotations

from typing import Any

import pytest

from gal.exporters.apisix.build import refusing
from tests.exporters.apisix.placed import Placed, gal, own, place, route

REFUSED = refusing()["fault-injection"]


def first(placed: Placed) -> dict[str, Any]:
    """The first route."""
    return placed.section("routes")[0]


EACH = r"(?:^|, )(?:1|2)(?:, |\z)"
PORT_8000 = [
    "OR",
    ["http_host", "~~", r":8000\z"],
    ["AND", ["http_host", "!", "~~", r":\d+\z"], ["server_port", "==", "8000"]],
]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("hosts: [a.test]", {"host": "a.test"}),
        ("hosts: [a.test, '*.b.test']", {"hosts": ["a.test", "*.b.test"]}),
        ("hosts: ['*']", {}),
        ("hosts: ['a.*']", {"vars": [["host", "~~", r"^a\.."]]}),
        (
            "hosts: [A.test, 'b.*']",
            {"vars": [["OR", ["host", "==", "a.test"], ["host", "~~", r"^b\.."]]]},
        ),
        (
            "hosts: ['a.test:8000']",
            {
                "host": "a.test",
                "vars": [["AND", ["host", "==", "a.test"], PORT_8000]],
            },
        ),
        ("methods: [GET, PURGE]", {"methods": ["GET", "PURGE"]}),
        ("methods: [LOCK]", {"vars": [["request_method", "==", "LOCK"]]}),
        ("schemes: [http]", {"vars": [["scheme", "==", "http"]]}),
        ("schemes: [http, https]", {}),
        (
            "schemes: [grpcs]",
            {
                "vars": [
                    ["http_content_type", "~~", "^application/grpc"],
                    ["scheme", "==", "https"],
                ]
            },
        ),
        (
            "server_names: [A.test], schemes: [https]",
            {"vars": [["scheme", "==", "https"], ["ssl_server_name", "==", "a.test"]]},
        ),
        (
            "server_names: [A.test]",
            {"vars": [["OR", ["scheme", "==", "http"], ["ssl_server_name", "==", "a.test"]]]},
        ),
        ("server_names: [a.test], schemes: [http]", {"vars": [["scheme", "==", "http"]]}),
        (
            "server_names: [a.test, '*.b.test', 'c.*'], schemes: [https]",
            {
                "vars": [
                    ["scheme", "==", "https"],
                    ["ssl_server_name", "~*", r"^a\.test\z|\.b\.test\z|^c\.."],
                ]
            },
        ),
        ("sources: [{ip: 10.0.0.0/8}, {ip: '::1'}]", {"remote_addrs": ["10.0.0.0/8", "::1"]}),
        (
            "sources: [{ip: 10.0.0.1, port: 9}]",
            {
                "vars": [
                    ["AND", ["remote_addr", "ipmatch", ["10.0.0.1"]], ["remote_port", "==", "9"]]
                ]
            },
        ),
        ("sources: [{}, {ip: 10.0.0.1, port: 9}], destinations: [{ip: '::1', port: 80}, {}]", {}),
        (
            "destinations: [{port: 80}, {port: 81}]",
            {"vars": [["server_port", "in", ["80", "81"]]]},
        ),
        (
            "header_matches: [{name: X-A, values: [b]}]",
            {"vars": [["http_x_a", "==", "b"]]},
        ),
        (
            "header_matches: [{name: X-A, values: [b, c], invert: true}]",
            {"vars": [["http_x_a", "!", "in", ["b", "c"]]]},
        ),
        (
            "header_matches: [{name: X-A, values: [b], invert: true}]",
            {"vars": [["http_x_a", "~=", "b"]]},
        ),
        (
            "header_matches: [{name: X-A, kind: present, invert: true}]",
            {"vars": [["http_x_a", "!", "~~", "^"]]},
        ),
        (
            "query_matches: [{name: q, values: [a.b], kind: prefix, ignore_case: true}]",
            {"vars": [["arg_q", "~*", r"^a\.b"]]},
        ),
        (
            "query_matches: [{name: q, values: [a, b], kind: suffix}]",
            {"vars": [["arg_q", "~~", r"a\z|b\z"]]},
        ),
        (
            "query_matches: [{name: q, kind: regex, regexes: ['[ab]', c|d]}]",
            {"vars": [["arg_q", "~~", r"(?:^[ab]\z)|(?:^(?:c|d)\z)"]]},
        ),
        ("tags: ['a:b', c]", {"labels": {"a": "b", "c": "true"}}),
        ("timeout: {read: 5s}", {"timeout": {"connect": 60, "send": 60, "read": 5}}),
        ("timeout: {connect: 0s}", {"timeout": {"connect": 2147482, "send": 60, "read": 60}}),
    ],
)
def test_matches(fields: str, expected: dict[str, Any]) -> None:
    placed = route(fields)
    assert first(placed) == {"name": "r", "uri": "/*", **expected, "service_id": "s"}
    assert placed.said == []


@pytest.mark.parametrize(
    ("fields", "plugins"),
    [
        (
            "schemes: [https], https_redirect: {status_code: 301}",
            {"redirect": {"http_to_https": True}},
        ),
        (
            "schemes: [https], https_redirect: {status_code: 308}",
            {
                "redirect": {
                    "uri": "https://$host$request_uri",
                    "ret_code": 308,
                    "_meta": {"filter": [["scheme", "==", "http"]]},
                }
            },
        ),
        (
            "schemes: [https], https_redirect: {status_code: 426}",
            {
                "fault-injection": {
                    "abort": {
                        "http_status": 426,
                        "body": '{"message":"Please use HTTPS protocol"}',
                        "vars": [[["scheme", "==", "http"]]],
                    }
                }
            },
        ),
        ("host_header: {mode: rewrite, value: o.test}", {"proxy-rewrite": {"host": "o.test"}}),
        ("request_buffering: false", {"proxy-control": {"request_buffering": False}}),
        ("response_buffering: false", {"proxy-buffering": {"disable_proxy_buffering": True}}),
    ],
)
def test_plugins(fields: str, plugins: dict[str, Any]) -> None:
    placed = route(fields)
    assert placed.plugins == plugins
    assert "vars" not in first(placed)
    assert not any(line.startswith("warning") for line in placed.said)


@pytest.mark.parametrize(
    ("text", "upstream"),
    [
        ("host_header: {mode: target}", {"pass_host": "node"}),
        (
            "host_header: {mode: rewrite, value: a_b}",
            {"pass_host": "rewrite", "upstream_host": "a_b"},
        ),
        ("retry: {attempts: 4, on_timeout: true}", {"retries": 4}),
    ],
)
def test_another_way_to_ask_the_upstream(text: str, upstream: dict[str, Any]) -> None:
    """The service's upstream stays; the route gets one of its own."""
    placed = route(text)
    nodes = [{"host": "h.test", "port": 80, "weight": 1}]
    assert first(placed)["upstream"] == {"type": "roundrobin", "nodes": nodes, **upstream}
    assert placed.section("services")[0]["upstream"] == {"type": "roundrobin", "nodes": nodes}


@pytest.mark.parametrize(
    "fields",
    [
        r"header_matches: [{name: X-A, kind: regex, regexes: ['\pL']}]",
        "header_matches: [{name: X-A}]",
        "query_matches: [{name: q, values: []}]",
    ],
)
def test_a_match_that_cannot_be_asked_closes_the_route(fields: str) -> None:
    placed = route(fields)
    assert placed.closed
    assert placed.plugins == {"fault-injection": REFUSED}


def test_an_expression_that_cannot_be_written_closes_what_it_may_take() -> None:
    text = r"services: [{name: s, upstream: {host: h}, routes: [{name: r, path_regex: '/a\pL'}]}]"
    placed = gal(text)
    assert placed.closed
    assert first(placed)["uri"] == "/*"
    assert placed.plugins == {"fault-injection": REFUSED}
    opened = gal(text, allow_open=True)
    assert not opened.closed
    assert opened.plugins == {}


def test_a_service_that_is_off() -> None:
    text = "services: [{name: s, enabled: false, upstream: {host: h}, routes: [{path: /a}]}]"
    assert first(gal(text))["status"] == 0


def test_paths_that_rank_apart_count_together() -> None:
    text = (
        "services: [{name: s, upstream: {host: h.test}, routes: [{name: r, paths: [{path: /a},"
        " {path_regex: '/b[0-9]'}], rate_limit: {limits: [5/1m]}}]}]"
    )
    placed = gal(text)
    routes = placed.section("routes")
    assert [one["name"] for one in routes] == ["r", "r-2"]
    assert {one["plugins"]["limit-count"]["group"] for one in routes} == {"gal-route-r"}


def test_plugins_of_a_service_stand_there_once() -> None:
    text = (
        "services: [{name: s, upstream: {host: h.test}, policies: {cors: {max_age: 7}}, routes:"
        " [{name: a, path: /a}, {name: b, path: /b, cors: {max_age: 6}}]}]"
    )
    placed = gal(text)
    assert placed.section("services")[0]["plugins"]["cors"]["max_age"] == 7
    assert "plugins" not in placed.section("routes")[0]
    assert placed.section("routes")[1]["plugins"]["cors"]["max_age"] == 6


def test_a_route_that_switches_off_keeps_the_others_apart() -> None:
    text = (
        "services: [{name: s, upstream: {host: h.test}, policies: {cors: {max_age: 7}}, routes:"
        " [{name: a, path: /a}, {name: b, path: /b, cors: {enabled: false}}]}]"
    )
    placed = gal(text)
    assert "plugins" not in placed.section("services")[0]
    assert "cors" in placed.section("routes")[0]["plugins"]
    assert "plugins" not in placed.section("routes")[1]


def test_a_certificate_that_clients_show() -> None:
    """It is no plugin: the `ssl` asks for it."""
    pem = "x" * 128
    text = (
        f"ssls: [{{id: c, snis: [a.test], cert: {pem}, key: {pem}, client: {{ca: {pem}}}}}]\n"
        "routes: [{id: r, uri: /a, host: a.test, upstream: {nodes: {'h:80': 1}}}]\n"
    )
    placed = place(own(text))
    assert not placed.closed
    assert "plugins" not in first(placed)
    assert placed.section("ssls")[0]["client"] == {"ca": pem}


@pytest.mark.parametrize(
    ("fields", "conditions"),
    [
        (
            "header_matches: [{name: X-Lock, values: ['1', '2']}], ip_access: {deny: [10.0.0.1]}",
            [["OR", ["http_x_lock", "in", ["1", "2"]], ["http_x_lock", "~~", EACH]]],
        ),
        (
            "header_matches: [{name: X-Lock, values: ['1', '2']}]",
            [["http_x_lock", "in", ["1", "2"]]],
        ),
        (
            (
                "header_matches: [{name: X-Lock, values: ['1'], invert: true}],"
                " ip_access: {deny: [10.0.0.1]}"
            ),
            [["http_x_lock", "~=", "1"]],
        ),
        (
            (
                "header_matches: [{name: X-Lock, kind: regex, regexes: ['ab.*']}],"
                " ip_access: {deny: [10.0.0.1]}"
            ),
            [
                [
                    "OR",
                    ["http_x_lock", "~~", r"^ab.*\z"],
                    ["http_x_lock", "~~", r"(?:^|, )ab.*(?:, |\z)"],
                ]
            ],
        ),
        (
            "query_matches: [{name: a, values: ['']}]",
            [["arg_a", "in", ["", True]]],
        ),
    ],
)
def test_values_that_are_there_several_times(fields: str, conditions: list[Any]) -> None:
    """A guarded route is not passed by with a header that is there twice."""
    assert first(route(fields))["vars"] == conditions
