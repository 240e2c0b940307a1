"""The model as files of a standalone Apache APISIX (as of 3.18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.context import ExportContext, OutputFile

if TYPE_CHECKING:
    from gal.model import Gateway

NAME = "apisix"
FORMATS = "APISIX standalone YAML or JSON (apisix.yaml or apisix.json, and config.yaml)"


def write(gateway: Gateway, context: ExportContext) -> list[OutputFile]:
    """`apisix.yaml` with the routes, and `config.yaml` with the settings of the server."""
    from gal.exporters.apisix.build import Shared
    from gal.exporters.apisix.document import documents

    routes, settings = documents(Shared(gateway, context))
    return [
        OutputFile("apisix.yaml", routes, "#END"),
        OutputFile("config.yaml", settings, only_yaml=True),
    ]
