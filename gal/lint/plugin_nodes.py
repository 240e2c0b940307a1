"""Plugins of Kong and APISIX where they stand in a file: the model knows many by name only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gal.lint.peeking import flag, section, text
from gal.reading import Mapping, Sequence

if TYPE_CHECKING:
    from gal.lint.subject import Subject


@dataclass(frozen=True, slots=True)
class PluginNode:
    """A plugin that is switched on.

    Attributes:
        name: such as `rate-limiting`.
        node: the whole object on Kong, the settings on APISIX.
        config: its settings.
        owner: the object that it stands in.
    """

    name: str
    node: Mapping
    config: Mapping
    owner: Mapping


def plugin_nodes(subject: Subject, *names: str) -> Iterator[PluginNode]:
    """The plugins of some names that are switched on, in the order of the files."""
    for one in subject.once(_all_plugins):
        if one.name in names:
            yield one


def _all_plugins(subject: Subject) -> list[PluginNode]:
    if subject.provider == "kong":
        return list(_of_kong(subject))
    return list(_of_apisix(subject)) if subject.provider == "apisix" else []


def _of_kong(subject: Subject) -> Iterator[PluginNode]:
    for node in subject.walk():
        if not isinstance(node, Sequence) or node.key != "plugins":
            continue
        for one in node.items:
            name = text(one, "name")
            if isinstance(one, Mapping) and name and flag(one, "enabled") is not False:
                owner = node.parent if isinstance(node.parent, Mapping) else one
                yield PluginNode(name, one, section(one, "config") or _empty(one), owner)


def _of_apisix(subject: Subject) -> Iterator[PluginNode]:
    for node in subject.walk():
        if not isinstance(node, Mapping) or node.key not in ("plugins", "global_rules"):
            continue
        for name, config in node.entries.items():
            if not isinstance(config, Mapping) or flag(config, "_meta.disable"):
                continue
            owner = node.parent if isinstance(node.parent, Mapping) else node
            yield PluginNode(name, config, config, owner)


def _empty(node: Mapping) -> Mapping:
    return Mapping(node.source, node.line, node.column, node, "config")
