"""Keys in PEM as JSON Web Keys."""

from __future__ import annotations

import pytest

from gal.exporters.envoy.jwk import public_key, shared_key

# RFC 8410, section 10.1
ED25519 = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----"""
P256 = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9
q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==
-----END PUBLIC KEY-----"""


def test_shared_key() -> None:
    found = shared_key(b"\xfb\xff secret", "HS256")
    assert found == {"kty": "oct", "k": "-_8gc2VjcmV0", "alg": "HS256"}


@pytest.mark.parametrize(
    ("pem", "algorithm", "key"),
    [
        pytest.param(
            ED25519,
            "EdDSA",
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE",
                "alg": "EdDSA",
            },
            id="Ed25519",
        ),
        pytest.param(
            P256,
            "ES256",
            {
                "kty": "EC",
                "crv": "P-256",
                "x": "EVs_o5-uQbTjL3chynL4wXgUg2R9q9UU8I5mEovUf84",
                "y": "kGe5DgSIycKp8w9aJmoHhB1sB3QTugfnRWm5nU_TzsY",
                "alg": "ES256",
            },
            id="P-256",
        ),
    ],
)
def test_public_key(pem: str, algorithm: str, key: dict[str, str]) -> None:
    assert public_key(pem, algorithm) == key


def framed(content: str) -> str:
    return f"-----BEGIN PUBLIC KEY-----\n{content}\n-----END PUBLIC KEY-----"


@pytest.mark.parametrize(
    ("pem", "algorithm", "message"),
    [
        pytest.param(P256, "RS256", "this key is none for RS256", id="another algorithm"),
        pytest.param(P256, "ES384", "this key is none for ES384", id="another curve"),
        pytest.param("text", "ES256", "this is no public key in PEM", id="no PEM"),
        pytest.param("${KEY}", "ES256", "this is no public key in PEM", id="placeholder"),
        pytest.param(
            P256.replace("PUBLIC", "PRIVATE"), "ES256", "this is no public key in PEM", id="private"
        ),
        pytest.param(framed("MFkw"), "ES256", "this is no public key that Envoy", id="cut"),
        pytest.param(framed("MAA="), "ES256", "this is no public key that Envoy", id="empty"),
        pytest.param(framed("AAAA"), "ES256", "this is no public key that Envoy", id="no DER"),
        pytest.param(framed("A"), "ES256", "this is no public key that Envoy", id="no Base64"),
        pytest.param(
            framed("MAoGCCqGSM49AwEH"), "ES256", "this is no public key that Envoy", id="parameters"
        ),
    ],
)
def test_no_public_key(pem: str, algorithm: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        public_key(pem, algorithm)
