"""Builds the model from what the files hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gal.importers.kong.carried import carry, carry_sections
from gal.importers.kong.certificates import read_certificates
from gal.importers.kong.consumers import read_consumers
from gal.importers.kong.file import gather
from gal.importers.kong.groups import group_guards
from gal.importers.kong.plugins import read_plugins
from gal.importers.kong.routes import distinct_names, is_carried, read_route
from gal.importers.kong.scopes import Owners
from gal.importers.kong.services import is_stream, read_services
from gal.importers.kong.upstreams import read_upstreams
from gal.ledger import Level
from gal.model import Gateway, Global, Listener, Origin, Policies, Route, RouteOrder

if TYPE_CHECKING:
    from gal.context import ImportContext
    from gal.importers.kong.references import File
    from gal.reading import Document


_HTTP_PORT = 8000
_HTTPS_PORT = 8443
_STREAM_SERVICE = "a service of this protocol takes connections, not HTTP requests"


def build(documents: Sequence[Document], context: ImportContext) -> Gateway:
    """The model of one or several files, which are merged as decK does it.

    Raises:
        InputError: Kong would refuse them.
    """
    file = gather(documents, context)
    root = file.roots[0]
    gateway = Gateway(
        settings=Global(port=_HTTP_PORT, route_order=RouteOrder.KONG),
        policies=Policies(origin=Origin(root, {})),
        origin=Origin(root, {}),
    )
    certificates = read_certificates(file)
    gateway.certificates = certificates.models
    upstreams = read_upstreams(file, certificates)
    gateway.upstreams = list(upstreams.values())
    services = read_services(file, upstreams, certificates)
    gateway.services = list(services.values())
    consumers = read_consumers(file)
    gateway.consumers = list(consumers.values())
    carried: dict[str, Any] = {}
    owners = Owners(gateway, services, {}, consumers, {})
    _read_routes(file, owners, carried)
    guards = group_guards(file, context)
    read_plugins(file, owners, carried, context, guards)
    carry_sections(file, carried, guards)
    if carried:
        gateway.extensions["kong"] = carried
    gateway.listeners = _listeners(gateway)
    return gateway


def _read_routes(file: File, owners: Owners, carried: dict[str, Any]) -> None:
    for entity in file.of("services"):
        if is_stream(entity):
            carry(file, entity, carried, Level.WARNING, _STREAM_SERVICE)
    renamed = distinct_names(file)
    for entity in file.of("routes"):
        service = file.reference(entity, "service", "services")
        reason = is_carried(entity)
        if service is not None and service.key not in owners.services:
            reason = reason or _STREAM_SERVICE
        if reason is not None:
            carry(file, entity, carried, Level.WARNING, reason)
            continue
        route: Route = read_route(file, entity, renamed)
        owners.routes[entity.key] = route
        if service is None:
            owners.gateway.routes.append(route)
        else:
            owners.service_of[entity.key] = service.key
            owners.services[service.key].routes.append(route)


def _listeners(gateway: Gateway) -> list[Listener]:
    """Kong's ports are no part of the file: these are the ones that it has by itself."""
    if not any(one.key is not None and one.server_names for one in gateway.certificates):
        return []
    return [
        Listener("http", port=_HTTP_PORT),
        Listener("https", port=_HTTPS_PORT, protocol="https"),
    ]
