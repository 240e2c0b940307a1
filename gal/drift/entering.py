"""Whose credentials open a route: keys of its own, or those of the consumers that may enter.

Gateways say the same in both ways, so across gateways the credentials themselves are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from gal.drift.effective import Place, SideView
from gal.model import Acl, Authentication, Consumer, Secret

Opened = frozenset[tuple[str, str]]
"""Kind of credential, and the secret itself: for comparing, never for showing."""

FIELDS: Final = frozenset({"authentication.api_key.keys", "authentication.basic.users", "acl"})
"""Fields that say who enters."""


def opened(place: Place) -> Opened | None:
    """What opens a route; None where it asks for none of these."""
    policy: Authentication | None = place.policy("authentication").node
    if policy is None or (policy.api_key is None and policy.basic is None):
        return None
    acl: Acl | None = place.policy("acl").node
    found: set[tuple[str, str]] = set()
    entering = [one for one in place.side.consumers if _enters(one, acl)]
    if policy.api_key is not None:
        own = [one.key for one in policy.api_key.keys]
        found |= set(_marked("api_key", own)) if own else set(_keys(entering))
    if policy.basic is not None:
        users = [one.password or one.password_hash for one in policy.basic.users]
        found |= set(_marked("basic", users)) if users else set(_passwords(entering))
    return frozenset(found)


def inline(place: Place) -> bool:
    """Whether a route has credentials of its own."""
    policy: Authentication | None = place.policy("authentication").node
    if policy is None:
        return False
    keys = policy.api_key is not None and policy.api_key.keys
    users = policy.basic is not None and policy.basic.users
    return bool(keys or users)


def _enters(consumer: Consumer, acl: Acl | None) -> bool:
    if acl is None:
        return True
    groups = {*consumer.groups, consumer.name}
    if not groups.isdisjoint(acl.deny):
        return False
    return not acl.allow or not groups.isdisjoint(acl.allow)


def _marked(kind: str, secrets: Iterable[Secret | None]) -> Iterator[tuple[str, str]]:
    for one in secrets:
        if one is not None:
            yield kind, one.reveal()


def _keys(consumers: Iterable[Consumer]) -> Iterator[tuple[str, str]]:
    for one in consumers:
        yield from _marked("api_key", (key.key for key in one.credentials.api_keys))


def _passwords(consumers: Iterable[Consumer]) -> Iterator[tuple[str, str]]:
    for one in consumers:
        held = one.credentials.basic
        yield from _marked("basic", (basic.password or basic.password_hash for basic in held))


def inline_secrets(side: SideView) -> Opened:
    """Every credential that stands in a route, a service or the gateway of a side."""
    found: set[tuple[str, str]] = set()
    gateway = side.gateway
    scopes = [gateway.policies, *(one.policies for one in gateway.services)]
    scopes += [route.policies for _, route in gateway.walk_routes()]
    for policies in scopes:
        policy = policies.authentication
        if policy is None:
            continue
        if policy.api_key is not None:
            found |= set(_marked("api_key", (one.key for one in policy.api_key.keys)))
        if policy.basic is not None:
            users = policy.basic.users
            found |= set(_marked("basic", (one.password or one.password_hash for one in users)))
    return frozenset(found)


def held(consumer: Consumer) -> Opened:
    """What a consumer proves itself with."""
    return frozenset({*_keys([consumer]), *_passwords([consumer])})
