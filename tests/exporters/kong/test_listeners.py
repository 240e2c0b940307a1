"""Routes that are limited to some listeners, where Kong has one port for each scheme."""

from __future__ import annotations

import pytest

from tests.exporters.kong.exported import gal

A, B = "{name: a, port: 8000}", "{name: b, port: 8001}"
LOCAL = "{name: b, host: 127.0.0.1, port: 8001}"
TLS = "{name: s, port: 8443, protocol: https}"


@pytest.mark.parametrize(
    ("listeners", "routes", "written"),
    [
        pytest.param([A, B], {"x": [], "y": []}, ["x", "y"], id="on all"),
        pytest.param([A, B], {"x": [8000], "y": [8001]}, ["x"], id="a tie: the first"),
        pytest.param([A, B], {"x": [8000], "y": [8001], "z": [8001]}, ["y", "z"], id="the most"),
        pytest.param([A, LOCAL], {"x": [], "y": [8001]}, ["x"], id="the local one is not opened"),
        pytest.param([LOCAL], {"x": [8001]}, ["x"], id="all are local"),
        pytest.param([A, B], {"x": [8000, 8001], "y": [8000]}, ["x", "y"], id="main and another"),
        pytest.param([A, TLS], {"x": [8000], "y": [8443]}, ["x", "y"], id="one for each scheme"),
        pytest.param([A, B, TLS], {"x": [8000], "y": [8001, 8443]}, ["x", "y"], id="on one of two"),
        pytest.param([A], {"x": [], "y": [9000]}, ["x"], id="a port that nothing listens on"),
    ],
)
def test_routes_of_ports(
    listeners: list[str], routes: dict[str, list[int]], written: list[str]
) -> None:
    shown = [
        f"{{name: {name}, path_prefix: /{name}, destinations: "
        f"{[{'port': port} for port in ports]}}}"
        for name, ports in routes.items()
    ]
    text = f"listeners: [{', '.join(listeners)}]\nservices: [{{name: s, upstream: {{host: h}}, "
    exported = gal(f"{text}routes: [{', '.join(shown)}]}}]")
    assert [one["name"] for one in exported.at("services.0.routes")] == written
    assert all("plugins" not in one for one in exported.at("services.0.routes"))
    said = [one for one in exported.said if "is not written" in one]
    assert len(said) == len(routes) - len(written)
    assert all(one.startswith("warning dropped") for one in said)


def test_a_route_on_the_secure_one_of_the_main_listeners_takes_no_plain_requests() -> None:
    exported = gal(
        f"listeners: [{A}, {B}, {TLS}]\nservices: [{{name: s, upstream: {{host: h}}, routes: ["
        "{name: x, path_prefix: /x, destinations: [{port: 8000}]},"
        "{name: y, path_prefix: /y, destinations: [{port: 8001}, {port: 8443}]}]}]"
    )
    assert exported.at("services.0.routes.1.protocols") == ["https"]


def test_every_listener_is_said_to_be_no_part_of_the_file() -> None:
    exported = gal(f"listeners: [{A}, {TLS}]\nservices: []")
    assert [one for one in exported.said if "proxy_listen" in one] == [
        "info dropped: Kong's ports are no part of this file: set proxy_listen and admin_listen"
    ] * 2
