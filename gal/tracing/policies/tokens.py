"""Signed tokens (RFC 7519): reading them, and checking those with a shared secret."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

_HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
_PARTS = 3


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it was sent; nothing of it is proved.

    Attributes:
        header: its header.
        claims: what it says.
        signed: the text that the signature is over.
        signature: the bytes of the signature.
    """

    header: dict[str, Any]
    claims: dict[str, Any]
    signed: bytes
    signature: bytes

    @property
    def algorithm(self) -> str:
        """The algorithm that it says it is signed with."""
        return str(self.header.get("alg", ""))


def read_token(text: str) -> Token | None:
    """The token of a text, None when it is none."""
    parts = text.split(".")
    if len(parts) != _PARTS:
        return None
    try:
        header, claims = (json.loads(_decoded(part)) for part in parts[:2])
        signature = _decoded(parts[2])
    except (ValueError, binascii.Error):
        return None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        return None
    return Token(header, claims, ".".join(parts[:2]).encode(), signature)


def is_signed_with(token: Token, secret: bytes) -> bool | None:
    """Whether a token is signed with a shared secret; None for other kinds of signature."""
    algorithm = _HASHES.get(token.algorithm)
    if algorithm is None:
        return None
    return hmac.compare_digest(hmac.new(secret, token.signed, algorithm).digest(), token.signature)


def decoded_secret(text: str) -> bytes:
    """The bytes of a secret that is kept in Base64."""
    return _decoded(text)


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
