"""Addresses that a gateway listens on, sends requests to, or trusts."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

_EVERYBODY = frozenset(("0.0.0.0/0", "::/0", "0.0.0.0", "::", "*", "all"))


def is_local(host: str) -> bool:
    """Whether an address is reached from the same machine only; `localhost` is, a Unix socket is,
    and no other name is known to be.
    """
    bare = host.strip().strip("[]").lower()
    if bare.startswith(("unix:", "/")) or bare == "localhost" or bare.endswith(".localhost"):
        return True
    try:
        return ip_address(bare.partition("%")[0]).is_loopback
    except ValueError:
        return False


def every_network(ranges: Iterable[str]) -> str | None:
    """The first of several ranges that holds all addresses of one kind."""
    for one in ranges:
        word = one.strip()
        if word in _EVERYBODY or _is_whole(word):
            return word
    return None


def wider_than_local(ranges: Iterable[str]) -> list[str]:
    """The ranges that hold public addresses, or all of them."""
    return [one.strip() for one in ranges if _is_public(one.strip())]


def _is_whole(word: str) -> bool:
    try:
        return ip_network(word, strict=False).prefixlen == 0
    except ValueError:
        return False


def _is_public(word: str) -> bool:
    try:
        network = ip_network(word, strict=False)
    except ValueError:
        return word in _EVERYBODY
    return network.prefixlen == 0 or not (network.is_private or network.is_loopback)


def host_and_port(listen: str) -> tuple[str, str]:
    """Host and port of a text such as `127.0.0.1:8001`, `[::]:8001`, `:8080` or `8001`."""
    host, colon, port = listen.strip().rpartition(":")
    return (host, port) if colon else ("", port)
