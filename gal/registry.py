"""Which providers there are. This is the only place that names them all; each is loaded when it
is used, so that the command starts quickly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from gal.errors import UsageError

if TYPE_CHECKING:
    from gal.context import ExportContext, ImportContext, OutputFile
    from gal.model import Gateway
    from gal.reading import Document


class Importer(Protocol):
    """What a module of `gal.importers` offers."""

    NAME: str
    FORMATS: str

    def recognise(self, document: Document) -> str | None:
        """What the document is in this provider's words, or None if it is not this provider's."""

    def read(self, documents: Sequence[Document], context: ImportContext) -> Gateway:
        """The model of the documents."""


class Exporter(Protocol):
    """What a module of `gal.exporters` offers."""

    NAME: str
    FORMATS: str

    def write(self, gateway: Gateway, context: ExportContext) -> list[OutputFile]:
        """The files that the provider needs. Every field of the gateway that is read counts as
        dealt with; what is never read ends in the ledger as dropped.
        """


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider and its two modules (empty where there is none)."""

    name: str
    importer: str
    exporter: str


_USUAL_FORMATS = ("yaml", "json")
_PROVIDERS = (
    Provider("apisix", "gal.importers.apisix", "gal.exporters.apisix"),
    Provider("kong", "gal.importers.kong", "gal.exporters.kong"),
    Provider("traefik", "gal.importers.traefik", "gal.exporters.traefik"),
    Provider("envoy", "gal.importers.envoy", "gal.exporters.envoy"),
    Provider("gal", "gal.importers.gal_yaml", "gal.exporters.gal_yaml"),
)


def importers() -> tuple[str, ...]:
    """Names of the providers that can be read."""
    return tuple(provider.name for provider in _PROVIDERS if provider.importer)


def exporters() -> tuple[str, ...]:
    """Names of the providers that can be written."""
    return tuple(provider.name for provider in _PROVIDERS if provider.exporter)


def importer(name: str) -> Importer:
    """The importer of a provider.

    Raises:
        UsageError: there is none.
    """
    return cast(Importer, _module(name, "importer", importers()))


def exporter(name: str) -> Exporter:
    """The exporter of a provider.

    Raises:
        UsageError: there is none.
    """
    return cast(Exporter, _module(name, "exporter", exporters()))


def output_formats(name: str) -> tuple[str, ...]:
    """The formats in which a provider's files can be written: those that it reads itself.

    Raises:
        UsageError: there is no such exporter.
    """
    found: tuple[str, ...] = getattr(exporter(name), "OUTPUT_FORMATS", _USUAL_FORMATS)
    return found


def uses_auth_service(name: str) -> bool:
    """Whether an exporter knows what to do with a service that decides on credentials.

    Raises:
        UsageError: there is no such exporter.
    """
    return bool(getattr(exporter(name), "USES_AUTH_SERVICE", False))


def _module(name: str, half: str, known: tuple[str, ...]) -> object:
    for provider in _PROVIDERS:
        path = getattr(provider, half)
        if provider.name == name and path:
            return import_module(path)
    raise UsageError(f'there is no {half} for "{name}"; there are: {", ".join(known)}')
