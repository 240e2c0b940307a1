"""What routes match, and where they go."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.importers.apisix.reading import fragment, model, route, said

SEARCH = {"dialect": "pcre", "anchor": "search"}

ANY_HOST: dict[str, Any] = {"extensions": {"apisix": {"hosts": []}}}
"""Conditions on the host give the route no rank among those for hosts."""


def matches(fields: str) -> dict[str, Any]:
    """What a route without plugins matches."""
    text = f"routes: [{{upstream: {{nodes: {{'a:80': 1}}}}, {fields}}}]"
    found: dict[str, Any] = fragment(model(text), "services.0.routes.0")
    return found


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("uri: /x", {"path": "/x"}),
        ("uri: /x/*", {"path_prefix": "/x/"}),
        ("uri: /x*", {"path_prefix": "/x"}),
        ("uri: /*", {"path_prefix": "/"}),
        ("uri: /pre*x", {"path_prefix": "/pre"}),
        ("uri: /a/*/b", {"path_regex": {"pattern": "/a/.*/b", "dialect": "pcre"}}),
        ("uri: /a.b/*/c", {"path_regex": {"pattern": "/a\\.b/.*/c", "dialect": "pcre"}}),
        ("uri: '/u/:id'", {"path": "/u/:id"}),
        ("uris: [/x, /y/*]", {"paths": [{"path": "/x"}, {"path_prefix": "/y/"}]}),
        ("uri: /x, methods: [GET, PURGE]", {"path": "/x", "methods": ["GET", "PURGE"]}),
        ("uri: /x, host: a.example", {"path": "/x", "hosts": ["a.example"]}),
        ("uri: /x, hosts: ['*.a.example']", {"path": "/x", "hosts": ["*.a.example"]}),
        ("uri: /x, priority: 3", {"path": "/x", "priority": 3}),
        ("uri: /x, remote_addr: 10.0.0.1", {"path": "/x", "sources": [{"ip": "10.0.0.1"}]}),
        (
            "uri: /x, remote_addrs: [10.0.0.0/8, '::1']",
            {"path": "/x", "sources": [{"ip": "10.0.0.0/8"}, {"ip": "::1"}]},
        ),
        ("id: 7, name: n, uri: /x", {"name": "n", "path": "/x", "id": "7"}),
        ("uri: /x, labels: {team: a}", {"path": "/x", "tags": ["team:a"]}),
        (
            "uri: /x, timeout: {connect: 1, send: 2.5, read: 3}",
            {"path": "/x", "timeout": {"connect": "1s", "send": "2500ms", "read": "3s"}},
        ),
    ],
)
def test_matches(fields: str, expected: dict[str, Any]) -> None:
    assert matches(fields) == expected


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ("[[arg_v, ==, '2']]", {"query_matches": [{"name": "v", "values": ["2"]}]}),
        (
            "[[arg_v, '~=', '2']]",
            {"query_matches": [{"name": "v", "values": ["2"], "invert": True}]},
        ),
        ("[[http_x_env, ==, a]]", {"header_matches": [{"name": "x-env", "values": ["a"]}]}),
        (
            "[[http_x, in, [a, b]]]",
            {"header_matches": [{"name": "x", "values": ["a", "b"]}]},
        ),
        (
            "[[http_x, '!', in, [a]]]",
            {"header_matches": [{"name": "x", "values": ["a"], "invert": True}]},
        ),
        (
            "[[http_x, '~~', '^a']]",
            {
                "header_matches": [
                    {"name": "x", "kind": "regex", "regexes": [{"pattern": "^a", **SEARCH}]}
                ]
            },
        ),
        (
            "[[http_x, '~*', a]]",
            {
                "header_matches": [
                    {"name": "x", "kind": "regex", "regexes": [{"pattern": "(?i)a", **SEARCH}]}
                ]
            },
        ),
        ("[[http_x, ==, '1']]", {"header_matches": [{"name": "x", "values": ["1"]}]}),
        (
            r"[[OR, [http_x, in, ['1', '2']], [http_x, '~~', '(?:^|, )(?:1|2)(?:, |\z)']]]",
            {
                "header_matches": [{"name": "x", "values": ["1", "2"]}],
                "extensions": {"apisix": {"each_header": True}},
            },
        ),
        (
            (
                "[[OR, [arg_q, ==, '1'], [args, '~~',"
                " '(?:^|&)(?:(?i:%71)|q)=(?:(?:(?i:%31)|1))(?:&|$)']]]"
            ),
            {
                "query_matches": [{"name": "q", "values": ["1"]}],
                "extensions": {"apisix": {"each_parameter": True}},
            },
        ),
        ("[[http_x, '1']]", {"header_matches": [{"name": "x", "values": ["1"]}]}),
        ("[and, [http_x, ==, '1']]", {"header_matches": [{"name": "x", "values": ["1"]}]}),
        (
            "[[http_x, IN, ['1', 2]]]",
            {"header_matches": [{"name": "x", "values": ["1"]}]},
        ),
        (
            "[[http_x, ==, 10]]",
            {
                "header_matches": [
                    {
                        "name": "x",
                        "kind": "regex",
                        "regexes": [
                            {"pattern": r"^[ \t]*\+?0*10(?:\.0*)?[ \t]*\z", **SEARCH},
                        ],
                    }
                ]
            },
        ),
        (
            "[[cookie_c, ==, a.b]]",
            {
                "header_matches": [
                    {
                        "name": "cookie",
                        "kind": "regex",
                        "regexes": [{"pattern": "(?:^|;[ ]*)c=(?:a\\.b)(?:;|$)", **SEARCH}],
                    }
                ]
            },
        ),
        ("[[request_method, ==, GET]]", {"methods": ["GET"]}),
        ("[[host, ==, a.example]]", {"hosts": ["a.example"], **ANY_HOST}),
        (r"[[host, '~~', '\.a\.test\z']]", {"hosts": ["*.a.test"], **ANY_HOST}),
        (r"[[OR, [host, ==, a], [host, '~~', '^b\..']]]", {"hosts": ["a", "b.*"], **ANY_HOST}),
        (
            "[[OR, [AND, [host, ==, a], [server_port, ==, '80']], [host, ==, b]]]",
            {"hosts": ["a:80", "b"], **ANY_HOST},
        ),
        (
            r"[[ssl_server_name, '~*', '^a\.test\z|\.b\.test\z|^c\..|.']]",
            {"server_names": ["a.test", "*.b.test", "c.*", "*"], "schemes": ["https"]},
        ),
        (
            "[[ssl_server_name, ==, a], [scheme, ==, https]]",
            {"server_names": ["a"], "schemes": ["https"]},
        ),
        ("[[OR, [scheme, ==, http], [ssl_server_name, ==, a]]]", {"server_names": ["a"]}),
        ("[[OR, [ssl_server_name, in, [a, b]], [scheme, ==, http]]]", {"server_names": ["a", "b"]}),
        ("[[server_port, in, ['80', '81']]]", {"destinations": [{"port": 80}, {"port": 81}]}),
        (
            "[[AND, [server_addr, ipmatch, ['::1']], [server_port, ==, '80']]]",
            {"destinations": [{"ip": "::1", "port": 80}]},
        ),
        (
            "[[OR, [remote_addr, ==, a], [AND, [remote_addr, ==, b], [remote_port, ==, '9']]]]",
            {"sources": [{"ip": "a"}, {"ip": "b", "port": 9}]},
        ),
        ("[[scheme, ==, https]]", {"schemes": ["https"]}),
        ("[[remote_addr, ipmatch, [10.0.0.0/8]]]", {"sources": [{"ip": "10.0.0.0/8"}]}),
        (
            "[AND, [arg_a, ==, '1'], [arg_b, ==, '2']]",
            {"query_matches": [{"name": "a", "values": ["1"]}, {"name": "b", "values": ["2"]}]},
        ),
    ],
)
def test_vars(conditions: str, expected: dict[str, Any]) -> None:
    assert matches(f"uri: /x, vars: {conditions}") == {"path": "/x", **expected}


def test_an_expression_on_every_path_is_the_path() -> None:
    found = matches("uri: /*, vars: [[uri, '~~', '^/v[0-9]+/']]")
    own = {"apisix": {"uris": ["/*"]}}
    assert found == {"path_regex": {"pattern": "^/v[0-9]+/", **SEARCH}, "extensions": own}


@pytest.mark.parametrize(
    ("uri", "condition", "path"),
    [
        ("/a*", "[uri, ==, /a/b]", {"path": "/a/b"}),
        ("/a*", r"[uri, '~~', '^/a/(?:b|c)']", {"pattern": "^/a/(?:b|c)"}),
        ("/a*", "[uri, '~~', '^/a/b|/c']", None),
        ("/a*", "[uri, '~~', '^/a?']", None),
        ("/a*", "[uri, ==, /b]", None),
    ],
)
def test_a_condition_within_a_start(uri: str, condition: str, path: dict[str, Any] | None) -> None:
    """The condition is the path where all that it takes starts as the route's uri does."""
    found: Any = matches(f"uri: {uri}, vars: [{condition}]")
    if path is None:
        assert found is None
        return
    assert found.pop("extensions") == {"apisix": {"uris": [uri]}}
    assert found == ({"path_regex": {**path, **SEARCH}} if "pattern" in path else path)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ("vars: [[arg_a, '>', 3]]", '">" on the variable "arg_a"'),
        ("vars: [OR, [arg_a, ==, '1'], [arg_b, ==, '1']]", '"OR" of conditions'),
        ("vars: [[uri, '~~', '^/v']]", '"~~" on the variable "uri"'),
        ("vars: [[request_method, '!', ==, GET]]", '"==" on the variable "request_method"'),
        (r"vars: [[host, '~~', 'a.b']]", '"~~" on the variable "host"'),
        ("vars: [[scheme, ==, http], [ssl_server_name, ==, a]]", 'on the variable "ssl_server'),
        ("vars: [[OR, [scheme, ==, https], [ssl_server_name, ==, a]]]", '"OR" of conditions'),
        (
            "vars: [[OR, [scheme, ==, http], [scheme, ==, http], [ssl_server_name, ==, a]]]",
            '"OR" of conditions',
        ),
        (
            "vars: [[OR, [scheme, ==, http], [AND, [scheme, ==, http], [ssl_server_name, ==, a]]]]",
            '"OR" of conditions',
        ),
        ("vars: [[arg_a, '~=', '']]", '"~=" on the variable "arg_a"'),
        ("vars: [[OR, [http_x, ==, a], [http_x, '~~', b]]]", '"OR" of conditions on variables'),
        ("vars: [[server_port, ==, x]]", '"==" on the variable "server_port"'),
        ("vars: [[arg_a, has, x]]", '"has" on the variable'),
        ("vars: [[arg_a, ==, null]]", '"==" on the variable "arg_a"'),
        ("vars: [[arg_a, '!', '~=', null]]", '"~=" on the variable "arg_a"'),
        ("vars: [[arg_a, ==, true]]", '"==" on the variable "arg_a"'),
        ("vars: [[arg_a, ==, 1.5]]", '"==" on the variable "arg_a"'),
        ("vars: [[arg_a, in, [1, 2]]]", '"in" on the variable "arg_a"'),
        ("vars: [or, [arg_a, ==, '1'], [arg_b, ==, '1']]", '"OR" of conditions'),
        ("filter_func: 'function(vars) return true end'", "what this code takes"),
        ("script: 'return {}'", "only APISIX runs this script"),
        ("host: '*a.example'", "in the middle of a label"),
    ],
)
def test_what_the_model_cannot_say_is_kept_and_matches_nothing(fields: str, reason: str) -> None:
    text = route(fields)
    plain = model(text)
    assert "services" not in plain
    assert "routes" not in plain
    assert fragment(plain, "extensions.apisix.routes.0.uri") == "/x"
    (entry,) = said(text)
    assert entry.startswith("warning carried routes[0]: only APISIX can say this route")
    assert reason in entry


@pytest.mark.parametrize(
    ("condition", "inverted"),
    [("==", True), ("~=", False)],
)
def test_null_in_json_is_what_is_absent(condition: str, inverted: bool) -> None:
    text = json.dumps(
        {
            "routes": [
                {
                    "uri": "/x",
                    "upstream": {"nodes": {"a:80": 1}},
                    "vars": [["http_x", condition, None]],
                }
            ]
        }
    )
    found = fragment(model(text), "services.0.routes.0.header_matches.0")
    assert found == {"name": "x", "kind": "present", **({"invert": True} if inverted else {})}


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ("filter_func: 'function() end', plugins: {key-auth: {}}", {"path": "/x"}),
        ("script: 'return {}', plugins: {ip-restriction: {whitelist: [10.0.0.1]}}", {}),
        (
            "methods: [GET], vars: [[http_a, ==, b], [arg_c, '>', 3]], plugins: {acl: {}}",
            {"methods": ["GET"], "header_matches": [{"name": "a", "values": ["b"]}]},
        ),
        ("host: '*a.example', plugins: {key-auth: {}}", {"hosts": None}),
        (
            "filter_func: 'x', plugins: {fault-injection: {abort: {http_status: 403}}}",
            {"priority": None},
        ),
        ("filter_func: 'x', plugin_config_id: p", {"path": "/x"}),
        ("filter_func: 'x', service_id: s", {"path": "/x"}),
    ],
)
def test_where_a_guarded_route_cannot_be_said_nobody_gets_in(
    fields: str, match: dict[str, Any]
) -> None:
    text = route(fields) + (
        "\nplugin_configs: [{id: p, plugins: {key-auth: {}}}]\n"
        "services: [{id: s, plugins: {key-auth: {}}}]\n"
    )
    plain = model(text)
    (found,) = plain["routes"]
    (guard,) = found["authentication"]["guards"]
    assert (guard["name"], guard["provider"]) == ("route", "apisix")
    assert {key: found.get(key) for key in match} == match
    assert fragment(plain, "extensions.apisix.routes.0.uri") == "/x"
    entry = next(one for one in said(text) if "only APISIX can say" in one)
    assert entry.startswith("warning carried routes[0]")
    assert entry.endswith("; others refuse everybody who fits the rest")


@pytest.mark.parametrize(
    "plugins",
    [
        "fault-injection: {abort: {http_status: 500}}",
        "fault-injection: {abort: {http_status: 403, percentage: 50}}",
        "key-auth: {_meta: {disable: true}}",
        "cors: {}",
    ],
)
def test_without_access_control_such_a_route_is_left_out(plugins: str) -> None:
    assert "routes" not in model(route(f"filter_func: 'x', plugins: {{{plugins}}}"))


def test_a_route_that_is_switched_off_stays_out() -> None:
    plain = model(route("status: 0"))
    assert "services" not in plain
    assert said(route("status: 0")) == ["info carried routes[0]: it is switched off (status 0)"]


def test_parameters_are_literal() -> None:
    (entry,) = said("routes: [{uri: '/u/:id', plugins: {}}]")
    assert entry.startswith("warning exact routes[0].uri: taken literally")


SERVICES = """
services:
  - {id: s, name: orders, hosts: [s.example], upstream_id: u}
upstreams:
  - {id: u, nodes: {'a:80': 1}}
  - {id: t, scheme: https, nodes: {'b:443': 1}}
"""


@pytest.mark.parametrize(
    ("fields", "path", "expected"),
    [
        ("service_id: s", "services.0.routes.0.hosts", ["s.example"]),
        ("service_id: s, host: r.example", "services.0.routes.0.hosts", ["r.example"]),
        ("service_id: s", "services.0.upstream", "u"),
        ("service_id: s, upstream_id: t", "services.1.protocol", "https"),
        ("service_id: s, upstream_id: t", "services.1.upstream", "t"),
        ("service_id: s, upstream_id: t", "services.1.routes.0.hosts", ["s.example"]),
        ("service_id: s, upstream_id: t", "services.0.routes", None),
        ("upstream_id: t", "services.1.upstream", "t"),
        ("upstream_id: t, upstream: {nodes: {'c:1': 1}}", "services.1.upstream", "t"),
        ("upstream: {nodes: {'c:1': 1}}", "services.1.upstream.host", "c"),
        ("plugins: {}", "routes.0.path", "/x"),
    ],
)
def test_where_it_goes(fields: str, path: str, expected: object) -> None:
    assert fragment(model(f"routes: [{{uri: /x, {fields}}}]{SERVICES}"), path) == expected


def test_routes_of_one_upstream_share_a_service() -> None:
    plain = model(f"routes: [{{uri: /x, upstream_id: t}}, {{uri: /y, upstream_id: t}}]{SERVICES}")
    assert [one["path"] for one in fragment(plain, "services.1.routes")] == ["/x", "/y"]


def test_names_are_unique() -> None:
    plain = model(f"routes: [{{uri: /x, name: a}}, {{uri: /y, name: a}}]{SERVICES}")
    assert [one["name"] for one in plain["routes"]] == ["a", "a-2"]


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("http", {"schemes": ["http"], "redirect": {"scheme": "https"}}),
        ("https", {"schemes": ["https"]}),
    ],
)
def test_redirect_to_https_of_one_scheme(scheme: str, expected: dict[str, Any]) -> None:
    fields = f"vars: [[scheme, ==, {scheme}]], plugins: {{redirect: {{http_to_https: true}}}}"
    assert matches(f"uri: /x, {fields}") == {"path": "/x", **expected}
