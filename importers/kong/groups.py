"""Access controls of consumer groups, which the enterprise edition has
(https://developer.konghq.com/gateway/entities/consumer-group/). The open edition refuses a file
with them, so what they would do there is no question: elsewhere nobody gets past them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.importers.kong.carried import GROUPS, mappings
from gal.importers.kong.plugin import Plugin, Scope
from gal.importers.kong.plugins import guards_access
from gal.importers.kong.scopes import Placed
from gal.reading import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from gal.context import ImportContext
    from gal.importers.kong.references import File

_EVERYBODY = ("0.0.0.0/0", "::/0")


def group_guards(file: File, context: ImportContext) -> list[Placed]:
    """The plugins of groups that decide who enters, as plugins for all with the group's name."""
    found = []
    for root in file.roots:
        for group in mappings(root.peek(GROUPS)):
            name = group.peek("name") or group.peek("id")
            for node in mappings(group.peek("plugins")):
                plugin = _acting(node, context)
                if plugin is not None and name is not None:
                    found.append(Placed(plugin, _around(node), {"consumer_group": name.as_str()}))
    return found


def _acting(node: Mapping, context: ImportContext) -> Plugin | None:
    name, enabled = node.peek("name"), node.peek("enabled")
    if name is None or (enabled is not None and not enabled.as_bool()):
        return None
    config = node.peek("config")
    plugin = Plugin(name.as_str(), node, config if isinstance(config, Mapping) else None, Scope())
    closes = guards_access(plugin, context) and not _lets_everybody_in(plugin)
    return plugin if closes else None


def _lets_everybody_in(plugin: Plugin) -> bool:
    """Whether lists of addresses keep nobody out."""
    if plugin.name != "ip-restriction" or plugin.config is None:
        return False
    if any(_texts(plugin.config.peek(key)) for key in ("deny", "blacklist")):
        return False
    allowed = [one for key in ("allow", "whitelist") for one in _texts(plugin.config.peek(key))]
    return set(_EVERYBODY) <= set(allowed)


def _texts(node: Node | None) -> list[str]:
    items = node.items if isinstance(node, Sequence) else [node]
    return [item.text for item in items if isinstance(item, Scalar)]


def _around(node: Mapping) -> dict[str, Any]:
    """What stands around its `config`."""
    around = node.entries.keys() - {"name", "config"}
    return {key: node.entries[key].plain() for key in sorted(around)}
