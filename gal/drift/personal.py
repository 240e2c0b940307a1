"""Policies of those who use the gateway: everywhere, and on a certain service or route."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import Any, Final

from gal.drift.compare import POLICIES, WITH_UPSTREAM, headers
from gal.drift.compare.consumers import consumer
from gal.drift.compare.finding import Finding, whole
from gal.drift.compare.opaque import extensions, plugins
from gal.drift.effective import SideView
from gal.drift.matching import Link
from gal.model import Consumer, Mirror, Policies, ScopedPolicies

Compare = Callable[[Any, Any], Iterator[Finding]]
Place = tuple[str | None, str | None, str | None]
"""Consumer, service and route by their names on the new side."""


def _mirror(old: Mirror | None, new: Mirror | None) -> Iterator[Finding]:
    yield whole("D085", old, new, "mirror")


_COMPARES: Final[dict[str, Compare]] = {
    **POLICIES,
    **WITH_UPSTREAM,
    "headers": headers.policy,
    "mirror": _mirror,
}


def of_consumer(
    old: Consumer | None, new: Consumer | None, own: tuple[str, ...]
) -> Iterator[Finding]:
    """What differs between a consumer and its counterpart.

    Args:
        old: the consumer; None where there is none.
        new: its counterpart, likewise.
        own: the gateways whose own settings both sides can say.
    """
    yield from consumer(old, new)
    if old is None or new is None:
        return
    yield from _policies(old.policies, new.policies, own)
    yield from extensions(old.extensions, new.extensions, own, (old, new))


def of_scopes(
    old: SideView, new: SideView, links: list[Link], own: tuple[str, ...]
) -> Iterator[tuple[str, Finding]]:
    """What differs for a consumer on a certain service or route, each with where that is.

    Args:
        old: the old side.
        new: the new side.
        links: the routes brought together, which tell of names that changed.
        own: as of `of_consumer`.
    """
    names = _Names(links)
    before, after = _by_place(old, names), _by_place(new, None)
    for place in dict.fromkeys([*before, *after]):
        for left, right in zip_longest(before.get(place, []), after.get(place, [])):
            sides = [Policies() if one is None else one.policies for one in (left, right)]
            for finding in _policies(sides[0], sides[1], own):
                yield _text(left or right), finding


class _Names:
    """The new side's names of what the old side calls otherwise."""

    def __init__(self, links: list[Link]) -> None:
        self.routes: dict[str | None, str | None] = {}
        self.services: dict[str | None, str | None] = {}
        for link in links:
            self.routes.setdefault(link.old.route.name, link.new.route.name)
            if link.old.service is not None and link.new.service is not None:
                self.services.setdefault(link.old.service.name, link.new.service.name)


def _by_place(side: SideView, names: _Names | None) -> dict[Place, list[ScopedPolicies]]:
    found: dict[Place, list[ScopedPolicies]] = {}
    for one in side.gateway.scoped_policies:
        service, route = one.service, one.route
        if names is not None:
            service, route = names.services.get(service, service), names.routes.get(route, route)
        found.setdefault((one.consumer, service, route), []).append(one)
    return found


def _text(one: ScopedPolicies) -> str:
    place = f"route {one.route}" if one.route else f"service {one.service}"
    return f"consumer {one.consumer} on {place}"


def _policies(old: Policies, new: Policies, own: tuple[str, ...]) -> Iterator[Finding]:
    for name, compare in _COMPARES.items():
        left, right = (_on(getattr(one, name)) for one in (old, new))
        if left == right:
            continue
        yield from compare(left, right)
        if left is not None and right is not None:
            yield from extensions(left.extensions, right.extensions, own, (left, right))
    yield from plugins(old, new, own)


def _on(policy: Any) -> Any:
    """A policy that acts; None where it is switched off."""
    return policy if policy is not None and policy.enabled else None
