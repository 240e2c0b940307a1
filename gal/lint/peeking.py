"""Values of a document as rules ask for them: nothing is marked, nothing is refused."""

from __future__ import annotations

from collections.abc import Iterator

from gal.reading import Mapping, Node, Placeholder, Scalar, Sequence, is_placeholder

_TRUE = frozenset(("true", "yes", "on", "1"))
_FALSE = frozenset(("false", "no", "off", "0"))


def at(node: Node | None, path: str) -> Node | None:
    """The value at a dotted path of keys; None where there is none, or null."""
    for step in path.split("."):
        node = node.peek(step) if isinstance(node, Mapping) else None
    return node


def section(node: Node | None, path: str) -> Mapping | None:
    """The mapping at a dotted path."""
    found = at(node, path)
    return found if isinstance(found, Mapping) else None


def items(node: Node | None, path: str = "") -> list[Node]:
    """The items of the list at a dotted path; a single value counts as a list of it."""
    found = at(node, path) if path else node
    if isinstance(found, Sequence):
        return found.items
    return [] if found is None else [found]


def text(node: Node | None, path: str = "") -> str | None:
    """The text of the scalar at a dotted path."""
    found = at(node, path) if path else node
    return found.text if isinstance(found, Scalar) and not found.is_null else None


def texts(node: Node | None, path: str = "") -> list[str]:
    """The texts of the list of scalars at a dotted path."""
    return [one.text for one in items(node, path) if isinstance(one, Scalar)]


def flag(node: Node | None, path: str = "") -> bool | None:
    """The boolean at a dotted path, in any spelling; None for anything else."""
    word = (text(node, path) or "").lower()
    return True if word in _TRUE else False if word in _FALSE else None


def number(node: Node | None, path: str = "") -> float | None:
    """The number at a dotted path; None for anything else, and for placeholders."""
    word = text(node, path)
    try:
        return float(word) if word is not None and not is_placeholder(word) else None
    except ValueError:
        return None


def mappings(node: Node | None, path: str = "") -> Iterator[tuple[str, Mapping]]:
    """The mappings of the mapping at a dotted path, by their keys."""
    found = at(node, path) if path else node
    for key, below in found.entries.items() if isinstance(found, Mapping) else ():
        if isinstance(below, Mapping):
            yield key, below


def known(value: float | None) -> bool:
    """Whether a number is one, and no template's placeholder."""
    return value is not None and not isinstance(value, Placeholder)
