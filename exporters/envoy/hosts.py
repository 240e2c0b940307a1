"""Host patterns: what they take, and where Envoy's choice of a virtual host has to find them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from gal.exporters.envoy.regex import escaped
from gal.reading import is_placeholder

_PORT = re.compile(r":(\d+)$")
_ANY_PORT = "(?::[0-9]+)?"


class HostKind(str, Enum):
    """How a pattern is compared: the whole name, its end, its start, or not at all."""

    EXACT = "exact"
    SUFFIX = "suffix"
    PREFIX = "prefix"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class HostPattern:
    """One host of a route, in lower case.

    Attributes:
        kind: how it is compared.
        text: the name without its `*`; `.w.test` for `*.w.test`, `p.` for `p.*`.
        port: the port of the request's `Host`, or of the listener where that has none.
    """

    kind: HostKind
    text: str
    port: int | None = None

    @property
    def domain(self) -> str:
        """Envoy's domain for this pattern."""
        star_first = "*" if self.kind in (HostKind.SUFFIX, HostKind.ANY) else ""
        return star_first + self.text + ("*" if self.kind is HostKind.PREFIX else "")

    def authority(self, listener_port: int) -> str:
        """RE2 for the whole of `:authority`, port included, on a listener of that port."""
        name = {
            HostKind.EXACT: escaped(self.text),
            HostKind.SUFFIX: ".+" + escaped(self.text),
            HostKind.PREFIX: escaped(self.text) + "[^:]+",
            HostKind.ANY: r"(?:[^:]*|\[.*\])",
        }[self.kind]
        return name + self._port_part(listener_port)

    def takes(self, name: str) -> bool:
        """Whether it takes a name in lower case, ports aside."""
        if self.kind is HostKind.SUFFIX:
            return name.endswith(self.text) and name != self.text
        if self.kind is HostKind.PREFIX:
            return name.startswith(self.text) and name != self.text
        return self.kind is HostKind.ANY or name == self.text

    def _port_part(self, listener_port: int) -> str:
        if self.port is None:
            return _ANY_PORT
        return f"(?::{self.port})?" if self.port == listener_port else f":{self.port}"


def parse_host(text: str) -> HostPattern | None:
    """The pattern that a route's host says, or None where Envoy has no such pattern.

    One `*` may stand for the first or the last label, or for everything.
    """
    if is_placeholder(text):
        return HostPattern(HostKind.EXACT, text)
    name, port = text.strip().lower(), None
    found = _PORT.search(name)
    if found is not None and (name.count(":") == 1 or name.startswith("[")):
        name, port = name[: found.start()], int(found[1])
    if name in ("*", ""):
        return HostPattern(HostKind.ANY, "", port)
    if "*" not in name:
        return HostPattern(HostKind.EXACT, name, port)
    rest = name.strip("*")
    if name.count("*") == 1 and name.startswith("*."):
        return HostPattern(HostKind.SUFFIX, rest, port)
    if name.count("*") == 1 and name.endswith(".*"):
        return HostPattern(HostKind.PREFIX, rest, port)
    return None


def wider_suffixes(name: str) -> Iterator[str]:
    """Every end of a name that starts with a dot: the texts of the suffix patterns above it.

    For `.w.test` itself it gives only `.test`: a pattern is not above itself.
    """
    at = name.find(".", 1)
    while at >= 0:
        yield name[at:]
        at = name.find(".", at + 1)


def wider_prefixes(name: str) -> Iterator[str]:
    """Every start of a name that ends with a dot: the texts of the prefix patterns above it."""
    at = name.find(".")
    while 0 <= at < len(name) - 1:
        yield name[: at + 1]
        at = name.find(".", at + 1)
