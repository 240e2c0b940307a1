"""GAL's own order: what is said more narrowly wins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gal.model.route import PathKind
from gal.ranking import Candidate

if TYPE_CHECKING:
    from gal.model import PathMatch, Route, Service


def rank(service: Service | None, route: Route) -> Iterator[tuple[tuple[object, ...], Candidate]]:
    """Higher `priority` first; then exact hosts before wildcards before none; exact paths before
    expressions before the longer prefix; then more kinds of match; then the file's order.
    """
    kinds = sum(
        bool(given)
        for given in (
            route.methods,
            route.headers,
            route.query_params,
            route.sources,
            route.server_names,
        )
    )
    if not route.paths:
        yield _key(route, 3, 0, kinds), Candidate(service, route, ())
        return
    for path in route.paths:
        place, length = _narrowness(path)
        yield _key(route, place, length, kinds), Candidate(service, route, (path,))


def _key(route: Route, path_place: int, path_length: int, kinds: int) -> tuple[object, ...]:
    wildcards = any("*" in host for host in route.hosts)
    hosts = (1 if wildcards else 0) if route.hosts else 2
    return (-route.priority, hosts, path_place, -path_length, -kinds)


def _narrowness(path: PathMatch) -> tuple[int, int]:
    place = {PathKind.EXACT: 0, PathKind.REGEX: 1, PathKind.SEGMENTS: 2, PathKind.PREFIX: 2}
    return place[path.kind], len(path.text)
