"""Envoy's admin interface: shapes of its dump, and the real one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gal.writing import render
from tests.pull.asking import pulled, refusal
from tests.pull.running import compared, envoy, exported, gateway
from tests.pull.server import serving

Json = dict[str, Any]

TYPE = "type.googleapis.com/envoy"
REDACTED = (
    "Envoy gives no secrets: the file holds [redacted] in their place, to be replaced before it"
    " is used"
)


def dump(*configs: Json, node: Json | None = None) -> Json:
    bootstrap = {"@type": f"{TYPE}.admin.v3.BootstrapConfigDump", "bootstrap": {"node": node or {}}}
    return {"configs": [{**bootstrap, "last_updated": "2026-01-01T00:00:00Z"}, *configs]}


CLUSTERS: Json = {
    "@type": f"{TYPE}.admin.v3.ClustersConfigDump",
    "version_info": "7",
    "static_clusters": [
        {
            "cluster": {"@type": f"{TYPE}.config.cluster.v3.Cluster", "name": "a"},
            "last_updated": "2026-01-01T00:00:00Z",
        }
    ],
    "dynamic_active_clusters": [
        {
            "version_info": "7",
            "cluster": {
                "@type": f"{TYPE}.config.cluster.v3.Cluster",
                "name": "b",
                "metadata": {"filter_metadata": {"own": {"last_updated": "as it is"}}},
            },
            "last_updated": "2026-01-01T00:00:00Z",
        }
    ],
}
LISTENERS: Json = {
    "@type": f"{TYPE}.admin.v3.ListenersConfigDump",
    "dynamic_listeners": [
        {
            "name": "l",
            "active_state": {
                "version_info": "1",
                "listener": {"@type": f"{TYPE}.config.listener.v3.Listener", "name": "l"},
                "last_updated": "2026-01-01T00:00:00Z",
            },
        }
    ],
}


def test_times_and_the_program_are_left_out() -> None:
    node = {"id": "n", "cluster": "c", "user_agent_name": "envoy", "extensions": [{"name": "x"}]}
    with serving({"/config_dump": dump(CLUSTERS, LISTENERS, node=node)}) as server:
        result = pulled("envoy", server.url)
    bootstrap, clusters, listeners = result.data["configs"]
    assert bootstrap["bootstrap"] == {"node": {"id": "n", "cluster": "c"}}
    told = render(result.data, "json")
    assert '"last_updated": "2026' not in told
    assert '"last_updated": "as it is"' in told
    assert clusters["dynamic_active_clusters"][0]["version_info"] == "7"
    assert listeners["dynamic_listeners"][0]["active_state"]["listener"]["name"] == "l"
    assert result.counts == {"listeners": 1, "clusters": 2}
    assert server.targets == ["/config_dump?include_eds="]


def test_the_order_of_maps_and_of_resources_does_not_count() -> None:
    turned = {
        **dict(reversed(CLUSTERS.items())),
        "static_clusters": [{"cluster": {"name": "y"}}, {"cluster": {"name": "x"}}],
    }
    straight = {
        **CLUSTERS,
        "static_clusters": [{"cluster": {"name": "x"}}, {"cluster": {"name": "y"}}],
    }
    told = []
    for one in (turned, straight):
        with serving({"/config_dump": dump(one)}) as server:
            told.append(render(pulled("envoy", server.url).data, "json"))
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("config", "notes"),
    [
        ({}, ()),
        ({"static_secrets": [{"secret": {"key": "[redacted]"}}]}, (REDACTED,)),
        ({"static_secrets": [{"secret": {"key": "W3JlZGFjdGVkXQ=="}}]}, (REDACTED,)),
        ({"a": [["[redacted]"]]}, (REDACTED,)),
        (
            {"dynamic_warming_clusters": [{}]},
            ("some clusters are still warming: they are not in force yet",),
        ),
    ],
    ids=["nothing", "text", "bytes", "deep", "warming"],
)
def test_notes(config: Json, notes: tuple[str, ...]) -> None:
    with serving({"/config_dump": dump(config)}) as server:
        assert pulled("envoy", server.url).notes == notes


@pytest.mark.parametrize("answer", [[], {}, {"configs": {}}, {"configs": [3]}], ids=str)
def test_answers_of_another_shape(answer: Any) -> None:
    with serving({"/config_dump": answer}) as server:
        told = refusal("envoy", server.url)
    assert "/config_dump answers with something else than the admin interface of Envoy" in told


def test_nothing_of_envoy() -> None:
    with serving({}) as server:
        told = refusal("envoy", server.url)
    assert "there is no /config_dump (404): is this the admin interface of Envoy?" in told


# -- the real one

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
WITH_SECRETS = {"authentication_api_key", "authentication_basic", "consumers"}


@pytest.mark.gateway
@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_real_envoy_with_every_example(path: Path, tmp_path: Path) -> None:
    (config,) = exported(path.read_text(encoding="utf-8"), "envoy")
    with envoy(config, tmp_path) as url:
        result = pulled("envoy", url)
        assert render(pulled("envoy", url).data) == render(result.data)
    read = gateway("envoy", result.data)
    assert (REDACTED in result.notes) is (path.stem in WITH_SECRETS)
    if path.stem not in WITH_SECRETS:
        verification = compared(gateway("envoy", config), read)
        assert verification.sent >= 5
        assert verification.disagreements == []
