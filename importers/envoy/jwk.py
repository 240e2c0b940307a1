"""Public keys in PEM for the JSON Web Keys (RFC 7517) that Envoy has."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

_SEQUENCE, _INTEGER, _BITS, _NULL, _OBJECT = 0x30, 0x02, 0x03, 0x05, 0x06
_RSA = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
_EC = b"\x2a\x86\x48\xce\x3d\x02\x01"
_ED25519 = b"\x2b\x65\x70"
_CURVES = {
    "P-256": b"\x2a\x86\x48\xce\x3d\x03\x01\x07",
    "P-384": b"\x2b\x81\x04\x00\x22",
    "P-521": b"\x2b\x81\x04\x00\x23",
}
_LINE = 64


def pem(key: Mapping[str, Any]) -> str | None:
    """A public key as SubjectPublicKeyInfo (RFC 5280) in PEM; None for another kind of key."""
    try:
        body = _subject(key)
    except (KeyError, ValueError, TypeError, binascii.Error):
        return None
    text = base64.b64encode(body).decode()
    lines = [text[at : at + _LINE] for at in range(0, len(text), _LINE)]
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])


def _subject(key: Mapping[str, Any]) -> bytes:
    kind = key["kty"]
    if kind == "RSA":
        numbers = _tagged(_SEQUENCE, _number(key["n"]) + _number(key["e"]))
        algorithm = _tagged(_OBJECT, _RSA) + _tagged(_NULL, b"")
        content = numbers
    elif kind == "EC":
        algorithm = _tagged(_OBJECT, _EC) + _tagged(_OBJECT, _CURVES[key["crv"]])
        content = b"\x04" + _bytes(key["x"]) + _bytes(key["y"])
    elif kind == "OKP" and key["crv"] == "Ed25519":
        algorithm = _tagged(_OBJECT, _ED25519)
        content = _bytes(key["x"])
    else:
        raise ValueError(kind)
    bits = _tagged(_BITS, b"\x00" + content)
    return _tagged(_SEQUENCE, _tagged(_SEQUENCE, algorithm) + bits)


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _number(text: str) -> bytes:
    raw = _bytes(text).lstrip(b"\x00") or b"\x00"
    return _tagged(_INTEGER, (b"\x00" if raw[0] & 0x80 else b"") + raw)


def _tagged(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content
