"""The model as a declarative file of Kong (format 3.0, Kong 3.9 and later)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.context import ExportContext, OutputFile

if TYPE_CHECKING:
    from gal.model import Gateway

NAME = "kong"
FORMATS = "Kong declarative YAML or JSON, 3.0 (kong.yaml)"


def write(gateway: Gateway, context: ExportContext) -> list[OutputFile]:
    """One file, `kong.yaml`, that Kong starts with."""
    from gal.exporters.kong.document import document

    return [OutputFile("kong.yaml", document(gateway, context))]
