"""What rules look at: the documents, the model, and what acts on which route."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from gal.lint.settings import Settings
from gal.model import Gateway, ModelNode, Policies, Policy, Protocol, Route, Service, Upstream
from gal.spelling import snake_case

if TYPE_CHECKING:
    from gal.ledger import Ledger
    from gal.ranking import Candidate
    from gal.reading import Document, Node

P = TypeVar("P", bound=Policy)
Made = TypeVar("Made")

Owner = ModelNode
"""Whose policies: a gateway, service, route, consumer, or scoped policies."""


_SHORT = 24
"""A longer id is made by a machine, and tells people nothing."""


@dataclass(slots=True, eq=False)
class RouteView:
    """A route with what it inherits.

    Attributes:
        route: the route.
        service: the service that it is nested in, or that it names.
        gateway: the whole configuration.
        upstreams: where its requests may go, with the protocol; empty when it answers itself, or
            when what it names is not there.
    """

    route: Route
    service: Service | None
    gateway: Gateway
    upstreams: list[tuple[Upstream, Protocol]] = field(default_factory=list)

    @property
    def levels(self) -> list[tuple[Owner, Policies]]:
        """Scopes whose policies act whoever the client is, the most specific first."""
        found: list[tuple[Owner, Policies]] = [(self.route, self.route.policies)]
        if self.service is not None:
            found.append((self.service, self.service.policies))
        found.append((self.gateway, self.gateway.policies))
        return found

    def stated(self, kind: type[P]) -> tuple[P, Owner] | None:
        """The policy of a kind that decides for the route, be it switched off, and its owner."""
        name = policy_name(kind)
        for owner, policies in self.levels:
            policy = getattr(policies, name)
            if isinstance(policy, kind):
                return policy, owner
        return None

    def policy(self, kind: type[P]) -> P | None:
        """The policy of a kind that acts on the route, None where none does."""
        found = self.stated(kind)
        return found[0] if found is not None and found[0].enabled else None

    @property
    def title(self) -> str:
        """The route for people, such as `route "orders"`."""
        if self.route.name:
            return f'route "{self.route.name}"'
        first = self.route.paths[0].text if self.route.paths else "/"
        named = self.route.id if self.route.id and len(self.route.id) <= _SHORT else None
        return f'route "{named}" for {first}' if named else f"the route for {first}"


@dataclass(slots=True, eq=False)
class Acting:
    """A policy with the routes that it acts on.

    Attributes:
        policy: the policy.
        owner: the gateway, service, route, consumer, or scoped policies that hold it.
        routes: those it acts on; a consumer's policy has none here.
    """

    policy: Policy
    owner: Owner
    routes: list[RouteView]


def policy_name(kind: type[Policy]) -> str:
    """The field of `Policies` that holds a kind, such as `rate_limit` for `RateLimit`."""
    return snake_case(kind.__name__).lower()


@dataclass(slots=False, eq=False)
class Subject:
    """A configuration that is linted: one gateway's files, read together.

    Attributes:
        provider: whose configuration it is.
        documents: its files.
        gateway: the model; empty for files that only set up the gateway itself.
        ledger: what the importer said.
        settings: what the user said of the deployment.
        beside: reads files that may define what these name, and that are not linted.
    """

    provider: str
    documents: Sequence[Document]
    gateway: Gateway
    ledger: Ledger
    settings: Settings = field(default_factory=Settings)
    beside: Callable[[], list[Document]] = list

    @cached_property
    def _made(self) -> dict[object, Any]:
        return {}

    def once(self, make: Callable[[Subject], Made]) -> Made:
        """What a function makes of the subject, made once for all rules that ask for it."""
        if make not in self._made:
            self._made[make] = make(self)
        found: Made = self._made[make]
        return found

    @cached_property
    def routes(self) -> list[RouteView]:
        """All routes of services that are switched on, with what they inherit."""
        services = {one.name: one for one in self.gateway.services if one.name is not None}
        upstreams = {one.name: one for one in self.gateway.upstreams if one.name is not None}
        views = []
        for nested, route in self.gateway.walk_routes():
            service = nested or (services.get(route.upstream) if route.upstream else None)
            if service is not None and not service.enabled:
                continue
            view = RouteView(route, service, self.gateway)
            view.upstreams = _upstreams(route, service, services, upstreams)
            views.append(view)
        return views

    @cached_property
    def ranked(self) -> list[Candidate]:
        """The routes, or parts of them, in the order in which the gateway tries them."""
        from gal.ranking import ranked

        return [one for one in ranked(self.gateway) if one.service is None or one.service.enabled]

    @cached_property
    def view_of(self) -> dict[int, RouteView]:
        """The views by identity of the route."""
        return {id(view.route): view for view in self.routes}

    @cached_property
    def _acting(self) -> dict[str, dict[int, Acting]]:
        found: dict[str, dict[int, Acting]] = {item.name: {} for item in fields(Policies)}
        for view in self.routes:
            settled: set[str] = set()
            for owner, policies in view.levels:
                for name, acting in found.items():
                    policy = getattr(policies, name)
                    if not isinstance(policy, Policy) or name in settled:
                        continue
                    settled.add(name)
                    if policy.enabled:
                        one = acting.setdefault(id(policy), Acting(policy, owner, []))
                        one.routes.append(view)
        narrow: list[tuple[Owner, Policies]] = [(c, c.policies) for c in self.gateway.consumers]
        narrow += [(one, one.policies) for one in self.gateway.scoped_policies]
        for owner, policies in narrow:
            for name, acting in found.items():
                policy = getattr(policies, name)
                if isinstance(policy, Policy) and policy.enabled:
                    acting.setdefault(id(policy), Acting(policy, owner, []))
        return found

    def acting(self, kind: type[P]) -> Iterator[tuple[P, Acting]]:
        """Every policy of a kind that acts somewhere, once, with the routes it acts on."""
        for acting in self._acting[policy_name(kind)].values():
            if isinstance(acting.policy, kind):
                yield acting.policy, acting

    def stated(self, kind: type[P]) -> Iterator[tuple[P, Owner]]:
        """Every policy of a kind that is written down, be it switched off or hidden."""
        name = policy_name(kind)
        for owner, policies in self.scopes():
            policy = getattr(policies, name)
            if isinstance(policy, kind):
                yield policy, owner

    def scopes(self) -> Iterator[tuple[Owner, Policies]]:
        """Everything that holds policies."""
        yield self.gateway, self.gateway.policies
        for service in self.gateway.services:
            yield service, service.policies
        for _, route in self.gateway.walk_routes():
            yield route, route.policies
        for consumer in self.gateway.consumers:
            yield consumer, consumer.policies
        for one in self.gateway.scoped_policies:
            yield one, one.policies

    def roots(self) -> Iterator[Node]:
        """The root of every document."""
        for document in self.documents:
            yield document.root

    def walk(self) -> Iterator[Node]:
        """Every value of every document, in the order of the files."""
        return iter(self._nodes)

    @cached_property
    def _nodes(self) -> list[Node]:
        """What `walk` gives: a dozen rules ask for it."""
        from gal.reading import Mapping
        from gal.reading import Sequence as SequenceNode

        found: list[Node] = []
        for document in self.documents:
            pending: list[Node] = [document.root]
            seen: set[int] = set()
            while pending:
                node = pending.pop()
                if id(node) in document.shared:
                    if id(node) in seen:
                        continue  # an alias of what was visited
                    seen.add(id(node))
                found.append(node)
                if isinstance(node, Mapping):
                    pending.extend(reversed(node.entries.values()))
                elif isinstance(node, SequenceNode):
                    pending.extend(reversed(node.items))
        return found


def explicit(part: ModelNode, field_name: str) -> bool:
    """Whether a field stands in the file; a default does not."""
    return part.origin is not None and part.origin.locate(field_name)[1]


def _upstreams(
    route: Route,
    service: Service | None,
    services: dict[str, Service],
    upstreams: dict[str, Upstream],
) -> list[tuple[Upstream, Protocol]]:
    if route.backends:
        names = [one.upstream for one in route.backends]
        return [found for name in names for found in _named(name, services, upstreams)]
    if service is not None:
        return _of_service(service, upstreams)
    return _named(route.upstream, services, upstreams) if route.upstream else []


def _named(
    name: str, services: dict[str, Service], upstreams: dict[str, Upstream]
) -> list[tuple[Upstream, Protocol]]:
    if name in services:
        return _of_service(services[name], upstreams)
    return [(upstreams[name], Protocol.HTTP)] if name in upstreams else []


def _of_service(
    service: Service, upstreams: dict[str, Upstream]
) -> list[tuple[Upstream, Protocol]]:
    upstream = service.upstream
    if isinstance(upstream, str):
        found = upstreams.get(upstream)
        return [(found, service.protocol)] if found is not None else []
    return [(upstream, service.protocol)] if upstream is not None else []
