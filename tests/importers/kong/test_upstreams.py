"""Upstreams: balancing, targets and health."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.kong.reading import fragment, model, refusal, said


def upstream(text: str) -> dict[str, Any]:
    """An upstream, given its fields after the name."""
    found = fragment(model(f"upstreams: [{{name: u, {text}}}]"), "upstreams.0")
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", None),
        ("algorithm: round-robin", None),
        ("algorithm: least-connections", {"algorithm": "least_conn"}),
        ("algorithm: latency", {"algorithm": "latency"}),
        ("algorithm: least-connections, hash_on: ip", {"algorithm": "least_conn"}),
        ("algorithm: round-robin, hash_on: ip", {"algorithm": "ip_hash"}),
        ("hash_on: ip", {"algorithm": "ip_hash"}),
        (
            "algorithm: sticky-sessions, sticky_sessions_cookie: c, hash_on: ip",
            {"sticky_sessions": True, "cookie_name": "c"},
        ),
        ("sticky_sessions_cookie_path: /", None),
        ("algorithm: consistent-hashing, hash_on: none", None),
        ("algorithm: consistent-hashing", {"algorithm": "hash"}),
        ("algorithm: consistent-hashing, hash_on: null", {"algorithm": "hash"}),
        ("hash_on: consumer", {"algorithm": "hash", "hash_on": [{"source": "consumer"}]}),
        ("hash_on: path", {"algorithm": "hash", "hash_on": [{"source": "path"}]}),
        (
            "hash_on: header, hash_on_header: X-A",
            {"algorithm": "hash", "hash_on": [{"source": "header", "name": "X-A"}]},
        ),
        (
            "hash_on: ip, hash_fallback: header, hash_fallback_header: X-A",
            {
                "algorithm": "hash",
                "hash_on": [{"source": "ip_address"}, {"source": "header", "name": "X-A"}],
            },
        ),
        (
            "hash_on: cookie, hash_on_cookie: c, hash_on_cookie_path: /x",
            {
                "algorithm": "hash",
                "hash_on": [{"source": "cookie", "name": "c", "cookie_path": "/x"}],
            },
        ),
        (
            (
                "hash_on: query_arg, hash_on_query_arg: q, hash_fallback: uri_capture, "
                "hash_fallback_uri_capture: c"
            ),
            {
                "algorithm": "hash",
                "hash_on": [
                    {"source": "query_param", "name": "q"},
                    {"source": "path_capture", "name": "c"},
                ],
            },
        ),
        ("slots: 10000", None),
        ("slots: 100", {"slots": 100}),
    ],
)
def test_balancing(text: str, wanted: dict[str, Any] | None) -> None:
    assert upstream(text).get("load_balancer") == wanted


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("a", {"host": "a", "port": 8000, "weight": 100}),
        ("a.test:80", {"host": "a.test", "weight": 100}),
        ("10.0.0.1:81", {"host": "10.0.0.1", "port": 81, "weight": 100}),
        ("[::1]:81", {"host": "::1", "port": 81, "weight": 100}),
        ("[::1]", {"host": "::1", "port": 8000, "weight": 100}),
        ("fe80::1:2", {"host": "fe80::1:2", "port": 8000, "weight": 100}),
        ("${HOST_NAME}:81", {"host": "${HOST_NAME}", "port": 81, "weight": 100}),
    ],
)
def test_targets(target: str, wanted: dict[str, Any]) -> None:
    found = upstream(f"targets: [{{target: '{target}'}}, {{target: other, weight: 0}}]")
    assert found["targets"][0] == wanted
    assert found["targets"][1]["weight"] == 0


def test_a_target_for_when_all_others_fail_is_left_out() -> None:
    text = "targets: [{target: a, failover: false}, {target: b, failover: true}]"
    assert [target["host"] for target in upstream(text)["targets"]] == ["a"]


ACTIVE: dict[str, Any] = {
    "enabled": False,
    "http_path": "/",
    "interval": "0s",
    "timeout": "1s",
    "healthy_threshold": 0,
    "unhealthy_threshold": 0,
    "timeout_threshold": 0,
    "connection_threshold": 0,
    "healthy_status_codes": [200, 302],
    "unhealthy_status_codes": [429, 404, 500, 501, 502, 503, 504, 505],
}
PASSIVE: dict[str, Any] = {
    "enabled": False,
    "max_failures": 0,
    "max_timeouts": 0,
    "max_connection_failures": 0,
    "unhealthy_status_codes": [429, 500, 503],
    "healthy_status_codes": [*range(200, 209), 226, *range(300, 309)],
}


def differences(found: dict[str, Any], base: dict[str, Any]) -> dict[str, Any]:
    """What differs; None for what has the model's own default."""
    keys = [*base, *[key for key in found if key not in base]]
    return {key: found.get(key) for key in keys if found.get(key) != base.get(key)}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", None),
        ("active: {healthy: {interval: 0}}", None),
        ("active: {type: http, timeout: 1, concurrency: 10, unhealthy: {http_failures: 0}}", None),
        ("active: {timeout: 3}", {"timeout": "3s"}),
        (
            "active: {healthy: {interval: 5}}",
            {"enabled": None, "interval": "5s", "unhealthy_interval": "0s"},
        ),
        ("active: {unhealthy: {interval: 5}}", {"enabled": None, "unhealthy_interval": "5s"}),
        (
            (
                "active: {healthy: {interval: 0.5, successes: 1}, unhealthy: {interval: 0.5, "
                "http_failures: 2, timeouts: 4, tcp_failures: 5}}"
            ),
            {
                "enabled": None,
                "interval": "500ms",
                "healthy_threshold": 1,
                "unhealthy_threshold": 2,
                "timeout_threshold": 4,
                "connection_threshold": 5,
            },
        ),
        (
            "active: {type: https, https_sni: a, https_verify_certificate: false, concurrency: 2}",
            {"protocol": "https", "sni": "a", "verify_certificate": False, "concurrency": 2},
        ),
        ("active: {headers: {x-a: [b]}}", {"headers": {"x-a": "b"}}),
    ],
)
def test_active_checks(text: str, wanted: dict[str, Any] | None) -> None:
    found = upstream(f"healthchecks: {{{text}}}").get("health_check")
    assert wanted == (found and differences(found["active"], ACTIVE))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("passive: {}", None),
        ("passive: {unhealthy: {http_failures: 2}}", {"enabled": None, "max_failures": 2}),
        ("passive: {unhealthy: {timeouts: 2}}", {"enabled": None, "max_timeouts": 2}),
        (
            "passive: {unhealthy: {tcp_failures: 2}}",
            {"enabled": None, "max_connection_failures": 2},
        ),
        ("passive: {healthy: {successes: 2}}", {"enabled": None, "healthy_threshold": 2}),
        ("passive: {unhealthy: {http_statuses: [500]}}", {"unhealthy_status_codes": [500]}),
    ],
)
def test_passive_checks(text: str, wanted: dict[str, Any] | None) -> None:
    found = upstream(f"healthchecks: {{{text}}}").get("health_check")
    assert wanted == (found and differences(found["passive"], PASSIVE))


def test_threshold() -> None:
    found = upstream("healthchecks: {threshold: 12.5}")["health_check"]
    assert found == {"minimum_healthy_percent": 12.5}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "algorithm: random",
            (
                'field "algorithm" must be one of round-robin, least-connections, latency,'
                ' consistent-hashing, sticky-sessions, not "random"'
            ),
        ),
        ("hash_on: header", '"hash_on: header" needs the field "hash_on_header"'),
        ("hash_on: ip, hash_fallback: ip", '"hash_fallback" must differ from "hash_on"'),
        (
            "hash_on: cookie, hash_on_cookie: c, hash_fallback: ip",
            "hashing a cookie has no fallback",
        ),
        ("slots: 1", 'field "slots" must be between 10 and 65536, not 1'),
        ("targets: [{weight: 1}]", 'field "target" is missing'),
        (
            "targets: [{target: a, weight: 70000}]",
            'field "weight" must be between 0 and 65535, not 70000',
        ),
        ("targets: [{target: a}, {target: a}]", 'the target "a" is there twice'),
        ("targets: [{target: 'a b'}]", 'the target "a b" is no address'),
        ("targets: [{target: 'a:99999'}]", 'the target "a:99999" is no address'),
        ("healthchecks: {active: {http_path: x}}", 'field "http_path" must start with "/"'),
        (
            "healthchecks: {active: {type: udp}}",
            'field "type" must be one of tcp, http, https, grpc, grpcs, not "udp"',
        ),
        (
            "healthchecks: {active: {healthy: {successes: 256}}}",
            'field "successes" must be between 0 and 255, not 256',
        ),
        (
            "healthchecks: {active: {healthy: {http_statuses: [20]}}}",
            "a status must be between 100 and 999, not 20",
        ),
        (
            "algorithm: sticky-sessions",
            '"algorithm: sticky-sessions" needs the field "sticky_sessions_cookie"',
        ),
        ("healthchecks: {threshold: 101}", 'field "threshold" must be between 0 and 100, not 101'),
    ],
)
def test_refusals(text: str, wanted: str) -> None:
    assert refusal(f"upstreams: [{{name: u, {text}}}]").split(": ", 1)[1] == wanted


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        (
            "use_srv_name: true",
            (
                "warning carried upstreams[0].use_srv_name: the upstream gets the name in the SRV"
                " record as Host; others give the target's"
            ),
        ),
        (
            "hash_on_header: x",
            "info carried upstreams[0].hash_on_header: no effect: nothing is hashed by it",
        ),
        (
            "algorithm: consistent-hashing",
            (
                "info exact upstreams[0].algorithm: consistent hashing of nothing sends every"
                " request to one target"
            ),
        ),
        (
            "healthchecks: {active: {type: tcp, healthy: {interval: 1}}}",
            (
                "warning approximated upstreams[0].healthchecks.active.type: Kong does no TCP"
                " checks for HTTP services"
            ),
        ),
    ],
)
def test_ledger(text: str, entry: str) -> None:
    assert entry in said(f"upstreams: [{{name: u, {text}}}]\nservices: [{{host: u}}]")
