"""What real Envoy tells of its configuration is the configuration, but for the secrets, which open
nothing in what becomes of it.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from gal.codec import encode
from gal.convert import convert
from gal.reading import read_documents
from tests.gateways.client import send
from tests.gateways.envoy import RunningEnvoy
from tests.importers.envoy.placed import read

Json = dict[str, Any]
EXTENSION = "type.googleapis.com/envoy.extensions."
FILTER = f"{EXTENSION}filters.http."
ANSWER = {"status": 200, "body": {"inline_string": "in"}}
ON = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "config": {}}


def http(name: str, message: str, **settings: Any) -> Json:
    return {"name": name, "typed_config": {"@type": f"{FILTER}{message}", **settings}}


def off(entry: Json) -> Json:
    return {**entry, "disabled": True}


def route(path: str, **more: Any) -> Json:
    return {"match": {"prefix": path}, "direct_response": ANSWER, **more}


ROUTER = http("router", "router.v3.Router")
BUFFER = off(http("size", "buffer.v3.Buffer", max_request_bytes=100))
KEYS = off(
    http(
        "keys",
        "api_key_auth.v3.ApiKeyAuth",
        credentials=[{"key": "k", "client": "ann"}],
        key_sources=[{"header": "x-key"}],
    )
)
USERS = off(
    http(
        "users",
        "basic_auth.v3.BasicAuth",
        users={"inline_string": "ann:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk="},
    )
)


def listener(name: str, filters: list[Json], routes: list[Json]) -> Json:
    manager = {
        "@type": f"{EXTENSION}filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "http_filters": [*filters, ROUTER],
        "route_config": {
            "name": name,
            "virtual_hosts": [{"name": name, "domains": ["*"], "routes": routes}],
        },
    }
    return {
        "name": name,
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 8000}},
        "filter_chains": [{"filters": [{"name": "m", "typed_config": manager}]}],
    }


def bootstrap(*listeners: Json) -> Json:
    cluster = {
        "name": "c",
        "type": "STATIC",
        "lb_policy": "LEAST_REQUEST",
        "load_assignment": {
            "cluster_name": "c",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address("127.0.0.1")}}]}],
        },
    }
    return {"static_resources": {"listeners": list(listeners), "clusters": [cluster]}}


def _address(host: str) -> Json:
    return {"socket_address": {"address": host, "port_value": 9}}


OPEN = bootstrap(
    listener(
        "a",
        [BUFFER],
        [
            route("/small", typed_per_filter_config={"size": ON}),
            {"match": {"prefix": "/"}, "route": {"cluster": "c"}},
        ],
    ),
    listener("b", [], [route("/")]),
)
LOCKED = bootstrap(
    listener(
        "a",
        [KEYS, USERS],
        [
            route("/keys", typed_per_filter_config={"keys": ON}),
            route("/users", typed_per_filter_config={"users": ON}),
            route("/"),
        ],
    )
)


@pytest.mark.gateway
@pytest.mark.parametrize("query", ["", "?include_eds"], ids=["plain", "with endpoints"])
def test_a_dump_is_read_as_the_file_is(query: str) -> None:
    with RunningEnvoy(OPEN) as envoy:
        expected, _ = read(json.dumps(envoy.config))
        found, _ = read(envoy.admin(f"/config_dump{query}"))
    assert encode(found) == encode(expected)


@pytest.mark.gateway
def test_what_stands_for_a_secret_opens_nothing() -> None:
    with RunningEnvoy(LOCKED) as envoy:
        assert send(envoy.port, "GET", "/keys", [("x-key", "k")]).status == 200
        dump = json.loads(envoy.admin("/config_dump"))
    text = json.dumps(dump).replace('"port_value": 0', '"port_value": 8000')
    conversion = convert(read_documents(text, "dump.json", "json"), "envoy")
    (file,) = conversion.files
    with RunningEnvoy(file.data) as envoy:
        for headers in ([("x-key", "[redacted]")], [("x-key", "k")], []):
            assert send(envoy.port, "GET", "/keys", headers).status == 403
            assert send(envoy.port, "GET", "/users", headers).status == 403
        assert send(envoy.port, "GET", "/").status == 200
