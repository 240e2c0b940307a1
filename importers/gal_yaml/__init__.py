"""GAL's own YAML into the model: the direct picture, read by `gal.codec`."""

from __future__ import annotations

import collections.abc
from typing import TYPE_CHECKING

from gal.codec import decode
from gal.errors import InputError, Position
from gal.model import VERSION, Gateway
from gal.reading import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from gal.context import ImportContext
    from gal.reading import Document

NAME = "gal"
FORMATS = "GAL YAML 1.0"

_OWN_KEYS = frozenset({"services", "routes", "upstreams", "consumers"})


def recognise(document: Document) -> str | None:
    """A mapping of GAL's version, or of another one with one of GAL's own lists."""
    root = document.root
    version = root.peek("version") if isinstance(root, Mapping) else None
    if not isinstance(root, Mapping) or not isinstance(version, Scalar):
        return None
    # Compose files have a version, too, but their services are a mapping.
    lists = any(isinstance(root.peek(key), Sequence) for key in _OWN_KEYS)
    return "GAL YAML" if version.text == VERSION or lists else None


def read(documents: collections.abc.Sequence[Document], context: ImportContext) -> Gateway:
    """The model of one file.

    Raises:
        InputErrors: unknown fields, wrong types, missing fields.
        InputError: several documents, or another version.
    """
    del context  # nothing is lost between GAL's YAML and the model
    if len(documents) != 1:
        raise InputError(
            "one GAL file at a time", documents[1].root.position, "merge the files into one"
        )
    gateway = decode(documents[0].root, Gateway)
    if gateway.version != VERSION:
        raise InputError(
            f'version "{gateway.version}" of GAL\'s format is not known',
            _position(documents[0], "version"),
            f'this release reads version: "{VERSION}"',
        )
    return gateway


def _position(document: Document, key: str) -> Position:
    root = document.root
    return root.key_position(key) if isinstance(root, Mapping) else root.position
