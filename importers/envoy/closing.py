"""Hosts that a filter chain answers with 404, although a wider chain has routes for them.

The model's routes of a wider chain take a narrower one's connections, too. Where a narrow chain has
no virtual host for them, a route for all such chains together stands between: one for each chain
would multiply the chains by the hosts.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gal.importers.envoy.domains import ANY, Domain
from gal.importers.envoy.routes import Condition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gal.importers.envoy.virtual_hosts import TableReader
    from gal.reading import Mapping

_Key = tuple[tuple[int, ...], tuple[str, ...], tuple[str, ...], tuple[int, ...]]


@dataclass(slots=True)
class _Closed:
    """Chains that differ in their server names only.

    Attributes:
        table: the routes of the first of them.
        condition: of its connections.
        domains: the hosts.
        names: the server names of all of them.
    """

    table: Mapping
    condition: Condition
    domains: list[Domain]
    names: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class Closing:
    """Gathers such chains until the first wider chain is read.

    Attributes:
        tables: writes the routes.
        domains: of each chain's table.
    """

    tables: TableReader
    domains: Sequence[list[Domain]]
    _foreign: dict[tuple[int, ...], list[Domain]] = field(default_factory=dict)
    _pending: dict[_Key, _Closed] = field(default_factory=dict)

    def foreign(self, wider: Sequence[int]) -> list[Domain] | None:
        """The domains of wider chains; None where there is no such chain."""
        key = tuple(wider)
        if not key:
            return None
        if key not in self._foreign:
            found = [domain for one in key for domain in self.domains[one]]
            self._foreign[key] = list(dict.fromkeys(Domain(one.kind, one.text) for one in found))
        return self._foreign[key]

    def add(self, table: Mapping, condition: Condition, wider: Sequence[int]) -> None:
        """Note a chain that takes none of the hosts of wider ones but its own."""
        domains = [*(self.foreign(wider) or ()), Domain(ANY, "")]
        if not condition.server_names:
            self.tables.close(table, condition, domains)
            return
        key = (tuple(wider), condition.schemes, condition.sources, condition.ports)
        closed = self._pending.setdefault(key, _Closed(table, condition, domains))
        closed.names.update(dict.fromkeys(condition.server_names))

    def before(self, number: int) -> None:
        """Write the routes that have to stand before those of a chain."""
        for key in [one for one in self._pending if number in one[0]]:
            self._write(key)

    def finish(self) -> None:
        """Write what is left."""
        for key in list(self._pending):
            self._write(key)

    def _write(self, key: _Key) -> None:
        closed = self._pending.pop(key)
        condition = replace(closed.condition, server_names=tuple(closed.names))
        self.tables.close(closed.table, condition, closed.domains)
