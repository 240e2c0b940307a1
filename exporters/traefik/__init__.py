"""The model as the two files of Traefik (3.7): static and dynamic configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.context import ExportContext, OutputFile

if TYPE_CHECKING:
    from gal.model import Gateway

NAME = "traefik"
FORMATS = "Traefik v3, YAML or TOML (traefik.yaml and dynamic.yaml)"
OUTPUT_FORMATS = ("yaml", "toml")
USES_AUTH_SERVICE = True


def write(gateway: Gateway, context: ExportContext) -> list[OutputFile]:
    """Two files: `traefik.yaml`, that Traefik starts with, points at `dynamic.yaml` beside it."""
    from gal.exporters.traefik.build import Shared
    from gal.exporters.traefik.files import dynamic, static

    shared = Shared(gateway, context)
    data = dynamic(shared)
    return [OutputFile("traefik.yaml", static(shared)), OutputFile("dynamic.yaml", data)]
