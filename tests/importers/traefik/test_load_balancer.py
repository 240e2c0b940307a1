"""Load balancers, their servers and their health."""

from __future__ import annotations

from typing import Any

import pytest

from gal.reading import Placeholder
from tests.importers.traefik.placed import file, model, said

A = "servers: [{url: 'http://a:8080'}]"
GOOD = [*range(200, 209), 226, *range(300, 309)]
BAD = [*range(500, 509), 510, 511]


def service(settings: str) -> dict[str, Any]:
    """The service that a load balancer becomes."""
    services = f"s: {{loadBalancer: {{{settings}}}}}"
    return dict(model(file(services=services))["services"][0])


def upstream(settings: str) -> dict[str, Any]:
    """The upstream of that service."""
    found = dict(service(settings)["upstream"])
    found.pop("name")
    return found


def fates(settings: str) -> list[str]:
    """Level, fate and path of what the ledger says of the load balancer."""
    services = f"s: {{loadBalancer: {{{settings}}}}}"
    entries = said(file(services=services), "http.services.s.loadBalancer")
    return [entry.partition(": ")[0] for entry in entries]


@pytest.mark.parametrize(
    ("servers", "protocol", "targets"),
    [
        pytest.param("[{url: 'http://a'}]", "http", [("a", 80, 1)], id="default port"),
        pytest.param("[{url: 'https://a'}]", "https", [("a", 443, 1)], id="TLS"),
        pytest.param("[{url: 'h2c://a:50051'}]", "h2c", [("a", 50051, 1)], id="HTTP/2"),
        pytest.param(
            "[{url: 'http://a:1', weight: 3}, {url: 'http://[::1]:2'}]",
            "http",
            [("a", 1, 3), ("::1", 2, 1)],
            id="weights",
        ),
        pytest.param(
            "[{url: 'http://${H}:${P}'}]", "http", [("${H}", Placeholder("${P}"), 1)], id="parts"
        ),
        pytest.param("[{url: '${URL}'}]", "http", [("${URL}", 80, 1)], id="placeholder"),
        pytest.param(
            "[{url: foobar}, {url: 'http://a:1'}]", "http", [("a", 1, 1)], id="no address"
        ),
        pytest.param(
            "[{url: 'http://b:65536'}, {url: 'http://b:0'}, {url: 'http://a:65535'}]",
            "http",
            [("a", 65535, 1)],
            id="no port",
        ),
    ],
)
def test_servers(servers: str, protocol: str, targets: list[tuple[Any, ...]]) -> None:
    """The targets, and how they are spoken to."""
    found = service(f"servers: {servers}")
    assert found.get("protocol", "http") == protocol
    given = found["upstream"]
    listed = given.get("targets") or [given]
    assert [(one["host"], one.get("port", 80), one.get("weight", 1)) for one in listed] == targets


@pytest.mark.parametrize(
    ("servers", "path"),
    [
        ("[{url: 'http://a/base', preservePath: true}]", "/base"),
        ("[{url: 'http://a/base'}]", None),
        ("[{url: 'http://a/', preservePath: true}]", None),
    ],
)
def test_base_path(servers: str, path: str | None) -> None:
    """The path of an address counts with `preservePath` only."""
    assert service(f"servers: {servers}").get("path") == path


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("strategy: wrr", None),
        ("strategy: p2c", {"algorithm": "least_conn"}),
        ("strategy: hrw", {"algorithm": "ip_hash"}),
        ("strategy: leasttime", {"algorithm": "latency"}),
        (
            "sticky: {cookie: {name: c, httpOnly: true}}",
            {"sticky_sessions": True, "cookie_name": "c"},
        ),
        (
            "sticky: {cookie: {name: 'a b', httpOnly: true}}",
            {"sticky_sessions": True, "cookie_name": "a_b"},
        ),
        ("sticky: {}", None),
    ],
)
def test_balancing(settings: str, expected: dict[str, Any] | None) -> None:
    """How a server is chosen."""
    assert upstream(f"{A}, {settings}").get("load_balancer") == expected


@pytest.mark.parametrize(
    ("passes", "mode"),
    [("", None), ("passHostHeader: true", None), ("passHostHeader: false", "target")],
)
def test_host_header(passes: str, mode: str | None) -> None:
    """Which `Host` the servers see."""
    found = service(f"{A}, {passes}" if passes else A)["upstream"]
    assert (found.get("host_header") or {}).get("mode") == mode


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(
            "healthCheck: {path: /up, interval: 5s, timeout: 3}",
            {
                "http_path": "/up",
                "interval": "5s",
                "timeout": "3s",
                "healthy_status_codes": GOOD,
            },
            id="HTTP",
        ),
        pytest.param(
            "healthCheck: {path: /up, status: 204, scheme: https, hostname: h,"
            " headers: {X-A: a}, unhealthyInterval: 1s}",
            {
                "protocol": "https",
                "http_path": "/up",
                "headers": {"X-A": "a", "Host": "h"},
                "interval": "30s",
                "unhealthy_interval": "1s",
                "healthy_status_codes": [204],
            },
            id="all settings",
        ),
        pytest.param(
            "healthCheck: {mode: grpc}",
            {"protocol": "grpc", "http_path": "/", "interval": "30s", "healthy_status_codes": GOOD},
            id="gRPC",
        ),
    ],
)
def test_active_check(settings: str, expected: dict[str, Any]) -> None:
    """One answer decides."""
    found = upstream(f"{A}, {settings}")["health_check"]["active"]
    found["headers"] = {
        name: value[0] if isinstance(value, list) else value
        for name, value in found.get("headers", {}).items()
    }
    expected = {"headers": {}, "healthy_threshold": 1, "unhealthy_threshold": 1, **expected}
    if expected.get("interval") == "10s":
        del expected["interval"]
    assert found == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(
            "passiveHealthCheck: {failureWindow: 5s, maxFailedAttempts: 3}",
            {"max_failures": 3, "retry_after": "5s"},
            id="window",
        ),
        pytest.param(
            "passiveHealthCheck: {}", {"max_failures": 1, "retry_after": "10s"}, id="defaults"
        ),
        pytest.param(
            "passiveHealthCheck: {maxFailedAttempts: 3}, healthCheck: {path: /}",
            {"max_failures": 3},
            id="the active one brings back",
        ),
    ],
)
def test_passive_check(settings: str, expected: dict[str, Any]) -> None:
    """Failures in a window."""
    found = upstream(f"{A}, {settings}")["health_check"]["passive"]
    assert found == {"unhealthy_status_codes": BAD, **expected}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(A, [], id="exact"),
        pytest.param("servers: [{url: 'http://a/x'}]", ["info exact .servers[0].url"], id="path"),
        pytest.param("servers: [{url: x}]", ["warning dropped .servers[0].url"], id="no address"),
        pytest.param(
            "servers: [{url: 'http://a'}, {url: 'https://b'}]",
            ["warning approximated .servers"],
            id="two protocols",
        ),
        pytest.param(
            f"{A}, sticky: {{cookie: {{name: c, httpOnly: true, maxAge: 5, secure: true}}}}",
            [
                "warning carried .sticky.cookie.maxAge",
                "warning carried .sticky.cookie.secure",
            ],
            id="cookie",
        ),
        pytest.param(
            f"{A}, responseForwarding: {{flushInterval: 1s}}",
            ["info carried .responseForwarding.flushInterval"],
            id="flushing",
        ),
        pytest.param(
            f"{A}, healthCheck: {{path: /, status: 200, port: 81, method: HEAD}}",
            ["warning carried .healthCheck.method", "warning carried .healthCheck.port"],
            id="check",
        ),
    ],
)
def test_ledger(settings: str, expected: list[str]) -> None:
    """What the ledger says."""
    assert sorted(fates(settings)) == sorted(expected)
