"""The JSON Schema of GAL's YAML, for editors: from the same dataclasses."""

from __future__ import annotations

from enum import Enum
from typing import Any, get_args, get_origin

from gal.codec.encode import _plain
from gal.codec.plan import Item, Plan, is_model, plan_of, union_members
from gal.model.gateway import Gateway
from gal.model.node import ModelNode
from gal.model.values import Anchor, Dialect, Duration, Rate, Regex, Secret, Size

_DURATION = {
    "anyOf": [
        {"type": "string", "pattern": r"^(\d+(\.\d+)?(ns|us|ms|s|m|h|d))+$"},
        {"type": "number", "minimum": 0, "description": "seconds"},
    ]
}
_SIZE = {
    "anyOf": [
        {"type": "string", "pattern": r"^\d+\s*(B|kB|KB|MB|GB|KiB|MiB|GiB)?$"},
        {"type": "integer", "minimum": 0, "description": "bytes"},
    ]
}


def json_schema() -> dict[str, Any]:
    """The schema of a whole file (JSON Schema, draft 2020-12)."""
    builder = _Builder()
    root = builder.reference(Gateway)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "GAL gateway configuration",
        **root,
        "$defs": dict(sorted(builder.definitions.items())),
    }


class _Builder:
    def __init__(self) -> None:
        self.definitions: dict[str, Any] = {}

    def reference(self, cls: type[ModelNode]) -> dict[str, Any]:
        name = cls.__name__
        if name not in self.definitions:
            self.definitions[name] = {}
            self.definitions[name] = self._object(cls)
        return {"$ref": f"#/$defs/{name}"}

    def _object(self, cls: type[ModelNode]) -> dict[str, Any]:
        plan = plan_of(cls)
        properties = self._properties(plan, "")
        required = [item.key for item in plan.items if item.required]
        schema: dict[str, Any] = {
            "type": "object",
            "description": plan.summary,
            "properties": properties,
            "additionalProperties": False,
        }
        return {**schema, "required": required} if required else schema

    def _properties(self, plan: Plan, prefix: str) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        for item in plan.items:
            if item.flat_prefix is not None:
                inner = plan_of(item.hint)
                properties.update(self._properties(inner, prefix + item.flat_prefix))
            else:
                properties[prefix + item.key] = self._described(item)
        for short in plan.shorthands:
            for key, hint in short.keys.items():
                described = f"Short for `{prefix}{short.field}`."
                properties[prefix + key] = {**self.type(hint), "description": described}
        return properties

    def _described(self, item: Item) -> dict[str, Any]:
        kind = self.type(item.hint)
        if item.can_be_unset:
            kind = {"anyOf": [kind, {"type": "null"}]}
        schema = {**kind, "description": item.doc}
        if item.required or item.default in (None, [], {}) or is_model(item.hint):
            return schema
        return {**schema, "default": _plain(item.hint, item.default)}

    def type(self, hint: Any) -> dict[str, Any]:
        members = union_members(hint)
        if len(members) > 1:
            return {"anyOf": [self.type(member) for member in members]}
        if hint is Any:
            return {}
        if is_model(hint):
            return self.reference(hint)
        if get_origin(hint) is list:
            return {"type": "array", "items": self.type(get_args(hint)[0])}
        if get_origin(hint) is dict:
            return {"type": "object", "additionalProperties": self._value(get_args(hint)[1])}
        if isinstance(hint, type) and issubclass(hint, Enum):
            return {"enum": [member.value for member in hint]}
        return _scalars()[hint]

    def _value(self, hint: Any) -> dict[str, Any]:
        if hint == list[str]:
            return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
        return self.type(hint)


def _scalars() -> dict[Any, dict[str, Any]]:
    pattern = {"type": "string"}
    regex = {
        "anyOf": [
            pattern,
            {
                "type": "object",
                "properties": {
                    "pattern": pattern,
                    "dialect": {"enum": [member.value for member in Dialect]},
                    "anchor": {"enum": [member.value for member in Anchor]},
                },
                "required": ["pattern"],
                "additionalProperties": False,
            },
        ]
    }
    return {
        # A template placeholder such as ${PORT} may stand for any number.
        int: {"type": ["integer", "string"]},
        float: {"type": ["number", "string"]},
        str: {"type": ["string", "number"]},
        bool: {"type": "boolean"},
        Duration: _DURATION,
        Size: _SIZE,
        Rate: {"type": "string", "pattern": r"^\d+(\.\d+)?/.+$"},
        Secret: {"type": ["string", "number"]},
        Regex: regex,
    }
