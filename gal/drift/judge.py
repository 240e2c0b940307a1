"""Whether the ledger of a conversion has told a change that its output shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import TYPE_CHECKING, Final

from gal.drift.atoms import in_words
from gal.drift.change import Change, Security
from gal.drift.effective import Place, SideView
from gal.drift.expressible import place_of
from gal.drift.features import (
    FOLLOWS_FROM_PROBES,
    TOGETHER,
    features_of,
    is_gone,
    is_loss,
    is_own,
    kept_unread,
    weighs,
)
from gal.drift.probing import Probing
from gal.drift.told import LedgerByNode, below, nodes_by_position
from gal.ledger import Entry, Fate, Level, Stage

if TYPE_CHECKING:
    from gal.convert import Conversion
    from gal.errors import Position
    from gal.model import Consumer, ModelNode
    from gal.reading import Node


_UNREACHED: Final = "https_redirect"
"""The feature of entries about routes that nobody reaches, for want of a port for HTTPS."""


class Verdict(Enum):
    """What becomes of a change."""

    TOLD = "told"
    UNTOLD = "untold"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a change is about.

    Attributes:
        change: the change.
        places: the routes of the source.
        node: where it stands in the source.
        objects: the source nodes of its objects.
        policies: the source nodes of the policies that act on them.
        features: the features of entries that may tell it.
    """

    change: Change
    places: list[Place]
    node: Node | None
    objects: list[Node]
    policies: list[Node]
    features: frozenset[str]

    @property
    def scopes(self) -> list[Node]:
        """Everything in which an entry may stand."""
        return [*self.objects, *self.policies]


@dataclass(slots=True)
class Judge:
    """Knows what the ledger has told of which part of the source.

    Attributes:
        view: the source.
        probing: both sides, to be asked.
        ledger: what the export has said.
        unread: what reading the output back has said.
        nodes: of the source, by their places.
        target: the provider that was written.
    """

    view: SideView
    probing: Probing
    ledger: LedgerByNode
    unread: LedgerByNode
    nodes: dict[tuple[str, int, int], Node]
    target: str
    by_words: dict[str, list[Place]] = field(default_factory=dict)
    consumers: dict[str, Consumer] = field(default_factory=dict)
    new_by_words: dict[str, list[Place]] = field(default_factory=dict)
    features: frozenset[str] = frozenset()

    @classmethod
    def of(cls, conversion: Conversion, back: Conversion, target: str) -> Judge:
        """A judge of a conversion.

        Args:
            conversion: it, with the ledger of its export.
            back: its output, as it is read.
            target: the provider that was written.
        """
        view = SideView.of(conversion.gateway, conversion.source)
        new = SideView.of(back.gateway, target)
        exported = [one for one in conversion.ledger if one.stage is Stage.EXPORT]
        judge = cls(
            view,
            Probing(view, new),
            LedgerByNode.of(exported, _route_nodes(view)),
            LedgerByNode.of(back.ledger, _route_nodes(new)),
            nodes_by_position(conversion.documents),
            target,
        )
        for side, places in ((view, judge.by_words), (new, judge.new_by_words)):
            for place in side.places:
                for text in in_words(place.atoms):
                    places.setdefault(_match_of(text), []).append(place)
        judge.features = frozenset(one.feature for one in exported)
        judge.consumers = {one.name: one for one in conversion.gateway.consumers}
        return judge

    def node_at(self, position: Position | None) -> Node | None:
        """The node of the source that stands at a position."""
        if position is None:
            return None
        return self.nodes.get((position.file, position.line, position.column))

    def weigh(self, change: Change) -> Verdict:
        """Whether the ledger says it, or it is another way to say the same; `UNREAD` where the
        output has something there that its importer keeps as it stands, so that nothing follows.
        """
        if is_own(change, self.target) or self._told(change):
            return Verdict.TOLD
        return Verdict.UNREAD if self._kept(change) else Verdict.UNTOLD

    def _told(self, change: Change) -> bool:
        subject = self._subject(change)
        weakened = change.security is Security.WEAKENED
        refused = any(map(_is_refusal, self.ledger.within(subject.scopes)))
        if not weakened and (refused or any(map(_is_refusal, self.ledger.nowhere))):
            return True
        if refused and self._refuses(subject.places):
            return True
        speaking = [one for one in self._near(subject) if _speaks_of(one, subject)]
        if is_gone(change):
            speaking = [one for one in speaking if is_loss(one) or self._not_opened(subject)]
        if any(weighs(one, change) for one in speaking):
            return True
        return self._same_in_other_words(subject)

    def _not_opened(self, subject: Subject) -> bool:
        """Whether nobody is let in who was not; in doubt what is said of it counts."""
        follows = subject.change.id in FOLLOWS_FROM_PROBES
        return follows and self.probing.opened(subject.places) is not True

    def _kept(self, change: Change) -> bool:
        """Whether the importer of the output keeps what it has there without reading it."""
        places = self._places(change, self.new_by_words)
        owners = list(self._owners(change, places, self.probing.new))
        nodes = [one.origin.node for one in owners if one.origin is not None]
        nodes += self._policy_nodes(owners, self.probing.new)
        return any(kept_unread(one, change) for one in self.unread.within(nodes))

    def _subject(self, change: Change) -> Subject:
        places = self._places(change, self.by_words)
        owners = list(self._owners(change, places, self.view))
        return Subject(
            change,
            places,
            self.node_at(change.old_position),
            [one.origin.node for one in owners if one.origin is not None],
            list(self._policy_nodes(owners, self.view)),
            features_of(change),
        )

    def _near(self, subject: Subject) -> Iterator[Entry]:
        """The entries that may tell a change."""
        node = subject.node
        yield from self.ledger.nowhere
        if node is not None:
            yield from self.ledger.above(node)
            outer = node.parent if subject.change.field in TOGETHER else None
            yield from self.ledger.within([node if outer is None else outer])
        yield from self.ledger.within(subject.scopes)

    def _same_in_other_words(self, subject: Subject) -> bool:
        """Whether requests show no difference."""
        change, places = subject.change, subject.places
        topic, _, rest = change.field.partition(".")
        if change.id in FOLLOWS_FROM_PROBES:
            asked = places or self._guarded(change, self.view)
            if change.id == "D003":  # it may be another way to say what the old routes say
                return self.probing.opened(self._places(change, self.new_by_words)) is False
            return self.probing.alike(asked, rewritten=change.id == "D007")
        if topic == "rate_limit" and change.object.startswith("consumer "):
            return self._on_every_route(change)
        if topic == "cors":
            return self.probing.same_cors(places)
        if topic == "headers":
            side, _, name = rest.partition(".")
            return self.probing.same_header(places, side, name)
        return topic == "query" and self.probing.same_query(places, rest)

    def _on_every_route(self, change: Change) -> bool:
        """Whether a consumer's limit on a route is the consumer's own now, on every route."""
        name, on, _ = change.object.removeprefix("consumer ").partition(" on ")
        own = next((one for one in self.probing.new.consumers if one.name == name), None)
        now = own.policies.rate_limit if own is not None else None
        scoped = [one for one in self.view.gateway.scoped_policies if one.consumer == name]
        was = [one.policies.rate_limit for one in scoped if one.policies.rate_limit is not None]
        return bool(on) and now is not None and all(one.limits == now.limits for one in was)

    def _refuses(self, places: list[Place]) -> bool:
        """Whether the new side refuses every request of the routes."""
        return bool(places) and all(self.probing.refused(one) for one in places)

    # -- objects

    def _places(self, change: Change, by_words: dict[str, list[Place]]) -> list[Place]:
        """The routes of one side that a change is about."""
        found: dict[int, Place] = {}
        for text in (change.object, *change.objects):
            for place in by_words.get(_match_of(text), ()):
                found.setdefault(place.number, place)
        return list(found.values())

    def _guarded(self, change: Change, side: SideView) -> list[Place]:
        """The routes that ask for credentials, for a change about who has some."""
        if change.field.partition(".")[0] not in ("consumers", "credentials", "groups"):
            return []
        return [one for one in side.places if one.policy("authentication").node is not None]

    def _owners(
        self, change: Change, places: Iterable[Place], side: SideView
    ) -> Iterator[ModelNode]:
        """The objects of one side that a change is about."""
        gateway = side.gateway
        owners: list[ModelNode | None] = []
        for place in [*places, *self._guarded(change, side)]:
            owners += [place.route, place.service, place.upstream]
            owners += [upstream for _, upstream in place.backends]
        kind, _, name = change.object.partition(" ")
        if kind == "consumer":
            name = name.partition(" on ")[0]
            owners += [one for one in (self.consumers.get(name),) if side is self.view]
            owners += [one for one in gateway.scoped_policies if one.consumer == name]
        elif not places:
            owners += [*gateway.listeners, *gateway.certificates]
        yield from (one for one in owners if one is not None)

    def _policy_nodes(self, owners: Iterable[ModelNode], side: SideView) -> Iterator[Node]:
        """The nodes of the policies that act on objects; some gateways keep them apart."""
        for owner in [side.gateway, *owners]:
            policies = getattr(owner, "policies", None)
            for item in fields(policies) if policies is not None else ():
                origin = getattr(getattr(policies, item.name), "origin", None)
                if origin is not None:
                    yield origin.node


def _speaks_of(entry: Entry, subject: Subject) -> bool:
    """Whether an entry is about the part of the source that a change is about."""
    node, related = subject.node, entry.feature in subject.features
    if entry.feature == _UNREACHED and subject.change.security is not Security.WEAKENED:
        related = True  # nobody meets what else is different there
    if entry.node is None:
        return related
    if entry.feature == "headers" and not subject.change.field.startswith("headers"):
        related = related and not any(below(entry.node, one) for one in subject.policies)
    if node is not None and entry.node is not node and entry.node.parent is node.parent:
        return related and subject.change.field in TOGETHER
    if node is None or any(node is one for one in subject.objects):
        return related  # the change has no place of its own: any place at its objects tells it
    if below(entry.node, node):
        return True
    if below(node, entry.node):
        return related or entry.fate is Fate.DROPPED
    if related and any(below(entry.node, one) for one in subject.policies):
        return True
    return related and any(entry.node is one for one in subject.objects)


def _route_nodes(view: SideView) -> list[Node]:
    origins = [one.route.origin for one in view.places]
    return [one.node for one in origins if one is not None]


def _is_refusal(entry: Entry) -> bool:
    return entry.level is Level.ERROR and entry.fate is Fate.DROPPED


def _match_of(text: str) -> str:
    """Host and path of a route in words."""
    words = place_of(text).split(" ", 2)
    return words[2] if len(words) == 3 and words[0] == "route" else text
