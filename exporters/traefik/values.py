"""Values as Traefik writes them, and texts that its templates leave alone."""

from __future__ import annotations

from typing import Any

from gal.model import Duration
from gal.reading import is_placeholder

_BRACES = "{{"
_QUOTED_BRACES = "{{`{{`}}"


def duration(value: Duration) -> str:
    """A duration in Go's syntax, whose largest unit is the hour."""
    text = str(value)
    if text.endswith("d"):
        return f"{int(text[:-1]) * 24}h"
    return text


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
