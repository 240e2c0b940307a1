"""Signed tokens (RFC 7519), and keys to sign them with."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

_HASHES: dict[str, Any] = {
    "256": hashes.SHA256,
    "384": hashes.SHA384,
    "512": hashes.SHA512,
}
_CURVES: dict[str, Any] = {"256": ec.SECP256R1, "384": ec.SECP384R1, "512": ec.SECP521R1}


def shared(secret: str | bytes, algorithm: str = "HS256", header: Any = None, **claims: Any) -> str:
    """A token signed with a shared secret.

    Args:
        secret: the secret.
        algorithm: HS256, HS384 or HS512.
        header: more fields of the token's header.
        claims: the payload.
    """
    key = secret.encode() if isinstance(secret, str) else secret
    text = _unsigned(algorithm, claims, header)
    digest = hmac.new(key, text.encode(), f"sha{algorithm[2:]}").digest()
    return f"{text}.{_base64url(digest)}"


def signed(algorithm: str, **claims: Any) -> str:
    """A token signed with the key pair that the run has for an algorithm."""
    text = _unsigned(algorithm, claims, None)
    key, content, size = _key(algorithm), text.encode(), algorithm[2:]
    digest = _HASHES.get(size, hashes.SHA256)()
    if algorithm == "EdDSA":
        signature = key.sign(content)
    elif algorithm.startswith("ES"):
        numbers = decode_dss_signature(key.sign(content, ec.ECDSA(digest)))
        length = (key.curve.key_size + 7) // 8
        signature = b"".join(number.to_bytes(length, "big") for number in numbers)
    elif algorithm.startswith("PS"):
        salted = padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH)
        signature = key.sign(content, salted, digest)
    else:
        signature = key.sign(content, padding.PKCS1v15(), digest)
    return f"{text}.{_base64url(signature)}"


def public_pem(algorithm: str, *, pkcs1: bool = False) -> str:
    """The public half of that key pair, for a double-quoted scalar of YAML."""
    style = serialization.PublicFormat.PKCS1 if pkcs1 else None
    style = style or serialization.PublicFormat.SubjectPublicKeyInfo
    pem: bytes = _key(algorithm).public_key().public_bytes(serialization.Encoding.PEM, style)
    return pem.decode().replace("\n", "\\n")


@cache
def _key(algorithm: str) -> Any:
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm.startswith("ES"):
        return ec.generate_private_key(_CURVES[algorithm[2:]]())
    return rsa.generate_private_key(65537, 2048)


def _unsigned(algorithm: str, claims: Any, header: Any) -> str:
    parts = ({"alg": algorithm, "typ": "JWT", **(header or {})}, claims)
    return ".".join(_base64url(json.dumps(part).encode()) for part in parts)


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def basic(name: str, password: str) -> str:
    """The value of `Authorization` for a name and a password."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def sha(password: str) -> str:
    """A password as htpasswd's {SHA}."""
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).digest()
    return "{SHA}" + base64.b64encode(digest).decode()
