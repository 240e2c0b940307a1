"""Changes of query parameters, by a script.

Envoy's own query mutations decode the other parameters and do not encode them again, so that
`a%26b` would become two parameters.
"""

from __future__ import annotations

from urllib.parse import quote

from gal.exporters.envoy import lua
from gal.exporters.envoy.build import Json, RouteBuild, Shared
from gal.model import MultiMap, Query


def query(policy: Query, build: RouteBuild, shared: Shared) -> None:
    """Changes of query parameters; all others reach the upstream byte for byte."""
    operations = policy.request
    context: Json = {
        "remove": list(operations.remove),
        "rename": [
            {"from": old, "to": new, "text": _encoded(new)}
            for old, new in operations.rename.items()
        ],
        "replace": _items(operations.replace),
        "set": _items(operations.set),
        "default": _items(operations.default),
        "add": _items(operations.add),
    }
    context = {kind: items for kind, items in context.items() if items}
    if context:
        lua.switch_on(build, shared, "query", lua.QUERY, context)


def _items(values: MultiMap) -> list[Json]:
    return [
        {
            "name": name,
            "text": "&".join(f"{_encoded(name)}={_encoded(value)}" for value in several),
        }
        for name, several in values.items()
        if several
    ]


def _encoded(text: str) -> str:
    return quote(text, safe="")
