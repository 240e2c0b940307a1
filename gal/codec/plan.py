"""How a class of the model looks in YAML, worked out once from its fields."""

from __future__ import annotations

import re
import types
import typing
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Any, cast, get_args, get_origin, get_type_hints

from gal.codec.forms import FLATTENED, RENAMED, Shorthand, shorthands
from gal.model.node import ModelNode

if TYPE_CHECKING:
    from collections.abc import Hashable

NO_DEFAULT: Any = MISSING


@dataclass(frozen=True, slots=True)
class Item:
    """One field of a class.

    Attributes:
        name: the field.
        key: its key in YAML.
        hint: its type without `None`.
        optional: it may be None.
        default: a fresh-looking default to compare with, or `NO_DEFAULT`.
        flat_prefix: not None where the field's own keys stand among those of its owner.
        doc: its description, from the class's docstring.
    """

    name: str
    key: str
    hint: Any
    optional: bool
    default: Any
    flat_prefix: str | None
    doc: str

    @property
    def can_be_unset(self) -> bool:
        """`null` says something: that the default does not hold."""
        return self.optional and not self.required and self.default is not None

    @property
    def required(self) -> bool:
        """It has no default."""
        return self.default is NO_DEFAULT


@dataclass(frozen=True, slots=True)
class Plan:
    """All fields of a class, and its short keys."""

    cls: type[ModelNode]
    items: tuple[Item, ...]
    shorthands: tuple[Shorthand, ...]
    summary: str

    @property
    def source_names(self) -> dict[str, str]:
        """Keys by field name, where they differ."""
        return {item.name: item.key for item in self.items if item.name != item.key}


def plan_of(cls: type[ModelNode]) -> Plan:
    """The plan of a class of the model."""
    return _made_once(cast("Hashable", cls))


@cache
def _made_once(cls: Any) -> Plan:
    hints = get_type_hints(cls)
    docs = field_docs(cls)
    renamed = RENAMED.get(cls, {})
    flattened = FLATTENED.get(cls, {})
    items = []
    for item in fields(cls):
        if item.name == "origin":
            continue
        hint, optional = _without_none(hints[item.name])
        items.append(
            Item(
                item.name,
                renamed.get(item.name, item.name),
                hint,
                optional,
                _default(item),
                flattened.get(item.name),
                docs.get(item.name, ""),
            )
        )
    summary = (cls.__doc__ or "").split("\n\n")[0].replace("\n", " ")
    return Plan(cls, tuple(items), shorthands(cls), re.sub(r"\s+", " ", summary).strip())


def field_docs(cls: type) -> dict[str, str]:
    """The descriptions under `Attributes:` of a class's docstring, by field name."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        found.update(_described_in(base.__doc__ or ""))
    return found


def _described_in(docstring: str) -> dict[str, str]:
    _, _, section = docstring.partition("Attributes:\n")
    found: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        text = line.strip()
        head = re.match(r"^ {8}(\w+): (.*)", line)
        if head:
            name = head.group(1)
            found[name] = head.group(2).strip()
        elif text and name:
            found[name] += " " + text
        elif not text:
            name = ""
    return found


def is_model(hint: Any) -> bool:
    """Whether a type is a class of the model."""
    return isinstance(hint, type) and issubclass(hint, ModelNode)


def union_members(hint: Any) -> tuple[Any, ...]:
    """The members of a union type, or the type alone."""
    if get_origin(hint) in (typing.Union, types.UnionType):
        return get_args(hint)
    return (hint,)


def _without_none(hint: Any) -> tuple[Any, bool]:
    members = union_members(hint)
    present = tuple(member for member in members if member is not type(None))
    if len(present) == 1:
        return present[0], len(present) != len(members)
    return typing.Union[present], len(present) != len(members)  # noqa: UP007 - built at run time


def _default(item: Field[Any]) -> Any:
    if item.default is not MISSING:
        return item.default
    if item.default_factory is not MISSING:
        return item.default_factory()
    return NO_DEFAULT
