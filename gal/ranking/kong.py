"""Kong's order, that of its default router since 3.0 (`router_flavor = traditional_compatible`).

Source: https://developer.konghq.com/gateway/routing/traditional/ ("Matching priorities").
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gal.model.route import PathKind
from gal.ranking import Candidate

if TYPE_CHECKING:
    from gal.model import PathMatch, Route, Service

_MOST_HEADERS = 255
_PART_IDS = uuid.UUID("7f145bf9-0dce-4f91-98eb-debbce4b9f6b")


def rank(service: Service | None, route: Route) -> Iterator[tuple[tuple[object, ...], Candidate]]:
    """More kinds of match first; then only plain hosts; more headers; expressions, by
    `regex_priority`; the longer prefix; last the larger id.

    Kong ranks the paths of a route apart: all expressions together, prefixes by their length.
    """
    parts = _parts(route.paths)
    for number, paths in enumerate(parts, 1):
        part_id = _part_id(route.id, number if len(parts) > 1 else 0)
        yield _key(route, paths, part_id), Candidate(service, route, paths)


def _parts(paths: list[PathMatch]) -> list[tuple[PathMatch, ...]]:
    grouped: dict[int, list[PathMatch]] = {}
    for path in paths:
        length = 0 if path.kind is PathKind.REGEX else len(path.text.encode())
        grouped.setdefault(length, []).append(path)
    return [tuple(group) for group in grouped.values()] or [()]


def _part_id(route_id: str | None, number: int) -> int:
    """The id that ties are broken by, as a number; a route without one comes last."""
    try:
        whole = uuid.UUID(route_id or "")
    except ValueError:
        return -1
    return (uuid.uuid5(_PART_IDS, f"{whole}#{number}") if number else whole).int


def _key(route: Route, paths: tuple[PathMatch, ...], part_id: int) -> tuple[int, ...]:
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
    expression = bool(paths) and paths[0].kind is PathKind.REGEX
    return (
        -kinds,
        -int(plain_hosts),
        -min(len(route.headers), _MOST_HEADERS),
        -int(expression),
        -route.priority if expression else 0,
        -(len(paths[0].text.encode()) if paths and not expression else 0),
        -part_id,
    )
