"""Plain texts in conditions and expressions."""

from __future__ import annotations

import re

from gal.reading import Node, Scalar, Sequence

_META = re.compile(r"[.^$*+?()\[\]{}|\\]")


def escape(text: str) -> str:
    """The text as an expression that matches just it."""
    return _META.sub(r"\\\g<0>", text)


def plain_text(pattern: str) -> str | None:
    """The text that an expression matches alone, if it is such a one."""
    text = re.sub(r"\\([^A-Za-z0-9])", r"\1", pattern)
    return text if escape(text) == pattern else None


def texts_of(operator: str, value: Node) -> list[str] | None:
    """The texts that a condition takes, where it compares whole."""
    if operator == "==" and isinstance(value, Scalar) and not value.is_null:
        return [value.as_str()]
    if operator in ("in", "IN") and isinstance(value, Sequence):
        return [item.as_str() for item in value.items]
    return None
