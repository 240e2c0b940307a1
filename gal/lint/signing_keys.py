"""How strong a key is that tokens are signed with.

Sources: https://www.rfc-editor.org/rfc/rfc7518 (3.2: a key as long as the hash; 3.3: RSA keys of
2048 bits) and https://www.rfc-editor.org/rfc/rfc8725.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator

from gal.reading import is_placeholder

LEAST_RSA = 2048
_LEAST = {"HS256": 32, "HS384": 48, "HS512": 64}
_PEM = re.compile(r"-----BEGIN (RSA )?PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END")
_RSA = ("1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10")
WELL_KNOWN = frozenset(
    (
        *("secret", "mysecret", "my-secret", "my_secret", "supersecret", "super-secret"),
        *("jwtsecret", "jwt-secret", "jwt_secret", "secretkey", "secret-key", "secret_key"),
        *("my-secret-key", "mysecretkey", "my_secret_key", "your-secret-key", "your_secret_key"),
        *("yoursecretkey", "your-secret", "your_secret", "yoursecret", "changeme", "change-me"),
        *("change_me", "password", "passw0rd", "qwerty", "123456", "12345678", "123456789"),
        *("test", "testing", "example", "admin", "root", "default", "key", "token", "jwt", "foo"),
        *("your-256-bit-secret", "your-384-bit-secret", "your-512-bit-secret"),
        *("a-string-secret-at-least-256-bits-long",),
        *("a-valid-string-secret-that-is-at-least-384-bits-long",),
        *("a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",),
        *("very-secret", "not-so-secret", "top-secret", "topsecret", "s3cr3t", "shhh", "shhhhh"),
    )
)
"""Secrets of examples and of tutorials; whoever tries tokens tries these first."""


def weak_secret(secret: str, algorithm: str, *, is_base64: bool = False) -> str | None:
    """What is wrong with a shared secret, in words that do not tell it; None for nothing."""
    if is_placeholder(secret) or secret.startswith("$"):
        return None
    raw = (_decoded(secret) if is_base64 else None) or secret.encode()
    if secret.lower() in WELL_KNOWN or raw.decode("utf-8", "replace").lower() in WELL_KNOWN:
        return "a well-known secret"
    least = _LEAST.get(algorithm, 0)
    return f"a secret of less than {least} bytes" if len(raw) < least else None


def weak_public_key(pem: str) -> str | None:
    """What is wrong with a public key in PEM; None for nothing, and for what is no RSA key."""
    bits = _rsa_bits(pem)
    return f"an RSA key of {bits} bits" if bits is not None and bits < LEAST_RSA else None


def weak_keys(jwks: str) -> Iterator[str]:
    """What is wrong with the keys of a JSON Web Key Set (RFC 7517)."""
    for key in _keys(jwks):
        kind, algorithm = key.get("kty"), str(key.get("alg") or "HS256")
        if kind == "oct":
            found = _weak_oct(str(key.get("k") or ""), algorithm)
        else:
            modulus = _decoded(str(key.get("n") or "")) if kind == "RSA" else None
            bits = int.from_bytes(modulus, "big").bit_length() if modulus else LEAST_RSA
            found = f"an RSA key of {bits} bits" if bits < LEAST_RSA else None
        if found is not None:
            yield found


def _weak_oct(text: str, algorithm: str) -> str | None:
    raw = _decoded(text)
    if raw is None:
        return None
    return weak_secret(raw.decode("latin-1"), algorithm)


def _keys(jwks: str) -> list[dict[str, object]]:
    if is_placeholder(jwks):
        return []
    try:
        keys = json.loads(jwks)["keys"]
    except (ValueError, KeyError, TypeError):
        return []
    return [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []


def _decoded(text: str) -> bytes | None:
    """The bytes that Base64 of either alphabet stands for."""
    plain = text.strip().rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
    except (ValueError, binascii.Error):
        return None


def _rsa_bits(pem: str) -> int | None:
    """The length of an RSA key's modulus (RFC 5280, RFC 8017)."""
    found = _PEM.search(pem)
    if found is None:
        return None
    from pyasn1.codec.der.decoder import decode
    from pyasn1.error import PyAsn1Error

    try:
        key = decode(binascii.a2b_base64(found.group(2)))[0]
        if found.group(1) is None:
            if str(key[0][0]) not in _RSA:
                return None
            key = decode(key[1].asOctets())[0]
        return int(key[0]).bit_length()
    except (PyAsn1Error, binascii.Error, ValueError, IndexError, TypeError, AttributeError):
        return None
