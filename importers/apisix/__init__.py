"""Apache APISIX: standalone files, answers of the Admin API, and ADC's YAML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gal.importers.apisix.recognition import recognise

if TYPE_CHECKING:
    from gal.context import ImportContext
    from gal.model import Gateway
    from gal.reading import Document

__all__ = ["FORMATS", "NAME", "read", "recognise"]

NAME = "apisix"
FORMATS = "APISIX standalone YAML and JSON, Admin API answers, ADC"


def read(documents: Sequence[Document], context: ImportContext) -> Gateway:
    """The model of one or several files.

    Raises:
        InputError: APISIX would refuse them, or they are a `config.yaml`.
    """
    from gal.importers.apisix.build import build

    return build(documents, context)
