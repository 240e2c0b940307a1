"""Data that the model does not know, compared as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from gal.drift.change import Level
from gal.drift.compare.finding import At, Finding
from gal.drift.compare.known import as_text, known
from gal.drift.shown import NONE, joined, shown_opaque
from gal.model import Extensions, ModelNode, Policies
from gal.naming import plugin_name

_MANAGED: Final = frozenset(
    {"created_at", "updated_at", "create_time", "update_time", "id", "last_updated", "version_info"}
)
"""Keys that the gateway's own administration writes."""

_OF_KONG: Final = "extensions.kong"
_NAMES: Final = ("name", "username", "target", "id")
"""What tells objects of Kong's lists apart; elsewhere the order of such lists may decide."""

_MOST: Final = 20
"""Parts of one object that are told apart; more are told in one."""

_FEW: Final = 4
"""Leaves of a part that are shown; of more only the number."""


def opaque(
    old: Any, new: Any, field: str, old_at: At, new_at: At, *, level: Level | None = None
) -> Iterator[Finding]:
    """One finding a part that differs. Empty lists and mappings equal absent ones."""
    named = field.startswith(_OF_KONG)
    before, after = (_cleaned(one, named=named) for one in (old, new))
    if before == after:
        return
    rest = []
    for name, left, right in _parts(before, after, field):
        places = _below(old_at, field, name), _below(new_at, field, name)
        meant = known(name, left, right, places)
        yield from meant.findings
        if meant.rest:
            rest.append((name, left, right, places))
    if len(rest) > _MOST:
        text = f"{len(rest)} settings"
        yield Finding("D100", field, text, text, old_at, new_at, level=level)
        return
    for name, left, right, places in rest:
        texts = _text(name, left), _text(name, right)
        yield Finding("D100", name, *texts, *places, level=level)


def _below(at: At, field: str, name: str) -> At:
    """Where a part stands: its place in the file is mostly that in the data."""
    node, own = at
    steps = name.removeprefix(field).lstrip(".")
    if node is None or own not in ("extensions", ""):
        return at
    return node, steps.removeprefix("static.") or own


def _cleaned(value: Any, *, named: bool) -> Any:
    """The data without what administration writes, and without what is empty."""
    if isinstance(value, dict):
        inner = {
            str(key): _cleaned(as_text(str(key), one), named=named)
            for key, one in value.items()
            if str(key) not in _MANAGED
        }
        return {key: one for key, one in inner.items() if one not in (None, {}, [])}
    if isinstance(value, list):
        return _by_name([_cleaned(one, named=named) for one in value], named=named)
    return value


def _by_name(items: list[Any], *, named: bool) -> Any:
    """A list of objects as a mapping of their names, where each has one of its own."""
    found = {}
    for one in items if named else ():
        if isinstance(one, dict):
            key = next((one[key] for key in _NAMES if isinstance(one.get(key), str)), None)
            if key is not None:
                found[key] = one
    return found if found and len(found) == len(items) else items


def _parts(old: Any, new: Any, field: str) -> Iterator[tuple[str, Any, Any]]:
    """The smallest parts that differ, sorted by name; None for an absent one."""
    from deepdiff import DeepDiff

    if type(old) is not type(new) or not isinstance(old, (dict, list)):
        yield field, old, new
        return
    found = DeepDiff(
        old, new, view="tree", ignore_numeric_type_changes=True, threshold_to_diff_deeper=0
    )
    told = {}
    for levels in found.values():
        for level in levels:
            path = ".".join([field, *map(str, level.path(output_format="list"))])
            told[path] = _given(level.t1), _given(level.t2)
    for path, (left, right) in sorted(told.items()):
        yield path, left, right


def _given(value: Any) -> Any:
    """None for what stands for an absent value."""
    return None if type(value).__name__ == "NotPresent" else value


def _text(field: str, value: Any) -> str:
    """A leaf as it is shown, and a part of a few leaves with these."""
    if not isinstance(value, (dict, list)):
        return shown_opaque(field, value)
    if not value:
        return NONE
    if len(value) > _FEW:
        return f"{len(value)} {'settings' if isinstance(value, dict) else 'entries'}"
    if isinstance(value, list):
        return joined(_text(field, one) for one in value)
    return joined(f"{key}={_inner(f'{field}.{key}', one)}" for key, one in value.items())


def _inner(field: str, value: Any) -> str:
    if isinstance(value, (dict, list)):
        return f"{len(value)} {'settings' if isinstance(value, dict) else 'entries'}"
    return shown_opaque(field, value)


# -- plugins and extensions


def plugins(old: Policies, new: Policies, providers: Iterable[str]) -> Iterator[Finding]:
    """Plugins that only these gateways know, by name; their order is not compared."""
    old_at, new_at = (old, "plugins"), (new, "plugins")
    for provider in providers:
        before, after = (_named(one.plugins.get(provider, [])) for one in (old, new))
        if before == after:
            continue
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


def extensions(
    old: Extensions,
    new: Extensions,
    providers: Iterable[str],
    at: tuple[ModelNode, ModelNode],
) -> Iterator[Finding]:
    """What only these gateways can say of an object."""
    for provider in providers:
        before, after = old.get(provider, {}), new.get(provider, {})
        if before != after:
            places = (at[0], "extensions"), (at[1], "extensions")
            yield from opaque(before, after, f"extensions.{provider}", *places)
