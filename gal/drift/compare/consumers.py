"""Those who use the gateway: who they are, what they prove themselves with, their groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from gal.drift.change import Security, Traffic
from gal.drift.compare.finding import Finding, fields_of, of_field
from gal.drift.compare.secrets import Held, secrets_changed
from gal.drift.lattice import Direction, by_inclusion
from gal.drift.shown import NONE, fingerprint
from gal.model import Consumer, Credentials, JwtCredential

_KINDS: Final = ("basic", "api_keys", "jwt", "hmac", "oauth2")
_GROUPS: Final = {Direction.WIDER: "D019", Direction.NARROWER: "D133", Direction.OTHER: "D134"}


def paired(
    old: Iterable[Consumer], new: Iterable[Consumer]
) -> Iterator[tuple[Consumer | None, Consumer | None]]:
    """Consumers of both sides: by name, then by custom id, then by what they prove themselves with;
    those of one side only alone.
    """
    before, after = list(old), list(new)
    named: dict[str, list[Consumer]] = {}
    for one in after:
        named.setdefault(one.name, []).append(one)
    pairs = [(one, named[one.name].pop(0) if named.get(one.name) else None) for one in before]
    left = {id(one): one for same in named.values() for one in same}
    for key in (_custom_id, _secrets):
        others = {key(one): one for one in left.values() if key(one)}
        for number, (one, partner) in enumerate(pairs):
            found = others.pop(key(one), None) if partner is None and key(one) else None
            if found is not None:
                del left[id(found)]
                pairs[number] = one, found
    yield from pairs
    yield from ((None, one) for one in left.values())


def _custom_id(one: Consumer) -> object:
    return one.custom_id


def _secrets(one: Consumer) -> object:
    """Everything that nobody else has: keys, passwords and secrets, with the names beside them."""
    own = one.credentials
    if own == Credentials():
        return None
    return frozenset(
        (kind, held.known)
        for kind in _KINDS
        for held in _held(one, kind)
        if held.secret is not None
    )


def consumer(old: Consumer | None, new: Consumer | None) -> Iterator[Finding]:
    """Added, removed, or with other groups and credentials."""
    if old is None or new is None:
        texts = tuple(NONE if one is None else _told(one) for one in (old, new))
        id_ = "D017" if old is None else "D130"
        if (old or new or Consumer("")).credentials == Credentials():
            id_ = "D114"  # nobody can be this consumer, but by being anonymous
        yield Finding(id_, "consumers", texts[0], texts[1], (old, ""), (new, ""))
        return
    # Where single consumers are meant, each is a group of its own name.
    names = [{one.name} if old.name == new.name else set() for one in (old, new)]
    direction = by_inclusion(names[0] | {*old.groups}, names[1] | {*new.groups})
    if direction is not Direction.SAME:
        yield of_field(_GROUPS[direction], old, new, "groups", "")
    yield from fields_of(old, new, {"name": "D139", "custom_id": "D139"}, "")
    yield from _credentials(old, new)


def _told(one: Consumer) -> str:
    own = one.credentials
    kinds = {
        "basic": len(own.basic),
        "api_key": len(own.api_keys),
        "jwt": len(own.jwt),
        "hmac": len(own.hmac),
        "oauth2": len(own.oauth2),
    }
    said = ", ".join(f"{number} {kind}" for kind, number in kinds.items() if number)
    return f"{one.name} ({said or 'no credentials'})"


def _credentials(old: Consumer, new: Consumer) -> Iterator[Finding]:
    if old.credentials == new.credentials:
        return
    for kind in _KINDS:
        before, after = (list(_held(one, kind)) for one in (old, new))
        yield from secrets_changed(before, after, f"credentials.{kind}")
    yield from _signers(old.credentials.jwt, new.credentials.jwt)
    lifetimes = [[one.lifetime for one in side.credentials.api_keys] for side in (old, new)]
    keys = [[one.key for one in side.credentials.api_keys] for side in (old, new)]
    if keys[0] == keys[1] and lifetimes[0] != lifetimes[1]:
        for left, right in zip(old.credentials.api_keys, new.credentials.api_keys, strict=True):
            yield from fields_of(left, right, {"lifetime": "D018"}, "credentials.api_keys")


def _held(one: Consumer, kind: str) -> Iterator[Held]:
    own = one.credentials
    if kind == "basic":
        for basic in own.basic:
            yield Held(basic.username, basic.password or basic.password_hash, (basic, "password"))
    elif kind == "api_keys":
        for key in own.api_keys:
            yield Held("", key.key, (key, "key"))
    elif kind == "jwt":
        for signer in own.jwt:
            yield Held(fingerprint(signer.key or ""), signer.secret, (signer, "secret"))
    elif kind == "hmac":
        for hmac in own.hmac:
            yield Held(hmac.username, hmac.secret, (hmac, "secret"))
    else:
        for client in own.oauth2:
            yield Held(client.client_id or client.name, client.client_secret, (client, ""))


def _signers(old: list[JwtCredential], new: list[JwtCredential]) -> Iterator[Finding]:
    """Algorithms and public keys of signers that both sides have."""
    after = {one.key: one for one in new}
    for signer in old:
        other = after.get(signer.key)
        if other is None:
            continue
        if signer.algorithm != other.algorithm:
            yield of_field("D018", signer, other, "algorithm", "credentials.jwt")
        if (signer.public_key or "").strip() != (other.public_key or "").strip():
            texts = (
                NONE if one.public_key is None else fingerprint(one.public_key.strip())
                for one in (signer, other)
            )
            left, right = texts
            yield Finding(
                "D018",
                "credentials.jwt.public_key",
                left,
                right,
                (signer, "public_key"),
                (other, "public_key"),
                security=Security.UNKNOWN,
                traffic=Traffic.BREAKING,
            )
