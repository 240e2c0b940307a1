"""Traefik's routers with their middlewares, and its static settings, as its files say them: for
what the model does not hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gal.lint.peeking import mappings, section, text, texts
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.traefik.dynamic import Middleware
    from gal.importers.traefik.sources import Sources
    from gal.lint.subject import RouteView, Subject
    from gal.model import Route

_INTERNAL = "traefik"


@dataclass(slots=True, eq=False)
class Router:
    """A router.

    Attributes:
        name: its key.
        node: the router.
        points: names of its entry points; none where the static settings are not known.
        middlewares: those that act, in their order: the entry points' first, chains taken apart.
    """

    name: str
    node: Mapping
    points: list[str]
    middlewares: list[Middleware]

    @property
    def service(self) -> str:
        """The name of its service."""
        return text(self.node, "service") or ""


def sources(subject: Subject) -> Sources:
    """All that the files say."""
    return subject.once(_sources)


def static(subject: Subject) -> list[Mapping]:
    """The static settings: files and command lines; none where files are of another gateway."""
    return sources(subject).static if subject.provider == "traefik" else []


def entry_points(subject: Subject) -> list[tuple[str, Mapping]]:
    """Entry points by their names."""
    return [one for node in static(subject) for one in mappings(node, "entryPoints")]


def routers(subject: Subject) -> list[Router]:
    """All routers; none where the files are of another gateway."""
    return subject.once(_routers) if subject.provider == "traefik" else []


def middlewares(subject: Subject, *kinds: str) -> Iterator[tuple[Middleware, list[Router]]]:
    """The middlewares of some kinds that act on a router, each once, with these routers."""
    found: dict[int, tuple[Middleware, list[Router]]] = {}
    for router in routers(subject):
        for one in router.middlewares:
            if one.kind in kinds:
                found.setdefault(id(one.node), (one, []))[1].append(router)
    yield from found.values()


def _sources(subject: Subject) -> Sources:
    from gal.context import ImportContext
    from gal.importers.traefik.sources import gather
    from gal.ledger import Ledger, Reporter, Stage

    report = Reporter(Ledger(), "traefik", Stage.IMPORT)
    return gather(subject.documents, ImportContext(report))


def _routers(subject: Subject) -> list[Router]:
    points = dict(entry_points(subject))
    flat = _Flat(sources(subject))
    found = []
    for name, node in sources(subject).dynamic.routers.items():
        own = texts(node, "entryPoints") or _defaults(points)
        names = [one for point in own for one in texts(points.get(point), "http.middlewares")]
        names = list(dict.fromkeys(names)) + texts(node, "middlewares")
        found.append(Router(name, node, own, list(flat.of(names, node))))
    return found


def _defaults(points: dict[str, Mapping]) -> list[str]:
    own = [name for name in points if name != _INTERNAL]
    chosen = [name for name in own if text(points[name], "asDefault") == "true"]
    return chosen or own


@dataclass(slots=True)
class _Flat:
    """Takes chains apart."""

    sources: Sources

    def of(
        self, names: Iterable[str], by: Mapping, above: tuple[str, ...] = ()
    ) -> Iterator[Middleware]:
        """The middlewares of these names; what cannot be found is left away."""
        from gal.importers.traefik.dynamic import Middleware
        from gal.importers.traefik.middlewares import spelling

        for name in names:
            key = self.sources.dynamic.resolve(name, "middlewares")
            node = self.sources.dynamic.middlewares[key] if key is not None else None
            if node is None or key is None or len(node) != 1:
                continue
            kind = next(iter(node))
            config = section(node, kind)
            one = Middleware(key, spelling(kind), config, node)
            if one.kind != "chain":
                yield one
            elif key not in above:
                yield from self.of(texts(config, "middlewares"), by, (*above, key))


def route_of(subject: Subject, router: Router) -> Route | None:
    """The model's route for a router."""
    found = subject.once(_routes_by_name).get(router.name)
    return found[0] if found else None


def views_of(subject: Subject, some: Iterable[Router]) -> list[RouteView]:
    """The model's routes for some routers, with what they inherit."""
    known = subject.once(_routes_by_name)
    return [
        subject.view_of[id(one)]
        for router in some
        for one in known.get(router.name, ())
        if id(one) in subject.view_of
    ]


def _routes_by_name(subject: Subject) -> dict[str, list[Route]]:
    found: dict[str, list[Route]] = {}
    for _, route in subject.gateway.walk_routes():
        if route.name is not None:
            found.setdefault(route.name, []).append(route)
    return found
