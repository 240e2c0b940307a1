"""What the gateways that a configuration has to fit as well cannot do of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gal.lint.finding import Place
from gal.reading import Mapping, Sequence

if TYPE_CHECKING:
    from gal.compat import Feature, Reason, Verdict
    from gal.lint.subject import Subject
    from gal.reading import Node


_TIMES = re.compile(r"(?i)retr|timeout")
_SAYS_SO = {"retry": _TIMES, "timeout": _TIMES, "paths": re.compile(r"(?i)normalize|slashes")}
"""Keys that speak of a feature of which every gateway has its own default."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A feature that a target does not do as it is written.

    Attributes:
        target: name of the gateway.
        feature: what it is about, in the model's words.
        verdict: whether it is impossible there, or something else.
        closed: somebody is refused who should enter.
        partly: only a part of the feature is impossible.
        reasons: why, the worst first; those that make no difference are left away.
        places: where the first reason holds; at least one.
    """

    target: str
    feature: str
    verdict: Verdict
    closed: bool
    partly: bool
    reasons: tuple[Reason, ...]
    places: tuple[Place, ...]

    @property
    def why(self) -> str:
        """The first reason, and how many more there are."""
        more = len(self.reasons) - 1
        also = f" (and {more} more: see gal compat)" if more else ""
        return f"{self.reasons[0].message}{also}"


def troubles(subject: Subject, verdict: Verdict) -> Iterator[Trouble]:
    """All features of which some target says this; nothing without targets."""
    yield from (one for one in subject.once(_troubles) if one.verdict is verdict)


def _troubles(subject: Subject) -> list[Trouble]:
    from gal.compat import compatibility
    from gal.lint.own_files import own_file

    targets = [name for name in subject.settings.targets if name != subject.provider]
    documents = [one for one in subject.documents if own_file(one) is None]
    if not targets or not documents:
        return []
    nodes: dict[str, Node] = {}
    for node in subject.walk():
        nodes.setdefault(str(node.position), node)
    found = compatibility(documents, source=subject.provider, gateways=targets)
    made: dict[tuple[str, Place], Trouble] = {}
    for feature in found.features:
        for target in targets:
            for one in _of_feature(target, feature, nodes, documents[0].root):
                if _by_default(one):
                    continue
                # What importer and exporter both say of one place is said once.
                known = made.setdefault((target, one.places[0]), one)
                if one.closed and not known.closed:
                    made[target, one.places[0]] = one
    return list(made.values())


def _of_feature(
    target: str, feature: Feature, nodes: dict[str, Node], root: Node
) -> Iterator[Trouble]:
    """What is wrong with a feature: as a whole, or what is missing of it and what differs."""
    from gal.compat import Verdict
    from gal.ledger import Level

    answer = feature.answers[target]
    reasons = [one for one in answer.reasons if one.level is not Level.INFO]
    if answer.verdict is Verdict.IMPOSSIBLE:
        parts = [(Verdict.IMPOSSIBLE, answer.closed, reasons)]
    else:
        parts = [
            (verdict, any(one.level is Level.ERROR for one in part), part)
            for verdict, part in (
                (Verdict.IMPOSSIBLE, [one for one in reasons if one.gone]),
                (Verdict.APPROXIMATED, [one for one in reasons if not one.gone]),
            )
        ]
    for verdict, closed, part in parts:
        if part:
            where = part[0].places or tuple(feature.places)
            places = tuple(_place(nodes[one]) for one in where if one in nodes) or (_place(root),)
            partly = verdict is not answer.verdict
            yield Trouble(target, feature.name, verdict, closed, partly, tuple(part), places)


def _by_default(one: Trouble) -> bool:
    """Whether it is something that the file does not speak of."""
    node, words = one.places[0].node, _SAYS_SO.get(one.feature)
    if words is None or not isinstance(node, Mapping):
        return False
    return not any(words.search(key) for key in node)


def _place(node: Node) -> Place:
    """A place, for blocks at the key that names them."""
    parent, key = node.parent, node.key
    inside = isinstance(parent, Mapping) and isinstance(key, str) and key in parent.entries
    if isinstance(node, (Mapping, Sequence)) and isinstance(parent, Mapping) and inside:
        return Place(parent.key_position(str(key)), node)
    return Place(node.position, node)
