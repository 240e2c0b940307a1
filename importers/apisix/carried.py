"""What the model cannot say and keeps for APISIX: routes, and whole sections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.ledger import Fate, Level
from gal.model import Authentication, Guard, Policies

if TYPE_CHECKING:
    from gal.importers.apisix.file import Entity, File
    from gal.importers.apisix.placing import Placing
    from gal.importers.apisix.plugin import Plugins
    from gal.model import Gateway, Route

_SECTIONS = {
    "secrets": (Level.INFO, "references $secret://... into it stay as they are"),
    "stream_routes": (Level.WARNING, "it takes connections, not HTTP requests"),
    "protos": (Level.INFO, "no effect on traffic by itself"),
    "plugin_metadata": (Level.INFO, "settings of plugins for the whole gateway: see the plugins"),
}
_REFUSES = "; others refuse everybody who fits the rest"
STAND_IN = "route"
"""Name of the guard on what stands for such a route elsewhere; it is no plugin."""


def carry_route(
    file: File,
    gateway: Gateway,
    entity: Entity,
    reason: str | None,
    plugins: Plugins,
    placing: Placing,
) -> bool:
    """Keep a route that the model cannot say. Without it nothing is matched that was not before.

    Args:
        file: the input.
        gateway: gets it in its extensions.
        entity: the route.
        reason: why; None for one that is switched off.
        plugins: what acts on it.
        placing: says which of these are access controls.

    Returns:
        Whether it controls access, so that its requests must find no other route.
    """
    node = entity.node
    node.take_all()
    kept = node.plain()
    if entity.service is not None:
        name = entity.service.node.peek("name")
        kept["service"] = entity.service.id or (name.as_str() if name is not None else None)
    _section(gateway, "routes").append(kept)
    closes = reason is not None and any(placing.closes(plugin) for plugin in plugins.values())
    level, message = Level.INFO, "it is switched off (status 0)"
    if reason is not None:
        level, message = Level.WARNING, f"only APISIX can say this route: {reason}"
    message += _REFUSES if closes else ""
    file.report.at(node, Fate.CARRIED, level, "routes", message)
    return closes


def stand_in(gateway: Gateway, route: Route, reason: str) -> None:
    """Have a route that takes at least what one takes that the model cannot say, and that lets in
    nobody: a wider route would let them in without its access control.
    """
    if any(_is_unsaid(host) for host in route.hosts):
        route.hosts = []
    guard = Guard(STAND_IN, "apisix", {"cannot": reason}, origin=route.origin)
    origin = route.policies.origin
    authentication = Authentication(guards=[guard], origin=route.origin)
    route.policies = Policies(authentication=authentication, origin=origin)
    gateway.routes.append(route)


def _is_unsaid(host: str) -> bool:
    return host.startswith("*") and not host.startswith("*.")


def carry_sections(file: File, gateway: Gateway) -> None:
    """Keep all objects that have no place in the model."""
    for kind, (level, message) in _SECTIONS.items():
        for entity in file.of(kind):
            node = entity.node
            node.take_all()
            kept: Any = node.plain()
            if entity.id is not None and isinstance(kept, dict):
                kept.setdefault("id", entity.id)
            _section(gateway, kind).append(kept)
            file.report.at(node, Fate.CARRIED, level, kind, message)


def _section(gateway: Gateway, kind: str) -> list[Any]:
    found: list[Any] = gateway.extensions.setdefault("apisix", {}).setdefault(kind, [])
    return found
