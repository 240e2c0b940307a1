"""Who may enter, by credentials: none < optional < any of several < one < all of several."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from gal.drift.change import Level, Security, Traffic
from gal.drift.compare.finding import Finding, fields_of, of_field, whole
from gal.drift.compare.opaque import opaque
from gal.drift.compare.places import details
from gal.drift.compare.secrets import Held, secrets_changed
from gal.drift.compare.tokens import jwt, oauth2
from gal.drift.shown import NONE
from gal.model import ApiKeyAuth, Authentication, BasicAuth, ForwardAuth, Guard, Require

_DETAILS: Final = dict.fromkeys(
    (
        *("hide_credentials", "realm", "run_on_preflight"),
        *("request_headers", "upstream_headers", "client_headers"),
    ),
    "D137",
)


def authentication(old: Authentication | None, new: Authentication | None) -> Iterator[Finding]:
    """Asked or not, of everybody or not, which kinds, and what each kind checks."""
    old, new = _asking(old), _asking(new)
    if old is None or new is None:
        if old is not new:
            said = _said(old), _said(new)
            yield whole("D012" if old is None else "D010", old, new, "authentication", said)
        return
    yield from _anonymous(old, new)
    yield from _kinds(old, new)
    for name, compare in _SECTIONS.items():
        before, after = getattr(old, name), getattr(new, name)
        if before is not None and after is not None and before != after:
            yield from compare(before, after)
    yield from _guards(old, new)


def _asking(policy: Authentication | None) -> Authentication | None:
    return policy if policy is not None and (policy.kinds() or policy.guards) else None


def _said(policy: Authentication | None) -> str:
    if policy is None:
        return NONE
    word = " and " if policy.require is Require.ALL else " or "
    return word.join(sorted(_names(policy)))


def _names(policy: Authentication) -> set[str]:
    return {kind.value for kind in policy.kinds()} | {one.name for one in policy.guards}


def _anonymous(old: Authentication, new: Authentication) -> Iterator[Finding]:
    if old.anonymous == new.anonymous:
        return
    id_ = "D011" if old.anonymous is None else "D135" if new.anonymous is None else "D137"
    yield of_field(id_, old, new, "anonymous", "authentication")


def _kinds(old: Authentication, new: Authentication) -> Iterator[Finding]:
    before, after = _names(old), _names(new)
    told = partial(whole, old=old, new=new, said=(_said(old), _said(new)))
    if before == after:
        if len(before) > 1 and old.require is not new.require:
            id_ = "D011" if new.require is Require.ANY else "D135"
            yield told(id_, field="authentication.require")
        return
    more = _grew(before, after)
    every = all(one.require is Require.ALL or len(_names(one)) == 1 for one in (old, new))
    any_of = all(one.require is Require.ANY or len(_names(one)) == 1 for one in (old, new))
    if more is None or every is any_of:
        yield told("D013", field="authentication.type")
    elif more is every:
        yield told(
            "D013",
            field="authentication.type",
            security=Security.STRENGTHENED,
            traffic=Traffic.BREAKING,
        )
    else:
        yield told(
            "D013",
            field="authentication.type",
            security=Security.WEAKENED,
            traffic=Traffic.OPENING,
            level=Level.CRITICAL if every else None,
        )


def _grew(before: set[str], after: set[str]) -> bool | None:
    """Whether there are more kinds, or fewer; None where there are others."""
    if before < after:
        return True
    return False if after < before else None


# -- the kinds


def _basic(old: BasicAuth, new: BasicAuth) -> Iterator[Finding]:
    before, after = (
        [Held(one.username, one.password or one.password_hash, (one, "")) for one in side.users]
        for side in (old, new)
    )
    yield from secrets_changed(before, after, "authentication.basic.users")
    yield from details(old, new, _DETAILS, "authentication.basic")


def _api_key(old: ApiKeyAuth, new: ApiKeyAuth) -> Iterator[Finding]:
    before, after = (
        [Held(one.name or "", one.key, (one, "key")) for one in side.keys] for side in (old, new)
    )
    named = all(one.name for one in (*before, *after))
    yield from secrets_changed(before, after, "authentication.api_key.keys", by_name=named)
    yield from details(old, new, _DETAILS, "authentication.api_key")


def _forward(old: ForwardAuth, new: ForwardAuth) -> Iterator[Finding]:
    told = partial(of_field, old=old, new=new, prefix="authentication.forward")
    if old.fail_open is not new.fail_open:
        yield told("D014" if new.fail_open else "D136", name="fail_open")
    if old.trust_forwarded is not new.trust_forwarded:
        security = None if new.trust_forwarded else Security.STRENGTHENED
        level = None if new.trust_forwarded else Level.LOW
        yield told("D052", name="trust_forwarded", security=security, level=level)
    ids = {**_DETAILS, "address": "D138", "timeout": "D080"}
    yield from fields_of(old, new, ids, "authentication.forward")


_SECTIONS: Final[dict[str, Callable[[Any, Any], Iterator[Finding]]]] = {
    "basic": _basic,
    "api_key": _api_key,
    "jwt": jwt,
    "oauth2": oauth2,
    "forward": _forward,
}


def _guards(old: Authentication, new: Authentication) -> Iterator[Finding]:
    """Access controls that only one gateway knows, as plain data."""
    after = {_guard_key(one): one for one in new.guards}
    for guard in old.guards:
        other = after.get(_guard_key(guard))
        if other is None:
            continue
        field = f"authentication.guards.{guard.name}"
        for left, right in ((guard.config, other.config), (guard.settings, other.settings)):
            yield from opaque(left, right, field, (guard, ""), (other, ""), level=Level.HIGH)


def _guard_key(guard: Guard) -> tuple[str, str]:
    return guard.provider, guard.name
