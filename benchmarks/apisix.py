"""Whether APISIX would take an `apisix.yaml`, by the schemas of its running code: every object by
that of its kind, and every plugin by its own.

APISIX fills in defaults before it looks at conditions, and lets references such as `$env://NAME`
pass where a text is asked for; so does this.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gal.exporters.apisix.config import LOADED

_KINDS = {
    "routes": "route",
    "services": "service",
    "upstreams": "upstream",
    "consumers": "consumer",
    "consumer_groups": "consumer_group",
    "global_rules": "global_rule",
    "plugin_configs": "plugin_config",
    "ssls": "ssl",
    "protos": "proto",
    "stream_routes": "stream_route",
}
_BY_PLUGIN = ("plugin_metadata", "secrets")
_PLACEHOLDER = re.compile(r"\$(?:env|ENV|secret)://|\$\{|\{\{")


def complaints(schemas: Path, data: Any) -> list[str]:
    """What APISIX would have against a file, a line each.

    Args:
        schemas: folder with `core.json` and `plugins.json`.
        data: the file as plain data.
    """
    found: list[str] = []
    if not isinstance(data, dict):
        return ["$: it is no mapping"]
    for section, entries in data.items():
        if section in _BY_PLUGIN or section == "plugins":
            continue
        kind = _KINDS.get(section)
        if kind is None:
            found.append(f"$.{section}: there is no such section")
            continue
        for number, entity in enumerate(entries):
            place = f"$.{section}[{number}]"
            found += _entity(schemas, kind, entity, place)
    return found + list(_references(data))


def _entity(schemas: Path, kind: str, entity: Any, place: str) -> Iterator[str]:
    if kind == "consumer" and isinstance(entity, dict) and "/credentials/" in str(entity.get("id")):
        kind, entity = "credential", {key: entity[key] for key in entity if key != "id"}
    yield from _errors(schemas, "core.json", kind, "", entity, place)
    if isinstance(entity, dict):
        for name, config in (entity.get("plugins") or {}).items():
            where = f"{place}.plugins.{name}"
            yield from _plugin(schemas, kind, name, config, where)


def _plugin(schemas: Path, kind: str, name: str, config: Any, place: str) -> Iterator[str]:
    file = "stream_plugins.json" if kind == "stream_route" else "plugins.json"
    own = _loaded(schemas, file).get(name)
    if own is None:
        if name not in LOADED:  # some could not be loaded where the schemas were taken from
            yield f"{place}: there is no such plugin"
        return
    part = "schema"
    if kind in ("consumer", "credential") and "consumer_schema" in own:
        part = "consumer_schema"
    yield from _errors(schemas, file, name, part, config, place)
    if name == "multi-auth" and isinstance(config, dict):
        for item in config.get("auth_plugins", []):
            for inner, below in item.items():
                yield from _plugin(schemas, kind, inner, below, f"{place}.{inner}")


def _errors(
    schemas: Path, file: str, name: str, part: str, value: Any, place: str
) -> Iterator[str]:
    validator = _validator(schemas, file, name, part)
    for error in validator.iter_errors(_filled(validator.schema, value)):
        if _is_reference(error):
            continue
        path = error.json_path.removeprefix("$")
        yield f"{place}{path}: {error.message[:200]}"


def _is_reference(error: Any) -> bool:
    """Whether it is about a text that APISIX or a template fills in later."""
    value = error.instance
    if isinstance(value, str):
        return _PLACEHOLDER.search(value) is not None
    return any(_is_reference(below) for below in error.context or ())


def _references(data: dict[str, Any]) -> Iterator[str]:
    """Ids that name nothing, and ids that are there twice."""
    ids: dict[str, set[str]] = {}
    for section, entries in data.items():
        if not isinstance(entries, list):
            continue
        known = ids.setdefault(section, set())
        for number, entity in enumerate(entries):
            own = entity.get("id") if isinstance(entity, dict) else None
            if own is not None and str(own) in known:
                yield f"$.{section}[{number}]: the id {own} is there twice"
            known.add(str(own))
    for section in ("routes", "services"):
        for number, entity in enumerate(data.get(section, [])):
            for key in ("service_id", "upstream_id", "plugin_config_id"):
                wanted = entity.get(key)
                kind = f"{key.removesuffix('_id')}s"
                if wanted is not None and str(wanted) not in ids.get(kind, set()):
                    yield f"$.{section}[{number}].{key}: there is no {wanted}"


@functools.cache
def _loaded(schemas: Path, file: str) -> Any:
    return json.loads((schemas / file).read_text(encoding="utf-8"))


@functools.cache
def _validator(schemas: Path, file: str, name: str, part: str) -> Any:
    from jsonschema import Draft7Validator

    schema = _loaded(schemas, file)[name]
    return Draft7Validator(_readable(schema[part] if part else schema))


def _readable(schema: Any) -> Any:
    """The schema with its expressions as Python reads them."""
    if isinstance(schema, list):
        return [_readable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _readable(below) for key, below in schema.items()}
    if isinstance(made.get("pattern"), str):
        made["pattern"] = made["pattern"].replace("\\/", "/")
        if not _is_expression(made["pattern"]):
            del made["pattern"]
    return made


def _is_expression(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _filled(schema: Any, value: Any) -> Any:
    """A value with the schema's defaults, which APISIX fills in before it looks at conditions."""
    if not isinstance(schema, dict):
        return value
    if isinstance(value, list):
        return [_filled(schema.get("items"), item) for item in value]
    if not isinstance(value, dict):
        return value
    made = dict(value)
    for key, below in (schema.get("properties") or {}).items():
        if key in made:
            made[key] = _filled(below, made[key])
        elif isinstance(below, dict) and "default" in below:
            made[key] = below["default"]
    return made
