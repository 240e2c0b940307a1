"""Routes that others leave nothing for, by each gateway's own order.

Routes are visited in the order in which they win. Those before are found by host and by how their
paths start, never by trying all of them; of many that differ in nothing but headers and the like
only the first few are looked at, and the rest is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gal.lint.match_sets import (
    ANY_HOST,
    NO_REST,
    Piece,
    Rest,
    holds,
    pieces,
    says_all,
    split_port,
)
from gal.model import Gateway, Route, RouteOrder, Service
from gal.model.route import PathKind
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.lint.subject import Subject
    from gal.ranking import Candidate

_MOST_LOOKED_AT = 16
BY_CHANCE = frozenset({RouteOrder.KONG, RouteOrder.APISIX, RouteOrder.TRAEFIK})
"""Between routes that rank alike these gateways choose by ids, or in no order that they define."""


@dataclass(slots=True, eq=False)
class Placed:
    """A candidate with its place.

    Attributes:
        candidate: the route, or the part of it that ranks alike.
        rank: its place, from 0.
        level: equal for what ranks alike, but for ids and the order of the file.
        pieces: what it takes; None where that is not judged.
        source: identity of the object that it was read from: one may become several routes.
    """

    candidate: Candidate
    rank: int
    level: tuple[object, ...]
    pieces: list[Piece] | None
    source: int

    @property
    def route(self) -> Route:
        """The route."""
        return self.candidate.route


@dataclass(frozen=True, slots=True)
class Loss:
    """A piece of a route that another one takes.

    Attributes:
        piece: the piece.
        to: who takes it.
        same: the other one asks for just the same.
        settled: the other one ranks before it, always.
    """

    piece: Piece
    to: Placed
    same: bool
    settled: bool


@dataclass(slots=True, eq=False)
class Shadow:
    """What an object loses to others.

    Attributes:
        parts: its candidates.
        losses: the pieces that others take.
        whole: nothing is left for it, as far as a proof goes.
    """

    parts: list[Placed]
    losses: list[Loss]
    whole: bool

    @property
    def duplicate(self) -> bool:
        """Whether it loses all of it, or what it loses, to just the same matches."""
        return bool(self.losses) and all(one.same for one in self.losses)


Entry = tuple[Placed, Piece]


@dataclass(slots=True, eq=False)
class Earlier:
    """The pieces of routes, to look up those that may hold another one.

    Attributes:
        steps: how many were looked at.
        expressions: how many pairs of expressions were compared, each of which may take long.
    """

    steps: int = 0
    expressions: int = 0
    _by_start: dict[tuple[str, str], dict[Rest, list[Entry]]] = field(default_factory=dict)
    _same: dict[Piece, list[Entry]] = field(default_factory=dict)
    _lengths: set[int] = field(default_factory=set)
    _sorted: list[int] = field(default_factory=list)

    def add(self, placed: Placed) -> None:
        """Note what a route takes."""
        for piece in placed.pieces or ():
            same = self._same.setdefault(piece, [])
            if len(same) < _MOST_LOOKED_AT:
                same.append((placed, piece))
            start = piece.shape.text
            bucket = self._by_start.setdefault((_host_key(piece.host), start), {})
            entries = bucket.setdefault(piece.rest, [])
            if len(entries) < _MOST_LOOKED_AT:
                entries.append((placed, piece))
            if len(start) not in self._lengths:
                self._lengths.add(len(start))
                self._sorted = sorted(self._lengths)

    def same(self, piece: Piece) -> Iterator[Placed]:
        """Those that take just what a piece takes."""
        for placed, _ in self._same.get(piece, ()):
            self.steps += 1
            yield placed

    def holding(self, piece: Piece) -> Iterator[tuple[Placed, Piece]]:
        """Those that take all that a piece takes, as far as can be told."""
        for placed, other in self.near(piece):
            self.steps += 1
            if holds(other, piece):
                yield placed, other

    def near(self, piece: Piece) -> Iterator[Entry]:
        """Those that host and start of the path leave."""
        start = piece.shape.text
        for host in _looked_up(piece.host):
            for length in self._sorted:
                if length > len(start):
                    break
                bucket = self._by_start.get((host, start[:length]))
                if bucket is not None:
                    yield from _likely(bucket, piece.rest)


def _likely(bucket: dict[Rest, list[Entry]], rest: Rest) -> Iterator[Entry]:
    """Those that ask for the same or for nothing, then the first of the others."""
    for key in (NO_REST,) if rest == NO_REST else (NO_REST, rest):
        yield from bucket.get(key, ())
    left = _MOST_LOOKED_AT
    for key, entries in bucket.items():
        if key in (NO_REST, rest):
            continue
        for entry in entries:
            yield entry
            left -= 1
            if left == 0:
                return


def _host_key(host: str) -> str:
    """Where a pattern is looked up: an exact name apart, `*.domain` by the domain."""
    name, _ = split_port(host)
    if "*" not in name:
        return name
    return name[1:] if name.startswith("*.") else ANY_HOST


def _looked_up(host: str) -> Iterator[str]:
    """The keys under which patterns stand that may hold one."""
    yield ANY_HOST
    name, _ = split_port(host)
    if name == ANY_HOST or name.endswith("*"):
        return
    if name.startswith("*"):
        name = name[1:]
    if not name.startswith("."):
        yield name
    dot = name.find(".")
    while dot >= 0:
        yield name[dot:]
        dot = name.find(".", dot + 1)


def placed(subject: Subject) -> list[Placed]:
    """All routes in the order in which they win."""
    from gal.ranking import ranked

    order = subject.gateway.settings.route_order
    keys = _keys(subject.gateway)
    # A router of Traefik takes either TLS or plain requests; importers say the latter by nothing.
    unnamed = frozenset({"http"}) if subject.provider == "traefik" else frozenset[str]()
    found = []
    for rank, candidate in enumerate(ranked(subject.gateway)):
        if candidate.service is not None and not candidate.service.enabled:
            continue
        key = keys.get(_key(candidate), (rank,))
        level = key[:-1] if order is RouteOrder.KONG else key
        own = pieces(candidate, unnamed) if _is_written(candidate.route) else None
        source = candidate.route.origin.node if candidate.route.origin else candidate.route
        found.append(Placed(candidate, rank, level, own, id(source)))
    return found


def _key(candidate: Candidate) -> tuple[int, int]:
    return id(candidate.route), id(candidate.paths[0]) if candidate.paths else 0


def _keys(gateway: Gateway) -> dict[tuple[int, int], tuple[object, ...]]:
    """What the gateway sorts by, for those whose ranks may be equal."""
    from gal.ranking import apisix, kong, traefik

    order = gateway.settings.route_order
    router = gateway.extensions.get("apisix", {}).get("router", "")
    by_path = router not in ("", "radixtree_host_uri")
    rank = {
        RouteOrder.KONG: kong.rank,
        RouteOrder.APISIX: apisix.rank_by_path if by_path else apisix.rank,
        RouteOrder.TRAEFIK: traefik.rank,
    }.get(order)
    if rank is None:
        return {}
    return {
        _key(candidate): key
        for service, route in gateway.walk_routes()
        for key, candidate in rank(service, route)
    }


def _is_written(route: Route) -> bool:
    """Whether a route stands in the file. Importers add others, which say that Envoy and Traefik
    answer 404 when no route is left.
    """
    answer = route.policies.direct_response
    if route.origin is None:
        return True
    if answer is not None and answer.origin is None and answer.status_code == 404:
        return False
    return route.origin.names.get("hosts") != "domains"


def shadows(routes: list[Placed], order: RouteOrder, earlier: Earlier) -> Iterator[Shadow]:
    """What objects lose to others, in the order in which the last of them is tried."""
    by_source: dict[int, list[Placed]] = {}
    losses: dict[int, list[Loss]] = {}
    lost: dict[int, int] = {}
    for one in routes:
        by_source.setdefault(one.source, []).append(one)
        for piece in one.pieces or ():
            loss = _loss(one, piece, order, earlier)
            if loss is not None:
                losses.setdefault(one.source, []).append(loss)
                lost[one.source] = lost.get(one.source, 0) + loss.settled
        if one.pieces is not None and says_all(one.route) and not ranks_apart(one.route, order):
            earlier.add(one)
    for source, found in losses.items():
        parts = by_source[source]
        judged = all(part.pieces is not None and _is_sure(part, order) for part in parts)
        total = sum(len(part.pieces or ()) for part in parts)
        yield Shadow(parts, found, judged and lost[source] == total)


def _loss(one: Placed, piece: Piece, order: RouteOrder, earlier: Earlier) -> Loss | None:
    """Who takes a piece: somebody that asks for the same, else the first that takes it always, else
    somebody that asks for the same and that only chance puts before it.
    """
    by_chance: Loss | None = None
    for other in earlier.same(piece):
        if other.source == one.source:
            continue
        if _always_before(other, one, order):
            return Loss(piece, other, True, True)
        by_chance = by_chance or Loss(piece, other, True, False)
    for other, _ in earlier.holding(piece):
        if other.source != one.source and _always_before(other, one, order):
            return Loss(piece, other, False, True)
    return by_chance


def _always_before(first: Placed, second: Placed, order: RouteOrder) -> bool:
    return order not in BY_CHANCE or first.level != second.level


def _is_sure(part: Placed, order: RouteOrder) -> bool:
    """Whether a route takes no more than the model says: Kong anchors only the first alternative
    of an expression.
    """
    if order is not RouteOrder.KONG:
        return True
    return not any(
        piece.shape.kind is PathKind.REGEX
        and piece.shape.regex is not None
        and "|" in piece.shape.regex.pattern
        for piece in part.pieces or ()
    )


def ranks_apart(route: Route, order: RouteOrder) -> bool:
    """Whether APISIX ranks the hosts of a route apart, which its rank here does not say."""
    if order is not RouteOrder.APISIX or len(route.hosts) < 2:
        return False
    kinds = {("*" in host, len(host) if "*" in host else 0) for host in route.hosts}
    return len(kinds) > 1


def shadows_of(subject: Subject) -> list[Shadow]:
    """What objects of a configuration lose to others."""
    order = subject.gateway.settings.route_order
    return list(shadows(subject.once(placed), order, Earlier()))


def node_of(part: Placed) -> Mapping | None:
    """The object of the file that a part was read from."""
    origin = part.route.origin
    return origin.node if origin is not None and isinstance(origin.node, Mapping) else None


def title(subject: Subject, route: Route) -> str:
    """A route for people, such as `route "orders"`."""
    view = subject.view_of.get(id(route))
    return view.title if view is not None else "a route"


def act_alike(subject: Subject, one: Route, other: Route) -> bool:
    """Whether two routes do the same with a request: same place, same policies."""
    views = subject.view_of.get(id(one)), subject.view_of.get(id(other))
    first, second = views
    if first is None or second is None:
        return False
    if not _same_service(first.service, second.service):
        return False
    fields = ("upstream", "backends", "rewrite", "host_header", "https_redirect", "policies")
    return all(getattr(one, name) == getattr(other, name) for name in fields)


def _same_service(one: Service | None, other: Service | None) -> bool:
    if one is None or other is None or one is other:
        return one is other
    fields = ("protocol", "upstream", "path", "policies", "transformation")
    return all(getattr(one, name) == getattr(other, name) for name in fields)
