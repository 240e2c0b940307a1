"""Plugins that services and global rules have instead of their routes.

All plugins of a route stand at the route first. What a service's policies make of every one of its
routes moves to the service: APISIX takes a route's plugin before the service's, whole, so that the
same acts as before.
"""

from __future__ import annotations

from dataclasses import replace

from gal.claims import Claims, unwrap
from gal.context import ExportContext
from gal.exporters.apisix.build import RouteBuild, Shared
from gal.exporters.apisix.destinations import Destinations
from gal.exporters.apisix.plugin import Json, Plugins, native
from gal.exporters.apisix.policies import place_policies
from gal.ledger import Ledger, Reporter, Stage
from gal.model import Policies, Route, Service
from gal.scopes import Scopes


def hoist(shared: Shared, destinations: Destinations, builds: list[RouteBuild]) -> list[Json]:
    """Move plugins to services. Returns the global rules that take the place of others."""
    rules = _everywhere(shared, builds) if native(shared) else []
    by_service: dict[int, list[RouteBuild]] = {}
    for build in builds:
        if build.service is not None:
            by_service.setdefault(id(unwrap(build.service)), []).append(build)
    for service in shared.gateway.services:
        written = destinations.written[id(unwrap(service))]
        own = by_service.get(id(unwrap(service)), [])
        policies = unwrap(service.policies)
        if written.entity is None or not own:
            continue
        if policies == Policies() and (len(own) < 2 or native(shared)):
            continue
        made = _made(shared, service, (service.policies, shared.gateway.policies))
        _move(made, own, written.entity)
    return rules


def _everywhere(shared: Shared, builds: list[RouteBuild]) -> list[Json]:
    """Global rules for what every route has from the whole gateway, as APISIX had it."""
    if unwrap(shared.gateway.policies) == Policies() or not builds:
        return []
    made = _made(shared, None, (shared.gateway.policies,))
    rule: Json = {"plugins": {}}
    for name, config in made.items():
        entities = [entity for build in builds for entity in build.entities]
        if all(entity.get("plugins", {}).get(name) == config for entity in entities):
            rule["plugins"][name] = config
            for entity in entities:
                _take_away(entity, name)
    return [rule] if rule["plugins"] else []


def _made(shared: Shared, service: Service | None, levels: tuple[Policies, ...]) -> Plugins:
    """The plugins of a route that has no policies of its own. Nothing is said of it again."""
    silent = Reporter(Ledger(), shared.context.report.provider, Stage.EXPORT)
    context = ExportContext(silent, Claims(), shared.context.options)
    found = tuple(one for one in levels if unwrap(one) != Policies())
    build = RouteBuild(Route(), service, Scopes(found), "")
    place_policies(build, replace(shared, context=context))
    return {} if build.refusal is not None else build.plugins


def _move(made: Plugins, builds: list[RouteBuild], service: Json) -> None:
    entities = [entity for build in builds for entity in build.entities]
    if any(build.refusal is not None for build in builds):
        return
    for name, config in made.items():
        if not all(name in entity.get("plugins", {}) for entity in entities):
            continue
        same = [entity for entity in entities if entity["plugins"][name] == config]
        if not same:
            continue
        service.setdefault("plugins", {})[name] = config
        for entity in same:
            _take_away(entity, name)


def _take_away(entity: Json, name: str) -> None:
    del entity["plugins"][name]
    if not entity["plugins"] and {"service_id", "upstream_id", "upstream"} & entity.keys():
        del entity["plugins"]
