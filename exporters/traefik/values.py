"""Values as Traefik writes them, and texts that its templates leave alone."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from gal.model import Duration
from gal.reading import is_placeholder

_BRACES = "{{"
_QUOTED_BRACES = "{{`{{`}}"
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


def for_template(value: Any) -> Any:
    """Data whose texts come out of Traefik's templates, which it runs over the dynamic file, as
    they were; placeholders stay as they are.
    """
    if isinstance(value, dict):
        return {for_template(key): for_template(below) for key, below in value.items()}
    if isinstance(value, list):
        return [for_template(below) for below in value]
    if isinstance(value, str) and _BRACES in value and not is_placeholder(value):
        return value.replace(_BRACES, _QUOTED_BRACES)
    return value
