"""GAL's YAML and APISIX's own as plugins of APISIX, taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gal.claims import Claims
from gal.context import ExportContext, ExportOptions
from gal.convert import read_gateway
from gal.exporters import apisix
from gal.ledger import Ledger, Reporter, Stage
from gal.model import Gateway
from gal.reading import read_documents

Json = dict[str, Any]
_HEAD = 'version: "1.0"\n'
_SERVICE = "services: [{name: s, upstream: {host: h.test}, "


@dataclass(frozen=True, slots=True)
class Placed:
    """What stands in the file, and what the ledger says of it: `LEVEL FATE: MESSAGE`."""

    data: Json
    said: list[str]

    @property
    def plugins(self) -> Json:
        """The plugins that act on the first route: its own and, under them, its service's."""
        first = self.data["routes"][0]
        own: Json = first.get("plugins", {})
        for service in self.data.get("services", []):
            if service["id"] == first.get("service_id"):
                return {**service.get("plugins", {}), **own}
        return own

    @property
    def closed(self) -> bool:
        """Whether an access control was lost, so that everybody is refused."""
        return any(line.startswith("error dropped") for line in self.said)

    def section(self, name: str) -> list[Json]:
        """A section of the file."""
        found: list[Json] = self.data.get(name, [])
        return found

    def heard(self, words: str) -> list[str]:
        """What is said with these words in it, as `LEVEL FATE`."""
        return [line.partition(":")[0] for line in self.said if words in line]


def place(gateway: Gateway, *, allow_open: bool = False) -> Placed:
    """The file of a model."""
    ledger, claims = Ledger(), Claims()
    reporter = Reporter(ledger, apisix.NAME, Stage.EXPORT)
    context = ExportContext(reporter, claims, ExportOptions(allow_open=allow_open))
    data = apisix.write(claims.view(gateway), context)[0].data
    said = [f"{one.level.value} {one.fate.value}: {one.message}" for one in ledger]
    return Placed(data, said)


def gal(text: str, *, allow_open: bool = False) -> Placed:
    """The file of a configuration in GAL's YAML."""
    documents = read_documents(_HEAD + text, "gal.yaml", "yaml")
    return place(read_gateway(documents, source="gal").gateway, allow_open=allow_open)


def route(fields: str, more: str = "", *, allow_open: bool = False) -> Placed:
    """The file of one service with one route; `more` stands beside the services."""
    text = f"{more}{_SERVICE}routes: [{{name: r, path_prefix: /, {fields}}}]}}]\n"
    return gal(text, allow_open=allow_open)


def own(text: str) -> Gateway:
    """The model of a file of APISIX."""
    return read_gateway(read_documents(text, "apisix.yaml", "yaml"), source="apisix").gateway


def own_route(plugins: str, more: str = "") -> Gateway:
    """The model of one route with plugins, as APISIX has them."""
    upstream = "{type: roundrobin, nodes: {'h.test:80': 1}}"
    head = f"routes:\n- {{id: r, name: r, uri: /*, upstream: {upstream}, plugins: {plugins}}}\n"
    return own(head + more + "#END\n")
