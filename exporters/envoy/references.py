"""What settings of Envoy's own refer to: clusters and secrets, which have to be in the file.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/grpc_service.proto,
https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/http_uri.proto and
https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/secret.proto
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gal.spelling import snake_case

_CLUSTERS = frozenset(
    ("cluster", "cluster_name", "collector_cluster", "shadow_cluster", "cluster_names")
)
_OLD = (
    "envoy.config.filter.",
    "envoy.config.trace.v2",
    "envoy.api.v2.",
    "envoy.config.accesslog.v2",
)
_OLD_VERSIONS = (".v2.", ".v2alpha.", ".v2alpha1.", ".v1.")
_NOT_CLUSTERS = frozenset(("node", "locality"))


def clusters_in(value: Any) -> list[str]:
    """The names of clusters that plain data refers to, each once."""
    return list(dict.fromkeys(_clusters(value)))


def _clusters(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, below in value.items():
            name = snake_case(str(key))
            if name in _NOT_CLUSTERS:
                continue
            if name in _CLUSTERS and isinstance(below, str):
                yield below
            elif name in _CLUSTERS and isinstance(below, list):
                yield from (one for one in below if isinstance(one, str))
            else:
                yield from _clusters(below)
    elif isinstance(value, list):
        for one in value:
            yield from _clusters(one)


def grpc_clusters_in(value: Any) -> set[str]:
    """The names of clusters that plain data speaks gRPC to."""
    found: set[str] = set()
    items = value.items() if isinstance(value, dict) else ()
    for key, below in items:
        if snake_case(str(key)) == "envoy_grpc":
            found.update(_clusters(below))
        else:
            found |= grpc_clusters_in(below)
    for one in value if isinstance(value, list) else ():
        found |= grpc_clusters_in(one)
    return found


def secrets_in(value: Any, key: str = "") -> list[str]:
    """The names of secrets that have to stand in the file: those without a source of their own."""
    found: list[str] = []
    if isinstance(value, dict):
        fields = {snake_case(str(name)) for name in value}
        if "secret" in key and "name" in fields and "sds_config" not in fields:
            found.append(str(value["name"]))
        for name, below in value.items():
            found += secrets_in(below, snake_case(str(name)))
    elif isinstance(value, list):
        for one in value:
            found += secrets_in(one, key)
    return found


def old_type_in(value: Any) -> str | None:
    """A message of Envoy 2 in plain data, which Envoy 3 does not load; None where there is none."""
    if isinstance(value, dict):
        for key, below in value.items():
            if key in ("@type", "type_url", "typeUrl") and isinstance(below, str):
                name = below.rsplit("/", 1)[-1]
                if name.startswith(_OLD) and (
                    name.startswith(_OLD[0]) or any(part in name for part in _OLD_VERSIONS)
                ):
                    return name
            found = old_type_in(below)
            if found is not None:
                return found
    elif isinstance(value, list):
        for one in value:
            found = old_type_in(one)
            if found is not None:
                return found
    return None
