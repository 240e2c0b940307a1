"""Which route takes a request, asked often: only the first that takes it, within a budget."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gal.drift.atoms import Atom
from gal.drift.effective import Place
from gal.drift.normalise import ANY, path_key
from gal.model import Gateway, PathMatch, Route
from gal.model.route import PathKind
from gal.tracing.matching import asked, mismatch
from gal.tracing.request import Request
from gal.tracing.routing import Router
from gal.verify.derive.base import fitting, sampled_host

_MOST_TRIED = 200
"""Routes that are tried for one request."""

_TAIL = "drift-probe-7f3"
"""A segment that no expression is likely to ask for."""


@dataclass(slots=True)
class Winners(Router):
    """A router that gives up after some tries, so that overlapping routes cost no square time.

    Attributes:
        given_up: requests for which no winner was found in time.
    """

    given_up: int = 0

    @classmethod
    def made(cls, gateway: Gateway) -> Winners:
        """The router of a gateway."""
        router = cls.of(gateway)
        assert isinstance(router, cls)
        return router

    def winner(self, request: Request) -> Route | None:
        """The route that takes a request."""
        of = asked(request, self.order)
        for tried, candidate in enumerate(self._near(of)):
            if mismatch(candidate, of) is None:
                return candidate.route
            if tried == _MOST_TRIED:
                self.given_up += 1
                break
        return None


def witnesses(place: Place, atom: Atom) -> Iterator[Request]:
    """Requests that an atomic match takes: the shortest, one further down a prefix, and one that
    only begins with the same letters.
    """
    for path in place.route.paths or (None,):
        if path is not None and path_key(path) != atom.path:
            continue
        request = fitting(place.route, path)
        if request is None:
            return
        if place.route.hosts and atom.host != ANY and "," not in atom.host:
            host, port = sampled_host(atom.host)
            request = replace(request, host=host, port=port or request.port)
            if request.server_name is not None and not place.route.server_names:
                request = replace(request, server_name=host)
        if atom.method != ANY and "," not in atom.method:
            request = replace(request, method=atom.method)
        yield request
        if path is None or _goes_on(path):
            yield replace(request, path=f"{request.path.rstrip('/')}/{_TAIL}")
        if path is not None and path.kind is PathKind.PREFIX and not request.path.endswith("/"):
            yield replace(request, path=f"{request.path}-{_TAIL}")
        return


def _goes_on(path: PathMatch) -> bool:
    return path.kind in (PathKind.PREFIX, PathKind.SEGMENTS)
