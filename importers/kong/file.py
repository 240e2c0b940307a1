"""Kong's declarative file (https://developer.konghq.com/gateway/db-less-mode/), as Kong, its
`config db_export` and decK write it: what it is recognised by, and all of its entities.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gal.importers.kong.defaults import apply_defaults, apply_shared_configs
from gal.importers.kong.references import Entity, File
from gal.ledger import Fate, Level
from gal.reading import Mapping, Scalar

if TYPE_CHECKING:
    from gal.context import ImportContext
    from gal.ledger import Reporter
    from gal.reading import Document

VERSIONS = ("1.1", "2.1", "3.0")

CHILDREN: dict[str, dict[str, str]] = {
    "certificates": {
        "snis": "certificate",
        "services": "client_certificate",
        "upstreams": "client_certificate",
    },
    "services": {
        "routes": "service",
        "plugins": "service",
        "filter_chains": "service",
        "oauth2_tokens": "service",
        "oauth2_authorization_codes": "service",
    },
    "routes": {"plugins": "route", "filter_chains": "route"},
    "upstreams": {"targets": "upstream"},
    "consumers": {
        "acls": "consumer",
        "basicauth_credentials": "consumer",
        "hmacauth_credentials": "consumer",
        "jwt_secrets": "consumer",
        "keyauth_credentials": "consumer",
        "oauth2_credentials": "consumer",
        "plugins": "consumer",
        "mtls_auth_credentials": "consumer",
    },
    "oauth2_credentials": {
        "oauth2_tokens": "credential",
        "oauth2_authorization_codes": "credential",
    },
    "key_sets": {"keys": "set"},
}
"""Kind -> the kinds that may stand inside of it -> their field that would name it."""

_KINDS = (
    *("certificates", "ca_certificates", "snis", "services", "routes", "upstreams", "targets"),
    *("consumers", "plugins", "filter_chains", "mtls_auth_credentials"),
    *("acls", "basicauth_credentials", "hmacauth_credentials", "jwt_secrets"),
    *("keyauth_credentials", "oauth2_credentials"),
    *("oauth2_tokens", "oauth2_authorization_codes", "key_sets", "keys"),
)


def gather(documents: Sequence[Document], context: ImportContext) -> File:
    """All entities of the input.

    Raises:
        InputError: a document is of another version, or names something twice.
    """
    roots = [document.mapping() for document in documents]
    file = File(roots, context.report)
    for root in roots:
        version = _version(root)
        transform = root.take_bool("_transform", True)
        _take_meta(root, context.report)
        for kind in _KINDS:
            for node in root.take_mappings(kind):
                _add(file, Entity(kind, node, root, version != "3.0", transform))
    for root in roots:
        _fill(root, file)
    return file


def _version(root: Mapping) -> str:
    node = root.take("_format_version")
    if node is None:
        return VERSIONS[-1]  # decK's partial files
    known = ", ".join(f'"{version}"' for version in VERSIONS)
    if not isinstance(node, Scalar) or node.kind != "string":
        text = node.text if isinstance(node, Scalar) else VERSIONS[-1]
        raise node.error(
            "_format_version must be a string", f'put it in quotes: _format_version: "{text}"'
        )
    if node.text not in VERSIONS:
        raise node.error(f'_format_version "{node.text}" is not known', f"there are: {known}")
    return node.text


def _take_meta(root: Mapping, report: Reporter) -> None:
    for key in ("_comment", "_ignore", "_workspace", "_konnect"):
        node = root.take(key)
        if node is not None:
            node.take_all()
            report.at(node, Fate.DROPPED, Level.INFO, key, "no effect on traffic")
    info = root.take_mapping("_info")
    if info is None:
        return
    for key in [key for key in info if key != "defaults"]:
        node = info.take(key)
        if node is not None:
            node.take_all()
            reason = "tells decK what it manages: no effect on traffic"
            report.at(node, Fate.DROPPED, Level.INFO, key, reason)


def _add(file: File, entity: Entity) -> None:
    file.add(entity)
    node = entity.node
    for child, reference in CHILDREN.get(entity.kind, {}).items():
        if not node.has(child):
            continue
        for item in node.take_sequence(child):
            if not isinstance(item, Mapping):
                hint = None
                if child == "snis" and isinstance(item, Scalar):
                    hint = f"write {{name: {item.text}}}"
                raise item.mismatch("a mapping", hint)
            below = Entity(child, item, entity.root, entity.old, entity.transform)
            below.parents[reference] = entity
            _add(file, below)


def _fill(root: Mapping, file: File) -> None:
    """Apply decK's defaults and shared plugin settings to the entities of one document."""
    info = root.peek("_info")
    defaults = info.take_mapping("defaults") if isinstance(info, Mapping) else None
    shared = root.take_mapping("_plugin_configs")
    used: set[str] = set()
    for kind in file.entities if defaults is not None else ("plugins",):
        for entity in file.of(kind):
            if entity.root is not root:
                continue
            if defaults is not None:
                apply_defaults(kind, entity.node, defaults)
            if kind == "plugins":
                used |= apply_shared_configs(entity.node, shared)
    if shared is not None:
        _drop_unused(shared, used, "no plugin has these settings", file.report)
    if defaults is not None:
        applied = {key for key in defaults if defaults.is_taken(key)}
        _drop_unused(defaults, applied, "nothing has these defaults", file.report)


def _drop_unused(sections: Mapping, used: set[str], reason: str, report: Reporter) -> None:
    for key, section in sections.take_items():
        if key not in used:
            section.take_all()
            report.at(section, Fate.DROPPED, Level.INFO, key, reason)
