"""What a conversion changed without saying so: its output is read back and compared.

Every change of meaning has to be told by the ledger. It is, where an entry of the export speaks of
the same part of the same object, or of the whole of it. Where gateways say an access control in
other words (a key as a condition on a header), both sides are asked whether they answer alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Final

from gal.drift.atoms import in_words
from gal.drift.change import Change, Security
from gal.drift.change import Level as Weight
from gal.drift.effective import Place, SideView
from gal.drift.expressible import place_of
from gal.drift.features import FOLLOWS_FROM_PROBES, OWN_HEADER, TOGETHER, features_of, weighs
from gal.drift.probing import Probing
from gal.drift.told import LedgerByNode, below, nodes_by_position
from gal.errors import GalError
from gal.ledger import Entry, Fate, Level, Reporter, Stage

if TYPE_CHECKING:
    from gal.context import OutputFile
    from gal.convert import Conversion
    from gal.drift.change import Drift
    from gal.errors import Position
    from gal.model import Consumer, Gateway, ModelNode
    from gal.reading import Node
    from gal.reading.document import Format

FEATURE: Final = "conversion"
"""The feature of an entry about the output as a whole."""

_OWN_FORMAT: Final = "gal"


def check(
    conversion: Conversion,
    target: str,
    output_format: Format = "yaml",
    *,
    moved: bool = False,
) -> Drift | None:
    """Read the output of a conversion back, compare it with the model, and add to the ledger what
    it does not say yet.

    Args:
        conversion: as `gal.convert.convert` gives it; its ledger gets the entries: warnings, and
            errors where security is weakened.
        target: the provider that was written.
        output_format: the format of the output.
        moved: the listeners are others because that was asked for.

    Returns:
        The drift from the source to the output; None where it cannot be read back, which is an
        error in the ledger.
    """
    from gal.drift.engine import compare

    reporter = Reporter(conversion.ledger, target, Stage.EXPORT)
    try:
        back = read_back(conversion.files, target, output_format)
    except GalError as error:
        message = f"what was written cannot be read back: {error}"
        reporter.at(None, Fate.DROPPED, Level.ERROR, FEATURE, message)
        return None
    drift = compare(
        conversion.gateway,
        back,
        old_provider=conversion.source,
        new_provider=target,
        literal=True,
    )
    judge = _Judge.of(conversion, back, target)
    for change in drift.changes:
        topic = change.field.partition(".")[0]
        if change.cosmetic or _is_own(change) or (moved and topic == "listeners"):
            continue
        if not judge.told(change):
            level = Level.ERROR if change.security is Security.WEAKENED else Level.WARNING
            node = judge.node_at(change.old_position)
            reporter.at(node, Fate.APPROXIMATED, level, topic, _message(change), whole=False)
    if conversion.source != _OWN_FORMAT:
        _tell_defaults(drift, reporter, judge)
    return drift


def _tell_defaults(drift: Drift, reporter: Reporter, judge: _Judge) -> None:
    """Add what nobody says and the two gateways do differently, once a topic. GAL's own format
    leaves to the gateway what it does not say.
    """
    for one in drift.assumptions:
        feature = one.topic.partition(".")[0]
        if feature in judge.features:
            continue
        level = Level.INFO if one.level.rank <= Weight.LOW.rank else Level.WARNING
        message = (
            f"left to the defaults: {one.topic} is {one.old} on {one.old_provider}, and {one.new} "
            f"on {one.new_provider}"
        )
        reporter.at(None, Fate.APPROXIMATED, level, feature, message)


def read_back(files: Sequence[OutputFile], target: str, output_format: Format = "yaml") -> Gateway:
    """The model of what was written for a provider.

    Raises:
        GalError: its importer does not read it.
    """
    from gal import registry
    from gal.convert import read_gateway
    from gal.reading import read_documents
    from gal.writing import render_file

    importer = registry.importer(target)
    documents = [
        document
        for file in files
        for document in read_documents(render_file(file, output_format), file.name, output_format)
        if importer.recognise(document)
    ]
    if not documents:
        raise GalError(f"{target} does not recognise it")
    return read_gateway(documents, source=target).gateway


def _is_own(change: Change) -> bool:
    """Whether it is about a header that filters which GAL writes send each other."""
    return OWN_HEADER.fullmatch(change.field) is not None and change.new == "remove"


def _message(change: Change) -> str:
    what = f"{change.object}: " if change.object else ""
    return (
        f"not the same when it is read back ({change.id}): {what}{change.field} was {change.old}, "
        f"and is {change.new}"
    )


@dataclass(frozen=True, slots=True)
class _Subject:
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
class _Judge:
    """Knows what the ledger has told of which part of the source."""

    view: SideView
    probing: Probing
    ledger: LedgerByNode
    nodes: dict[tuple[str, int, int], Node]
    by_words: dict[str, list[Place]] = field(default_factory=dict)
    consumers: dict[str, Consumer] = field(default_factory=dict)
    features: frozenset[str] = frozenset()

    @classmethod
    def of(cls, conversion: Conversion, back: Gateway, target: str) -> _Judge:
        view = SideView.of(conversion.gateway, conversion.source)
        exported = [one for one in conversion.ledger if one.stage is Stage.EXPORT]
        routes = [one.route.origin for one in view.places]
        judge = cls(
            view,
            Probing(view, SideView.of(back, target)),
            LedgerByNode.of(exported, [one.node for one in routes if one is not None]),
            nodes_by_position(conversion.documents),
        )
        for place in view.places:
            for text in in_words(place.atoms):
                judge.by_words.setdefault(_match_of(text), []).append(place)
        judge.features = frozenset(one.feature for one in exported)
        judge.consumers = {one.name: one for one in conversion.gateway.consumers}
        return judge

    def node_at(self, position: Position | None) -> Node | None:
        """The node of the source that stands at a position."""
        if position is None:
            return None
        return self.nodes.get((position.file, position.line, position.column))

    def told(self, change: Change) -> bool:
        """Whether the ledger says it, or it is another way to say the same."""
        subject = self._subject(change)
        weakened = change.security is Security.WEAKENED
        refused = any(map(_is_refusal, self.ledger.within(subject.scopes)))
        if not weakened and (refused or any(map(_is_refusal, self.ledger.nowhere))):
            return True
        if refused and self._refuses(subject.places):
            return True
        entries = self._near(subject)
        if any(weighs(one, change) and _speaks_of(one, subject) for one in entries):
            return True
        return self._same_in_other_words(subject)

    def _subject(self, change: Change) -> _Subject:
        places = self._places(change)
        owners = list(self._owners(change, places))
        return _Subject(
            change,
            places,
            self.node_at(change.old_position),
            [one.origin.node for one in owners if one.origin is not None],
            list(self._policy_nodes(owners)),
            features_of(change),
        )

    def _near(self, subject: _Subject) -> Iterator[Entry]:
        """The entries that may tell a change."""
        node = subject.node
        yield from self.ledger.nowhere
        if node is not None:
            yield from self.ledger.above(node)
            outer = node.parent if subject.change.field in TOGETHER else None
            yield from self.ledger.within([node if outer is None else outer])
        yield from self.ledger.within(subject.scopes)

    def _same_in_other_words(self, subject: _Subject) -> bool:
        """Whether requests show no difference."""
        change, places = subject.change, subject.places
        topic, _, rest = change.field.partition(".")
        if change.id in FOLLOWS_FROM_PROBES:
            asked = places or self._guarded(change)
            return self.probing.alike(asked, rewritten=change.id == "D007")
        if topic == "cors":
            return self.probing.same_cors(places)
        if topic == "headers":
            side, _, name = rest.partition(".")
            return self.probing.same_header(places, side, name)
        return topic == "query" and self.probing.same_query(places, rest)

    def _refuses(self, places: list[Place]) -> bool:
        """Whether the new side refuses every request of the routes."""
        return bool(places) and all(self.probing.refused(one) for one in places)

    # -- objects

    def _places(self, change: Change) -> list[Place]:
        """The routes of the source that a change is about."""
        found: dict[int, Place] = {}
        for text in (change.object, *change.objects):
            for place in self.by_words.get(_match_of(text), ()):
                found.setdefault(place.number, place)
        return list(found.values())

    def _guarded(self, change: Change) -> list[Place]:
        """The routes that ask for credentials, for a change about who has some."""
        if change.field.partition(".")[0] not in ("consumers", "credentials", "groups"):
            return []
        return [one for one in self.view.places if one.policy("authentication").node is not None]

    def _owners(self, change: Change, places: Iterable[Place]) -> Iterator[ModelNode]:
        """The objects of the source that a change is about."""
        gateway = self.view.gateway
        owners: list[ModelNode | None] = []
        for place in [*places, *self._guarded(change)]:
            owners += [place.route, place.service, place.upstream]
            owners += [upstream for _, upstream in place.backends]
        kind, _, name = change.object.partition(" ")
        if kind == "consumer":
            name = name.partition(" on ")[0]
            owners.append(self.consumers.get(name))
            owners += [one for one in gateway.scoped_policies if one.consumer == name]
        elif not places:
            owners += [*gateway.listeners, *gateway.certificates]
        yield from (one for one in owners if one is not None)

    def _policy_nodes(self, owners: Iterable[ModelNode]) -> Iterator[Node]:
        """The source nodes of the policies that act on objects; some gateways keep them apart."""
        for owner in [self.view.gateway, *owners]:
            policies = getattr(owner, "policies", None)
            for item in fields(policies) if policies is not None else ():
                origin = getattr(getattr(policies, item.name), "origin", None)
                if origin is not None:
                    yield origin.node


def _speaks_of(entry: Entry, subject: _Subject) -> bool:
    """Whether an entry is about the part of the source that a change is about."""
    node, related = subject.node, entry.feature in subject.features
    if entry.node is None:
        return related
    if node is not None and entry.node is not node and entry.node.parent is node.parent:
        return related and subject.change.field in TOGETHER
    if node is None or any(node is one for one in subject.objects):
        return related  # the change has no place of its own: any place at its objects tells it
    if below(entry.node, node):
        return True
    if below(node, entry.node):
        return related or entry.fate is Fate.DROPPED
    return related and any(entry.node is one for one in subject.objects)


def _is_refusal(entry: Entry) -> bool:
    return entry.level is Level.ERROR and entry.fate is Fate.DROPPED


def _match_of(text: str) -> str:
    """Host and path of a route in words."""
    words = place_of(text).split(" ", 2)
    return words[2] if len(words) == 3 and words[0] == "route" else text
