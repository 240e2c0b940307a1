"""Changes of headers and headers for browsers in `headers`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.traefik.placed import RULE, fates, file, policies, read, said


@pytest.mark.parametrize(
    ("middlewares", "expected"),
    [
        pytest.param(
            [
                (
                    "{headers: {customRequestHeaders: {X-A: '1', X-B: '', X-N: },"
                    " customResponseHeaders: {X-C: c, Server: ''}}}"
                )
            ],
            {
                "request_set": {"X-A": "1"},
                "request_remove": ["X-B", "X-N"],
                "response_set": {"X-C": "c"},
                "response_remove": ["Server"],
            },
            id="set and removed",
        ),
        pytest.param(
            [
                (
                    "{headers: {customRequestHeaders: {X-A: '1', X-B: '2'},"
                    " customResponseHeaders: {X-C: outer}}}"
                ),
                (
                    "{headers: {customRequestHeaders: {x-a: '3', X-B: ''},"
                    " customResponseHeaders: {x-c: inner, X-D: d}}}"
                ),
            ],
            {
                "request_set": {"x-a": "3"},
                "request_remove": ["X-B"],
                "response_set": {"X-C": "outer", "X-D": "d"},
            },
            id="requests: the last wins, responses: the first",
        ),
        pytest.param(
            [
                (
                    "{headers: {frameDeny: true, contentTypeNosniff: true, browserXssFilter: true,"
                    " referrerPolicy: no-referrer, permissionsPolicy: 'camera=()',"
                    " contentSecurityPolicy: \"default-src 'self'\"}}"
                )
            ],
            {
                "response_set": {
                    "X-Frame-Options": "DENY",
                    "X-Content-Type-Options": "nosniff",
                    "X-XSS-Protection": "1; mode=block",
                    "Content-Security-Policy": "default-src 'self'",
                    "Referrer-Policy": "no-referrer",
                    "Permissions-Policy": "camera=()",
                }
            },
            id="for browsers",
        ),
        pytest.param(
            [
                (
                    "{headers: {frameDeny: true, customFrameOptionsValue: SAMEORIGIN,"
                    " browserXssFilter: true, customBrowserXSSValue: '0'}}"
                )
            ],
            {"response_set": {"X-Frame-Options": "SAMEORIGIN", "X-XSS-Protection": "0"}},
            id="values of one's own",
        ),
        pytest.param(
            ["{headers: {frameDeny: true, customResponseHeaders: {X-Frame-Options: ''}}}"],
            {"response_remove": ["X-Frame-Options"]},
            id="by name wins",
        ),
        pytest.param(
            ["{headers: {stsSeconds: 60, stsIncludeSubdomains: true, stsPreload: true}}"],
            {
                "response_set": {
                    "Strict-Transport-Security": "max-age=60; includeSubDomains; preload"
                }
            },
            id="strict transport",
        ),
    ],
)
def test_policy(middlewares: list[str], expected: dict[str, Any]) -> None:
    """The changes that middlewares become."""
    assert policies(*middlewares, router="tls: {}")["headers"] == expected


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param("stsPreload: true", id="no seconds"),
        pytest.param("stsSeconds: 60, isDevelopment: true", id="development"),
    ],
)
def test_no_strict_transport(fields: str) -> None:
    """It is not sent."""
    assert "headers" not in policies(f"{{headers: {{{fields}}}}}")


def test_host() -> None:
    """`Host` is no header of Go's."""
    found = policies("{headers: {customRequestHeaders: {host: a.example}}}")
    assert found == {"host_header": {"mode": "rewrite", "value": "a.example"}}


@pytest.mark.parametrize(
    ("rule", "fields", "guarded"),
    [
        ("Host(`a.b`)", "allowedHosts: [A.b, c.d]", False),
        ("Host(`a.b`)", "allowedHosts: [c.d]", True),
        (RULE, "allowedHosts: [a.b]", True),
        (RULE, "allowedHosts: [a.b], isDevelopment: true", False),
        ("Host(`a.b`)", "allowedHosts: [a.b], hostsProxyHeaders: [X-Host]", True),
    ],
)
def test_allowed_hosts(rule: str, fields: str, guarded: bool) -> None:
    """Other hosts are refused, which only Traefik does, unless the route takes none of them."""
    gateway, _ = read(file(f"{{headers: {{{fields}}}}}", rule=rule))
    authentication = gateway.routes[0].policies.authentication
    assert (authentication is not None) is guarded


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param("frameDeny: true", [], id="exact"),
        pytest.param("stsSeconds: 60", ["info exact m1.headers.stsSeconds"], id="strict transport"),
        pytest.param("stsSeconds: 60, forceSTSHeader: true", [], id="forced"),
        pytest.param("stsPreload: true", ["info exact m1.headers.stsPreload"], id="no seconds"),
        pytest.param(
            "sslRedirect: true", ["warning dropped m1.headers.sslRedirect"], id="version 2"
        ),
        pytest.param("sslRedirect: false, frameDeny: true", [], id="version 2, off"),
        pytest.param("publicKey: x", ["info dropped m1.headers.publicKey"], id="pins"),
        pytest.param(
            "allowedHosts: [a.b]", ["warning carried m1.headers.allowedHosts"], id="hosts"
        ),
    ],
)
def test_ledger(fields: str, expected: list[str]) -> None:
    """What the ledger says."""
    assert fates(f"{{headers: {{{fields}}}}}") == expected


def test_strict_transport_of_https() -> None:
    """A route of HTTPS only gets it as it is."""
    text = file("{headers: {stsSeconds: 60}}", router="tls: {}")
    assert not said(text, "http.middlewares.")
