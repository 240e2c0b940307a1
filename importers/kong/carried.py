"""Sections that only Kong knows: kept as they are, each with what is lost elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.ledger import Fate, Level
from gal.reading import Mapping, Node, Sequence

if TYPE_CHECKING:
    from gal.importers.kong.references import Entity, File
    from gal.importers.kong.scopes import Placed

GROUPS = "consumer_groups"
_NONE = "no effect on traffic by itself"
_SECTIONS: dict[str, tuple[Level, str]] = {
    GROUPS: (Level.WARNING, "policies for groups of consumers are the enterprise's own"),
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
    "cloned_plugins": (Level.WARNING, "plugins under another name are the enterprise's own"),
    "plugins_partials": (Level.WARNING, "settings that plugins share are not put into them"),
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
    "ai-models": (Level.WARNING, "models are the AI gateway's own"),
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


def carry_sections(file: File, extensions: dict[str, Any], guards: list[Placed]) -> None:
    """Keep all sections that the model cannot say; `guards` are plugins of groups that it can."""
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
            data = _plain_groups(node, guards) if key == GROUPS else node.plain()
            kept.extend(data if isinstance(data, list) else [data])
            acts = key != GROUPS or any("plugins" in group for group in data)
            entry = (level, message) if acts else (Level.INFO, _NONE)
            file.report.at(node, Fate.CARRIED, entry[0], key, entry[1])


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


def _plain_groups(node: Node, guards: list[Placed]) -> list[Any]:
    """The section without the plugins that have become guards."""
    known = {id(placed.plugin.node) for placed in guards}
    data: Any = node.plain()
    if not isinstance(data, list):
        return [data]
    for group, kept in zip(mappings(node), filter(_is_mapping, data), strict=True):
        plugins = group.peek("plugins")
        left = [one.plain() for one in mappings(plugins) if id(one) not in known]
        if left:
            kept["plugins"] = left
        elif plugins is not None:
            del kept["plugins"]
    return data


def mappings(node: Node | None) -> list[Mapping]:
    """The mappings in a list; none where there is no list."""
    items = node.items if isinstance(node, Sequence) else []
    return [one for one in items if isinstance(one, Mapping)]


def _is_mapping(data: Any) -> bool:
    return isinstance(data, dict)
