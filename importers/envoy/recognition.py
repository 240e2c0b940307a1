"""What Envoy's files are recognised by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.importers.envoy.chain import message_name
from gal.reading import Mapping, Sequence
from gal.spelling import snake_case

if TYPE_CHECKING:
    from gal.reading import Document

_BOOTSTRAP = frozenset(
    ("static_resources", "dynamic_resources", "layered_runtime", "overload_manager")
)
_DUMP = "envoy.admin."
_RESOURCES = ("envoy.config.", "envoy.api.v2.", "envoy.extensions.", "envoy.service.")


def recognise(document: Document) -> str | None:
    """What the document is in Envoy's words; None for anything else."""
    root = document.root
    if not isinstance(root, Mapping):
        return None
    keys = {snake_case(key) for key in root}
    if keys & _BOOTSTRAP:
        return "Envoy bootstrap"
    if "resources" in keys and _types(root, "resources", _RESOURCES):
        return "Envoy resources"
    if "configs" in keys and _types(root, "configs", (_DUMP,)):
        return "Envoy config dump"
    own = _type(root)
    if own.startswith(_DUMP):
        return "Envoy config dump"
    if own.startswith(_RESOURCES):
        return "Envoy resources"
    if {"node", "admin"} <= keys and "version" not in keys:
        return "Envoy bootstrap"
    return None


def _type(node: Mapping) -> str:
    found = node.peek("@type")
    text = getattr(found, "text", "")
    return message_name(text) if isinstance(text, str) else ""


def _types(root: Mapping, key: str, packages: tuple[str, ...]) -> bool:
    items = root.peek(key)
    if not isinstance(items, Sequence) or not items.items:
        return False
    return all(
        isinstance(item, Mapping) and _type(item).startswith(packages) for item in items.items
    )
