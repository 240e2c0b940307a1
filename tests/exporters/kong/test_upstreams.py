"""Upstreams, consumers and certificates."""

from __future__ import annotations

from hashlib import sha256
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
         {"jwt_secrets": [{"key": "k", "algorithm": "RS256", "secret": sha256(b"P").hexdigest(),
                               "rsa_public_key": "P"}]}),
            ("jwt: [{key: k, secret: s}]",
             {"jwt_secrets": [{"key": "k", "algorithm": "HS256", "secret": "s"}]}),
            ("jwt: [{key: k}]", {}),
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


@pytest.mark.parametrize(
    ("canary", "protocol", "targets"),
    [
        pytest.param("{name: b, upstream: {host: b}}", None, ["a:80", "b:80"], id="alike"),
        pytest.param(
            "{name: b, protocol: https, upstream: {host: b}}", None, ["a:80"], id="TLS of the less"
        ),
        pytest.param(
            "{name: b, path: /base, upstream: {host: b}}", None, ["a:80"], id="another base path"
        ),
    ],
)
def test_backends_have_one_protocol(canary: str, protocol: str | None, targets: list[str]) -> None:
    exported = gal(
        f"services: [{{name: a, upstream: {{host: a}}}}, {canary}]\n"
        "routes: [{name: r, path_prefix: /, backends: [{upstream: a, weight: 3}, {upstream: b}]}]"
    )
    service = next(one for one in exported.data["services"] if one["host"] == "r-backends")
    assert service.get("protocol") == protocol
    assert service["routes"][0]["preserve_host"] is True
    upstream = next(one for one in exported.data["upstreams"] if one["name"] == "r-backends")
    assert [one["target"] for one in upstream["targets"]] == targets
    assert any("gets nothing" in one for one in exported.said) == (len(targets) == 1)


def test_backends_keep_their_protocol() -> None:
    exported = gal(
        "services: [{name: a, protocol: https, upstream: {host: a, tls: {verify: true}}}]\n"
        "routes: [{name: r, path_prefix: /, backends: [{upstream: a}]}]"
    )
    service = next(one for one in exported.data["services"] if one["host"] == "r-backends")
    assert (service["protocol"], service["tls_verify"]) == ("https", True)


def test_an_authority_in_a_file_is_not_named() -> None:
    exported = gal(
        "services: [{name: s, protocol: https, upstream: {host: h, tls: {verify: true,"
        " ca_certificates: [ca]}}, routes: [{path_prefix: /}]}]\n"
        "certificates: [{name: ca, certificate_file: /etc/ca.crt}]"
    )
    assert exported.at("services.0.tls_verify") is True
    assert exported.at("services.0.ca_certificates") is None
    assert any("lua_ssl_trusted_certificate" in one for one in exported.said)
