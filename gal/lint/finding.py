"""What a rule found, where, and what could be done about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.errors import Position
from gal.lint.rule import Rule, Safety, Severity
from gal.model.node import ModelNode
from gal.reading import Mapping, Node, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Sequence as SequenceABC


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file.

    Attributes:
        position: where it starts.
        node: the value that stands there, or that lacks what is missed.
        message: what there is to see, for related places.
    """

    position: Position
    node: Node | None = field(default=None, repr=False, compare=False)
    message: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a file: a key is given a value, or it (or an item of a list) is taken away.

    Attributes:
        parent: the mapping or list that is changed.
        key: the key, or the index.
        value: plain data; `REMOVE` takes the key away. A key that is not there is added.
        new_key: another name for the key, which keeps its value.
    """

    parent: Mapping | Sequence
    key: str | int
    value: Any = field(default=None, hash=False)  # may be a list or a mapping
    new_key: str | None = None


class _Remove:
    def __repr__(self) -> str:
        return "REMOVE"


REMOVE = _Remove()
"""The value of an edit that takes a key away."""


@dataclass(frozen=True, slots=True)
class Fix:
    """What would end a finding.

    Attributes:
        message: what is done, such as `set allow_credentials to false`.
        safety: what it may change.
        edits: the changes; all or none.
    """

    message: str
    safety: Safety
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule found.

    Attributes:
        rule: the rule.
        message: what is wrong here, for people. Never holds a secret.
        place: where.
        severity: how bad it is here.
        owner: the route, service, upstream, consumer or gateway that it is about; its first line
            takes comments that ignore the finding, and its meaning goes into the fingerprint.
        value: the offending value in words of the model, for the fingerprint. Never a secret.
        related: further places, with what there is to see.
        help: what to do, in one sentence.
        fix: what `--fix` would do.
        count: how many places it stands for.
        parts: the findings of the single places, where each can be ignored alone.
        only: the finding of some of the parts, by their numbers.
    """

    rule: Rule
    message: str
    place: Place
    severity: Severity
    owner: ModelNode | None = field(default=None, repr=False, compare=False)
    value: str = ""
    related: tuple[Place, ...] = ()
    help: str = ""
    fix: Fix | None = field(default=None, compare=False)
    count: int = 1
    parts: tuple[Finding, ...] = field(default=(), repr=False, compare=False)
    only: Callable[[SequenceABC[int]], Finding] | None = field(
        default=None, repr=False, compare=False
    )


Where = ModelNode | Node | Place
"""A part of the model, or a value of a document."""


def place_of(where: Where, key: str = "", message: str = "") -> Place:
    """The place of a part of the model (or of one of its fields), or of a value (or of one of its
    keys). What is absent is placed at the object that lacks it.
    """
    if isinstance(where, Place):
        return where
    if isinstance(where, ModelNode):
        if where.origin is None:
            return Place(Position("<model>", 1, 1), None, message)
        node, there = where.origin.locate(key)
        if key and there and isinstance(node.parent, Mapping) and isinstance(node.key, str):
            return _at_key(node.parent, node.key, message)
        return _at_node(node, message)
    if key and isinstance(where, Mapping) and where.has(key):
        return _at_key(where, where.spelt(key), message)
    return _at_node(where, message)


def _at_key(mapping: Mapping, key: str, message: str) -> Place:
    if key not in mapping.entries:
        return _at_node(mapping, message)
    return Place(mapping.key_position(key), mapping.entries[key], message)


def _at_node(node: Node, message: str) -> Place:
    """A block that a key names is placed at the key, where readers look for it."""
    parent, key = node.parent, node.key
    if (
        isinstance(node, (Mapping, Sequence))
        and isinstance(parent, Mapping)
        and isinstance(key, str)
        and key in parent.entries
        and parent.entries[key] is node
    ):
        return Place(parent.key_position(key), node, message)
    return Place(node.position, node, message)


def finding(
    rule: Rule,
    message: str,
    where: Where,
    key: str = "",
    *,
    owner: ModelNode | None = None,
    value: str = "",
    severity: Severity | None = None,
    related: SequenceABC[Place] = (),
    help: str = "",
    fix: Fix | None = None,
    count: int = 1,
) -> Finding:
    """A finding at a part of the model (or at one of its fields), or at a value of a document (or
    at one of its keys).
    """
    if owner is None and isinstance(where, ModelNode):
        owner = where
    return Finding(
        rule,
        message,
        place_of(where, key),
        severity or rule.severity,
        owner,
        value,
        tuple(related),
        help,
        fix,
        count,
    )
