"""Where in a request credentials are looked for, and whether upstreams see them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from gal.drift.change import Security, Traffic
from gal.drift.compare.finding import Finding, fields_of, of_field
from gal.drift.lattice import Direction, by_inclusion
from gal.drift.normalise import changed_fields
from gal.model import ApiKeyAuth, BasicAuth, JwtAuth

PLACES: Final = ("header_names", "query_params", "cookie_names", "body_fields")
"""Fields that name places. Fewer places protect more: what is in a URL ends up in logs."""

_HIDE: Final = "hide_credentials"
_LABELS: Final = {
    Direction.WIDER: (Security.WEAKENED, Traffic.OPENING),
    Direction.NARROWER: (Security.STRENGTHENED, Traffic.BREAKING),
}

Kind = ApiKeyAuth | BasicAuth | JwtAuth


def details(old: Kind, new: Kind, ids: Mapping[str, str], prefix: str) -> Iterator[Finding]:
    """The places by inclusion of all of them together, the other fields as they differ.

    Args:
        old: the kind of authentication on the old side.
        new: on the new side.
        ids: of the other fields.
        prefix: of the fields.
    """
    security, traffic = _LABELS.get(
        by_inclusion(_places(old), _places(new)), (Security.UNKNOWN, Traffic.BREAKING)
    )
    changed = changed_fields(old, new)
    for name in PLACES:
        if name in changed:
            yield of_field("D137", old, new, name, prefix, security=security, traffic=traffic)
    for found in fields_of(old, new, ids, prefix):
        if found.field == f"{prefix}.{_HIDE}":
            seen = Security.STRENGTHENED if new.hide_credentials else Security.WEAKENED
            yield of_field(found.id, old, new, _HIDE, prefix, security=seen, traffic=Traffic.NONE)
        else:
            yield found


def _places(one: Kind) -> set[tuple[str, str]]:
    found = set()
    for name in PLACES:
        for text in getattr(one, name, ()):
            found.add((name, text.lower() if name == "header_names" else text))
    return found
