"""What several containers say of one name: Traefik joins the servers of their services, and takes
away whatever else they say differently (https://doc.traefik.io/traefik/reference/install-configuration/providers/docker/,
`pkg/provider/merge.go`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.ledger import Fate, Level
from gal.reading import Mapping, Sequence

if TYPE_CHECKING:
    from gal.ledger import Reporter

_SERVICES = "services"


@dataclass(slots=True)
class _One:
    """Attributes: known: where its section is; node: what was said first; others: what else was."""

    known: dict[str, Mapping]
    node: Mapping
    others: list[Mapping] = field(default_factory=list)
    differ: bool = False


@dataclass(slots=True)
class Labelled:
    """The objects that labels name, by section and name."""

    _found: dict[tuple[str, str], _One] = field(default_factory=dict)

    def add(self, section: str, name: str, node: Mapping, known: dict[str, Mapping]) -> bool:
        """Have an object in its section, once. False where a file has one of its name."""
        found = self._found.get((section, name))
        if found is None:
            if name in known:
                return False
            known[name] = node
            self._found[section, name] = _One(known, node)
            return True
        found.others.append(node)
        if node.plain() == found.node.plain():
            node.take_all()
        elif not (section == _SERVICES and _joined(found.node, node)):
            found.differ = True
        return True

    def settle(self, report: Reporter) -> None:
        """Take away what containers do not agree on."""
        for (section, name), one in self._found.items():
            if not one.differ:
                continue
            del one.known[name]
            message = f'several containers say different things of "{name}": Traefik has none of it'
            for node in (one.node, *one.others):
                node.take_all()
                report.at(node, Fate.DROPPED, Level.WARNING, section, message)


def _joined(first: Mapping, other: Mapping) -> bool:
    """Add the servers of a service to those of another one that is the same but for these."""
    mine, its = _servers(first), _servers(other)
    if mine is None or its is None or _rest(first) != _rest(other):
        return False
    have = [item.plain() for item in mine.items]
    mine.items += [item for item in its.items if item.plain() not in have]
    other.take_all()
    return True


def _servers(service: Mapping) -> Sequence | None:
    balancer = service.peek("loadBalancer")
    found = balancer.peek("servers") if isinstance(balancer, Mapping) else None
    return found if isinstance(found, Sequence) else None


def _rest(service: Mapping) -> Any:
    """A service without its servers."""
    balancer = service.peek("loadBalancer")
    if not isinstance(balancer, Mapping):
        return None
    return {key: node.plain() for key, node in balancer.entries.items() if key.lower() != "servers"}
