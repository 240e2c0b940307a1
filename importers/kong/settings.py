"""What the settings (`config`) of all plugins have in common: defaults, words and leftovers."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from gal.importers.kong.fields import take_idle
from gal.ledger import Fate, Level
from gal.model import Extensions
from gal.reading import Mapping, Node, is_placeholder

if TYPE_CHECKING:
    from gal.importers.kong.plugin import Plugin
    from gal.ledger import Reporter

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept:
    """A setting that only Kong knows.

    Attributes:
        key: its name in `config`.
        default: Kong's own value, which is not worth keeping.
        level: what other gateways lose.
        message: what it does.
    """

    key: str
    default: Any = None
    level: Level = Level.WARNING
    message: str = "only Kong knows this setting"


def settings(plugin: Plugin) -> Mapping:
    """The plugin's `config`; where it has none an empty one, so that errors point at the plugin."""
    if plugin.config is not None:
        return plugin.config
    node = plugin.node
    return Mapping(node.source, node.line, node.column, node.parent, node.key)


def begin(plugin: Plugin, report: Reporter) -> Mapping:
    """The plugin's `config`, its comments already dealt with."""
    config = settings(plugin)
    take_idle(config, report)
    return config


def word(config: Mapping, key: str, words: MappingABC[str, T], default: str) -> T:
    """What one of Kong's words means.

    Raises:
        InputError: it is none of them, or a placeholder, which could be any of them.
    """
    node = config.take(key)
    if node is None:
        return words[default]
    text = node.as_str()
    if text in words:
        return words[text]
    known = ", ".join(words)
    if is_placeholder(text):
        raise node.error(f'field "{key}" is needed to convert this', f"fill it in: {known}")
    raise node.error(f'field "{key}" must be one of {known}, not "{text}"')


def carry(config: Mapping, report: Reporter, feature: str, *settings_: Kept) -> Extensions:
    """What has to be kept for Kong of these settings; each gets an entry in the ledger."""
    values: dict[str, Any] = {}
    for kept in settings_:
        node = config.take(kept.key)
        if node is None:
            continue
        node.take_all()
        value = node.plain()
        if value != kept.default:
            values[kept.key] = value
            report.at(node, Fate.CARRIED, kept.level, feature, kept.message)
    return {"kong": values} if values else {}


def pointless(config: Mapping, report: Reporter, feature: str, key: str, reason: str) -> None:
    """Take a setting that does nothing here."""
    node = config.take(key)
    if node is not None:
        node.take_all()
        report.at(node, Fate.DROPPED, Level.INFO, feature, reason)


def renamed_list(config: Mapping, key: str, old_key: str) -> list[Node] | None:
    """The items of a list that has an old name, too; None where neither is given.

    Raises:
        InputError: both are given and differ.
    """
    new, old = config.take(key), config.take(old_key)
    if new is not None and old is not None and new.plain() != old.plain():
        raise old.error(f'"{old_key}" is the old name of "{key}", which says something else')
    if new is None and old is None:
        return None
    return config.take_sequence(key if new is not None else old_key)
