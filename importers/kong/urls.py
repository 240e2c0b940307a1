"""A service's `url`, in parts: what stands for a part may be a template placeholder."""

from __future__ import annotations

import re

from gal.reading import Node, Placeholder, find_placeholders

_URL = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*):)?//(?P<authority>[^/?#]*)(?P<path>[^?#]*)"
)
_AUTHORITY = re.compile(r"(?:.*@)?(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>.*))?")
_STAND_IN = 0xE000
"""Start of the private-use characters, which no URL holds: one stands for each placeholder."""


def split_url(node: Node, text: str) -> tuple[str, str, int | None, str]:
    """Protocol (may be empty), host as it is written, port if it is given, and path.

    Raises:
        InputError: it is no URL with a host, at `node`.
    """
    hidden, placeholders = _hidden(text)
    parts = _URL.match(hidden)
    authority = _AUTHORITY.fullmatch(parts["authority"]) if parts else None
    if parts is None or authority is None or not authority["host"]:
        hint = "write it as http://HOST:PORT/PATH"
        if placeholders:
            hint += "; a placeholder may stand for the host, the port or in the path"
        raise node.error(f'the URL "{text}" has no host', hint)
    port = _port(node, _shown(authority["port"] or "", placeholders))
    host, path = (_shown(one, placeholders) for one in (authority["host"], parts["path"]))
    return (parts["scheme"] or "").lower(), host, port, path


def _port(node: Node, text: str) -> int | None:
    if not text:
        return None
    if find_placeholders(text) == [text]:
        return Placeholder(text, node.position)
    if not text.isdecimal() or int(text) > 65535:
        raise node.error(f'"{text}" is no port')
    return int(text)


def _hidden(text: str) -> tuple[str, list[str]]:
    """The text with one character for each placeholder, and the placeholders."""
    placeholders = find_placeholders(text)
    for number, one in enumerate(placeholders):
        text = text.replace(one, chr(_STAND_IN + number), 1)
    return text, placeholders


def _shown(text: str, placeholders: list[str]) -> str:
    for number, one in enumerate(placeholders):
        text = text.replace(chr(_STAND_IN + number), one)
    return text
