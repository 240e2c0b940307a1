"""APISIX's order: that of its default router, `radixtree_host_uri`, and of `radixtree_uri`, as they
run.

The first looks for the host and falls back to routes without one, then for the path
(`apisix/http/router/radixtree_host_uri.lua`); the other one has hosts for a condition like any
other. A longer literal start wins whatever the `priority` says; that only decides between routes of
the same path. Conditions on the variables `uri` and `host` count for nothing: the route's own uris
and hosts do, which the importer keeps in its extensions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gal.model.route import PathKind
from gal.ranking import Candidate

if TYPE_CHECKING:
    from gal.model import PathMatch, Route, Service

_META = re.compile(r"[.*+?()\[\]{}|$^]|\\[A-Za-z]")
_EXACT, _WILDCARD, _NONE = 0, 1, 2


def rank(service: Service | None, route: Route) -> Iterator[tuple[tuple[object, ...], Candidate]]:
    """A host before none, an exact host before a wildcard, a longer wildcard before a shorter;
    then the exact path before a start of it, the longer start before the shorter; then the higher
    `priority`; last the order of the file.

    The paths of a route rank apart. A route whose hosts rank differently ranks by the first of
    them, since a candidate holds all of its hosts.
    """
    own = route.extensions.get("apisix", {}).get("hosts", route.hosts)
    hosts = min((_host(host) for host in own), default=(_NONE, 0))
    for key, candidate in rank_by_path(service, route):
        yield (*hosts, *key), candidate


def rank_by_path(
    service: Service | None, route: Route
) -> Iterator[tuple[tuple[object, ...], Candidate]]:
    """The order of `radixtree_uri`, where hosts decide nothing."""
    if not route.paths:
        yield (1, 0, -route.priority), Candidate(service, route, ())
    given = route.extensions.get("apisix", {}).get("uris")
    start = str(given[0]) if isinstance(given, list) and given else None
    for path in route.paths:
        own = _path(path) if start is None else _uri(start)
        yield (*own, -route.priority), Candidate(service, route, (path,))


def _host(host: str) -> tuple[int, int]:
    if "*" in host:
        return _WILDCARD, -len(host)
    return _EXACT, 0


def _path(path: PathMatch) -> tuple[int, int]:
    """Zero for an exact path, else one and the length of what has to stand at its start."""
    if path.kind is PathKind.EXACT:
        return 0, 0
    if path.kind is PathKind.REGEX:
        return 1, -len(_literal_start(path.text))
    return 1, -len(path.text)


def _uri(text: str) -> tuple[int, int]:
    head, star, _ = text.partition("*")
    return (1, -len(head)) if star else (0, 0)


def _literal_start(pattern: str) -> str:
    text = pattern.removeprefix("^")
    found = _META.search(text)
    return (text[: found.start()] if found else text).replace("\\", "")
