"""Short ways to read, and to see what failed."""

from __future__ import annotations

import pytest

from gal.errors import InputError
from gal.reading import Document, Format, Mapping, Node, Sequence, read_documents


def read(text: str | bytes, name: str = "f.yaml", format: Format | None = None) -> Document:
    """The only document of a text."""
    (document,) = read_documents(text, name, format)
    return document


def root(text: str | bytes, name: str = "f.yaml") -> Mapping:
    """The mapping at the root of the only document."""
    return read(text, name).mapping()


def failure(text: str | bytes, name: str = "f.yaml") -> InputError:
    """The error of a text that cannot be read."""
    with pytest.raises(InputError) as caught:
        read_documents(text, name)
    return caught.value


def place(error: InputError) -> str:
    """Line and column, such as `3:5`."""
    assert error.position is not None
    return f"{error.position.line}:{error.position.column}"


def nodes(node: Node) -> dict[str, str]:
    """The place of every node below and of every key, by path; that of a key ends in `:`."""
    found = {node.path: f"{node.line}:{node.column}"}
    if isinstance(node, Mapping):
        for key, child in node.entries.items():
            position = node.key_position(key)
            found[f"{child.path}:"] = f"{position.line}:{position.column}"
            found |= nodes(child)
    elif isinstance(node, Sequence):
        for child in node:
            found |= nodes(child)
    return found
