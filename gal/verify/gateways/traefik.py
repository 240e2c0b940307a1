"""Traefik with a user's files (https://doc.traefik.io/traefik/reference/install-configuration/boot-environment/).

Entry points move to loopback, and every server of every service to a recording server. What would
fetch certificates or plugins, call out, or write files is left away.
"""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from gal.verify.gateways import HOST, Door, Json, Running
from gal.verify.processes import NotStartedError, Process, binary
from gal.verify.recorder import Target

_API = "traefik"
_PORTS = {"http": 80, "https": 443, "h2c": 80}
_LEFT_AWAY = (
    *("certificatesresolvers", "experimental", "tracing", "metrics", "accesslog", "log"),
    *("pilot", "ping", "hub", "providers", "api"),
)


@dataclass(frozen=True, slots=True)
class TraefikFiles:
    """Files of Traefik.

    Attributes:
        static: plain data of the static configuration; empty where there is none.
        dynamic: plain data of the dynamic configuration, all files as one.
        folder: where relative paths in it start.
    """

    static: Json
    dynamic: Json
    folder: Path

    @property
    def targets(self) -> tuple[Target, ...]:
        """Hosts and ports of all servers, and of what middlewares ask."""
        return tuple(_target(holder[key]) for holder, key in _addresses(self.dynamic))

    @contextmanager
    def start(self, ports: Mapping[Target, int], timeout: float) -> Iterator[Running]:
        """Start it with its servers on these ports of 127.0.0.1."""
        program = binary("traefik")
        if program is None:
            raise NotStartedError("traefik is not installed: pip install 'gal-gateway[gateways]'")
        dynamic = deepcopy(self.dynamic)
        _simplify(dynamic)
        for holder, key in _addresses(dynamic):
            holder[key] = _moved_address(holder[key], ports)
        with TemporaryDirectory(prefix="gal-traefik-") as name:
            folder = Path(name)
            static, doors, api = self._moved(folder)
            (folder / "traefik.yaml").write_text(json.dumps(static), encoding="utf-8")
            (folder / "dynamic.yaml").write_text(json.dumps(dynamic), encoding="utf-8")
            command: list[str | Path] = [program, f"--configfile={folder / 'traefik.yaml'}"]
            process = Process(command, folder / "log", self.folder)
            try:
                running = _Running(doors, api, bool((_get(dynamic, "http") or {}).get("routers")))
                process.wait_until(running.is_ready, timeout)
                yield running
            finally:
                process.stop()

    def _moved(self, folder: Path) -> tuple[Json, tuple[Door, ...], int]:
        static = {
            name: deepcopy(value)
            for name, value in self.static.items()
            if name.lower() not in _LEFT_AWAY
        }
        key = next((name for name in static if name.lower() == "entrypoints"), "entryPoints")
        points = static.setdefault(key, {})
        if not points:
            points |= {"web": {"address": ":80"}, "websecure": {"address": ":443"}}
        points.pop(_API, None)
        *free, api = _free_ports(len(points) + 1)
        doors = []
        for (name, point), port in zip(points.items(), free, strict=True):
            where = next((one for one in point if one.lower() == "address"), "address")
            address, _, protocol = str(point.get(where, ":80")).partition("/")
            if protocol == "udp":
                point[where] = f"{HOST}:{port}/udp"
                continue
            wanted = int(address.rpartition(":")[2] or 0)
            point[where] = f"{HOST}:{port}"
            doors += [Door(wanted, port, secure) for secure in self._speaks(name, point)]
        points[_API] = {"address": f"{HOST}:{api}"}
        static |= {
            "providers": {
                "file": {"filename": str(folder / "dynamic.yaml")},
                "providersThrottleDuration": "1ms",
            },
            "log": {"level": "WARN", "noColor": True},
            "api": {"insecure": True, "dashboard": False},
            "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
        }
        return static, tuple(doors), api

    def _speaks(self, name: str, point: Json) -> list[bool]:
        """Whether an entry point has routers without TLS, and with it."""
        if (_get(_get(point, "http") or {}, "tls")) is not None:
            return [True]
        found = set()
        for router in (_get(_get(self.dynamic, "http") or {}, "routers") or {}).values():
            points = _get(router, "entrypoints") or [name]
            if name in points:
                found.add(_get(router, "tls") is not None)
        return sorted(found or {False})


@dataclass(slots=True)
class _Running:
    doors: tuple[Door, ...]
    api: int
    has_routers: bool

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.api}/api/rawdata", timeout=2) as got:
                routers = json.load(got).get("routers", {})
        except OSError:
            return False
        return not self.has_routers or any(name.endswith("@file") for name in routers)


def _get(mapping: Json, name: str) -> Any:
    """A value by its name, without case."""
    return next((value for key, value in mapping.items() if key.lower() == name), None)


def _addresses(dynamic: Json) -> Iterator[tuple[Json, str]]:
    """Every place that holds an address that Traefik calls: the mapping and the key."""
    http = _get(dynamic, "http") or {}
    for service in (_get(http, "services") or {}).values():
        balancer = _get(service, "loadbalancer") or {}
        for server in _get(balancer, "servers") or ():
            yield from ((server, key) for key in list(server) if key.lower() == "url")
    for middleware in (_get(http, "middlewares") or {}).values():
        forward = _get(middleware, "forwardauth") or {}
        yield from ((forward, key) for key in list(forward) if key.lower() == "address")


def _simplify(dynamic: Json) -> None:
    """Recording servers speak plain HTTP, and are always there."""
    http = _get(dynamic, "http") or {}
    for service in (_get(http, "services") or {}).values():
        balancer = _get(service, "loadbalancer") or {}
        for name in [one for one in balancer if one.lower() in ("healthcheck", "serverstransport")]:
            del balancer[name]


def _target(url: Any) -> Target:
    parts = urlsplit(str(url))
    return parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 80)


def _moved_address(url: Any, ports: Mapping[Target, int]) -> str:
    parts = urlsplit(str(url))
    query = f"?{parts.query}" if parts.query else ""
    return f"http://{HOST}:{ports[_target(url)]}{parts.path}{query}"


def _free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HOST, 0))
        return [int(one.getsockname()[1]) for one in sockets]
