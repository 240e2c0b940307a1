"""What a gateway does with a request, by the semantics of the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gal.model import RouteOrder
from gal.tracing.counters import Counters
from gal.tracing.decision import Answer, Decision, Outcome, Step, called
from gal.tracing.exchange import Exchange
from gal.tracing.hiding import Hiding, hiding
from gal.tracing.malformed import malformed
from gal.tracing.policies import access, answers, authentication, cors, headers, limits, upstream
from gal.tracing.request import Request
from gal.tracing.routing import Choice, Router

if TYPE_CHECKING:
    from gal.model import Gateway, Service
    from gal.ranking import Candidate

_BAD_REQUEST, _NOT_FOUND = 400, 404

_POLICIES: tuple[Callable[[Exchange], None], ...] = (
    answers.https_redirect,
    headers.request_id,
    access.user_agent,
    cors.cors,
    access.ip_access,
    authentication.authentication,
    access.acl,
    limits.size_limit,
    limits.rate_limit,
    answers.redirect,
    answers.direct_response,
    headers.transformation,
    headers.headers,
    headers.query,
    headers.request_line,
    upstream.send,
)
"""In the order in which they act."""


@dataclass(slots=True)
class Tracer:
    """A gateway whose requests are traced one after the other.

    Attributes:
        gateway: the model.
        counters: what the requests have used up of limits.
        router: its routes.
    """

    gateway: Gateway
    counters: Counters = field(default_factory=Counters)
    router: Router = field(init=False)
    _services: dict[str, Service] = field(init=False)
    _hiding: Hiding = field(init=False)

    def __post_init__(self) -> None:
        services = self.gateway.services
        self._services = {one.name: one for one in services if one.name is not None}
        self.router = Router.of(self.gateway)
        self._hiding = hiding(self.gateway)

    def trace(self, request: Request) -> Decision:
        """What the gateway does with a request, after those that were traced before."""
        choice = self.router.choose(request)
        decision = Decision(choice, hiding=self._hiding)
        reason = malformed(request, self.router.order, self.router.way)
        if reason:
            decision.choice = Choice(choice.of, None, (), ())
            decision.steps.append(Step("request", Outcome.REFUSED, reason))
            decision.answer = Answer(_BAD_REQUEST)
            return decision
        candidate = choice.candidate
        if candidate is None:
            decision.steps.append(Step("route", Outcome.REFUSED, "no route takes the request"))
            decision.answer = Answer(_NOT_FOUND)
            return decision
        message = f"the route {called(candidate.route)} takes the request"
        decision.steps.append(Step("route", Outcome.PASSED, message, candidate.route))
        if self._compares_port(request, candidate):
            message = (
                f"Envoy compares Host with its port {request.host_port} unless"
                " ignore_port_in_host_matching or strip_any_host_port leaves it away"
            )
            decision.steps.append(Step("route", Outcome.NOTED, message, candidate.route, "hosts"))
        exchange = Exchange(
            self.gateway,
            candidate.route,
            self._service(candidate),
            request,
            decision,
            self.counters,
            request.method,
            choice.of.path,
            request.query,
            list(request.headers),
        )
        for act in _POLICIES:
            act(exchange)
            if exchange.ended:
                break
        self._unknown_plugins(exchange)
        return decision

    def _compares_port(self, request: Request, candidate: Candidate) -> bool:
        """Whether it depends on settings that are not in the model that the port is left away."""
        if self.router.order is not RouteOrder.ENVOY or request.host_port is None:
            return False
        return any(":" not in one and not one.endswith("*") for one in candidate.route.hosts)

    def _service(self, candidate: Candidate) -> Service | None:
        """The service that a route is nested in, or that it names."""
        if candidate.service is not None:
            return candidate.service
        name = candidate.route.upstream
        return self._services.get(name) if name is not None else None

    def _unknown_plugins(self, exchange: Exchange) -> None:
        """Say what else acts there that only the gateway itself knows."""
        for policies in exchange.levels:
            for provider, plugins in policies.plugins.items():
                if not _is_own(provider, self.gateway.settings.route_order):
                    continue
                names = ", ".join(_name(plugin) for plugin in plugins)
                message = f"also acts, and is not known to the model: {names}"
                exchange.note("plugins", Outcome.UNKNOWN, message, policies, "plugins")


def _is_own(provider: str, order: RouteOrder) -> bool:
    return provider == order.value


def _name(plugin: object) -> str:
    return str(plugin.get("name", "?")) if isinstance(plugin, dict) else str(plugin)


def trace(gateway: Gateway, request: Request) -> Decision:
    """What a gateway does with one request; for several, keep a `Tracer`."""
    return Tracer(gateway).trace(request)
