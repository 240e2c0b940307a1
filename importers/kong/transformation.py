"""Changes of JSON bodies: the `body` entries of `request-transformer` and the `json` entries of
`response-transformer` (https://developer.konghq.com/plugins/response-transformer/).

They act on the fields of the outermost object. What only Kong can do is kept as in `headers`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingABC
from typing import TYPE_CHECKING, Any

from gal.importers.kong.settings import begin
from gal.importers.kong.transformer_entries import Entries, Entry
from gal.ledger import Fate, Level
from gal.model import BodyOperations, Extensions, Transformation
from gal.reading import Mapping, Node, is_placeholder

if TYPE_CHECKING:
    from gal.importers.kong.plugin import Plugin
    from gal.ledger import Reporter

_TYPES = ("boolean", "number", "string")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?")
_TYPED = ("replace", "add", "append")


def transformation(
    request: Plugin | None, response: Plugin | None, report: Reporter
) -> Transformation | None:
    """What the two transformers of a scope do to bodies; None where they do nothing.

    Raises:
        InputError: an entry without a value, or an unknown type in `json_types`.
    """
    policy = Transformation()
    if request is not None:
        entries = Entries.read(begin(request, report), "body", on_request=True)
        if entries.any:
            policy.origin = request.origin()
            policy.request = _Body(request, "body", {}, report).operations(entries, policy)
            _report_forms(entries, report)
    if response is not None:
        config = begin(response, report)
        entries = Entries.read(config, "json", on_request=False)
        types = {key: _json_types(config, key) for key in _TYPED}
        if entries.any:
            policy.origin = policy.origin or response.origin()
            policy.response = _Body(response, "json", types, report).operations(entries, policy)
    return None if policy.origin is None else policy


def _report_forms(entries: Entries, report: Reporter) -> None:
    first = next(iter(entries))
    message = "Kong changes the fields of forms, too, and adds to a JSON body that is empty"
    report.at(
        first.node.parent, Fate.APPROXIMATED, Level.WARNING, "transformation", message, whole=False
    )


def _json_types(config: Mapping, key: str) -> list[str]:
    below = config.take_mapping(key)
    if below is None:
        return []
    found = []
    for node in below.take_sequence("json_types"):
        name = node.as_str()
        if name not in _TYPES and not is_placeholder(name):
            raise node.error(f'"{name}" must be one of {", ".join(_TYPES)}')
        found.append(name)
    return found


class _Body:
    """Turns the entries of one side into operations."""

    def __init__(
        self, plugin: Plugin, area: str, types: MappingABC[str, list[str]], report: Reporter
    ) -> None:
        self.plugin = plugin
        self.area = area
        self.types = types
        self.report = report
        self.kept: dict[str, dict[str, list[str]]] = {}

    def operations(self, entries: Entries, policy: Transformation) -> BodyOperations:
        """The operations; entries that only Kong understands go to the policy's extensions."""
        names = {key: f"config.{key}.{self.area}" for key in ("remove", "rename", "replace")}
        names |= {"default": f"config.add.{self.area}", "append": f"config.append.{self.area}"}
        found = BodyOperations(origin=self.plugin.origin(names))
        for entry in entries:
            if entry.is_template and self.area == "body":
                self._keep(entry, "a template $(...) is Kong's own: left out elsewhere")
            elif entry.key == "remove":
                found.remove.append(entry.name)
            elif entry.key == "rename":
                self._rename(found, entry)
            else:
                self._set(found, entry)
        if self.kept:
            extensions: Extensions = policy.extensions
            extensions.setdefault("kong", {})[self.plugin.name] = self.kept
        return found

    def _rename(self, found: BodyOperations, entry: Entry) -> None:
        if not entry.value:
            self._idle(entry, "an entry without value does nothing")
        elif entry.name in found.rename:
            self._idle(entry, f'"{entry.name}" has another name by then')
        else:
            found.rename[entry.name] = entry.value

    def _set(self, found: BodyOperations, entry: Entry) -> None:
        type_name = self._type_of(entry)
        value = _typed(entry, type_name)
        if is_placeholder(entry.value) and type_name != "string":
            self._keep(entry, f"what the {type_name} is cannot be told: left out elsewhere")
        elif value is None:
            self._idle(entry, f'"{entry.value}" is no number, so Kong does nothing')
        elif entry.key == "replace":
            found.replace[entry.name] = value
        elif entry.key == "add" and entry.name in found.default:
            self._idle(entry, f'"{entry.name}" is there by then')
        elif entry.key == "add":
            found.default[entry.name] = value
        elif entry.name in found.append:
            self._keep(entry, f'left out elsewhere: "{entry.name}" is appended to once more')
        else:
            found.append[entry.name] = value

    def _type_of(self, entry: Entry) -> str:
        types = self.types.get(entry.key, [])
        return types[entry.index] if entry.index < len(types) else "string"

    def _keep(self, entry: Entry, message: str) -> None:
        below = self.kept.setdefault(entry.key, {})
        below.setdefault(self.area, []).append(entry.node.as_str())
        if self.area == "json" and entry.key in _TYPED:
            below.setdefault("json_types", []).append(self._type_of(entry))
        self._say(entry.node, Fate.CARRIED, Level.WARNING, message)

    def _idle(self, entry: Entry, message: str) -> None:
        self._say(entry.node, Fate.DROPPED, Level.INFO, message)

    def _say(self, node: Node, fate: Fate, level: Level, message: str) -> None:
        self.report.at(node, fate, level, "transformation", message)


def _typed(entry: Entry, type_name: str) -> Any:
    """The value that Kong puts into the body: a text that is missing is its word for nothing."""
    text = entry.value or "null"
    if type_name == "boolean":
        return text == "true"
    if type_name != "number":
        return text
    if not _NUMBER.fullmatch(text):
        return None
    if text.lower().startswith("0x"):
        return int(text, 16)
    number = float(text)
    return int(number) if number.is_integer() else number
