"""Policies of consumers: which of them have any on a route."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from gal.claims import unwrap
from gal.exporters.envoy.build import RouteBuild, Shared
from gal.model import Consumer, Gateway, Policies, Policy

P = TypeVar("P", bound=Policy)
Levels = dict[str, tuple[Policies, ...]]
"""By the consumer's name, in the order of the consumers: its policies, the most specific first."""

_NONE = Policies()


@dataclass(slots=True)
class _Index:
    """The policies by what they are bound to, sorted once; and the levels by route and service."""

    own: Levels = field(default_factory=dict)
    by_route: dict[str, Levels] = field(default_factory=dict)
    by_service: dict[str, Levels] = field(default_factory=dict)
    merged: dict[tuple[str | None, str | None], Levels] = field(default_factory=dict)
    scoped: set[str] = field(default_factory=set)
    filled: bool = False

    def fill(self, gateway: Gateway) -> None:
        self.filled = True
        for consumer in gateway.consumers:
            if unwrap(consumer.policies) != _NONE:
                self.own[consumer.name] = (consumer.policies,)
        for scoped in gateway.scoped_policies:
            target = self.own
            if scoped.route is not None:
                target = self.by_route.setdefault(scoped.route, {})
            elif scoped.service is not None:
                target = self.by_service.setdefault(scoped.service, {})
            self.scoped.add(scoped.consumer)
            target[scoped.consumer] = (*target.get(scoped.consumer, ()), scoped.policies)


def consumer_levels(build: RouteBuild, shared: Shared) -> Levels:
    """The policies of all consumers that have any on a route. Routes without policies of their own
    for consumers share one answer.
    """
    index = _index(shared)
    route = build.route.name if build.route.name in index.by_route else None
    service = build.service.name if build.service is not None else None
    if service not in index.by_service:
        service = None
    key = (route, service)
    if key not in index.merged:
        merged: Levels = {}
        for levels in (
            index.by_route.get(route or "", {}),
            index.by_service.get(service or "", {}),
            index.own,
        ):
            for name, found in levels.items():
                merged[name] = (*merged.get(name, ()), *found)
        index.merged[key] = merged
    return index.merged[key]


def has_scoped(name: str, shared: Shared) -> bool:
    """Whether a consumer has policies for certain routes or services."""
    return name in _index(shared).scoped


def _index(shared: Shared) -> _Index:
    index = shared.state(_Index)
    if not index.filled:
        index.fill(shared.gateway)
    return index


def policies_of(consumer: Consumer, build: RouteBuild, shared: Shared) -> tuple[Policies, ...]:
    """A consumer's policies on a route, the most specific first."""
    return consumer_levels(build, shared).get(consumer.name, ())


def first(levels: tuple[Policies, ...], kind: Callable[[Policies], P | None]) -> P | None:
    """The policy of one kind that acts; None where there is none or it is switched off."""
    for policies in levels:
        policy = kind(policies)
        if policy is not None:
            return policy if policy.enabled else None
    return None
