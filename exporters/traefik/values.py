"""Values as Traefik writes them, and texts that its templates leave alone."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from gal.model import Duration
from gal.reading import find_placeholders

_BRACES = "{{"
_QUOTED_BRACES = "{{`{{`}}"
_BARE_WORD = re.compile(r"\{\{\{?\w+\}\}")
"""Braces around a word without a blank are no template that Traefik could run, but text."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BROKEN_VALUE = re.compile(r"[\r\n\0]")
_GO_PHRASES = {
    413: "Request Entity Too Large",
    414: "Request URI Too Long",
    416: "Requested Range Not Satisfiable",
    418: "I'm a teapot",
    422: "Unprocessable Entity",
}
"""Where Go and versions of Python name a status differently."""


def duration(value: Duration) -> str:
    """A duration in Go's syntax, whose largest unit is the hour."""
    text = str(value)
    if text.endswith("d"):
        return f"{int(text[:-1]) * 24}h"
    return text


def is_sound(name: str, value: str) -> bool:
    """Whether a header may have this name and value."""
    return _TOKEN.fullmatch(name) is not None and _BROKEN_VALUE.search(value) is None


def phrase(status: int) -> str:
    """The text that Traefik sends with a status; empty where it has none."""
    if status in _GO_PHRASES:
        return _GO_PHRASES[status]
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


class Templates:
    """Texts as they have to stand in the dynamic file, over which Traefik runs Go's templates
    (https://doc.traefik.io/traefik/reference/install-configuration/providers/others/file/).

    Attributes:
        kept: templates of other tools, which are left for these to fill in.
    """

    __slots__ = ("_native", "_words", "kept")

    def __init__(self, *, native: bool, words: bool = False) -> None:
        """Begin with none.

        Args:
            native: the texts come from Traefik, so that its templates are meant.
            words: but braces around a word are text, as Traefik has read them.
        """
        self._native = native
        self._words = words or not native
        self.kept: dict[str, None] = {}

    def of(self, value: Any) -> Any:
        """Data whose texts come out of Traefik's templates as they were; placeholders stay."""
        if isinstance(value, dict):
            return {self.of(key): self.of(below) for key, below in value.items()}
        if isinstance(value, list):
            return [self.of(below) for below in value]
        if type(value) is str and _BRACES in value:
            return self._text(value)
        return value

    def _text(self, text: str) -> str:
        made, rest = "", text
        for found in find_placeholders(text):
            head, _, rest = rest.partition(found)
            if self._words and _BARE_WORD.search(found):
                made += _literal(head + found)
                continue
            if not self._native and _BRACES in found and found[2:3] != "`":
                self.kept[found] = None
            made += _literal(head) + found
        return made + _literal(rest)


def _literal(text: str) -> str:
    return text.replace(_BRACES, _QUOTED_BRACES)
