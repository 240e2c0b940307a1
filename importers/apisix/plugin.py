"""One plugin of an APISIX file (https://apisix.apache.org/docs/apisix/terminology/plugin/)."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from dataclasses import dataclass

from gal.model import Origin
from gal.reading import Mapping, Scalar

NO_NAMES: dict[str, str] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Plugin:
    """A plugin with its settings.

    Attributes:
        name: such as `limit-count`.
        node: its settings; where none are given an empty mapping at their place.
    """

    name: str
    node: Mapping

    @property
    def disabled(self) -> bool:
        """Whether `_meta.disable` switches it off, which hides that of a wider scope, too."""
        meta = self.node.peek("_meta")
        value = meta.peek("disable") if isinstance(meta, Mapping) else None
        return value is not None and value.as_bool()

    @property
    def conditional(self) -> bool:
        """Whether `_meta.filter`, or `vars` of its own, makes it act on some requests only."""
        if self.name == "response-rewrite" and self.node.peek("vars") is not None:
            return True
        meta = self.node.peek("_meta")
        return isinstance(meta, Mapping) and bool(
            (found := meta.peek("filter")) is not None and found.plain()
        )

    def origin(self, names: MappingABC[str, str] = NO_NAMES) -> Origin:
        """Where the policy stands that this plugin became; `names` are paths in its settings."""
        return Origin(self.node, names)


Plugins = dict[str, Plugin]
"""The plugins of one scope, by name."""


def take_plugins(node: Mapping, key: str = "plugins") -> Plugins:
    """The plugins of an object.

    Raises:
        InputError: the settings of one are no mapping.
    """
    section = node.take_mapping(key)
    return {} if section is None else plugins_of(section)


def plugins_of(section: Mapping) -> Plugins:
    """The plugins of a mapping from names to settings."""
    found: Plugins = {}
    for name, below in section.take_items():
        if isinstance(below, Mapping):
            found[name] = Plugin(name, below)
        elif isinstance(below, Scalar) and below.is_null:
            empty = Mapping(below.source, below.line, below.column, below.parent, below.key)
            found[name] = Plugin(name, empty)
        else:
            raise below.mismatch("a mapping")
    return found
