"""Short words for what Envoy says at length, the same way every time, and back again.

| Short | Stands for |
| --- | --- |
| `'@type': envoy.config...` | the type's URL on `type.googleapis.com` |
| `FILTER: true` | a filter that is switched on as it stands (`FilterConfig`) |
| `{status: 429, mark: MARK, ...}` | a mapper for a status on routes that carry a mark |
| `--> scripts/NAME.lua` | the rest of the script, from that file |
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.cases.casefile import FOLDER

Json = dict[str, Any]
_TYPES = "type.googleapis.com/"
_ON = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "config": {}}
_ARROW = "--> scripts/"
_LONGEST = 10
"""Lines of a script that stands in a case whole."""


def short(piece: Any, script: Callable[[str, str], str]) -> Any:
    """A piece in short words.

    Args:
        piece: plain data.
        script: the file name of a script, by its text and the filter that runs it.
    """
    return _short(piece, script, "script")


def _short(data: Any, script: Callable[[str, str], str], name: str) -> Any:
    if isinstance(data, list):
        return [_short(item, script, name) for item in data]
    if isinstance(data, dict):
        if data == _ON:
            return True
        mapper = _short_mapper(data)
        if mapper is not None:
            return mapper
        known = str(data.get("name", name))
        return {
            key: value.removeprefix(_TYPES)
            if key == "@type"
            else _short(value, script, key if key.startswith("gal.") else known)
            for key, value in data.items()
        }
    if isinstance(data, str) and data.count("\n") > _LONGEST and "function" in data:
        return _short_script(data, script, name)
    return data


def _short_script(text: str, script: Callable[[str, str], str], name: str) -> str:
    head, gap, rest = text.partition("\n\n")
    if "function" in head or not gap:
        head, rest = "", text
    if not head:
        return f"{_ARROW}{script(rest, name)}"
    return f"{head}{gap}{_ARROW}{script(rest, name)}\n"


def long(data: Any) -> Any:
    """The piece at length again."""
    if isinstance(data, list):
        return [long(item) for item in data]
    if isinstance(data, dict):
        if "mark" in data and "status_code" in data:
            return _long_mapper(data)
        return {
            key: _TYPES + value
            if key == "@type"
            else _long_filters(value)
            if key == "typed_per_filter_config"
            else long(value)
            for key, value in data.items()
        }
    if isinstance(data, str) and _ARROW in data:
        head, _, name = data.rstrip("\n").rpartition(_ARROW)
        return head + (FOLDER / "scripts" / name).read_text(encoding="utf-8")
    return data


def _long_filters(filters: Json) -> Json:
    return {name: _ON if value is True else long(value) for name, value in filters.items()}


def _short_mapper(data: Json) -> Json | None:
    try:
        status, mark = data["filter"]["and_filter"]["filters"]
        format_ = data["body_format_override"]
        expression = mark["extension_filter"]["typed_config"]["expression"]
        found = {
            "status": status["status_code_filter"]["comparison"]["value"]["default_value"],
            "mark": expression.split("'")[1],
            "status_code": data["status_code"],
            "body": data["body"]["inline_string"],
            "content_type": format_["content_type"],
        }
    except (KeyError, TypeError, ValueError, IndexError):
        return None
    return found if _long_mapper(found) == data else None


def _long_mapper(data: Json) -> Json:
    value = {"default_value": data["status"], "runtime_key": "gal.unused"}
    kind = "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter"
    expression = f"'{data['mark']}' in xds.route_metadata.filter_metadata['gal']"
    config = {"@type": _TYPES + kind, "expression": expression}
    return {
        "filter": {
            "and_filter": {
                "filters": [
                    {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}},
                    {"extension_filter": {"name": "gal.mark", "typed_config": config}},
                ]
            }
        },
        "status_code": data["status_code"],
        "body": {"inline_string": data["body"]},
        "body_format_override": {
            "text_format_source": {"inline_string": "%LOCAL_REPLY_BODY%"},
            "content_type": data["content_type"],
        },
    }
