"""What a Kong file is recognised by, with or without its `_format_version`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.reading import Mapping, Sequence

if TYPE_CHECKING:
    from gal.reading import Document

_FOREIGN = frozenset(
    {"version", "apiVersion", "kind", "http", "tcp", "udp", "entryPoints", "static_resources"}
)
_META = frozenset({"_transform", "_workspace", "_info", "_plugin_configs", "_konnect"})
_ROUTE = frozenset({"paths", "protocols", "strip_path", "preserve_host", "expression"})
_CREDENTIALS = frozenset(
    {
        "acls",
        "basicauth_credentials",
        "hmacauth_credentials",
        "jwt_secrets",
        "keyauth_credentials",
        "oauth2_credentials",
    }
)
_CONSUMER = _CREDENTIALS | {"username", "custom_id", "id", "tags", "groups", "plugins"}
_ELSEWHERE = frozenset({"uri", "uris", "upstream", "upstream_id", "nodes"})
_ALL_OF = {
    "plugins": frozenset({"name", "config"}),
    "certificates": frozenset({"cert", "key"}),
    "ca_certificates": frozenset({"cert"}),
    "vaults": frozenset({"name", "prefix"}),
    "partials": frozenset({"type", "config"}),
    "acls": frozenset({"consumer", "group"}),
    "targets": frozenset({"target"}),
    "consumer_groups": frozenset({"name"}),
    "keyauth_credentials": frozenset({"consumer"}),
    "basicauth_credentials": frozenset({"consumer"}),
    "jwt_secrets": frozenset({"consumer"}),
}
"""Section -> keys that each of its objects has to have to be Kong's."""


def recognise(document: Document) -> str | None:
    """`Kong declarative VERSION`, or `Kong declarative` where the content alone says so."""
    root = document.root
    if not isinstance(root, Mapping):
        return None
    version = root.peek("_format_version")
    if root.has("_format_version"):
        return f"Kong declarative {version.plain()}" if version else "Kong declarative"
    if any(root.has(key) for key in _FOREIGN):
        return None
    found = [
        _is_kong(section, items)
        for section in root.keys()
        if (items := _items(root, section)) and section in _KNOWN
    ]
    if not all(found):
        return None
    return "Kong declarative" if found or _META & root.keys() else None


def _items(root: Mapping, section: str) -> list[Mapping]:
    node = root.peek(section)
    if not isinstance(node, Sequence):
        return []
    return [item for item in node.items if isinstance(item, Mapping)]


def _is_kong(section: str, items: list[Mapping]) -> bool:
    if section == "services":
        return all(map(_is_service, items))
    if section == "routes":
        return all(map(_is_route, items))
    if section == "consumers":
        return all(map(_is_consumer, items))
    if section == "upstreams":
        return all(item.has("name") and not _ELSEWHERE & item.keys() for item in items)
    return all(_ALL_OF[section] <= item.keys() for item in items)


_KNOWN = frozenset({"services", "routes", "consumers", "upstreams", *_ALL_OF})


def _is_service(item: Mapping) -> bool:
    if _ELSEWHERE & item.keys():
        return False
    if item.has("host") or item.has("url"):
        return True
    routes = _items(item, "routes")
    return bool(routes) and all(map(_is_route, routes))


def _is_route(item: Mapping) -> bool:
    return not _ELSEWHERE & item.keys() and bool(_ROUTE & item.keys())


def _is_consumer(item: Mapping) -> bool:
    if not (item.has("username") or item.has("custom_id")):
        return False
    if isinstance(item.peek("plugins"), Mapping):
        return False  # APISIX writes a consumer's plugins so
    return bool(_CREDENTIALS & item.keys()) or item.keys() <= _CONSUMER
