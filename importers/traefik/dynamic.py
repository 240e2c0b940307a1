"""The dynamic configuration as one: the same shapes, whatever kind of file it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gal.context import ImportContext
    from gal.reading import Mapping, Node

_SECTIONS = {
    "middlewares": "middlewares",
    "services": "services",
    "serversTransports": "servers_transports",
    "options": "tls_options",
}


@dataclass(frozen=True, slots=True)
class Middleware:
    """A middleware that a router names.

    Attributes:
        name: its key.
        kind: its option as documented, such as `basicAuth`.
        config: its settings, None where there are none.
        node: the mapping that holds the kind.
    """

    name: str
    kind: str
    config: Mapping | None
    node: Mapping


@dataclass(slots=True)
class Dynamic:
    """What all files together say, by name.

    Attributes:
        context: where to report, and the user's choices.
        routers: HTTP routers.
        middlewares: HTTP middlewares.
        services: HTTP services.
        servers_transports: how servers are spoken to.
        tls_options: TLS options.
        unseen_options: TLS options that others have, which ask clients for a certificate: where
            they are named.
        providers: names of providers whose objects are here, such as `file`.
        acting: names of middlewares that a router of Traefik has.
    """

    context: ImportContext
    routers: dict[str, Mapping] = field(default_factory=dict)
    middlewares: dict[str, Mapping] = field(default_factory=dict)
    services: dict[str, Mapping] = field(default_factory=dict)
    servers_transports: dict[str, Mapping] = field(default_factory=dict)
    tls_options: dict[str, Mapping] = field(default_factory=dict)
    unseen_options: dict[str, Node] = field(default_factory=dict)
    providers: set[str] = field(default_factory=set)
    acting: set[str] = field(default_factory=set)

    def resolve(self, reference: str, section: str) -> str | None:
        """The key of what a reference such as `auth` or `auth@file` names; None where nobody here
        has it. Unlike options, names differ by their case.
        """
        known: dict[str, Mapping] = getattr(self, _SECTIONS[section])
        if reference in known:
            return reference
        name, at, provider = reference.rpartition("@")
        if not at or provider not in self.providers:
            return None
        return name if name in known else None
