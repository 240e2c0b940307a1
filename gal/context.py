"""What importers and exporters are handed besides the data: where to report, and the user's
choices.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.ledger import Reporter

if TYPE_CHECKING:
    from gal.claims import Claims


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """The user's choices for reading.

    Attributes:
        treat_as_auth: names of custom plugins that guard access; targets that cannot run them
            refuse everybody.
    """

    treat_as_auth: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """The user's choices for writing.

    Attributes:
        listen: (host, port) of the plain listener, instead of the configuration's own.
        allow_open: leave out access controls that the target cannot do, instead of refusing
            everybody (law 2).
        output_format: `yaml`, `json` or `toml`: what files that name each other end with.
        auth_service: URL of a service that decides on credentials which the target cannot check
            itself; unset refuses everybody where such are asked.
    """

    listen: tuple[str, int] | None = None
    allow_open: bool = False
    output_format: str = "yaml"
    auth_service: str | None = None


@dataclass(frozen=True, slots=True)
class ImportContext:
    """What an importer is handed."""

    report: Reporter
    options: ImportOptions = field(default_factory=ImportOptions)


@dataclass(frozen=True, slots=True)
class ExportContext:
    """What an exporter is handed."""

    report: Reporter
    claims: Claims
    options: ExportOptions = field(default_factory=ExportOptions)


@dataclass(frozen=True, slots=True)
class OutputFile:
    """One file that a provider needs.

    Attributes:
        name: its fixed name, such as `envoy.yaml`.
        data: plain data: dicts, lists, strings, numbers.
        last_line: a comment that has to end the file where it is YAML.
        only_yaml: its reader takes no other format, whatever the user chooses for the others.
    """

    name: str
    data: dict[str, Any]
    last_line: str = ""
    only_yaml: bool = False

    def format_of(self, chosen: str) -> str:
        """The format that it is written in where the user chose one."""
        return "yaml" if self.only_yaml else chosen
