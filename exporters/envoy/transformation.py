"""Changes of JSON bodies, by a script.

Envoy's own `transform` filter sorts the fields, turns numbers into text and cannot give defaults.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gal.exporters.envoy import lua
from gal.exporters.envoy.build import Json, RouteBuild, Shared
from gal.exporters.envoy.headers import OVERWRITE, is_name, mutate, mutation, template
from gal.exporters.envoy.lua_json import REQUEST, RESPONSE
from gal.ledger import Fate, Level
from gal.model import BodyOperations, ComputedField, Transformation

BODY_LIMIT = 2**26
"""Bytes of a body that is changed: a longer request is refused with 413, a longer answer with
500."""

_GENERATORS = ("uuid", "timestamp")


def transformation(policy: Transformation, build: RouteBuild, shared: Shared) -> None:
    """Changes of bodies whose type is `application/json`; others, and broken ones, stay as they
    are. With required fields, a body without them is refused with 400, whatever its type, and so
    is a missing body that is said to be JSON. `policy.headers` is not this function's matter.
    """
    request = _request(policy, shared)
    response = _operations(policy.response)
    if request:
        lua.switch_on(build, shared, "transformation", REQUEST, request, "request")
    if response:
        context = {"changes": True, **response}
        lua.switch_on(build, shared, "transformation", RESPONSE, context, "response")
    if request or response:
        build.body_limit = max(build.body_limit or 0, BODY_LIMIT)
        shared.context.report.about(
            policy,
            Fate.APPROXIMATED,
            Level.INFO,
            "transformation",
            f"bodies are read whole into memory first, up to {BODY_LIMIT >> 20} MiB",
        )
    added = []
    for name, value in policy.metadata.items():
        if is_name(name):
            added.append(mutation(name, template(value), OVERWRITE))
            continue
        message = f'"{name}" is no name of a header that can be set'
        shared.context.report.dropped(policy, "transformation", message, "metadata")
    mutate(build, shared, "transformation", request=added, label="metadata")


def _request(policy: Transformation, shared: Shared) -> Json:
    changes = {
        "defaults": _values(policy.defaults),
        "computed": _computed(policy.computed_fields, shared),
        **_operations(policy.request),
    }
    context: Json = {kind: items for kind, items in changes.items() if items}
    if context:
        context["changes"] = True
    required = policy.validation.required_fields if policy.validation is not None else []
    if required:
        context["required"] = [{"name": name, "key": _text(name)} for name in required]
    return context


def _computed(fields: list[ComputedField], shared: Shared) -> list[Json]:
    found = []
    for field in fields:
        if field.generator not in _GENERATORS:
            shared.context.report.dropped(
                field, "transformation", f'"{field.generator}" makes up nothing', "generator"
            )
            continue
        found.append(
            {
                "name": field.field,
                "key": _text(field.field),
                "generator": field.generator,
                "prefix": _text(field.prefix)[1:-1],
            }
        )
    return found


def _operations(operations: BodyOperations | None) -> Json:
    if operations is None:
        return {}
    found = {
        "remove": list(operations.remove),
        "rename": [
            {"from": old, "to": new, "key": _text(new)} for old, new in operations.rename.items()
        ],
        "replace": _values(operations.replace),
        "default": _values(operations.default),
        "append": _values(operations.append),
    }
    return {kind: items for kind, items in found.items() if items}


def _values(values: Mapping[str, Any]) -> list[Json]:
    return [
        {"name": name, "key": _text(name), "value": _text(value)} for name, value in values.items()
    ]


def _text(value: object) -> str:
    """A value as JSON, which is what the script puts into bodies."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
