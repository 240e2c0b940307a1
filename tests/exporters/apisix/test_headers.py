"""Changes of headers and of the method."""

from __future__ import annotations

from typing import Any

import pytest

from tests.exporters.apisix.placed import gal, own_route, place, route


@pytest.mark.parametrize(
    ("policy", "config"),
    [
        ("{request_set: {A: x}, request_add: {B: [x, y]}, request_remove: [C]}",
         {"add": {"B": ["x", "y"]}, "set": {"A": "x"}, "remove": ["C"]}),
        ("{request_set: {A: [x, y]}}", {"set": {"A": ["x", "y"]}}),
        ("{request_remove: [A], request_set: {A: x}}", {"set": {"A": "x"}}),
        ("{request_remove: [A], request_add: {a: x}}", {"set": {"a": "x"}}),
        ("{request_set: {A: x}, request_add: {a: y}}", {"set": {"a": ["x", "y"]}}),
        ("{request_default: {X-A: v}}", {"set": {"X-A": "${http_x_a ?? v}"}}),
        ("{request_remove: [A], request_default: {A: v}}", {"set": {"A": "v"}}),
        ("{request_set: {A: 'costs 5$'}}", {"set": {"A": "costs 5$"}}),
        ("{request_set: {A: '${TOKEN}'}}", {"set": {"A": "${TOKEN}"}}),
    ],
)  # fmt: skip
def test_requests(policy: str, config: dict[str, Any]) -> None:
    placed = route(f"headers: {policy}")
    assert placed.plugins["proxy-rewrite"] == {"headers": config}
    assert placed.said == []


def test_host_is_none_of_the_headers() -> None:
    placed = route("headers: {request_set: {Host: b.test}}")
    assert placed.plugins["proxy-rewrite"] == {"host": "b.test"}


@pytest.mark.parametrize(
    ("policy", "config", "said"),
    [
        ("{response_set: {A: x}, response_add: {B: [x, y]}, response_remove: [C]}",
         {"add": ["B: x", "B: y"], "set": {"A": "x"}, "remove": ["C"]}, []),
        ("{response_default: {X-A: v}}", {"set": {"X-A": "${sent_http_x_a ?? v}"}}, []),
        ("{response_add: {A: 'http://b'}}", {"set": {"A": "http://b"}},
         ["warning approximated: A: it takes the place of the values that are there"]),
        ("{response_set: {A: [x, y]}}", {"set": {"A": "x, y"}},
         ["warning approximated: A: the values stand in one header, with commas between"]),
    ],
)  # fmt: skip
def test_responses(policy: str, config: dict[str, Any], said: list[str]) -> None:
    placed = route(f"headers: {policy}")
    assert placed.plugins["response-rewrite"] == {"headers": config}
    assert placed.said == said


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("{request_rename: {A: B}}", "A: APISIX does not rename headers"),
        ("{request_replace: {A: b}}", "A: APISIX does not change a header only where it is there"),
        ("{request_set: {A: 'x $host'}}",
         "A: APISIX would take a part of the value for a variable"),
        ("{request_default: {A: 'a{b'}}",
         "A: APISIX cannot say this for a header that is not there"),
        ("{request_set: {'a b': x}}", '"a b" is no name of a header'),
    ],
)  # fmt: skip
def test_what_cannot_be_said(policy: str, message: str) -> None:
    placed = route(f"headers: {policy}")
    assert placed.plugins == {}
    assert placed.said == [f"warning dropped: {message}"]


@pytest.mark.parametrize(
    ("value", "written"),
    [("{{uuid}}", "${request_id}"), ("at {{ timestamp }}", "at ${time_iso8601}")],
)
def test_made_up_values(value: str, written: str) -> None:
    placed = route(f"headers: {{request_set: {{A: '{value}'}}}}")
    assert placed.plugins["proxy-rewrite"] == {"headers": {"set": {"A": written}}}
    assert placed.heard("A: ") == ["warning approximated"]


@pytest.mark.parametrize(
    ("line", "config"),
    [
        ("{method: POST}", {"method": "POST"}),
        ("{path: /x}", {"uri": "/x"}),
        ("{method: PUT, path: y}", {"method": "PUT", "uri": "/y"}),
    ],
)
def test_request_line(line: str, config: dict[str, Any]) -> None:
    assert route(f"request_line: {line}").plugins["proxy-rewrite"] == config


def test_a_path_and_headers_share_a_plugin() -> None:
    placed = route("request_line: {path: /x}, headers: {request_set: {A: b}}")
    assert placed.plugins == {"proxy-rewrite": {"uri": "/x", "headers": {"set": {"A": "b"}}}}


def test_transformations_come_first() -> None:
    placed = gal(
        "services: [{name: s, upstream: {host: h.test},"
        " transformation: {headers: {request_set: {A: service, B: service}}, metadata: {M: m}},"
        " routes: [{name: r, path_prefix: /, headers: {request_set: {A: route}}}]}]\n"
    )
    assert placed.plugins["proxy-rewrite"] == {
        "headers": {"set": {"A": "route", "B": "service", "M": "m"}}
    }


def test_the_two_sides_may_stand_in_different_scopes() -> None:
    placed = gal(
        "services: [{name: s, upstream: {host: h.test},"
        " policies: {headers: {request_set: {A: service}, response_set: {B: service}}},"
        " routes: [{name: r, path_prefix: /, headers: {response_set: {B: route}}}]}]\n"
    )
    assert placed.plugins == {
        "proxy-rewrite": {"headers": {"set": {"A": "service"}}},
        "response-rewrite": {"headers": {"set": {"B": "route"}}},
    }


@pytest.mark.parametrize(
    "plugins",
    [
        {"proxy-rewrite": {"headers": {"set": {"A": "$remote_addr", "B": "c"}}}},
        {"proxy-rewrite": {"headers": {"add": {"A": "$remote_addr"}}}},
        {"proxy-rewrite": {"uri": "/x?y=1", "method": "GET"}},
        {"response-rewrite": {"headers": {"add": ["B: c", "A: $host"]}}},
        {"response-rewrite": {"status_code": 201, "body": "x"}},
    ],
)
def test_what_only_apisix_knows_comes_back(plugins: dict[str, Any]) -> None:
    """Written as JSON, which YAML is."""
    import json

    assert place(own_route(json.dumps(plugins))).plugins == plugins


def test_query_parameters() -> None:
    placed = route("query: {set: {a: b}}")
    assert placed.said == ["warning dropped: APISIX does not change query parameters"]
