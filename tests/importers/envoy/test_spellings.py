"""The same file in other spellings: camel case, dumps, resources in files, lengths of time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gal.codec import encode
from gal.importers.envoy.recognition import recognise
from gal.importers.envoy.values import take_duration
from gal.reading import read_documents
from gal.writing import render
from tests.importers.envoy.placed import file, read

_V3 = "type.googleapis.com/envoy.config"
_ADMIN = "type.googleapis.com/envoy.admin.v3"


def plain() -> dict[str, Any]:
    found: dict[str, Any] = read_documents(file(), "envoy.yaml", "yaml")[0].mapping().plain()
    static: dict[str, Any] = found["static_resources"]
    return static


def camel(value: Any) -> Any:
    if isinstance(value, list):
        return [camel(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, below in value.items():
        first, *rest = key.split("_")
        found[first + "".join(one.title() for one in rest)] = camel(below)
    return found


def resources() -> list[dict[str, Any]]:
    static = plain()
    return [
        {"@type": f"{_V3}.listener.v3.Listener", **static["listeners"][0]},
        {"@type": f"{_V3}.cluster.v3.Cluster", **static["clusters"][0]},
    ]


def dump(*, dynamic: bool) -> dict[str, Any]:
    listener, cluster = resources()
    listeners: dict[str, Any] = {"static_listeners": [{"listener": listener}]}
    clusters: dict[str, Any] = {"static_clusters": [{"cluster": cluster}]}
    if dynamic:
        active = {"name": "l", "active_state": {"version_info": "1", "listener": listener}}
        listeners = {"dynamic_listeners": [active]}
        clusters = {"dynamic_active_clusters": [{"version_info": "1", "cluster": cluster}]}
    return {
        "configs": [
            {"@type": f"{_ADMIN}.ListenersConfigDump", **listeners},
            {"@type": f"{_ADMIN}.ClustersConfigDump", **clusters},
        ]
    }


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(camel({"static_resources": plain()}), id="camelCase"),
        pytest.param({"resources": resources()}, id="DiscoveryResponse"),
        pytest.param(dump(dynamic=False), id="config_dump, static"),
        pytest.param(dump(dynamic=True), id="config_dump, dynamic"),
    ],
)
def test_the_same_model(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    assert recognise(read_documents(text, "envoy.json", "json")[0]) is not None
    gateway, ledger = read(text)
    assert render(encode(gateway), "yaml") == render(encode(read(file())[0]), "yaml")
    assert not [entry.path for entry in ledger if "not understood" in entry.message]


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("3s", 3_000_000_000),
        ("0.25s", 250_000_000),
        (".5s", 500_000_000),
        ("0s", 0),
        ("{seconds: 1, nanos: 5}", 1_000_000_005),
        ("{seconds: '2'}", 2_000_000_000),
        ("{}", 0),
    ],
)
def test_durations(text: str, nanoseconds: int) -> None:
    node = read_documents(f"timeout: {text}", "x.yaml", "yaml")[0].mapping()
    found = take_duration(node, "timeout")
    assert found is not None
    assert found.nanoseconds == nanoseconds


def single(value: Any) -> Any:
    """The same with lists of one written without brackets."""
    if isinstance(value, list):
        return single(value[0]) if len(value) == 1 else [single(one) for one in value]
    if isinstance(value, dict):
        return {key: single(below) for key, below in value.items()}
    return value


def test_lists_of_one_without_brackets() -> None:
    whole = {"static_resources": plain()}
    short = single(whole)
    assert isinstance(short["static_resources"]["listeners"], dict)
    assert encode(read(json.dumps(short))[0]) == encode(read(json.dumps(whole))[0])
