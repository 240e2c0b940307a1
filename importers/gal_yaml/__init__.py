"""GAL's own YAML into the model: the direct picture, read by `gal.codec`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gal.codec import decode
from gal.errors import InputError
from gal.model import VERSION, Gateway
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.context import ImportContext
    from gal.reading import Document

NAME = "gal"
FORMATS = "GAL YAML 1.0"

_OWN_KEYS = frozenset({"services", "routes", "upstreams", "consumers", "policies", "global"})


def recognise(document: Document) -> str | None:
    """A mapping with `version` and one of GAL's own sections is GAL's."""
    root = document.root
    if not isinstance(root, Mapping) or not root.has("version"):
        return None
    return "GAL YAML" if any(root.has(key) for key in _OWN_KEYS) else None


def read(documents: Sequence[Document], context: ImportContext) -> Gateway:
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


def _position(document: Document, key: str) -> object:
    root = document.root
    return root.key_position(key) if isinstance(root, Mapping) else root.position
