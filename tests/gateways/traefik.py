"""The real Traefik, started on free ports with a given folder of files."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, cast

from gal.context import OutputFile
from gal.writing import render
from tests.exporters.traefik.exported import exported
from tests.gateways.cases import Group, Running, Stage, filled
from tests.gateways.client import HOST, send
from tests.gateways.envoy import RunningEnvoy
from tests.gateways.processes import Process, binary
from tests.gateways.recorder import Upstream, refused_port

_STATIC: Final = "traefik.yaml"
_API: Final = "traefik"
"""The entry point that Traefik itself names so, for its API."""


class RunningTraefik:
    """Traefik with the files that an exporter wrote; use it in a `with` statement.

    Its entry points move to free ports of 127.0.0.1, and its API is switched on, so that any
    number of them run at once and say what they think of their configuration.

    Args:
        files: the files of one configuration, `traefik.yaml` among them.
        output_format: what they are written in, `yaml` or `toml`.

    Attributes:
        ports: the port in the file -> the port it really listens on.
    """

    def __init__(self, files: Iterable[OutputFile], output_format: str = "yaml") -> None:
        self._program = binary("traefik")
        self._format = output_format
        self._files = {file.name: file.data for file in files}
        self._routers = any("routers" in file.get("http", {}) for file in self._files.values())
        self.ports: dict[int, int] = {}

    @property
    def port(self) -> int:
        """The real port of the first entry point."""
        return next(iter(self.ports.values()))

    @property
    def log(self) -> str:
        """What Traefik has logged so far, warnings and worse."""
        return self._process.log

    def api(self, path: str) -> Any:
        """Ask Traefik's API, such as `/api/http/routers`."""
        return json.loads(send(self._api, "GET", path).body)

    def errors(self) -> list[str]:
        """What Traefik refuses of its dynamic configuration, and what it has logged."""
        data = self.api("/api/rawdata")
        found = [
            f"{kind} {name}: {', '.join(map(str, one.get('error', [])))}"
            for kind in ("routers", "services", "middlewares")
            for name, one in data.get(kind, {}).items()
            if one.get("error") or one.get("status") not in ("enabled", None)
        ]
        return found + [line for line in self.log.splitlines() if " ERR " in line]

    def __enter__(self) -> RunningTraefik:
        self._folder = TemporaryDirectory(prefix="gal-traefik-")
        folder = Path(self._folder.name)
        static = self._moved(self._files[_STATIC])
        for name, data in {**self._files, _STATIC: static}.items():
            text = render(data, self._format)
            (folder / name).with_suffix(f".{self._format}").write_text(text, encoding="utf-8")
        # The file provider's path is relative to where Traefik is started.
        static_name = Path(_STATIC).with_suffix(f".{self._format}")
        self._process = Process(
            ["env", f"--chdir={folder}", self._program, f"--configfile={static_name}"],
            folder / "log",
        )
        try:
            self._process.wait_until(self._is_ready)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        self._process.stop()
        self._folder.cleanup()

    def _is_ready(self) -> bool:
        if send(self._api, "GET", "/api/version").status != 200:
            return False
        if not self._routers or " ERR " in self.log:
            return True
        return any(name.endswith("@file") for name in self.api("/api/rawdata").get("routers", {}))

    def _moved(self, static: Mapping[str, Any]) -> dict[str, Any]:
        """The static file with every entry point on a free port, and the API."""
        moved = deepcopy(dict(static))
        points = {name: one for name, one in moved["entryPoints"].items() if name != _API}
        free = free_ports(len(points) + 1)
        for one, port in zip(points.values(), free, strict=False):
            address, slash, protocol = str(one["address"]).partition("/")
            self.ports[int(address.rpartition(":")[2])] = port
            one["address"] = f"{HOST}:{port}{slash}{protocol}"
        self._api = free[-1]
        moved["entryPoints"] = {**points, _API: {"address": f"{HOST}:{self._api}"}}
        moved["providers"]["providersThrottleDuration"] = "1ms"
        moved["log"] = {"level": "WARN", "noColor": True}
        moved["api"] = {"insecure": True, "dashboard": False}
        return moved


class TraefikStage(Stage):
    """Runs one group at a time on Traefik, as `Stage` does on Envoy."""

    def __init__(self) -> None:
        super().__init__(lambda text: text)

    def _start(self, group: Group) -> Running:
        upstreams = {
            spec.name: self._stack.enter_context(
                Upstream(spec.name, respond=spec.respond, tls=spec.tls, ask_client=spec.ask_client)
            )
            for spec in group.backends
        }
        values = {"refused_port": str(self._stack.enter_context(refused_port()))}
        for name, upstream in upstreams.items():
            values |= {f"{name}_host": HOST, f"{name}_port": str(upstream.port)}
        files = exported(filled(group.config, values)).files
        traefik = self._stack.enter_context(RunningTraefik(files))
        if found := traefik.errors():
            raise AssertionError(f"{group.name}: Traefik refuses it: {found}")
        return Running(cast(RunningEnvoy, traefik), upstreams)  # it offers what is asked of Envoy


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HOST, 0))
        return [int(one.getsockname()[1]) for one in sockets]
