"""One plugin of a Kong file, with the scope that it acts in."""

from __future__ import annotations

from dataclasses import dataclass

from gal.model import Extensions, Origin
from gal.reading import Mapping, Node

NO_NAMES: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Scope:
    """What a plugin is bound to: the keys of its route, service and consumer, unset for all.

    Attributes:
        route: key of the route's entity.
        service: key of the service's entity.
        consumer: key of the consumer's entity.
    """

    route: str | None = None
    service: str | None = None
    consumer: str | None = None


@dataclass(frozen=True, slots=True)
class Plugin:
    """One plugin (https://developer.konghq.com/gateway/entities/plugin/).

    Attributes:
        name: such as `rate-limiting`.
        node: the plugin's object in the file.
        config: its `config`, or None where it has none.
        scope: what it is bound to.
    """

    name: str
    node: Mapping
    config: Mapping | None
    scope: Scope

    def origin(self, names: dict[str, str] = NO_NAMES) -> Origin:
        """Where the policy stands that this plugin became. `names` are paths from the plugin's
        object, such as `config.minute`.
        """
        return Origin(self.node, names)

    def extensions(self, *keys: str) -> Extensions:
        """Settings of `config` that only Kong knows, to be carried."""
        kept = {}
        for key in keys:
            below: Node | None = self.config.take(key) if self.config is not None else None
            if below is not None:
                below.take_all()
                kept[key] = below.plain()
        return {"kong": kept} if kept else {}
