"""The model as a static bootstrap of Envoy (1.40, v3 API)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.context import ExportContext, OutputFile

if TYPE_CHECKING:
    from gal.model import Gateway

NAME = "envoy"
FORMATS = "Envoy v3 bootstrap, YAML or JSON (envoy.yaml)"


def write(gateway: Gateway, context: ExportContext) -> list[OutputFile]:
    """One file, `envoy.yaml`, that Envoy starts with."""
    from gal.exporters.envoy.bootstrap import bootstrap
    from gal.exporters.envoy.build import Shared

    return [OutputFile("envoy.yaml", bootstrap(Shared(gateway, context)))]
