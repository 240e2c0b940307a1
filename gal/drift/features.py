"""How the words of the ledger and those of a comparison belong together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gal.drift.change import Level as Weight
from gal.drift.change import Security
from gal.ledger import Level

if TYPE_CHECKING:
    from gal.drift.change import Change
    from gal.ledger import Entry

_ENTERING: Final = frozenset(
    {"authentication", "acl", "guards", "credentials", "consumers", "consumer", "anonymous"}
)
_MATCHES: Final = frozenset(
    {
        *("route", "routes", "path", "paths", "methods", "hosts", "schemes", "headers", "priority"),
        *("query_params", "sources", "destinations", "server_names", "sni", "https_redirect"),
    }
)
_CERTIFICATES: Final = frozenset(
    {"certificates", "certificate_file", "ca_certificates", "client_certificate", "tls"}
)
_RELATED: Final = {
    "consumers": _ENTERING,
    "credentials": _ENTERING,
    "acl": _ENTERING,
    "groups": _ENTERING,
    "authentication": _ENTERING,
    "routes": _MATCHES,
    "conditions": _MATCHES,
    "schemes": _MATCHES,
    "hosts": _MATCHES,
    "paths": _MATCHES,
    "methods": _MATCHES,
    "certificates": _CERTIFICATES,
    "upstream_tls": _CERTIFICATES | {"upstream_tls"},
    "upstream": frozenset({"upstream", "targets", "backends", "protocol"}),
    "health_check": frozenset({"health_check", "circuit_breaker"}),
    "listeners": frozenset({"listeners", "host", "port", "protocol", "tls"}),
}
"""Features of entries that tell a change of a field, by the field's first part, where the ledger
has other words for it than the comparison."""

_SAID_BY_ROUTES: Final = _ENTERING | {"ip_access", "user_agent", "direct_response", "redirect"}
"""Policies that become routes of their own on gateways that have nothing else for them."""

_IDENTITY: Final = re.compile(
    r"request\.x-(?:consumer-\w+(?:-\w+)*|credential-\w+|anonymous-consumer)"
)
"""Headers that tell an upstream who asks: they follow from who may enter."""

_MAY_BE_INFO: Final = _ENTERING | {
    *("api_keys", "basic", "jwt", "hmac", "oauth2", "key", "secret", "listeners")
}
"""Features whose entries may be of level info although the change weighs more: credentials that
nothing asks for, ports that are no part of a gateway's file."""

OWN_HEADER: Final = re.compile(r"headers\.request\.x-gal-[\w-]+")
"""Headers by which filters that GAL writes talk to each other: no client's are let through."""

TOGETHER: Final = frozenset(
    {
        *("load_balancer.algorithm", "load_balancer.sticky_sessions", "load_balancer.cookie_name"),
        *("rate_limit.key_type", "rate_limit.key_header", "rate_limit.key_claim"),
        *("cors.reflect_any_origin", "cors.allowed_origins", "cors.allowed_origin_patterns"),
    }
)
"""Fields that say one thing together, so that an entry about its neighbour tells a change."""

FOLLOWS_FROM_PROBES: Final = frozenset(
    {
        *("D001", "D002", "D003", "D004", "D005", "D007", "D008", "D121", "D122", "D010", "D011"),
        *("D017", "D130", "D131", "D132", "D019", "D133", "D134", "D060", "D063", "D064", "D065"),
        *("D012", "D068"),
    }
)
"""Changes that may be another way to say the same, which requests show."""


def features_of(change: Change) -> frozenset[str]:
    """The features of entries that may tell a change."""
    topic, _, rest = change.field.partition(".")
    found = _RELATED.get(topic, frozenset()) | {topic}
    if topic == "headers" and _IDENTITY.fullmatch(rest):
        found |= _ENTERING
    if change.id == "D003" and change.security is not Security.WEAKENED:
        found |= _SAID_BY_ROUTES
    return found


def weighs(entry: Entry, change: Change) -> bool:
    """Whether an entry is grave enough to tell a change: one of level info only tells what harms
    nobody.
    """
    if entry.level is not Level.INFO:
        return True
    harmless = change.security in (Security.NEUTRAL, Security.STRENGTHENED)
    return harmless and (change.level.rank <= Weight.LOW.rank or entry.feature in _MAY_BE_INFO)
