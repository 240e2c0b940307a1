"""Access controls of connections, put back: certificates that clients have to show, and network
filters that decide on addresses.

They act on a whole listener. One comes back only where every route that the listener takes has it,
with the same settings, and where no other listener takes a route that has it (law 2).

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/tls.proto
(`DownstreamTlsContext`) and
https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/rbac/v3/rbac.proto
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.claims import unwrap
from gal.exporters.envoy.build import Json, Shared
from gal.exporters.envoy.carried import PROVIDER, refer, unsound
from gal.exporters.envoy.carried_settings import tls_settings
from gal.model import Authentication, Gateway, Guard, Route, Service

if TYPE_CHECKING:
    from gal.exporters.envoy.listeners import Port

CLIENT_CERTIFICATE = "client-certificate"
_RBAC = "envoy.extensions.filters.network.rbac."
_SECURE = frozenset(("https", "grpcs"))
_COMMON = frozenset(
    (
        *("key_log", "tls_params", "validation_context", "custom_handshaker"),
        *("tls_certificate_provider_instance", "custom_tls_certificate_selector"),
    )
)
"""Settings of `common_tls_context`; the others stand around it."""

_NOT_BACK = {
    "sds": "the secret comes from a control plane",
    "default_validation_context": "there are two sets of rules for one certificate",
}


@dataclass(slots=True)
class _Asked:
    """What listeners ask of connections.

    Attributes:
        guards: by the listener's name: the settings of each control by its kind, where all of its
            routes have it.
        takers: by the identity of a route: the listeners that take it.
        unclear: names of the listeners whose filter chains ask for different things.
        plain: the ports without TLS.
    """

    guards: dict[str, dict[str, Any]] = field(default_factory=dict)
    takers: dict[int, list[Port]] = field(default_factory=dict)
    unclear: set[str] = field(default_factory=set)
    plain: list[int] = field(default_factory=list)


def connection_guards(ports: Sequence[Port], shared: Shared) -> None:
    """Find out which access controls can stand in front of which listeners."""
    asked = shared.state(_Asked)
    gateway = unwrap(shared.gateway)
    said = {port.name: _tls(port.name, gateway) for port in ports if port.secure}
    asked.unclear = {
        name for name, kept in said.items() if any(one != kept[0] for one in kept if one)
    }
    asked.plain = [one.port for one in ports if not one.secure]
    common: dict[str, dict[str, Any] | None] = dict.fromkeys((one.name for one in ports), None)
    services = {one.name: one for one in gateway.services}
    for nested, route in gateway.walk_routes():
        service = nested or services.get(route.upstream)
        takers = asked.takers[id(route)] = [one for one in ports if _takes(one, route)]
        controls = _guards(service, route, gateway)
        guards = {kind: one.config for one in controls if (kind := _kind(one))}
        if not guards and _only_answers(service, route):
            continue
        for name in (one.name for one in takers):
            known = common[name]
            if known is None:
                common[name] = dict(guards)
            else:
                common[name] = {
                    kind: config for kind, config in known.items() if guards.get(kind) == config
                }
    for one in ports:
        if not one.secure:
            (common[one.name] or {}).pop(CLIENT_CERTIFICATE, None)  # nobody shows one there
    asked.guards = {name: guards for name, guards in common.items() if guards}


def connection_guard(control: Guard, route: Route, shared: Shared) -> str | None:
    """Why an access control of connections cannot be put back exactly for a route; None where the
    listeners have it.
    """
    plain = unwrap(control)
    kind, config = _kind(plain), plain.config
    asked = shared.state(_Asked)
    takers = asked.takers.get(id(unwrap(route)), [])
    what = "a client certificate" if kind == CLIENT_CERTIFICATE else "a filter on connections"
    for name in (one.name for one in takers):
        if asked.guards.get(name, {}).get(kind) != config:
            return f'not all routes of the listener "{name}" ask for {what}, or it cannot'
        if name in asked.unclear:
            return f'the filter chains of the listener "{name}" ask for different certificates'
    if kind == CLIENT_CERTIFICATE:
        for key, reason in _NOT_BACK.items():
            if key in config:
                return f"{what} cannot be asked for: {reason}"
        if "verify_subject_alt_name" in (config.get("validation_context") or {}):
            return f"{what} cannot be asked for: Envoy 3 has no verify_subject_alt_name"
    problem = unsound(config, shared)
    return None if problem is None else f"{what} cannot be asked for: {problem}"


def bound_ports(route: Route, shared: Shared) -> frozenset[int] | None:
    """Where any listener has such a control: the ports of those that take a route, so that no
    other listener has it in its table. None leaves that to the route's match.
    """
    asked = shared.state(_Asked)
    if not asked.guards:
        return None
    return frozenset(one.port for one in asked.takers.get(id(unwrap(route)), []))


def plain_ports(ports: frozenset[int] | None, shared: Shared) -> frozenset[int] | None:
    """The same for what a route answers to plain HTTP."""
    asked = shared.state(_Asked)
    if not asked.guards:
        return ports
    return frozenset(number for number in asked.plain if ports is None or number in ports)


def is_connection_guard(control: Guard) -> bool:
    """Whether an access control acts on connections, before there are requests."""
    return bool(_kind(unwrap(control)))


def guarding_filters(name: str, shared: Shared) -> list[Json]:
    """Network filters that decide who may connect to a listener."""
    config = shared.state(_Asked).guards.get(name, {}).get(_RBAC)
    if config is None or unsound(config, shared) is not None:
        return []
    refer(config, shared)
    return [config]


def secured(socket: Json, name: str, shared: Shared) -> Json:
    """A listener's transport socket with what it asks of clients, and what else was carried."""
    kept = dict(shared.state(_Asked).guards.get(name, {}).get(CLIENT_CERTIFICATE) or {})
    said = tls_settings(name, shared)
    if "require_client_certificate" in said and not kept:
        message = f'all connections to "{name}" are asked for a certificate, not only some'
        shared.context.report.approximated(shared.gateway, "certificates", message)
    kept = {**said, **kept}
    context = dict(socket["typed_config"])
    common = dict(context["common_tls_context"])
    for key, value in kept.items():
        problem = _NOT_BACK.get(key) or unsound({key: value}, shared)
        if problem is not None:
            message = f'"{key}" of the listener "{name}" is not put back: {problem}'
            shared.context.report.dropped(shared.gateway, "certificates", message)
        elif key in _COMMON:
            common[key] = value
        else:
            context[key] = value
    return {**socket, "typed_config": {**context, "common_tls_context": common}}


def _tls(name: str, gateway: Gateway) -> list[Json]:
    kept = gateway.extensions.get(PROVIDER) or {}
    return list(((kept.get("listeners") or {}).get(name) or {}).get("tls") or [])


def _kind(control: Guard) -> str:
    """Which control of connections it is; empty for none."""
    if control.provider != PROVIDER:
        return ""
    if control.name == CLIENT_CERTIFICATE:
        return CLIENT_CERTIFICATE
    config = control.config.get("typed_config")
    kind = str(config.get("@type", "")) if isinstance(config, dict) else ""
    return _RBAC if kind.rsplit("/", 1)[-1].startswith(_RBAC) else ""


def _guards(service: Service | None, route: Route, gateway: Gateway) -> list[Guard]:
    """The access controls that act on a route, by the narrowest scope that has any."""
    for owner in (route, service, gateway):
        found: Authentication | None = None if owner is None else owner.policies.authentication
        if found is not None:
            return list(found.guards) if found.enabled else []
    return []


def _only_answers(service: Service | None, route: Route) -> bool:
    """Whether a route is only an answer of the gateway: who is kept from it loses nothing."""
    policies = route.policies
    answers = policies.direct_response is not None or policies.redirect is not None
    return answers and service is None and route.upstream is None and not route.backends


def _takes(port: Port, route: Route) -> bool:
    wanted = [address.port for address in route.destinations]
    if wanted and None not in wanted and port.port not in wanted:
        return False
    if not route.schemes:
        return True
    schemes = set(route.schemes)
    return bool(schemes & _SECURE) if port.secure else not schemes <= _SECURE
