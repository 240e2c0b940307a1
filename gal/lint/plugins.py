"""What acts on a scope that the model knows by its name alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gal.model import Policies


def plugins(policies: Policies) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names and settings of the plugins, middlewares and filters that the importer carried."""
    for items in policies.plugins.values():
        for item in items:
            if isinstance(item, dict):
                yield str(item.get("name", "")), item


def plugin_names(policies: Policies) -> Iterator[str]:
    """Names of the plugins, middlewares and filters that the importer carried."""
    for name, _ in plugins(policies):
        yield name
