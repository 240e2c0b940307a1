"""How Envoy's clusters speak to their endpoints, as its files say it.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/tls.proto
"""

from __future__ import annotations

from gal.lint.peeking import at, flag, items, section, text
from gal.reading import Mapping, Node, Sequence

_NAMES = ("match_typed_subject_alt_names", "match_subject_alt_names", "verify_subject_alt_name")
_OTHER_CHECKS = (
    *("verify_certificate_spki", "verify_certificate_hash", "custom_validator_config"),
    *("ca_certificate_provider_instance",),
)
_ELSEWHERE = (
    *("validation_context_sds_secret_config", "validation_context_certificate_provider"),
    *("combined_validation_context", "validation_context_certificate_provider_instance"),
)
_SYSTEM = ("/etc/ssl/", "/etc/pki/", "/usr/share/ca-certificates/")
_PLAIN = ("RawBuffer",)


def transport_of(cluster: Mapping) -> Mapping | None:
    """The settings of a cluster's transport: an `UpstreamTlsContext`, or another kind's. None
    where it speaks in plain text.
    """
    old = section(cluster, "tls_context")
    if old is not None:
        return old
    found = section(cluster, "transport_socket.typed_config")
    while found is not None and section(found, "transport_socket") is not None:
        found = section(found, "transport_socket.typed_config")
    if found is None or (text(found, "@type") or "").endswith(_PLAIN):
        return None
    return found


def is_tls(transport: Mapping) -> bool:
    """Whether a transport is TLS as this module knows it."""
    kind = text(transport, "@type")
    return kind is None or kind.endswith("TlsContext")


def unchecked(context: Mapping) -> tuple[str, bool] | None:
    """Why an `UpstreamTlsContext` checks nothing or too little, and whether anybody can make use of
    that; None where it checks, or where this is said elsewhere.
    """
    common = section(context, "common_tls_context")
    rules = section(common, "validation_context")
    if rules is None and any(at(common, key) is not None for key in _ELSEWHERE):
        return None  # what a control plane says is not known here
    if any(at(rules, key) is not None for key in _OTHER_CHECKS):
        return None
    authority = section(rules, "trusted_ca")
    if authority is None:
        return "no trusted_ca is given", True
    if text(rules, "trust_chain_verification") in ("ACCEPT_UNTRUSTED", "1"):
        return "those of unknown authorities are accepted, too", True
    if flag(context, "auto_sni_san_validation") or any(items(rules, key) for key in _NAMES):
        return None
    anybodys = (text(authority, "filename") or "").startswith(_SYSTEM)
    return "any name is accepted in them, if the authority is the right one", anybodys


def hosts_of(cluster: Mapping, assignment: Mapping | None = None) -> list[str]:
    """The hosts of a cluster's endpoints."""
    found = []
    pending: list[Node | None] = [
        assignment,
        cluster.peek("hosts"),
        cluster.peek("load_assignment"),
    ]
    while pending:
        node = pending.pop()
        if isinstance(node, Sequence):
            pending.extend(node.items)
        elif isinstance(node, Mapping):
            host = text(node, "socket_address.address")
            if host is not None:
                found.append(host)
            elif section(node, "pipe") is not None:
                found.append("unix:")
            else:
                pending.extend(node.entries.values())
    return found
