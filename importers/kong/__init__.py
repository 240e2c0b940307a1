"""Kong: declarative files of the formats 1.1, 2.1 and 3.0, from people, decK or `db_export`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gal.importers.kong.recognition import recognise

if TYPE_CHECKING:
    from gal.context import ImportContext
    from gal.model import Gateway
    from gal.reading import Document

__all__ = ["FORMATS", "NAME", "read", "recognise"]

NAME = "kong"
FORMATS = "Kong declarative YAML and JSON (1.1, 2.1, 3.0, decK)"


def read(documents: Sequence[Document], context: ImportContext) -> Gateway:
    """The model of one or several files, which are merged as decK does it.

    Raises:
        InputError: Kong would refuse them.
    """
    from gal.importers.kong.build import build

    return build(documents, context)
