"""Builds the model from what the files hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gal.importers.traefik.entry_points import bind, listeners, read_entry_points
from gal.importers.traefik.go_texts import BRACES
from gal.importers.traefik.redirections import redirections
from gal.importers.traefik.rest import carry_others, carry_static, report_untaken
from gal.importers.traefik.router import tls_options
from gal.importers.traefik.routers import Routers, default_syntax
from gal.importers.traefik.services import Services
from gal.importers.traefik.sources import gather
from gal.importers.traefik.ties import report_ties
from gal.importers.traefik.tls import apply_options, read_tls
from gal.ledger import Fate, Level
from gal.model import Gateway, Global, Origin, RouteOrder
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.context import ImportContext
    from gal.ledger import Reporter
    from gal.reading import Document


_PORT = 80


def build(documents: Sequence[Document], context: ImportContext) -> Gateway:
    """The model of one or several files that belong together.

    Raises:
        InputError: Traefik would refuse them, or they are of Traefik 1.
    """
    sources = gather(documents, context)
    dynamic, report = sources.dynamic, context.report
    gateway = Gateway(settings=Global(port=_PORT, route_order=RouteOrder.TRAEFIK))
    if sources.roots:
        gateway.origin = Origin(sources.roots[0], {})
    if sources.braces:
        gateway.extensions["traefik"] = {BRACES: True}
    read_tls(sources.tls, dynamic, gateway)
    syntax = default_syntax(sources.static, dynamic)
    points = read_entry_points(sources.static, report)
    services = Services(dynamic, gateway)
    routers = Routers(dynamic, gateway, points, services, syntax)
    routers.read()
    for point in points.known.values():
        if point.tls is not None:
            tls_options(point.tls, dynamic)  # also of those that no router is on
    _full_stops(gateway, report)
    report_ties([(route, own) for route, own, _ in routers.made], report)
    redirections(routers)
    services.finish()
    gateway.listeners = listeners(points, report)
    named = [one.name for one in gateway.certificates]
    for listener in gateway.listeners:
        if listener.protocol == "https":
            listener.certificates = named
    for route, own, _ in routers.made:
        bind(route, own, gateway.listeners)
    apply_options(dynamic, gateway, [(route, options) for route, _, options in routers.made])
    if points.assumed and points.known:
        message = "the ports of entry points are not said here: those that are usual are taken"
        report.at(
            sources.roots[0], Fate.APPROXIMATED, Level.INFO, "listeners", message, whole=False
        )
    carry_static(sources.static, points.others, gateway, report)
    carry_others(sources.others, gateway, report)
    report_untaken(sources.made, report)
    return gateway


def _full_stops(gateway: Gateway, report: Reporter) -> None:
    """Say once that a full stop behind a host's name means nothing to Traefik, where another route
    would get such requests elsewhere.
    """
    named = [one for one in gateway.routes if any("*" not in host for host in one.hosts)]
    if not named or all(one.hosts for one in gateway.routes):
        return
    message = "a full stop behind its name makes it another host elsewhere, and not in Traefik"
    origin = named[0].origin
    at = origin.node if origin is not None else None
    rule = at.peek("rule") if isinstance(at, Mapping) else None
    report.at(rule or at, Fate.APPROXIMATED, Level.INFO, "hosts", message, whole=False)
