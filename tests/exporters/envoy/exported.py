"""GAL's YAML as an Envoy bootstrap, taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gal.context import ExportOptions
from gal.convert import convert
from gal.ledger import Level
from gal.reading import read_documents

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Exported:
    """A bootstrap and what the ledger says of it."""

    data: Json
    entries: list[tuple[str, str, str]]

    @property
    def listeners(self) -> list[Json]:
        """The listeners."""
        return list(self.data["static_resources"]["listeners"])

    def manager(self, listener: int = 0) -> Json:
        """The HTTP connection manager of a listener's first chain."""
        return dict(self.listeners[listener]["filter_chains"][0]["filters"][-1]["typed_config"])

    @property
    def routes(self) -> list[Json]:
        """The first virtual host's routes on the first listener."""
        return list(self.manager()["route_config"]["virtual_hosts"][0]["routes"])

    @property
    def clusters(self) -> dict[str, Json]:
        """The clusters by name."""
        return {cluster["name"]: cluster for cluster in self.data["static_resources"]["clusters"]}

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """(level, feature, message) of the ledger, without what is only told."""
        return [entry for entry in self.entries if entry[0] != "info"]


def exported(text: str, options: ExportOptions | None = None) -> Exported:
    """Convert a file to Envoy."""
    conversion = convert(
        read_documents(f'version: "1.0"\n{text}', "in.yaml"),
        "envoy",
        source="gal",
        export_options=options,
    )
    entries = [
        (entry.level.value, entry.feature, entry.message)
        for entry in conversion.ledger
        if entry.level is not Level.INFO or entry.message
    ]
    return Exported(conversion.files[0].data, entries)


def one_route(route: str, service: str = "") -> str:
    """A file with one service and one route, both given in flow style."""
    return (
        "services:\n- name: main\n  upstream: {host: 127.0.0.1, port: 8080}\n"
        f"{service}  routes:\n  - {{{route}}}\n"
    )
