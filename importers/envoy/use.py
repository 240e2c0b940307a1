"""A filter as it acts on routes, and what becomes of it in the model.

The same filter with the same settings acts on many routes: it is read once, and what was read is
put on each of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.ledger import Fate, Level
from gal.model import Authentication, Guard, Origin, Policies
from gal.reading import Mapping
from gal.redacted import holds_redacted

if TYPE_CHECKING:
    from gal.importers.envoy.chain import Chain, HttpFilter, Override, Shared
    from gal.importers.envoy.headers import Step
    from gal.ledger import Reporter

AUTHENTICATION = "authentication"
CLOSED = "any other gateway refuses everybody"
_HIDDEN = "Envoy does not show its secrets, so everybody is refused until they are filled in"


@dataclass(slots=True)
class Use:
    """A filter with the settings that act on some routes.

    Attributes:
        filter: its entry in the chain.
        overrides: what narrower scopes set, the narrowest first; those that only switch are left
            out.
        chain: the filters around it.
        shared: what all routes share.
        given: what else of the route decides, for some kinds of filters.
    """

    filter: HttpFilter
    overrides: list[Override]
    chain: Chain
    shared: Shared
    given: Any = None

    @property
    def report(self) -> Reporter:
        """Where to say what became of a field."""
        return self.shared.report

    @property
    def base(self) -> Mapping:
        """The settings in the chain, empty where there are none."""
        return self.filter.config if self.filter.config is not None else empty(self.filter.node)

    @property
    def own(self) -> Mapping | None:
        """The settings of the narrowest scope that has any."""
        return self.overrides[0].config if self.overrides else None

    @property
    def settings(self) -> Mapping:
        """The settings that act, of filters whose scopes have the same message as the chain."""
        found = self.own
        return self.base if found is None else found

    @property
    def node(self) -> Mapping:
        """Where to point: the narrowest scope that has settings, or the entry in the chain."""
        return self.overrides[0].node if self.overrides else self.filter.node

    @property
    def short(self) -> str:
        """The filter's name without Envoy's own prefix."""
        return short_of(self.filter)

    def plain(self) -> dict[str, Any]:
        """The filter as it is kept for Envoy: its entry, and the settings of narrower scopes."""
        found: dict[str, Any] = {
            key: value for key, value in self.filter.node.plain().items() if key != "disabled"
        }
        if self.overrides:
            found["overrides"] = [one.node.plain() for one in self.overrides]
        return found

    def take_all(self) -> None:
        """Mark all of it as read."""
        self.filter.node.take_all()
        for one in self.overrides:
            one.node.take_all()


@dataclass(slots=True)
class Reading:
    """What a filter with certain settings is in the model.

    Attributes:
        policies: what it sets: at most one policy of each kind.
        use: what was read.
        groups: what it does, for the order (`classify.ORDER`).
        request: changes of request headers.
        response: changes of response headers.
        marks: what it says to the readings of other filters of the route.
        nobody: it refuses every request.
    """

    use: Use
    policies: Policies = field(default_factory=Policies)
    groups: set[str] = field(default_factory=set)
    request: list[Step] = field(default_factory=list)
    response: list[Step] = field(default_factory=list)
    marks: dict[str, Any] = field(default_factory=dict)
    nobody: bool = False


def empty(node: Mapping) -> Mapping:
    """A mapping without keys at the place of another one."""
    return Mapping(node.source, node.line, node.column, node.parent, node.key)


def short_of(one: HttpFilter) -> str:
    """The filter's canonical name without Envoy's own prefix."""
    return one.kind.rsplit(".", 1)[-1] or one.name


def guarded(use: Use, reason: str) -> Reading:
    """An access control that only Envoy knows (law 2)."""
    use.take_all()
    config = use.plain()
    message, level = f"only Envoy knows this access control ({reason}): {CLOSED}", Level.WARNING
    if holds_redacted(config):
        message, level = _HIDDEN, Level.ERROR
    use.report.at(use.node, Fate.CARRIED, level, AUTHENTICATION, message)
    found = Reading(use, groups={"access"})
    control = Guard(use.short, "envoy", config, origin=Origin(use.node, {}))
    found.policies.authentication = Authentication(guards=[control], origin=Origin(use.node, {}))
    return found


def carried(use: Use, message: str, level: Level = Level.WARNING) -> Reading:
    """A filter that only Envoy has, kept as it is."""
    use.take_all()
    use.report.at(use.node, Fate.CARRIED, level, "plugins", message)
    found = Reading(use)
    found.policies.plugins = {"envoy": [use.plain()]}
    return found


def nothing(use: Use, message: str = "") -> Reading:
    """A filter that does nothing here."""
    use.take_all()
    if message:
        use.report.at(use.node, Fate.EXACT, Level.INFO, "plugins", message)
    return Reading(use)


def mappings(node: Mapping, key: str) -> Iterator[tuple[str, Mapping]]:
    """The mappings of a mapping by their names."""
    below = node.take_mapping(key)
    if below is None:
        return
    for name, value in below.take_items():
        if not isinstance(value, Mapping):
            raise value.mismatch("a mapping")
        yield name, value
