"""Upstreams, consumers and certificates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.exporters.kong.exported import gal

HASHES = "[{source: header, name: X}, {source: ip_address}]"
TARGETS = "targets: [{host: a.test}, {host: b.test}]"


def upstream(fields: str) -> dict[str, Any]:
    found: dict[str, Any] = gal(f"upstreams: [{{name: u, {TARGETS}, {fields}}}]").at("upstreams.0")
    return {key: value for key, value in found.items() if key not in ("name", "targets")}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("load_balancer: {algorithm: weighted}", {}),
        ("load_balancer: {algorithm: least_conn}", {"algorithm": "least-connections"}),
        ("load_balancer: {algorithm: ip_hash}",
         {"algorithm": "consistent-hashing", "hash_on": "ip"}),
        (f"load_balancer: {{algorithm: hash, hash_on: {HASHES}}}",
         {"algorithm": "consistent-hashing", "hash_on": "header", "hash_on_header": "X",
          "hash_fallback": "ip"}),
        ("load_balancer: {sticky_sessions: true}",
         {"algorithm": "consistent-hashing", "hash_on": "cookie",
          "hash_on_cookie": "galSession"}),
        ("host_header: {mode: rewrite, value: x.test}", {"host_header": "x.test"}),
    ],
)  # fmt: skip
def test_balancing(fields: str, expected: dict[str, Any]) -> None:
    assert upstream(fields) == expected


def test_health_checks() -> None:
    found = upstream("health_check: {active: {enabled: true}, passive: {enabled: true}}")
    checks = found["healthchecks"]
    assert checks["active"]["http_path"] == "/health"
    assert checks["active"]["healthy"] == {
        "interval": 10,
        "successes": 2,
        "http_statuses": [200, 201, 204],
    }
    assert checks["passive"]["unhealthy"]["http_failures"] == 5


def test_a_circuit_breaker_is_health_checks() -> None:
    found = gal(
        f"services: [{{name: s, upstream: {{{TARGETS}}}, policies: {{circuit_breaker:"
        " {max_failures: 4, timeout: 7s}}, routes: [{path_prefix: /}]}]"
    )
    checks = found.at("upstreams.0.healthchecks")
    assert checks["passive"]["unhealthy"]["http_failures"] == 4
    assert checks["active"]["unhealthy"] == {"interval": 7}
    assert any("Kong counts failures for each target" in one for one in found.said)


@pytest.mark.parametrize(
    ("credentials", "expected"),
    [
        ("basic: [{username: u, password: p}]",
         {"basicauth_credentials": [{"username": "u", "password": "p"}]}),
        ("basic: [{username: u, password_hash: '$2y$05$x'}]", {}),
        ("api_keys: [{key: k, lifetime: 1m}]", {"keyauth_credentials": [{"key": "k", "ttl": 60}]}),
        ("jwt: [{key: k, algorithm: RS256, public_key: P}]",
         {"jwt_secrets": [{"key": "k", "algorithm": "RS256", "rsa_public_key": "P"}]}),
        ("hmac: [{username: u, secret: s}]",
         {"hmacauth_credentials": [{"username": "u", "secret": "s"}]}),
        ("oauth2: [{name: n, client_id: c}]",
         {"oauth2_credentials": [{"name": "n", "client_id": "c"}]}),
    ],
)  # fmt: skip
def test_credentials(credentials: str, expected: dict[str, Any]) -> None:
    found = gal(f"consumers: [{{name: c, groups: [g], credentials: {{{credentials}}}}}]")
    assert found.at("consumers.0") == {"username": "c", "acls": [{"group": "g"}], **expected}


def test_certificates_are_named_by_id() -> None:
    found = gal(
        "certificates: [{name: shown, certificate: C, key: K, server_names: [a.test]},"
        " {name: trusted, certificate: T}]\n"
        "services: [{name: s, protocol: https, upstream: {host: h.test, tls: {verify: true,"
        " ca_certificates: [trusted], client_certificate: shown}}, routes: [{path_prefix: /}]}]"
    )
    service = found.data["services"][0]
    assert service["tls_verify"] is True
    assert service["client_certificate"] == {"id": found.at("certificates.0.id")}
    assert service["ca_certificates"] == [found.at("ca_certificates.0.id")]
    assert found.at("certificates.0.snis") == [{"name": "a.test"}]
