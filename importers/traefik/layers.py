"""Routers below routers (`parentRefs`,
https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/multi-layer-routing/).

A router without a service hands its requests to the routers that name it as a parent, which choose
among themselves; what none of them takes gets 404. A route stands for every way through, and the
routes of one router follow each other in the order in which they win.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gal.importers.traefik.middlewares import flatten
from gal.importers.traefik.placement import UnusableError, settings
from gal.importers.traefik.router import Router, referred

if TYPE_CHECKING:
    from gal.importers.traefik.dynamic import Dynamic, Middleware

_LEAVE_ALONE = frozenset(
    (
        *("basicAuth", "buffering", "circuitBreaker", "compress", "digestAuth", "inFlightReq"),
        *("ipAllowList", "ipWhiteList", "rateLimit", "retry"),
    )
)
"""Middlewares that change nothing which rules look at."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way through routers.

    Attributes:
        routers: from the first one, which has the entry points, to the last one.
        end: nobody below the last one takes the request: it gets 404.
        opaque: why only Traefik knows which of the routers below the last one takes a request.
    """

    routers: tuple[Router, ...]
    end: bool = False
    opaque: str | None = None

    @property
    def first(self) -> Router:
        """The router with entry points and priority."""
        return self.routers[0]

    @property
    def last(self) -> Router:
        """The router with the service."""
        return self.routers[-1]

    @property
    def middlewares(self) -> list[str]:
        """Names, in the order in which they act."""
        return [name for router in self.routers for name in router.middlewares]


@dataclass(slots=True)
class Layers:
    """Which routers stand below which.

    Attributes:
        routers: all of them, by name.
        dynamic: the configuration.
        below: routers by the name of the one above, the highest priority first.
        reached: names of routers that some way leads to.
    """

    routers: dict[str, Router]
    dynamic: Dynamic
    below: dict[str, list[Router]] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for router in self.routers.values():
            for parent in self._resolved(router.parents):
                self.below.setdefault(parent, []).append(router)
        for routers in self.below.values():
            routers.sort(key=lambda router: -router.priority)

    def _resolved(self, names: Iterable[str]) -> Iterator[str]:
        for given in dict.fromkeys(names):
            name, at, provider = given.rpartition("@")
            if at and provider not in self.dynamic.providers:
                continue
            found = name if at else given
            if found in self.routers:
                yield found

    def ways(self, router: Router) -> list[Way]:
        """All ways that start with a router, in the order in which they win."""
        return list(self._ways((router,)))

    def _ways(self, above: tuple[Router, ...]) -> Iterator[Way]:
        last = above[-1]
        self.reached.add(last.name)
        below = self.below.get(last.name, [])
        if not below:
            yield Way(above)
            return
        reason = self._opaque(last)
        if reason is not None:
            self.reached.update(router.name for router in self.under(last))
            yield Way(above, opaque=reason)
            return
        for router in below:
            if router not in above:
                yield from self._ways((*above, router))
        yield Way(above, end=True)

    def under(self, router: Router) -> Iterator[Router]:
        """All routers below one, at any depth, each once."""
        seen, pending = {router.name}, [router]
        while pending:
            for below in self.below.get(pending.pop().name, []):
                if below.name not in seen:
                    seen.add(below.name)
                    pending.append(below)
                    yield below

    def _opaque(self, router: Router) -> str | None:
        """Why the rules below a router see another request than the client's."""
        try:
            chain = [referred(name, self.dynamic, router.node) for name in router.middlewares]
            changing = [one for one in flatten(chain, self.dynamic) if _changes(one)]
        except UnusableError:
            return None  # Traefik takes the router away
        if not changing:
            return None
        return f'the middleware "{changing[0].name}" may change what the routers below ask for'


def _changes(middleware: Middleware) -> bool:
    if middleware.kind not in _LEAVE_ALONE:
        return True
    return middleware.kind in ("basicAuth", "digestAuth") and (
        settings(middleware).has("headerField") or settings(middleware).has("removeHeader")
    )
