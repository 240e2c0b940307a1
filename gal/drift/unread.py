"""What importers leave out of the model: it is compared as it stands in the files, so that nothing
that was dropped while reading changes in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from gal.drift.catalogue import kind_of
from gal.drift.change import Change, Drift, Level, NotCompared, Side, worst_first
from gal.drift.shown import NONE, joined, shown_opaque
from gal.ledger import Entry, Fate, Stage
from gal.ledger import Level as Weight

if TYPE_CHECKING:
    from gal.convert import Conversion
    from gal.errors import Position

_NUMBER: Final = re.compile(r"\[\d+\]")
_MOST_SHOWN: Final = 4
_UNREAD: Final = "the reader leaves it out"


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a file that is not in the model.

    Attributes:
        path: where it stands, without the numbers of lists.
        data: what it says.
        position: its place.
    """

    path: str
    data: Any
    position: Position | None


def with_unread(drift: Drift, old: Conversion, new: Conversion) -> Drift:
    """The drift, with what importers left out: a change (D100) where the files of one gateway
    differ in it, and not compared (D101) between two gateways.

    Args:
        drift: from the old model to the new one.
        old: the old side as it was read.
        new: the new side, likewise.
    """
    before, after = list(_parts(old)), list(_parts(new))
    if old.source != new.source:
        counted = [
            *_counted(before, Side.OLD, new.source),
            *_counted(after, Side.NEW, old.source),
        ]
        return replace(drift, not_compared=(*drift.not_compared, *counted))
    made = list(_changes(before, after))
    return replace(drift, changes=worst_first([*drift.changes, *made])) if made else drift


def _parts(side: Conversion) -> Iterator[_Part]:
    """What was dropped though it has an effect on traffic, or nobody knows whether it has."""
    for entry in side.ledger:
        if _is_lost(entry) and entry.node is not None:
            yield _Part(_NUMBER.sub("", entry.path), entry.node.plain(), entry.position)


def _is_lost(entry: Entry) -> bool:
    return (
        entry.stage is Stage.IMPORT
        and entry.fate is Fate.DROPPED
        and entry.whole
        and entry.level is not Weight.INFO
    )


def _counted(parts: list[_Part], side: Side, other: str) -> Iterator[NotCompared]:
    found: dict[str, list[_Part]] = {}
    for one in parts:
        found.setdefault(one.path.rpartition(".")[2] or one.path, []).append(one)
    for name, group in sorted(found.items()):
        yield NotCompared(name, side, other, _UNREAD, len(group), group[0].position)


def _changes(old: list[_Part], new: list[_Part]) -> Iterator[Change]:
    """One change a path whose parts are not the same on both sides, in whatever order."""
    before, after = _by_path(old), _by_path(new)
    for path in dict.fromkeys([*before, *after]):
        gone, come = _apart(before.get(path, []), after.get(path, []))
        if gone or come:
            yield _change(path, gone, come)


def _by_path(parts: list[_Part]) -> dict[str, list[_Part]]:
    found: dict[str, list[_Part]] = {}
    for one in parts:
        found.setdefault(one.path, []).append(one)
    return found


def _apart(old: list[_Part], new: list[_Part]) -> tuple[list[_Part], list[_Part]]:
    """The parts without their equal on the other side."""
    left = [repr(one.data) for one in new]
    gone = []
    for one in old:
        if repr(one.data) in left:
            left.remove(repr(one.data))
        else:
            gone.append(one)
    come = []
    for one in new:
        if repr(one.data) in left:
            left.remove(repr(one.data))
            come.append(one)
    return gone, come


def _change(path: str, gone: list[_Part], come: list[_Part]) -> Change:
    kind = kind_of("D100")
    texts = _text(path, gone), _text(path, come)
    return Change(
        id=kind.id,
        name=kind.name,
        object="what is not read",
        field=path,
        old=texts[0],
        new=texts[1],
        old_position=gone[0].position if gone else None,
        new_position=come[0].position if come else None,
        security=kind.security,
        traffic=kind.traffic,
        behaviour=kind.behaviour,
        operations=kind.operations,
        level=Level.MEDIUM,
        message=f"{path} is not read; it was {texts[0]}, and is {texts[1]}",
        objects=("what is not read",),
    )


def _text(path: str, parts: list[_Part]) -> str:
    shown = []
    for one in parts[:_MOST_SHOWN]:
        if isinstance(one.data, (dict, list)):
            shown.append(
                f"{len(one.data)} {'settings' if isinstance(one.data, dict) else 'entries'}"
            )
        else:
            shown.append(shown_opaque(path, one.data))
    if len(parts) > _MOST_SHOWN:
        shown.append(f"{len(parts) - _MOST_SHOWN} more")
    return joined(shown) if shown else NONE
