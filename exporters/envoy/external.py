"""Servers that Envoy asks itself: keys of token issuers, external checks."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from gal.exporters.envoy.build import EXTENSION, Json, Shared
from gal.exporters.envoy.tls import SYSTEM_CA, TLS, is_address
from gal.model import ModelNode

_UPSTREAM_TLS = EXTENSION + "transport_sockets.tls.v3.UpstreamTlsContext"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Server:
    """A server that Envoy asks.

    Attributes:
        cluster: its cluster's name.
        target: path and query of its URL.
    """

    cluster: str
    target: str


def server(url: str, control: ModelNode, feature: str, shared: Shared) -> Server:
    """Have the server of a URL among the clusters. Its certificate is always verified.

    Raises:
        ValueError: it is no URL that Envoy can ask; the text says why.
    """
    parts = urlsplit(url)
    host = parts.hostname
    if parts.scheme not in _PORTS or not host:
        raise ValueError(f'"{url}" is no address such as https://auth.example/check')
    port = parts.port or _PORTS[parts.scheme]
    name = f"external.{parts.scheme}.{host}.{port}"
    address = {"socket_address": {"address": host, "port_value": port}}
    cluster: Json = {
        "name": name,
        "type": "STATIC" if is_address(host) else "STRICT_DNS",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    }
    if parts.scheme == "https":
        cluster["transport_socket"] = _verified(host)
        message = (
            f"the trusted authorities are those of the machine that Envoy runs on: {SYSTEM_CA}"
        )
        shared.context.report.approximated(control, feature, message)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Server(shared.clusters.add(cluster), target)


def _verified(host: str) -> Json:
    kind = "IP_ADDRESS" if is_address(host) else "DNS"
    context: Json = {"@type": _UPSTREAM_TLS}
    if kind == "DNS":
        context["sni"] = host
    names = [{"san_type": kind, "matcher": {"exact": host}}]
    context["common_tls_context"] = {
        "validation_context": {
            "trusted_ca": {"filename": SYSTEM_CA},
            "match_typed_subject_alt_names": names,
        }
    }
    return {"name": TLS, "typed_config": context}
