"""The whole file (https://developer.konghq.com/gateway/db-less-mode/)."""

from __future__ import annotations

from typing import Any

from gal.context import ExportContext
from gal.exporters.kong.authentication import ANONYMOUS, Authentications
from gal.exporters.kong.build import Build, Json, kept
from gal.exporters.kong.certificates import write_certificates
from gal.exporters.kong.consumers import consumer_entity, holds_hashes
from gal.exporters.kong.inline import InlineConsumers
from gal.exporters.kong.plugins import write_plugins
from gal.exporters.kong.routes import write_routes
from gal.exporters.kong.scopes import scopes_of
from gal.exporters.kong.services import Services
from gal.ledger import Fate, Level
from gal.model import Gateway

_SECTIONS = (
    "services",
    "routes",
    "upstreams",
    "consumers",
    "certificates",
    "ca_certificates",
    "plugins",
)
_KONG_PORTS = (8000, 10000)


def document(gateway: Gateway, context: ExportContext) -> dict[str, Any]:
    """The file as plain data."""
    build = Build(gateway, context)
    hashes = holds_hashes(build)
    _reserve_names(build)
    certificates = write_certificates(build)
    services = Services(build, certificates)
    services.prepare()
    for service in gateway.services:
        services.primary(service)
    routes = write_routes(build, services)
    consumers = [consumer_entity(one, build, hashes=hashes) for one in gateway.consumers]
    build.section("consumers").extend(consumers)
    inline = InlineConsumers(build, hashes)
    inline.prepare()
    authentications = Authentications(build, inline)
    tree, narrow = scopes_of(build, services, routes, consumers)
    write_plugins(build, authentications, tree, narrow)
    build.section("consumers").extend(inline.entities.values())
    if authentications.needs_anonymous:
        build.section("consumers").append(_anonymous())
    _settings(build)
    return _assembled(build, hashes=hashes)


def _reserve_names(build: Build) -> None:
    """What is carried for Kong keeps its names."""
    carried = kept(build.gateway.extensions)
    for section, names in (("services", build.service_names), ("routes", build.route_names)):
        for entity in _list(carried.get(section)):
            if isinstance(entity, dict) and isinstance(entity.get("name"), str):
                names.reserve(entity["name"])


def _anonymous() -> Json:
    refusal = {"status_code": 401, "message": "Unauthorized"}
    plugin = {"name": "request-termination", "config": refusal}
    return {"username": ANONYMOUS, "plugins": [plugin]}


def _settings(build: Build) -> None:
    settings, gateway = build.gateway.settings, build.gateway
    _ = gateway.provider  # it only says what `gal generate` writes for
    listen = build.context.options.listen
    host, port = settings.host, settings.port
    usual = host == "0.0.0.0" and port in _KONG_PORTS and listen is None
    for listener in gateway.listeners:
        usual = usual and (build.native or listener.port in (8000, 8443))
        build.context.claims.claim(listener)
    if not usual or settings.admin_port is not None:
        message = "Kong's ports are no part of this file: set proxy_listen and admin_listen"
        build.report.about(settings, Fate.DROPPED, Level.INFO, "listeners", message)


def _assembled(build: Build, *, hashes: bool) -> dict[str, Any]:
    carried = kept(build.gateway.extensions)
    data: dict[str, Any] = {"_format_version": "3.0"}
    if hashes:
        data["_transform"] = False
    for name in _SECTIONS:
        entries = [*build.root.get(name, []), *_list(carried.get(name))]
        if entries:
            data[name] = entries
    data.update({name: entries for name, entries in carried.items() if name not in _SECTIONS})
    return data


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
