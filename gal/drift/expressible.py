"""What one side's gateway cannot say, told by converting the other side and reading it back.

A difference that is exactly what a conversion makes says nothing about the two files: it is "not
compared". Where it would open something, the whole of what the conversion makes of that place has
to be there, since gateways say an access control in several parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from gal.drift.catalogue import kind_of
from gal.drift.change import NotCompared, Security, Side
from gal.drift.compare.finding import At, Finding, position
from gal.errors import GalError
from gal.model import Gateway, ModelNode, Policies

if TYPE_CHECKING:
    from gal.ledger import Ledger

Item = tuple[Finding, str]
"""A finding, and the object that it is about in words."""

Key = tuple[str, str, str, str, str]

_OWN_FORMAT: Final = "gal"


def key_of(item: Item) -> Key:
    """What makes two findings the same; names of routes, which exporters give, take no part."""
    finding, text = item
    said = ("", "") if finding.field == "routes" else (finding.old, finding.new)
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
    _keys: set[Key] = field(default_factory=set)
    _by_place: dict[str, set[Key]] = field(default_factory=dict)
    _found: set[Key] = field(default_factory=set)

    def learn(self, items: Iterable[Item]) -> None:
        """Keep what the conversion makes."""
        for item in items:
            key = key_of(item)
            self._keys.add(key)
            self._by_place.setdefault(place_of(item[1]), set()).add(key)

    def see(self, items: Iterable[Item]) -> None:
        """Keep what is there of it."""
        self._found = {key for key in map(key_of, items) if key in self._keys}

    def explains(self, item: Item) -> bool:
        """Whether a finding is what the conversion makes."""
        key = key_of(item)
        if key not in self._keys:
            return False
        label = item[0].security or kind_of(item[0].id).security
        if label in (Security.NEUTRAL, Security.STRENGTHENED):
            return True
        return self._by_place[place_of(item[1])] <= self._found

    def reason(self, name: str) -> str:
        """Why it is not compared."""
        known = self.reasons.get(name.partition(".")[0])
        return known or f"a conversion to {self.provider} gives just this"


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
    from gal.convert import read_gateway, write_gateway
    from gal.ledger import Ledger
    from gal.reading import read_documents
    from gal.writing import render

    if provider == _OWN_FORMAT or provider not in {*registry.exporters()} & {*registry.importers()}:
        return None
    ledger = Ledger()
    try:
        files = write_gateway(gateway, provider, ledger)
        documents = [
            document
            for file in files
            for document in read_documents(render(file.data, "json"), file.name, "json")
            if registry.importer(provider).recognise(document)
        ]
        read = read_gateway(documents, source=provider)
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
    found: dict[str, str] = {}
    for entry in ledger.sorted():
        found.setdefault(entry.feature.partition(":")[0], entry.message)
    return found


# -- what only one gateway knows


def foreign(gateway: Gateway, side: Side, other: str, found: Uncompared) -> None:
    """Count the plugins and extensions of a side that the other side's gateway cannot have."""
    owners: list[tuple[ModelNode, Policies]] = [(gateway, gateway.policies)]
    owners += [(one, one.policies) for one in gateway.services]
    owners += [(one, one.policies) for _, one in gateway.walk_routes()]
    owners += [(one, one.policies) for one in gateway.consumers]
    for owner, policies in owners:
        for provider, plugins in policies.plugins.items():
            for plugin in plugins if provider != other else []:
                _plugin(plugin, side, other, found, (policies, "plugins"))
        for provider in getattr(owner, "extensions", {}):
            if provider != other:
                kind = type(owner).__name__.lower()
                reason = f"only {provider} knows these settings"
                at = (owner, "extensions")
                found.add(f"extensions of a {kind}", side, other, reason, at)


def _plugin(plugin: object, side: Side, other: str, found: Uncompared, at: At) -> None:
    from gal.drift.compare.opaque import plugin_name

    reason = "the model does not know it"
    found.add(f"plugin {plugin_name(plugin)}", side, other, reason, at)
