"""The DNS names in a certificate (subjectAltName, RFC 5280, 4.2.1.6)."""

from __future__ import annotations

import base64
import binascii
import re

_ALTERNATIVE_NAMES = b"\x06\x03\x55\x1d\x11"
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END", re.DOTALL)
_OCTET_STRING, _BOOLEAN, _SEQUENCE, _DNS_NAME = 0x04, 0x01, 0x30, 0x82


def names_in(text: str) -> list[str]:
    """The names in the first certificate of a PEM text, in lower case; none where it cannot be
    read.
    """
    found = _PEM.search(text)
    if found is None:
        return []
    try:
        der = base64.b64decode("".join(found[1].split()), validate=True)
    except (binascii.Error, ValueError):
        return []
    _, marker, after = der.partition(_ALTERNATIVE_NAMES)
    if not marker:
        return []
    tag, value, after = _element(after)
    if tag == _BOOLEAN:
        tag, value, _ = _element(after)
    tag, names, _ = _element(value) if tag == _OCTET_STRING else (0, b"", b"")
    result = []
    while tag == _SEQUENCE and names:
        kind, name, names = _element(names)
        if kind == _DNS_NAME:
            result.append(name.decode("ascii", "replace").lower())
    return list(dict.fromkeys(result))


def _element(data: bytes) -> tuple[int, bytes, bytes]:
    """The first element of DER: its tag (0 where it is cut off), its value, and what follows."""
    if len(data) < 2:
        return 0, b"", b""
    tag, length, at = data[0], data[1], 2
    if length & 0x80:
        at += length & 0x7F
        length = int.from_bytes(data[2:at], "big")
    value = data[at : at + length]
    return tag if len(value) == length else 0, value, data[at + length :]
