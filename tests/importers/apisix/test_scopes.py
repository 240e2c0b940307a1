"""Which of several plugins act: by scope, by group, and besides each other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.apisix.reading import fragment, model, said

LIMIT = "limit-count: {count: 1, time_window: 1}"
OTHER_LIMIT = "limit-count: {count: 2, time_window: 1}"


def scoped(
    service: str = "",
    config: str = "",
    route: str = "",
    consumer: str = "",
    everywhere: str = "",
) -> str:
    """A file with plugins in these scopes."""
    return f"""
services: [{{id: s, name: s, upstream: {{nodes: {{a: 1}}}}, plugins: {{{service}}}}}]
plugin_configs: [{{id: p, plugins: {{{config}}}}}]
routes: [{{uri: /x, service_id: s, plugin_config_id: p, plugins: {{{route}}}}}]
consumers: [{{username: c, plugins: {{{consumer}}}}}]
global_rules: [{{id: g, plugins: {{{everywhere}}}}}]
"""


SERVICE, ROUTE = "services.0.policies", "services.0.routes.0"


@pytest.mark.parametrize(
    ("scopes", "path", "expected"),
    [
        ({"service": LIMIT}, f"{SERVICE}.rate_limit.requests_per_second", 1),
        ({"service": LIMIT}, f"{ROUTE}.rate_limit", None),
        ({"config": LIMIT}, f"{ROUTE}.rate_limit.requests_per_second", 1),
        ({"config": LIMIT, "route": OTHER_LIMIT}, f"{ROUTE}.rate_limit.requests_per_second", 2),
        ({"service": LIMIT, "route": OTHER_LIMIT}, f"{ROUTE}.rate_limit.requests_per_second", 2),
        ({"consumer": LIMIT}, "consumers.0.policies.rate_limit.requests_per_second", 1),
        ({"everywhere": LIMIT}, "policies.rate_limit.requests_per_second", 1),
        (
            {"service": "key-auth: {}", "route": "basic-auth: {}"},
            f"{ROUTE}.authentication.require",
            "all",
        ),
        (
            {"everywhere": "key-auth: {}", "route": "basic-auth: {}"},
            f"{ROUTE}.authentication.require",
            "all",
        ),
        (
            {"everywhere": "key-auth: {}", "route": "basic-auth: {}"},
            f"{ROUTE}.authentication.api_key.header_name",
            "apikey",
        ),
        (
            {"everywhere": "key-auth: {header: A}", "route": "key-auth: {header: B}"},
            f"{ROUTE}.authentication.guards.0.name",
            "key-auth",
        ),
        (
            {"service": "key-auth: {}", "route": "key-auth: {_meta: {disable: true}}"},
            f"{ROUTE}.authentication.enabled",
            False,
        ),
        (
            {
                "everywhere": "basic-auth: {}",
                "service": "key-auth: {}",
                "route": "key-auth: {_meta: {disable: true}}",
            },
            f"{ROUTE}.authentication.type",
            "basic",
        ),
        ({"service": "proxy-rewrite: {uri: /y}"}, f"{ROUTE}.rewrite.path", "/y"),
        ({"everywhere": "proxy-rewrite: {uri: /y}"}, f"{ROUTE}.rewrite.path", "/y"),
        (
            {"service": "proxy-rewrite: {method: PUT}", "route": "proxy-rewrite: {uri: /y}"},
            f"{ROUTE}.request_line.enabled",
            False,
        ),
        (
            {"service": "proxy-rewrite: {headers: {A: b}}", "route": "proxy-rewrite: {uri: /y}"},
            f"{ROUTE}.headers.enabled",
            False,
        ),
        (
            {
                "service": "proxy-rewrite: {headers: {A: b}}",
                "route": "response-rewrite: {headers: {C: d}}",
            },
            f"{ROUTE}.headers",
            {"request_set": {"A": "b"}, "response_set": {"C": "d"}},
        ),
        (
            {
                "everywhere": "ip-restriction: {whitelist: [10.0.0.0/8], blacklist: [10.9.9.9]}",
                "route": "ip-restriction: {whitelist: [10.1.0.0/16, 192.0.2.0/24]}",
            },
            f"{ROUTE}.ip_access.allow",
            ["10.1.0.0/16"],
        ),
        (
            {
                "everywhere": "ip-restriction: {blacklist: [10.9.9.9]}",
                "route": "ip-restriction: {blacklist: [192.0.2.1]}",
            },
            f"{ROUTE}.ip_access.deny",
            ["192.0.2.1", "10.9.9.9"],
        ),
        (
            {
                "everywhere": "ip-restriction: {whitelist: [10.0.0.0/8]}",
                "route": "ip-restriction: {whitelist: [192.0.2.0/24]}",
            },
            f"{ROUTE}.ip_access.deny",
            ["0.0.0.0/0", "::/0"],
        ),
        (
            {
                "everywhere": "ua-restriction: {denylist: [a]}",
                "route": "ua-restriction: {denylist: [b]}",
            },
            f"{ROUTE}.authentication.guards.0.name",
            "ua-restriction",
        ),
        (
            {"service": "gzip: {}", "route": "brotli: {}"},
            f"{ROUTE}.compression.algorithms",
            ["br", "gzip"],
        ),
    ],
)
def test_who_wins(scopes: dict[str, str], path: str, expected: Any) -> None:
    assert fragment(model(scoped(**scopes)), path) == expected


@pytest.mark.parametrize(
    ("scopes", "entry"),
    [
        (
            {"everywhere": "cors: {}", "route": "cors: {}"},
            "warning approximated global_rules[0].plugins.cors",
        ),
        (
            {"service": "limit-req: {rate: 1, burst: 0, key: remote_addr}", "route": LIMIT},
            'warning carried services[0].plugins["limit-req"]',
        ),
        (
            {"route": "limit-req: {rate: 1, burst: 0, key: uri}", "consumer": LIMIT},
            'warning approximated consumers[0].plugins["limit-count"]',
        ),
        (
            {"consumer": "proxy-rewrite: {uri: /y}"},
            'warning carried consumers[0].plugins["proxy-rewrite"]',
        ),
    ],
)
def test_what_cannot_act_besides(scopes: dict[str, str], entry: str) -> None:
    assert entry in [one.partition(": ")[0] for one in said(scoped(**scopes))]


def test_a_route_with_its_own_upstream_keeps_the_policies_of_its_service() -> None:
    text = """
    services: [{id: s, name: s, upstream: {nodes: {a: 1}}, plugins: {key-auth: {}}}]
    routes: [{id: r, uri: /x, service_id: s, upstream: {nodes: {b: 1}}}]
    """
    plain = model(text)
    assert fragment(plain, "services.1.upstream.host") == "b"
    assert fragment(plain, "services.1.policies.authentication.type") == "api_key"


def test_the_upstream_decides_over_the_host_of_a_rewrite() -> None:
    text = """
    routes:
      - uri: /x
        upstream: {nodes: {a: 1}, pass_host: node}
        plugins: {proxy-rewrite: {host: h.example}}
    """
    assert fragment(model(text), "services.0.routes.0.host_header") is None
    assert said(text)[0].startswith("info dropped routes[0].plugins")


def test_several_global_rules() -> None:
    text = """
    global_rules:
      - id: 1
        plugins:
          ip-restriction: {whitelist: [10.0.0.0/8]}
          ua-restriction: {denylist: [a]}
          cors: {max_age: 1}
      - id: 2
        plugins:
          ip-restriction: {blacklist: [10.1.1.1]}
          ua-restriction: {denylist: [b]}
          cors: {max_age: 2}
    """
    policies = model(text)["policies"]
    assert policies["ip_access"]["allow"] == ["10.0.0.0/8"]
    assert policies["ip_access"]["deny"] == ["10.1.1.1"]
    assert policies["authentication"]["guards"][0]["name"] == "ua-restriction"
    assert policies["cors"]["max_age"] == "1s"
    assert "warning carried global_rules[1].plugins.cors" in [
        one.partition(": ")[0] for one in said(text)
    ]


def test_plugins_that_act_nowhere() -> None:
    text = """
    plugin_configs: [{id: p, plugins: {cors: {}}}]
    consumer_groups: [{id: g, plugins: {gzip: {}}}]
    services: [{id: s, plugins: {traffic-split: {rules: []}}}]
    """
    assert [one.partition(": ")[0] for one in said(text)] == [
        "info dropped plugin_configs[0].plugins.cors",
        "info dropped consumer_groups[0].plugins.gzip",
        'info dropped services[0].plugins["traffic-split"]',
    ]


def test_a_plugin_that_is_always_hidden() -> None:
    text = scoped(config="cors: {max_age: 1}", route="cors: {max_age: 2}")
    assert said(text) == [
        "info dropped plugin_configs[0].plugins.cors: narrower scopes hide it everywhere"
    ]
