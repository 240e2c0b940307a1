"""Policies that are one plugin each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.exporters.kong.exported import SERVICE, gal, route


@pytest.mark.parametrize(
    ("policy", "name", "config"),
    [
        ("request_id: {}", "correlation-id", {"header_name": "X-Request-ID", "generator": "uuid"}),
        ("ip_access: {allow: [10.0.0.0/8], deny: [10.1.0.0/16], message: no}", "ip-restriction",
         {"allow": ["10.0.0.0/8"], "deny": ["10.1.0.0/16"], "message": "no"}),
        ("acl: {allow: [g]}", "acl", {"allow": ["g"]}),
        ("user_agent: {deny: [bad], deny_known_bots: true}", "bot-detection",
         {"deny": ["^(?:bad)$"]}),
        ("size_limit: {max_body: 8MiB}", "request-size-limiting", {"allowed_payload_size": 8}),
        ("size_limit: {max_body: 1000}", "request-size-limiting",
         {"allowed_payload_size": 1000, "size_unit": "bytes"}),
        ("rate_limit: {limits: [5/1s, 100/1m], key_type: consumer}", "rate-limiting",
         {"second": 5, "minute": 100, "error_message": "Rate limit exceeded"}),
        ("rate_limit: {limits: [100/10s]}", "rate-limiting",
         {"second": 10, "limit_by": "ip", "error_message": "Rate limit exceeded"}),
        ("rate_limit: {limits: [1/10m]}", "rate-limiting",
         {"hour": 6, "limit_by": "ip", "error_message": "Rate limit exceeded"}),
        ("direct_response: {status_code: 200, body: hi, content_type: text/plain}",
         "request-termination", {"status_code": 200, "body": "hi", "content_type": "text/plain"}),
        ("redirect: {location: 'https://b.test', keep_path: true, status_code: 308}", "redirect",
         {"location": "https://b.test", "keep_incoming_path": True, "status_code": 308}),
        ("redirect: {location: /login}", "request-termination", {"status_code": 503}),
        ("redirect: {scheme: https, host: b.test, port: 444}", "redirect",
         {"location": "https://b.test:444", "keep_incoming_path": True}),
        ("headers: {request_set: {A: x}}", "request-transformer",
         {"replace": {"headers": ["A:x"]}, "add": {"headers": ["A:x"]}}),
        ("headers: {request_set: {Host: x}}", "request-transformer",
         {"replace": {"headers": ["Host:x"]}}),
        ("headers: {request_add: {A: [x, y]}}", "request-transformer",
         {"append": {"headers": ["A:x", "A:y"]}}),
        ("headers: {response_remove: [A], response_set: {A: x}}", "response-transformer",
         {"replace": {"headers": ["A:x"]}, "add": {"headers": ["A:x"]}}),
        ("query: {default: {q: '1'}}", "request-transformer",
         {"add": {"querystring": ["q:1"]}}),
        ("request_line: {method: POST, path: /x}", "request-transformer",
         {"replace": {"uri": "/x"}, "http_method": "POST"}),
        ("rewrite: {path: /x}", "request-transformer", {"replace": {"uri": "/x"}}),
        ("host_header: {mode: rewrite, value: x.test}", "request-transformer",
         {"replace": {"headers": ["Host:x.test"]}}),
        ("cors: {allowed_origins: ['https://a.test'], max_age: 5}", "cors",
         {"origins": ["https://a.test"], "max_age": 5,
          "methods": ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS"]}),
    ],
)  # fmt: skip
def test_policy(policy: str, name: str, config: dict[str, Any]) -> None:
    assert route(f"path_prefix: /, {policy}").plugins("services.0.routes.0") == {name: config}


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("rate_limit: {limits: [100/10s]}", "Kong has no window of 10s: it counts 10 a second"),
        ("headers: {request_set: {A: '{{uuid}}'}}", '"A": Kong makes up no values here'),
        ("acl: {allow: [g], status_code: 404}", "Kong refuses with 403"),
        ("timeout: {request: 5s}", "Kong limits the time between two reads, not the whole request"),
        ("rate_limit: {limits: [5/1s], key_type: header, key_header: '%a€'}",
         ('"%a€": Kong takes letters, digits, - and _ in names of headers; all requests are counted'
         " together")),
        ("direct_response: {trigger: a b}",
         '"a b": Kong takes letters, digits, - and _ in names of headers; nothing is answered'),
        ("request_id: {header_name: a b}",
         '"a b": Kong takes letters, digits, - and _ in names of headers'),
        ("header_matches: [{name: a b, values: [x]}]",
         ('"a b": Kong takes letters, digits, - and _ in names of headers, so the route would take'
         " other requests, too; everybody is refused with 403")),
        ("authentication: {api_key: {header_name: a b, keys: [{key: k}]}}",
         "Kong takes none of the names of keys; everybody is refused with 403"),
        ("authentication: {api_key: {keys: [{key: k}]}}",
         "users and keys are consumers in Kong: the upstream is told who asks (X-Consumer-*)"),
        ("rewrite: {pattern: a, replacement: b}",
         "Kong cannot replace parts of a path: it stays as it is"),
    ],
)  # fmt: skip
def test_what_differs_is_said(policy: str, said: str) -> None:
    assert any(one.endswith(said) for one in route(f"path_prefix: /, {policy}").said)


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        ("['*'], allow_credentials: true", None),
        ("['*'], reflect_any_origin: true", [".*"]),
        ("['*'], reflect_any_origin: true, allow_credentials: true", None),
        ("[], allowed_origin_patterns: ['https://.*']", ["https://.*"]),
        ("[], allowed_origin_patterns: ['.*test']", [":{0}.*test"]),
        ("[], allowed_origin_patterns: [{pattern: 'test', anchor: search}]",
         [":{0}.*(?:test).*"]),
        ("[]", ["https://no-origin.invalid"]),
    ],
)  # fmt: skip
def test_origins(origins: str, expected: list[str] | None) -> None:
    found = route(f"path_prefix: /, cors: {{allowed_origins: {origins}}}")
    assert found.plugins("services.0.routes.0")["cors"].get("origins") == expected


def test_any_header_beside_credentials_is_what_is_asked_for() -> None:
    found = route(
        "path_prefix: /, cors: {allowed_origins: ['http://a'], allow_credentials: true,"
        " allowed_headers: ['*']}"
    )
    assert "headers" not in found.plugins("services.0.routes.0")["cors"]
    assert any("browsers take * for a name" in one for one in found.said)


def test_any_origin_does_not_get_credentials() -> None:
    found = route("path_prefix: /, cors: {allowed_origins: ['*'], allow_credentials: true}")
    assert "credentials" not in found.plugins("services.0.routes.0")["cors"]


@pytest.mark.parametrize(
    ("service", "of_route", "expected"),
    [
        pytest.param(
            "request_set: {X: a, Y: b}",
            "request_set: {X: c}",
            {"replace": {"headers": ["Y:b", "X:c"]}, "add": {"headers": ["Y:b", "X:c"]}},
            id="the route sets it again",
        ),
        pytest.param(
            "request_set: {X: a}",
            "request_remove: [X]",
            {"remove": {"headers": ["X"]}},
            id="removes",
        ),
        pytest.param(
            "request_remove: [X]",
            "request_set: {X: c}",
            {
                "remove": {"headers": ["X"]},
                "replace": {"headers": ["X:c"]},
                "add": {"headers": ["X:c"]},
            },
            id="sets what the service removes",
        ),
    ],
)
def test_headers_of_the_service_act_before_those_of_the_route(
    service: str, of_route: str, expected: dict[str, Any]
) -> None:
    exported = route(
        f"path_prefix: /, headers: {{{of_route}}}",
        f"transformation: {{headers: {{{service}}}}}",
    )
    assert exported.plugins("services.0.routes.0")["request-transformer"] == expected
    assert not [one for one in exported.said if "changed twice" in one]


CLOSED = {"status_code": 403, "message": "Forbidden"}


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ("acl: {allow: [g]}, direct_response: {trigger: t}", CLOSED),
        ("acl: {allow: [g]}, user_agent: {deny: [bad]}", CLOSED),
        ("direct_response: {status_code: 404}", {"status_code": 404}),
    ],
    ids=["refusal and answer", "two refusals", "answer"],
)
def test_a_consumer_has_one_answer(policies: str, expected: dict[str, Any]) -> None:
    exported = gal(f"consumers: [{{name: c, policies: {{{policies}}}}}]")
    plugins = exported.at("consumers.0.plugins")
    assert [one["config"] for one in plugins] == [expected]


def test_kong_does_not_ask_for_a_name_of_the_client() -> None:
    exported = route("path_prefix: /, user_agent: {refuse_missing: true}")
    assert exported.plugins("services.0.routes.0")["request-termination"] == CLOSED
    reason = "Kong does not ask whether there is a User-Agent; everybody is refused with 403"
    assert exported.said == [f"error dropped: {reason}"]


def test_a_refusal_goes_before_a_plugin_that_answers() -> None:
    exported = route(
        "path_prefix: /, authentication: {forward: {address: 'http://a.test'}},"
        " direct_response: {trigger: t},"
        " plugins: {kong: [{name: request-termination, config: {status_code: 200}}]}"
    )
    assert [one["config"] for one in exported.at("services.0.routes.0.plugins")] == [CLOSED]


@pytest.mark.parametrize(
    ("first", "second", "acts"),
    [
        ("circuit_breaker: {max_failures: 3}", "circuit_breaker: {max_failures: 3}", True),
        ("circuit_breaker: {max_failures: 3}", "circuit_breaker: {max_failures: 4}", False),
        ("circuit_breaker: {max_failures: 3}", "methods: [GET]", False),
    ],
    ids=["all alike", "unlike", "one of two"],
)
def test_circuit_breakers_of_routes(first: str, second: str, acts: bool) -> None:
    exported = gal(
        f"{SERVICE}routes: [{{name: a, path: /a, {first}}}, {{name: b, path: /b, {second}}}]}}]"
    )
    checks = exported.at("upstreams.0.healthchecks")
    assert (checks is not None) is acts
    said = [one for one in exported.said if "its routes do not all say this" in one]
    assert bool(said) is not acts
    if acts:
        assert {429, 431, 451} <= set(checks["active"]["healthy"]["http_statuses"])
