"""The scopes of the model, with the objects of the file that stand for them."""

from __future__ import annotations

from gal.claims import unwrap
from gal.exporters.kong.build import Build, Json, kept
from gal.exporters.kong.instance import Scope
from gal.exporters.kong.routes import RouteBuild
from gal.exporters.kong.services import Services
from gal.model import Consumer, Policies, ScopedPolicies

_NOTHING = Policies()


def scopes_of(
    build: Build, services: Services, routes: list[RouteBuild], consumers: list[Json]
) -> tuple[Scope, list[Scope]]:
    """The tree of the gateway, its services and routes, and the scopes of consumers."""
    gateway = build.gateway
    root = Scope(gateway.policies, _levels(gateway.policies))
    by_service: dict[int, Scope] = {}
    for service in gateway.services:
        levels = _levels(service.policies, gateway.policies)
        scope = Scope(service.policies, levels, service=service)
        scope.owners = services.all_of(service)
        by_service[id(service)] = scope
        root.children.append(scope)
    by_route: dict[str, RouteBuild] = {}
    for made in routes:
        parent = root if made.service is None else by_service.get(id(made.service), root)
        above = () if parent is root else (parent.own,)
        levels = _levels(made.route.policies, *above, gateway.policies)
        scope = Scope(made.route.policies, levels, service=made.service, route=made)
        scope.owners = made.entities
        parent.children.append(scope)
        if made.route.name is not None:
            by_route.setdefault(made.route.name, made)
    narrow = _of_consumers(build, consumers)
    known = {scope.service.name: scope for scope in root.children if scope.service is not None}
    for scoped in gateway.scoped_policies:
        found = _scoped(build, scoped, by_route, known)
        if found is not None:
            narrow.append(found)
    return root, narrow


def _levels(*policies: Policies) -> tuple[Policies, ...]:
    return tuple(one for one in policies if unwrap(one) != _NOTHING)


def _of_consumers(build: Build, entities: list[Json]) -> list[Scope]:
    found = []
    for consumer, entity in zip(build.gateway.consumers, entities, strict=True):
        if unwrap(consumer.policies) == _NOTHING:
            continue
        levels = _levels(consumer.policies, build.gateway.policies)
        scope = Scope(consumer.policies, levels, owners=[entity], consumer=True)
        found.append(scope)
    return found


def _scoped(
    build: Build,
    scoped: ScopedPolicies,
    by_route: dict[str, RouteBuild],
    by_service: dict[str | None, Scope],
) -> Scope | None:
    gateway = build.gateway
    consumer = next((one for one in gateway.consumers if one.name == scoped.consumer), None)
    made = by_route.get(scoped.route or "")
    service = by_service.get(scoped.service) if scoped.service is not None else None
    missing = consumer is None or (scoped.route is not None and made is None)
    if missing or consumer is None or (scoped.service is not None and service is None):
        message = "there is no such consumer, service or route: it never acts"
        build.report.dropped(scoped, "scoped_policies", message)
        build.context.claims.claim(scoped)
        return None
    above: list[Policies] = [scoped.policies]
    if made is not None:
        above += _of_service(gateway.scoped_policies, scoped, made)
    above.append(consumer.policies)
    references: list[Json] = []
    name = _named(consumer)
    if made is not None:
        above.append(made.route.policies)
        above += [made.service.policies] if made.service is not None else []
        references = [{"route": one["name"], "consumer": name} for one in made.entities]
        owner = made.service
    else:
        owner = None if service is None else service.service
        above += [service.own] if service is not None else []
        owners = [] if service is None else service.owners
        references = [{"service": one["name"], "consumer": name} for one in owners]
    scope = Scope(scoped.policies, _levels(*above, gateway.policies), references=references)
    scope.consumer, scope.service = True, owner
    return scope


def _of_service(
    others: list[ScopedPolicies], scoped: ScopedPolicies, made: RouteBuild
) -> list[Policies]:
    name = None if made.service is None else made.service.name
    if name is None:
        return []
    return [
        one.policies
        for one in others
        if one.consumer == scoped.consumer and one.route is None and one.service == name
    ]


def _named(consumer: Consumer) -> str:
    unnamed = "username" in kept(consumer.extensions)
    return consumer.id or consumer.name if unnamed else consumer.name
