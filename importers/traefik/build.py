"""Builds the model from what the files hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gal.importers.traefik.entry_points import bind, listeners, read_entry_points
from gal.importers.traefik.redirections import redirections
from gal.importers.traefik.rest import carry_others, carry_static, report_untaken
from gal.importers.traefik.routers import Routers, default_syntax
from gal.importers.traefik.services import Services
from gal.importers.traefik.sources import gather
from gal.importers.traefik.tls import apply_options, read_tls
from gal.ledger import Fate, Level
from gal.model import Gateway, Global, Origin, RouteOrder

if TYPE_CHECKING:
    from gal.context import ImportContext
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
    read_tls(sources.tls, dynamic, gateway)
    syntax = default_syntax(sources.static, dynamic)
    points = read_entry_points(sources.static, report)
    services = Services(dynamic, gateway)
    routers = Routers(dynamic, gateway, points, services, syntax)
    routers.read()
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
