"""Routers: which requests go where, and through which middlewares
(https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/router/).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gal.importers.traefik.conditions import (
    Matched,
    NeverError,
    UnsayableError,
    ask,
    conjunctions,
)
from gal.importers.traefik.entry_points import EntryPoint, EntryPoints
from gal.importers.traefik.layers import Layers, Way
from gal.importers.traefik.matchers import has_template
from gal.importers.traefik.middlewares import place_middlewares
from gal.importers.traefik.options import text
from gal.importers.traefik.placement import UnusableError
from gal.importers.traefik.router import HIGHEST, Router, read_router, referred, tls_options
from gal.importers.traefik.rules import Condition, Every, RuleError, parse_rule
from gal.importers.traefik.services import Services
from gal.ledger import Fate, Level
from gal.model import (
    Authentication,
    DirectResponse,
    Gateway,
    Guard,
    Origin,
    Route,
)
from gal.naming import give
from gal.reading import Mapping, Node, is_placeholder

if TYPE_CHECKING:
    from gal.importers.traefik.dynamic import Dynamic

_NAMES = {"paths": "rule", "hosts": "rule", "upstream": "service"}
_V2_OPTIONS = ("pilot",)
_V2_MIDDLEWARE = "ipwhitelist"
_NO_ROUTE = 404
_TEMPLATED = re.compile(r"\b(?:Host|Path|PathPrefix|HostRegexp)\(\s*[`\"]([^`\"]*)[`\"]")
_PAIR = re.compile(r"(?<![!\w])Query\(\s*(?:`[^`=]+=[^`]*`|\"[^\"=]+=[^\"]*\")\s*\)")
"""A parameter with its value in one text: version 3 asks for a name with an equals sign in it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Entry points where a router acts alike.

    Attributes:
        points: the entry points.
        secure: TLS requests are taken, and no others.
        options: the name of the TLS options.
    """

    points: list[EntryPoint]
    secure: bool
    options: str | None


@dataclass(slots=True)
class Routers:
    """Reads the routers of one configuration.

    Attributes:
        dynamic: the configuration.
        gateway: gets the routes.
        points: the entry points.
        services: where requests go.
        syntax: of rules that do not say it; unset finds it out.
        made: the routes with their entry points and the options of their TLS.
    """

    dynamic: Dynamic
    gateway: Gateway
    points: EntryPoints
    services: Services
    syntax: str | None
    made: list[tuple[Route, list[EntryPoint], str | None]] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)
    _conditions: dict[str, Condition | None] = field(default_factory=dict)

    def read(self) -> None:
        """All routers. Each becomes one route, or several where its rule or its entry points need
        them.
        """
        routers = {
            name: read_router(name, node, self.dynamic)
            for name, node in self.dynamic.routers.items()
        }
        layers = Layers(routers, self.dynamic)
        for router in routers.values():
            if router.parents:
                continue
            if router.service is not None and router.name in layers.below:
                self._leave(router, "it has a service, and routers below it")
                continue
            places = self._places(router)
            ways = layers.ways(router)
            for place in places:
                for way in ways:
                    self._way(way, place)
            for way in ways:
                if way.opaque is not None:
                    self._hidden(layers.under(way.last))
        for router in routers.values():
            if router.parents and router.name not in layers.reached:
                self._leave(router, "no router hands requests to it")

    def add(self, route: Route, place: Place) -> None:
        """Have a route in the model."""
        route.name = self._name(route.name or "route")
        for point in place.points:
            point.secure |= place.secure
            point.plain |= not place.secure
        self.gateway.routes.append(route)
        self.made.append((route, place.points, place.options))

    # -- where a router acts

    def _places(self, router: Router) -> list[Place]:
        """The entry points of a router, those together where it acts alike."""
        own, unknown = self.points.of(router.points, secure=router.secure)
        for name in unknown:
            message = f'there is no entry point "{name}"'
            self._say(router, Fate.DROPPED, Level.WARNING, message, "entryPoints")
        if not own:
            self._leave(router, "it has none of the entry points that are there")
            return []
        if router.unusable is not None:
            self._leave(router, router.unusable)
            return []
        if router.priority > HIGHEST:
            self._leave(router, f"its priority is above {HIGHEST}")
            return []
        found: dict[object, Place] = {}
        for point in own:
            secure = router.secure or point.tls is not None
            options = router.options
            if options is None and point.tls is not None:
                options = tls_options(point.tls, self.dynamic)
            key = secure, options, tuple(point.middlewares)
            found.setdefault(key, Place([], secure, options)).points.append(point)
        return list(found.values())

    def _leave(self, router: Router, reason: str) -> None:
        """A router that Traefik does not create: its requests go to others, or get 404."""
        router.node.take_all()
        message = f'Traefik leaves out the router "{router.name}": {reason}'
        report = self.dynamic.context.report
        report.at(router.node, Fate.DROPPED, Level.WARNING, "routers", message)

    def _hidden(self, routers: Iterable[Router]) -> None:
        message = "nobody comes past the router above it, which others have refuse everybody"
        report = self.dynamic.context.report
        for router in routers:
            report.at(router.node, Fate.DROPPED, Level.WARNING, "routers", message, whole=False)

    # -- one way through routers

    def _way(self, way: Way, place: Place) -> None:
        conditions = [self._condition(router) for router in way.routers]
        known = [one for one in conditions if one is not None]
        if len(known) < len(conditions):
            return
        condition = known[0] if len(known) == 1 else Every(tuple(known))
        try:
            ways = conjunctions(condition)
        except UnsayableError as error:
            self._finish(way, self._base(way, place), Matched([str(error)], []), place)
            return
        routes = []
        for one in ways:
            route = self._base(way, place)
            try:
                routes.append((route, ask(route, one)))
            except NeverError:
                continue
        if not routes and not way.end:
            message = "no request fits this rule"
            self._say(way.last, Fate.DROPPED, Level.INFO, message)
        for route, told in routes:
            self._finish(way, route, told, place)
        if len(routes) > 1 and any(route.policies.rate_limit for route, _ in routes):
            message = f"each of the {len(routes)} ways to fit the rule has a count of its own"
            self._say(way.last, Fate.APPROXIMATED, Level.WARNING, message)

    def _base(self, way: Way, place: Place) -> Route:
        route = Route(way.last.name, origin=Origin(way.last.node, _NAMES))
        route.schemes = ["https" if place.secure else "http"]
        route.priority = way.first.priority
        return route

    def _name(self, wanted: str) -> str:
        return give(wanted, self._names)

    def _finish(self, way: Way, route: Route, told: Matched, place: Place) -> None:
        router = way.last
        for message in told.approximated:
            self._say(router, Fate.APPROXIMATED, Level.WARNING, message)
        for position in (*route.paths, *route.headers, *route.query_params, *route.sources):
            position.origin = Origin(router.rule or router.node, {})
        reason = self.place(route, (*place.points[0].middlewares, *way.middlewares), router.node)
        if way.end or way.opaque is not None:
            route.policies.direct_response = DirectResponse(_NO_ROUTE)
        elif reason is None and router.service is not None:
            reason = self.services.refer(route, router.service, router.node)
        elif reason is None and route.policies.direct_response is None:
            reason = "it has no service"
        if reason is not None:
            message = f'Traefik leaves out the router "{router.name}": {reason}'
            report = self.dynamic.context.report
            report.at(router.node, Fate.DROPPED, Level.WARNING, "routers", message, whole=False)
            return
        reasons = [*told.unsayable, *([way.opaque] if way.opaque is not None else [])]
        if reasons:
            _guard(route, router, reasons)
            message = f"only Traefik can say this ({'; '.join(reasons)}); others refuse"
            self._say(router, Fate.CARRIED, Level.WARNING, f"{message} everybody who fits the rest")
        if way.first.kept:
            route.extensions.setdefault("traefik", {}).update(way.first.kept)
        self.add(route, place)

    def place(self, route: Route, names: Iterable[str], node: Mapping) -> str | None:
        """Have middlewares act on a route.

        Returns:
            Why Traefik takes the router away, where it refuses one of them.
        """
        try:
            chain = [referred(name, self.dynamic, node) for name in names]
        except UnusableError as error:
            return str(error)
        return place_middlewares(route.policies, chain, route, self.dynamic, where=node)

    def _say(
        self, router: Router, fate: Fate, level: Level, message: str, key: str = "rule"
    ) -> None:
        at = router.rule if key == "rule" else router.node.peek(key)
        report = self.dynamic.context.report
        whole = fate not in (Fate.APPROXIMATED, Fate.DROPPED)
        report.at(at or router.node, fate, level, key, message, whole=whole)

    # -- its rule

    def _condition(self, router: Router) -> Condition | None:
        """The rule as a tree; None where Traefik would not create the router."""
        if router.name not in self._conditions:
            self._conditions[router.name] = self._read_rule(router)
        return self._conditions[router.name]

    def _read_rule(self, router: Router) -> Condition | None:
        if router.rule is None:
            self._leave(router, "it has no rule: only Docker knows the default one")
            return None
        if is_placeholder(router.text) and not router.given_priority:
            message = (
                "its priority is the length of the rule, and that of a placeholder is not known"
            )
            self._say(router, Fate.APPROXIMATED, Level.WARNING, message)
        syntax = (router.syntax or self.syntax or "").lower()
        if syntax in ("v2", "v3"):
            return self._parsed(router, syntax)
        try:
            condition = parse_rule(router.text, "v3")
        except RuleError as error:
            if error.expression and not _looks_like_v2(router.text):
                return self._parsed(router, "v3")
            return self._as_v2(router)
        return self._as_v2(router) if _looks_like_v2(router.text) else condition

    def _as_v2(self, router: Router) -> Condition | None:
        try:
            condition = parse_rule(router.text, "v2")
        except RuleError:
            return self._parsed(router, "v3")
        message = "read in syntax v2; Traefik 3 has it match nothing without ruleSyntax: v2"
        self._say(router, Fate.APPROXIMATED, Level.WARNING, message)
        return condition

    def _parsed(self, router: Router, syntax: str) -> Condition | None:
        try:
            return parse_rule(router.text, syntax)
        except RuleError as error:
            where = f"at character {error.offset + 1} of its rule"
            self._leave(router, f"{error} ({where})")
            return None


def _looks_like_v2(rule: str) -> bool:
    """Whether a rule that v3 reads, too, holds templates in its hosts or paths, or
    `Query(`name=value`)`.
    """
    templates = any(has_template(value) for value in _TEMPLATED.findall(rule))
    return templates or _PAIR.search(rule) is not None


def _guard(route: Route, router: Router, reasons: Sequence[str]) -> None:
    config = {"rule": router.text, "cannot": list(reasons)}
    at: Node = router.rule or router.node
    guard = Guard("rule", "traefik", config, origin=Origin(at, {}))
    own = route.policies.authentication or Authentication(origin=Origin(router.node, {}))
    route.policies.authentication = replace(own, guards=[*own.guards, guard])


def default_syntax(static: Sequence[Mapping], dynamic: Dynamic) -> str | None:
    """The syntax of rules that do not say it; None where the file may be of version 2."""
    for node in static:
        core = node.take_mapping("core")
        given = text(core, "defaultRuleSyntax") if core is not None else None
        if given is not None:
            return given.lower()
    if any(node.has(key) for node in static for key in _V2_OPTIONS):
        return "v2"
    if any(_V2_MIDDLEWARE in map(str.lower, one) for one in dynamic.middlewares.values()):
        return "v2"
    return None
