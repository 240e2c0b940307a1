"""What the parts of the Traefik exporter share while the files are put together.

A route of the model becomes one or more routers (`Variant`): Traefik's own way to tell apart who
may enter is the rule of a router, so a policy may split a route in two, of which one refuses.
Middlewares gather in the chain of every variant, in the order in which the policies act.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gal.context import ExportContext
from gal.model import Gateway, ModelNode, Policy, Route, RouteOrder, Service
from gal.naming import give
from gal.scopes import Scopes

Json = dict[str, Any]
P = TypeVar("P", bound=Policy)

NOWHERE = "noop@internal"
"""Traefik's own service for routers whose middlewares always answer."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_NO_ADDRESS = "255.255.255.255/32"
_FORBIDDEN = 403
KNOWN_STATUSES = frozenset(
    {
        *range(200, 209),
        *(226, *range(300, 306), 307, 308),
        *(*range(400, 419), *range(421, 427), 428, 429, 431, 451),
        *(*range(500, 509), 510, 511),
    }
)
"""Statuses that Go has a name for: Traefik answers with no other."""

_RULE_TOKEN = re.compile(r'`[^`]*`|"(?:[^"\\]|\\.)*"|[()]| && | \|\| ')


def conjunction(*rules: str) -> str:
    """A rule that asks for all of these; empty ones ask for nothing."""
    found = [rule for rule in rules if rule]
    if len(found) < 2:
        return "".join(found)
    return " && ".join(f"({rule})" if _joins(rule, " || ") else rule for rule in found)


def alternation(rules: Iterable[str]) -> str:
    """A rule that asks for any of these, each once."""
    found = list(dict.fromkeys(rules))
    if len(found) < 2:
        return "".join(found)
    return " || ".join(f"({rule})" if _joins(rule, " && ") else rule for rule in found)


def _joins(rule: str, operator: str) -> bool:
    """Whether an operator stands outside of all brackets and quotes of a rule."""
    if operator not in rule:
        return False
    depth = 0
    for token in _RULE_TOKEN.finditer(rule):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0 and token[0] == operator:
            return True
    return False


class Names:
    """Names that are unique in one section of the file."""

    __slots__ = ("_taken",)

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def free(self, wanted: str) -> str:
        """A name like the wanted one, without what Traefik reads as something else in a name."""
        return give(_UNSAFE.sub("-", wanted).strip("-") or "unnamed", self._taken)


@dataclass(slots=True)
class Section:
    """One section of the dynamic file: what is equal stands there once."""

    items: dict[str, Json] = field(default_factory=dict)
    names: Names = field(default_factory=Names)
    _known: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, config: Json) -> str:
        """Have a part in the file. Returns its name, that of an equal one where there is one."""
        key = json.dumps(config)
        if key not in self._known:
            self._known[key] = self.names.free(name)
            self.items[self._known[key]] = config
        return self._known[key]


@dataclass(slots=True)
class Variant:
    """One of the routers that a route becomes; they stand in the order in which they win.

    Attributes:
        rule: what it asks for besides the route's own matches.
        chain: names of middlewares.
        service: instead of the route's own.
        closed: it answers by itself: what comes later does not act on it.
    """

    rule: str = ""
    chain: list[str] = field(default_factory=list)
    service: str | None = None
    closed: bool = False


@dataclass(slots=True)
class RouteBuild:
    """One route of the model on its way to Traefik.

    Attributes:
        route: the route.
        service: its service, if any.
        scopes: policies that act on it.
        name: for its routers.
        variants: its routers.
        refusal: why everybody is refused (law 2), if so.
        host: a policy sets `Host` for the upstream.
        tail: middlewares that act on what the upstream gets, behind the change of the path.
        identity: header that says who is asking, for limits.
        copies: how many times each router is written, for different entry points.
        secure: its entry points speak TLS and nothing else.
        own_rule: the rule that its router had in Traefik, instead of the route's matches.
        tls_options: name of the options of TLS that its router had in Traefik.
        service_middlewares: those that its service had in Traefik.
    """

    route: Route
    service: Service | None
    scopes: Scopes
    name: str
    variants: list[Variant] = field(default_factory=lambda: [Variant()])
    refusal: str | None = None
    host: bool = False
    tail: list[str] = field(default_factory=list)
    identity: str | None = None
    copies: int = 1
    secure: bool = False
    own_rule: str | None = None
    tls_options: str | None = None
    service_middlewares: list[str] = field(default_factory=list)

    def use(self, middleware: str) -> None:
        """Have a middleware act on all that is let in so far."""
        for variant in self.variants:
            if not variant.closed:
                variant.chain.append(middleware)

    def answer(self, rule: str, middleware: str | None, service: str = NOWHERE) -> None:
        """Requests that fit a rule are answered by a middleware or a service of their own."""
        found: list[Variant] = []
        for variant in self.variants:
            if not variant.closed:
                chain = [*variant.chain, *([middleware] if middleware else [])]
                whole = conjunction(variant.rule, rule)
                found.append(Variant(whole, chain, service, closed=True))
                if not rule:
                    continue
            found.append(variant)
        self.variants = found

    def split(self, rule: str, otherwise: str | None) -> None:
        """Only requests that fit a rule go on; a middleware refuses the others. Without one they
        find the next variant.
        """
        found: list[Variant] = []
        for variant in self.variants:
            if variant.closed:
                found.append(variant)
                continue
            found.append(Variant(conjunction(variant.rule, rule), list(variant.chain)))
            if otherwise is not None:
                chain = [*variant.chain, otherwise]
                found.append(Variant(variant.rule, chain, NOWHERE, closed=True))
        self.variants = found

    def either(self, ways: Sequence[tuple[str, str | None]]) -> None:
        """The first rule that a request fits says which middleware decides on it, before all that
        comes later; without a middleware it goes on.
        """
        found: list[Variant] = []
        for variant in self.variants:
            if variant.closed:
                found.append(variant)
                continue
            for rule, middleware in ways:
                chain = [*variant.chain, *([middleware] if middleware is not None else [])]
                found.append(Variant(conjunction(variant.rule, rule), chain))
        self.variants = found

    @property
    def open(self) -> int:
        """How many routers lead to the upstream."""
        return self.copies * sum(1 for variant in self.variants if not variant.closed)


@dataclass(slots=True)
class Shared:
    """What all routes of one configuration share.

    Attributes:
        gateway: the model (a view that notes what is read).
        context: reporting and the user's choices.
        routers: of the dynamic file.
        services: of the dynamic file.
        middlewares: of the dynamic file.
        transports: `serversTransports` of the dynamic file.
        effective: identities of the policies that act on any route.
        closed: names of consumers whose credentials open nothing.
    """

    gateway: Gateway
    context: ExportContext
    routers: dict[str, Json] = field(default_factory=dict)
    services: Section = field(default_factory=Section)
    middlewares: Section = field(default_factory=Section)
    transports: Section = field(default_factory=Section)
    effective: set[int] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)

    @property
    def native(self) -> bool:
        """Whether the model's routes are ranked as Traefik does it: it comes from Traefik."""
        return self.gateway.settings.route_order is RouteOrder.TRAEFIK

    def refuse(self, build: RouteBuild, control: ModelNode, feature: str, reason: str) -> None:
        """An access control that Traefik cannot do: the route refuses everybody (law 2), unless the
        user allowed to leave it out.
        """
        if self.context.options.allow_open:
            message = f"{reason}; left out because of --allow-open: everybody is let in"
            self.context.report.dropped(control, feature, message)
            return
        self.context.report.refused(control, feature, f"{reason}; everybody is refused with 403")
        build.refusal = build.refusal or reason

    def refusal(self, status: int = 403) -> str:
        """A middleware that answers everybody with a status: no client has the one address that it
        lets in.
        """
        config: Json = {"sourceRange": [_NO_ADDRESS]}
        if status == _FORBIDDEN:
            return self.middlewares.add("refuse", {"ipAllowList": config})
        config["rejectStatusCode"] = status
        return self.middlewares.add(f"answer-{status}", {"ipAllowList": config})
