"""Which routes of Envoy are counted: `ratelimit` asks its service only about requests for
which a route, or what stands around it, makes a descriptor.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rate_limit_filter
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.lint.peeking import items, mappings
from gal.spelling import snake_case

if TYPE_CHECKING:
    from gal.lint.subject import RouteView
    from gal.reading import Node

GLOBAL = "envoy.filters.http.ratelimit"
LOCAL = "envoy.filters.http.local_ratelimit"


def counted(view: RouteView, name: str, item: dict[str, Any]) -> bool:
    """Whether a filter that counts requests, as the importer carried it, counts a route's."""
    config = item.get("typed_config")
    settings = {snake_case(str(key)) for key in config} if isinstance(config, dict) else set()
    if name == LOCAL:
        return "token_bucket" in settings
    return name != GLOBAL or "rate_limits" in settings or _makes_descriptors(view)


def _makes_descriptors(view: RouteView) -> bool:
    node: Node | None = view.route.origin.node if view.route.origin is not None else None
    if node is None:
        return True  # nobody knows
    while node is not None:
        if items(node, "route.rate_limits") or items(node, "rate_limits"):
            return True
        if any(items(one, "rate_limits") for _, one in mappings(node, "typed_per_filter_config")):
            return True
        node = node.parent
    return False
