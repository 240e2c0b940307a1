"""Settings of Envoy itself, of its listeners and connection managers, put back as carried.

What GAL writes anyway stays where the source says nothing of it; what stands around the settings is
written anew, so that some have no place any more: the ledger says which.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/bootstrap/v3/bootstrap.proto,
https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener.proto and
https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from gal.claims import unwrap
from gal.exporters.envoy.build import Json, Shared
from gal.exporters.envoy.carried import own, refer, unsound
from gal.model import Extensions, ModelNode, Policies, Policy

_OLD = "Envoy 3 has no such setting"
_ANEW = "it speaks of what is written anew"
_BOOTSTRAP = {
    "runtime": _OLD,
    "dynamic_resources": "what a control plane would give stands in no file",
}
_MANAGER = {
    "hcm_specific": _OLD,
    "idle_timeout": _OLD,
    "proxy_100_continue": "",
    "scoped_routes": "all routes stand in one table",
}
_LISTENER = {
    "api_listener": "it takes no connections",
    "default_value": _OLD,
    "deprecated_v1": _OLD,
    "fcds_config": "filter chains of a control plane stand in no file",
    "filter_chain_matcher": _ANEW,
    "internal_listener": "it takes no connections from outside",
    "reuse_port": _OLD,
    "transport_sockets": _ANEW,
    "udp_listener_config": "listeners are written for TCP",
}
_MARK = re.compile(r"'([\w-]+)' in xds\.route_metadata\.filter_metadata\['gal'\]")
_APART = frozenset(("connection_managers", "listeners", "route_config", "router"))
_APART_LISTENER = frozenset(("network_filters", "tls"))
_READ = ("mirror",)
_ROUTES = {"vhds": "virtual hosts of a control plane stand in no file"}
_LAYER = "gal"


@dataclass(slots=True)
class _Written:
    """The listeners whose settings were asked for."""

    listeners: set[str] = field(default_factory=set)
    managers: set[str] = field(default_factory=set)


def bootstrap_settings(config: Json, shared: Shared) -> Json:
    """Keys of the bootstrap that were carried, with `config`, which is complete but for these."""
    gateway = shared.gateway
    kept = {key: value for key, value in own(gateway.extensions).items() if key not in _APART}
    kept.pop("upgrade_configs", None)
    runtime = kept.pop("layered_runtime", None)
    found = _sound(kept, _BOOTSTRAP, "bootstrap", shared)
    if runtime is not None:
        layers = _layers(runtime.get("layers") or [], shared)
        written = config["layered_runtime"]
        found["layered_runtime"] = {**runtime, "layers": [*layers, *written["layers"]]}
    return {**config, **found}


def _layers(layers: Iterable[object], shared: Shared) -> list[Json]:
    """Layers of the runtime, without GAL's own, and without those that stand outside of the file:
    Envoy does not start where they are not there.
    """
    found: list[Json] = []
    for one in layers:
        if not isinstance(one, dict):
            continue
        outside = next((key for key in ("disk_layer", "rtds_layer") if key in one), None)
        if outside is not None:
            message = (
                f'the layer "{one.get("name", "")}" is not put back: it stands in no file here'
            )
            _lost(shared, "bootstrap", message)
        elif one.get("name") != _LAYER:
            found.append(one)
    return found


def unwritten(shared: Shared) -> None:
    """Say of carried settings of listeners that there is no such listener."""
    written = shared.state(_Written)
    kept = own(shared.gateway.extensions)
    for key, names in (("listeners", written.listeners), ("connection_managers", written.managers)):
        for name in kept.get(key) or {}:
            if name not in names:
                message = f'the settings of the listener "{name}" are not put back: it is not there'
                _lost(shared, "listeners", message)


def unread(shared: Shared) -> None:
    """Say of settings of policies and certificates that they are written without them."""
    gateway = shared.gateway
    plain = unwrap(gateway)
    owners = [plain, *plain.services, *(route for _, route in plain.walk_routes())]
    for owner in owners:
        for item in fields(Policies):
            policy = getattr(owner.policies, item.name)
            if isinstance(policy, Policy) and item.name not in _READ:
                _unread(policy, item.name, policy.extensions, shared)
    for certificate in plain.certificates:
        _unread(certificate, "certificates", certificate.extensions, shared)


def _unread(subject: ModelNode, feature: str, extensions: Extensions, shared: Shared) -> None:
    for key in own(extensions):
        message = f'"{key}" is not put back: what it belongs to is written anew'
        _lost(shared, feature, message, subject)


def listener_settings(name: str, shared: Shared) -> Json:
    """Fields of a listener that were carried for it."""
    shared.state(_Written).listeners.add(name)
    kept = _listener(name, shared)
    plain = {key: value for key, value in kept.items() if key not in _APART_LISTENER}
    return _sound(plain, _LISTENER, "listeners", shared)


def network_filters(name: str, shared: Shared) -> list[Json]:
    """Network filters in front of a listener's connection manager. One that ends the chain itself
    stood in another chain, which is not there any more.
    """
    found: list[Json] = []
    for one in _listener(name, shared).get("network_filters") or []:
        problem = unsound(one, shared)
        if _ends(one):
            problem = "only HTTP is routed"
        if problem is None:
            refer(one, shared)
            found.append(one)
        else:
            label = one.get("name", "")
            message = f'the network filter "{label}" of "{name}" is not put back: {problem}'
            _lost(shared, "listeners", message)
    return found


def tls_settings(name: str, shared: Shared) -> Json:
    """What was carried of a listener's TLS: nothing where its filter chains differ in it."""
    kept = _listener(name, shared).get("tls") or []
    if not kept:
        return {}
    if any(one != kept[0] for one in kept):
        message = f'settings of TLS of "{name}" are not put back: its filter chains differ in them'
        _lost(shared, "certificates", message)
        return {}
    return dict(kept[0])


@dataclass(slots=True)
class _Schemes:
    """Whether any route of the model looks at the scheme."""

    compared: bool | None = None


def looks_at_scheme(shared: Shared) -> bool:
    """Whether any route of the model looks at the scheme, which no client may make up then."""
    state = shared.state(_Schemes)
    if state.compared is None:
        routes = (route for _, route in unwrap(shared.gateway).walk_routes())
        state.compared = any(one.schemes or one.https_redirect is not None for one in routes)
    return state.compared


def manager_settings(name: str, config: Json, shared: Shared, scheme: str | None) -> Json:
    """The settings of a connection manager with those that were carried for it.

    Args:
        name: of the listener.
        config: what GAL writes.
        shared: what all routes share.
        scheme: of the listener, where routes look at it; it must not be what a client says it is.
    """
    shared.state(_Written).managers.add(name)
    gateway = own(shared.gateway.extensions)
    kept = dict((gateway.get("connection_managers") or {}).get(name) or {})
    if kept.get("codec_type") == "HTTP3":
        kept.pop("codec_type")
        _lost(shared, "listeners", f'"codec_type" of "{name}" is not put back: it is not UDP')
    if scheme is not None and kept.get("use_remote_address", True) is False:
        kept["scheme_header_transformation"] = {"scheme_to_overwrite": scheme}
        message = "the scheme is that of the listener, whatever X-Forwarded-Proto says"
        shared.context.report.approximated(shared.gateway, "listeners", message)
    found = _sound(kept, _MANAGER, "listeners", shared)
    replies = found.pop("local_reply_config", None)
    early = found.pop("early_header_mutation_extensions", None)
    result = {**config, **found}
    if replies is not None:
        written = config["local_reply_config"]["mappers"]
        mappers = [*_without(replies.get("mappers"), written), *written]
        result["local_reply_config"] = {**replies, "mappers": mappers}
    if early is not None:
        written = config.get("early_header_mutation_extensions", [])
        others = [*_without(early, written), *written]
        result["early_header_mutation_extensions"] = others
    upgrades = gateway.get("upgrade_configs")
    if upgrades:
        result["upgrade_configs"] = _upgrades(upgrades, config["upgrade_configs"])
    return result


def carried_marks(shared: Shared) -> frozenset[str]:
    """The marks of routes that carried replies ask for."""
    managers = own(shared.gateway.extensions).get("connection_managers") or {}
    texts = (json.dumps(one.get("local_reply_config"), default=str) for one in managers.values())
    return frozenset(mark for text in texts for mark in _MARK.findall(text))


def router_settings(shared: Shared) -> Json:
    """Settings of the router that were carried."""
    return _sound(own(shared.gateway.extensions).get("router") or {}, {}, "router", shared)


def table_settings(shared: Shared) -> Json:
    """Settings of route tables that were carried."""
    kept = own(shared.gateway.extensions).get("route_config") or {}
    return _sound(kept, _ROUTES, "route_config", shared)


def _listener(name: str, shared: Shared) -> Json:
    return dict((own(shared.gateway.extensions).get("listeners") or {}).get(name) or {})


def _upgrades(kept: Iterable[Json], written: list[Json]) -> list[Json]:
    """Upgrades of the source, in front of those of every gateway; each kind once."""
    found: dict[str, Json] = {}
    for one in [*kept, *written]:
        found.setdefault(str(one.get("upgrade_type", "")).lower(), one)
    return list(found.values())


def _without(items: Any, others: list[Json]) -> list[Json]:
    return [one for one in items or [] if one not in others]


def _ends(network_filter: Json) -> bool:
    config = network_filter.get("typed_config") or network_filter.get("typedConfig") or {}
    kind = str(config.get("@type", "")).rsplit("/", 1)[-1]
    return not kind or any(f".{word}" in kind for word in _TERMINAL)


_TERMINAL = (
    *("tcp_proxy.", "redis_proxy.", "thrift_proxy.", "dubbo_proxy.", "generic_proxy.", "echo."),
    *("direct_response.", "rocketmq_proxy.", "http_connection_manager.", "sip_proxy."),
)


def _sound(kept: Json, impossible: Json, feature: str, shared: Shared) -> Json:
    """The settings that can be put back; the ledger says why not of the others."""
    found: Json = {}
    for key, value in sorted(kept.items()):
        problem = impossible.get(key) or unsound({key: value}, shared)
        if problem is None:
            refer({key: value}, shared)
            found[key] = value
        else:
            _lost(shared, feature, f'"{key}" is not put back: {problem}')
    return found


def _lost(shared: Shared, feature: str, message: str, subject: ModelNode | None = None) -> None:
    shared.context.report.dropped(subject or shared.gateway, feature, message)
