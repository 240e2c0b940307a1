"""Sections that only Kong knows: kept as they are, each with what is lost elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.ledger import Fate, Level
from gal.reading import Mapping, Node, Sequence

if TYPE_CHECKING:
    from gal.importers.kong.references import Entity, File

_NONE = "no effect on traffic by itself"
_SECTIONS: dict[str, tuple[Level, str]] = {
    "consumer_groups": (Level.WARNING, "policies for groups of consumers are the enterprise's own"),
    "consumer_group_consumers": (Level.INFO, _NONE),
    "consumer_group_plugins": (Level.WARNING, "policies for groups are the enterprise's own"),
    "vaults": (Level.WARNING, "references {vault://...} into it stay as they are"),
    "partials": (Level.INFO, "settings that plugins share: see the plugins that name them"),
    "keys": (Level.INFO, _NONE),
    "key_sets": (Level.INFO, _NONE),
    "filter_chains": (Level.WARNING, "WebAssembly filters are Kong's own: they do nothing here"),
    "licenses": (Level.INFO, _NONE),
    "rbac_roles": (Level.INFO, _NONE),
    "service_packages": (Level.INFO, _NONE),
    "portals": (Level.INFO, _NONE),
    "custom_entities": (Level.WARNING, "entities of custom plugins are Kong's own"),
    "custom_plugins": (Level.WARNING, "custom plugins are Kong's own"),
    "degraphql_routes": (Level.WARNING, "routes into GraphQL are Kong's own"),
    "graphql_ratelimiting_advanced_cost_decorations": (Level.WARNING, "costs are Kong's own"),
    "mtls_auth_credentials": (Level.WARNING, "client certificates of consumers are Kong's own"),
    "acme_storage": (Level.INFO, "what the plugin acme has fetched"),
    "parameters": (Level.INFO, _NONE),
    "workspaces": (Level.INFO, _NONE),
    "clustering_data_planes": (Level.INFO, _NONE),
    "ratelimiting_metrics": (Level.INFO, "counts so far"),
    "sessions": (Level.INFO, "sessions of users that are logged in"),
    "session_metadatas": (Level.INFO, "sessions of users that are logged in"),
    "oauth2_tokens": (Level.WARNING, "tokens that Kong has given out open nothing elsewhere"),
    "oauth2_authorization_codes": (Level.INFO, "codes that Kong has given out"),
    "ai_models": (Level.WARNING, "models are the AI gateway's own"),
    "ai_model_providers": (Level.WARNING, "models are the AI gateway's own"),
    "models": (Level.WARNING, "models are the AI gateway's own"),
    "workflows": (Level.WARNING, "workflows are the enterprise's own"),
    "event_hooks": (Level.INFO, _NONE),
    "plugins_schemas": (Level.INFO, _NONE),
}
_ENTITIES = (
    *("filter_chains", "mtls_auth_credentials", "key_sets", "keys", "oauth2_tokens"),
    "oauth2_authorization_codes",
)
_ACCESS = frozenset(
    (
        *("acl", "ip-restriction", "bot-detection", "request-termination", "opa"),
        *("pre-function", "request-validator"),
    )
)


def carry_sections(file: File, extensions: dict[str, Any]) -> None:
    """Keep all sections that the model cannot say."""
    for kind in _ENTITIES:
        for entity in file.of(kind):
            carry(file, entity, extensions, *_SECTIONS[kind])
    for root in file.roots:
        for key, (level, message) in _SECTIONS.items():
            if key in _ENTITIES or root.peek(key) is None:
                root.mark(key)
                continue
            node = root.take(key)
            if node is None:
                continue
            node.take_all()
            kept = extensions.setdefault(key, [])
            kept.extend(node.plain() if isinstance(node, Sequence) else [node.plain()])
            if key == "consumer_groups" and not _any_plugins(node):
                file.report.at(node, Fate.CARRIED, Level.INFO, key, _NONE)
                continue
            file.report.at(node, Fate.CARRIED, level, key, message)
            if key == "consumer_groups":
                _report_guards(file, node)


def carry(
    file: File, entity: Entity, extensions: dict[str, Any], level: Level, message: str
) -> None:
    """Keep one object as it is, in the section of its kind, with the name of what it stood in."""
    node = entity.node
    if _inside_of_kept(entity):
        return
    node.take_all()
    data = node.plain()
    for field, parent in entity.parents.items():
        reference = parent.name or parent.id
        if reference is not None:
            data[field] = reference if parent.kind != "certificates" else {"id": reference}
    extensions.setdefault(entity.kind, []).append(data)
    file.report.at(node, Fate.CARRIED, level, entity.kind, message)


def _inside_of_kept(entity: Entity) -> bool:
    return any(parent.node.all_taken for parent in entity.parents.values())


def _any_plugins(groups: Node) -> bool:
    items = groups.items if isinstance(groups, Sequence) else []
    return any(isinstance(group, Mapping) and group.peek("plugins") for group in items)


def _report_guards(file: File, node: Node) -> None:
    """A group's access control is lost elsewhere, and nothing stands in for it (law 2)."""
    groups = node.items if isinstance(node, Sequence) else []
    for group in groups:
        plugins = group.peek("plugins") if isinstance(group, Mapping) else None
        for plugin in plugins.items if isinstance(plugins, Sequence) else []:
            name = plugin.peek("name") if isinstance(plugin, Mapping) else None
            if name is not None and name.as_str() in _ACCESS:
                message = f"{name.as_str()} refuses members of this group on Kong only"
                file.report.at(plugin, Fate.CARRIED, Level.ERROR, "consumer_groups", message)
