"""Data that the model does not know, compared as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from gal.drift.change import Level
from gal.drift.compare.finding import At, Finding
from gal.drift.shown import NONE, shown_opaque
from gal.model import Extensions, ModelNode, Policies

_MANAGED: Final = frozenset(
    {"created_at", "updated_at", "create_time", "update_time", "id", "last_updated", "version_info"}
)
"""Keys that the gateway's own administration writes."""

_MOST: Final = 20
"""Leaves of one object that are told apart; more are told in one."""


def opaque(
    old: Any, new: Any, field: str, old_at: At, new_at: At, *, level: Level | None = None
) -> Iterator[Finding]:
    """One finding a leaf that differs. Empty lists and mappings equal absent ones."""
    before, after = _cleaned(old), _cleaned(new)
    if before == after:
        return
    leaves = list(_leaves(before, after, field))
    if len(leaves) > _MOST:
        text = f"{len(leaves)} settings"
        yield Finding("D100", field, text, text, old_at, new_at, level=level)
        return
    for name, left, right in leaves:
        yield Finding("D100", name, left, right, old_at, new_at, level=level)


def _cleaned(value: Any) -> Any:
    """The data without what administration writes, and without what is empty."""
    if isinstance(value, dict):
        inner = {str(key): _cleaned(one) for key, one in value.items() if str(key) not in _MANAGED}
        return {key: one for key, one in inner.items() if one not in (None, {}, [])}
    if isinstance(value, list):
        return [_cleaned(one) for one in value]
    return value


def _leaves(old: Any, new: Any, field: str) -> Iterator[tuple[str, str, str]]:
    from deepdiff import DeepDiff

    if type(old) is not type(new) or not isinstance(old, (dict, list)):
        yield field, _text(field, old), _text(field, new)
        return
    found = DeepDiff(old, new, view="tree", ignore_numeric_type_changes=True)
    told = {}
    for levels in found.values():
        for level in levels:
            path = ".".join([field, *map(str, level.path(output_format="list"))])
            told[path] = _given(level.t1), _given(level.t2)
    for path, (left, right) in sorted(told.items()):
        yield path, _text(path, left), _text(path, right)


def _given(value: Any) -> Any:
    """None for what stands for an absent value."""
    return None if type(value).__name__ == "NotPresent" else value


def _text(field: str, value: Any) -> str:
    if isinstance(value, dict):
        return f"{len(value)} settings" if value else NONE
    if isinstance(value, list):
        return f"{len(value)} entries" if value else NONE
    return shown_opaque(field, value)


# -- plugins and extensions


def plugins(old: Policies, new: Policies, provider: str) -> Iterator[Finding]:
    """Plugins that only this gateway knows, by name; their order is not compared."""
    before, after = (_named(one.plugins.get(provider, [])) for one in (old, new))
    if before == after:
        return
    old_at, new_at = (old, "plugins"), (new, "plugins")
    for name in dict.fromkeys([*before, *after]):
        field = f"plugins.{name}"
        if name not in before or name not in after:
            left, right = (name if name in side else NONE for side in (before, after))
            yield Finding("D100", field, left, right, old_at, new_at)
        else:
            yield from opaque(before[name], after[name], field, old_at, new_at)


def _named(objects: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in objects:
        name = plugin_name(one)
        number = 1
        while name in found:
            number += 1
            name = f"{plugin_name(one)}#{number}"
        found[name] = one
    return found


def plugin_name(plugin: Any) -> str:
    """What a gateway calls a plugin of its own: its name, or its only key."""
    if isinstance(plugin, dict) and isinstance(plugin.get("name"), str):
        return str(plugin["name"])
    return str(next(iter(plugin))) if isinstance(plugin, dict) and len(plugin) == 1 else "?"


def extensions(
    old: Extensions, new: Extensions, provider: str, at: tuple[ModelNode, ModelNode]
) -> Iterator[Finding]:
    """What only this gateway can say of an object."""
    before, after = old.get(provider, {}), new.get(provider, {})
    if before != after:
        places = (at[0], "extensions"), (at[1], "extensions")
        yield from opaque(before, after, f"extensions.{provider}", *places)
