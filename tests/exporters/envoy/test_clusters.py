"""Clusters: names, kinds, limits, health, TLS."""

from __future__ import annotations

from typing import Any

import pytest

from tests.exporters.envoy.exported import exported

TARGET = "{host: 127.0.0.1, port: 8080}"


def clusters(text: str) -> dict[str, dict[str, Any]]:
    return exported(text).clusters


NAMES = [
    (
        "of the service",
        f"services: [{{name: s, upstream: {TARGET}, routes: [{{path: /}}]}}]",
        ["s"],
    ),
    (
        "of the target",
        f"services: [{{upstream: {TARGET}, routes: [{{path: /}}]}}]",
        ["127.0.0.1-8080"],
    ),
    ("nowhere", "services: [{upstream: {targets: []}, routes: [{path: /}]}]", ["nowhere"]),
    (
        "of the upstream, shared",
        (
            "upstreams: [{name: u, host: a, port: 1}]\n"
            "services: [{name: s, upstream: u, routes: [{path: /}]}, "
            "{name: t, upstream: u, routes: [{path: /t}]}]\nroutes: [{path: /r, upstream: u}]"
        ),
        ["u"],
    ),
    (
        "two protocols",
        (
            "upstreams: [{name: u, host: a, port: 1}]\n"
            "services: [{name: s, upstream: u, routes: [{path: /}]}, "
            "{name: t, upstream: u, protocol: https, routes: [{path: /}]}]"
        ),
        ["u", "u-2"],
    ),
    (
        "two patiences",
        (
            "services: [{name: s, upstream: {host: a}, policies: {timeout: {connect: 1s}}, "
            "routes: [{path: /}, {path: /b, timeout: {connect: 2s}}]}]"
        ),
        ["s", "s-2"],
    ),
    (
        "a route that names a service",
        f"services: [{{name: s, upstream: {TARGET}}}]\nroutes: [{{path: /, upstream: s}}]",
        ["s"],
    ),
    ("not reached", f"services: [{{name: s, upstream: {TARGET}}}]", []),
]


@pytest.mark.parametrize(
    ("text", "expected"), [row[1:] for row in NAMES], ids=[r[0] for r in NAMES]
)
def test_names(text: str, expected: list[str]) -> None:
    assert list(clusters(text)) == expected


def only(upstream: str, service: str = "") -> dict[str, Any]:
    text = f"services: [{{name: s, upstream: {upstream}, routes: [{{path: /}}]{service}}}]"
    return clusters(text)["s"]


FIELDS: list[tuple[str, str, str, Any]] = [
    ("type", TARGET, "", "STATIC"),
    ("type", "{host: '::1', port: 1}", "", "STATIC"),
    ("type", "{host: a.test, port: 1}", "", "STRICT_DNS"),
    ("type", "{targets: [{host: 10.0.0.1}, {host: a.test}]}", "", "STRICT_DNS"),
    ("connect_timeout", TARGET, "", "5s"),
    ("connect_timeout", TARGET, ", policies: {timeout: {connect: 60s}}", "60s"),
    ("connect_timeout", TARGET, ", policies: {timeout: {connect: 1500ms}}", "1.5s"),
    ("connect_timeout", "{host: a, port: 1, timeout: {connect: 3s}}", "", "3s"),
    ("connect_timeout", TARGET, ", policies: {timeout: {connect: 0s}}", "86400s"),
    ("lb_policy", TARGET, "", "ROUND_ROBIN"),
    ("lb_policy", "{host: a, port: 1, load_balancer: {algorithm: weighted}}", "", "ROUND_ROBIN"),
    (
        "lb_policy",
        "{host: a, port: 1, load_balancer: {algorithm: least_conn}}",
        "",
        "LEAST_REQUEST",
    ),
    ("lb_policy", "{host: a, port: 1, load_balancer: {algorithm: latency}}", "", "LEAST_REQUEST"),
    ("lb_policy", "{host: a, port: 1, load_balancer: {algorithm: ip_hash}}", "", "RING_HASH"),
    ("lb_policy", "{host: a, port: 1, load_balancer: {algorithm: random}}", "", "RANDOM"),
    (
        "common_lb_config",
        "{host: a, port: 1, health_check: {minimum_healthy_percent: 40}}",
        "",
        {
            "healthy_panic_threshold": {"value": 40},
            "update_merge_window": "0s",
            "zone_aware_lb_config": {"fail_traffic_on_panic": True},
        },
    ),
]


@pytest.mark.parametrize(("field", "upstream", "service", "expected"), FIELDS)
def test_fields(field: str, upstream: str, service: str, expected: object) -> None:
    assert only(upstream, service)[field] == expected


def test_limits_of_other_gateways_are_none() -> None:
    (limits,) = only(TARGET)["circuit_breakers"]["thresholds"]
    assert set(limits.values()) == {1_000_000}


WEIGHTS = [
    ("{targets: [{host: a, weight: 3}, {host: b, weight: 1}]}", [("a", 3), ("b", 1)]),
    ("{targets: [{host: a, weight: 0}, {host: b, weight: 1}]}", [("b", None)]),
    ("{targets: [{host: a, weight: 0}]}", []),
]


@pytest.mark.parametrize(("upstream", "expected"), WEIGHTS)
def test_weights(upstream: str, expected: list[tuple[str, int | None]]) -> None:
    endpoints = only(upstream)["load_assignment"]["endpoints"][0]["lb_endpoints"]
    assert [
        (
            one["endpoint"]["address"]["socket_address"]["address"],
            one.get("load_balancing_weight"),
        )
        for one in endpoints
    ] == expected


TLS: list[tuple[str, dict[str, Any]]] = [
    ("{host: a.test, port: 443}", {"sni": "a.test"}),
    ("{host: 10.0.0.1, port: 443}", {}),
    ("{host: a.test, port: 443, tls: {sni: s.test}}", {"sni": "s.test"}),
    ("{targets: [{host: a.test}, {host: b.test}]}", {"auto_host_sni": True}),
    (
        "{host: a.test, port: 443, host_header: {mode: rewrite, value: 'h.test:8'}}",
        {"sni": "h.test"},
    ),
    ("{host: a.test, port: 443, tls: {verify: false}}", {"sni": "a.test"}),
    (
        "{host: a.test, port: 443, tls: {verify: true, verify_depth: 2}}",
        {
            "sni": "a.test",
            "common_tls_context": {
                "validation_context": {
                    "trusted_ca": {"filename": "/etc/ssl/certs/ca-certificates.crt"},
                    "max_verify_depth": 2,
                    "match_typed_subject_alt_names": [
                        {"san_type": "DNS", "matcher": {"exact": "a.test"}}
                    ],
                }
            },
        },
    ),
]


@pytest.mark.parametrize(("upstream", "expected"), TLS)
def test_tls(upstream: str, expected: dict[str, Any]) -> None:
    context = only(upstream, ", protocol: https")["transport_socket"]["typed_config"]
    assert {key: value for key, value in context.items() if key != "@type"} == expected


HTTP2 = [("http", False), ("https", False), ("grpc", True), ("grpcs", True), ("h2c", True)]


@pytest.mark.parametrize(("protocol", "http2"), HTTP2)
def test_http2(protocol: str, http2: bool) -> None:
    cluster = only("{host: a, port: 1}", f", protocol: {protocol}")
    (options,) = cluster.get("typed_extension_protocol_options", {"": {}}).values()
    assert ("http2_protocol_options" in options.get("explicit_http_config", {})) is http2


ACTIVE: list[tuple[str, dict[str, Any]]] = [
    ("{}", {"interval": "10s", "timeout": "5s", "unhealthy_threshold": 3, "healthy_threshold": 2}),
    ("{unhealthy_interval: 2s}", {"unhealthy_interval": "2s"}),
    ("{interval: 0s, unhealthy_interval: 2s}", {"interval": "2s"}),
    ("{healthy_threshold: 0}", {"healthy_threshold": 1}),
    ("{protocol: tcp}", {"tcp_health_check": {}}),
    (
        "{http_path: /hc, healthy_status_codes: [200, 201, 302], headers: {X-A: [b]}}",
        {
            "http_health_check": {
                "path": "/hc",
                "host": "a.test:81",
                "request_headers_to_add": [{"header": {"key": "X-A", "value": "b"}}],
                "expected_statuses": [{"start": 200, "end": 202}, {"start": 302, "end": 303}],
                "retriable_statuses": [{"start": 100, "end": 600}],
            }
        },
    ),
]


@pytest.mark.parametrize(("check", "expected"), ACTIVE)
def test_active_checks(check: str, expected: dict[str, Any]) -> None:
    (found,) = only(f"{{host: a.test, port: 81, health_check: {{active: {check}}}}}")[
        "health_checks"
    ]
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    "check", ["{enabled: false}", "{unhealthy_threshold: 0}", "{interval: 0s}"]
)
def test_checks_that_do_nothing(check: str) -> None:
    assert "health_checks" not in only(f"{{host: a, port: 1, health_check: {{active: {check}}}}}")


PASSIVE: list[tuple[str, dict[str, Any]]] = [
    (
        "{}",
        {"consecutive_5xx": 5, "consecutive_local_origin_failure": 5, "base_ejection_time": "30s"},
    ),
    ("{max_failures: 0, max_timeouts: 3}", {"enforcing_consecutive_5xx": 0}),
    ("{max_timeouts: 0, max_connection_failures: 2}", {"consecutive_local_origin_failure": 2}),
    (
        "{max_timeouts: 0, max_connection_failures: 0}",
        {"enforcing_consecutive_local_origin_failure": 0},
    ),
    ("{retry_after: 7s}", {"base_ejection_time": "7s", "max_ejection_time": "7s"}),
]


@pytest.mark.parametrize(("check", "expected"), PASSIVE)
def test_passive_checks(check: str, expected: dict[str, Any]) -> None:
    cluster = only(f"{{host: a, port: 1, health_check: {{passive: {check}}}}}")
    found = cluster["outlier_detection"]
    assert {key: found.get(key) for key in expected} == expected


def test_any_answer_from_500_on_needs_no_matcher() -> None:
    statuses = list(range(500, 600))
    check = f"{{passive: {{unhealthy_status_codes: {statuses}}}}}"
    cluster = only(f"{{host: a, port: 1, health_check: {check}}}")
    assert "typed_extension_protocol_options" not in cluster


HASHES: list[tuple[str, list[dict[str, Any]]]] = [
    ("{algorithm: ip_hash}", [{"connection_properties": {"source_ip": True}}]),
    (
        "{algorithm: hash, hash_on: [{source: header, name: X}, {source: ip_address}]}",
        [
            {"header": {"header_name": "X"}, "terminal": True},
            {"connection_properties": {"source_ip": True}},
        ],
    ),
    (
        "{algorithm: hash, hash_on: [{source: cookie, name: c}]}",
        [{"cookie": {"name": "c", "ttl": "0s", "path": "/"}}],
    ),
    (
        "{algorithm: hash, hash_on: [{source: query_param, name: q}]}",
        [{"query_parameter": {"name": "q"}}],
    ),
    (
        "{algorithm: hash, hash_on: [{source: path}]}",
        [
            {
                "header": {
                    "header_name": ":path",
                    "regex_rewrite": {"pattern": {"regex": r"\?.*"}, "substitution": ""},
                }
            }
        ],
    ),
    (
        "{algorithm: hash, hash_on: [{source: path_capture, name: id}]}",
        [
            {
                "header": {
                    "header_name": ":path",
                    "regex_rewrite": {
                        "pattern": {"regex": r"^/a/(\d+).*"},
                        "substitution": r"\1",
                    },
                }
            }
        ],
    ),
    ("{algorithm: hash, hash_on: [{source: path_capture, name: no}]}", []),
]


@pytest.mark.parametrize(("balancer", "expected"), HASHES)
def test_hashes(balancer: str, expected: list[dict[str, Any]]) -> None:
    route = r"{path_regex: {pattern: '/a/(?<id>\d+)', dialect: rust, anchor: start}}"
    upstream = f"{{host: a, port: 1, load_balancer: {balancer}}}"
    found = exported(f"services: [{{name: s, upstream: {upstream}, routes: [{route}]}}]")
    assert found.routes[0]["route"].get("hash_policy", []) == expected


TOLD = [
    (
        "{targets: [{host: a}, {host: b, weight: 2}], load_balancer: {algorithm: random}}",
        "ignores weights",
    ),
    ("{host: a, port: 1, load_balancer: {algorithm: latency}}", "does not measure latency"),
    ("{host: a, port: 1, srv: true}", "SRV"),
    ("{host: a, port: 1, tls: {sni: b}}", "no TLS is done"),
    ("{host: a, port: 1, health_check: {active: {timeout_threshold: 9}}}", "counts every failure"),
    ("{host: a, port: 1, health_check: {active: {unhealthy_status_codes: [500]}}}", "neither"),
    ("{host: a, port: 1, health_check: {active: {protocol: https}}}", "without TLS"),
    ("{host: a, port: 1, health_check: {active: {protocol: grpc}}}", "only connects"),
    ("{host: a, port: 1, health_check: {passive: {}}}", "after 30s"),
    ("{host: a, port: 1, health_check: {passive: {max_timeouts: 9}}}", "together"),
]


@pytest.mark.parametrize(("upstream", "message"), TOLD, ids=[message for _, message in TOLD])
def test_what_is_told(upstream: str, message: str) -> None:
    found = exported(f"services: [{{name: s, upstream: {upstream}, routes: [{{path: /}}]}}]")
    assert [told for told in found.told if message in told[2]]
    assert not [told for told in found.told if "has nothing for this" in told[2]]
