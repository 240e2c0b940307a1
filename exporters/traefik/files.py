"""The two files: what Traefik starts with, and what it routes by.

Source: https://doc.traefik.io/traefik/reference/install-configuration/configuration-options/
"""

from __future__ import annotations

from gal.claims import unwrap
from gal.exporters.traefik.build import Json, Shared
from gal.exporters.traefik.carried import braces_are_text, put_back, put_back_static, reserve_names
from gal.exporters.traefik.consumers import settle_consumers
from gal.exporters.traefik.listeners import entry_points
from gal.exporters.traefik.routes import RouteWriter
from gal.exporters.traefik.services import Directory
from gal.exporters.traefik.tls import tls_section
from gal.exporters.traefik.values import Templates
from gal.ledger import Fate, Level
from gal.ranking import ranked
from gal.scopes import settle_hidden

_ADMIN = "traefik"
"""The entry point that Traefik itself names so, for its API."""


def static(shared: Shared) -> Json:
    """`traefik.yaml`: entry points, and where the rest is. Nobody is phoned."""
    points: Json = {}
    for point in entry_points(shared):
        one: Json = {"address": point.address}
        if point.secure:
            one["http"] = {"tls": {}}
        points[point.name] = one
    data: Json = {
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
        "entryPoints": points,
        "providers": {"file": {"filename": f"dynamic.{shared.context.options.output_format}"}},
        "log": {"level": "INFO"},
    }
    _ = shared.gateway.settings.route_order  # the order of the routers says it
    port = shared.gateway.settings.admin_port
    if port is not None:
        points[_ADMIN] = {"address": f"127.0.0.1:{port}"}
        data["api"] = {"insecure": True, "dashboard": False}
    put_back_static(data, shared)
    return data


def _in_use(shared: Shared) -> Json:
    """The middlewares of routers, in the order in which these name them."""
    named = [name for one in shared.routers.values() for name in one.get("middlewares", ())]
    known = shared.middlewares.items
    return {name: known[name] for name in named if name in known}


def _report(templates: Templates, shared: Shared) -> None:
    """Say which templates have to be filled in before Traefik sees them."""
    if templates.kept:
        shown = ", ".join(list(templates.kept)[:3])
        message = f"Traefik runs templates itself: fill these in before it reads the file: {shown}"
        report = shared.context.report
        report.at(None, Fate.APPROXIMATED, Level.WARNING, "placeholders", message)


def dynamic(shared: Shared) -> Json:
    """`dynamic.yaml`: routers in the order in which they win, services and middlewares."""
    reserve_names(shared)
    settle_consumers(shared)
    directory = Directory.of(shared)
    writer = RouteWriter(shared, directory, entry_points(shared))
    # The order reads of the routes what they match, which is no reason to count it as written.
    for candidate in ranked(unwrap(shared.gateway)):
        writer.take(candidate)
    writer.finish()
    settle_hidden(shared.gateway, shared.effective, shared.context)
    http: Json = {}
    templates = Templates(native=shared.native, words=braces_are_text(shared))
    for name, items in (
        ("routers", shared.routers),
        ("services", shared.services.items),
        ("middlewares", _in_use(shared)),
        ("serversTransports", shared.transports.items),
    ):
        if items:
            http[name] = templates.of(items)
    data: Json = {"http": http} if http else {}
    tls = tls_section(shared)
    if tls:
        data["tls"] = templates.of(tls)
    _report(templates, shared)
    put_back(data, shared)
    return data
