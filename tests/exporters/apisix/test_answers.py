"""Answers of the gateway itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.exporters.apisix.placed import route

LATE = {"priority": 10}
PRESENT = ["~~", "^"]


@pytest.mark.parametrize(
    ("policy", "config"),
    [
        ("{location: 'https://b.test/x'}", {"uri": "https://b.test/x", "ret_code": 301}),
        ("{location: 'https://b.test/', keep_path: true, status_code: 302}",
         {"uri": "https://b.test$request_uri"}),
        ("{location: 'https://b.test', keep_path: true, strip_query: true, status_code: 302}",
         {"uri": "https://b.test$uri", "encode_uri": True}),
        ("{scheme: https, host: b.test, port: 444}",
         {"uri": "https://b.test:444$request_uri", "ret_code": 301}),
        ("{host: b.test}", {"uri": "$scheme://b.test$request_uri", "ret_code": 301}),
        ("{port: 81}", {"uri": "$scheme://$host:81$request_uri", "ret_code": 301}),
        ("{path: /x}", {"uri": "$scheme://$http_host/x", "append_query_string": True,
                        "ret_code": 301}),
        ("{path: x, strip_query: true}", {"uri": "$scheme://$http_host/x", "ret_code": 301}),
        ("{scheme: https}", {"uri": "https://$host$request_uri", "ret_code": 301,
                             "_meta": {"filter": [["scheme", "==", "http"]]}}),
    ],
)  # fmt: skip
def test_redirect(policy: str, config: dict[str, Any]) -> None:
    placed = route(f"redirect: {policy}")
    assert placed.plugins["redirect"] == config
    assert placed.said == []


def test_a_redirect_to_https_on_a_route_for_http_needs_no_condition() -> None:
    placed = route("schemes: [http], redirect: {scheme: https}")
    assert "_meta" not in placed.plugins["redirect"]


def test_apisix_redirects_before_it_looks_at_addresses() -> None:
    placed = route("redirect: {host: b.test}, ip_access: {allow: [10.0.0.1]}")
    assert placed.heard("before ip-restriction decides") == ["warning approximated"]


@pytest.mark.parametrize(
    ("policy", "abort"),
    [
        ("{status_code: 200, body: hi, content_type: text/plain}",
         {"http_status": 200, "body": "hi", "headers": {"Content-Type": "text/plain"}}),
        ("{message: no}", {"http_status": 503, "body": '{"message": "no"}',
                           "headers": {"Content-Type": "application/json"}}),
        ("{status_code: 204}", {"http_status": 204}),
        ("{status_code: 403, trigger: X-Stop}",
         {"http_status": 403,
          "vars": [[["http_x_stop", *PRESENT]], [["arg_X-Stop", *PRESENT]]]}),
    ],
)  # fmt: skip
def test_direct_response(policy: str, abort: dict[str, Any]) -> None:
    placed = route(f"direct_response: {policy}")
    assert placed.plugins == {"fault-injection": {"abort": abort}}
    assert placed.said == []


@pytest.mark.parametrize(
    ("policy", "config"),
    [
        ("{status_code: 200, body: hi}",
         {"response_example": "hi", "content_type": "text/plain", "_meta": LATE}),
        ("{message: no}", {"response_example": '{"message": "no"}', "response_status": 503,
                           "content_type": "application/json", "_meta": LATE}),
        ("{status_code: 403, trigger: X-Stop}",
         {"response_example": "", "response_status": 403, "content_type": "text/plain",
          "_meta": {**LATE, "filter": ["OR", ["http_x_stop", *PRESENT],
                                       ["arg_X-Stop", *PRESENT]]}}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("guard", ["ip_access: {allow: [10.0.0.1]}", "cors: {}"])
def test_nobody_is_answered_before_access_controls(
    policy: str, config: dict[str, Any], guard: str
) -> None:
    """`fault-injection` would: APISIX runs it before it asks who is there."""
    placed = route(f"direct_response: {policy}, {guard}")
    assert placed.plugins["mocking"] == {"with_mock_header": False, **config}
    assert "fault-injection" not in placed.plugins


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("direct_response: {echo: true}", "does not repeat"),
        ("direct_response: {body: 'a $host'}", "fill in a part of the body"),
        ("direct_response: {body: x, content_type: a/b}, cors: {}", 'makes up no "a/b"'),
        ("redirect: {location: 'http://b.test/$x'}", "fill in a part of the location"),
    ],
)
def test_differences(fields: str, words: str) -> None:
    assert route(fields).heard(words) == ["warning approximated"]
