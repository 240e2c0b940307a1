"""APISIX's Control API (https://apisix.apache.org/docs/apisix/control-api/): routes, services,
upstreams and the metadata of plugins as a running APISIX keeps them.

Those are its own objects: what it has worked out from them is taken away again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.pull import Json, Pulled

if TYPE_CHECKING:
    from gal.pull.client import Client

_LISTS = {
    "routes": "/v1/routes",
    "services": "/v1/services",
    "upstreams": "/v1/upstreams",
    "plugin_metadata": "/v1/plugin_metadatas",
}
_NOTE = (
    "only the Control API answers, which has no consumers, consumer groups, global rules, plugin"
    " configs and certificates: they are not in the file, and neither is what they forbid"
)
_WORKED_OUT = frozenset(
    (
        *("original_nodes", "nodes_ref", "resource_key", "resource_id", "resource_version"),
        *("parent", "dns_value", "_nodes_ver", "has_domain", "checker", "checker_idx"),
    )
)


def pull_control(client: Client) -> Pulled:
    """What the Control API tells.

    Raises:
        PullError: there is none.
    """
    found: Json = {}
    for kind, path in _LISTS.items():
        # Where there is nothing of a kind, some versions answer with nothing, or fail.
        needed = kind == "routes"
        answer = client.get(path, expected=() if needed else (404, 500), empty=not needed)
        items = answer.data if answer.data not in (None, {}) else []
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise client.strange(path)
        found[kind] = [_value(item) for item in items]
    counts = {kind.replace("_", " "): len(items) for kind, items in found.items() if items}
    return Pulled(found, counts, (_NOTE,))


def _value(item: Json) -> Json:
    value = item.get("value")
    if not isinstance(value, dict):
        return item
    kept = dict(value)
    if "prev_plugin_config_ver" in item:
        kept.pop("plugin_config_id", None)  # its plugins stand in the route already
    if isinstance(kept.get("upstream"), dict):
        kept["upstream"] = _upstream(kept["upstream"])
    return _upstream(kept) if "nodes" in kept else kept


def _upstream(value: Json) -> Json:
    kept = {key: below for key, below in value.items() if key not in _WORKED_OUT}
    nodes: Any = value.get("original_nodes", value.get("nodes"))
    if isinstance(nodes, list):
        kept["nodes"] = [
            {key: below for key, below in node.items() if key != "upstream_host"}
            if isinstance(node, dict)
            else node
            for node in nodes
        ]
    return kept
