"""One plugin on one route: its policy, and what the ledger says of it."""

from __future__ import annotations

from typing import Any

import pytest

from gal.context import ImportOptions
from tests.importers.apisix.reading import fragment, model, plugin, refusal, said

SEARCH = {"dialect": "pcre", "anchor": "search"}
SILENT = {"fail_open": False, "response": {"status_code": 503, "message": ""}}


def made(name: str, config: str) -> dict[str, Any]:
    """The route that has the plugin, without its path."""
    route = dict(fragment(model(plugin(name, config)), "services.0.routes.0"))
    del route["path"]
    return route


def entries(name: str, config: str) -> list[str]:
    """Level, fate and key of the entries."""
    text = plugin(name, config)
    above = f'routes[0].plugins["{name}"]' if "-" in name else f"routes[0].plugins.{name}"
    return [one.partition(": ")[0].replace(above, "") for one in said(text)]


@pytest.mark.parametrize(
    ("name", "config", "expected"),
    [
        (
            "limit-count",
            "{count: 5, time_window: 60}",
            {"rate_limit": {"limits": ["5/1m"], **SILENT}},
        ),
        (
            "limit-count",
            (
                "{count: 5, time_window: 1, rejected_code: 429, rejected_msg: no,"
                " window_type: sliding, key: http_x_user, policy: redis, allow_degradation: true,"
                " show_limit_quota_header: false}"
            ),
            {
                "rate_limit": {
                    "requests_per_second": 5,
                    "algorithm": "sliding_window",
                    "key_type": "header",
                    "key_header": "x-user",
                    "store": "redis",
                    "hide_headers": True,
                    "response": {"message": "no"},
                }
            },
        ),
        (
            "limit-req",
            "{rate: 2, burst: 3, key: consumer_name, nodelay: true, rejected_code: 429}",
            {
                "rate_limit": {
                    "requests_per_second": 2,
                    "burst": 3,
                    "algorithm": "token_bucket",
                    "key_type": "consumer",
                    "fail_open": False,
                    "hide_headers": True,
                    "response": {"message": ""},
                }
            },
        ),
        (
            "ip-restriction",
            "{whitelist: [10.0.0.0/8], blacklist: [10.1.0.1], response_code: 404, message: m}",
            {
                "ip_access": {
                    "allow": ["10.0.0.0/8"],
                    "deny": ["10.1.0.1"],
                    "status_code": 404,
                    "message": "m",
                }
            },
        ),
        (
            "ua-restriction",
            "{denylist: [bot], bypass_missing: true}",
            {
                "user_agent": {
                    "deny": [{"pattern": "bot", **SEARCH}],
                }
            },
        ),
        (
            "ua-restriction",
            "{allowlist: [good]}",
            {
                "user_agent": {
                    "allow": [{"pattern": "good", **SEARCH}],
                    "deny": [{"pattern": "^", **SEARCH}],
                    "refuse_missing": True,
                }
            },
        ),
        (
            "cors",
            "{}",
            {
                "cors": {
                    "allowed_methods": ["*"],
                    "allowed_headers": ["*"],
                    "max_age": "5s",
                    "allow_origin_when_absent": True,
                }
            },
        ),
        (
            "cors",
            (
                "{allow_origins: 'https://a,https://b', allow_methods: 'GET,PUT',"
                " allow_headers: '**', expose_headers: X-A, allow_credential: true, max_age: -1}"
            ),
            {
                "cors": {
                    "allowed_origins": ["https://a", "https://b"],
                    "allowed_methods": ["GET", "PUT"],
                    "expose_headers": ["X-A"],
                    "allow_credentials": True,
                    "max_age": None,
                }
            },
        ),
        (
            "cors",
            "{allow_origins_by_regex: ['.*\\.a\\.test$'], allow_methods: GET, allow_headers: A}",
            {
                "cors": {
                    "allowed_origins": [],
                    "allowed_origin_patterns": [{"pattern": ".*\\.a\\.test$", **SEARCH}],
                    "allowed_methods": ["GET"],
                    "allowed_headers": ["A"],
                    "max_age": "5s",
                }
            },
        ),
        ("proxy-rewrite", "{uri: /y}", {"rewrite": {"path": "/y"}}),
        (
            "proxy-rewrite",
            "{regex_uri: ['^/x/(.*)', '/y/$1']}",
            {
                "rewrite": {
                    "pattern": {"pattern": "^/x/(.*)", **SEARCH},
                    "replacement": "/y/\\1",
                }
            },
        ),
        (
            "proxy-rewrite",
            "{host: h.example, method: PUT}",
            {
                "host_header": {"mode": "rewrite", "value": "h.example"},
                "request_line": {"method": "PUT"},
            },
        ),
        ("proxy-rewrite", "{headers: {A: b}}", {"headers": {"request_set": {"A": "b"}}}),
        (
            "proxy-rewrite",
            "{headers: {set: {A: [b, c]}}}",
            {"headers": {"request_set": {"A": ["b", "c"]}}},
        ),
        (
            "proxy-rewrite",
            "{headers: {add: {A: b, C: d}, set: {C: e, F: g}, remove: [F, H]}}",
            {
                "headers": {
                    "request_add": {"A": "b"},
                    "request_set": {"C": "e"},
                    "request_remove": ["F", "H"],
                }
            },
        ),
        (
            "response-rewrite",
            "{headers: {add: ['A: b:c'], set: {C: d}, remove: [E]}}",
            {
                "headers": {
                    "response_add": {"A": "b:c"},
                    "response_set": {"C": "d"},
                    "response_remove": ["E"],
                }
            },
        ),
        ("redirect", "{uri: /y}", {"redirect": {"location": "/y", "status_code": 302}}),
        (
            "redirect",
            "{uri: 'https://n.test$request_uri', ret_code: 301}",
            {"redirect": {"scheme": "https", "host": "n.test"}},
        ),
        (
            "redirect",
            "{uri: 'https://n.test:8443$uri', ret_code: 301}",
            {"redirect": {"scheme": "https", "host": "n.test", "port": 8443, "strip_query": True}},
        ),
        (
            "redirect",
            "{uri: 'https://n.test$uri', append_query_string: true, ret_code: 301}",
            {"redirect": {"scheme": "https", "host": "n.test"}},
        ),
        (
            "redirect",
            "{uri: 'https://n.test/base$request_uri', ret_code: 301}",
            {"redirect": {"location": "https://n.test/base", "keep_path": True}},
        ),
        (
            "redirect",
            "{uri: '$scheme://$http_host/y', append_query_string: true, ret_code: 301}",
            {"redirect": {"path": "/y"}},
        ),
        (
            "redirect",
            "{uri: 'https://${host}/y', ret_code: 301}",
            {"redirect": {"scheme": "https", "path": "/y", "strip_query": True}},
        ),
        (
            "redirect",
            "{http_to_https: true}",
            {"schemes": ["https"], "https_redirect": {"status_code": 301}},
        ),
        ("request-id", "{}", {"request_id": {"header_name": "X-Request-Id", "echo": True}}),
        ("client-control", "{max_body_size: 1024}", {"size_limit": {"max_body": "1KiB"}}),
        (
            "api-breaker",
            (
                "{break_response_code: 502, break_response_body: b, max_breaker_sec: 60,"
                " unhealthy: {failures: 4, http_statuses: [500, 503]}, healthy: {successes: 2}}"
            ),
            {
                "circuit_breaker": {
                    "max_failures": 4,
                    "timeout": "1m",
                    "half_open_requests": 2,
                    "unhealthy_status_codes": [500, 503],
                    "response": {"status_code": 502, "message": "b"},
                }
            },
        ),
        (
            "fault-injection",
            "{abort: {http_status: 418, body: tea}}",
            {"direct_response": {"status_code": 418, "body": "tea"}},
        ),
        (
            "mocking",
            "{response_example: '{}', content_type: application/json}",
            {
                "direct_response": {
                    "status_code": 200,
                    "body": "{}",
                    "content_type": "application/json",
                    "extensions": {"apisix": {"plugin": "mocking"}},
                }
            },
        ),
        (
            "gzip",
            "{types: [text/css], min_length: 100, comp_level: 5}",
            {"compression": {"content_types": ["text/css"], "min_size": "100B", "level": 5}},
        ),
        (
            "brotli",
            "{}",
            {
                "compression": {
                    "algorithms": ["br"],
                    "content_types": ["text/html"],
                    "min_size": "20B",
                }
            },
        ),
        ("proxy-cache", "{cache_ttl: 10}", {"cache": {"ttl": "10s", "report_headers": ["status"]}}),
        (
            "consumer-restriction",
            "{type: consumer_group_id, blacklist: [g], rejected_code: 401}",
            {
                "acl": {
                    "allow": ["-"],
                    "hide_groups_header": True,
                    "status_code": 401,
                    "extensions": {"apisix": {"type": "consumer_group_id"}},
                }
            },
        ),
    ],
)
def test_policy(name: str, config: str, expected: dict[str, Any]) -> None:
    assert made(name, config) == expected


@pytest.mark.parametrize(
    ("name", "config", "expected"),
    [
        (
            "key-auth",
            "{}",
            {"type": "api_key", "api_key": {"header_name": "apikey", "query_param": "apikey"}},
        ),
        (
            "key-auth",
            "{header: X, query: q, hide_credentials: true}",
            {"api_key": {"header_name": "X", "query_param": "q", "hide_credentials": True}},
        ),
        ("basic-auth", "{realm: r}", {"type": "basic", "basic": {"realm": "r"}}),
        (
            "jwt-auth",
            "{}",
            {
                "type": "jwt",
                "jwt": {
                    "algorithms": [],
                    "header_name": "authorization",
                    "query_params": ["jwt"],
                    "cookie_names": ["jwt"],
                    "key_claim": "key",
                },
            },
        ),
        ("jwt-auth", "{claims_to_verify: [exp]}", {"jwt": {"require_claims": True}}),
        (
            "openid-connect",
            (
                "{client_id: c, client_secret: s, discovery: 'https://i/d', bearer_only: true,"
                " use_jwks: true, required_scopes: [a, b]}"
            ),
            {
                "oauth2": {
                    "issuer": "https://i/d",
                    "client_id": "c",
                    "bearer_only": True,
                    "required_scopes": ["a b"],
                }
            },
        ),
        (
            "forward-auth",
            "{uri: 'http://a/check', request_headers: [A], upstream_headers: [B], timeout: 500}",
            {
                "forward": {
                    "address": "http://a/check",
                    "request_headers": ["A"],
                    "upstream_headers": ["B"],
                    "timeout": "500ms",
                }
            },
        ),
        (
            "multi-auth",
            "{auth_plugins: [{basic-auth: {}}, {key-auth: {header: X}}]}",
            {"basic": {"realm": "basic"}, "api_key": {"header_name": "X"}, "require": None},
        ),
        ("hmac-auth", "{clock_skew: 5}", {"guards": [{"name": "hmac-auth"}]}),
        ("opa", "{host: 'http://o', policy: p}", {"guards": [{"name": "opa"}]}),
        ("uri-blocker", "{block_rules: [x]}", {"guards": [{"name": "uri-blocker"}]}),
        (
            "fault-injection",
            "{abort: {http_status: 403, vars: [[[arg_a, ==, '1']]]}}",
            {"guards": [{"name": "fault-injection"}]},
        ),
        (
            "mocking",
            "{response_status: 401, response_schema: {type: object}}",
            {"guards": [{"name": "mocking"}]},
        ),
        (
            "fault-injection",
            "{abort: {http_status: 403}, _meta: {filter: [[arg_a, ==, '1']]}}",
            {"guards": [{"name": "fault-injection"}]},
        ),
        ("my-company-auth", "{}", {"guards": [{"name": "my-company-auth"}]}),
        (
            "key-auth",
            "{_meta: {filter: [[arg_a, ==, '1']]}}",
            {"guards": [{"name": "key-auth"}]},
        ),
        (
            "serverless-pre-function",
            "{functions: ['return function() ngx.exit(403) end']}",
            {"guards": [{"name": "serverless-pre-function"}]},
        ),
        (
            "openid-connect",
            "{client_id: c, client_secret: s, discovery: d, public_key: p}",
            {"guards": [{"name": "openid-connect"}]},
        ),
        (
            "consumer-restriction",
            "{whitelist: [a], allowed_by_methods: [{user: a, methods: [GET]}]}",
            {"guards": [{"name": "consumer-restriction"}]},
        ),
    ],
)
def test_authentication(name: str, config: str, expected: dict[str, Any]) -> None:
    assert_contains(made(name, config)["authentication"], expected)


def assert_contains(found: Any, expected: Any) -> None:
    """Whether plain data has at least what is expected; None is for what must not be there."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            assert_contains(found.get(key), value)
    elif isinstance(expected, list) and expected and isinstance(expected[0], dict):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_contains(one, other)
    else:
        assert found == expected


@pytest.mark.parametrize(
    ("name", "config", "level"),
    [
        ("prometheus", "{}", "info"),
        ("http-logger", "{uri: 'http://l'}", "info"),
        ("limit-conn", "{conn: 1, burst: 0, default_conn_delay: 1, key: remote_addr}", "warning"),
        ("real-ip", "{source: http_x_forwarded_for}", "warning"),
        ("my-plugin", "{a: 1}", "warning"),
        ("redirect", "{regex_uri: ['^/a', '/b']}", "warning"),
        ("redirect", "{uri: '/d$request_uri'}", "warning"),
        ("redirect", "{uri: 'https://a/$arg_x'}", "warning"),
        ("redirect", "{uri: '$scheme://a$request_uri', append_query_string: true}", "warning"),
        ("fault-injection", "{delay: {duration: 1}}", "warning"),
        ("fault-injection", "{abort: {http_status: 500, percentage: 5}}", "warning"),
        ("limit-count", "{rules: [{count: 1, time_window: 1, key: a}]}", "warning"),
        ("response-rewrite", "{vars: [[status, ==, 200]], status_code: 201}", "warning"),
        ("cors", "{_meta: {filter: [[arg_a, ==, '1']]}}", "warning"),
        ("cors", "{_meta: {disable: true}}", "info"),
    ],
)
def test_carried(name: str, config: str, level: str) -> None:
    (kept,) = made(name, config)["plugins"]["apisix"]
    assert kept["name"] == name
    assert entries(name, config) == [f"{level} carried "]


@pytest.mark.parametrize(
    ("name", "config", "expected"),
    [
        (
            "limit-count",
            "{count: 1, time_window: 1, key_type: var_combination, key: '$remote_addr $uri'}",
            ["warning approximated .key"],
        ),
        (
            "limit-count",
            "{count: 1, time_window: 1, group: g}",
            ["warning carried .group"],
        ),
        ("request-id", "{algorithm: nanoid}", ["warning approximated .algorithm"]),
        ("proxy-rewrite", "{uri: '/y?a=1'}", ["warning approximated .uri"]),
        ("proxy-rewrite", "{uri: '/y/$arg_a'}", ["warning carried .uri"]),
        ("proxy-rewrite", "{regex_uri: [a, b, c, d]}", ["warning carried .regex_uri"]),
        (
            "proxy-rewrite",
            "{headers: {set: {A: $remote_addr}}}",
            ["warning carried .headers.set.A"],
        ),
        ("response-rewrite", "{status_code: 201}", ["warning carried .status_code"]),
        ("forward-auth", "{uri: 'http://a'}", ["warning approximated "]),
        ("key-auth", "{_meta: {priority: 5}}", ["warning carried ._meta.priority"]),
        ("jwt-auth", "{}", ["info approximated "]),
        ("gzip", "{buffers: {number: 32, size: 4096}}", []),
    ],
)
def test_ledger(name: str, config: str, expected: list[str]) -> None:
    assert entries(name, config) == expected


@pytest.mark.parametrize(
    ("name", "config", "message"),
    [
        ("limit-count", "{count: 0, time_window: 1}", 'field "count" must be above zero'),
        ("limit-count", "{count: 1}", 'field "time_window" is missing'),
        ("limit-req", "{rate: 1, burst: 1}", 'field "key" is missing'),
        ("ip-restriction", "{}", 'one of "whitelist" and "blacklist" is needed'),
        ("ip-restriction", "{whitelist: [x]}", '"x" is no IP address'),
        ("cors", "{allow_credential: true}", '"allow_credential" and "allow_origins: *"'),
        ("api-breaker", "{}", 'field "break_response_code" is missing'),
        ("proxy-rewrite", "{regex_uri: [a]}", 'field "regex_uri" must hold pairs'),
        ("redirect", "{uri: /a, http_to_https: false}", '"uri" and "http_to_https" exclude'),
        ("redirect", "{http_to_https: true, uri: /a}", '"uri" and "http_to_https" exclude'),
        ("proxy-mirror", "{host: a}", '"a" is no address'),
        ("forward-auth", "{}", 'field "uri" is missing'),
    ],
)
def test_refused(name: str, config: str, message: str) -> None:
    assert message in refusal(plugin(name, config))


def test_treated_as_authentication() -> None:
    options = ImportOptions(treat_as_auth=frozenset({"my-plugin"}))
    route = fragment(model(plugin("my-plugin", "{}"), options=options), "services.0.routes.0")
    assert route["authentication"]["guards"][0]["name"] == "my-plugin"


def test_split() -> None:
    text = """
    routes:
      - uri: /x
        upstream_id: own
        plugins:
          traffic-split:
            rules:
              - weighted_upstreams:
                  - {weight: 3}
                  - {upstream_id: other, weight: 1}
                  - {upstream: {name: inline, nodes: {c: 1}}, weight: 2}
    upstreams: [{id: own, nodes: {a: 1}}, {id: other, nodes: {b: 1}}]
    """
    plain = model(text)
    assert fragment(plain, "services.0.routes.0.backends") == [
        {"upstream": "own-service", "weight": 3},
        {"upstream": "other"},
        {"upstream": "inline", "weight": 2},
    ]
    assert [one["name"] for one in plain["upstreams"]] == ["own", "other", "inline"]


def test_mirror() -> None:
    plain = model(plugin("proxy-mirror", "{host: 'http://m:81', sample_ratio: 0.5}"))
    mirror = fragment(plain, "services.0.routes.0.mirror")
    assert mirror == {"upstream": "mirror-m-81", "percent": 50}
    assert fragment(plain, "upstreams.0.port") == 81


@pytest.mark.parametrize(
    ("lists", "allowed"),
    [
        ("blacklist: [g]", ["h", "i"]),
        ("blacklist: [g, h, i]", ["-"]),
        ("blacklist: [g], whitelist: [g, h]", ["h"]),
    ],
)
def test_who_is_of_no_group_is_refused_with_the_blacklisted(lists: str, allowed: list[str]) -> None:
    config = f"{{type: consumer_group_id, {lists}}}"
    text = (
        plugin("consumer-restriction", config)
        + "\nconsumer_groups: [{id: g, plugins: {}}, {id: h, plugins: {}}, {id: i, plugins: {}}]\n"
        + "consumers:\n"
        + "".join(f"- {{username: of-{one}, group_id: {one}}}\n" for one in "ghi")
    )
    acl = fragment(model(text), "services.0.routes.0.acl")
    assert acl["allow"] == allowed
    assert "deny" not in acl
