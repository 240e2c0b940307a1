"""What files are that are no gateway's configuration, so that errors can name it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gal.errors import InputError
from gal.reading import Mapping, Scalar

if TYPE_CHECKING:
    from gal.reading import Document

_TEXTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "a configuration of nginx",
        re.compile(r"^\s*(?:server|location|upstream|http|events)\b[^\n{};]*\{", re.MULTILINE),
    ),
    (
        "a configuration of HAProxy",
        re.compile(r"^(?:frontend|backend|listen)\s+[\w.-]+\s*$", re.MULTILINE),
    ),
    (
        "kong.conf, the settings of the Kong server itself",
        re.compile(r"^(?:proxy_listen|admin_listen|pg_host|declarative_config)\s*=", re.MULTILINE),
    ),
    ("a Caddyfile", re.compile(r"^\s*(?:reverse_proxy|file_server|handle_path)\b", re.MULTILINE)),
    ("a Terraform file", re.compile(r'^(?:resource|provider|module)\s+"[\w-]+"', re.MULTILINE)),
    ("a certificate or key", re.compile(r"^-----BEGIN [A-Z ]+-----", re.MULTILINE)),
)
_HELM = frozenset(
    (
        *("replicaCount", "imagePullSecrets", "nameOverride", "fullnameOverride", "podAnnotations"),
        *("serviceAccount", "securityContext", "podSecurityContext", "nodeSelector", "tolerations"),
        *("affinity", "autoscaling", "ingressController", "dblessConfig", "additionalArguments"),
    )
)
_DIRECTIVE = re.compile(r";\s*$", re.MULTILINE)
_ONLY_OF_NGINX = "a configuration of nginx"


_MARKS = {
    "kong": frozenset(("_format_version",)),
    "envoy": frozenset(("static_resources", "dynamic_resources", "resources", "configs")),
    "traefik": frozenset(("http", "tcp", "udp", "entryPoints")),
}
"""Keys at the top of a file that only one provider has."""


def marked(document: Document) -> str | None:
    """The provider whose mark a document has, None where it has none, or several."""
    root = document.root
    if not isinstance(root, Mapping):
        return None
    found = [name for name, keys in _MARKS.items() if keys & root.keys()]
    return found[0] if len(found) == 1 else None


def named_text(text: str) -> str | None:
    """What a text is that is neither YAML nor JSON nor TOML, if it is one of those that people have
    beside gateways.
    """
    for name, pattern in _TEXTS:
        if pattern.search(text) and (name != _ONLY_OF_NGINX or _DIRECTIVE.search(text)):
            return name
    return None


def foreign_text(error: InputError) -> InputError:
    """The error of a text that could not be read, with what the text is, where that is known."""
    position = error.position
    lines = getattr(position.source, "text", None) if position is not None else None
    name = named_text(lines) if isinstance(lines, str) else None
    if name is None or position is None:
        return error
    return InputError(f"this is {name}, which GAL does not read", position, None)


def is_helm_values(root: Mapping) -> bool:
    """Whether a file holds values of a Helm chart: an image with its tag, or settings of pods."""
    image = root.peek("image")
    if isinstance(image, Mapping) and {"repository", "tag", "pullPolicy"} & image.keys():
        return True
    return len(_HELM & root.keys()) > 1


def named_document(document: Document) -> str | None:
    """What a document is that no importer takes for its own, if that is known."""
    root = document.root
    if isinstance(root, Scalar):
        return named_text(document.source.text)
    if not isinstance(root, Mapping):
        return None
    kind, version = root.peek("kind"), root.peek("apiVersion")
    if isinstance(kind, Scalar) and isinstance(version, Scalar):
        return f"a Kubernetes {kind.text} ({version.text})"
    keys = root.keys()
    if {"openapi", "swagger"} & keys:
        return "an OpenAPI document"
    if {"apiVersion", "name", "version"} <= keys:
        return "a Helm chart's Chart.yaml"
    if is_helm_values(root):
        return "the values of a Helm chart (helm template renders its manifests)"
    services = root.peek("services")
    if isinstance(services, Mapping) and any(
        isinstance(one, Mapping) and ({"image", "build"} & one.keys())
        for one in services.entries.values()
    ):
        return "a docker-compose file without labels of Traefik"
    if {"name", "on", "jobs"} <= keys:
        return "a workflow of GitHub Actions"
    return None
