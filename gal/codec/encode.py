"""From the model to the plain data of GAL's YAML."""

from __future__ import annotations

from enum import Enum
from typing import Any, get_args, get_origin

from gal.codec.forms import ALWAYS_WRITTEN
from gal.codec.plan import Item, Plan, plan_of
from gal.model.authentication import Authentication
from gal.model.node import ModelNode
from gal.model.values import Anchor, Dialect, Duration, Rate, Regex, Secret, Size


def encode(node: ModelNode) -> dict[str, Any]:
    """The plain data (dicts, lists, strings, numbers) of a model node; defaults are left out."""
    plan = plan_of(type(node))
    if isinstance(node, Authentication):
        node.__post_init__()  # its `type` follows from the sections that it has now
    always = ALWAYS_WRITTEN.get(type(node), frozenset())
    written: dict[str, Any] = {}
    for item in plan.items:
        value = getattr(node, item.name)
        if item.flat_prefix is not None:
            written.update(_flat(item, value))
        elif item.required or value != item.default or item.name in always:
            written.update(_keys(plan, item, value))
    return written


def _flat(item: Item, value: ModelNode | None) -> dict[str, Any]:
    """The keys of a field that stands among its owner's."""
    if value is None:
        return {}
    inner = encode(value)
    if not inner and item.optional:
        # Set but empty: it hides what a wider scope says, so it has to be seen.
        first = plan_of(type(value)).items[0]
        inner = {first.key: _plain(first.hint, getattr(value, first.name))}
    return {f"{item.flat_prefix}{key}": below for key, below in inner.items()}


def _keys(plan: Plan, item: Item, value: Any) -> dict[str, Any]:
    for short in plan.shorthands:
        if short.field == item.name:
            contracted = short.contract(value)
            if contracted is not None:
                return {key: _plain(short.keys[key], each) for key, each in contracted.items()}
    return {item.key: _plain(item.hint, value)}


def _plain(hint: Any, value: Any) -> Any:
    if isinstance(value, ModelNode):
        return encode(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Regex):
        return _regex(value)
    if isinstance(value, (Duration, Size, Rate)):
        return str(value)
    if isinstance(value, list):
        inner = (get_args(hint) or (Any,))[0]
        return [_plain(inner, each) for each in value]
    if get_origin(hint) is dict and get_args(hint)[1] == list[str]:
        return {key: each[0] if len(each) == 1 else list(each) for key, each in value.items()}
    return value


def _regex(value: Regex) -> Any:
    if value.dialect is Dialect.RE2 and value.anchor is Anchor.FULL:
        return value.pattern
    written = {"pattern": value.pattern}
    if value.dialect is not Dialect.RE2:
        written["dialect"] = value.dialect.value
    if value.anchor is not Anchor.FULL:
        written["anchor"] = value.anchor.value
    return written
