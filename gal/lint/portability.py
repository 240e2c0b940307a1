"""What the gateways that a configuration has to fit as well cannot do of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gal.lint.finding import Place
from gal.reading import Mapping, Sequence

if TYPE_CHECKING:
    from gal.compat import Answer, Reason, Verdict
    from gal.lint.subject import Subject
    from gal.reading import Node


@dataclass(frozen=True, slots=True)
class Trouble:
    """A feature that a target does not do as it is written.

    Attributes:
        target: name of the gateway.
        feature: what it is about, in the model's words.
        answer: what the target makes of it.
        reason: why.
        places: where; at least one.
    """

    target: str
    feature: str
    answer: Answer
    reason: Reason
    places: tuple[Place, ...]


def troubles(subject: Subject, verdict: Verdict) -> Iterator[Trouble]:
    """All features of which some target says this; nothing without targets."""
    yield from (one for one in subject.once(_troubles) if one.answer.verdict is verdict)


def _troubles(subject: Subject) -> list[Trouble]:
    from gal.compat import compatibility
    from gal.ledger import Level
    from gal.lint.own_files import own_file

    targets = [name for name in subject.settings.targets if name != subject.provider]
    documents = [one for one in subject.documents if own_file(one) is None]
    if not targets or not documents:
        return []
    nodes: dict[str, Node] = {}
    for node in subject.walk():
        nodes.setdefault(str(node.position), node)
    found = compatibility(documents, source=subject.provider, gateways=targets)
    made = []
    for feature in found.features:
        for target in targets:
            answer = feature.answers[target]
            for reason in answer.reasons:
                if reason.level is Level.INFO:
                    continue
                where = reason.places or tuple(feature.places)
                places = tuple(_place(nodes[one]) for one in where if one in nodes)
                places = places or (_place(documents[0].root),)
                made.append(Trouble(target, feature.name, answer, reason, places))
    return made


def _place(node: Node) -> Place:
    """A place, for blocks at the key that names them."""
    parent, key = node.parent, node.key
    inside = isinstance(parent, Mapping) and isinstance(key, str) and key in parent.entries
    if isinstance(node, (Mapping, Sequence)) and isinstance(parent, Mapping) and inside:
        return Place(parent.key_position(str(key)), node)
    return Place(node.position, node)
