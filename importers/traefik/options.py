"""Reading single settings as Traefik does: names without case, and texts where labels give no other
type (https://doc.traefik.io/traefik/reference/routing-configuration/other-providers/docker/).
"""

from __future__ import annotations

from typing import Any

from gal.model import Duration
from gal.reading import Mapping, Node, Placeholder, Scalar, Sequence, is_placeholder

_TRUE = frozenset(("1", "t", "T", "true", "TRUE", "True"))
_FALSE = frozenset(("0", "f", "F", "false", "FALSE", "False"))


def section(node: Mapping, key: str) -> Mapping | None:
    """A mapping. One that is there without settings (`compress: true` in labels, or nothing at all)
    is empty.

    Raises:
        InputError: it is a list.
    """
    if not node.has(key):
        return None
    below = node.take(key)
    if isinstance(below, Mapping):
        return below
    if isinstance(below, Sequence):
        raise below.mismatch("a mapping")
    if below is not None and below.as_str() in _FALSE:
        return None
    return empty(below or node, key)


def empty(node: Node, key: str | int | None = None) -> Mapping:
    """A mapping without keys at the place of a node."""
    return Mapping(node.source, node.line, node.column, node.parent, key or node.key)


def text(node: Mapping, key: str) -> str | None:
    """A text; an empty one is none."""
    return node.take_str(key) or None


def strings(node: Mapping, key: str) -> list[str]:
    """A list of texts, or one text with commas.

    Raises:
        InputError: it is a mapping.
    """
    below = node.take(key)
    if below is None:
        return []
    if isinstance(below, Sequence):
        return [item.as_str() for item in below.items]
    whole = below.as_str()
    if is_placeholder(whole):
        return [whole]
    return [part.strip() for part in whole.split(",") if part.strip()]


def texts(node: Mapping, key: str) -> dict[str, str]:
    """Texts by name; null counts as an empty text."""
    below = section(node, key)
    if below is None:
        return {}
    found = {}
    for name, value in below.take_items():
        null = isinstance(value, Scalar) and value.is_null
        found[name] = "" if null else value.as_str()
    return found


def flag(node: Mapping, key: str, default: bool = False) -> bool:
    """A boolean, also as a text.

    Raises:
        InputError: it is none.
    """
    below = node.take(key)
    if below is None:
        return default
    if isinstance(below, Scalar) and below.text in _TRUE | _FALSE:
        return below.text in _TRUE
    return below.as_bool()


def number(node: Mapping, key: str) -> int | None:
    """An integer, also as a text, or a placeholder.

    Raises:
        InputError: it is none.
    """
    below = node.take(key)
    if below is None:
        return None
    if isinstance(below, Scalar) and below.text.strip().lstrip("-").isdecimal():
        return int(below.text)
    if isinstance(below, Scalar) and is_placeholder(below.text):
        return Placeholder(below.text, below.position)
    return below.as_int()


def duration(node: Mapping, key: str) -> Duration | None:
    """A length of time: `10s`, `1m30s`, or a bare number of seconds.

    Raises:
        InputError: it is none, or negative.
    """
    below = node.take(key)
    if below is None:
        return None
    given = below.as_str().strip()
    try:
        if given.isdecimal():
            return Duration.seconds(int(given))
        return Duration.parse(given.replace("µs", "us"))
    except ValueError as error:
        raise below.error(str(error)) from None


def plain(node: Node | None) -> Any:
    """A value as plain data, which counts as read."""
    if node is None:
        return None
    node.take_all()
    return node.plain()
