"""Real gateways whose APIs are asked, with their files as they are but for ports."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

from gal.convert import convert, read_gateway
from gal.model import Gateway
from gal.reading import read_documents
from gal.verify.verification import Bounds, Participant, Verification, verify
from gal.writing import render
from tests.gateways.client import HOST, send
from tests.gateways.processes import Process, binary
from tests.gateways.traefik import free_ports

Json = dict[str, Any]


@contextmanager
def envoy(config: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """Envoy with a bootstrap; the URL of its admin interface."""
    file, told = folder / "envoy.json", folder / "admin"
    admin = {"address": {"socket_address": {"address": HOST, "port_value": 0}}}
    file.write_text(json.dumps({**config, "admin": admin}), encoding="utf-8")
    options = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"]
    command: list[str | Path] = [binary("envoy"), "-c", file, "--admin-address-path", told]
    process = Process([*command, *options], folder / "log")

    def port() -> int:
        return int(told.read_text(encoding="utf-8").rpartition(":")[2] or 0) if told.exists() else 0

    try:
        process.wait_until(lambda: port() > 0 and send(port(), "GET", "/ready").status == 200)
        yield f"http://{HOST}:{port()}"
    finally:
        process.stop()


@contextmanager
def traefik(static: Mapping[str, Any], dynamic: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """Traefik with both of its files; the URL of its API."""
    (api,) = free_ports(1)
    config = {
        **static,
        "entryPoints": {**static["entryPoints"], "traefik": {"address": f"{HOST}:{api}"}},
        "providers": {"file": {"filename": "dynamic.yaml"}, "providersThrottleDuration": "1ms"},
        "log": {"level": "WARN", "noColor": True},
        "api": {"insecure": True, "dashboard": False},
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
    }
    (folder / "traefik.yaml").write_text(render(config), encoding="utf-8")
    (folder / "dynamic.yaml").write_text(render(dict(dynamic)), encoding="utf-8")
    command: list[str | Path] = ["env", f"--chdir={folder}", binary("traefik")]
    process = Process([*command, "--configfile=traefik.yaml"], folder / "log")

    def ready() -> bool:
        answer = send(api, "GET", "/api/rawdata")
        return answer.status == 200 and b"@file" in answer.body

    try:
        process.wait_until(ready)
        yield f"http://{HOST}:{api}"
    finally:
        process.stop()


def exported(text: str, target: str) -> list[Json]:
    """The files of a configuration of GAL on another gateway, listening on free ports."""
    files = [deepcopy(file.data) for file in convert(read_documents(text, "in.yaml"), target).files]
    if target == "envoy":
        places = [one["address"]["socket_address"] for one in _listeners(files[0])]
        for place, port in zip(places, free_ports(len(places)), strict=True):
            place |= {"address": HOST, "port_value": port}
    else:
        points = files[0]["entryPoints"].values()
        for point, port in zip(points, free_ports(len(points)), strict=True):
            point["address"] = f"{HOST}:{port}"
    return files


def _listeners(bootstrap: Json) -> list[Json]:
    found: list[Json] = bootstrap["static_resources"]["listeners"]
    return found


def gateway(source: str, *files: Mapping[str, Any]) -> Gateway:
    """The model of a gateway's files."""
    documents = [
        document
        for number, file in enumerate(files)
        for document in read_documents(render(dict(file)), f"{number}.yaml")
    ]
    return read_gateway(documents, source=source).gateway


def compared(first: Gateway, second: Gateway) -> Verification:
    """What requests that both models give rise to come to in one and in the other."""
    sides = (Participant("file", first), Participant("pulled", second))
    return verify(*sides, Bounds(probes=400))


def unused_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])
