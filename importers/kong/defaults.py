"""What decK fills in: `_info.defaults`, and settings that several plugins share
(https://developer.konghq.com/deck/). Filled-in fields keep the place where they were written.
"""

from __future__ import annotations

from gal.reading import Mapping, Node

_DEFAULTS = {
    "services": "service",
    "routes": "route",
    "upstreams": "upstream",
    "targets": "target",
    "consumers": "consumer",
}


def apply_defaults(kind: str, node: Mapping, defaults: Mapping) -> None:
    """Fill the defaults of a kind into an entity."""
    key = _DEFAULTS.get(kind)
    section = defaults.take_mapping(key) if key else None
    if section is not None:
        _fill(node, section)


def apply_shared_configs(node: Mapping, shared: Mapping | None) -> set[str]:
    """Fill the shared settings that a plugin names by `_config` into its own; return the name.

    Raises:
        InputError: there are none of that name.
    """
    reference = node.take("_config")
    if reference is None:
        return set()
    name = reference.as_str()
    settings = shared.take_mapping(name) if shared is not None else None
    if settings is None:
        raise reference.error(f'there is no "{name}" among the _plugin_configs')
    own = node.peek("config")
    if isinstance(own, Mapping):
        _fill(own, settings)
    else:
        _put(node, "config", settings, settings)
    return {name}


def _fill(node: Mapping, defaults: Mapping) -> None:
    for key, value in defaults.entries.items():
        own = node.entries.get(key)
        if own is None:
            _put(node, key, value, defaults)
        elif isinstance(own, Mapping) and isinstance(value, Mapping):
            _fill(own, value)


def _put(node: Mapping, key: str, value: Node, origin: Mapping) -> None:
    place = value.line << 32 | value.column
    if key in node.entries:
        node.places[list(node.entries).index(key)] = place
    else:
        node.places.append(place)
    node.entries[key] = value
    if key in origin.entries:
        node.origins = {**(node.origins or {}), key: origin}
