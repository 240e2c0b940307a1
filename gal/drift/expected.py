"""Drift that is expected: a TOML file with entries by id, object and field, each with a reason.

    [[expect]]
    id = "D080"
    object = "route * api.example.com /reports*"
    field = "timeout.read"
    reason = "reports take long until the new store is there"
    until = 2027-03-01

Changes are found by what they are, never by the words of a message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

from gal.drift.catalogue import kind_of
from gal.drift.change import Change, Drift, Level
from gal.errors import GalError, InputError, Position
from gal.reading import Mapping, Scalar, read_file


@dataclass(frozen=True, slots=True)
class Expectation:
    """One entry.

    Attributes:
        id: of the change.
        object: a pattern of the object, `*` stands for any text.
        field: a pattern of the field.
        old: the old value; unset is any.
        new: the new value; unset is any.
        reason: why.
        until: the last day on which it acts; unset is for ever.
        position: where it is written.
    """

    id: str
    object: str = "*"
    field: str = "*"
    old: str | None = None
    new: str | None = None
    reason: str = ""
    until: date | None = None
    position: Position | None = dataclass_field(default=None, compare=False)

    def meets(self, one: Change) -> bool:
        """Whether a change is the expected one."""
        return (
            one.id == self.id
            and any(fnmatchcase(name, self.object) for name in (one.object, *one.objects))
            and fnmatchcase(one.field, self.field)
            and self.old in (None, one.old)
            and self.new in (None, one.new)
        )


@dataclass(frozen=True, slots=True)
class Sorted:
    """Drift with what was expected apart.

    Attributes:
        drift: the rest.
        expected: changes that were expected.
        unused: entries that no change met.
        expired: entries whose last day is over.
    """

    drift: Drift
    expected: tuple[Change, ...]
    unused: tuple[Expectation, ...]
    expired: tuple[Expectation, ...]


def load(path: str) -> tuple[Expectation, ...]:
    """The entries of a file.

    Raises:
        InputError: it cannot be read, or an entry cannot act.
    """
    root = read_file(path)[0].mapping()
    entries = tuple(_entry(item) for item in root.take_mappings("expect"))
    for key in root.untaken():
        raise InputError(f'there is no "{key}" here, only [[expect]]', root.key_position(key))
    return entries


def apart(drift: Drift, entries: Sequence[Expectation], today: date) -> Sorted:
    """Take what is expected out of a drift."""
    acting = [one for one in entries if one.until is None or today <= one.until]
    by_id: dict[str, list[Expectation]] = {}
    for one in acting:
        by_id.setdefault(one.id, []).append(one)
    rest: list[Change] = []
    expected: list[Change] = []
    used: set[int] = set()
    for change in drift.changes:
        met = [one for one in by_id.get(change.id, ()) if one.meets(change)]
        used.update(map(id, met))
        (expected if met else rest).append(change)
    return Sorted(
        replace(drift, changes=tuple(rest)),
        tuple(expected),
        tuple(one for one in acting if id(one) not in used),
        tuple(one for one in entries if one not in acting),
    )


def written(changes: Sequence[Change]) -> str:
    """Entries for changes, to be looked at and given reasons."""
    blocks = []
    for one in changes:
        pairs = {"id": one.id, "object": _literal(one.object), "field": _literal(one.field)}
        lines = [f"{key} = {_quoted(value)}" for key, value in pairs.items()]
        blocks.append("\n".join(["[[expect]]", *lines, 'reason = "TODO"']))
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _literal(text: str) -> str:
    """A pattern that only fits a text."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return (
        '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'
    )


def _entry(item: Mapping) -> Expectation:
    name = item.take_str("id")
    if name is None:
        raise item.error('an expectation needs an "id"', "gal drift shows the ids")
    try:
        kind = kind_of(name)
    except GalError as error:
        raise item.error(error.message) from None
    made = Expectation(
        kind.id,
        item.take_str("object", "*"),
        item.take_str("field", "*"),
        item.take_str("old"),
        item.take_str("new"),
        item.take_str("reason", ""),
        _day(item),
        item.position,
    )
    item.take_str("ticket")
    if kind.level is Level.CRITICAL and not (made.reason and made.until):
        raise item.error(f'{kind.id} is critical: it is only expected with "reason" and "until"')
    for key in item.untaken():
        raise InputError(f'an expectation has no "{key}"', item.key_position(key))
    return made


def _day(item: Mapping) -> date | None:
    node = item.take("until")
    if not isinstance(node, Scalar):
        return None
    try:
        return date.fromisoformat(node.as_str())
    except ValueError:
        raise node.error("a day is written 2027-01-31") from None


def add_to(path: str, changes: Sequence[Change]) -> None:
    """Add entries for changes to a file, which is made where it is not there."""
    from gal.writing import write_atomically

    target = Path(path)
    old = target.read_text(encoding="utf-8") if target.exists() else ""
    gap = "" if not old else "\n" if old.endswith("\n") else "\n\n"
    write_atomically(target, old + gap + written(changes))
