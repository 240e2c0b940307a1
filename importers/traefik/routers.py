"""Routers: which requests go where, and through which middlewares
(https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/router/).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gal.importers.traefik.conditions import (
    Conjunction,
    Matched,
    NeverError,
    UnsayableError,
    ask,
    conjunctions,
)
from gal.importers.traefik.entry_points import EntryPoint, EntryPoints
from gal.importers.traefik.matchers import has_template
from gal.importers.traefik.middlewares import named, place_middlewares
from gal.importers.traefik.options import number, plain, section, strings, text
from gal.importers.traefik.placement import UnusableError
from gal.importers.traefik.rules import Condition, RuleError, parse_rule
from gal.importers.traefik.services import Services
from gal.ledger import Fate, Level
from gal.model import Authentication, Gateway, Guard, Origin, Redirect, Route
from gal.reading import Mapping, Node, Placeholder

if TYPE_CHECKING:
    from gal.importers.traefik.dynamic import Dynamic

_NAMES = {"paths": "rule", "hosts": "rule", "upstream": "service"}
_KEPT = ("observability", "parentRefs")
_V2_OPTIONS = ("pilot",)
_V2_MIDDLEWARE = "ipwhitelist"


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

    def read(self, name: str, node: Mapping) -> None:
        """One router, which becomes one route, or several where its rule needs them."""
        tls = section(node, "tls")
        own = self.points.of(strings(node, "entryPoints"), secure=tls is not None)
        given = tls is not None
        kept = {key: plain(node.take(key)) for key in _KEPT if node.peek(key) is not None}
        middlewares, service = strings(node, "middlewares"), text(node, "service")
        rule, syntax = node.peek("rule"), text(node, "ruleSyntax")
        node.mark("rule")
        priority = number(node, "priority")
        options = _tls_options(tls, self.dynamic) if tls is not None else None
        if not own:
            return self._leave(name, node, "it has none of the entry points that are there")
        for secure, points in ((True, own if given else _with_tls(own)), (False, _plain(own))):
            if given and not secure:
                continue
            if not points:
                continue
            router = _Router(name, node, rule, syntax, priority, middlewares, service, kept)
            router.secure = secure
            router.options = options if given else _options_of(points, self.dynamic)
            self._routes(router, points)
        return None

    def redirections(self) -> None:
        """The routes that entry points have of their own."""
        for point in list(self.points.known.values()):
            given = point.redirection
            if given is None:
                continue
            port = self.points.redirected(given.to)
            status = 301 if given.permanent else 302
            redirect = Redirect(
                scheme=given.scheme, status_code=status, origin=Origin(given.node, {})
            )
            if port is not None and port not in (80, 443):
                redirect.port = port
            if port is None:
                message = f'there is no entry point "{given.to}"'
                self.dynamic.context.report.at(
                    given.node, Fate.APPROXIMATED, Level.WARNING, "redirect", message
                )
            route = Route(f"{point.name}-redirect", schemes=["http"], priority=given.priority)
            route.origin = Origin(given.node, {})
            route.policies.redirect = redirect
            point.plain = True
            self.gateway.routes.append(route)
            self.made.append((route, [point], None))

    # -- one router

    def _leave(self, name: str, node: Node, reason: str) -> None:
        """A router that Traefik does not create: its requests go to others, or get 404."""
        if isinstance(node, Mapping):
            node.take_all()
        message = f'Traefik leaves out the router "{name}": {reason}'
        self.dynamic.context.report.at(node, Fate.DROPPED, Level.WARNING, "routers", message)

    def _routes(self, router: _Router, points: list[EntryPoint]) -> None:
        condition = self._condition(router)
        if condition is None:
            return
        try:
            ways = conjunctions(condition)
        except UnsayableError as error:
            self._close(router, points, [()], [str(error)])
            return
        routes = []
        for way in ways:
            route = self._base(router)
            try:
                told = ask(route, way)
            except NeverError:
                continue
            routes.append((route, told))
        if not routes:
            message = "no request fits this rule"
            self._say(router, Fate.DROPPED, Level.INFO, message)
            return
        for number_, (route, told) in enumerate(routes, 1):
            route.name = self._name(router.name, number_)
            self._finish(router, route, told, points)

    def _close(
        self, router: _Router, points: list[EntryPoint], ways: list[Conjunction], reasons: list[str]
    ) -> None:
        del ways
        route = self._base(router)
        route.name = self._name(router.name, 1)
        self._finish(router, route, Matched(reasons, []), points)

    def _base(self, router: _Router) -> Route:
        route = Route(origin=Origin(router.node, _NAMES))
        route.schemes = ["https" if router.secure else "http"]
        rule = router.rule_text
        route.priority = router.priority or len(rule.encode())
        return route

    def _name(self, name: str, place: int) -> str:
        wanted = name if place == 1 else f"{name}-{place}"
        taken = {route.name for route in self.gateway.routes}
        while wanted in taken:
            place += 1
            wanted = f"{name}-{place}"
        return wanted

    def _finish(
        self, router: _Router, route: Route, told: Matched, points: list[EntryPoint]
    ) -> None:
        report = self.dynamic.context.report
        for message in told.approximated:
            self._say(router, Fate.APPROXIMATED, Level.WARNING, message)
        for position in (*route.paths, *route.headers, *route.query_params, *route.sources):
            position.origin = Origin(router.rule or router.node, {})
        reason = self._place(router, route, points)
        if reason is None and router.service is not None:
            reason = self.services.refer(route, router.service, router.node)
        elif reason is None and route.policies.direct_response is None:
            reason = "it has no service"
        if reason is not None:
            report.at(
                router.node,
                Fate.DROPPED,
                Level.WARNING,
                "routers",
                f'Traefik leaves out the router "{router.name}": {reason}',
                whole=False,
            )
            return
        if told.unsayable:
            _guard(route, router, told.unsayable)
            message = f"only Traefik can say this ({'; '.join(told.unsayable)}); others refuse"
            self._say(router, Fate.CARRIED, Level.WARNING, f"{message} everybody who fits the rest")
        if router.kept:
            route.extensions.setdefault("traefik", {}).update(router.kept)
        for point in points:
            point.secure |= router.secure
            point.plain |= not router.secure
        self.gateway.routes.append(route)
        self.made.append((route, points, router.options))

    def _place(self, router: _Router, route: Route, points: list[EntryPoint]) -> str | None:
        """Have the middlewares act: those of the entry point first."""
        first = points[0].middlewares
        if any(one.middlewares != first for one in points):
            message = "its entry points have different middlewares: those of the first are taken"
            self._say(router, Fate.APPROXIMATED, Level.WARNING, message)
        names = (*first, *router.middlewares)
        try:
            chain = [named(name, self.dynamic, router.node) for name in names]
        except UnusableError as error:
            return str(error)
        return place_middlewares(route.policies, chain, route, self.dynamic, where=router.node)

    def _say(self, router: _Router, fate: Fate, level: Level, message: str) -> None:
        at = router.rule or router.node
        report = self.dynamic.context.report
        report.at(at, fate, level, "rule", message, whole=fate is not Fate.APPROXIMATED)

    # -- its rule

    def _condition(self, router: _Router) -> Condition | None:
        """The rule as a tree; None where Traefik would not create the router."""
        rule = router.rule_text
        if not rule:
            message = "it has no rule: only Docker knows the default one"
            self._leave(router.name, router.node, message)
            return None
        syntax = router.syntax or self.syntax
        if syntax in ("v2", "v3"):
            return self._parsed(router, syntax)
        try:
            condition = parse_rule(rule, "v3")
        except RuleError:
            return self._as_v2(router)
        return self._as_v2(router) if _looks_like_v2(rule) else condition

    def _as_v2(self, router: _Router) -> Condition | None:
        try:
            condition = parse_rule(router.rule_text, "v2")
        except RuleError:
            return self._parsed(router, "v3")
        message = "read in syntax v2; Traefik 3 has it match nothing without ruleSyntax: v2"
        self._say(router, Fate.APPROXIMATED, Level.WARNING, message)
        return condition

    def _parsed(self, router: _Router, syntax: str) -> Condition | None:
        try:
            return parse_rule(router.rule_text, syntax)
        except RuleError as error:
            where = f"at character {error.offset + 1} of its rule"
            self._leave(router.name, router.rule or router.node, f"{error} ({where})")
            return None


@dataclass(slots=True)
class _Router:
    """A router as the file has it."""

    name: str
    node: Mapping
    rule: Node | None
    syntax: str | None
    given_priority: int | None
    middlewares: list[str]
    service: str | None
    kept: dict[str, Any]
    secure: bool = False
    options: str | None = None

    @property
    def rule_text(self) -> str:
        return self.rule.as_str() if self.rule is not None else ""

    @property
    def priority(self) -> int:
        given = self.given_priority
        return 0 if given is None or isinstance(given, Placeholder) else given


def _looks_like_v2(rule: str) -> bool:
    """Whether a rule that v3 reads, too, holds templates in its hosts or paths."""
    import re

    values = re.findall(r"\b(?:Host|Path|PathPrefix|HostRegexp)\(\s*[`\"]([^`\"]*)[`\"]", rule)
    return any(has_template(value) for value in values)


def _guard(route: Route, router: _Router, reasons: Sequence[str]) -> None:
    config = {"rule": router.rule_text, "cannot": list(reasons)}
    guard = Guard("rule", "traefik", config, origin=Origin(router.rule or router.node, {}))
    own = route.policies.authentication or Authentication(origin=Origin(router.node, {}))
    route.policies.authentication = replace(own, guards=[*own.guards, guard])


def _with_tls(points: list[EntryPoint]) -> list[EntryPoint]:
    return [one for one in points if one.tls is not None]


def _plain(points: list[EntryPoint]) -> list[EntryPoint]:
    return [one for one in points if one.tls is None]


def _tls_options(tls: Mapping, dynamic: Dynamic) -> str:
    """The name of the TLS options of a router; what else it says is about certificates."""
    for key in ("certResolver", "domains"):
        below = tls.take(key)
        if below is not None:
            below.take_all()
            message = "Traefik fetches the certificate itself; others need one to show"
            dynamic.context.report.at(below, Fate.DROPPED, Level.WARNING, "certificates", message)
    given = text(tls, "options")
    if given is None:
        return "default"
    return dynamic.resolve(given, "options") or given


def _options_of(points: list[EntryPoint], dynamic: Dynamic) -> str | None:
    own = next((one.tls for one in points if one.tls is not None), None)
    return _tls_options(own, dynamic) if own is not None else None


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
