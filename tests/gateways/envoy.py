"""The real Envoy, started on free ports with a given bootstrap."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import yaml

from tests.gateways.client import HOST, send
from tests.gateways.processes import Process, binary

_ANY_PORT: Final = {"socket_address": {"address": HOST, "port_value": 0}}


def validate(config: str) -> str | None:
    """Ask Envoy whether it would load this text, as it stands; return its complaint."""
    program = binary("envoy")
    with TemporaryDirectory(prefix="gal-envoy-") as folder:
        path = Path(folder) / "envoy.yaml"
        path.write_text(config, encoding="utf-8")
        done = subprocess.run(
            [program, "--mode", "validate", "--log-level", "error", "--config-path", path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    return done.stdout.strip() or "refused" if done.returncode else None


class RunningEnvoy:
    """Envoy with a bootstrap of static listeners; use it in a `with` statement.

    Its listeners and its admin page move to free ports of 127.0.0.1, which Envoy itself picks,
    so that any number of them run at once.

    Args:
        config: bootstrap as YAML or JSON text, or as data.

    Attributes:
        ports: the port in the bootstrap -> the port it really listens on.
    """

    def __init__(self, config: str | Mapping[str, Any]) -> None:
        self._program = binary("envoy")
        data = yaml.safe_load(config) if isinstance(config, str) else deepcopy(dict(config))
        self._config, self._wanted = _moved(data)
        self.ports: dict[int, int] = {}

    @property
    def port(self) -> int:
        """The real port of the first listener."""
        return next(iter(self.ports.values()))

    @property
    def url(self) -> str:
        """The first listener, as a URL."""
        return f"http://{HOST}:{self.port}"

    @property
    def config(self) -> Mapping[str, Any]:
        """The bootstrap as it runs, on ports that Envoy picks."""
        return self._config

    @property
    def log(self) -> str:
        """What Envoy has logged so far, warnings and worse."""
        return self._process.log

    def admin(self, path: str, method: str = "GET") -> str:
        """Ask Envoy's admin page, such as `/stats?filter=ratelimit` or `/config_dump`."""
        return send(self._admin, method, path).body.decode()

    def __enter__(self) -> RunningEnvoy:
        self._folder = TemporaryDirectory(prefix="gal-envoy-")
        folder = Path(self._folder.name)
        config, address = folder / "envoy.json", folder / "admin"
        config.write_text(json.dumps(self._config), encoding="utf-8")
        options = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"]
        self._process = Process(
            [self._program, "-c", config, "--admin-address-path", address, *options],
            folder / "log",
        )
        try:
            self._process.wait_until(lambda: self._is_ready(address))
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        self._process.stop()
        self._folder.cleanup()

    def _is_ready(self, address: Path) -> bool:
        text = address.read_text(encoding="utf-8") if address.exists() else ""
        if ":" not in text:
            return False
        self._admin = int(text.rpartition(":")[2])
        if send(self._admin, "GET", "/ready").status != 200:
            return False
        listening = {
            status["name"]: status["local_address"]["socket_address"]["port_value"]
            for status in json.loads(self.admin("/listeners?format=json"))["listener_statuses"]
        }
        self.ports = {port: listening[name] for name, port in self._wanted.items()}
        return True


def _moved(config: dict[str, Any]) -> tuple[dict[str, Any], dict[str, int]]:
    """Move everything to free ports; return the bootstrap, and listener name -> port it had."""
    config["admin"] = {"address": _ANY_PORT}
    wanted = {}
    for index, listener in enumerate(config["static_resources"]["listeners"]):
        name = listener.setdefault("name", f"listener_{index}")
        socket_address = listener["address"]["socket_address"]
        wanted[name] = int(socket_address["port_value"])
        socket_address |= {"address": HOST, "port_value": 0}
    return config, wanted
