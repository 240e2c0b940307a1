"""Settings of the server itself beside the routes."""

from __future__ import annotations

from typing import Any

import pytest

from gal.convert import Conversion, read_gateway
from gal.errors import InputError
from gal.reading import read_documents

ROUTES = "routes: [{id: r, uri: /, upstream: {nodes: {'h.test:80': 1}}}]\n#END\n"


def read(settings: str) -> Conversion:
    documents = read_documents(ROUTES, "apisix.yaml", "yaml")
    documents += read_documents(settings, "config.yaml", "yaml")
    return read_gateway(documents)


@pytest.mark.parametrize(
    ("settings", "ports"),
    [
        ("apisix: {node_listen: 8000}", [("http", "0.0.0.0", 8000, "http")]),
        (
            "apisix: {node_listen: [8000, {ip: 127.0.0.1, port: 8001}]}",
            [("http", "0.0.0.0", 8000, "http"), ("http-2", "127.0.0.1", 8001, "http")],
        ),
        (
            "apisix: {ssl: {listen: [{port: 8443}]}}",
            [("http", "0.0.0.0", 9080, "http"), ("https", "0.0.0.0", 8443, "https")],
        ),
        (
            "apisix: {node_listen: [], ssl: {listen: [{port: 8443}]}}",
            [("https", "0.0.0.0", 8443, "https")],
        ),
        ("apisix: {node_listen: [{port: 8000}], ssl: {enable: false}}", []),
        ("deployment: {role: data_plane}", []),
    ],
)
def test_ports(settings: str, ports: list[tuple[Any, ...]]) -> None:
    found = read(settings).gateway.listeners
    assert [(one.name, one.host, one.port, one.protocol) for one in found] == ports


def test_one_plain_port_is_the_gateways() -> None:
    found = read("apisix: {node_listen: [{port: 8000}], ssl: {enable: false}}").gateway
    assert (found.settings.host, found.settings.port) == ("0.0.0.0", 8000)


@pytest.mark.parametrize(
    ("router", "kept", "said"),
    [
        ("radixtree_host_uri", {}, []),
        ("radixtree_uri", {"apisix": {"router": "radixtree_uri"}}, []),
        (
            "radixtree_uri_with_parameter",
            {"apisix": {"router": "radixtree_uri_with_parameter"}},
            ["warning approximated apisix.router.http"],
        ),
    ],
)
def test_router(router: str, kept: dict[str, Any], said: list[str]) -> None:
    found = read(f"apisix: {{router: {{http: {router}}}}}")
    assert found.gateway.extensions == kept
    assert [f"{one.level.value} {one.fate.value} {one.path}" for one in found.ledger] == said


def test_the_rest_has_no_routes() -> None:
    said = read("apisix: {enable_admin: false, ssl: {ssl_protocols: TLSv1.3}}\nnginx_config: {}")
    assert sorted(f"{one.level.value} {one.fate.value} {one.path}" for one in said.ledger) == [
        "info dropped apisix.enable_admin",
        "info dropped apisix.ssl.ssl_protocols",
        "info dropped nginx_config",
    ]


def test_alone_it_is_refused() -> None:
    with pytest.raises(InputError, match=r"config\.yaml"):
        read_gateway(read_documents("apisix: {node_listen: 80}", "config.yaml", "yaml"))
