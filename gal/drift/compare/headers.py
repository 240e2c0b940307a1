"""Changes of headers, query parameters and bodies on their way through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gal.drift.change import Level, Security
from gal.drift.compare.finding import At, Finding, fields_of, whole
from gal.drift.effective import Place
from gal.drift.shown import NONE, cut, shown_value
from gal.model import Headers, Operations, Query, RequestId, Transformation

_SIDES: Final = ("request", "response")
_HSTS: Final = "strict-transport-security"
_IDENTITY: Final = (
    *("x-consumer-", "x-authenticated-", "x-user", "x-auth-", "x-credential-", "x-remote-user"),
    *("x-forwarded-user", "x-forwarded-email", "x-forwarded-client-cert", "x-real-ip", "remote-"),
    *("x-client-", "x-jwt-", "x-userinfo", "authorization", "x-access-token", "x-id-token"),
)
"""How headers start that tell upstreams who a client is."""

Steps = dict[str, tuple[tuple[str, ...], ...]]
"""What happens to each header, by its name in small letters: operation and values, in order."""

_REQUEST_ID = dict.fromkeys(("header_name", "format", "echo", "keep_existing"), "D053")
_TRANSFORMATION = dict.fromkeys(
    ("defaults", "computed_fields", "metadata", "validation", "request", "response"), "D054"
)


def headers(old: Place, new: Place) -> Iterator[Finding]:
    """Headers of both sides, one finding a header."""
    for side in _SIDES:
        yield from _side(side, old.headers(side), new.headers(side))


def policy(old: Headers | None, new: Headers | None) -> Iterator[Finding]:
    """The same for two policies alone."""
    for side in _SIDES:
        before, after = (_given(one, side) for one in (old, new))
        yield from _side(side, before, after)


Given = list[tuple[Headers, Operations]]
"""Changes of headers in their order, each with the policy that says it."""


def _given(one: Headers | None, side: str) -> Given:
    own = None if one is None else getattr(one, side)
    return [] if one is None or own is None else [(one, own)]


def _side(side: str, before: Given, after: Given) -> Iterator[Finding]:
    if [one for _, one in before] != [one for _, one in after]:
        left, right = (_steps([one for _, one in given]) for given in (before, after))
        places = tuple((given[-1][0], side) if given else (None, "") for given in (before, after))
        for name in sorted(left.keys() | right.keys()):
            sides = left.get(name), right.get(name)
            if sides[0] != sides[1] and not (name == "host" and _only_set(side, *sides)):
                yield _header(name, side, left.get(name), right.get(name), places)


def _only_set(side: str, *sides: tuple[tuple[str, ...], ...] | None) -> bool:
    """Whether a Host that is set is all that is said: it is compared with the host mode."""
    return side == "request" and all(one is None or one[-1][0] == "set" for one in sides)


def _header(
    name: str,
    side: str,
    old: tuple[tuple[str, ...], ...] | None,
    new: tuple[tuple[str, ...], ...] | None,
    places: tuple[At, ...],
) -> Finding:
    id_, security, level = "D050", None, None
    if side == "response" and name == _HSTS:
        id_ = "D046"
        if old is None:
            security = Security.STRENGTHENED
    elif side == "request" and name.startswith(_IDENTITY) and _cleared(old) and not _cleared(new):
        id_, level = "D051", Level.HIGH
    texts = tuple(_told(name, one) for one in (old, new))
    field = f"headers.{side}.{name}"
    return Finding(
        id_, field, texts[0], texts[1], places[0], places[1], security=security, level=level
    )


def _cleared(steps: tuple[tuple[str, ...], ...] | None) -> bool:
    """Whether what the client sent under that name is gone."""
    return any(step[0] in ("remove", "set") for step in steps or ())


def _told(name: str, steps: tuple[tuple[str, ...], ...] | None) -> str:
    if not steps:
        return NONE
    said = (
        " ".join([step[0], ", ".join(shown_value(name, one) for one in step[1:])]).strip()
        for step in steps
    )
    return cut("; ".join(said))


def _steps(operations: list[Operations]) -> Steps:
    found: dict[str, list[tuple[str, ...]]] = {}
    for one in operations:
        for name, step in _in_order(one):
            steps = found.setdefault(name.lower(), [])
            if step[0] in ("remove", "set"):
                steps.clear()  # nothing of what was before is left
            steps.append(step)
    return {name: tuple(steps) for name, steps in found.items()}


def _in_order(one: Operations) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name in one.remove:
        yield name, ("remove",)
    for name, other in one.rename.items():
        yield name, ("rename", other.lower())
    for how in ("replace", "set", "default", "add"):
        for name, values in getattr(one, how).items():
            yield name, (how, *values)


def query(old: Query | None, new: Query | None) -> Iterator[Finding]:
    """Query parameters, one finding a parameter; their names have case."""
    before, after = (dict(_in_order(one.request)) if one is not None else {} for one in (old, new))
    for name in sorted(before.keys() | after.keys()):
        left, right = before.get(name), after.get(name)
        if left != right:
            texts = [_told(name, (one,)) if one is not None else NONE for one in (left, right)]
            yield Finding(
                "D055", f"query.{name}", texts[0], texts[1], (old, "request"), (new, "request")
            )


def request_id(old: RequestId | None, new: RequestId | None) -> Iterator[Finding]:
    """The header, how its value is made, and who gets it."""
    if old is None or new is None:
        yield whole("D053", old, new, "request_id")
        return
    yield from fields_of(old, new, _REQUEST_ID, "request_id")


def transformation(old: Transformation | None, new: Transformation | None) -> Iterator[Finding]:
    """Bodies: which fields are changed or asked for."""
    if old is None or new is None:
        texts = tuple(NONE if one is None else "changes bodies" for one in (old, new))
        if any(_changes(one) for one in (old, new)):
            yield whole("D054", old, new, "transformation", (texts[0], texts[1]))
        return
    yield from fields_of(old, new, _TRANSFORMATION, "transformation")


def _changes(one: Transformation | None) -> bool:
    """Whether it does anything beside headers, which are compared with the others."""
    return one is not None and any(
        (one.defaults, one.computed_fields, one.metadata, one.validation, one.request, one.response)
    )
