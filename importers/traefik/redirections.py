"""Entry points that send plain requests to another one
(https://doc.traefik.io/traefik/reference/install-configuration/entrypoints/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.importers.traefik.exclusions import without
from gal.importers.traefik.routers import Place
from gal.ledger import Fate, Level
from gal.model import Origin, PathMatch, Redirect, Route

if TYPE_CHECKING:
    from gal.importers.traefik.entry_points import EntryPoint, Redirection
    from gal.importers.traefik.routers import Routers

_RULE = "HostRegexp(`^.+$`)"
_CHALLENGE = "/.well-known/acme-challenge/"
_BYPASSED = f"{_RULE} && !PathPrefix(`{_CHALLENGE}`)"
_USUAL = ("https", 443)


def redirections(routers: Routers) -> None:
    """The routers that Traefik makes itself, with a priority above all others unless it is said."""
    for point in list(routers.points.known.values()):
        if point.redirection is not None:
            _redirection(point, point.redirection, routers)


def _redirection(point: EntryPoint, given: Redirection, routers: Routers) -> None:
    report = routers.dynamic.context.report
    port = routers.points.redirected(given.to)
    if port is None and not routers.points.assumed:
        message = f'Traefik sends nobody elsewhere: there is no entry point "{given.to}"'
        report.at(given.node, Fate.DROPPED, Level.WARNING, "redirect", message, whole=False)
        return
    rule = _BYPASSED if given.bypassed else _RULE
    route = Route(f"{point.name}-redirect", origin=Origin(given.node, {}))
    route.schemes = ["http" if point.tls is None else "https"]
    route.priority = given.priority or len(rule)
    if given.bypassed:
        own = without(PathMatch(path_prefix="/"), [PathMatch(path_prefix=_CHALLENGE)])
        route.paths = [own] if own is not None else []
    if routers.place(route, point.middlewares, given.node) is not None:
        return  # Traefik refuses a middleware, and with it the redirection
    if route.policies.redirect is None and route.policies.direct_response is None:
        status = 301 if given.permanent else 302
        redirect = Redirect(scheme=given.scheme, status_code=status, origin=Origin(given.node, {}))
        if (given.scheme, port) != _USUAL:
            redirect.port = port
        route.policies.redirect = redirect
    routers.add(route, Place([point], point.tls is not None, "default" if point.tls else None))
