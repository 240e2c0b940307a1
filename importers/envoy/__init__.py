"""Envoy: bootstraps, dumps of a running Envoy, and resources in files, of version 3 and 2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gal.importers.envoy.recognition import recognise

if TYPE_CHECKING:
    from gal.context import ImportContext
    from gal.model import Gateway
    from gal.reading import Document

__all__ = ["FORMATS", "NAME", "read", "recognise"]

NAME = "envoy"
FORMATS = "Envoy bootstrap YAML and JSON (v3, v2), config_dump, resources in files"


def read(documents: Sequence[Document], context: ImportContext) -> Gateway:
    """The model of one or several files.

    Raises:
        InputError: they are not what Envoy reads.
    """
    from gal.importers.envoy.build import build

    return build(documents, context)
