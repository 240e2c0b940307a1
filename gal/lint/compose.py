"""Ports that a Compose file publishes of the container that a gateway runs in.

Source: https://docs.docker.com/reference/compose-file/services/#ports
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.lint.addresses import is_local
from gal.lint.peeking import at, items, mappings, text
from gal.reading import Mapping, Node, Scalar

if TYPE_CHECKING:
    from gal.lint.subject import Subject


def published_ports(subject: Subject, settings: Mapping) -> frozenset[int] | None:
    """Ports of the container that other machines reach, where the settings are the command line of
    a service in a Compose file; None where they are not, and where the ports cannot be told.
    """
    for root in subject.roots():
        for _, service in mappings(root, "services"):
            command = at(service, "command")
            if command is not None and _is_at(settings, command):
                return _ports(service)
    return None


def _is_at(settings: Mapping, command: Node) -> bool:
    here = settings.source is command.source
    return here and (settings.line, settings.column) == (command.line, command.column)


def _ports(service: Mapping) -> frozenset[int] | None:
    if service.has("network_mode"):
        return None
    found: set[int] = set()
    for one in items(service, "ports"):
        ports = _of_mapping(one) if isinstance(one, Mapping) else _of_text(one)
        if ports is None:
            return None
        found.update(ports)
    return frozenset(found)


def _of_mapping(node: Mapping) -> range | None:
    if is_local(text(node, "host_ip") or "0.0.0.0"):
        return range(0)
    return _numbers(text(node, "target") or "")


def _of_text(node: Node) -> range | None:
    """`80`, `8080:80`, `127.0.0.1:8080:80`, `8080-8081:80-81`, with `/tcp` or without."""
    if not isinstance(node, Scalar):
        return None
    whole = node.text.partition("/")[0]
    published, _, target = whole.rpartition(":")
    address = published.rpartition(":")[0].strip("[]")
    if address and is_local(address):
        return range(0)
    return _numbers(target)


def _numbers(word: str) -> range | None:
    first, _, last = word.partition("-")
    if not first.isdigit() or not (last or first).isdigit():
        return None
    return range(int(first), int(last or first) + 1)
