"""The ledger: one fate for every field of the input (law 1).

Importers read through documents that know what was never read, exporters read through `Claims`
that know the same of the model. The driver (`gal.convert`) turns both into entries, so no
provider can forget. Entries are typed values; `gal.report` renders them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from gal.model.node import ModelNode

if TYPE_CHECKING:
    from gal.errors import Position
    from gal.reading import Document
    from gal.reading import Node as SourceNode


class Fate(str, Enum):
    """What became of a field of the input."""

    EXACT = "exact"
    APPROXIMATED = "approximated"
    DROPPED = "dropped"
    CARRIED = "carried"


class Level(str, Enum):
    """What it means: no effect on traffic, another behaviour, an access control that was lost."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for info, 1 for warning, 2 for error."""
        return list(Level).index(self)


class Stage(str, Enum):
    """Which half of the conversion says so."""

    IMPORT = "import"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class Entry:
    """The fate of one field, or of one object as a whole.

    Attributes:
        fate: what became of it.
        level: what that means.
        stage: whether reading or writing decided it.
        provider: the importer's or exporter's name.
        feature: what it is about in the model's words, such as `rate_limit`.
        path: where it stands in the source, such as `services[0].routes[1].strip_path`.
        position: file, line and column; unset for what stands in no file.
        message: what differs or why, for people. Never holds a secret.
        whole: the entry speaks of everything below `path`.
        node: the source node, to find the fields that have no entry.
    """

    fate: Fate
    level: Level
    stage: Stage
    provider: str
    feature: str
    path: str
    position: Position | None
    message: str
    whole: bool = True
    node: SourceNode | None = field(default=None, repr=False, compare=False)


@dataclass(slots=True)
class Ledger:
    """Collects entries, each once, in the order in which they are made."""

    _entries: dict[tuple[str, str, Fate, str], Entry] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Keep an entry, unless the same was said already."""
        file = entry.position.file if entry.position else ""
        self._entries.setdefault((file, entry.path, entry.fate, entry.message), entry)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def sorted(self) -> list[Entry]:
        """The entries, worst level first, then by place in the input."""

        def key(entry: Entry) -> tuple[int, str, int, int, str, str]:
            where = entry.position
            file, line, column = (where.file, where.line, where.column) if where else ("", 0, 0)
            return (-entry.level.rank, file, line, column, entry.path, entry.message)

        return sorted(self, key=key)

    def worst(self) -> Level | None:
        """The highest level, if there is any entry."""
        return max((entry.level for entry in self), key=lambda level: level.rank, default=None)

    def counts(self, documents: Iterable[Document]) -> dict[Fate, int]:
        """How many fields met each fate; what has no entry of its own was kept exactly."""
        counted = Counter(entry.fate for entry in self)
        counted[Fate.EXACT] += sum(1 for _ in self.exact_fields(documents))
        return {fate: counted[fate] for fate in Fate}

    def exact_fields(self, documents: Iterable[Document]) -> Iterator[SourceNode]:
        """The fields (scalars) of the input that no entry speaks of."""
        from gal.reading import Mapping, Sequence

        spoken_of = {id(entry.node) for entry in self if entry.node is not None and entry.whole}
        for document in documents:
            pending: list[SourceNode] = [document.root]
            while pending:
                node = pending.pop()
                if id(node) in spoken_of:
                    continue
                if isinstance(node, Mapping):
                    pending.extend(node.entries.values())
                elif isinstance(node, Sequence):
                    pending.extend(node.items)
                else:
                    yield node


@dataclass(frozen=True, slots=True)
class Reporter:
    """Writes entries for one provider and stage. Providers get one; they never make entries."""

    ledger: Ledger
    provider: str
    stage: Stage

    def at(
        self,
        node: SourceNode | None,
        fate: Fate,
        level: Level,
        feature: str,
        message: str,
        *,
        whole: bool = True,
        position: Position | None = None,
    ) -> None:
        """An entry at a place of the source document: at the node, unless `position` is given."""
        path = node.path if node is not None else feature
        if position is None and node is not None:
            position = node.position
        self.ledger.add(
            Entry(
                fate,
                level,
                self.stage,
                self.provider,
                feature,
                path,
                position,
                message,
                whole,
                node,
            )
        )

    def about(
        self,
        subject: ModelNode,
        fate: Fate,
        level: Level,
        feature: str,
        message: str,
        field: str = "",
    ) -> None:
        """An entry about a part of the model, or about one field of it, at its origin."""
        origin = subject.origin
        if origin is None:
            self.at(None, fate, level, feature, message)
            return
        node, stands_there = origin.locate(field)
        self.at(node, fate, level, feature, message, whole=stands_there)

    def approximated(self, subject: ModelNode, feature: str, message: str, field: str = "") -> None:
        """It behaves differently: the message says how."""
        self.about(subject, Fate.APPROXIMATED, Level.WARNING, feature, message, field)

    def dropped(
        self,
        subject: ModelNode,
        feature: str,
        message: str,
        field: str = "",
        level: Level = Level.WARNING,
    ) -> None:
        """It is gone: the message says why."""
        self.about(subject, Fate.DROPPED, level, feature, message, field)

    def refused(self, subject: ModelNode, feature: str, message: str, field: str = "") -> None:
        """An access control that could not be kept, so that everybody is refused (law 2)."""
        self.about(subject, Fate.DROPPED, Level.ERROR, feature, message, field)
