"""What the parts of the Envoy importer share: the filters of a connection manager, what routes say
of them, and where results go.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto
(`HttpFilter`) and https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
(`typed_per_filter_config`, `FilterConfig`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gal.context import ImportContext
from gal.ledger import Reporter
from gal.model import Certificate, Gateway
from gal.reading import Mapping, Node

S = TypeVar("S")

_FILTER_CONFIG = ".FilterConfig"
_TYPED_STRUCTS = ("udpa.type.v1.TypedStruct", "xds.type.v3.TypedStruct")
_PACKAGES = (
    ("envoy.extensions.filters.http.", "envoy.filters.http."),
    ("envoy.config.filter.http.", "envoy.filters.http."),
    ("envoy.extensions.filters.network.", "envoy.filters.network."),
    ("envoy.config.filter.network.", "envoy.filters.network."),
    ("envoy.extensions.filters.listener.", "envoy.filters.listener."),
    ("envoy.config.filter.listener.", "envoy.filters.listener."),
)
_OLD_FOLDERS = {
    "envoy.filters.http.rate_limit": "envoy.filters.http.ratelimit",
    "envoy.filters.network.rate_limit": "envoy.filters.network.ratelimit",
}
_OLD_NAMES = {
    "envoy.rate_limit": "envoy.filters.http.ratelimit",
    "envoy.http_dynamo_filter": "envoy.filters.http.dynamo",
    "envoy.http_connection_manager": "envoy.filters.network.http_connection_manager",
    "envoy.tcp_proxy": "envoy.filters.network.tcp_proxy",
    "envoy.redis_proxy": "envoy.filters.network.redis_proxy",
    "envoy.mongo_proxy": "envoy.filters.network.mongo_proxy",
    "envoy.client_ssl_auth": "envoy.filters.network.client_ssl_auth",
    "envoy.echo": "envoy.filters.network.echo",
    "envoy.ratelimit": "envoy.filters.network.ratelimit",
    "envoy.listener.tls_inspector": "envoy.filters.listener.tls_inspector",
    "envoy.listener.http_inspector": "envoy.filters.listener.http_inspector",
    "envoy.listener.original_dst": "envoy.filters.listener.original_dst",
    "envoy.listener.original_src": "envoy.filters.listener.original_src",
    "envoy.listener.proxy_protocol": "envoy.filters.listener.proxy_protocol",
    **{
        f"envoy.{name}": f"envoy.filters.http.{name}"
        for name in (
            *("buffer", "cors", "csrf", "ext_authz", "fault", "grpc_http1_bridge", "router"),
            *("grpc_json_transcoder", "grpc_web", "gzip", "health_check", "ip_tagging", "lua"),
            *("squash", "rbac", "jwt_authn", "dynamo"),
        )
    },
}


@dataclass(frozen=True, slots=True)
class TypedConfig:
    """What an extension of Envoy is set to.

    Attributes:
        type: the message's full name, such as `envoy.extensions.filters.http.cors.v3.Cors`; empty
            where the file does not say it (`config` of v2).
        value: its fields, without a wrapping `TypedStruct`; None where there are none.
    """

    type: str
    value: Mapping | None

    @property
    def kind(self) -> str:
        """The canonical name of the filter that this belongs to; empty where the type is unset."""
        return kind_of_type(self.type)


@dataclass(slots=True)
class HttpFilter:
    """A filter of an HTTP connection manager.

    Attributes:
        name: as the chain calls it, which is the key of `typed_per_filter_config`.
        kind: its canonical name, such as `envoy.filters.http.cors`.
        config: what `typed_config` holds (or `config` of v2), without a wrapping `TypedStruct`;
            None for a filter without settings, or with `config_discovery`.
        disabled: it acts only where a route switches it on.
        node: its entry in the chain.
    """

    name: str
    kind: str
    config: Mapping | None
    disabled: bool
    node: Mapping


@dataclass(slots=True)
class Override:
    """What a scope says of a filter.

    Attributes:
        config: settings, instead of the chain's; None where it only switches.
        disabled: whether it is off (True) or switched on (False) here; None says nothing of it.
        kind: canonical name of the filter by the type of the settings; empty where unknown.
        node: the value in the file.
        optional: a filter that Envoy does not know is passed over.
    """

    config: Mapping | None
    disabled: bool | None
    kind: str
    node: Mapping
    optional: bool = False


Scope = dict[str, Override]
"""What one scope says, by the name of the filter."""


@dataclass(slots=True)
class Overrides:
    """What the scopes of one route say of filters; the narrowest that speaks of one decides.

    Attributes:
        route_config: all routes of the table.
        virtual_host: those of the virtual host.
        route: the route.
        weighted_cluster: by the name of the cluster, those of its clusters that say anything.
    """

    route_config: Scope = field(default_factory=dict)
    virtual_host: Scope = field(default_factory=dict)
    route: Scope = field(default_factory=dict)
    weighted_cluster: dict[str, Scope] = field(default_factory=dict)

    def scopes(self) -> tuple[Scope, Scope, Scope]:
        """The narrowest first, without the clusters'."""
        return self.route, self.virtual_host, self.route_config

    def of(self, one: HttpFilter) -> Iterator[Override]:
        """What is said of a filter, the narrowest scope first. Keys are names of the chain; files
        for older versions have the canonical name instead.
        """
        for scope in self.scopes():
            found = scope.get(one.name) or scope.get(one.kind)
            if found is None:
                found = next((v for k, v in scope.items() if canonical(k) == one.kind), None)
                if found is not None and one.name not in (found.node.key, one.kind):
                    found = None  # it speaks of another filter of this kind
            if found is not None:
                yield found


@dataclass(slots=True)
class Chain:
    """The filters that requests of a listener pass.

    Attributes:
        filters: in their order, with the router last.
        listener: name of the listener, for messages.
        hcm: settings of the connection manager.
        told: the client's address is one that somebody tells, not that of the connection.
    """

    filters: list[HttpFilter]
    listener: str
    hcm: Mapping
    told: bool = False


@dataclass(slots=True)
class Shared:
    """What all routes of one input share.

    Attributes:
        context: reporting and the user's choices.
        gateway: the model that is being made.
        upstream_of: gives the name of the model's service or upstream for a cluster, by the
            cluster's name, and makes it where it is not there yet.
        certificates: the model's certificates.
    """

    context: ImportContext
    gateway: Gateway
    upstream_of: Callable[[str], str] = str
    certificates: list[Certificate] = field(default_factory=list)
    _states: dict[type, Any] = field(default_factory=dict)

    @property
    def report(self) -> Reporter:
        """Where to say what became of a field."""
        return self.context.report

    def state(self, kind: type[S]) -> S:
        """What one part of the importer remembers from route to route: made once an input."""
        if kind not in self._states:
            self._states[kind] = kind()
        found: S = self._states[kind]
        return found


def canonical(name: str) -> str:
    """The name of a filter as Envoy 3 has it: v2's names are translated, others stay."""
    return _OLD_NAMES.get(name, name)


def kind_of_type(type_name: str) -> str:
    """The canonical name of a filter by the full name of its settings; others stay as they are."""
    for package, name in _PACKAGES:
        if type_name.startswith(package):
            folder = name + type_name[len(package) :].split(".", 1)[0]
            return _OLD_FOLDERS.get(folder, folder)
    return type_name


def message_name(type_url: str) -> str:
    """The full name of a message by its `@type`."""
    return type_url.rsplit("/", 1)[-1]


def take_typed(node: Mapping, key: str = "typed_config") -> TypedConfig | None:
    """Settings with an `@type`, or v2's `config` without one; None where there are none."""
    found = node.take(key)
    if found is None and key == "typed_config":
        found = node.take("config")
    if found is None:
        return None
    if not isinstance(found, Mapping):
        raise found.mismatch("a mapping")
    return typed(found)


def typed(node: Mapping) -> TypedConfig:
    """A mapping with an `@type`; what a `TypedStruct` wraps stands for it."""
    name = message_name(node.take_str("@type", ""))
    if name in _TYPED_STRUCTS:
        return TypedConfig(message_name(node.take_str("type_url", "")), node.take_mapping("value"))
    return TypedConfig(name, node)


def take_filter(node: Mapping) -> HttpFilter:
    """An entry of `http_filters`. `config_discovery` and `is_optional` are left to the reader."""
    name = node.take_str("name", "")
    found = take_typed(node)
    kind = canonical(name)
    config = None
    if found is not None:
        config = found.value
        kind = found.kind or kind
    return HttpFilter(name, kind, config, node.take_bool("disabled", False), node)


def take_overrides(node: Mapping) -> Scope:
    """What `typed_per_filter_config` (`per_filter_config` of v2) of a scope says."""
    scope: Scope = {}
    for key in ("typed_per_filter_config", "per_filter_config"):
        found = node.take(key)
        if found is None:
            continue
        if not isinstance(found, Mapping):
            raise found.mismatch("a mapping")
        for name, value in found.take_items():
            if not isinstance(value, Mapping):
                raise value.mismatch("a mapping")
            scope[name] = _override(name, value)
    return scope


def _override(name: str, node: Mapping) -> Override:
    outer = typed(node)
    if not outer.type.endswith(_FILTER_CONFIG) or outer.value is None:
        return Override(outer.value, None, outer.kind or canonical(name), node)
    wrapper = outer.value
    disabled = wrapper.take_bool("disabled")
    optional = wrapper.take_bool("is_optional", False)
    below: Node | None = wrapper.take("config")
    inner = typed(below) if isinstance(below, Mapping) else None
    if below is not None and inner is None:
        raise below.mismatch("a mapping")
    if inner is None or inner.value is None or not (len(inner.value) or inner.type):
        # An empty `config` only switches the filter on.
        on = False if disabled is None else disabled
        return Override(None, on, canonical(name), node, optional)
    return Override(inner.value, bool(disabled), inner.kind or canonical(name), node, optional)
