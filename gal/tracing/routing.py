"""Which route of a gateway takes a request: looked up, without trying every route."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

from gal.model import Gateway, RouteOrder
from gal.model.route import PathKind
from gal.ranking import Candidate, ranked, ranks_by_path
from gal.ranking.reasons import behind
from gal.tracing.matching import Asked, Mismatch, asked, mismatch
from gal.tracing.paths import NORMAL, PathWay
from gal.tracing.regexes import literal_start
from gal.tracing.request import Request

_MOST_REJECTED = 10


@dataclass(frozen=True, slots=True)
class Rejected:
    """A route that comes close and does not take the request.

    Attributes:
        candidate: the route.
        reason: what stands against it.
    """

    candidate: Candidate
    reason: Mismatch


@dataclass(frozen=True, slots=True)
class Choice:
    """Which route takes a request.

    Attributes:
        of: the request in the gateway's own forms.
        candidate: the route, None when none takes it.
        rejected: routes that would have won before it if they took the request, the best first;
            no more than ten.
        beaten: routes that take the request, too, but come later; no more than ten.
        by_path: the routes are those of an APISIX that ranks by paths only.
    """

    of: Asked
    candidate: Candidate | None
    rejected: tuple[Rejected, ...]
    beaten: tuple[Candidate, ...]
    by_path: bool = False

    def why(self, beaten: Candidate) -> str:
        """Why a route that takes the request, too, does not win."""
        if self.candidate is None:
            return ""
        return behind(self.of.order, self.candidate, beaten, by_path=self.by_path)


@dataclass(slots=True)
class Router:
    """The routes of a gateway, to look up by host and by how their paths start.

    Building it takes time in proportion to the routes; looking up a request tries only those that
    its host and the start of its path leave.
    """

    order: RouteOrder
    candidates: list[Candidate]
    way: PathWay = NORMAL
    by_path: bool = False
    _by_start: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    _lengths: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, gateway: Gateway) -> Router:
        """The router of a gateway; services that are switched off have no routes."""
        on = [one for one in ranked(gateway) if one.service is None or one.service.enabled]
        router = cls(gateway.settings.route_order, on, path_way(gateway), ranks_by_path(gateway))
        lengths = set()
        for rank, candidate in enumerate(on):
            for host in _host_keys(candidate):
                for start in _starts(candidate):
                    router._by_start.setdefault((host, start), []).append(rank)
                    lengths.add(len(start))
        router._lengths = sorted(lengths)
        return router

    def choose(self, request: Request) -> Choice:
        """Which route takes the request, and which come close."""
        of = asked(request, self.order, self.way)
        rejected: list[Rejected] = []
        beaten: list[Candidate] = []
        chosen: Candidate | None = None
        for candidate in self._near(of):
            reason = mismatch(candidate, of)
            if reason is None and chosen is None:
                chosen = candidate
            elif reason is None and len(beaten) < _MOST_REJECTED:
                beaten.append(candidate)
            elif reason is not None and chosen is None and len(rejected) < _MOST_REJECTED:
                rejected.append(Rejected(candidate, reason))
            if chosen is not None and len(beaten) == _MOST_REJECTED:
                break
        return Choice(of, chosen, tuple(rejected), tuple(beaten), self.by_path)

    def _near(self, of: Asked) -> Iterator[Candidate]:
        """The routes that the host and the start of the path leave, the best rank first."""
        found = [
            ranks
            for host in _looked_up(of.request.host.lower())
            for length in self._lengths
            if length <= len(of.path)
            and (ranks := self._by_start.get((host, of.path[:length]))) is not None
        ]
        last = -1
        for rank in heapq.merge(*found):
            if rank != last:
                yield self.candidates[rank]
            last = rank


def path_way(gateway: Gateway) -> PathWay:
    """How an Envoy's connection managers bring paths into a normal form: as all of them do, else in
    the usual way.
    """
    managers = gateway.extensions.get("envoy", {}).get("connection_managers")
    if not isinstance(managers, dict) or not managers:
        return NORMAL
    kept = [one for one in managers.values() if isinstance(one, dict)]
    return PathWay(
        any(one.get("normalize_path") is not False for one in kept),
        any(one.get("merge_slashes") is not False for one in kept),
    )


_ANY_HOST = ""


def _host_keys(candidate: Candidate) -> set[str]:
    """Where a route's hosts are looked up: exact names apart, `*.domain` by the domain."""
    keys = set()
    for host in candidate.route.hosts:
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        name = name.lower()
        if "*" not in name:
            keys.add(name)
        elif name.startswith("*."):
            keys.add(name[1:])
        else:
            return {_ANY_HOST}
    return keys or {_ANY_HOST}


def _looked_up(host: str) -> Iterator[str]:
    """The keys under which a request's host may stand."""
    yield _ANY_HOST
    yield host
    dot = host.find(".")
    while dot >= 0:
        yield host[dot:]
        dot = host.find(".", dot + 1)


def _starts(candidate: Candidate) -> set[str]:
    """Texts of which the request's path has to start with one."""
    starts = set()
    for path in candidate.paths:
        if path.kind is PathKind.REGEX:
            starts.add(literal_start(path.path_regex) if path.path_regex else "")
        elif path.kind is PathKind.SEGMENTS:
            starts.add(path.text.rstrip("/"))
        else:
            starts.add(path.text)
    return starts or {""}
