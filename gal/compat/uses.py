"""Which features a model uses, and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from gal.model import (
    Authentication,
    Gateway,
    ModelNode,
    PathKind,
    Policies,
    Policy,
    Protocol,
    Route,
    Service,
    Upstream,
)
from gal.naming import plugin_name

_ROUTE_FIELDS = (
    "methods",
    "hosts",
    "headers",
    "query_params",
    "schemes",
    "server_names",
    "sources",
    "destinations",
    "priority",
    "rewrite",
    "host_header",
    "https_redirect",
    "backends",
    "request_buffering",
    "response_buffering",
)
_PATHS = {
    PathKind.EXACT: "path",
    PathKind.PREFIX: "path_prefix",
    PathKind.SEGMENTS: "path_segments",
    PathKind.REGEX: "path_regex",
}
_NAMES = {"headers": "header_matches", "query_params": "query_matches"}
_FILE_FIELDS = ("listeners", "consumers", "scoped_policies", "certificates")


@dataclass(frozen=True, slots=True)
class Use:
    """One place at which a feature is used.

    Attributes:
        feature: what it is, such as `rate_limit` or `authentication: jwt`.
        subject: the part of the model that says it.
        field: the field of the subject that does, if it is not the subject as a whole.
        only: the one gateway that knows it; unset for what the model itself can say.
    """

    feature: str
    subject: ModelNode
    field: str = ""
    only: str | None = None

    @property
    def path(self) -> str:
        """Where it stands in the file."""
        origin = self.subject.origin
        return "" if origin is None else origin.locate(self.field)[0].path

    @property
    def where(self) -> str:
        """`file:line:column`, or nothing for what stands in no file."""
        origin = self.subject.origin
        return "" if origin is None else str(origin.locate(self.field)[0].position)


def uses(gateway: Gateway) -> Iterator[Use]:
    """Every use of every feature, in the order of the model."""
    for name in _FILE_FIELDS:
        for node in getattr(gateway, name):
            yield Use(name, node)
    for service in gateway.services:
        yield from _service(service)
    for _, route in gateway.walk_routes():
        yield from _route(route)
    for upstream in gateway.upstreams:
        yield from _upstream(upstream)
    scopes: list[Any] = [*gateway.consumers, *gateway.scoped_policies, gateway]
    for scope in scopes:
        yield from _policies(scope.policies)


def _service(service: Service) -> Iterator[Use]:
    if service.protocol is not Protocol.HTTP:
        yield Use(f"protocol: {service.protocol.value}", service, "protocol")
    if service.path is not None:
        yield Use("base_path", service, "path")
    if isinstance(service.upstream, Upstream):
        yield from _upstream(service.upstream)
    if service.transformation is not None:
        yield Use("transformation", service.transformation)
    yield from _policies(service.policies)


def _upstream(upstream: Upstream) -> Iterator[Use]:
    balancer = upstream.load_balancer
    if balancer != type(balancer)():
        kind = "sticky" if balancer.sticky_sessions else balancer.algorithm.value
        yield Use(f"load_balancer: {kind}", balancer)
    health = upstream.health_check
    if health is not None and health.active is not None:
        yield Use("health_check: active", health.active)
    if health is not None and health.passive is not None:
        yield Use("health_check: passive", health.passive)
    for name, feature in (("tls", "upstream_tls"), ("host_header", "host_header")):
        node = getattr(upstream, name)
        if node is not None:
            yield Use(feature, node)
    for name in ("retry", "timeout"):
        if getattr(upstream, name) is not None:
            yield Use(name, getattr(upstream, name))


def _route(route: Route) -> Iterator[Use]:
    for path in route.paths:
        stands = path.origin is not None
        yield Use(_PATHS[path.kind], path) if stands else Use(_PATHS[path.kind], route, "paths")
    nothing = Route()
    for name in _ROUTE_FIELDS:
        value = getattr(route, name)
        if value == getattr(nothing, name):
            continue
        if isinstance(value, ModelNode):
            yield Use(name, value)
        else:
            yield Use(_NAMES.get(name, name), route, name)
    yield from _policies(route.policies)


def _policies(policies: Policies) -> Iterator[Use]:
    for item in fields(Policies):
        policy = getattr(policies, item.name)
        if isinstance(policy, Authentication):
            yield from _authentication(policy)
        elif isinstance(policy, Policy) and policy.enabled:
            yield Use(item.name, policy)
    for provider, plugins in policies.plugins.items():
        for plugin in plugins:
            yield Use(f"plugin {plugin_name(plugin)}", policies, "plugins", provider)


def _authentication(policy: Authentication) -> Iterator[Use]:
    if not policy.enabled:
        return
    for kind in policy.kinds():
        yield Use(f"authentication: {kind.value}", getattr(policy, kind.value))
    for guard in policy.guards:
        yield Use(f"guard {guard.name}", guard, only=guard.provider)
