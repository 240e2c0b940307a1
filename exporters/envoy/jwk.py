"""Keys that tokens are signed with, as JSON Web Keys (RFC 7517), the only form Envoy takes."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from gal.exporters.envoy.build import Json

_PEM = re.compile(
    r"-----BEGIN (RSA )?PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END (RSA )?PUBLIC KEY-----"
)
_RSA = "1.2.840.113549.1.1.1"
_RSA_PSS = "1.2.840.113549.1.1.10"
_EC = "1.2.840.10045.2.1"
_ED25519 = "1.3.101.112"
_CURVES = {
    "1.2.840.10045.3.1.7": ("P-256", 32, "ES256"),
    "1.3.132.0.34": ("P-384", 48, "ES384"),
    "1.3.132.0.35": ("P-521", 66, "ES512"),
}
_HASHES = ("256", "384", "512")

SHARED = tuple(f"HS{size}" for size in _HASHES)
RSA = tuple(f"{kind}{size}" for kind in ("RS", "PS") for size in _HASHES)
ELLIPTIC = ("ES256", "ES384", "ES512")
EDWARDS = ("EdDSA",)
ALGORITHMS = (*SHARED, *RSA, *ELLIPTIC, *EDWARDS)
"""The signatures that Envoy can check."""


def shared_key(secret: bytes, algorithm: str) -> Json:
    """A shared secret as a key for one of HS256, HS384, HS512."""
    return {"kty": "oct", "k": _base64url(secret), "alg": algorithm}


def public_key(pem: str, algorithm: str) -> Json:
    """A public key in PEM (RFC 7468, RFC 8017) as a key for one algorithm.

    Raises:
        ValueError: it is none, or none for this algorithm; the text says which.
    """
    from pyasn1.codec.der.decoder import decode
    from pyasn1.error import PyAsn1Error

    match = _PEM.search(pem)
    if match is None or match.group(1) != match.group(3):
        raise ValueError("this is no public key in PEM")
    try:
        decoded, rest = decode(binascii.a2b_base64(match.group(2)))
        if rest:
            raise ValueError("more than a key")
        key = _rsa(decoded) if match.group(1) else _subject(decoded, decode)
    except (PyAsn1Error, ValueError, IndexError, AttributeError, TypeError) as error:
        raise ValueError("this is no public key that Envoy can use") from error
    allowed = key.pop("algorithms")
    if algorithm not in allowed:
        raise ValueError(f"this key is none for {algorithm}")
    return {**key, "alg": algorithm}


def _subject(decoded: Any, decode: Any) -> Json:
    """SubjectPublicKeyInfo (RFC 5280): what kind of key it is, and the key."""
    kind = str(decoded[0][0])
    content = decoded[1].asOctets()
    if kind in (_RSA, _RSA_PSS):
        return _rsa(decode(content)[0])
    if kind == _ED25519 and len(content) == 32:
        point = _base64url(content)
        return {"kty": "OKP", "crv": "Ed25519", "x": point, "algorithms": EDWARDS}
    if kind != _EC:
        raise ValueError("another kind of key")
    curve, size, algorithm = _CURVES.get(str(decoded[0][1]), ("", 0, ""))
    if not curve or len(content) != 2 * size + 1 or content[0] != 4:
        raise ValueError("another curve, or a compressed point")
    x, y = content[1 : size + 1], content[size + 1 :]
    return {
        "kty": "EC",
        "crv": curve,
        "x": _base64url(x),
        "y": _base64url(y),
        "algorithms": (algorithm,),
    }


def _rsa(decoded: Any) -> Json:
    modulus, exponent = int(decoded[0]), int(decoded[1])
    if modulus <= 0 or exponent <= 1:
        raise ValueError("numbers that make no key")
    return {"kty": "RSA", "n": _number(modulus), "e": _number(exponent), "algorithms": RSA}


def _number(value: int) -> str:
    return _base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
