"""Consumers, their credentials, and certificates."""

from __future__ import annotations

from typing import Any

import pytest

from gal.model import Secret
from tests.importers.kong.reading import fragment, model, read, refusal, said

BOB = "def4f7d3-9863-5ad2-8fa9-c949bf26f55e"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("username: bob", {"name": "bob", "id": BOB}),
        ("username: bob, custom_id: '1', id: i, tags: [t]",
         {"name": "bob", "custom_id": "1", "id": "i", "tags": ["t"]}),
        ("custom_id: c",
         {"name": "c", "custom_id": "c", "extensions": {"kong": {"username": None}}}),
        ("username: bob, acls: [{group: g}, {group: h}]",
         {"name": "bob", "id": BOB, "groups": ["g", "h"]}),
        ("username: bob, groups: [{name: gold}]",
         {"name": "bob", "id": BOB, "extensions": {"kong": {"groups": [{"name": "gold"}]}}}),
    ],
)  # fmt: skip
def test_consumers(text: str, wanted: dict[str, Any]) -> None:
    assert fragment(model(f"consumers: [{{{text}}}]"), "consumers.0") == wanted


CREDENTIALS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("basicauth_credentials", "username: b, password: p", "basic",
     {"username": "b", "password": "p"}),
    ("keyauth_credentials", "key: k", "api_keys", {"key": "k"}),
    ("keyauth_credentials", "key: k, ttl: 60, id: i", "api_keys",
     {"key": "k", "lifetime": "1m", "id": "i"}),
    ("keyauth_credentials", "ttl: null", "api_keys", {}),
    ("jwt_secrets", "key: k, secret: s", "jwt", {"key": "k", "secret": "s"}),
    ("jwt_secrets", "key: k, algorithm: RS256, rsa_public_key: P", "jwt",
     {"key": "k", "algorithm": "RS256", "public_key": "P"}),
    ("jwt_secrets", "key: k, algorithm: null", "jwt", {"key": "k"}),
    ("hmacauth_credentials", "username: h, secret: s", "hmac", {"username": "h", "secret": "s"}),
    ("oauth2_credentials", "name: n, client_id: c, redirect_uris: ['http://a']", "oauth2",
     {"name": "n", "client_id": "c", "redirect_uris": ["http://a"]}),
    ("oauth2_credentials", "name: n, client_type: public, hash_secret: true", "oauth2",
     {"name": "n", "public": True, "hash_secret": True}),
]  # fmt: skip


@pytest.mark.parametrize("nested", [True, False], ids=["nested", "flat"])
@pytest.mark.parametrize(("kind", "text", "section", "wanted"), CREDENTIALS)
def test_credentials(
    kind: str, text: str, section: str, wanted: dict[str, Any], nested: bool
) -> None:
    if nested:
        whole = f"consumers: [{{username: c, {kind}: [{{{text}}}]}}]"
    else:
        whole = f"consumers: [{{username: c}}]\n{kind}: [{{consumer: c, {text}}}]"
    assert fragment(model(whole), f"consumers.0.credentials.{section}") == [wanted]


def test_hashes_of_a_dump() -> None:
    text = (
        "_transform: false\n"
        "consumers: [{username: c, basicauth_credentials: [{username: b, password: abc}]}]"
    )
    credential = read(text).gateway.consumers[0].credentials.basic[0]
    assert credential.password is None
    assert credential.password_hash == Secret("kong-sha1:abc")
    assert said(text) == [
        (
            "warning carried consumers[0].basicauth_credentials[0].password: this is Kong's own"
            " hash of the password: other gateways cannot check it"
        )
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("tags: [a]", 'a consumer needs "username" or "custom_id"'),
        ("username: a, custom_id: x}, {username: b, custom_id: x",
         'the custom_id "x" is there twice'),
        ("username: a, acls: [{group: g}, {group: g}]", 'the group "g" is there twice'),
        ("username: a, acls: [{}]", 'field "group" is missing'),
        ("username: a, basicauth_credentials: [{username: b}]", 'field "password" is missing'),
        ("username: a, jwt_secrets: [{algorithm: XX}]",
         ('field "algorithm" must be one of HS256, HS384, HS512, RS256, RS384, RS512, ES256, ES384,'
         ' ES512, PS256, PS384, PS512, EdDSA, not "XX"')),
        ("username: a, jwt_secrets: [{algorithm: RS256}]",
         'algorithm RS256 needs the field "rsa_public_key"'),
        ("username: a, oauth2_credentials: [{client_id: a}]", 'field "name" is missing'),
        ("username: a, keyauth_credentials: [{key: k, consumer: a}]",
         'field "consumer" must be left out: this stands inside of what it would name'),
    ],
)  # fmt: skip
def test_refusals(text: str, wanted: str) -> None:
    assert refusal(f"consumers: [{{{text}}}]").split(": ", 1)[1] == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("certificates: [{cert: C, key: K}]",
         {"name": "certificate-1", "certificate": "C", "key": "K"}),
        ("certificates: [{id: i, cert: C, key: K}]",
         {"name": "i", "certificate": "C", "key": "K", "extensions": {"kong": {"id": "i"}}}),
        ("certificates: [{cert: C, key: K, tags: [t], snis: [{name: a}, {name: '*.b'}]}]",
         {"name": "a", "certificate": "C", "key": "K", "server_names": ["a", "*.b"],
          "tags": ["t"]}),
        ("certificates: [{id: i, cert: C, key: K}]\nsnis: [{name: a, certificate: {id: i}}]",
         {"name": "a", "certificate": "C", "key": "K", "server_names": ["a"],
          "extensions": {"kong": {"id": "i"}}}),
        ("certificates: [{cert: C, key: K, cert_alt: D, key_alt: L}]",
         {"name": "certificate-1", "certificate": "C", "key": "K",
          "alternatives": [{"name": "certificate-1-alt", "certificate": "D", "key": "L"}]}),
        ("ca_certificates: [{cert: C, cert_digest: x}]", {"name": "ca-1", "certificate": "C"}),
    ],
)  # fmt: skip
def test_certificates(text: str, wanted: dict[str, Any]) -> None:
    assert fragment(model(text), "certificates.0") == wanted


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("certificates: [{cert: C, key: K}]", None),
        ("ca_certificates: [{cert: C}]", None),
        ("certificates: [{cert: C, key: K, snis: [{name: a}]}]", [8000, 8443]),
    ],
)
def test_listeners(text: str, ports: list[int] | None) -> None:
    found = model(text)
    assert found["global"] == {"port": 8000, "route_order": "kong"}
    listeners = found.get("listeners")
    assert ports == (listeners and [one["port"] for one in listeners])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{cert: C}", 'field "key" is missing'),
        ("{key: K}", 'field "cert" is missing'),
        ("{cert: C, key: K, cert_alt: D}", '"cert_alt" and "key_alt" go together'),
        ("{cert: C, key: K, snis: [{name: a}, {name: a}]}", "snis: a is there twice"),
    ],
)
def test_refused_certificates(text: str, wanted: str) -> None:
    assert refusal(f"certificates: [{text}]").split(": ", 1)[1] == wanted
