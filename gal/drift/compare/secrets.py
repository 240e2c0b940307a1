"""Keys and passwords: compared whole, shown as fingerprints; references told from the secret
itself.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gal.drift.compare.finding import At, Finding
from gal.drift.shown import NONE, fingerprint
from gal.model import Secret
from gal.reading import is_placeholder

_HASHES: Final = ("{SHA}", "$2a$", "$2b$", "$2y$", "$apr1$", "$1$", "$5$", "$6$")
"""How hashes of passwords start, as htpasswd writes them."""


@dataclass(frozen=True, slots=True)
class Held:
    """A secret with what it belongs to.

    Attributes:
        name: whom it stands for, not secret; empty where it stands for nobody.
        secret: the secret; None where the gateway makes one up.
        at: where it stands.
    """

    name: str
    secret: Secret | None
    at: At

    @property
    def text(self) -> str:
        """The name with the fingerprint."""
        mark = NONE if self.secret is None else fingerprint(self.secret.reveal())
        return f"{self.name} {mark}".strip()

    @property
    def known(self) -> tuple[str, str]:
        """What makes two of them the same."""
        return self.name, "" if self.secret is None else self.secret.reveal()


def secret_changed(old: Held, new: Held, field: str) -> Iterator[Finding]:
    """One secret instead of another; a reference instead of the secret itself, or the reverse."""
    if old.secret == new.secret or _may_be_same(old.secret, new.secret):
        return
    refers = [_refers(one) for one in (old, new)]
    id_ = {(True, True): "D091", (True, False): "D090", (False, True): "D092"}.get(
        (refers[0], refers[1]), "D018"
    )
    yield Finding(id_, field, old.text, new.text, old.at, new.at)


def _may_be_same(old: Secret | None, new: Secret | None) -> bool:
    """Whether one is a hash of the other, or one that cannot be tried here."""
    if old is None or new is None:
        return False
    texts = old.reveal(), new.reveal()
    hashed = [text.startswith(_HASHES) for text in texts]
    if hashed[0] is hashed[1]:
        return False
    digest, plain = texts if hashed[0] else (texts[1], texts[0])
    if digest.startswith("{SHA}"):
        made = hashlib.sha1(plain.encode(), usedforsecurity=False).digest()
        return base64.b64encode(made).decode() == digest[5:]
    return True


def _refers(held: Held) -> bool:
    return held.secret is not None and is_placeholder(held.secret.reveal())


def secrets_changed(
    old: Iterable[Held], new: Iterable[Held], field: str, *, by_name: bool = True
) -> Iterator[Finding]:
    """Sets of secrets: what is on one side only is paired by name, the rest is more or fewer.

    Without `by_name`, names take no part: only the secrets themselves are compared.
    """
    before = {_key(one, by_name): one for one in old}
    after = {_key(one, by_name): one for one in new}
    gone = [one for key, one in before.items() if key not in after]
    come = [one for key, one in after.items() if key not in before]
    named = {one.name: one for one in come if one.name and by_name}
    unpaired = []
    for one in gone:
        partner = named.pop(one.name, None)
        if partner is None:
            unpaired.append(one)
        else:
            come.remove(partner)
            yield from secret_changed(one, partner, field)
    while unpaired and come and not (by_name and unpaired[0].name and come[0].name):
        yield from secret_changed(unpaired.pop(0), come.pop(0), field)
    for one in unpaired:
        yield Finding("D132", field, one.text, NONE, one.at)
    for one in come:
        yield Finding("D131", field, NONE, one.text, new_at=one.at)


def _key(held: Held, by_name: bool) -> tuple[str, str]:
    return held.known if by_name else ("", held.known[1])
