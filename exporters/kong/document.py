"""The whole file (https://developer.konghq.com/gateway/db-less-mode/)."""

from __future__ import annotations

from typing import Any

from gal.claims import unwrap
from gal.context import ExportContext
from gal.exporters.kong.authentication import ANONYMOUS, Authentications
from gal.exporters.kong.build import Build, Json, kept
from gal.exporters.kong.certificates import write_certificates
from gal.exporters.kong.consumers import consumer_entity, holds_hashes
from gal.exporters.kong.inline import InlineConsumers
from gal.exporters.kong.listeners import listeners_of, report_listeners
from gal.exporters.kong.plugins import write_plugins
from gal.exporters.kong.routes import write_routes
from gal.exporters.kong.scopes import scopes_of
from gal.exporters.kong.services import Services
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


def document(gateway: Gateway, context: ExportContext) -> dict[str, Any]:
    """The file as plain data."""
    build = Build(gateway, context)
    hashes = holds_hashes(build)
    _reserve_names(build)
    certificates = write_certificates(build)
    services = Services(build, certificates)
    services.prepare()
    services.write_first()
    routes = write_routes(build, services, listeners_of(build))
    services.write_rest()
    services.breakers.report()
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
    _ = gateway.provider  # it only says what `gal generate` writes for
    report_listeners(build)
    _report_capitals(build)
    return _assembled(build, hashes=hashes)


def _reserve_names(build: Build) -> None:
    """What is carried for Kong keeps its names."""
    for service in build.gateway.services:
        build.service_names.expect(service.name or "")
    for _, route in build.gateway.walk_routes():
        build.route_names.expect(route.name or "")
    carried = kept(build.gateway.extensions)
    for section, names in (("services", build.service_names), ("routes", build.route_names)):
        for entity in _list(carried.get(section)):
            if isinstance(entity, dict) and isinstance(entity.get("name"), str):
                names.reserve(entity["name"])


def _report_capitals(build: Build) -> None:
    """Say once that Kong tells letters in hosts apart, where other hosts find another route."""
    routes = [unwrap(route) for _, route in build.gateway.walk_routes()]
    named = [route for route in routes if any(map(str.isalpha, "".join(route.hosts)))]
    if build.native or not named or all(route.hosts for route in routes):
        return
    message = "in capital letters its hosts are others to Kong, and find a route for any host"
    build.report.approximated(named[0], "route", message, "hosts")


def _anonymous() -> Json:
    refusal = {"status_code": 401, "message": "Unauthorized"}
    plugin = {"name": "request-termination", "config": refusal}
    return {"username": ANONYMOUS, "plugins": [plugin]}


def _assembled(build: Build, *, hashes: bool) -> dict[str, Any]:
    carried = kept(build.gateway.extensions)
    data: dict[str, Any] = {"_format_version": "3.0"}
    if hashes:
        data["_transform"] = False
    carried["routes"] = _loose(build, carried)
    for name in _SECTIONS:
        entries = [*build.root.get(name, []), *_list(carried.get(name))]
        if entries:
            data[name] = entries
    data.update({name: entries for name, entries in carried.items() if name not in _SECTIONS})
    return data


def _loose(build: Build, carried: Json) -> list[Any]:
    """Carried routes without those that go into their services: for routes outside, Kong takes the
    name of a service as a text, and decK as an object.
    """
    if "services" in carried:
        carried["services"] = [dict(one) for one in _list(carried["services"])]  # not the model's
    services = [*build.root.get("services", []), *_list(carried.get("services"))]
    known = {one[key]: one for one in services for key in ("id", "name") if key in one}
    loose = []
    for route in _list(carried.get("routes")):
        named = route.get("service") if isinstance(route, dict) else None
        owner = known.get(named) if isinstance(named, str) else None
        if owner is None:
            loose.append(route)
        else:
            nested = {key: value for key, value in route.items() if key != "service"}
            owner["routes"] = [*_list(owner.get("routes")), nested]
    return loose


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
