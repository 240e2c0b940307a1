"""Envoy's admin interface (https://www.envoyproxy.io/docs/envoy/latest/operations/admin): the dump
of its configuration, endpoints included.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gal.pull import Json, Pulled, by_key, in_order
from gal.redacted import holds_redacted

if TYPE_CHECKING:
    from gal.pull.client import Client

API = "the admin interface of Envoy"
TOKEN_HEADER = "Authorization"
FORMAT = "json"

_PATH = "/config_dump"
_OF_THE_PROGRAM = ("extensions", "user_agent_build_version", "user_agent_name")
_COUNTED = ("listeners", "clusters", "route_configs", "endpoint_configs", "secrets")


def pull(client: Client, workspace: str | None = None) -> Pulled:
    """The dump as Envoy gives it, without times and without what its program can do.

    Raises:
        PullError: it is not Envoy that answers.
    """
    del workspace
    data = client.get(_PATH, {"include_eds": ""}).data
    configs = data.get("configs") if isinstance(data, dict) else None
    if not isinstance(configs, list) or not all(isinstance(one, dict) for one in configs):
        raise client.strange(_PATH)
    for node in _mappings(configs):
        node.pop("last_updated", None)
    for config in configs:
        _strip_program(config)
    # Envoy tells maps, and lists of resources, in another order every time.
    ordered: Json = by_key(
        {**data, "configs": [_in_order(one) for one in configs]}, "@type", "name"
    )
    return Pulled(ordered, _counts(configs), tuple(_notes(configs)))


def _mappings(value: Any) -> Iterator[Json]:
    """Every mapping of the dump that Envoy itself made, down to where resources begin."""
    if isinstance(value, list):
        for item in value:
            yield from _mappings(item)
    elif isinstance(value, dict):
        yield value
        for key, below in value.items():
            if key.startswith(("static_", "dynamic_")) or key.endswith("_state"):
                yield from _mappings(below)


def _strip_program(config: Json) -> None:
    bootstrap = config.get("bootstrap")
    node = bootstrap.get("node") if isinstance(bootstrap, dict) else None
    if not isinstance(bootstrap, dict) or not isinstance(node, dict):
        return
    for key in _OF_THE_PROGRAM:
        node.pop(key, None)
    if not node:
        del bootstrap["node"]


def _in_order(config: Json) -> Json:
    """A part of the dump with its resources by name. Listeners keep their order: the first one is
    the one that a file is known by.
    """
    return {
        key: _by_name(below) if key.startswith(("static_", "dynamic_")) else below
        for key, below in config.items()
    }


def _by_name(entries: Any) -> Any:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return entries
    if any("listener" in entry or "active_state" in entry for entry in entries):
        return entries
    return in_order(entries)


def _counts(configs: list[Json]) -> dict[str, int]:
    found = dict.fromkeys(_COUNTED, 0)
    for config in configs:
        for key, below in config.items():
            kind = next((one for one in _COUNTED if key.endswith(f"_{one}")), None)
            if kind is not None and isinstance(below, list) and "warming" not in key:
                found[kind] += len(below)
    return {kind.replace("_", " "): count for kind, count in found.items() if count}


def _notes(configs: list[Json]) -> Iterator[str]:
    if holds_redacted(configs):
        yield (
            "Envoy gives no secrets: the file holds [redacted] in their place, to be replaced"
            " before it is used"
        )
    if any(config.get("dynamic_warming_clusters") for config in configs):
        yield "some clusters are still warming: they are not in force yet"
