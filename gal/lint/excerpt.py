"""The line of a file that a finding points at, without the secrets that stand there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from gal.errors import Position
from gal.lint.asked import CREDENTIALS
from gal.reading import Mapping, Node, Scalar, Sequence
from gal.reading.placeholders import is_placeholder

if TYPE_CHECKING:
    from gal.lint.finding import Place
    from gal.lint.subject import Subject
    from gal.reading.source import Source

HIDDEN = "***"
_SENSITIVE = re.compile(
    r"(?i)(pass(word|wd|phrase)?|secret|token|credential|private|api_?keys?|access_?key"
    r"|inline_(string|bytes)|client_?key|hmac|salt|seed)|^(keys?|users|auth|jwk|jwks)$"
)
_HARMLESS = re.compile(
    r"(?i)(_(names?|in_\w+|id|type|alg|algorithm|header|file|path|uri|url|endpoint)"
    r"|(name|file|path|type|uri|url|endpoint))$"
)
_VARIABLE = re.compile(r"\$?(remote_addr|consumer_name|uri|host|(http|arg|cookie|server)_\w+)")
_HASH = r"\$\$?(?:apr1|2[abxy]?|5|6)\$|\{SHA\}|[0-9a-f]{32}\b"
"""How a password's hash starts; `$$` is `$` in a Compose file."""
_OPTION = r"(?:password|secret|token|hmacencoded)="
_IN_TEXT = re.compile(
    rf"(?i)(?P<before>\b(?:basic|bearer)\s+|://[^/\s:@\"']*:(?=[^\s\"'@]+@)|:(?={_HASH})|{_OPTION})"
    r"(?P<secret>[^\s\"'@]+)(?P<after>@?)"
)
_IN_RULE = re.compile(
    rf"(?i)(?P<before>\b(?:Headers?|Query)\(\s*[`\"](?:{'|'.join(sorted(CREDENTIALS))})[`\"]\s*,\s*[`\"])"
    r"(?P<secret>[^`\"]+)"
)
"""A credential that a rule of Traefik asks for."""
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*")
_BARE = ("{", "- {", "[")
_WIDTH = 140
_SHORTEST = 2


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line with a mark under a part of it.

    Attributes:
        text: the line, cut to a readable width.
        start: index of the first marked character.
        width: how many are marked, at least 1.
    """

    text: str
    start: int
    width: int


class Excerpts:
    """Excerpts of one configuration."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    @cached_property
    def _secrets(self) -> dict[tuple[str, int], list[str]]:
        """Texts of secrets by file and line."""
        found: dict[tuple[str, int], list[str]] = {}
        for node in self._subject.walk():
            if isinstance(node, Scalar) and _is_secret(node):
                first = found.setdefault((node.source.name, node.line), [])
                first.append(node.text)
                for number, line in enumerate(_raw_lines(node), node.line + 1):
                    found.setdefault((node.source.name, number), []).append(line)
        return found

    def of(self, place: Place) -> Excerpt | None:
        """The line of a place; None when there is none."""
        where = place.position
        text = where.text
        if not text:
            return None
        start = where.column - 1
        width = _token_width(text, start)
        hidden = self.hide(where, text)
        if hidden != text and text[:start] != hidden[:start]:
            start = min(start, max(len(hidden) - 1, 0))
        if text.strip() in _BARE and place.node is not None:
            hidden = f"{hidden.rstrip()} {self._next(place.node.source, where).strip()}"
        return _cut(hidden, start, max(1, min(width, len(hidden) - start)))

    def _next(self, source: Source, where: Position) -> str:
        """The line after one that says nothing by itself."""
        after = source.position(where.line + 1, 1)
        return self.hide(after, after.text)

    def hide(self, where: Position, text: str) -> str:
        """The line without its secrets."""
        for secret in self._secrets.get((where.file, where.line), ()):
            if len(secret) >= _SHORTEST:
                text = text.replace(secret, HIDDEN)
        text = _PEM.sub(HIDDEN, text)
        text = _IN_RULE.sub(lambda found: found["before"] + HIDDEN, text)
        return _IN_TEXT.sub(lambda found: found["before"] + HIDDEN + found["after"], text)


def _is_secret(node: Scalar) -> bool:
    """Whether a value is likely to be a secret, by the keys above it."""
    if not node.text or is_placeholder(node.text) or node.kind in ("boolean", "null"):
        return False
    key = next(_keys(node), "")
    if key == "key" and _VARIABLE.fullmatch(node.text):
        return False  # what a limit counts by, or a balancer hashes
    return _SENSITIVE.search(key) is not None and _HARMLESS.search(key) is None


def _keys(node: Node) -> Iterator[str]:
    """The names above a value, the nearest first."""
    above: Node | None = node
    while above is not None:
        if isinstance(above.key, str):
            yield above.key
        above = above.parent


def _raw_lines(node: Scalar) -> Iterator[str]:
    """The lines of a block of text after its first."""
    if "\n" not in node.text or isinstance(node.parent, (Sequence, type(None))):
        return
    lines = node.source.text.splitlines()[node.line :]
    parent = node.parent
    indent = parent.column - 1 if isinstance(parent, Mapping) else 0
    for line in lines[: node.text.count("\n") + 2]:
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            return
        yield line.strip()


def _token_width(text: str, start: int) -> int:
    """How much of a line a mark goes under: a quoted text, or up to the next separator."""
    if start >= len(text):
        return 1
    if text[start] in "\"'":
        end = text.find(text[start], start + 1)
        return end - start + 1 if end > 0 else len(text) - start
    found = re.compile(r"[^\s,:{}\[\]=]+").match(text, start)
    return len(found.group()) if found else 1


def _cut(text: str, start: int, width: int) -> Excerpt:
    if len(text) <= _WIDTH:
        return Excerpt(text, start, width)
    first = max(0, min(start - _WIDTH // 3, len(text) - _WIDTH))
    shown = text[first : first + _WIDTH]
    before = "..." if first else ""
    after = "..." if first + _WIDTH < len(text) else ""
    return Excerpt(
        before + shown + after, start - first + len(before), min(width, _WIDTH - (start - first))
    )
