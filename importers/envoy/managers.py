"""What connection managers do that the file does not say, and settings from elsewhere.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.importers.envoy.listener_fields import UNSET
from gal.ledger import Fate, Level

if TYPE_CHECKING:
    from gal.importers.envoy.chain import HttpFilter
    from gal.ledger import Reporter
    from gal.reading import Mapping


def unlike_others(node: Mapping, report: Reporter, *, edge: bool) -> dict[str, Any]:
    """What Envoy does, but other gateways do not, where the file does not say it."""
    if not (node.has("normalize_path") and node.has("merge_slashes")):
        message = "Envoy compares paths as clients write them; others bring them into a normal form"
        report.at(node, Fate.APPROXIMATED, Level.WARNING, "paths", message, whole=False)
    found = {key: value for key, value in UNSET.items() if not node.has(key)}
    if not edge:
        found["use_remote_address"] = False
        message = "Envoy believes what clients say in X-Forwarded-For and X-Forwarded-Proto"
        at = node.peek("use_remote_address") or node
        report.at(at, Fate.CARRIED, Level.INFO, "listeners", message, whole=at is not node)
    return found


def settle_filter(one: HttpFilter, report: Reporter) -> None:
    """Say of a filter that its settings come from elsewhere."""
    one.node.mark("is_optional")
    discovery = one.node.take("config_discovery")
    if discovery is not None:
        discovery.take_all()
        message = "the settings of this filter come from a control plane"
        report.at(discovery, Fate.DROPPED, Level.WARNING, "filters", message)
