"""Services of Traefik: where the requests of a router go.

A load balancer is a service of the model. What is made of other services becomes the route's:
shares are its backends, a copy is its mirror.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/load-balancing/service/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Any

from gal.importers.traefik.classify import is_elsewhere
from gal.importers.traefik.load_balancer import read_balancer
from gal.importers.traefik.options import empty, flag, number, plain, section, strings, text
from gal.importers.traefik.placement import UnusableError
from gal.importers.traefik.servers_transport import Transport, Transports
from gal.ledger import Fate, Level
from gal.model import (
    Authentication,
    Backend,
    DirectResponse,
    Gateway,
    Guard,
    Mirror,
    Origin,
    Policies,
    Route,
    Service,
    Upstream,
)
from gal.reading import Mapping, Node, Placeholder

if TYPE_CHECKING:
    from gal.importers.traefik.dynamic import Dynamic
    from gal.ledger import Reporter

_FEATURE = "services"
_KINDS = ("loadBalancer", "weighted", "highestRandomWeight", "mirroring", "failover")
_INTERNAL = "@internal"
_TEAPOT = 418
_DEEPEST = 32
"""How far services may stand in each other: Traefik refuses those that stand in themselves."""


@dataclass(slots=True)
class Destination:
    """Where requests go.

    Attributes:
        shares: services of the model with their shares.
        mirror: gets copies.
        kept: what only Traefik knows.
    """

    shares: dict[str, Fraction]
    mirror: Mirror | None = None
    kept: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Services:
    """Finds the services that routers name, and has each in the model once.

    Attributes:
        dynamic: the configuration.
        gateway: gets the services.
    """

    dynamic: Dynamic
    gateway: Gateway
    _made: set[str] = field(default_factory=set)
    _seen: set[str] = field(default_factory=set)
    _own_host: set[str] = field(default_factory=set)
    _transports: Transports = field(init=False)

    def __post_init__(self) -> None:
        self._transports = Transports(self.gateway, self.report)

    @property
    def report(self) -> Reporter:
        """Where to say what became of them."""
        return self.dynamic.context.report

    def refer(self, route: Route, name: str, node: Node) -> str | None:
        """Send a route's requests to a service.

        Returns why Traefik takes the router away, where it does. The route then answers 404, for
        callers that keep it.
        """
        if name.endswith(_INTERNAL):
            self._internal(route, name, node)
            return None
        try:
            found = self._destination(name, node, 0)
        except UnusableError as error:
            route.policies.direct_response = DirectResponse(404, origin=Origin(node, {}))
            return str(error)
        self._use(route, found, node)
        return None

    def finish(self) -> None:
        """Read what no router names, so that nothing of it is lost."""
        self._settle_hosts()
        for name, node in self.dynamic.services.items():
            if name in self._made or name in self._seen:
                continue
            try:
                if node.has("loadBalancer") and len(node) == 1:
                    self._service(name, node)
                    continue
                reason = "no router goes there"
            except UnusableError as error:
                reason = str(error)
            self._keep("services", name, node, reason)
        for name, node in self.dynamic.servers_transports.items():
            if not self._transports.is_read(name):
                self._keep("serversTransports", name, node, "nothing uses it")
        for name, node in self.dynamic.middlewares.items():
            if not node.taken and not node.all_taken:
                self._keep("middlewares", name, node, "nothing uses it")
            elif name not in self.dynamic.acting:
                self._keep(
                    "middlewares", name, node, "only routers that Traefik leaves out name it"
                )

    def _settle_hosts(self) -> None:
        """Servers that get their own name as `Host` get no other one from a middleware."""
        for _, route in self.gateway.walk_routes():
            header = route.host_header
            names = {backend.upstream for backend in route.backends} or {route.upstream or ""}
            if header is None or not names <= self._own_host:
                continue
            message = "the service does not pass Host on, so this has no effect"
            self.report.about(header, Fate.EXACT, Level.INFO, "host_header", message, "value")
            route.host_header = None

    def _keep(self, kind: str, name: str, node: Mapping, reason: str) -> None:
        kept = self.gateway.extensions.setdefault("traefik", {}).setdefault(kind, {})
        kept[name] = plain(node)
        self.report.at(node, Fate.CARRIED, Level.INFO, _FEATURE, reason)

    def _internal(self, route: Route, name: str, node: Node) -> None:
        """Services that Traefik is itself."""
        policies = route.policies
        answered = policies.redirect is not None or policies.direct_response is not None
        origin = Origin(node, {})
        if name == f"noop{_INTERNAL}":
            if not answered:
                policies.direct_response = DirectResponse(_TEAPOT, origin=origin)
            return
        route.extensions.setdefault("traefik", {})["service"] = name
        if name == f"ping{_INTERNAL}":
            answer = DirectResponse(200, body="OK", content_type="text/plain", origin=origin)
            message = "the gateway answers OK, also while it ends"
            self.report.at(node, Fate.CARRIED, Level.INFO, _FEATURE, message)
        else:
            answer = DirectResponse(404, origin=origin)
            message = f"only Traefik has {name}: others answer 404"
            self.report.at(node, Fate.CARRIED, Level.WARNING, _FEATURE, message)
        if not answered:
            policies.direct_response = answer

    def _use(self, route: Route, found: Destination, node: Node) -> None:
        names = list(found.shares)
        if len(names) == 1:
            route.upstream = names[0]
        elif names:
            weights = _whole(list(found.shares.values()))
            route.backends = [
                Backend(name, weight, origin=Origin(node, {}))
                for name, weight in zip(names, weights, strict=True)
            ]
        if found.mirror is not None:
            route.policies.mirror = found.mirror
        guards = found.kept.pop("guards", None)
        if guards:
            _add_guard(route.policies, guards, node)
            message = "only Traefik has middlewares of services; others refuse everybody"
            self.report.at(node, Fate.CARRIED, Level.WARNING, "authentication", message)
        if found.kept:
            route.extensions.setdefault("traefik", {})["service"] = found.kept

    def _destination(self, name: str, node: Node, depth: int) -> Destination:
        key, service = self._find(name, node)
        if service is None:
            return Destination({key: Fraction(1)})
        if depth > _DEEPEST:
            raise UnusableError(f'the service "{name}" stands in itself')
        kinds = [kind for kind in _KINDS if service.has(kind)]
        if len(kinds) != 1:
            kind = "several kinds" if kinds else "no kind"
            raise UnusableError(f'the service "{name}" is of {kind}')
        below = section(service, kinds[0]) or empty(service)
        if kinds[0] == "loadBalancer":
            found = Destination({self._service(key, service): Fraction(1)})
        elif kinds[0] == "mirroring":
            found = self._mirroring(below, depth)
        elif kinds[0] == "failover":
            found = self._failover(below, depth)
        else:
            found = self._shares(kinds[0], below, depth)
        middlewares = strings(service, "middlewares")
        if middlewares:
            found.kept.setdefault("guards", []).extend(middlewares)
        self._seen.add(key)
        return found

    def _find(self, name: str, node: Node) -> tuple[str, Mapping | None]:
        """A service by the name that something gives it; None where another provider has it.

        Raises:
            UnusableError: nobody has it.
        """
        key = self.dynamic.resolve(name, "services")
        if key is not None:
            return key, self.dynamic.services[key]
        if not is_elsewhere(name):
            raise UnusableError(f'there is no service "{name}"')
        if name not in self._made:
            self._made.add(name)
            provider = name.rpartition("@")[2]
            message = f"only Traefik's provider {provider} knows the servers of this service"
            self.report.at(node, Fate.DROPPED, Level.WARNING, "upstream", message)
            upstream = Upstream(name, origin=Origin(node, {}))
            self.gateway.services.append(Service(name, upstream=upstream, origin=Origin(node, {})))
        return name, None

    def _service(self, key: str, service: Mapping) -> str:
        """The model's service for a load balancer, made once."""
        if key not in self._made:
            below = section(service, "loadBalancer") or empty(service)
            transport = self._transport(below)
            made = read_balancer(key, below, transport, self.report)
            self._made.add(key)
            self.gateway.services.append(made)
            if not flag(below, "passHostHeader", default=True):
                self._own_host.add(key)
        return key

    def _transport(self, balancer: Mapping) -> Transport:
        """How servers are spoken to.

        Raises:
            UnusableError: there is no such transport.
        """
        name = text(balancer, "serversTransport")
        if name is None or name == "default@internal":
            return self._transports.own(balancer)
        key = self.dynamic.resolve(name, "serversTransports")
        if key is None:
            raise UnusableError(f'there is no serversTransport "{name}"')
        return self._transports.read(key, self.dynamic.servers_transports[key])

    def _shares(self, kind: str, node: Mapping, depth: int) -> Destination:
        """Several services by weight."""
        found = Destination({})
        weights: list[tuple[Destination, int]] = []
        for item in node.take_mappings("services"):
            name = text(item, "name") or ""
            weight = number(item, "weight")
            weight = 1 if weight is None else weight
            weights.append((self._destination(name, item, depth + 1), weight))
        whole = sum(max(weight, 0) for _, weight in weights if not _unknown(weight)) or 1
        for below, weight in weights:
            for name, share in below.shares.items():
                part = share * Fraction(max(weight, 0), whole)
                found.shares[name] = found.shares.get(name, Fraction(0)) + part
            if below.mirror is not None:
                message = "the copies of one of several services are not sent elsewhere"
                self.report.dropped(below.mirror, "mirror", message)
            found.kept |= below.kept
        self._keep_shares(kind, node, found)
        return found

    def _keep_shares(self, kind: str, node: Mapping, found: Destination) -> None:
        """What only Traefik does with several services."""
        kept: dict[str, Any] = {}
        if (sticky := node.take("sticky")) is not None:
            kept["sticky"] = plain(sticky)
            message = "elsewhere a client's next request may come to another of the services"
            self.report.at(sticky, Fate.CARRIED, Level.WARNING, "backends", message)
        if node.has("healthCheck"):
            kept["healthCheck"] = plain(node.take("healthCheck")) or {}
            message = "elsewhere a service whose servers are all down keeps its share"
            self.report.at(node, Fate.CARRIED, Level.WARNING, "backends", message, whole=False)
        if kind == "highestRandomWeight":
            message = "elsewhere a client's next request may come to another of the services"
            self.report.at(node, Fate.APPROXIMATED, Level.WARNING, "backends", message)
        if kept or kind == "highestRandomWeight":
            found.kept[kind] = kept

    def _mirroring(self, node: Mapping, depth: int) -> Destination:
        """One service answers, others get copies; the model has one of these."""
        found = self._destination(text(node, "service") or "", node, depth + 1)
        mirrors = node.take_mappings("mirrors")
        copies = [(item, number(item, "percent") or 0, text(item, "name")) for item in mirrors]
        for item, percent, name in copies:
            below = self._destination(name or "", item, depth + 1)
            if not percent and not _unknown(percent):
                continue
            if found.mirror is not None:
                message = "other gateways send copies to one service"
                self.report.at(item, Fate.DROPPED, Level.WARNING, "mirror", message)
                continue
            target = next(iter(below.shares), None)
            if target is not None:
                found.mirror = Mirror(target, percent, origin=Origin(item, {"upstream": "name"}))
        kept: dict[str, Any] = {}
        if not flag(node, "mirrorBody", default=True):
            kept["mirrorBody"] = False
            message = "elsewhere copies have the request's body"
            at = node.peek("mirrorBody")
            self.report.at(at, Fate.CARRIED, Level.WARNING, "mirror", message)
        longest = number(node, "maxBodySize")
        if longest is not None and longest != -1:
            kept["maxBodySize"] = longest
            message = "elsewhere longer requests are copied, too"
            at = node.peek("maxBodySize")
            self.report.at(at, Fate.CARRIED, Level.WARNING, "mirror", message)
        if node.has("healthCheck"):
            node.take("healthCheck")
        if kept:
            found.kept["mirroring"] = kept
        return found

    def _failover(self, node: Mapping, depth: int) -> Destination:
        """Another service while the first one is down, which other gateways do not go to."""
        found = self._destination(text(node, "service") or "", node, depth + 1)
        fallback = text(node, "fallback")
        if fallback is not None:
            self._destination(fallback, node, depth + 1)
        kept: dict[str, Any] = {"fallback": fallback}
        for key in ("healthCheck", "errors"):
            if node.has(key):
                kept[key] = plain(node.take(key)) or {}
        found.kept["failover"] = kept
        message = "elsewhere requests are not sent to the fallback while the service is down"
        self.report.at(node, Fate.CARRIED, Level.WARNING, "backends", message, whole=False)
        return found


def _unknown(number: int) -> bool:
    return isinstance(number, Placeholder)


def _whole(shares: list[Fraction]) -> list[int]:
    """Shares as the smallest whole weights."""
    from math import gcd

    common = lcm(*(share.denominator for share in shares))
    weights = [int(share * common) for share in shares]
    divisor = gcd(*weights) or 1
    return [weight // divisor for weight in weights]


def _add_guard(policies: Policies, middlewares: list[str], node: Node) -> None:
    guard = Guard("middlewares", "traefik", {"middlewares": middlewares}, origin=Origin(node, {}))
    if policies.authentication is None:
        policies.authentication = Authentication(origin=Origin(node, {}))
    policies.authentication.guards.append(guard)
