"""Kong's order: that of its default router since 3.0 (`router_flavor = traditional_compatible`), as
it runs.

Kong's documentation (https://developer.konghq.com/gateway/routing/traditional/, "Matching
priorities") has the number of kinds of match decide first. The code (`kong/router/transform.lua`,
`get_priority`) means that, too, but shifts plain numbers by 32 bits where it means 64, so the
kinds come after "only plain hosts" and "expression". Requests to a running Kong 3.10 follow the
code; so does this module. With four or more kinds the number turns negative and such routes come
first, in an order among themselves that Kong does not define; here it is the documented one.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gal.model.route import PathKind
from gal.ranking import Candidate

if TYPE_CHECKING:
    from gal.model import PathMatch, Route, Service

_PART_IDS = uuid.UUID("7f145bf9-0dce-4f91-98eb-debbce4b9f6b")
"""Kong's namespace for the ids of a route's parts."""

_PLAIN_HOSTS, _EXPRESSION = 1 << 60, 1 << 51
_KINDS_AT, _HEADERS_AT, _PRIORITY_AT = 29, 20, 19
_MOST_HEADERS, _LONGEST_PATH = 255, 0x7FFFF
_MOST_DEFINED_KINDS = 3
_INT32, _SIGN = 0xFFFFFFFF, 1 << 31


def rank(service: Service | None, route: Route) -> Iterator[tuple[tuple[object, ...], Candidate]]:
    """Only plain hosts first; then expressions; then more kinds of match; more headers, or the
    higher `regex_priority`; the longer prefix; last the larger id.

    Kong ranks the paths of a route apart: all expressions together, prefixes by their length.
    """
    parts = _parts(route.paths)
    for number, paths in enumerate(parts, 1):
        part_id = _part_id(route.id, number if len(parts) > 1 else 0)
        yield (*_rank(route, paths), -part_id), Candidate(service, route, paths)


def _parts(paths: list[PathMatch]) -> list[tuple[PathMatch, ...]]:
    grouped: dict[int, list[PathMatch]] = {}
    for path in paths:
        length = 0 if path.kind is PathKind.REGEX else len(path.text.encode())
        grouped.setdefault(length, []).append(path)
    return [tuple(group) for group in grouped.values()] or [()]


def _part_id(route_id: str | None, number: int) -> int:
    """The id that ties are broken by, as a number; a route without one comes last."""
    if route_id is None:
        return -1
    try:
        whole = uuid.UUID(route_id)
    except ValueError:
        return -1
    return (uuid.uuid5(_PART_IDS, f"{whole}#{number}") if number else whole).int


def _rank(route: Route, paths: tuple[PathMatch, ...]) -> tuple[int, ...]:
    """Zero and the documented order for what comes first, else one and Kong's number, negated."""
    kinds = sum(
        bool(given)
        for given in (
            route.hosts,
            route.methods,
            route.headers,
            paths,
            route.server_names,
            route.sources,
            route.destinations,
        )
    )
    plain_hosts = bool(route.hosts) and not any("*" in host for host in route.hosts)
    headers = min(len(route.headers), _MOST_HEADERS)
    expression = bool(paths) and paths[0].kind is PathKind.REGEX
    priority = route.priority if expression else 0
    length = len(paths[0].text.encode()) & _LONGEST_PATH if paths and not expression else 0
    shifted = (priority << _PRIORITY_AT) & _INT32
    if kinds > _MOST_DEFINED_KINDS or shifted & _SIGN:
        return (0, -kinds, -plain_hosts, -headers, -expression, -priority, -length)
    number = kinds << _KINDS_AT | headers << _HEADERS_AT | shifted | length
    number |= _PLAIN_HOSTS if plain_hosts else 0
    number |= _EXPRESSION if expression else 0
    return (1, -number)
