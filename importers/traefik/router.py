"""One router as the file has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gal.importers.traefik.classify import is_elsewhere
from gal.importers.traefik.dynamic import Middleware
from gal.importers.traefik.middlewares import named
from gal.importers.traefik.options import number, plain, section, strings, text
from gal.importers.traefik.placement import REFERENCE
from gal.importers.traefik.tls import elsewhere
from gal.ledger import Fate, Level
from gal.reading import Mapping, Node, Placeholder

if TYPE_CHECKING:
    from gal.importers.traefik.dynamic import Dynamic

HIGHEST = 2**63 - 1 - 1000
"""The highest priority that Traefik takes from a file (`maxUserPriority`)."""


@dataclass(slots=True)
class Router:
    """A router.

    Attributes:
        name: its key.
        node: where it stands.
        points: names of entry points, none for the default ones.
        rule: the node of its rule, if it has one.
        syntax: of its rule, if it says so.
        given_priority: as it is said, if it is.
        middlewares: their names.
        service: name of its service.
        parents: names of the routers above it.
        secure: it has settings of TLS of its own.
        options: the name of its TLS options, where it is secure.
        unusable: why Traefik refuses its TLS options, if it does.
        kept: settings that only Traefik knows.
    """

    name: str
    node: Mapping
    points: list[str]
    rule: Node | None
    syntax: str | None
    given_priority: int | None
    middlewares: list[str]
    service: str | None
    parents: list[str]
    secure: bool
    options: str | None
    unusable: str | None
    kept: dict[str, Any]

    @property
    def text(self) -> str:
        """The rule, empty without one."""
        return self.rule.as_str() if self.rule is not None else ""

    @property
    def priority(self) -> int:
        """What is said, or else the length of the rule in bytes."""
        given = self.given_priority
        if given is None or isinstance(given, Placeholder) or given == 0:
            return len(self.text.encode())
        return given


def read_router(name: str, node: Mapping, dynamic: Dynamic) -> Router:
    """All that a router says."""
    tls = section(node, "tls")
    points, middlewares = strings(node, "entryPoints"), strings(node, "middlewares")
    service, syntax = text(node, "service"), text(node, "ruleSyntax")
    rule = node.peek("rule")
    node.mark("rule")
    if rule is not None and not rule.as_str():
        rule = None
    options = tls_options(tls, dynamic) if tls is not None else None
    made = Router(
        name,
        node,
        points,
        rule,
        syntax,
        number(node, "priority"),
        middlewares,
        service,
        strings(node, "parentRefs"),
        tls is not None,
        options,
        None,
        _kept(node, dynamic),
    )
    if options is not None and tls is not None:
        made.unusable = _unknown(options, tls, dynamic)
    return made


def referred(name: str, dynamic: Dynamic, by: Mapping) -> Middleware:
    """A middleware that a router or an entry point names. Where no file of the file provider is
    here, `NAME@file` is in one that was not given.

    Raises:
        UnusableError: nobody defines it.
    """
    if name.lower().endswith("@file") and "file" not in dynamic.providers:
        return Middleware(name, REFERENCE, None, by)
    return named(name, dynamic, by)


def _kept(node: Mapping, dynamic: Dynamic) -> dict[str, Any]:
    below = node.take("observability")
    if below is None:
        return {}
    message = "it moves no request: only Traefik logs and measures by router"
    dynamic.context.report.at(below, Fate.CARRIED, Level.INFO, "observability", message)
    return {"observability": plain(below)}


def tls_options(tls: Mapping, dynamic: Dynamic) -> str:
    """The name of the TLS options of a router or an entry point; what else it says is about
    certificates.
    """
    for key in ("certResolver", "domains"):
        below = tls.take(key)
        if below is not None:
            below.take_all()
            message = "Traefik fetches the certificate itself; others need one to show"
            dynamic.context.report.at(below, Fate.DROPPED, Level.WARNING, "certificates", message)
    given = text(tls, "options")
    if given is None:
        return "default"
    return dynamic.resolve(given, "options") or given


def _unknown(options: str, tls: Mapping, dynamic: Dynamic) -> str | None:
    """Why Traefik refuses TLS options. Those of another provider may be there."""
    if options == "default" or options in dynamic.tls_options:
        return None
    if is_elsewhere(options) or "file" not in dynamic.providers:
        elsewhere(options, tls, dynamic)
        return None
    return f'there are no TLS options "{options}"'
