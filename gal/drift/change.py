"""What `gal drift` tells: changes with an id, both positions and four labels.

Everything here is plain, frozen data without secrets, so that a report can write it as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gal.errors import Position


class Security(str, Enum):
    """What a change does to the protection of what stands behind the gateway.

    `unknown` counts as `weakened` where a change decides about an exit code.
    """

    WEAKENED = "weakened"
    UNKNOWN = "unknown"
    STRENGTHENED = "strengthened"
    NEUTRAL = "neutral"

    @property
    def rank(self) -> int:
        """3 for weakened, down to 0 for neutral."""
        return 3 - list(Security).index(self)


class Traffic(str, Enum):
    """What a change does to requests: some are refused or misled that were answered (`breaking`),
    some go elsewhere (`rerouting`), some are let in that were not (`opening`), or none of these.
    """

    BREAKING = "breaking"
    REROUTING = "rerouting"
    OPENING = "opening"
    NONE = "none"

    @property
    def rank(self) -> int:
        """3 for breaking, down to 0 for none."""
        return 3 - list(Traffic).index(self)


class Behaviour(str, Enum):
    """Whether timing, retries, limits, headers or answers differ for requests that go the same
    way.
    """

    CHANGED = "changed"
    SAME = "same"


class Operations(str, Enum):
    """What operators see of a change: names, order and spelling (`cosmetic`), logs and metrics
    (`observability`), or nothing beside the other labels.
    """

    COSMETIC = "cosmetic"
    OBSERVABILITY = "observability"
    NONE = "none"


class Level(str, Enum):
    """How much a change matters, the worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """4 for critical, down to 0 for info."""
        return 4 - list(Level).index(self)


class Side(str, Enum):
    """One of the two configurations."""

    OLD = "old"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference in meaning.

    Attributes:
        id: stable, such as "D010"; `gal.drift.catalogue` explains it.
        name: the id in words, such as "auth-removed".
        object: what changed, such as "route GET api.example.com /orders*", in the same words
            whichever gateway it comes from. Of a grouped change the scope that explains all of
            it, such as "gateway" or "service orders".
        field: the field of the model, such as "authentication" or "timeout.read".
        old: its old value as text, a secret as its fingerprint; "none" where there was none.
        new: its new value, likewise.
        old_position: where the old value stands; unset where it stands in no file.
        new_position: where the new value stands, or what is nearest to it.
        security: label.
        traffic: label.
        behaviour: label.
        operations: label.
        level: how much it matters.
        message: one sentence without secrets.
        count: how many routes or other objects it affects, 1 or more.
        objects: the affected objects in the words of `object`, sorted, at most `MOST_OBJECTS`.
        cause: which side moved, where three are compared (see `gal.drift.three_way`); else empty.
    """

    id: str
    name: str
    object: str
    field: str
    old: str
    new: str
    old_position: Position | None
    new_position: Position | None
    security: Security
    traffic: Traffic
    behaviour: Behaviour
    operations: Operations
    level: Level
    message: str
    count: int = 1
    objects: tuple[str, ...] = ()
    cause: str = ""

    @property
    def cosmetic(self) -> bool:
        """Whether it only shows to those who read the files."""
        return self.level is Level.INFO


MOST_OBJECTS = 50
"""Objects that a grouped change lists; `count` counts all of them."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """An object that only one side has.

    Attributes:
        kind: "route", "consumer", "certificate" or "listener".
        object: as in `Change.object`.
        side: the side that has it.
        position: where it stands.
    """

    kind: str
    object: str
    side: Side
    position: Position | None


@dataclass(frozen=True, slots=True)
class NotCompared:
    """What only one side's gateway can say, so that nothing follows from its absence (D101).

    Attributes:
        topic: what it is about, such as "plugin ldap-auth", "retry.backoff" or "extensions".
        side: the side that says it.
        provider: the gateway that cannot say it.
        reason: one sentence.
        count: how many objects.
        position: where the first stands.
    """

    topic: str
    side: Side
    provider: str
    reason: str
    count: int
    position: Position | None


@dataclass(frozen=True, slots=True)
class Assumption:
    """Two gateways' own defaults that differ where neither side says anything (D102).

    Attributes:
        topic: the field of the model, such as "timeout.read".
        old: the old gateway's default.
        new: the new gateway's default.
        old_provider: its name.
        new_provider: its name.
        level: how much it matters.
        count: how many objects rely on it.
    """

    topic: str
    old: str
    new: str
    old_provider: str
    new_provider: str
    level: Level
    count: int


@dataclass(frozen=True, slots=True)
class Drift:
    """The difference in meaning between two configurations.

    Attributes:
        old_provider: name of the old side's gateway, such as "kong".
        new_provider: name of the new side's gateway.
        changes: the changes, worst first, then by object, field and id.
        matched: number of objects with a counterpart, by kind.
        unmatched: objects without one.
        not_compared: what one side's gateway cannot say.
        assumptions: defaults that differ.
    """

    old_provider: str
    new_provider: str
    changes: tuple[Change, ...] = ()
    matched: Mapping[str, int] = field(default_factory=dict)
    unmatched: tuple[Unmatched, ...] = ()
    not_compared: tuple[NotCompared, ...] = ()
    assumptions: tuple[Assumption, ...] = ()

    @property
    def counts(self) -> dict[Level, int]:
        """Number of changes by level; every level has its entry, the worst first."""
        counted = Counter(change.level for change in self.changes)
        return {level: counted[level] for level in Level}

    @property
    def worst(self) -> Level | None:
        """The highest level of all changes, None when there is none."""
        return max((one.level for one in self.changes), key=lambda one: one.rank, default=None)

    def of_level(self, level: Level) -> tuple[Change, ...]:
        """The changes of one level."""
        return tuple(change for change in self.changes if change.level is level)

    def at_least(self, level: Level) -> tuple[Change, ...]:
        """The changes of a level and of those above it."""
        return tuple(change for change in self.changes if change.level.rank >= level.rank)

    def with_security(self, *labels: Security) -> tuple[Change, ...]:
        """The changes with one of these security labels."""
        return tuple(change for change in self.changes if change.security in labels)

    def with_traffic(self, *labels: Traffic) -> tuple[Change, ...]:
        """The changes with one of these traffic labels."""
        return tuple(change for change in self.changes if change.traffic in labels)

    @property
    def empty(self) -> bool:
        """Whether nothing changed but what is cosmetic."""
        return all(change.cosmetic for change in self.changes)


def worst_first(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes in the order in which reports show them."""
    return tuple(
        sorted(
            changes,
            key=lambda one: (-one.level.rank, one.object, one.field, one.id, one.old, one.new),
        )
    )
