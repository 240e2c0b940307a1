"""Which policies act on a route, for exporters: the most specific scope wins whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, TypeVar

from gal.claims import unwrap
from gal.ledger import Fate, Level
from gal.model import Gateway, Policies, Policy, Route, Service

if TYPE_CHECKING:
    from gal.context import ExportContext

P = TypeVar("P", bound=Policy)


@dataclass(frozen=True, slots=True)
class Scopes:
    """The policies of a request's route, service and gateway.

    Attributes:
        levels: the most specific first.
        effective: identities of the policies that act on any route, shared by all.
    """

    levels: tuple[Policies, ...]
    effective: set[int] = field(default_factory=set)

    def find(self, kind: Callable[[Policies], P | None]) -> P | None:
        """The policy of one kind that acts, or None where there is none or it is switched off.

        `kind` reads the field: `scopes.find(lambda policies: policies.cors)`.
        """
        for policies in self.levels:
            policy = kind(policies)
            if policy is not None:
                return self.act(policy) if policy.enabled else None
        return None

    def act(self, policy: P) -> P:
        """Note that a policy acts on a route. Those that act nowhere are hidden everywhere."""
        self.effective.add(id(policy))
        return policy


def settle_hidden(gateway: Gateway, effective: set[int], context: ExportContext) -> None:
    """Deal with the policies that act on no route: those that are switched off have done all they
    can, and those that narrower scopes hide everywhere have no effect.
    """
    owners: list[Gateway | Service | Route] = [gateway, *gateway.services]
    owners += [route for _, route in gateway.walk_routes()]
    nothing = Policies()
    for owner in owners:
        if unwrap(owner.policies) == nothing:
            continue
        for item in fields(Policies):
            policy = getattr(unwrap(owner.policies), item.name)
            if not isinstance(policy, Policy):
                continue
            policy = getattr(owner.policies, item.name)
            if id(policy) in effective:
                continue
            context.claims.claim(policy)
            if policy.enabled:
                message = "it acts on no route: narrower scopes hide it, or there is no route"
                context.report.about(policy, Fate.DROPPED, Level.INFO, item.name, message)
