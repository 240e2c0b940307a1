"""Finding the plugins of a file, and where each of them acts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.importers.kong.carried import carry
from gal.importers.kong.fields import take_idle, take_tags
from gal.importers.kong.plugin import Plugin, Scope
from gal.importers.kong.scopes import Instances, Placed
from gal.ledger import Fate, Level
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.kong.references import Entity, File
    from gal.importers.kong.scopes import Owners
    from gal.ledger import Reporter

_NEVER_BY_CONSUMER = frozenset(
    (
        *("acl", "acme", "ai-request-transformer", "basic-auth", "bot-detection", "cors"),
        *("hmac-auth", "jwt", "key-auth", "ldap-auth", "oauth2", "pre-function"),
        *("post-function", "session", "standard-webhooks"),
    )
)
_HTTP = frozenset({"http", "https", "grpc", "grpcs"})
_PROTOCOLS = frozenset({*_HTTP, "tcp", "tls", "udp", "tls_passthrough", "ws", "wss"})
_NARROWER = {"consumer_group": "a consumer group", "model": "a model", "condition": "a condition"}
_KEPT = ("id", "instance_name", "ordering", "partials")


@dataclass(slots=True)
class Placement:
    """All plugins that act, and those that only stay in the file.

    Attributes:
        instances: by name and scope in the model; those of a scope that the model cannot say are
            in `narrow`.
        narrow: plugins for a consumer group and the like.
        idle: plugins that are switched off.
    """

    instances: Instances = field(default_factory=dict)
    narrow: list[Placed] = field(default_factory=list)
    idle: list[Placed] = field(default_factory=list)


@dataclass(slots=True)
class _Found:
    """A plugin with its own scope, before the model's."""

    placed: Placed
    entity: Entity
    scope: Scope


def place(file: File, owners: Owners, carried: dict[str, Any]) -> Placement:
    """Where each plugin acts.

    Args:
        file: the input.
        owners: the model's services, routes and consumers.
        carried: gets the plugins of services and routes that the model cannot say.

    Raises:
        InputError: a plugin stands twice in one scope, or in one that Kong refuses.
    """
    result = Placement()
    by_scope: dict[tuple[str, Scope], list[_Found]] = {}
    for entity in file.of("plugins"):
        found = _find(file, entity, owners, carried)
        if found is None:
            continue
        if found.placed.narrow:
            result.narrow.append(found.placed)
            continue
        name, scope = found.placed.plugin.name, found.scope
        others = by_scope.setdefault((name, scope), [])
        if others:
            raise entity.node.error(
                f"the plugin {name} is there twice in one scope",
                f"the other one stands at {others[0].entity.node.position}",
            )
        others.append(found)
    by_both: dict[str, set[Scope]] = {}
    for (name, _), (found,) in by_scope.items():
        if _is_on(found.entity.node, file, result, found):
            instances = result.instances.setdefault(name, {})
            _register(instances, found, by_both.setdefault(name, set()), file, owners)
    for name, scopes in by_both.items():
        _lift_over_consumers(result.instances[name], scopes, owners)
    return result


def _find(file: File, entity: Entity, owners: Owners, carried: dict[str, Any]) -> _Found | None:
    node = entity.node
    references = {}
    for key, kind in (("route", "routes"), ("service", "services"), ("consumer", "consumers")):
        references[key] = file.reference(entity, key, kind)
    if _of_carried(references, owners):
        message = "it acts on a service or route that only Kong can have"
        carry(file, entity, carried, Level.WARNING, message)
        return None
    name = node.require_str("name")
    if references["consumer"] is not None and name in _NEVER_BY_CONSUMER:
        where = node.peek("consumer") or node
        raise where.error(f"the plugin {name} cannot be bound to a consumer")
    scope = Scope(*(None if one is None else one.key for one in references.values()))
    kept, narrow = _around(node, file)
    in_model = Scope(scope.route, None if scope.route else scope.service, scope.consumer)
    plugin = Plugin(name, node, node.take_mapping("config"), in_model)
    return _Found(Placed(plugin, kept, narrow), entity, scope)


def _of_carried(references: dict[str, Entity | None], owners: Owners) -> bool:
    route, service = references["route"], references["service"]
    return (route is not None and route.key not in owners.routes) or (
        service is not None and service.key not in owners.services
    )


def _around(node: Mapping, file: File) -> tuple[dict[str, Any], dict[str, Any]]:
    """What stands around a plugin's `config`: what to keep, and what narrows its scope."""
    take_idle(node, file.report, "run_on")  # of Kong 1, between the nodes of a mesh
    kept: dict[str, Any] = {}
    for key in _KEPT:
        below = node.take(key)
        if below is not None:
            below.take_all()
            kept[key] = below.plain()
    tags = take_tags(node)
    if tags:
        kept["tags"] = tags
    protocols = _protocols(node)
    if protocols is not None and set(protocols) != _HTTP:
        kept["protocols"] = protocols
    narrow = {}
    for key in _NARROWER:
        below = node.take(key)
        if below is not None:
            below.take_all()
            narrow[key] = below.plain()
    return kept, narrow


def report_kept(placed: Placed, report: Reporter) -> None:
    """Say what is kept for Kong of the object around a plugin's `config`."""
    node = placed.plugin.node
    for key in placed.kept:
        level, message = Level.INFO, "no effect on traffic"
        if key == "ordering":
            level, message = Level.WARNING, "only Kong can have plugins act in another order"
        elif key == "protocols":
            message = "no effect: Kong only asks whether it is HTTP or a stream"
        report.at(node.peek(key), Fate.CARRIED, level, key, message)


def _protocols(node: Mapping) -> list[str] | None:
    if node.peek("protocols") is None:
        node.mark("protocols")
        return None
    protocols = []
    for item in node.take_sequence("protocols"):
        word = item.as_str()
        if word not in _PROTOCOLS:
            raise item.error(f'"{word}" is no protocol')
        protocols.append(word)
    return protocols


def _is_on(node: Mapping, file: File, result: Placement, found: _Found) -> bool:
    """Whether the plugin acts on HTTP at all."""
    protocols = found.placed.kept.get("protocols")
    message = ""
    if not node.take_bool("enabled", True):
        found.placed.kept["enabled"] = False
        message = "it is switched off: the next wider scope's, if any, acts instead"
    elif protocols and not _HTTP & set(protocols):
        message = "it acts on streams only"
    if not message:
        return True
    if found.placed.plugin.config is not None:
        found.placed.plugin.config.take_all()
    result.idle.append(found.placed)
    file.report.at(node, Fate.CARRIED, Level.INFO, "plugins", message)
    return False


def _register(
    instances: dict[Scope, Placed],
    found: _Found,
    both_scopes: set[Scope],
    file: File,
    owners: Owners,
) -> None:
    scope = found.scope
    both = scope.route is not None and scope.service is not None
    message = ""
    other = instances.get(found.placed.scope)
    if both and owners.service_of.get(scope.route or "") != scope.service:
        message = "it never acts: the route is none of the service's"
    elif other is not None and not both:
        message = "it never acts: the one for this route and its service does"
    if message:
        _never(found.placed, file, message)
        return
    if other is not None:
        _never(other, file, "it never acts: the one for this route and its service does")
    instances[found.placed.scope] = found.placed
    if both:
        both_scopes.add(found.placed.scope)


def _never(placed: Placed, file: File, message: str) -> None:
    placed.plugin.node.take_all()
    file.report.at(placed.plugin.node, Fate.DROPPED, Level.WARNING, "plugins", message)


def _lift_over_consumers(
    instances: dict[Scope, Placed], by_both: set[Scope], owners: Owners
) -> None:
    """A plugin for a route and its service goes before one for a consumer alone; in the model the
    consumer's would win. So it is said once more, for that consumer on that route.
    """
    lifted = [placed for scope, placed in instances.items() if scope in by_both]
    consumers = [
        scope.consumer
        for scope in instances
        if scope.consumer is not None and scope.route is None and scope.service is None
    ]
    for placed in lifted:
        route = placed.scope.route
        if placed.scope.consumer is not None or route is None:
            continue
        service = owners.service_of[route]
        for consumer in consumers:
            if Scope(service=service, consumer=consumer) not in instances:
                instances.setdefault(Scope(route=route, consumer=consumer), placed)
