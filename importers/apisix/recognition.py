"""What APISIX's formats are recognised by, and which kind of object an object alone is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.reading import Mapping, Sequence
from gal.recognition import is_helm_values

if TYPE_CHECKING:
    from gal.reading import Document, Node

_FOREIGN = frozenset(
    ("_format_version", "version", "apiVersion", "http", "tcp", "udp", "entryPoints")
) | frozenset(("static_resources", "dynamic_resources", "configs", "swagger", "openapi"))
_DEPLOYMENT = frozenset(
    {"role", "role_traditional", "role_control_plane", "role_data_plane", "etcd", "admin"}
)
_SERVER = frozenset(("apisix", "deployment", "nginx_config", "plugin_attr", "discovery"))
_KONG = frozenset(("paths", "protocols", "strip_path", "preserve_host", "url", "write_timeout"))
_GAL = frozenset(("path", "path_prefix", "path_regex", "targets"))
_SOUGHT = (
    *("routes", "services", "upstreams", "consumers", "consumer_groups", "global_rules"),
    *("plugin_configs", "plugin_metadata", "ssls", "secrets", "stream_routes", "protos", "ssl"),
)


def is_config_yaml(root: Mapping) -> bool:
    """Whether these are the settings of the server itself (`conf/config.yaml`)."""
    return bool(_SERVER & root.keys()) and not any(root.has(key) for key in _SOUGHT)


def recognise(document: Document) -> str | None:
    """What the document is in APISIX's words; None for anything else."""
    root = document.root
    if isinstance(root, Sequence):
        items = [item for item in root.items if isinstance(item, Mapping)]
        whole = len(items) == len(root.items) > 0
        return "APISIX Admin API" if whole and all(map(_is_stored, items)) else None
    if not isinstance(root, Mapping) or any(root.has(key) for key in _FOREIGN):
        return None
    if is_helm_values(root):
        return None
    if is_config_yaml(root) and isinstance(_first(root), Mapping):
        return "APISIX config.yaml" if root.has("apisix") or _is_deployment(root) else None
    if _is_answer(root):
        return "APISIX Admin API"
    sections = [key for key in root if key in _SOUGHT and root.peek(key) is not None]
    found = [_is_apisix(key, root.entries[key]) for key in sections]
    if sections and False not in found and (True in found):
        adc = any(_is_adc(key, root.entries[key]) for key in sections)
        return "APISIX ADC" if adc else "APISIX standalone"
    if not sections and kind_of(root) is not None:
        return "APISIX Admin API"
    return None


def _is_deployment(root: Mapping) -> bool:
    """Whether `deployment` is APISIX's: Helm charts have a key of that name, too."""
    node = root.peek("deployment")
    return isinstance(node, Mapping) and not _DEPLOYMENT.isdisjoint(node.keys())


def _first(root: Mapping) -> Node | None:
    return next((root.peek(key) for key in root if key in _SERVER), None)


def _is_stored(item: Mapping) -> bool:
    value = item.peek("value")
    if isinstance(value, Mapping):
        return item.has("key") or kind_of(value) is not None
    return kind_of(item) is not None


def _is_answer(root: Mapping) -> bool:
    value, items, node = root.peek("value"), root.peek("list"), root.peek("node")
    if isinstance(value, Mapping):
        return _is_stored(root)
    if isinstance(items, Sequence) and (root.has("total") or items.items):
        return all(isinstance(item, Mapping) and _is_stored(item) for item in items.items)
    if isinstance(node, Mapping):
        inner = node.peek("nodes")
        return isinstance(inner, Sequence) or isinstance(node.peek("value"), Mapping)
    return False


def _is_apisix(kind: str, below: Node) -> bool | None:
    """Whether a section is APISIX's; None where nothing tells."""
    if isinstance(below, Mapping):
        if kind in ("plugin_metadata", "global_rules"):
            return all(isinstance(one, Mapping) for one in below.entries.values())
        return _is_answer(below)
    if not isinstance(below, Sequence):
        return False
    items = below.items
    found = [_is_item(kind, item) if isinstance(item, Mapping) else False for item in items]
    if False in found:
        return False
    return True if True in found else None


def _is_item(kind: str, item: Mapping) -> bool | None:
    if isinstance(item.peek("plugins"), Sequence):
        return False  # Kong lists plugins
    check = _CHECKS.get(kind)
    if _is_stored(item) and item.has("value"):
        return True
    return check(item) if check else True


def _is_route(item: Mapping) -> bool:
    if (_KONG | _GAL) & item.keys():
        return False
    return bool({"uri", "uris"} & item.keys())


def _is_upstream(item: Mapping) -> bool:
    if item.has("targets"):
        return False
    return bool({"nodes", "discovery_type", "service_name"} & item.keys())


def _is_service(item: Mapping) -> bool | None:
    routes = item.peek("routes")
    if isinstance(routes, Sequence) and routes.items:
        return all(isinstance(one, Mapping) and _is_route(one) for one in routes.items)
    if {"url", "host", "protocol", "targets"} & item.keys():
        return False
    upstream = item.peek("upstream")
    if isinstance(upstream, Mapping):
        return _is_upstream(upstream)
    if item.has("upstream_id") or isinstance(item.peek("plugins"), Mapping):
        return True
    return True if item.has("stream_routes") else None


def _is_consumer(item: Mapping) -> bool | None:
    if isinstance(item.peek("credentials"), Mapping):
        return False  # GAL's
    identity = item.peek("id")
    if isinstance(item.peek("plugins"), Mapping) or item.has("group_id"):
        return True
    if isinstance(item.peek("credentials"), Sequence):
        return True
    if identity is not None and "/credentials/" in str(identity.plain()):
        return True
    return None if item.has("username") else False


def _has_plugins(item: Mapping) -> bool:
    return isinstance(item.peek("plugins"), Mapping) or item.has("consumers")


def _is_ssl(item: Mapping) -> bool:
    return bool({"snis", "sni", "certificates"} & item.keys()) or item.has("cert")


_CHECKS = {
    "routes": _is_route,
    "upstreams": _is_upstream,
    "services": _is_service,
    "consumers": _is_consumer,
    "consumer_groups": _has_plugins,
    "global_rules": _has_plugins,
    "plugin_configs": _has_plugins,
    "ssls": _is_ssl,
}


def _is_adc(kind: str, below: Node) -> bool:
    if isinstance(below, Mapping):
        return kind in ("plugin_metadata", "global_rules")
    items = below.items if isinstance(below, Sequence) else []
    key = {"services": "routes", "consumers": "credentials"}.get(kind)
    return any(isinstance(item, Mapping) and key and item.has(key) for item in items)


def kind_of(node: Mapping) -> str | None:
    """The kind of an object that stands alone, by its fields; None where they do not tell."""
    if any(node.has(key) for key in _FOREIGN) or (_KONG | _GAL) & node.keys():
        return None
    if {"uri", "uris"} & node.keys():
        return "routes" if _WITH_URI & node.keys() else None
    if node.has("username"):
        return "consumers" if _is_consumer(node) else None
    if node.has("nodes") or ({"service_name", "discovery_type"} <= node.keys()):
        return "upstreams"
    if {"cert", "key"} <= node.keys() and {"sni", "snis", "type"} & node.keys():
        return "ssls"
    if {"server_port", "server_addr", "remote_addr", "sni"} & node.keys():
        return "stream_routes"
    upstream = node.peek("upstream")
    if node.has("upstream_id") or (isinstance(upstream, Mapping) and _is_upstream(upstream)):
        return "services"
    return None


_WITH_URI = frozenset(
    ("upstream", "upstream_id", "service_id", "plugins", "plugin_config_id", "script")
)
