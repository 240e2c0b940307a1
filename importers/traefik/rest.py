"""Sections of the configuration that are no routing: said, and kept for Traefik."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gal.convert import NOT_UNDERSTOOD
from gal.importers.traefik.nodes import untaken
from gal.importers.traefik.options import plain
from gal.ledger import Fate, Level
from gal.model import Gateway
from gal.reading import Mapping, Node

if TYPE_CHECKING:
    from gal.ledger import Reporter

_QUIET = frozenset(
    (
        *("accesslog", "api", "certificatesresolvers", "global", "hostresolver", "hub", "log"),
        *("metrics", "ocsp", "pilot", "ping", "providers", "tracing", "tcpserverstransport"),
        *("core", "spiffe"),
    )
)


def carry_static(
    static: Iterable[Mapping], points: dict[str, Any], gateway: Gateway, report: Reporter
) -> None:
    """What the static configuration says besides listeners; `points` is what only Traefik knows of
    entry points.
    """
    if points:
        kept = gateway.extensions.setdefault("traefik", {}).setdefault("static", {})
        kept["entryPoints"] = dict(points)
    for root in static:
        for key in list(root.untaken()):
            root.mark(key)
            node = root.entries[key]
            kept = gateway.extensions.setdefault("traefik", {}).setdefault("static", {})
            kept[key] = plain(node)
            quiet = key.lower() in _QUIET
            message = "only Traefik has this, and it moves no request"
            if not quiet:
                message = "only Traefik has this"
            level = Level.INFO if quiet else Level.WARNING
            report.at(node, Fate.CARRIED, level, "static", message)


def carry_others(others: Iterable[tuple[str, Node]], gateway: Gateway, report: Reporter) -> None:
    """TCP and UDP routers and services."""
    for name, node in others:
        kept = gateway.extensions.setdefault("traefik", {}).setdefault(name, {})
        data = plain(node)
        if isinstance(data, dict):
            kept.update(data)
        message = f"other gateways are written without {name.upper()}"
        report.at(node, Fate.CARRIED, Level.WARNING, name, message)


def report_untaken(made: Iterable[Mapping], report: Reporter) -> None:
    """What nobody read of labels and command lines, which stand in no document."""
    for _, node in untaken(made):
        report.at(node, Fate.DROPPED, Level.WARNING, str(node.key), NOT_UNDERSTOOD)
