"""Entries of Kong's transformers: `name:value` in the lists of what is done."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gal.exporters.kong.build import NO_HEADER, is_header
from gal.ledger import Reporter
from gal.model import ModelNode, Operations

_GENERATED = re.compile(r"\{\{\s*(uuid|timestamp)\s*\}\}")


@dataclass(slots=True)
class Entries:
    """The lists of one area, and why some values are not among them.

    Attributes:
        area: `headers` or `querystring`.
        on_request: whether it is the upstream's side.
        report: where to say what is left out.
        lists: entries by what is done.
    """

    area: str
    on_request: bool
    report: Reporter
    lists: dict[str, list[str]] = field(
        default_factory=lambda: {
            key: [] for key in ("remove", "rename", "replace", "add", "append")
        }
    )
    _named: set[str] = field(default_factory=set)

    def put(self, subject: ModelNode, operations: Operations, feature: str) -> None:
        """Operations, after those that are there."""
        again = self._named_by(operations) & self._named
        again -= self._supersede(operations)
        if again:
            message = (
                f"Kong does all removing before all setting: {', '.join(sorted(again))} is changed"
                " twice, so the order differs"
            )
            self.report.approximated(subject, feature, message)
        self._named |= self._named_by(operations)
        for name in operations.remove:
            if not self._comes_back(name, operations):
                self._entry(subject, feature, "remove", name, None)
        for old, new in operations.rename.items():
            self._entry(subject, feature, "rename", old, new)
        self._replace(subject, feature, operations)
        for name, values in operations.set.items():
            self._set(subject, feature, name, values)
        self._defaults(subject, feature, operations)
        for name, values in operations.add.items():
            for value in values:
                self._entry(subject, feature, "append", name, value)

    def _supersede(self, operations: Operations) -> set[str]:
        """Leave out what was to be done before with what is set or removed now. Gives the names
        of which nothing of before is left.
        """
        renamed = {*operations.rename, *operations.rename.values()}
        others = {self._same(one) for one in (*renamed, *operations.replace, *operations.default)}
        others |= {self._same(entry.partition(":")[0]) for entry in self.lists["rename"]}
        others |= {self._same(entry.partition(":")[2]) for entry in self.lists["rename"]}
        names = {self._same(name) for name in (*operations.set, *operations.remove)} - others
        back = {self._same(name) for name in operations.set}
        for key in ("replace", "add", "append"):
            kept = self.lists[key]
            kept[:] = [one for one in kept if self._same(one.partition(":")[0]) not in names]
        if not self.on_request:  # what is removed there does not come back (see `_comes_back`)
            kept = self.lists["remove"]
            kept[:] = [one for one in kept if self._same(one) not in names & back]
        return names

    def _replace(self, subject: ModelNode, feature: str, operations: Operations) -> None:
        settled = self._settled(operations)
        for name, values in operations.replace.items():
            if self._same(name) in settled:
                continue
            if not self.on_request and self._gone(name, operations):
                continue
            self._first(subject, feature, "replace", name, values)
            if len(values) > 1:
                message = f'Kong replaces "{name}" by its first value only'
                self.report.approximated(subject, feature, message)

    def _defaults(self, subject: ModelNode, feature: str, operations: Operations) -> None:
        settled = self._settled(operations)
        for name, values in operations.default.items():
            if self._same(name) in settled:
                continue
            if not self.on_request and self._gone(name, operations):
                self._set(subject, feature, name, values)
            else:
                self._default(subject, feature, name, values)

    def _same(self, name: str) -> str:
        return name.lower() if self.area == "headers" else name

    def _settled(self, operations: Operations) -> set[str]:
        return {self._same(name) for name in operations.set}

    def _named_by(self, operations: Operations) -> set[str]:
        names = [*operations.remove, *operations.rename, *operations.rename.values()]
        names += [*operations.replace, *operations.set, *operations.default, *operations.add]
        return {self._same(name) for name in names}

    def _gone(self, name: str, operations: Operations) -> bool:
        return any(self._same(one) == self._same(name) for one in operations.remove)

    def _comes_back(self, name: str, operations: Operations) -> bool:
        """On responses Kong looks at what was there before it removed anything, so what is set
        after removing is only replaced.
        """
        if self.on_request:
            return False
        back = {self._same(one) for one in (*operations.set, *operations.default)}
        return self._same(name) in back

    def _set(self, subject: ModelNode, feature: str, name: str, values: list[str]) -> None:
        self._first(subject, feature, "replace", name, values)
        if self.on_request and self.area == "headers" and name.lower() == "host":
            return
        if values:
            self._entry(subject, feature, "add", name, values[0])
        for value in values[1:]:
            self._entry(subject, feature, "append", name, value)

    def _first(
        self, subject: ModelNode, feature: str, key: str, name: str, values: list[str]
    ) -> None:
        for value in values[:1]:
            self._entry(subject, feature, key, name, value)

    def _default(self, subject: ModelNode, feature: str, name: str, values: list[str]) -> None:
        for value in values[:1]:
            self._entry(subject, feature, "add", name, value)
        if len(values) > 1:
            message = f'Kong gives "{name}" its first value only'
            self.report.approximated(subject, feature, message)

    def _entry(
        self, subject: ModelNode, feature: str, key: str, name: str, value: str | None
    ) -> None:
        reason = self._refused(key, name, value)
        if reason:
            if key != "add" or f"{name}:{value}" not in self.lists["replace"]:
                self.report.dropped(subject, feature, f'"{name}": {reason}')
            return
        self.lists[key].append(name if value is None else f"{name}:{value}")

    def _refused(self, key: str, name: str, value: str | None) -> str:
        if self.area == "headers" and not is_header(name):
            return NO_HEADER
        if ":" in name or not name:
            return "Kong takes no colon in a name"
        if value is None:
            return ""
        if key == "rename" and self.area == "headers" and not is_header(value):
            return f"{NO_HEADER}, such as its new one"
        if key != "rename" and _GENERATED.search(value):
            return "Kong makes up no values here"
        if "$(" in value:
            return 'Kong takes "$(" for a template'
        if value.startswith(":"):
            return "Kong drops colons at the start of a value"
        if not value.strip():
            return "Kong does nothing where the value is empty"
        return ""
