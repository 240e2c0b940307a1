"""What the parts of the Kong exporter share while a file is put together."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from gal.claims import unwrap
from gal.context import ExportContext
from gal.exporters.kong.ids import Names, is_id
from gal.ledger import Fate, Level, Reporter
from gal.model import Extensions, Gateway, ModelNode, RouteOrder
from gal.reading import is_placeholder

Json = dict[str, Any]

AROUND = ("id", "instance_name", "ordering", "partials", "tags", "protocols")
"""Keys of a plugin's object that stand beside its `config`."""


NO_HEADER = "Kong takes letters, digits, - and _ in names of headers"
_HEADER = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(slots=True)
class Build:
    """One file on its way.

    Attributes:
        gateway: the model (a view that notes what is read).
        context: reporting and the user's choices.
        root: sections of the file, by name.
        service_names: names of services.
        route_names: names of routes.
        upstream_names: names of upstreams.
        refusals: why everybody is refused, by the identity of an access control.
        used_ids: ids of plugins that are written.
    """

    gateway: Gateway
    context: ExportContext
    root: dict[str, list[Json]] = field(default_factory=dict)
    service_names: Names = field(default_factory=Names)
    route_names: Names = field(default_factory=Names)
    upstream_names: Names = field(default_factory=lambda: Names(hosts=True))
    refusals: dict[int, str | None] = field(default_factory=dict)
    used_ids: set[str] = field(default_factory=set)

    @property
    def report(self) -> Reporter:
        """Where to say what differs."""
        return self.context.report

    @property
    def native(self) -> bool:
        """Whether the model's routes are ranked as Kong does it: it comes from Kong."""
        return self.gateway.settings.route_order is RouteOrder.KONG

    def id_of(self, given: str | None) -> str | None:
        """An id, where Kong takes it; what comes from Kong stays as it is."""
        return given if self.native or is_id(given) else None

    def section(self, name: str) -> list[Json]:
        """One of the file's lists."""
        return self.root.setdefault(name, [])

    def refuse(self, control: ModelNode, feature: str, reason: str) -> str | None:
        """An access control that Kong cannot do (law 2): the reason, or None where the user
        allowed to leave it out. Says so once.
        """
        key = id(unwrap(control))
        if key in self.refusals:
            return self.refusals[key]
        if self.context.options.allow_open:
            message = f"{reason}; left out because of --allow-open: everybody is let in"
            self.report.dropped(control, feature, message)
            self.refusals[key] = None
        else:
            self.report.refused(control, feature, f"{reason}; everybody is refused with 403")
            self.refusals[key] = reason
        return self.refusals[key]

    def note(self, subject: ModelNode, feature: str, message: str, name: str = "") -> None:
        """A difference without effect on traffic."""
        self.report.about(subject, Fate.APPROXIMATED, Level.INFO, feature, message, name)


def is_header(name: str) -> bool:
    """Whether Kong takes a name for that of a header (`validate_header_name`)."""
    return _HEADER.fullmatch(name) is not None or is_placeholder(name)


def kept(extensions: Extensions) -> Json:
    """What only Kong knows of an object."""
    return dict(extensions.get("kong", {}))


def below(values: Json, key: str) -> Json:
    """A mapping among what only Kong knows; empty where there is none."""
    found = values.get(key)
    return found if isinstance(found, dict) else {}


def put(target: Json, key: str, value: Any, default: Any = None) -> None:
    """Write a field, unless it says what Kong does by itself."""
    if value is not None and (value != default or type(value) is not type(default)):
        target[key] = value
