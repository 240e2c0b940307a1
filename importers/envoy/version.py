"""Older ways to write files: what those of Envoy 2 call otherwise than those of Envoy 3, and lists
of one without brackets, which Envoy still reads.

Source: https://www.envoyproxy.io/docs/envoy/v1.17.3/faq/api/envoy_upgrade_v3
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gal.ledger import Fate, Level
from gal.reading import Mapping, Node, Sequence

if TYPE_CHECKING:
    from gal.ledger import Reporter

_CLUSTERS = frozenset(("clusters", "cluster", "resources"))
_CHAINS = frozenset(("filter_chains", "default_filter_chain"))
_EXTENSIONS = frozenset(
    (
        *("filters", "http_filters", "listener_filters", "transport_socket", "access_log"),
        *("stats_sinks", "resource_monitors", "retry_host_predicate", "retry_priority"),
    )
)
_SCOPES = frozenset(("virtual_hosts", "routes", "clusters", "route_config"))
_RENAMED = {
    "hosts": ("load_assignment", _CLUSTERS),
    "tls_context": ("transport_socket", _CLUSTERS | _CHAINS),
    "config": ("typed_config", _EXTENSIONS),
    "per_filter_config": ("typed_per_filter_config", _SCOPES),
}
"""What Envoy 3 calls fields of Envoy 2, and the fields whose objects have them."""
_FREE = frozenset(
    (
        *("metadata", "filter_metadata", "typed_filter_metadata", "filter_context", "node"),
        *("static_layer", "runtime", "static_runtime", "context"),
    )
)
"""Fields in which anything may stand."""
_TYPE = re.compile(r"envoy\.(?:api|config|admin|data|service|type)\.(?:.*\.)?v2(?:alpha\d*)?\.")


_LISTS = (
    *("listeners", "clusters", "secrets", "resources", "filter_chains", "filters", "http_filters"),
    *("listener_filters", "virtual_hosts", "domains", "routes", "endpoints", "lb_endpoints"),
)


def settle(root: Mapping, report: Reporter) -> None:
    """Say once of a file of Envoy 2 what Envoy 3 calls otherwise. Lists of one become lists."""
    found: set[str] = set()
    types = False
    for node, within in _walk(root):
        for old, (_, places) in _RENAMED.items():
            if within in places and node.has(old):
                found.add(old)
        types = types or _is_old_type(node)
        _bracket(node)
    if not found and not types:
        return
    names = [f"{old} ({new})" for old, (new, _) in _RENAMED.items() if old in found]
    if types:
        names.append("types (envoy.config..v3, envoy.extensions..v3)")
    message = f"this file is Envoy 2's; in brackets what Envoy 3 calls it: {', '.join(names)}"
    report.at(root, Fate.EXACT, Level.INFO, "v2", message, whole=False)


def _bracket(node: Mapping) -> None:
    """Put the only item of a list that is written without brackets into one."""
    for key in _LISTS:
        item = node.peek(key)
        if item is None or isinstance(item, Sequence) or item.kind == "null":
            continue
        whole = Sequence(item.source, item.line, item.column, node, item.key)
        item.parent, item.key = whole, 0
        whole.items.append(item)
        node.put(key, whole)


def _is_old_type(node: Mapping) -> bool:
    kind = node.peek("@type")
    text = getattr(kind, "text", None)
    return isinstance(text, str) and _TYPE.match(text.rpartition("/")[2]) is not None


def _walk(root: Mapping) -> Iterator[tuple[Mapping, str]]:
    """Every mapping that Envoy itself gives a meaning, with the field that it is in."""
    pending: list[tuple[Node, str]] = [(root, "")]
    while pending:
        node, within = pending.pop()
        if isinstance(node, Sequence):
            pending.extend((item, within) for item in node.items)
        if not isinstance(node, Mapping):
            continue
        yield node, within
        free = node.has("type_url")  # a `TypedStruct`, whose `value` may be anything
        for key, below in node.entries.items():
            name = key if node.fold is None else node.fold(key)
            if name not in _FREE and not (free and name == "value"):
                pending.append((below, name))
