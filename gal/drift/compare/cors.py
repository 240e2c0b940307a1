"""Cross-origin resource sharing: which foreign pages may read answers."""

from __future__ import annotations

from collections.abc import Iterator

from gal.drift.change import Level, Security
from gal.drift.compare.finding import Finding, fields_of, of_field, whole
from gal.drift.lattice import Direction, of_bounded
from gal.drift.normalise import canonical
from gal.drift.shown import joined
from gal.model import Cors

_ANY = "any origin"
_REPEATED = frozenset({"allowed_headers"})
_DETAILS = dict.fromkeys(
    (
        *("allowed_methods", "allowed_headers", "expose_headers", "max_age"),
        *("forward_preflight", "private_network", "allow_origin_when_absent"),
    ),
    "D032",
)


def cors(old: Cors | None, new: Cors | None) -> Iterator[Finding]:
    """Removed and added, origins by inclusion, credentials, and the details."""
    if old is None or new is None:
        opened = new is not None and new.allow_credentials and _opens(new)
        level = Level.CRITICAL if opened else None
        said = _said(old), _said(new)
        yield whole("D036" if old is None else "D035", old, new, "cors", said, level=level)
        return
    yield from _origins(old, new)
    if old.allow_credentials is not new.allow_credentials:
        id_ = "D031" if new.allow_credentials else "D034"
        yield of_field(id_, old, new, "allow_credentials", "cors")
    for found in fields_of(old, new, _DETAILS, "cors"):
        name = found.field.removeprefix("cors.")
        plain = name in _REPEATED and not (old.allow_credentials or new.allow_credentials)
        if plain and {found.old, found.new} == {"none", "*"}:
            continue  # without credentials, `*` lets in what repeating the preflight's headers does
        yield found


def _origins(old: Cors, new: Cors) -> Iterator[Finding]:
    direction = of_bounded(_set(old), _set(new), everything=[_ANY])
    if direction is Direction.SAME:
        if old.reflect_any_origin is not new.reflect_any_origin:
            yield of_field("D032", old, new, "reflect_any_origin", "cors")
        return
    id_ = "D033" if direction is Direction.NARROWER else "D030"
    opened = new.allow_credentials and id_ == "D030"
    yield whole(
        id_,
        old,
        new,
        "cors.allowed_origins",
        (_text(old), _text(new)),
        security=Security.UNKNOWN if direction is Direction.OTHER else None,
        level=Level.CRITICAL if opened else None,
    )


def _opens(policy: Cors) -> bool:
    return bool(_set(policy))


def _set(policy: Cors) -> frozenset[str]:
    """The origins; a text that stands for any, and one that stands for none, included."""
    if policy.reflect_any_origin or "*" in policy.allowed_origins:
        return frozenset({_ANY})
    exact = {one.lower().rstrip("/") for one in policy.allowed_origins}
    patterns = {f"~{canonical('', one)}" for one in policy.allowed_origin_patterns}
    return frozenset(exact | patterns) or frozenset({"no origin"})


def _text(policy: Cors) -> str:
    return joined(sorted(_set(policy)))


def _said(policy: Cors | None) -> str:
    if policy is None:
        return "none"
    return _text(policy) + (" with credentials" if policy.allow_credentials else "")
