"""What one side's gateway cannot say, told by converting the other side and reading it back.

A difference that is exactly what a conversion makes says nothing about the two files: it is "not
compared". Where it would open something, the whole of what the conversion makes of that place has
to be there, since gateways say an access control in several parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from gal.drift.atoms import in_words
from gal.drift.catalogue import kind_of
from gal.drift.change import NotCompared, Security, Side
from gal.drift.compare.finding import At, Finding, position
from gal.errors import GalError
from gal.ledger import Ledger, Level
from gal.model import Gateway, ModelNode, Policies
from gal.naming import plugin_name

if TYPE_CHECKING:
    from gal.drift.effective import SideView

Item = tuple[Finding, str]
"""A finding, and the object that it is about in words."""

Key = tuple[str, str, str, str, str]

_OWN_FORMAT: Final = "gal"
_ROUTES: Final = "routes"
_WITHOUT_PORTS: Final = ("kong", "apisix")
"""Gateways whose administration is set elsewhere."""

Plugins = dict[str, frozenset[str]]
"""Names of plugins that the model does not know, by the place of the route that they act on."""


def key_of(item: Item) -> Key:
    """What makes two findings the same; names of routes, which exporters give, take no part."""
    finding, text = item
    said = ("", "") if finding.field == _ROUTES else (finding.old, finding.new)
    return finding.id, finding.field, *said, text


def place_of(text: str) -> str:
    """The object without conditions and schemes, which is how parts of one control differ."""
    return text.partition(" [")[0].partition(" by http")[0]


@dataclass(slots=True)
class Expected:
    """The findings that a conversion makes.

    Attributes:
        side: the side that was converted.
        provider: the gateway that it was converted to.
        reasons: what the conversion says of a field, by the field's first part.
    """

    side: Side
    provider: str
    reasons: dict[str, str]
    _keys: dict[Key, set[str]] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)
    _by_place: dict[str, set[Key]] = field(default_factory=dict)
    _found: set[Key] = field(default_factory=set)
    _unknown: dict[str, frozenset[str]] = field(default_factory=dict)

    def require(self, made: Plugins, there: Plugins) -> None:
        """Keep where the conversion says a control in plugins that the model does not know, and
        the other side does not have them: nothing that opens is explained there.

        Args:
            made: of the conversion, by place.
            there: of the other side.
        """
        for place, names in made.items():
            if not names <= there.get(place, frozenset()):
                self._unknown[place] = names

    def learn(self, items: Iterable[Item]) -> None:
        """Keep what the conversion makes."""
        for item in items:
            key = key_of(item)
            self._keys.setdefault(key, set()).update(item[0].detail)
            self._by_place.setdefault(place_of(item[1]), set()).add(key)

    def see(self, items: Iterable[Item]) -> None:
        """Keep what is there of it."""
        there = list(items)
        self._told = {one.text for one, _ in there if one.field != _ROUTES}
        self._found = {key_of(item) for item in there if self._is_made(item)}

    def _is_made(self, item: Item) -> bool:
        """Whether the conversion makes a finding, with nothing in it that is told nowhere else."""
        details = self._keys.get(key_of(item))
        return details is not None and {*item[0].detail} <= details | self._told

    def explains(self, item: Item) -> bool:
        """Whether a finding is what the conversion makes."""
        if not self._is_made(item):
            return False
        label = item[0].security or kind_of(item[0].id).security
        if label in (Security.NEUTRAL, Security.STRENGTHENED) or item[0].id == "D100":
            return True
        place = place_of(item[1])
        return place not in self._unknown and self._by_place[place] <= self._found

    def reason(self, name: str) -> str:
        """Why it is not compared."""
        known = self.reasons.get(name.partition(".")[0])
        return known or f"a conversion to {self.provider} makes the same difference"


@dataclass(slots=True)
class Uncompared:
    """Counts what is not compared, by topic."""

    _found: dict[tuple[str, Side, str, str], tuple[int, At]] = field(default_factory=dict)

    def add(self, topic: str, side: Side, provider: str, reason: str, at: At) -> None:
        """One more object."""
        key = topic, side, provider, reason
        count, first = self._found.get(key, (0, at))
        self._found[key] = count + 1, first

    def listed(self) -> Iterator[NotCompared]:
        """Every topic with its count, sorted."""
        for (topic, side, provider, reason), (count, at) in sorted(
            self._found.items(), key=lambda one: (one[0][1].value, one[0][0], one[0][3])
        ):
            yield NotCompared(topic, side, provider, reason, count, position(at))


def converted(gateway: Gateway, provider: str) -> tuple[Gateway, dict[str, str]] | None:
    """A model written for a gateway and read back, and what was said about it by feature; None
    where it cannot be done.
    """
    from gal import registry
    from gal.convert import write_gateway
    from gal.drift.conversion import read_back

    if provider == _OWN_FORMAT or provider not in {*registry.exporters()} & {*registry.importers()}:
        return None
    ledger = Ledger()
    try:
        read = read_back(write_gateway(gateway, provider, ledger), provider, "json")
    except GalError:
        return None
    return read.gateway, _reasons(ledger)


def part_of(gateway: Gateway, routes: set[int]) -> Gateway:
    """The model with only some of its routes.

    Args:
        gateway: the model, which stays as it is.
        routes: identities of the routes.
    """
    services = []
    for service in gateway.services:
        kept = [route for route in service.routes if id(route) in routes]
        services += [replace(service, routes=kept)] if kept or not service.routes else []
    own = [route for route in gateway.routes if id(route) in routes]
    named = {route.upstream for route in own} | {
        backend.upstream for _, route in gateway.walk_routes() for backend in route.backends
    }
    services += [
        replace(one, routes=[])
        for one in gateway.services
        if one.name in named and not any(one.name == kept.name for kept in services)
    ]
    return replace(gateway, services=services, routes=own)


def _reasons(ledger: Ledger) -> dict[str, str]:
    """What was said of a feature, where that is one thing only."""
    found: dict[str, set[str]] = {}
    for entry in ledger.sorted():
        if entry.level is not Level.INFO:
            found.setdefault(entry.feature.partition(":")[0], set()).add(entry.message)
    return {feature: said.pop() for feature, said in found.items() if len(said) == 1}


# -- what only one gateway knows


def plugins_of(side: SideView) -> Plugins:
    """The plugins of every route that has any that the model does not know."""
    found: Plugins = {}
    for place in side.places:
        names = frozenset(
            plugin_name(plugin)
            for policies, _, _ in place.levels
            for plugin in policies.plugins.get(side.provider, ())
        )
        if names:
            for text in in_words(place.atoms):
                found[place_of(text)] = found.get(place_of(text), frozenset()) | names
    return found


def foreign(
    gateway: Gateway, side: Side, other: str, own: tuple[str, ...], found: Uncompared
) -> None:
    """Count the plugins and extensions of a side that the other side's gateway cannot have.

    Args:
        gateway: of that side.
        side: which one.
        other: the other side's gateway.
        own: gateways whose settings are compared.
        found: where they are counted.
    """
    known = {other, *own}
    if gateway.settings.admin_port is not None and other in _WITHOUT_PORTS:
        reason = f"ports are no part of a file for {other}"
        found.add("administration", side, other, reason, (gateway.settings, "admin_port"))
    owners: list[tuple[ModelNode, Policies]] = [(gateway, gateway.policies)]
    owners += [(one, one.policies) for one in gateway.services]
    owners += [(one, one.policies) for _, one in gateway.walk_routes()]
    owners += [(one, one.policies) for one in gateway.consumers]
    for owner, policies in owners:
        for provider, plugins in policies.plugins.items():
            for plugin in plugins if provider not in known else []:
                _plugin(plugin, side, other, found, (policies, "plugins"))
        for provider in getattr(owner, "extensions", {}):
            if provider not in known:
                kind = type(owner).__name__.lower()
                reason = f"only {provider} knows these settings"
                at = (owner, "extensions")
                found.add(f"extensions of a {kind}", side, other, reason, at)


def _plugin(plugin: object, side: Side, other: str, found: Uncompared, at: At) -> None:
    reason = "the model does not know it"
    found.add(f"plugin {plugin_name(plugin)}", side, other, reason, at)
