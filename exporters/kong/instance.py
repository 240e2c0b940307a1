"""Plugins of the file, and the scopes that they act in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from gal.claims import unwrap
from gal.exporters.kong.build import AROUND, Json, kept
from gal.exporters.kong.routes import RouteBuild
from gal.model import Extensions, Policies, Policy, Service

P = TypeVar("P", bound=Policy)


@dataclass(slots=True)
class Instance:
    """One plugin (https://developer.konghq.com/gateway/entities/plugin/).

    Attributes:
        name: such as `rate-limiting`.
        config: its settings.
        around: what stands beside `config`.
        narrow: what binds it to more than the scope: a consumer, a consumer group.
    """

    name: str
    config: Json = field(default_factory=dict)
    around: Json = field(default_factory=dict)
    narrow: Json = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What there can be one of in a scope."""
        if not self.narrow:
            return self.name
        return f"{self.name} {json.dumps(self.narrow, sort_keys=True, default=str)}"

    def entity(self) -> Json:
        """The plugin's object."""
        written = {"name": self.name, **self.narrow, **self.around}
        if self.config:
            written["config"] = self.config
        return written


def split(extensions: Extensions) -> tuple[Json, Json]:
    """What is kept of a plugin: (beside its `config`, in its `config`)."""
    values = kept(extensions)
    around = {key: values.pop(key) for key in AROUND if key in values}
    values.pop("plugins", None)
    return around, values


@dataclass(eq=False, slots=True)
class Scope:
    """Where policies act.

    Attributes:
        own: the policies of this scope.
        levels: the policies of this scope and of all wider ones, the most specific first.
        children: the narrower scopes that inherit from this one.
        owners: objects of the file that the plugins are nested in; none is the file itself.
        references: what the plugins name instead, such as a consumer and a route.
        service: the service, for those within one.
        routes: what is known of the route, for one.
        consumer: whether it is for one consumer.
    """

    own: Policies
    levels: tuple[Policies, ...]
    children: list[Scope] = field(default_factory=list)
    owners: list[Json] = field(default_factory=list)
    references: list[Json] = field(default_factory=list)
    service: Service | None = None
    route: RouteBuild | None = None
    consumer: bool = False

    def find(self, kind: Callable[[Policies], P | None]) -> P | None:
        """The policy of one kind that acts, or None where there is none or it is off."""
        for policies in self.levels:
            if kind(unwrap(policies)) is None:
                continue  # asked of the node itself: most levels say nothing of most kinds
            policy = kind(policies)
            if policy is not None:
                return policy if policy.enabled else None
        return None
