"""The whole of `apisix.yaml`
(https://apisix.apache.org/docs/apisix/deployment-modes/#standalone).
"""

from __future__ import annotations

from typing import Any

from gal.exporters.apisix.build import Ids, Shared
from gal.exporters.apisix.certificates import write_certificates
from gal.exporters.apisix.config import config_yaml
from gal.exporters.apisix.consumers import write_consumers
from gal.exporters.apisix.destinations import Destinations
from gal.exporters.apisix.hoisting import hoist
from gal.exporters.apisix.plugin import Json, kept, native
from gal.exporters.apisix.policies import global_rules
from gal.exporters.apisix.routes import write_routes
from gal.scopes import settle_hidden

SECTIONS = (
    *("routes", "services", "upstreams", "consumers", "consumer_groups", "global_rules"),
    *("plugin_configs", "ssls"),
)


def documents(shared: Shared) -> tuple[Json, Json]:
    """`apisix.yaml` and `config.yaml` as plain data."""
    carried = kept(shared.gateway.extensions)
    own_router = carried.pop("router", None)
    if "plugin_metadata" in carried:
        carried["plugin_metadata"] = _by_id(_list(carried["plugin_metadata"]))
    _reserve(shared, carried)
    _ = shared.gateway.provider, shared.gateway.version  # what `gal generate` writes for
    certificates = write_certificates(shared)
    destinations = Destinations(shared, certificates)
    destinations.prepare()
    builds, router = write_routes(shared, destinations)
    sections = write_consumers(shared)
    rules = [*hoist(shared, destinations, builds), *global_rules(shared)]
    if rules:
        sections["global_rules"] = _merged(rules)
    for name, entries in sections.items():
        shared.section(name).extend(entries)
    settle_hidden(shared.gateway, shared.effective, shared.context)
    data: Json = {}
    for name in (*SECTIONS, *carried):
        entries = [*shared.root.get(name, []), *_list(carried.get(name))]
        if entries:
            data[name] = entries
    if native(shared) and own_router is not None:
        router = str(own_router)
    return data, config_yaml(shared, router, _plugins(data))


def _reserve(shared: Shared, carried: Json) -> None:
    """What is carried for APISIX keeps its ids."""
    for section, entries in carried.items():
        for entity in _list(entries):
            if isinstance(entity, dict) and isinstance(entity.get("id"), str):
                shared.ids.setdefault(section, Ids()).reserve(entity["id"])


def _merged(rules: list[Json]) -> list[Json]:
    """Rules with ids of their own; of one plugin each has one."""
    found: list[Json] = []
    for rule in rules:
        for name, config in rule["plugins"].items():
            free = next((one for one in found if name not in one["plugins"]), None)
            if free is None:
                free = {"id": f"gal-{len(found) + 1}", "plugins": {}}
                found.append(free)
            free["plugins"][name] = config
    return found


def _by_id(entries: list[Any]) -> list[Any]:
    """Settings of plugins with the plugin's name as their id: ADC has one mapping of them all."""
    found: list[Any] = []
    for entry in entries:
        if isinstance(entry, dict) and "id" not in entry:
            found += [{"id": name, **one} for name, one in entry.items() if isinstance(one, dict)]
        else:
            found.append(entry)
    return found


def _plugins(value: Any, below: bool = False) -> set[str]:
    """Names of all plugins in the file."""
    found: set[str] = set()
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "plugins" and isinstance(item, dict) and not below:
                found |= item.keys()
            elif not below:
                found |= _plugins(item)
    elif isinstance(value, list):
        for item in value:
            found |= _plugins(item)
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
