"""Upstreams: nodes, balancing, health, TLS, defaults."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.apisix.reading import fragment, model, said

DEFAULTS: dict[str, Any] = {
    "host_header": {},
    "retry": {"attempts": 0, "on_timeout": True},
    "timeout": {"connect": "1m", "send": "1m", "read": "1m"},
}


def upstream(fields: str) -> dict[str, Any]:
    found: dict[str, Any] = fragment(model(f"upstreams: [{{id: u, {fields}}}]"), "upstreams.0")
    return found


def test_defaults() -> None:
    assert upstream("nodes: {a: 1}") == {"name": "u", "host": "a", "port": 80, **DEFAULTS}


@pytest.mark.parametrize(
    ("fields", "path", "expected"),
    [
        ("nodes: {'a:81': 1}", "port", 81),
        ("nodes: {'a': 1}, scheme: https", "port", 443),
        ("nodes: {'[::1]:81': 1}", "host", "::1"),
        ("nodes: [{host: a, weight: 1}]", "port", 80),
        ("nodes: [{host: a, port: 81, weight: 5}, {host: b, weight: 0}]", "targets.0.weight", 5),
        ("nodes: [{host: a, port: 81, weight: 5}, {host: b, weight: 0}]", "targets.1.weight", 0),
        ("nodes: {a: 1, b: 1, c: 1}", "retry.attempts", 2),
        ("nodes: {a: 1, b: 1}, retries: 5", "retry.attempts", 5),
        ("nodes: {a: 1}, timeout: {connect: 1, send: 2, read: 3}", "timeout.read", "3s"),
        ("nodes: {a: 1}, type: least_conn", "load_balancer.algorithm", "least_conn"),
        ("nodes: {a: 1}, type: ewma", "load_balancer.algorithm", "latency"),
        ("nodes: {a: 1}, type: chash", "load_balancer.hash_on.0.source", "ip_address"),
        ("nodes: {a: 1}, type: chash, key: uri", "load_balancer.hash_on.0.source", "path"),
        ("nodes: {a: 1}, type: chash, key: arg_x", "load_balancer.hash_on.0.name", "x"),
        ("nodes: {a: 1}, type: chash, key: http_x_y", "load_balancer.hash_on.0.name", "x-y"),
        (
            "nodes: {a: 1}, type: chash, hash_on: header, key: X-Y",
            "load_balancer.hash_on.0",
            {"source": "header", "name": "X-Y"},
        ),
        (
            "nodes: {a: 1}, type: chash, hash_on: cookie, key: c",
            "load_balancer.hash_on.0",
            {"source": "cookie", "name": "c"},
        ),
        (
            "nodes: {a: 1}, type: chash, hash_on: consumer",
            "load_balancer.hash_on.0",
            {"source": "consumer"},
        ),
        ("nodes: {a: 1}, pass_host: node", "host_header.mode", "target"),
        (
            "nodes: {a: 1}, pass_host: rewrite, upstream_host: h",
            "host_header",
            {"mode": "rewrite", "value": "h"},
        ),
        ("nodes: {a: 1}, scheme: https", "tls.verify", False),
        ("nodes: {a: 1}, scheme: https, tls: {verify: true}", "tls.verify", True),
        ("nodes: {a: 1}, checks: {active: {}}", "health_check.active.http_path", "/"),
        ("nodes: {a: 1}, checks: {active: {}}", "health_check.active.interval", "1s"),
        ("nodes: {a: 1}, checks: {active: {}}", "health_check.active.unhealthy_threshold", 5),
        ("nodes: {a: 1}, checks: {active: {}}", "health_check.active.timeout_threshold", 3),
        (
            "nodes: {a: 1}, checks: {active: {}, passive: {}}",
            "health_check.passive.max_timeouts",
            7,
        ),
        (
            "nodes: {a: 1}, checks: {active: {host: h, req_headers: ['A: b']}}",
            "health_check.active.headers",
            {"A": "b", "Host": "h"},
        ),
        ("nodes: {a: 1}, keepalive_pool: {size: 5}", "extensions.apisix.keepalive_pool.size", 5),
        (
            "service_name: s, discovery_type: nacos",
            "extensions.apisix",
            {"discovery_type": "nacos", "service_name": "s"},
        ),
        ("service_name: 'd:81', discovery_type: dns", "port", 81),
    ],
)
def test_fields(fields: str, path: str, expected: object) -> None:
    assert fragment(upstream(fields), path) == expected


@pytest.mark.parametrize(
    ("fields", "entry"),
    [
        ("nodes: {a: 1}, type: chash, key: server_name", "warning approximated upstreams[0].key"),
        ("service_name: s, discovery_type: nacos", "warning carried upstreams[0].discovery_type"),
        ("nodes: {a: 1}, retry_timeout: 5", "warning carried upstreams[0].retry_timeout"),
        ("nodes: {a: 1}, key: x", "info dropped upstreams[0].key"),
        ("nodes: {a: 1}, create_time: 5", "info dropped upstreams[0].create_time"),
        ("nodes: {a: 1}, desc: x", "info carried upstreams[0].desc"),
        (
            "nodes: [{host: a, weight: 1, priority: 2}]",
            "warning carried upstreams[0].nodes[0].priority",
        ),
        (
            "nodes: {a: 1}, checks: {active: {http_method: POST}}",
            "warning carried upstreams[0].checks.active.http_method",
        ),
    ],
)
def test_ledger(fields: str, entry: str) -> None:
    found = [one.partition(": ")[0] for one in said(f"upstreams: [{{id: u, {fields}}}]")]
    assert entry in found


@pytest.mark.parametrize(
    ("scheme", "protocol", "kind"),
    [
        ("http", None, None),
        ("https", "https", None),
        ("grpc", "grpc", "grpc"),
        ("grpcs", "grpcs", "grpc"),
    ],
)
def test_schemes(scheme: str, protocol: str | None, kind: str | None) -> None:
    text = f"routes: [{{uri: /x, upstream: {{scheme: {scheme}, nodes: {{a: 1}}}}}}]"
    service = fragment(model(text), "services.0")
    assert (service.get("protocol"), service.get("type")) == (protocol, kind)


def test_certificates() -> None:
    text = """
    ssls:
      - {id: own, cert: C, key: K, snis: [a.example, '*.a.example']}
      - {id: two, certs: [D], keys: [L], cert: C, key: K, sni: b.example}
      - {id: off, cert: C, key: K, sni: b.example, status: 0}
      - {id: client, type: client, cert: C, key: K}
    upstreams:
      - {id: u, scheme: https, nodes: {a: 1}, tls: {client_cert_id: client}}
      - {id: v, scheme: https, nodes: {a: 1}, tls: {client_cert: X, client_key: Y}}
    """
    plain = model(text)
    assert [one["name"] for one in plain["certificates"]] == ["own", "two", "client", "v-client"]
    assert fragment(plain, "certificates.0.server_names") == ["a.example", "*.a.example"]
    assert fragment(plain, "certificates.1.alternatives.0.certificate") == "D"
    assert fragment(plain, "upstreams.0.tls.client_certificate") == "client"
    assert fragment(plain, "upstreams.1.tls.client_certificate") == "v-client"
    assert [one["port"] for one in plain["listeners"]] == [9080, 9443]


def test_client_certificates_guard_the_routes_of_their_names() -> None:
    text = """
    ssls: [{id: 1, cert: C, key: K, snis: ['*.example'], client: {ca: A}}]
    routes:
      - {uri: /a, host: a.example, plugins: {key-auth: {}}}
      - {uri: /b, host: b.test}
      - {uri: /c}
    """
    guards = [fragment(route, "authentication.guards.0.name") for route in model(text)["routes"]]
    assert guards == ["client-certificate", None, "client-certificate"]
