"""What GAL has Envoy keep of a connection, and compare in routes: server names and addresses.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/set_filter_state/v3/set_filter_state.proto
"""

from __future__ import annotations

import ipaddress
import re

from gal.importers.envoy.strings import literal_of
from gal.model import AddressMatch

_OCTET = "[0-9]+"
_CHOICE = re.compile(r"\(\?:([0-9|]+)\)")


def server_names_of(pattern: str) -> list[str] | None:
    """Server names by the expression for them; None for an expression of another kind."""
    found = []
    for part in pattern.split("|"):
        if part == ".*":
            found.append("*")
            continue
        start, end = part.startswith(".+"), part.endswith(".+")
        bare = part[2:] if start else part[:-2] if end else part
        name = literal_of(bare)
        if name is None:
            return None
        found.append(f"*{name}" if start else f"{name}*" if end else name)
    return found


def sources_of(pattern: str) -> list[AddressMatch] | None:
    """Addresses of clients by the expression for them; None for one of another kind."""
    found = []
    for part in _parts(pattern):
        host, colon, port = part.rpartition(":")
        if not colon or not (port == _OCTET or port.isdigit()):
            return None
        ip = _network(host)
        if ip is None:
            return None
        number = int(port) if port.isdigit() else None
        found.append(AddressMatch(ip=ip or None, port=number))
    return found


def _parts(pattern: str) -> list[str]:
    """The alternatives at the top level."""
    parts, depth, last = [], 0, 0
    for at, character in enumerate(pattern):
        depth += (character == "(") - (character == ")")
        if character == "|" and not depth:
            parts.append(pattern[last:at])
            last = at + 1
    return [*parts, pattern[last:]]


def _network(host: str) -> str | None:
    """The address or range of an expression; empty for every address, None for no such one."""
    if host == ".*":
        return ""
    if host == r"\[.*\]":
        return "::/0"
    literal = literal_of(host)
    if literal is not None:
        return literal.strip("[]")
    octets, bits = [], 0
    for octet in host.split(r"\."):
        choice = _CHOICE.fullmatch(octet)
        if octet.isdigit():
            octets.append(octet)
            bits += 8
        elif choice is not None:
            numbers = choice[1].split("|")
            octets.append(numbers[0])
            bits += 8 - (len(numbers) - 1).bit_length()
        elif octet == _OCTET:
            octets.append("0")
        else:
            return None
    try:
        return str(ipaddress.ip_network(f"{'.'.join(octets)}/{bits}"))
    except ValueError:
        return None
