"""What Traefik's formats are recognised by."""

from __future__ import annotations

from collections.abc import Iterator

from gal.errors import InputError
from gal.importers.traefik.manifests import is_kubernetes, is_manifest
from gal.reading import Document, Mapping, Node, Scalar, Sequence

_DYNAMIC = frozenset(("http", "tcp", "udp", "tls"))
_STATIC = frozenset(
    (
        *("entrypoints", "providers", "api", "log", "accesslog", "metrics", "tracing", "ping"),
        *("certificatesresolvers", "serverstransport", "global", "experimental", "core"),
        *("hostresolver", "spiffe", "tcpserverstransport", "ocsp", "pilot", "hub"),
    )
)
_V1 = frozenset(("frontends", "backends", "defaultentrypoints"))
_V1_LABELS = ("traefik.frontend", "traefik.backend", "traefik.port", "traefik.protocol")
_V1_HINT = "traefik-migration-tool writes such files as version 2, which GAL reads"


def recognise(document: Document) -> str | None:
    """What the document is in Traefik's words; None for anything else.

    Raises:
        InputError: it is of Traefik 1.
    """
    root = document.root
    if isinstance(root, Sequence):
        return "Traefik labels" if _are_labels(root) else None
    if not isinstance(root, Mapping):
        return None
    if is_manifest(root):
        return "Traefik manifests"
    if is_kubernetes(root):
        return "Kubernetes" if "traefik.io/" in document.source.text else None
    if _is_compose(root):
        return "docker-compose with Traefik labels" if _has_labels(root) else None
    if root.has("labels") and len(root) == 1:
        labels = root.entries["labels"]
        return "Traefik labels" if _are_labels(labels) else None
    return _file(root)


def _file(root: Mapping) -> str | None:
    keys = {key.lower() for key in root}
    if _V1 & keys or _is_v1_entry_points(root):
        raise v1_error(root)
    if keys & _DYNAMIC and keys <= _DYNAMIC | _STATIC and _is_dynamic(root):
        return "Traefik dynamic configuration"
    if "entrypoints" in keys or ("providers" in keys and keys <= _STATIC):
        return "Traefik static configuration"
    return None


def v1_error(node: Node) -> InputError:
    """The error for what Traefik 1 reads."""
    return InputError("this is a configuration of Traefik 1", node.position, _V1_HINT)


def _is_dynamic(root: Mapping) -> bool:
    wanted = {"routers", "services", "middlewares", "serverstransports", "models"}
    for key, node in root.entries.items():
        if key.lower() in ("http", "tcp", "udp") and isinstance(node, Mapping):
            return bool({one.lower() for one in node} & wanted) or not node.entries
        if key.lower() == "tls" and isinstance(node, Mapping):
            return bool({one.lower() for one in node} & {"certificates", "options", "stores"})
    return False


def _is_v1_entry_points(root: Mapping) -> bool:
    points = next(
        (node for key, node in root.entries.items() if key.lower() == "entrypoints"), None
    )
    if not isinstance(points, Mapping):
        return False
    return any(
        isinstance(point, Mapping)
        and {"redirect", "whitelist", "compress", "auth"} & {key.lower() for key in point}
        for point in points.entries.values()
    )


def _is_compose(root: Mapping) -> bool:
    services = root.entries.get("services")
    known = ("image", "build", "labels", "deploy", "container_name", "extends")
    return isinstance(services, Mapping) and any(
        isinstance(one, Mapping) and any(one.has(key) for key in known)
        for one in services.entries.values()
    )


def _has_labels(root: Mapping) -> bool:
    names = [name.lower() for _, name, _ in compose_labels(root)]
    if any(name.startswith(("traefik.http.", "traefik.tcp.", "traefik.udp.")) for name in names):
        return True
    old = next((name for name in names if name.startswith(_V1_LABELS)), None)
    if old is not None:
        raise v1_error(root)
    return any(name.startswith("traefik.") for name in names)


def compose_labels(root: Mapping) -> Iterator[tuple[str, str, Node]]:
    """Every label of a compose file: its service, its name, and where it stands. Marks nothing."""
    services = root.entries.get("services")
    for name, service in services.entries.items() if isinstance(services, Mapping) else ():
        if not isinstance(service, Mapping):
            continue
        deploy = service.entries.get("deploy")
        places = [service, deploy] if isinstance(deploy, Mapping) else [service]
        for place in places:
            labels = place.entries.get("labels")
            if labels is not None:
                yield from ((name, label, node) for label, _, node in label_pairs(labels))


def label_pairs(labels: Node) -> Iterator[tuple[str, str, Node]]:
    """Names and values of labels, as a list or as a mapping. Marks nothing."""
    if isinstance(labels, Sequence):
        for item in labels.items:
            if isinstance(item, Scalar):
                name, _, value = item.text.partition("=")
                yield name.strip(), value, item
            elif isinstance(item, Mapping):
                yield from label_pairs(item)
    elif isinstance(labels, Mapping):
        for name, node in labels.entries.items():
            yield name, node.text if isinstance(node, Scalar) else "", node


def _are_labels(node: Node) -> bool:
    return any(name.lower().startswith("traefik.") for name, _, _ in label_pairs(node))
