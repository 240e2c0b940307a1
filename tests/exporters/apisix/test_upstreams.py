"""Where requests go, and what is known of it."""

from __future__ import annotations

from typing import Any

import pytest

from gal.claims import Claims
from gal.context import ExportContext, ExportOptions
from gal.convert import read_gateway
from gal.exporters import apisix
from gal.ledger import Ledger, Reporter, Stage
from gal.reading import read_documents
from tests.exporters.apisix.placed import Placed, gal

NODES = [{"host": "h.test", "port": 80, "weight": 1}]
ROUTE = "routes: [{name: r, path: /a}]"
PEM = "'-----BEGIN CERTIFICATE-----'"


ACTIVE = (
    "health_check: {active: {protocol: tcp, interval: 2s, timeout: 1s,"
    " healthy_status_codes: [200, 302], unhealthy_status_codes: [500]}}"
)


def upstream(fields: str, service: str = "", more: str = "") -> tuple[dict[str, Any], Placed]:
    """The upstream of one service."""
    text = (
        f"services: [{{name: s, {service}upstream: {{host: h.test, {fields}}}, {ROUTE}}}]\n{more}"
    )
    placed = gal(text)
    found: dict[str, Any] = placed.section("services")[0]["upstream"]
    return found, placed


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("load_balancer: {algorithm: least_conn}", {"type": "least_conn"}),
        ("load_balancer: {algorithm: latency}", {"type": "ewma"}),
        ("load_balancer: {algorithm: ip_hash}", {"type": "chash", "key": "remote_addr"}),
        (
            "load_balancer: {algorithm: hash, hash_on: [{source: header, name: X-A}]}",
            {"type": "chash", "hash_on": "header", "key": "X-A"},
        ),
        (
            "load_balancer: {algorithm: hash, hash_on: [{source: query_param, name: q}]}",
            {"type": "chash", "key": "arg_q"},
        ),
        (
            "load_balancer: {algorithm: hash, hash_on: [{source: path}]}",
            {"type": "chash", "key": "uri"},
        ),
        (
            "load_balancer: {algorithm: hash, hash_on: [{source: consumer}]}",
            {"type": "chash", "hash_on": "consumer"},
        ),
        ("host_header: {mode: target}", {"pass_host": "node"}),
        (
            "host_header: {mode: rewrite, value: o.test}",
            {"pass_host": "rewrite", "upstream_host": "o.test"},
        ),
        ("retry: {attempts: 2, on_timeout: true}", {"retries": 2}),
        ("timeout: {connect: 1500ms}", {"timeout": {"connect": 1.5, "send": 60, "read": 60}}),
        ("tags: ['a:b']", {"labels": {"a": "b"}}),
        (
            "health_check: {active: {enabled: false}}",
            {},
        ),
        (
            ACTIVE,
            {
                "checks": {
                    "active": {
                        "type": "tcp",
                        "http_path": "/health",
                        "healthy": {"interval": 2},
                        "unhealthy": {
                            "interval": 2,
                            "http_failures": 3,
                            "tcp_failures": 3,
                            "http_statuses": [500],
                        },
                    }
                }
            },
        ),
    ],
)
def test_fields(fields: str, expected: dict[str, Any]) -> None:
    found, placed = upstream(fields)
    assert found == {"type": "roundrobin", "nodes": NODES, **expected}
    assert placed.said == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("load_balancer: {sticky_sessions: true}", "hashes the value of a cookie"),
        ("load_balancer: {algorithm: random}", "takes the targets in turn"),
        (
            "load_balancer: {algorithm: hash, hash_on: [{source: path_capture, name: x}]}",
            "cannot hash this",
        ),
        ("health_check: {passive: {}}", "only where it asks the targets, too"),
        ("health_check: {minimum_healthy_percent: 50}", "sends to all targets"),
        ("health_check: {active: {connection_threshold: 0}}", "the source never does"),
        ("health_check: {active: {timeout_threshold: 0}}", "the source never does"),
        ("timeout: {request: 5s}", "between two reads"),
        ("retry: {attempts: 2}", "after failed connections and after timeouts"),
        ("retry: {attempts: 2, on_timeout: true, status_codes: [503]}", "because of an answer"),
    ],
)
def test_differences(fields: str, message: str) -> None:
    _, placed = upstream(fields)
    assert placed.heard(message) == ["warning approximated"]


@pytest.mark.parametrize(
    ("service", "scheme"),
    [
        ("protocol: https, ", "https"),
        ("protocol: grpcs, type: grpc, ", "grpcs"),
        ("protocol: h2c, type: grpc, ", "grpc"),
        ("protocol: https, type: grpc, ", "grpcs"),
    ],
)
def test_schemes(service: str, scheme: str) -> None:
    assert upstream("port: 80", service)[0]["scheme"] == scheme


def test_tls() -> None:
    more = f"certificates: [{{name: c, certificate: {PEM}, key: k}}]\n"
    found, placed = upstream(
        "tls: {verify: true, client_certificate: c}", "protocol: https, ", more
    )
    assert found["tls"] == {"verify": True, "client_cert_id": "c"}
    assert placed.section("ssls") == [
        {"id": "c", "type": "client", "cert": "-----BEGIN CERTIFICATE-----", "key": "k"}
    ]


def test_an_ipv6_target() -> None:
    text = f"services: [{{name: s, upstream: {{host: '::1', port: 81}}, {ROUTE}}}]\n"
    found = gal(text).section("services")[0]["upstream"]
    assert found["nodes"] == [{"host": "[::1]", "port": 81, "weight": 1}]


BACKENDS = (
    "upstreams: [{name: u, host: u.test}, {name: v, host: v.test}]\n"
    "routes: [{name: r, path: /a, backends:"
    " [{upstream: u, weight: 2}, {upstream: v, weight: 0}]}]\n"
)


def test_backends() -> None:
    (route,) = gal(BACKENDS).section("routes")
    assert route["upstream_id"] == "u"
    assert route["plugins"]["traffic-split"] == {
        "rules": [
            {
                "weighted_upstreams": [
                    {"upstream_id": "u", "weight": 2},
                    {"upstream_id": "v", "weight": 0},
                ]
            }
        ]
    }


def test_backends_without_a_share() -> None:
    placed = gal(BACKENDS.replace("weight: 2", "weight: 0"))
    assert "plugins" not in placed.section("routes")[0]
    assert placed.heard("no upstream has a share") == ["warning dropped"]


def settings(text: str, listen: tuple[str, int] | None = None) -> dict[str, Any]:
    """The part `apisix` of `config.yaml`."""
    documents = read_documents(f'version: "1.0"\n{text}', "gal.yaml", "yaml")
    claims = Claims()
    reporter = Reporter(Ledger(), apisix.NAME, Stage.EXPORT)
    context = ExportContext(reporter, claims, ExportOptions(listen=listen))
    gateway = read_gateway(documents, source="gal").gateway
    found: dict[str, Any] = apisix.write(claims.view(gateway), context)[1].data["apisix"]
    return found


OFF = {"ssl": {"enable": False}}


@pytest.mark.parametrize(
    ("text", "listen", "expected"),
    [
        ("", None, {"node_listen": [{"port": 10000}], **OFF}),
        ("", ("127.0.0.1", 80), {"node_listen": [{"ip": "127.0.0.1", "port": 80}], **OFF}),
        (
            "global: {host: 127.0.0.1, port: 8000}",
            None,
            {"node_listen": [{"ip": "127.0.0.1", "port": 8000}], **OFF},
        ),
        (
            "listeners: [{name: a, port: 80}, {name: b, port: 443, protocol: https}]",
            None,
            {"node_listen": [{"port": 80}], "ssl": {"enable": True, "listen": [{"port": 443}]}},
        ),
        (
            f"certificates: [{{name: c, certificate: {PEM}, key: k, server_names: [a.test]}}]",
            None,
            {
                "node_listen": [{"port": 10000}],
                "ssl": {"enable": True, "listen": [{"port": 10443}]},
            },
        ),
    ],
)
def test_settings(text: str, listen: tuple[str, int] | None, expected: dict[str, Any]) -> None:
    assert settings(text, listen) == expected


def test_a_plugin_that_is_not_loaded_by_itself() -> None:
    """A list of plugins takes the place of APISIX's own, so it holds all of these."""
    text = (
        'version: "1.0"\nservices: [{name: s, upstream: {host: h}, routes:'
        " [{name: r, path: /a, compression: {algorithms: [br]}}]}]\n"
    )
    gateway = read_gateway(read_documents(text, "gal.yaml", "yaml"), source="gal").gateway
    claims = Claims()
    context = ExportContext(Reporter(Ledger(), apisix.NAME, Stage.EXPORT), claims)
    loaded = apisix.write(claims.view(gateway), context)[1].data["plugins"]
    assert loaded[-1] == "brotli"
    assert {"limit-count", "cors", "key-auth"} < set(loaded)


@pytest.mark.parametrize(
    ("names", "fields", "said"),
    [
        ("", "port: 80", ["info dropped"]),
        ("server_names: [a.example.com]", "port: 80", []),
        ("", "tls: {client_certificate: c}", []),
    ],
    ids=["nothing asks for it", "shown", "used by the upstream"],
)
def test_a_certificate_that_nothing_asks_for(names: str, fields: str, said: list[str]) -> None:
    more = f"certificates: [{{name: c, certificate: {PEM}, key: k, {names}}}]\n"
    _, placed = upstream(fields, "", more)
    assert placed.heard("neither a server name nor an upstream") == said
