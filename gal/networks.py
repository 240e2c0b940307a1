"""Addresses and ranges of IPv4 and IPv6, as texts."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def network(text: str) -> Network | None:
    """An address or range; None for anything else, such as a placeholder."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def shared(some: Iterable[str], others: Sequence[str]) -> list[str]:
    """What both lists of ranges hold. What is no range is shared where both have it."""
    found: list[str] = []
    for text in some:
        for other in others:
            one, two = network(text), network(other)
            if one is None or two is None:
                if text == other:
                    found.append(text)
            elif one.version == two.version and one.overlaps(two):
                found.append(text if one.prefixlen >= two.prefixlen else other)
    return list(dict.fromkeys(found))
