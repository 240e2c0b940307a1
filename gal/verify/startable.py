"""Which configurations can be started as they are: those of Envoy and of Traefik's files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gal.reading import Mapping
from gal.spelling import snake_case
from gal.verify.gateways import Json, Startable
from gal.verify.gateways.envoy import EnvoyFile
from gal.verify.gateways.traefik import TraefikFiles

if TYPE_CHECKING:
    from gal.reading import Document

_DYNAMIC = frozenset(("http", "tcp", "udp", "tls"))


def startable(provider: str, documents: Sequence[Document]) -> tuple[Startable | None, str]:
    """A configuration as it can be started, or why it cannot."""
    if provider == "envoy":
        return _envoy(documents)
    if provider == "traefik":
        return _traefik(documents)
    return None, f"there is no {provider} to start here"


def _folder(documents: Sequence[Document]) -> Path:
    return Path(documents[0].source.name).absolute().parent


def _envoy(documents: Sequence[Document]) -> tuple[Startable | None, str]:
    roots = [document.root for document in documents]
    if len(roots) != 1 or not isinstance(roots[0], Mapping):
        return None, "several files of Envoy are not started together"
    data = _folded(roots[0].plain())
    if "static_resources" not in data:
        return None, "only a bootstrap can be started"
    return EnvoyFile(data, _folder(documents)), ""


def _folded(value: Any) -> Any:
    """The data with its fields in snake_case."""
    if isinstance(value, dict):
        return {snake_case(str(key)): _folded(below) for key, below in value.items()}
    return [_folded(below) for below in value] if isinstance(value, list) else value


def _traefik(documents: Sequence[Document]) -> tuple[Startable | None, str]:
    static: Json = {}
    dynamic: Json = {}
    for document in documents:
        root = document.root
        data = root.plain() if isinstance(root, Mapping) else None
        if data is None or "apiVersion" in data or "services" in data or "labels" in data:
            return None, "labels and manifests need Docker or Kubernetes"
        for key, value in data.items():
            if key.lower() in _DYNAMIC:
                _merge(dynamic, key.lower(), value)
            else:
                static[key] = value
    if not dynamic:
        return None, "the files have no dynamic configuration"
    return TraefikFiles(static, dynamic, _folder(documents)), ""


def _merge(into: Json, key: str, value: Any) -> None:
    known = into.get(key)
    if not isinstance(known, dict) or not isinstance(value, dict):
        into[key] = value
        return
    for name, below in value.items():
        spelt = next((one for one in known if one.lower() == name.lower()), name)
        _merge(known, spelt, below)
