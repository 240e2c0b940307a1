"""What acts on a scope that the model knows by its name alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gal.model import Policies


def plugins(policies: Policies) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names and settings of the plugins, middlewares and filters that the importer carried, without
    those that are switched off.
    """
    for items in policies.plugins.values():
        for item in items:
            if isinstance(item, dict) and not _is_off(item):
                yield str(item.get("name", "")), item


def plugin_names(policies: Policies) -> Iterator[str]:
    """Names of the plugins, kinds of middlewares, and names of filters that `plugins` gives."""
    for provider, items in policies.plugins.items():
        for name, item in plugins(Policies(plugins={provider: items})):
            if provider == "traefik":  # {"name": what the file calls it, KIND: settings}
                yield from (key for key in item if key != "name")
            else:
                yield name


def _is_off(item: dict[str, Any]) -> bool:
    config = item.get("config")
    meta = config.get("_meta") if isinstance(config, dict) else None
    return item.get("enabled") is False or (isinstance(meta, dict) and bool(meta.get("disable")))
