"""Policies of single consumers. Traefik does not know who asks once it has let somebody in, so none
of them can act; where one keeps a consumer out, the consumer's credentials are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from gal.claims import unwrap
from gal.exporters.traefik.build import Shared
from gal.ledger import Fate, Level
from gal.model import DirectResponse, Policies, Policy

_CONTROLS = frozenset({"ip_access", "acl", "user_agent", "authentication"})


def settle_consumers(shared: Shared) -> None:
    """Say what becomes of the consumers' policies, and note whom they keep out."""
    for name, policies in _all(shared):
        for item in fields(Policies):
            policy = getattr(unwrap(policies), item.name)
            if not isinstance(policy, Policy):
                continue
            policy = getattr(policies, item.name)
            shared.context.claims.claim(policy)
            if policy.enabled:
                _settle(name, item.name, policy, shared)


def _all(shared: Shared) -> Iterator[tuple[str, Policies]]:
    nothing = Policies()
    for consumer in shared.gateway.consumers:
        if unwrap(consumer.policies) != nothing:
            yield consumer.name, consumer.policies
    for scoped in shared.gateway.scoped_policies:
        _ = scoped.service, scoped.route
        yield scoped.consumer, scoped.policies


def _settle(name: str, kind: str, policy: Policy, shared: Shared) -> None:
    report = shared.context.report
    if isinstance(policy, DirectResponse) and policy.trigger is None and policy.status_code >= 400:
        shared.closed.add(name)
        message = f'the credentials of "{name}" are refused with 401'
        report.about(policy, Fate.APPROXIMATED, Level.INFO, kind, message)
        return
    if kind in _CONTROLS and not shared.context.options.allow_open:
        shared.closed.add(name)
        message = f'Traefik has no policies of consumers; the credentials of "{name}" are refused'
        report.refused(policy, kind, message)
        return
    report.dropped(policy, kind, "Traefik has no policies of single consumers")
