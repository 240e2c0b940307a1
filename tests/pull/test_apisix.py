"""APISIX: its Admin API in the shapes of versions 2 and 3, that of a standalone one, and its
Control API.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gal.writing import render
from tests.pull.asking import pulled, refusal
from tests.pull.running import compared, gateway
from tests.pull.server import Reply, Server, serving

Json = dict[str, Any]

ADMIN = "/apisix/admin"
TIMES = {"create_time": 1795520525, "update_time": 1795520525}
OBJECTS: dict[str, dict[str, Json]] = {
    "routes": {
        "r2": {
            "id": "r2",
            "uris": ["/b", "/c/*"],
            "plugin_config_id": "p1",
            "upstream": {"type": "roundrobin", "nodes": {"127.0.0.1:9": 1}},
        },
        "r1": {"id": "r1", "uri": "/a", "service_id": "s1", "status": 1},
    },
    "services": {"s1": {"id": "s1", "upstream_id": "u1", "plugins": {"key-auth": {}}}},
    "upstreams": {"u1": {"id": "u1", "type": "roundrobin", "nodes": {"127.0.0.1:9": 1}}},
    "consumers": {
        "acme": {
            "username": "acme",
            "plugins": {"basic-auth": {"username": "u", "password": "0123"}},
        }
    },
    "consumers/acme/credentials": {
        "c1": {"id": "c1", "plugins": {"key-auth": {"key": "secret"}}},
    },
    "consumer_groups": {},
    "global_rules": {
        "1": {
            "id": "1",
            "plugins": {"limit-count": {"count": 3, "time_window": 60, "key": "remote_addr"}},
        }
    },
    "plugin_configs": {
        "p1": {"id": "p1", "plugins": {"ip-restriction": {"whitelist": ["127.0.0.0/8"]}}}
    },
    "plugin_metadata": {"http-logger": {"log_format": {"host": "$host"}}},
    "ssls": {},
    "stream_routes": {},
    "protos": {},
    "secrets": {"vault/1": {"uri": "http://127.0.0.1:8200", "prefix": "kv", "token": "t"}},
}

FILE = """\
routes:
- id: r1
  service_id: s1
  status: 1
  uri: /a
- id: r2
  plugin_config_id: p1
  upstream:
    nodes:
      127.0.0.1:9: 1
    type: roundrobin
  uris:
  - /b
  - /c/*
services:
- id: s1
  plugins:
    key-auth: {}
  upstream_id: u1
upstreams:
- id: u1
  nodes:
    127.0.0.1:9: 1
  type: roundrobin
consumers:
- username: acme
  plugins:
    basic-auth:
      username: u
      password: '0123'
- id: acme/credentials/c1
  plugins:
    key-auth:
      key: secret
global_rules:
- id: '1'
  plugins:
    limit-count:
      count: 3
      key: remote_addr
      time_window: 60
plugin_configs:
- id: p1
  plugins:
    ip-restriction:
      whitelist:
      - 127.0.0.0/8
plugin_metadata:
- id: http-logger
  log_format:
    host: $host
secrets:
- id: vault/1
  prefix: kv
  token: t
  uri: http://127.0.0.1:8200
"""


def stored(kind: str, name: str, value: Json) -> Json:
    return {
        "key": f"/apisix/{kind}/{name}",
        "value": {**value, **TIMES},
        "createdIndex": 12,
        "modifiedIndex": 14,
    }


def version_3(objects: dict[str, dict[str, Json]] | None = None) -> Json:
    return {
        f"{ADMIN}/{kind}": {
            "total": len(items),
            "list": [stored(kind, name, value) for name, value in items.items()],
        }
        for kind, items in (objects or OBJECTS).items()
    }


def version_2() -> Json:
    """Names and lists as APISIX 2 has them; it has no credentials beside those in plugins."""
    singular = {"ssls": "ssl", "protos": "proto"}
    return {
        f"{ADMIN}/{singular.get(kind, kind)}": {
            "action": "get",
            "count": len(items),
            "node": {
                "dir": True,
                "key": f"/apisix/{kind}",
                "nodes": [stored(kind, name, value) for name, value in items.items()] or {},
            },
        }
        for kind, items in OBJECTS.items()
        if kind not in ("consumers/acme/credentials", "secrets", "consumer_groups")
    }


def test_the_file() -> None:
    with serving(version_3()) as server:
        result = pulled("apisix", server.url)
    assert render(result.data) == FILE
    assert (result.notes, result.last_line) == ((), "#END")
    assert result.counts["consumers"] == 2


def test_the_file_of_version_2() -> None:
    with serving(version_2()) as server:
        result = pulled("apisix", server.url)
    credential = "- id: acme/credentials/c1\n  plugins:\n    key-auth:\n      key: secret\n"
    assert render(result.data) == FILE.replace(credential, "").partition("secrets:")[0]
    assert result.notes == ("this APISIX has no consumer_groups, secrets",)


def test_a_consumer_in_place_of_its_credentials() -> None:
    """Versions of before 3.11 give the consumer for whatever stands behind it."""
    consumer = stored("consumers", "acme", OBJECTS["consumers"]["acme"])
    with serving({**version_3(), f"{ADMIN}/consumers/acme/credentials": consumer}) as server:
        assert len(pulled("apisix", server.url).data["consumers"]) == 1


def test_credentials_among_the_consumers() -> None:
    replies = version_3()
    (credential,) = replies[f"{ADMIN}/consumers/acme/credentials"]["list"]
    replies[f"{ADMIN}/consumers"]["list"].append(credential)
    with serving(replies) as server:
        assert render(pulled("apisix", server.url).data) == FILE


def test_the_importer_reads_it() -> None:
    written = {
        "routes": [
            {"id": "r1", "uri": "/a", "service_id": "s1"},
            OBJECTS["routes"]["r2"],
        ],
        "services": [OBJECTS["services"]["s1"]],
        "upstreams": [OBJECTS["upstreams"]["u1"]],
        "consumers": [
            OBJECTS["consumers"]["acme"],
            {"id": "acme/credentials/c1", "plugins": {"key-auth": {"key": "secret"}}},
        ],
        "global_rules": [OBJECTS["global_rules"]["1"]],
        "plugin_configs": [OBJECTS["plugin_configs"]["p1"]],
    }
    with serving(version_3()) as server:
        read = gateway("apisix", pulled("apisix", server.url).data)
    result = compared(gateway("apisix", written), read)
    assert result.sent > 20
    assert result.disagreements == []
    assert not result.open


class Paged(Server):
    """Gives pages as version 3 does, of a size that tests can bear."""

    def reply(self, target: str) -> Reply:
        found = super().reply(target)
        query = parse_qs(urlsplit(target).query)
        if found.status != 200 or "page" not in query:
            return found
        page, size = int(query["page"][0]), int(query["page_size"][0])
        items = found.data["list"][(page - 1) * size : page * size]
        return Reply({"total": found.data["total"], "list": items or {}})


@pytest.mark.parametrize(("count", "pages"), [(499, 1), (500, 1), (501, 2), (1000, 2), (1203, 3)])
def test_pages(count: int, pages: int) -> None:
    routes = {f"{number:05}": {"id": f"{number:05}", "uri": "/"} for number in range(count)}
    server = Paged(version_3({**OBJECTS, "routes": routes}))
    server.start()
    try:
        data = pulled("apisix", server.url).data
    finally:
        server.stop()
    assert [one["id"] for one in data["routes"]] == sorted(routes)
    asked = [one for one in server.targets if one.startswith(f"{ADMIN}/routes?")]
    assert asked == [
        f"{ADMIN}/routes?page={number}&page_size=500" for number in range(1, pages + 1)
    ]


def test_a_url_that_names_the_api() -> None:
    with serving(version_3()) as server:
        assert render(pulled("apisix", f"{server.url}{ADMIN}/").data) == FILE


@pytest.mark.parametrize("kind", ["services", "upstreams", "consumers", "global_rules"])
def test_what_every_apisix_has_must_be_there(kind: str) -> None:
    with serving({**version_3(), f"{ADMIN}/{kind}": Reply({}, 404)}) as server:
        told = refusal("apisix", server.url)
    assert f"there is no {ADMIN}/{kind} (404): is this" in told


@pytest.mark.parametrize(
    ("kind", "status"),
    [("routes", 401), ("consumers", 403), ("secrets", 403), ("plugin_configs", 500)],
)
def test_a_kind_that_cannot_be_read(kind: str, status: int) -> None:
    with serving({**version_3(), f"{ADMIN}/{kind}": Reply({}, status)}) as server:
        told = refusal("apisix", server.url)
    assert str(status) in told


@pytest.mark.parametrize(
    "answer",
    [[], {}, {"list": 3}, {"list": [3]}, {"node": {"key": "a"}}, Reply('"text"')],
    ids=repr,
)
def test_answers_of_another_shape(answer: Any) -> None:
    with serving({**version_3(), f"{ADMIN}/routes": answer}) as server:
        told = refusal("apisix", server.url)
    assert "/routes answers with something else than the Admin" in told


def test_certificates_without_their_keys() -> None:
    ssls = {"1": {"id": "1", "sni": "a.test", "cert": "-----BEGIN CERTIFICATE-----"}}
    with serving(version_3({**OBJECTS, "ssls": ssls})) as server:
        notes = pulled("apisix", server.url).notes
    assert notes == ("the Admin API gives no private keys: those of certificates are not there",)


# -- without etcd

CONFIGS: Json = {
    "X-Last-Modified": 1795521003,
    "X-Digest": "a",
    "routes_conf_version": 1,
    "consumers_conf_version": 1,
    "routes": [
        {"id": "r2", "uri": "/b", "upstream_id": "u1", "modifiedIndex": 3},
        {"id": "r1", "uri": "/a", "upstream_id": "u1"},
    ],
    "upstreams": [{"id": "u1", "type": "roundrobin", "nodes": {"127.0.0.1:9": 1}}],
    "consumers": [
        {"username": "acme", "plugins": {}},
        {"id": "acme/credentials/c1", "plugins": {"key-auth": {"key": "secret"}}},
    ],
}


def test_a_standalone_one() -> None:
    with serving({f"{ADMIN}/configs": CONFIGS}) as server:
        data = pulled("apisix", server.url).data
    assert data == {
        "routes": [
            {"id": "r2", "upstream_id": "u1", "uri": "/b"},
            {"id": "r1", "upstream_id": "u1", "uri": "/a"},
        ],
        "upstreams": CONFIGS["upstreams"],
        "consumers": CONFIGS["consumers"],
    }


def test_a_standalone_one_without_anything() -> None:
    with serving({f"{ADMIN}/configs": {"routes_conf_version": 0}}) as server:
        assert pulled("apisix", server.url).data == {"routes": []}


CONTROL: Json = {
    "/v1/routes": [
        {
            "key": "/routes/r1",
            "value": {"id": "r1", "uri": "/a", "service_id": "s1", "priority": 0, "status": 1},
            "has_domain": False,
            "modifiedIndex": 1795520525,
            "orig_modifiedIndex": 1795520525,
        },
        {
            "key": "/routes/r2",
            "value": {
                "id": "r2",
                "uris": ["/b"],
                "plugin_config_id": "p1",
                "plugins": {"ip-restriction": {"whitelist": ["127.0.0.0/8"]}},
                "upstream": {
                    "type": "roundrobin",
                    "original_nodes": [{"host": "127.0.0.1", "port": 9, "weight": 1}],
                    "nodes_ref": [{"host": "127.0.0.1", "port": 9, "weight": 1, "priority": 0}],
                    "nodes": [
                        {
                            "host": "127.0.0.1",
                            "port": 9,
                            "weight": 1,
                            "priority": 0,
                            "upstream_host": "127.0.0.1:9",
                        }
                    ],
                    "resource_key": "/routes/r2",
                    "resource_id": "r2",
                    "resource_version": 1795520525,
                },
            },
            "orig_plugins": {},
            "prev_plugin_config_ver": 1795520525,
        },
    ],
    "/v1/services": [
        {"key": "/services/s1", "value": {"id": "s1", "upstream_id": "u1"}, "has_domain": False}
    ],
    "/v1/upstreams": [
        {
            "key": "/upstreams/u1",
            "value": {
                "id": "u1",
                "type": "roundrobin",
                "nodes": [{"host": "127.0.0.1", "port": 9, "weight": 1}],
                "resource_key": "/upstreams/u1",
            },
        }
    ],
    "/v1/plugin_metadatas": [{"id": "basic-auth", "realm": "basic"}],
}
NODES = [{"host": "127.0.0.1", "port": 9, "weight": 1}]


def test_the_control_api() -> None:
    with serving(CONTROL) as server:
        result = pulled("apisix", server.url)
    assert result.data == {
        "routes": [
            {"id": "r1", "priority": 0, "service_id": "s1", "status": 1, "uri": "/a"},
            {
                "id": "r2",
                "plugins": {"ip-restriction": {"whitelist": ["127.0.0.0/8"]}},
                "upstream": {"nodes": NODES, "type": "roundrobin"},
                "uris": ["/b"],
            },
        ],
        "services": [{"id": "s1", "upstream_id": "u1"}],
        "upstreams": [{"id": "u1", "nodes": NODES, "type": "roundrobin"}],
        "plugin_metadata": [{"id": "basic-auth", "realm": "basic"}],
    }
    assert result.notes[0].startswith("only the Control API answers, which has no consumers")
    gateway("apisix", result.data)


@pytest.mark.parametrize("answer", [Reply(""), Reply({}), Reply("x", 500)], ids=repr)
def test_a_control_api_without_services(answer: Reply) -> None:
    with serving({**CONTROL, "/v1/services": answer}) as server:
        assert "services" not in pulled("apisix", server.url).data


def test_nothing_of_apisix() -> None:
    with serving({}) as server:
        message = "there is no /v1/routes (404): is this the Admin API of APISIX?"
        told = refusal("apisix", server.url)
    assert message in told
    assert [target.partition("?")[0] for target in server.targets] == [
        f"{ADMIN}/routes",
        f"{ADMIN}/configs",
        "/v1/routes",
    ]
