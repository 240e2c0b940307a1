"""What each policy does with a request."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from gal.tracing.request import parse_request
from gal.tracing.tracer import Tracer
from tests.tracing.traced import gateway, told, traced

BASE = """\
services:
- name: s
  upstream: {host: s.test, port: 80}
  path: /base
  routes:
  - {name: r, path_prefix: /r%s}
"""


def config(policies: str, below: str = "") -> str:
    return BASE % (f", {policies}" if policies else "") + below


def token(claims: dict[str, Any], secret: str, algorithm: str = "HS256") -> str:
    """A token signed with a secret."""

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    head = part(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())
    signed = f"{head}.{part(json.dumps(claims).encode())}"
    return f"{signed}.{part(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"


ADA = """\
consumers:
- name: ada
  groups: [staff]
  credentials:
    api_keys: [{key: k1}]
    basic: [{username: ada, password: p1}]
    jwt: [{key: ada-app, secret: s1}]
"""
BASIC = "Authorization: Basic " + base64.b64encode(b"ada:p1").decode()
WRONG = "Authorization: Basic " + base64.b64encode(b"ada:no").decode()
KEY = "authentication: {api_key: {header_name: X-Key, query_param: key, hide_credentials: true}}"
JWT = "authentication: {jwt: {algorithms: [HS256]}}"


@pytest.mark.parametrize(
    ("policies", "headers", "steps", "status"),
    [
        (KEY, [], ["authentication refused"], 401),
        (KEY, ["X-Key: no"], ["authentication refused"], 401),
        (KEY, ["X-Key: k1"], ["authentication passed"], None),
        ("authentication: {basic: {}}", [], ["authentication refused"], 401),
        ("authentication: {basic: {}}", [WRONG], ["authentication refused"], 401),
        ("authentication: {basic: {}}", [BASIC], ["authentication passed"], None),
        (JWT, ["Authorization: Bearer x"], ["authentication refused"], 401),
        (
            JWT,
            [f"Authorization: Bearer {token({'iss': 'ada-app'}, 's1')}"],
            ["authentication passed"],
            None,
        ),
        (
            JWT,
            [f"Authorization: Bearer {token({'iss': 'ada-app'}, 's2')}"],
            ["authentication refused"],
            401,
        ),
        (
            JWT,
            [f"Authorization: Bearer {token({'iss': 'eve'}, 's1')}"],
            ["authentication refused"],
            401,
        ),
        (
            "authentication: {jwt: {issuer: i, jwks_uri: 'http://k.test', algorithms: [HS256]}}",
            [f"Authorization: Bearer {token({'iss': 'i'}, 's1')}"],
            ["authentication unknown"],
            None,
        ),
        (
            "authentication: {forward: {address: 'http://auth.test'}}",
            [],
            ["authentication unknown"],
            None,
        ),
        (
            "authentication: {basic: {}, api_key: {}}",
            ["X-API-Key: k1"],
            ["authentication passed"],
            None,
        ),
        (
            "authentication: {require: all, basic: {}, api_key: {}}",
            ["X-API-Key: k1"],
            ["authentication refused"],
            401,
        ),
        (f"{KEY}, acl: {{allow: [staff]}}", ["X-Key: k1"], ["acl passed"], None),
        (f"{KEY}, acl: {{allow: [other]}}", ["X-Key: k1"], ["acl refused"], 403),
        (f"{KEY}, acl: {{deny: [staff]}}", ["X-Key: k1"], ["acl refused"], 403),
        ("ip_access: {allow: [192.0.2.0/24]}", [], ["ip_access passed"], None),
        ("ip_access: {allow: [10.0.0.1]}", [], ["ip_access refused"], 403),
        ("ip_access: {deny: [192.0.2.1], status_code: 444}", [], ["ip_access refused"], 444),
        ("user_agent: {deny: [bot.*]}", ["User-Agent: bot9"], ["user_agent refused"], 403),
        (
            "user_agent: {allow: [bot9], deny: [bot.*]}",
            ["User-Agent: bot9"],
            ["user_agent passed"],
            None,
        ),
        ("user_agent: {deny: [.*]}", [], ["user_agent passed"], None),
        ("user_agent: {refuse_missing: true}", [], ["user_agent refused"], 403),
        ("user_agent: {refuse_missing: true}", ["User-Agent: "], ["user_agent passed"], None),
        ("size_limit: {max_body: 10B}", ["Content-Length: 11"], ["size_limit refused"], 413),
        ("size_limit: {max_body: 10B}", ["Content-Length: 10"], ["size_limit passed"], None),
        ("direct_response: {status_code: 418}", [], ["direct_response answered"], 418),
        ("redirect: {scheme: https}", [], ["redirect answered"], 301),
    ],
)
def test_outcome(policies: str, headers: list[str], steps: list[str], status: int | None) -> None:
    decision = traced(config(policies, ADA), "GET", "http://h.test/r", *headers)
    assert set(steps) <= set(told(decision)), told(decision)
    assert (decision.answer.status if decision.answer else None) == status
    assert (decision.upstream is None) == (status is not None)


CORS = "cors: {allowed_origins: ['https://a.test'], allow_credentials: true, max_age: 60}"
PREFLIGHT = "Access-Control-Request-Method: PUT"


@pytest.mark.parametrize(
    ("method", "headers", "answered", "origin"),
    [
        ("GET", ["Origin: https://a.test"], False, "https://a.test"),
        ("GET", ["Origin: https://b.test"], False, None),
        ("GET", [], False, None),
        ("OPTIONS", ["Origin: https://a.test", PREFLIGHT], True, "https://a.test"),
        ("OPTIONS", ["Origin: https://b.test", PREFLIGHT], True, None),
        ("OPTIONS", ["Origin: https://a.test"], False, "https://a.test"),
    ],
)
def test_cors(method: str, headers: list[str], answered: bool, origin: str | None) -> None:
    decision = traced(config(CORS), method, "http://h.test/r", *headers)
    assert (decision.answer is not None) is answered
    got = decision.answer.headers if decision.answer else []
    got = got + [(name, value) for _, name, value in decision.response_headers]
    assert dict(got).get("Access-Control-Allow-Origin") == origin


@pytest.mark.parametrize(
    ("rewrite", "url", "seen"),
    [
        ("", "/r/x", "/base/r/x"),
        ("rewrite: {strip_prefix: true}", "/r/x", "/base/x"),
        ("rewrite: {strip_prefix: true}", "/r", "/base"),
        ("rewrite: {strip_prefix: true}", "/r/", "/base/"),
        ("rewrite: {strip_prefix: true, add_prefix: /v1}", "/r/x", "/base/v1/x"),
        ("rewrite: {path: /fixed}", "/r/x", "/base/fixed"),
        (
            "rewrite: {pattern: {pattern: '^/r/(.*)$', anchor: search}, replacement: '/\\1/z'}",
            "/r/x",
            "/base/x/z",
        ),
        ("rewrite: {strip_prefix: true, plain_join: true}", "/rx", "/base/x"),
        # An expression for the whole path takes no shorter alternative that fits its start.
        ("rewrite: {pattern: '(?:/|(/.+))', replacement: '/v2\\1'}", "/r/x", "/base/v2/r/x"),
        ("rewrite: {pattern: '/r', replacement: '/v2'}", "/r/x", "/base/r/x"),
    ],
)
def test_path_of_the_upstream(rewrite: str, url: str, seen: str) -> None:
    decision = traced(config(rewrite), "GET", url)
    assert decision.upstream is not None
    assert decision.upstream.path == seen


def test_the_root_is_the_base_path() -> None:
    decision = traced((BASE % "").replace("path_prefix: /r", "path_prefix: /"), "GET", "/")
    assert decision.upstream is not None
    assert decision.upstream.path == "/base"


def test_headers_change_in_the_order_of_the_operations() -> None:
    policies = (
        "headers: {request_remove: [A], request_set: {B: '2'}, request_add: {B: '3'},"
        " response_set: {C: '4'}}"
    )
    decision = traced(config(policies), "GET", "/r", "A: 1", "B: 1")
    assert decision.upstream is not None
    assert decision.upstream.headers == [("B", "2"), ("B", "3")]
    assert decision.response_headers == [("set", "C", "4")]


def test_credentials_are_hidden_from_the_upstream() -> None:
    decision = traced(config(KEY, ADA), "GET", "/r?a=1&key=k1")
    assert decision.upstream is not None
    assert decision.upstream.query == "a=1"
    assert decision.consumer == "ada"


def test_a_limit_counts_and_begins_anew_in_the_next_window() -> None:
    tracer = Tracer(gateway(config("rate_limit: {limits: [2/1m]}")))
    request = parse_request("GET", "/r")

    def statuses(count: int) -> list[int | None]:
        decisions = [tracer.trace(request) for _ in range(count)]
        return [one.answer.status if one.answer else None for one in decisions]

    assert statuses(4) == [None, None, 429, 429]
    tracer.counters.now += 60
    assert statuses(3) == [None, None, 429]


def test_the_policies_of_the_consumer_win() -> None:
    text = config(
        f"{KEY}, rate_limit: {{limits: [9/1m]}}",
        ADA + "  policies: {rate_limit: {limits: [1/1m]}}\n",
    )
    tracer = Tracer(gateway(text))
    request = parse_request("GET", "/r", ["X-Key: k1"])
    assert tracer.trace(request).answer is None
    refused = tracer.trace(request).answer
    assert refused is not None
    assert refused.status == 429


def test_shares_of_targets() -> None:
    text = """\
upstreams:
- {name: u, targets: [{host: a.test, port: 1, weight: 3}, {host: b.test, port: 2}]}
- {name: v, host: c.test, port: 3}
routes:
- name: r
  path_prefix: /
  backends: [{upstream: u, weight: 80}, {upstream: v, weight: 20}]
"""
    shares = traced(text, "GET", "/").targets
    assert [(one.host, one.percent) for one in shares] == [
        ("a.test", 60.0),
        ("b.test", 20.0),
        ("c.test", 20.0),
    ]


@pytest.mark.parametrize(
    ("operations", "sent", "seen"),
    [
        ("set: {a: '2'}", "a=1&b=1", "b=1&a=2"),
        ("set: {a: '2'}", "b=1", "b=1&a=2"),
        ("replace: {a: '2'}", "a=1", "a=2"),
        ("replace: {a: '2'}", "b=1", "b=1"),
        ("default: {a: '2'}", "a=1", "a=1"),
        ("default: {a: '2'}", "b=1", "b=1&a=2"),
        ("replace: {a: '2'}, default: {a: '3'}", "a=1", "a=2"),
        ("replace: {a: '2'}, default: {a: '3'}", "b=1", "b=1&a=3"),
    ],
)
def test_query_operations(operations: str, sent: str, seen: str) -> None:
    decision = traced(config(f"query: {{{operations}}}"), "GET", f"/r?{sent}")
    assert decision.upstream is not None
    assert decision.upstream.query == seen


@pytest.mark.parametrize(("agent", "status"), [("curl/8", 403), ("a curl", 403), ("cur", None)])
def test_any_byte_in_an_expression_of_re2(agent: str, status: int | None) -> None:
    deny = "user_agent: {deny: ['\\C*curl\\C*']}"
    decision = traced(config(deny), "GET", "/r", f"User-Agent: {agent}")
    assert (decision.answer.status if decision.answer is not None else None) == status
