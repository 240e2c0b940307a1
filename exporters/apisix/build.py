"""What the parts of the APISIX exporter share while the file is put together."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gal.claims import unwrap
from gal.context import ExportContext
from gal.exporters.apisix.plugin import Json, Plugins
from gal.model import Gateway, HostMode, ModelNode, Route, Service
from gal.scopes import Scopes

S = TypeVar("S")

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_ID = 64
_FORBIDDEN = 403


class Ids:
    """Ids of one kind of object, each given once: 1 to 64 letters, digits, `.`, `_` and `-`."""

    __slots__ = ("_taken",)

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def reserve(self, name: str) -> None:
        """Keep an id from being given to another one."""
        self._taken.add(name)

    def give(self, wanted: str) -> str:
        """The id itself where APISIX takes it and nothing else has it, else one like it."""
        base = _UNSAFE.sub("-", wanted)[:_LONGEST_ID] or "unnamed"
        name, number = base, 1
        while name in self._taken:
            number += 1
            end = f"-{number}"
            name = base[: _LONGEST_ID - len(end)] + end
        self._taken.add(name)
        return name


@dataclass(slots=True)
class RouteBuild:
    """One route of the model on its way to APISIX.

    Attributes:
        route: the route.
        service: the service whose policies it inherits.
        scopes: policies that act on it.
        name: for what is made of it.
        plugins: settings by name of plugin.
        refusal: why everybody is refused (law 2), if so.
        host_mode: which Host the upstream gets, where only the upstream can say it.
        host: that Host, if it is a fixed one.
        entities: routes of the file.
    """

    route: Route
    service: Service | None
    scopes: Scopes
    name: str
    plugins: Plugins = field(default_factory=dict)
    refusal: str | None = None
    host_mode: HostMode | None = None
    host: str | None = None
    entities: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class Shared:
    """What all routes of one file share.

    Attributes:
        gateway: the model (a view that notes what is read).
        context: reporting and the user's choices.
        root: sections of the file, by name.
        ids: ids that are given, by section.
        effective: identities of the policies that act on any route.
        refused: access controls of which it was said that APISIX cannot do them.
    """

    gateway: Gateway
    context: ExportContext
    root: dict[str, list[Json]] = field(default_factory=dict)
    ids: dict[str, Ids] = field(default_factory=dict)
    effective: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)
    _states: dict[type[Any], Any] = field(default_factory=dict)

    def section(self, name: str) -> list[Json]:
        """One of the file's lists."""
        return self.root.setdefault(name, [])

    def id_for(self, section: str, wanted: str) -> str:
        """A new id in a section of the file."""
        return self.ids.setdefault(section, Ids()).give(wanted)

    def state(self, kind: type[S]) -> S:
        """What a part of the exporter keeps for itself while this file is put together."""
        found = self._states.get(kind)
        if found is None:
            found = self._states[kind] = kind()
        state: S = found
        return state

    def refuse(self, build: RouteBuild, control: ModelNode, feature: str, reason: str) -> None:
        """An access control that APISIX cannot do: the route refuses everybody (law 2), unless the
        user allowed to leave it out.
        """
        if unwrap(control) is not unwrap(build.route):
            self.context.claims.claim(control)
        if self.context.options.allow_open:
            message = f"{reason}; left out because of --allow-open: everybody is let in"
            self.context.report.dropped(control, feature, message)
            return
        self.context.report.refused(control, feature, f"{reason}; everybody is refused with 403")
        self.refused.add(id(unwrap(control)))
        build.refusal = build.refusal or reason


def refusing() -> Plugins:
    """The only plugin of a route that refuses everybody. It answers before anything is asked of
    the upstream (priority 11000, in the `rewrite` phase).
    """
    answer = {"http_status": _FORBIDDEN, "body": "everybody is refused here\n"}
    return {"fault-injection": {"abort": answer}}
