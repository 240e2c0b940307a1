"""Traefik: static and dynamic configuration, labels of containers, and Kubernetes manifests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gal.importers.traefik.recognition import recognise

if TYPE_CHECKING:
    from gal.context import ImportContext
    from gal.model import Gateway
    from gal.reading import Document

__all__ = ["FORMATS", "NAME", "read", "recognise"]

NAME = "traefik"
FORMATS = "Traefik 2 and 3: static and dynamic YAML and TOML, labels, manifests"


def read(documents: Sequence[Document], context: ImportContext) -> Gateway:
    """The model of one or several files that belong together.

    Raises:
        InputError: Traefik would refuse them, or they are of Traefik 1.
    """
    from gal.importers.traefik.build import build

    return build(documents, context)
