"""Drift as JSON, for programs; `docs/drift.schema.json` publishes what `schema` says of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gal.drift.change import Behaviour, Level, Operations, Security, Side, Traffic

if TYPE_CHECKING:
    from gal.drift.change import Change
    from gal.drift.expected import Expectation
    from gal.drift.report import Outcome
    from gal.errors import Position

NAME = "gal.drift/1"


def render(outcome: Outcome) -> str:
    """All changes, cosmetic ones included: programs choose themselves."""
    drift = outcome.drift
    data = {
        "schema": NAME,
        "status": "ok",
        "old": {"name": outcome.names[0], "provider": drift.old_provider},
        "new": {"name": outcome.names[1], "provider": drift.new_provider},
        "exit_code": outcome.exit_code,
        "summary": {
            "levels": {level.value: count for level, count in drift.counts.items()},
            "worst": drift.worst.value if drift.worst is not None else None,
            "failing": len(outcome.failing),
            "matched": dict(sorted(drift.matched.items())),
            "expected": len(outcome.expected),
        },
        "changes": [change_data(one) for one in drift.changes],
        "expected": [change_data(one) for one in outcome.expected],
        "unused_expectations": [_expectation(one) for one in outcome.unused],
        "expired_expectations": [_expectation(one) for one in outcome.expired],
        "unmatched": [
            {
                "kind": one.kind,
                "object": one.object,
                "side": one.side.value,
                "position": _position(one.position),
            }
            for one in drift.unmatched
        ],
        "not_compared": [
            {
                "topic": one.topic,
                "side": one.side.value,
                "provider": one.provider,
                "reason": one.reason,
                "count": one.count,
                "position": _position(one.position),
            }
            for one in drift.not_compared
        ],
        "assumptions": [
            {
                "topic": one.topic,
                "old": one.old,
                "new": one.new,
                "old_provider": one.old_provider,
                "new_provider": one.new_provider,
                "level": one.level.value,
                "count": one.count,
            }
            for one in drift.assumptions
        ],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def change_data(one: Change) -> dict[str, Any]:
    """A change as plain data."""
    return {
        "id": one.id,
        "name": one.name,
        "object": one.object,
        "field": one.field,
        "old": one.old,
        "new": one.new,
        "security": one.security.value,
        "traffic": one.traffic.value,
        "behaviour": one.behaviour.value,
        "operations": one.operations.value,
        "level": one.level.value,
        "message": one.message,
        "count": one.count,
        "objects": list(one.objects),
        "cause": one.cause or None,
        "old_position": _position(one.old_position),
        "new_position": _position(one.new_position),
    }


def _position(where: Position | None) -> dict[str, Any] | None:
    if where is None:
        return None
    return {"file": where.file, "line": where.line, "column": where.column}


def _expectation(one: Expectation) -> dict[str, Any]:
    return {
        "id": one.id,
        "object": one.object,
        "field": one.field,
        "reason": one.reason,
        "until": one.until.isoformat() if one.until is not None else None,
        "position": _position(one.position),
    }


def _enum(kind: type[Level | Security | Traffic | Behaviour | Operations | Side]) -> dict[str, Any]:
    return {"enum": [one.value for one in kind]}


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def schema() -> dict[str, Any]:
    """The JSON Schema of the report."""
    text: dict[str, Any] = {"type": "string"}
    number: dict[str, Any] = {"type": "integer", "minimum": 0}
    position = {"$ref": "#/$defs/position"}
    expectation = _expectation_schema(text, position)
    side = _object(name=text, provider=text)
    counts = {"type": "object", "additionalProperties": number}
    good = _object(
        schema={"const": NAME},
        status={"const": "ok"},
        old=side,
        new=side,
        exit_code=number,
        summary=_object(
            levels=counts,
            worst={"enum": [*(one.value for one in Level), None]},
            failing=number,
            matched=counts,
            expected=number,
        ),
        changes=_list({"$ref": "#/$defs/change"}),
        expected=_list({"$ref": "#/$defs/change"}),
        unused_expectations=_list(expectation),
        expired_expectations=_list(expectation),
        unmatched=_list(_object(kind=text, object=text, side=_enum(Side), position=position)),
        not_compared=_list(
            _object(
                topic=text,
                side=_enum(Side),
                provider=text,
                reason=text,
                count=number,
                position=position,
            )
        ),
        assumptions=_list(
            _object(
                topic=text,
                old=text,
                new=text,
                old_provider=text,
                new_provider=text,
                level=_enum(Level),
                count=number,
            )
        ),
    )
    bad = _object(schema={"const": NAME}, status={"const": "error"}, error=text)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gal drift",
        "oneOf": [good, bad],
        "$defs": {"change": _change_schema(text, position), "position": _position_schema()},
    }


def _expectation_schema(text: dict[str, Any], position: dict[str, Any]) -> dict[str, Any]:
    return _object(
        id=text,
        object=text,
        field=text,
        reason=text,
        until={"type": ["string", "null"]},
        position=position,
    )


def _change_schema(text: dict[str, Any], position: dict[str, Any]) -> dict[str, Any]:
    return _object(
        id={"type": "string", "pattern": "^D[0-9]{3}$"},
        name=text,
        object=text,
        field=text,
        old=text,
        new=text,
        security=_enum(Security),
        traffic=_enum(Traffic),
        behaviour=_enum(Behaviour),
        operations=_enum(Operations),
        level=_enum(Level),
        message=text,
        count={"type": "integer", "minimum": 1},
        objects=_list(text),
        cause={"type": ["string", "null"]},
        old_position=position,
        new_position=position,
    )


def _position_schema() -> dict[str, Any]:
    place = _object(
        file={"type": "string"},
        line={"type": "integer", "minimum": 1},
        column={"type": "integer", "minimum": 1},
    )
    return {"oneOf": [place, {"type": "null"}]}
