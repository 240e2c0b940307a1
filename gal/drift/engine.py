"""The difference in meaning between two models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from gal.drift import entering
from gal.drift.atoms import in_words
from gal.drift.change import Change, Drift, Level, Side, Unmatched, worst_first
from gal.drift.compare import GATEWAY
from gal.drift.compare.consumers import paired
from gal.drift.compare.finding import Finding, leaf, position, stands
from gal.drift.cosmetic import cosmetic
from gal.drift.effective import Place, SideView
from gal.drift.effects import Effects, level_of
from gal.drift.expressible import (
    Expected,
    Item,
    Uncompared,
    converted,
    foreign,
    part_of,
    plugins_of,
)
from gal.drift.grouping import Grouping, about, of_matches
from gal.drift.matching import Matching, matched
from gal.drift.personal import of_consumer, of_scopes
from gal.drift.precedence import order_matters, precedence
from gal.drift.presence import Presence, Told
from gal.garbage import without_collection
from gal.model import Consumer, Gateway

_GAL = "gal"
_FEW_ROUTES = 300
"""Up to this many routes a side is converted whole, to see what the other gateway cannot say."""

_CLIENT = "client-certificate"
"""What importers call the check of a client's certificate."""

_LEFT_TO_GATEWAY = ("timeout.", "retry", "upstream_tls.verify", "compression.level")


def compare(
    old: Gateway,
    new: Gateway,
    *,
    old_provider: str | None = None,
    new_provider: str | None = None,
    literal: bool = False,
) -> Drift:
    """The difference in meaning between two models.

    Args:
        old: the model that is compared with.
        new: the model that is judged.
        old_provider: name of the old side's gateway; its order of routes tells it if left away.
        new_provider: likewise.
        literal: also tell as changes what one side's gateway cannot say. Without it, each side is
            converted to the other's gateway where they differ, and what that makes is "not
            compared".
    """
    with without_collection():
        before = SideView.of(old, old_provider or old.settings.route_order.value)
        after = SideView.of(new, new_provider or new.settings.route_order.value)
        comparison = _Comparison(before, after, literal=literal)
        if not literal and before.provider != after.provider:
            comparison.expected = list(_expectations(comparison))
        return comparison.drift()


def _own(old: SideView, new: SideView, *, literal: bool) -> tuple[str, ...]:
    """The gateways whose own settings both sides can say: GAL's format has those of all."""
    providers = {old.provider, new.provider}
    if len(providers) == 1 and providers != {_GAL}:
        return (old.provider,)
    if literal or _GAL not in providers:
        return ()
    others = providers - {_GAL}
    return tuple(others) or tuple(sorted({*_carried(old), *_carried(new)}))


def _carried(side: SideView) -> set[str]:
    """The gateways that a file in GAL's format has settings for."""
    found = set(side.gateway.extensions) | set(side.gateway.policies.plugins)
    for consumer in side.gateway.consumers:
        found |= set(consumer.extensions)
    for certificate in side.gateway.certificates:
        found |= set(certificate.extensions)
    for place in side.places:
        for owner in (place.route, place.service, place.upstream):
            found |= set(getattr(owner, "extensions", ()))
        for policies, _, _ in place.levels:
            found |= set(policies.plugins)
            for item in fields(policies):
                found |= set(getattr(getattr(policies, item.name), "extensions", ()))
    return found


def _expectations(comparison: _Comparison) -> Iterator[Expected]:
    """What converting each side to the other side's gateway makes."""
    if all(level_of(finding) is Level.INFO for finding, _ in comparison.items()):
        return
    old, new = comparison.old, comparison.new
    for side, whole, provider in ((Side.OLD, old, new.provider), (Side.NEW, new, old.provider)):
        part = part_of(whole.gateway, comparison.concerned(side))
        made = converted(part, provider)
        if made is None:
            continue
        given, there = SideView.of(part, whole.provider), SideView.of(made[0], provider)
        sides = (given, there) if side is Side.OLD else (there, given)
        expected = Expected(side, provider, made[1])
        expected.learn(_Comparison(*sides).items(side))
        expected.see(comparison.items(side))
        expected.require(plugins_of(there), plugins_of(new if side is Side.OLD else old))
        yield expected


class _Comparison:
    """Two sides, and what is found between them."""

    def __init__(self, old: SideView, new: SideView, *, literal: bool = False) -> None:
        self.old, self.new = old, new
        old.own = new.own = _own(old, new, literal=literal)
        same = old.provider == new.provider
        self.expected: list[Expected] = []
        self.uncompared = Uncompared()
        self.effects = Effects(old.provider if same else None, old.own)
        self.matching: Matching = matched(old, new)
        self.consumers = list(paired(old.consumers, new.consumers))
        self.of_matches = list(self._matches())
        self.of_links = [
            (effect, link)
            for link in self.matching.links
            for effect in self.effects.between(link.old, link.new)
        ]
        self.of_others = [*self._consumers(), *self._gateway()]

    def items(self, about: Side = Side.OLD) -> Iterator[Item]:
        """Every finding with its object in the words of one side, before anything is grouped."""
        for told in self.of_matches:
            yield told.finding, in_words(told.atoms)[0]
        for effect, link in self.of_links:
            if not self._by_default(effect.finding):
                yield effect.finding, _text(link.old if about is Side.OLD else link.new)
        for name, finding in self.of_others:
            yield finding, name

    def concerned(self, side: Side) -> set[int]:
        """Identities of the routes of a side that anything is found about, or that have to do with
        it: of a small configuration all of them, since exporters see more than single routes.
        """
        view = self.old if side is Side.OLD else self.new
        if len(view.places) <= _FEW_ROUTES:
            return {id(one.route) for one in view.places}
        found: set[int] = set()
        hosts: set[str] = set()
        for told in self.of_matches:
            place = told.old if side is Side.OLD else told.new
            if place is not None:
                found.add(id(place.route))
            else:
                hosts |= {atom.host for atom in told.atoms}
        for effect, link in self.of_links:
            if not self._by_default(effect.finding):
                found.add(id((link.old if side is Side.OLD else link.new).route))
        users = any(name.startswith("consumer ") for name, _ in self.of_others)
        for place in view.places:
            asks = users and place.policy("authentication").node is not None
            if asks or (hosts and not hosts.isdisjoint(one.host for one in place.atoms)):
                found.add(id(place.route))
        return found

    def drift(self) -> Drift:
        """Everything that is found."""
        changes = list(
            of_matches(
                one
                for one in self.of_matches
                if not self._explained(one.finding, *(in_words(one.atoms)[:1] * 2))
            )
        )
        grouping, defaults = self._pairs()
        changes += grouping.changes()
        changes += [
            about(finding, name)
            for name, finding in self.of_others
            if not self._explained(finding, name, name)
        ]
        changes += cosmetic(self.matching, self.consumers, self.old, self.new)
        if self.effects.provider is None:
            foreign(self.old.gateway, Side.OLD, self.new.provider, self.old.own, self.uncompared)
            foreign(self.new.gateway, Side.NEW, self.old.provider, self.old.own, self.uncompared)
        return Drift(
            self.old.provider,
            self.new.provider,
            worst_first(_once_told(changes)),
            self._matched(),
            tuple(self._unmatched()),
            tuple(self.uncompared.listed()),
            tuple(
                sorted(
                    defaults.assumptions(self.old.provider, self.new.provider),
                    key=lambda one: (-one.level.rank, one.topic, one.old, one.new),
                )
            ),
        )

    def _explained(self, finding: Finding, old: str, new: str) -> bool:
        """Whether a conversion makes a finding; it is counted then."""
        if level_of(finding) is Level.INFO:
            return False
        for expected in self.expected:
            item = finding, (old if expected.side is Side.OLD else new)
            if expected.explains(item):
                at = finding.old_at if expected.side is Side.OLD else finding.new_at
                topic = finding.field
                reason = expected.reason(topic)
                self.uncompared.add(topic, expected.side, expected.provider, reason, at)
                return True
        return False

    # -- routes

    def _matches(self) -> Iterator[Told]:
        """Routes that come, go, and take other requests."""
        matching = self.matching
        changed = any(link.gone or link.come for link in matching.links)
        if not (matching.only_old or matching.only_new or changed) and not order_matters(
            self.old, self.new, matching
        ):
            return
        presence = Presence.of(self.old, self.new, matching, self.effects)
        yield from presence.told()
        if order_matters(self.old, self.new, matching):
            yield from precedence(presence)

    def _pairs(self) -> tuple[Grouping, Grouping]:
        """What routes with a counterpart do differently; what only defaults make differ apart."""
        grouping, defaults = (Grouping(self.matching.links) for _ in range(2))
        for effect, link in self.of_links:
            if self._by_default(effect.finding):
                defaults.add(effect, link)
            elif not self._explained(effect.finding, _text(link.old), _text(link.new)):
                grouping.add(effect, link)
        return grouping, defaults

    def _by_default(self, finding: Finding) -> bool:
        """Whether both gateways do by themselves what they do; GAL's own format leaves to the
        gateway what it does not say.
        """
        if self.effects.provider is not None:
            return False
        if finding.from_defaults:
            return True
        if not finding.field.startswith(_LEFT_TO_GATEWAY):
            return False
        unsaid = (self.old, finding.old_at), (self.new, finding.new_at)
        return any(
            side.provider == _GAL and leaf(*at) is None and not stands(at) for side, at in unsaid
        )

    # -- the rest

    def _consumers(self) -> Iterator[tuple[str, Finding]]:
        for old, new in self.consumers:
            if old == new or self._stands_in_routes(old, new):
                continue
            name = (old or new or Consumer("")).name
            for finding in of_consumer(old, new, self.old.own):
                yield f"consumer {name}", finding
        yield from of_scopes(self.old, self.new, self.matching.links, self.old.own)

    def _stands_in_routes(self, old: Consumer | None, new: Consumer | None) -> bool:
        """Whether what a consumer of one side holds stands in the routes of the other side."""
        if self.effects.provider is not None or (old is None) is (new is None):
            return False
        one = old or new
        assert one is not None
        held = entering.held(one)
        return bool(held) and held <= entering.inline_secrets(self.new if old else self.old)

    def _gateway(self) -> Iterator[tuple[str, Finding]]:
        for compare_part in GATEWAY:
            yield from compare_part(self.old, self.new)

    def _matched(self) -> dict[str, int]:
        routes = {link.old.number for link in self.matching.links}
        pairs = [1 for old, new in self.consumers if old is not None and new is not None]
        return {"route": len(routes), "consumer": len(pairs)}

    def _unmatched(self) -> Iterator[Unmatched]:
        for side, places in (
            (Side.OLD, self.matching.only_old),
            (Side.NEW, self.matching.only_new),
        ):
            for place in sorted(places, key=lambda one: one.number):
                yield Unmatched("route", _text(place), side, position((place.route, "")))
        for old, new in self.consumers:
            if old is None and new is not None:
                yield Unmatched("consumer", f"consumer {new.name}", Side.NEW, position((new, "")))
            if new is None and old is not None:
                yield Unmatched("consumer", f"consumer {old.name}", Side.OLD, position((old, "")))


def _once_told(changes: list[Change]) -> list[Change]:
    """The changes, without settings of the gateway for client certificates where routes tell that
    these are asked for, or not any more.
    """
    told = any(
        one.field.startswith("authentication") and _CLIENT in one.old + one.new for one in changes
    )
    return [one for one in changes if not (told and one.id == "D043" and _is_carried(one))]


def _is_carried(change: Change) -> bool:
    return change.field.startswith("extensions.")


def _text(place: Place) -> str:
    return in_words(place.atoms)[0]
