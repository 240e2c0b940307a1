"""A configuration as Traefik's two files, taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gal.claims import Claims
from gal.context import ExportContext, ExportOptions, OutputFile
from gal.convert import read_gateway
from gal.exporters import traefik
from gal.ledger import Reporter, Stage
from gal.reading import read_documents

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Exported:
    """The files and what the ledger says of them.

    Attributes:
        files: both.
        entries: (level, feature, message) of what the exporter says.
    """

    files: list[OutputFile]
    entries: list[tuple[str, str, str]]

    @property
    def static(self) -> Json:
        """`traefik.yaml`."""
        return self.files[0].data

    @property
    def dynamic(self) -> Json:
        """`dynamic.yaml`."""
        return self.files[1].data

    def section(self, name: str) -> Json:
        """One section of `http`, such as `routers`."""
        return dict(self.dynamic.get("http", {}).get(name, {}))

    @property
    def rules(self) -> list[str]:
        """The routers' rules, in the order in which they win."""
        routers = self.section("routers").values()
        return [one["rule"] for one in sorted(routers, key=lambda one: -one["priority"])]

    @property
    def chain(self) -> list[Json]:
        """The middlewares of the first router, as they act."""
        router = next(iter(self.section("routers").values()))
        known = self.section("middlewares")
        return [known[name] for name in router.get("middlewares", [])]

    @property
    def balancer(self) -> Json:
        """The load balancer of the first service."""
        return dict(next(iter(self.section("services").values()))["loadBalancer"])

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """What the exporter says, without what is only told."""
        return [entry for entry in self.entries if entry[0] != "info"]


def exported(text: str, options: ExportOptions | None = None) -> Exported:
    """Convert a file of any format to Traefik; GAL's own may lack its version."""
    whole = text if "version" in text else f'version: "1.0"\n{text}'
    read = read_gateway(read_documents(whole, "in.yaml"))
    claims = Claims()
    reporter = Reporter(read.ledger, traefik.NAME, Stage.EXPORT)
    context = ExportContext(reporter, claims, options or ExportOptions())
    files = traefik.write(claims.view(read.gateway), context)
    entries = [
        (entry.level.value, entry.feature, entry.message)
        for entry in read.ledger
        if entry.stage is Stage.EXPORT
    ]
    return Exported(files, entries)


def one_route(route: str, service: str = "", rest: str = "") -> str:
    """A file with one service and one route, both given in flow style."""
    return (
        "services:\n- name: main\n  upstream: {host: 127.0.0.1, port: 8080}\n"
        f"{service}  routes:\n  - {{{route}}}\n{rest}"
    )
