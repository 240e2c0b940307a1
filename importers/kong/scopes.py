"""Which instance of a plugin acts where, in the model's scopes.

Of all instances of a plugin that apply to a request, Kong runs the most specific one: by route,
service and consumer; route and consumer; service and consumer; route and service; consumer; route;
service; and last the one for everything. The model knows the same scopes except for the one of
route and service, which is the route's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.importers.kong.plugin import Plugin, Scope
from gal.model import Gateway, ModelNode, Origin, Policies, ScopedPolicies
from gal.reading import Sequence

if TYPE_CHECKING:
    from gal.model import Consumer, Route, Service

EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Placed:
    """A plugin that acts.

    Attributes:
        plugin: with its scope in the model.
        kept: what is kept of the object around its `config`, for Kong.
        narrow: parts of its scope that the model cannot say, such as a consumer group.
    """

    plugin: Plugin
    kept: dict[str, Any] = field(default_factory=dict)
    narrow: dict[str, Any] = field(default_factory=dict)

    @property
    def scope(self) -> Scope:
        """Where it acts."""
        return self.plugin.scope

    def plain(self) -> dict[str, Any]:
        """The plugin as Kong has it, without its scope."""
        found = {"name": self.plugin.name, **self.narrow, **self.kept}
        if self.plugin.config is not None:
            found["config"] = self.plugin.config.plain()
        return found


Instances = dict[str, dict[Scope, Placed]]
"""The instances that act, by the plugin's name and scope."""


def chain(scope: Scope, service_of: Mapping[str, str]) -> Iterator[Scope]:
    """A scope and all wider ones that it inherits from, most specific first.

    Args:
        scope: one of the model's scopes.
        service_of: a route's service, by their keys.
    """
    service = service_of.get(scope.route) if scope.route is not None else scope.service
    for consumer in (scope.consumer, None) if scope.consumer is not None else (None,):
        if consumer is None and scope.consumer is not None:
            yield Scope(consumer=scope.consumer)
        if scope.route is not None:
            yield Scope(route=scope.route, consumer=consumer)
        if service is not None:
            yield Scope(service=service, consumer=consumer)
    yield EVERYTHING


def effective(
    instances: Mapping[Scope, Placed], scope: Scope, service_of: Mapping[str, str]
) -> Placed | None:
    """The instance that acts in a scope, its own or an inherited one."""
    for wider in chain(scope, service_of):
        if wider in instances:
            return instances[wider]
    return None


@dataclass(slots=True)
class Acting:
    """The scopes in which something is said, to find those that another scope hides.

    Attributes:
        scopes: all of them.
        for_all: whether any of them is for no single consumer.
        consumers: how many of them are for a consumer.
    """

    scopes: set[Scope]
    for_all: bool
    consumers: dict[str | None, int]

    @classmethod
    def of(cls, scopes: Iterable[Scope]) -> Acting:
        """Count the scopes."""
        found = set(scopes)
        consumers = Counter(scope.consumer for scope in found)
        return cls(found, consumers[None] > 0, consumers)

    def hidden_by(self, scope: Scope, service_of: Mapping[str, str]) -> bool:
        """Whether any of them could act on a request of this scope, were it not for the scope."""
        if scope.consumer is not None:
            own = 1 if scope in self.scopes else 0
            return self.for_all or self.consumers.get(scope.consumer, 0) > own
        wider = set(chain(scope, service_of)) - {scope}
        return not wider.isdisjoint(self.scopes)


def by_route(scope: Scope) -> tuple[str, str, str]:
    """Order of scopes that does not depend on anything but the input."""
    return (scope.consumer or "", scope.service or "", scope.route or "")


@dataclass(slots=True)
class Owners:
    """The parts of the model that have policies.

    Attributes:
        gateway: the whole.
        services: by the keys of their entities.
        routes: by the keys of their entities.
        consumers: by the keys of their entities.
        service_of: a route's service, by their keys.
        scoped: policies for a consumer on a service or route.
    """

    gateway: Gateway
    services: dict[str, Service]
    routes: dict[str, Route]
    consumers: dict[str, Consumer]
    service_of: dict[str, str]
    scoped: dict[Scope, ScopedPolicies] = field(default_factory=dict)

    def policies(self, scope: Scope) -> Policies:
        """The policies of a scope."""
        if scope.consumer is None:
            if scope.route is not None:
                return self.routes[scope.route].policies
            if scope.service is not None:
                return self.services[scope.service].policies
            return self.gateway.policies
        if scope.route is None and scope.service is None:
            return self.consumers[scope.consumer].policies
        found = self.scoped.get(scope)
        if found is None:
            found = self.scoped[scope] = self._scoped(scope)
            self.gateway.scoped_policies.append(found)
        return found.policies

    def _scoped(self, scope: Scope) -> ScopedPolicies:
        consumer = self.consumers[scope.consumer or ""]
        found = ScopedPolicies(consumer.name)
        if scope.route is not None:
            route = self.routes[scope.route]
            route.name = route.name or _made_name(route, scope.route)
            found.route = route.name
        else:
            service = self.services[scope.service or ""]
            service.name = service.name or _made_name(service, scope.service or "")
            found.service = service.name
        return found

    def put(self, scope: Scope, name: str, policy: object, plugin: Plugin) -> None:
        """Set one of the policies of a scope, and note where it stands."""
        policies = self.policies(scope)
        setattr(policies, name, policy)
        origin, above = policies.origin, plugin.node.parent
        if isinstance(origin, Origin) and isinstance(above, Sequence):
            names = origin.names
            if above.parent is origin.node and isinstance(names, dict):
                names[name] = f"plugins.{plugin.node.key}"


def _made_name(node: ModelNode, key: str) -> str:
    """A name for what has none, because a policy has to name it."""
    return getattr(node, "id", None) or key.replace("#", "-")
