"""Changes of JSON bodies, as entries of Kong's transformers. They act on the fields of the
outermost object.
"""

from __future__ import annotations

from typing import Any

from gal.exporters.kong.build import Build, Json
from gal.model import BodyOperations, Transformation


def write_body(
    policy: Transformation, operations: BodyOperations | None, area: str, build: Build
) -> Json:
    """The lists of what is done. In the area `json` of responses values have types."""
    found: Json = {}
    if operations is not None:
        found["remove"] = [*operations.remove]
        found["rename"] = [f"{old}:{new}" for old, new in operations.rename.items()]
        for key, values in (
            ("replace", operations.replace),
            ("add", operations.default),
            ("append", operations.append),
        ):
            found[key] = _values(policy, values, area, build)
    if area == "body" and policy.defaults:
        known = {entry.partition(":")[0] for entry in found.get("add", [])}
        more = {name: value for name, value in policy.defaults.items() if name not in known}
        found["add"] = _values(policy, more, area, build) + found.get("add", [])
    return found


def json_types(config: Json, policy: Transformation) -> None:
    """Types of the values of a response's body, beside each list that has any but texts."""
    operations = policy.response
    if operations is None:
        return
    for key, values in (
        ("replace", operations.replace),
        ("add", operations.default),
        ("append", operations.append),
    ):
        types = [_type(value) for value in values.values() if _text(value) is not None]
        kept = config.get(key, {}).get("json_types", [])
        if key in config and (any(one != "string" for one in types) or kept):
            config[key]["json_types"] = [*types, *kept]


def _values(policy: Transformation, values: dict[str, Any], area: str, build: Build) -> list[str]:
    written = []
    for name, value in values.items():
        text = _text(value)
        if text is None or ":" in name or (area == "body" and ("$(" in text or not text)):
            message = f'Kong cannot be told the value of "{name}"'
            build.report.dropped(policy, "transformation", message)
            continue
        if area == "body" and not isinstance(value, str):
            message = "Kong writes texts into requests, not numbers"
            build.report.approximated(policy, "transformation", message)
        written.append(f"{name}:{text}")
    return written


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    return None


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, (int, float)) else "string"
