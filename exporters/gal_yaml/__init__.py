"""The model as GAL's own YAML: its direct picture, written by `gal.codec`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.claims import unwrap
from gal.codec import encode
from gal.context import ExportContext, OutputFile

if TYPE_CHECKING:
    from gal.model import Gateway

NAME = "gal"
FORMATS = "GAL YAML or JSON, 1.0 (gal.yaml)"


def write(gateway: Gateway, context: ExportContext) -> list[OutputFile]:
    """One file, `gal.yaml`, that holds everything the model holds."""
    context.claims.claim(gateway)
    return [OutputFile("gal.yaml", encode(unwrap(gateway)))]
