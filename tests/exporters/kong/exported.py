"""GAL's YAML as a file of Kong, taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gal.claims import Claims
from gal.context import ExportContext, ExportOptions
from gal.convert import read_gateway
from gal.exporters import kong
from gal.ledger import Ledger, Reporter, Stage
from gal.model import Gateway
from gal.reading import read_documents

Json = dict[str, Any]
HEAD = 'version: "1.0"\n'
SERVICE = "services: [{name: s, upstream: {host: h.test, host_header: {mode: target}}, "


@dataclass(frozen=True, slots=True)
class Exported:
    """A file and what the ledger says of it: `LEVEL FATE: MESSAGE`."""

    data: Json
    said: list[str]

    def at(self, path: str) -> Any:
        """A part of the file, by a path such as `services.0.name`; None where there is none."""
        found: Any = self.data
        for step in path.split("."):
            if isinstance(found, list):
                found = found[int(step)] if int(step) < len(found) else None
            else:
                found = None if found is None else found.get(step)
        return found

    def plugins(self, path: str) -> Json:
        """The plugins of an object, settings by name."""
        owner = self.at(path) if path else self.data
        return {one["name"]: one.get("config", {}) for one in owner.get("plugins", [])}


def export(gateway: Gateway, *, allow_open: bool = False) -> Exported:
    """The file of a model."""
    ledger, claims = Ledger(), Claims()
    reporter = Reporter(ledger, kong.NAME, Stage.EXPORT)
    context = ExportContext(reporter, claims, ExportOptions(allow_open=allow_open))
    data = kong.write(claims.view(gateway), context)[0].data
    said = [f"{one.level.value} {one.fate.value}: {one.message}" for one in ledger]
    return Exported(data, said)


def gal(text: str, *, allow_open: bool = False) -> Exported:
    """The file of a configuration in GAL's YAML."""
    documents = read_documents(HEAD + text, "gal.yaml", "yaml")
    return export(read_gateway(documents, source="gal").gateway, allow_open=allow_open)


def route(fields: str, service: str = "", *, allow_open: bool = False) -> Exported:
    """The file of one service with one route; `fields` without braces."""
    extra = f"{service}, " if service else ""
    text = f"{SERVICE}{extra}routes: [{{name: r, {fields}}}]}}]\n"
    return gal(text, allow_open=allow_open)


def from_kong(text: str) -> Gateway:
    """The model of a Kong file."""
    return read_gateway(read_documents(text, "kong.yaml", "yaml"), source="kong").gateway
