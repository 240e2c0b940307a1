"""The ports that Envoy listens on, each with the route table.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener.proto and
https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gal.exporters.envoy.addresses import SOURCE_KEY
from gal.exporters.envoy.build import EXTENSION, HTTP_FILTER, Json, Shared
from gal.exporters.envoy.carried_connections import guarding_filters, secured
from gal.exporters.envoy.carried_settings import (
    listener_settings,
    looks_at_scheme,
    manager_settings,
    network_filters,
    router_settings,
    table_settings,
)
from gal.exporters.envoy.local_replies import local_replies
from gal.exporters.envoy.matches import SNI_KEY
from gal.exporters.envoy.tls import downstream_socket, names_itself, shown_certificates
from gal.exporters.envoy.underscores import underscores
from gal.exporters.envoy.virtual_hosts import Entry, virtual_hosts
from gal.model import Certificate, Listener, RouteOrder

OVERWRITE = "OVERWRITE_IF_EXISTS_OR_ADD"
_NETWORK = EXTENSION + "filters.network."
_EARLY = EXTENSION + "http.early_header_mutation.header_mutation.v3.HeaderMutation"
_TLS_INSPECTOR = EXTENSION + "filters.listener.tls_inspector.v3.TlsInspector"
_HTTPS_OFFSET = 443
_LARGEST_PORT = 65535
_LONGEST_BODY = 4096
_MOST_CHAINS = 20
_WITHOUT_DOT = frozenset({RouteOrder.APISIX, RouteOrder.TRAEFIK})
"""Gateways to which `a.test.` is the host `a.test`."""
_IDENTITY = re.compile(r"gal\.(jwt|api_key|basic|forward|consumer)\b")


@dataclass(frozen=True, slots=True)
class Port:
    """A port to listen on.

    Attributes:
        name: of Envoy's listener.
        host: address.
        port: TCP port.
        secure: TLS is spoken.
        certificates: names of those that are shown; empty means all with server names.
        origin: what the model says of it; unset where it says nothing.
    """

    name: str
    host: str
    port: int
    secure: bool = False
    certificates: Sequence[str] = ()
    origin: Listener | None = None


def ports(shared: Shared) -> list[Port]:
    """The ports: the listeners of the model, or one for plain HTTP, and one for HTTPS where there
    are certificates to show. The user's choice takes the place of the first plain one's address.
    """
    gateway, listen = shared.gateway, shared.context.options.listen
    found = [_port(listener, shared) for listener in gateway.listeners]
    if not found:
        settings = gateway.settings
        found = [Port("http", settings.host, settings.port)]
        if shown_certificates(shared, ()):
            number = settings.port + _HTTPS_OFFSET
            found.append(Port("https", settings.host, min(number, _LARGEST_PORT), secure=True))
    if listen is not None:
        host, number = listen
        plain = next((at for at, one in enumerate(found) if not one.secure), len(found))
        name = found[plain].name if plain < len(found) else "http"
        found[plain : plain + 1] = [Port(name, host, number)]
    return found


def _port(listener: Listener, shared: Shared) -> Port:
    secure = listener.protocol == "https"
    if listener.protocol not in ("http", "https"):
        message = f'"{listener.protocol}" is not http or https: it is plain HTTP'
        shared.context.report.approximated(listener, "listeners", message, "protocol")
    return Port(
        listener.name,
        listener.host,
        listener.port,
        secure,
        tuple(listener.certificates),
        listener,
    )


def listeners(found: Sequence[Port], entries: Sequence[Entry], shared: Shared) -> list[Json]:
    """Envoy's listeners, each with the entries that it takes."""
    tables = _Tables(entries, shared)
    return [one for port in found for one in _listener(port, tables, shared)]


@dataclass(slots=True)
class _Tables:
    """The route tables of the listeners: one for all, unless entries look at ports."""

    entries: Sequence[Entry]
    shared: Shared
    _common: Json | None = None

    def of(self, port: Port) -> Json:
        """The route configuration of a listener."""
        differs = any(
            entry.server_names is not None
            or entry.ports is not None
            or any(host.port is not None for host in entry.hosts)
            for entry in self.entries
        )
        if not differs and self._common is not None:
            return self._common
        chosen = [
            _on_port(entry, port)
            for entry in self.entries
            if entry.ports is None or port.port in entry.ports
        ]
        config: Json = {"name": "routes", "ignore_port_in_host_matching": True}
        longest = max(map(_body_size, chosen), default=0)
        if longest > _LONGEST_BODY:
            config["max_direct_response_body_size_bytes"] = longest
        config["request_headers_to_add"] = [
            _option("x-forwarded-host", "%REQ(:AUTHORITY)%"),
            _option("x-forwarded-port", "%DOWNSTREAM_LOCAL_PORT%"),
            _option("x-real-ip", "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"),
        ]
        config["request_headers_to_remove"] = ["x-envoy-external-address"]
        config["virtual_hosts"] = virtual_hosts(chosen, port.port)
        config = _with_table(config, table_settings(self.shared))
        if not differs:
            self._common = config
        return config

    def uses(self, key: str) -> bool:
        """Whether an entry looks at what the connection left under a key."""
        if key == SNI_KEY:
            return any(entry.server_names is not None for entry in self.entries)
        return any(
            state["key"] == key
            for entry in self.entries
            for state in entry.route["match"].get("filter_state", ())
        )


def _with_table(config: Json, kept: Json) -> Json:
    """A route table with the settings that were carried: lists are put together, and the larger
    limit on bodies counts.
    """
    found = {**config}
    for key, value in kept.items():
        if isinstance(value, list) and isinstance(config.get(key), list):
            found[key] = [*config[key], *(one for one in value if one not in config[key])]
        elif key == "max_direct_response_body_size_bytes":
            found[key] = max(int(value), config.get(key, _LONGEST_BODY))
        else:
            found[key] = value
    return found


def _body_size(entry: Entry) -> int:
    """Bytes of the body that an entry answers with itself."""
    body = entry.route.get("direct_response", {}).get("body", {})
    return len(body.get("inline_string", "").encode())


def _option(name: str, variable: str) -> Json:
    return {"header": {"key": name, "value": variable}, "append_action": OVERWRITE}


def _on_port(entry: Entry, port: Port) -> Entry:
    """The entry as a listener has it: server names are compared where there are any."""
    if entry.server_names is None or not port.secure:
        return entry
    match = dict(entry.route["match"])
    name = {"key": SNI_KEY, "string_match": {"safe_regex": {"regex": entry.server_names}}}
    match["filter_state"] = [name, *match.get("filter_state", ())]
    return Entry({**entry.route, "match": match}, entry.hosts, around=entry.around)


def _listener(port: Port, tables: _Tables, shared: Shared) -> list[Json]:
    filters = [
        *_filter_state(port, tables),
        *guarding_filters(port.name, shared),
        *network_filters(port.name, shared),
        _manager(port, tables, shared),
    ]
    listener: Json = {
        **listener_settings(port.name, shared),
        "name": port.name,
        "address": {"socket_address": {"address": port.host, "port_value": port.port}},
    }
    if not port.secure:
        return [{**listener, "filter_chains": [{"filters": filters}]}]
    shown = shown_certificates(shared, port.certificates)
    if not shown:
        message = f'the listener "{port.name}" has no certificate to show, so it is not there'
        shared.context.report.dropped(port.origin or shared.gateway, "listeners", message)
        return []
    chains = _secure_chains(shown, filters, port.name, shared)
    if "default_filter_chain" in chains or tables.uses(SNI_KEY):
        # The name has to be known before the handshake.
        inspector = {"name": "tls_inspector", "typed_config": {"@type": _TLS_INSPECTOR}}
        listener["listener_filters"] = [*listener.get("listener_filters", ()), inspector]
    return [{**listener, **chains}]


def _secure_chains(
    shown: Sequence[Certificate], filters: Sequence[Json], name: str, shared: Shared
) -> Json:
    """One chain for the certificates whose own names say when to show them, and one for each of
    the others, which each hold the route table once more.
    """
    apart = [one for one in shown[1:] if not names_itself(one)]
    if len(apart) > _MOST_CHAINS:
        message = "Envoy shows the certificate by the names in it, not by its server_names"
        for one in apart:
            shared.context.report.approximated(one, "certificates", message, "server_names")
        apart = []
    common = [one for one in shown if one not in apart]
    chain = {
        "transport_socket": secured(downstream_socket(common), name, shared),
        "filters": list(filters),
    }
    if not apart:
        return {"filter_chains": [chain]}
    taken: set[str] = set()
    chains: list[Json] = []
    for one in apart:
        names = [name.lower() for name in one.server_names if name.lower() not in taken]
        taken.update(names)
        if names:
            chains.append(
                {
                    "name": one.name,
                    "filter_chain_match": {"server_names": names},
                    "transport_socket": secured(downstream_socket([one]), name, shared),
                    "filters": list(filters),
                }
            )
    return {"filter_chains": chains, "default_filter_chain": {"name": "default", **chain}}


def _filter_state(port: Port, tables: _Tables) -> list[Json]:
    """What routes compare of the connection, kept where no header can change it."""
    kept = []
    if tables.uses(SOURCE_KEY):
        kept.append((SOURCE_KEY, "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%"))
    if port.secure and tables.uses(SNI_KEY):
        kept.append((SNI_KEY, "%REQUESTED_SERVER_NAME%"))
    if not kept:
        return []
    values = [
        {
            "object_key": key,
            "factory_key": "envoy.string",
            "format_string": {"text_format_source": {"inline_string": variable}},
        }
        for key, variable in kept
    ]
    config = {"@type": _NETWORK + "set_filter_state.v3.Config", "on_new_connection": values}
    return [{"name": "gal.connection", "typed_config": config}]


def _manager(port: Port, tables: _Tables, shared: Shared) -> Json:
    """The HTTP connection manager. Paths are compared and sent on in their normal form, clients are
    known by their connection, and WebSockets pass, as other gateways have it.
    """
    router = {
        "@type": HTTP_FILTER + "router.v3.Router",
        "suppress_envoy_headers": True,
        **router_settings(shared),
    }
    config: Json = {
        "@type": _NETWORK + "http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": port.name,
        "normalize_path": True,
        "merge_slashes": True,
        "use_remote_address": True,
        "generate_request_id": False,
        "server_header_transformation": "PASS_THROUGH",
        "upgrade_configs": [{"upgrade_type": "websocket"}],
    }
    order = shared.gateway.settings.route_order
    if order in _WITHOUT_DOT and any(route.hosts for _, route in shared.gateway.walk_routes()):
        config["strip_trailing_host_dot"] = True
    config |= underscores(shared)
    filters = shared.filters.render()
    if any(_IDENTITY.match(one["name"]) for one in filters):
        config["early_header_mutation_extensions"] = [_without_own_headers()]
    config |= local_replies(shared)
    scheme = "https" if port.secure else "http"
    compared = scheme if looks_at_scheme(shared) else None
    config = manager_settings(port.name, config, shared, compared)
    config["route_config"] = tables.of(port)
    last = {"name": "envoy.filters.http.router", "typed_config": router}
    config["http_filters"] = [*filters, last]
    return {"name": "envoy.filters.network.http_connection_manager", "typed_config": config}


def _without_own_headers() -> Json:
    """Only filters may set the headers by which they tell each other who the client is."""
    mutations = [{"remove_on_match": {"key_matcher": {"prefix": "x-gal-"}}}]
    return {"name": "gal.own_headers", "typed_config": {"@type": _EARLY, "mutations": mutations}}
