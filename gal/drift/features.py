"""How the words of the ledger and those of a comparison belong together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gal.drift.change import Level as Weight
from gal.drift.change import Security
from gal.drift.shown import NONE
from gal.ledger import Fate, Level

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
    "schemes": _MATCHES | {"redirect"},
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

_OWN_HEADER: Final = re.compile(r"headers\.request\.x-gal-[\w-]+")
"""Headers by which filters that GAL writes talk to each other: no client's are let through."""

_OWN_FIELDS: Final = {
    "traefik": re.compile(
        r"extensions\.traefik\.static(?:\.(?:global|log|providers\.file)(?:\..+)?)?"
    ),
    "envoy": re.compile(
        r"extensions\.envoy\.(?:dns_lookup_family|health_check\.host|layered_runtime\..+)"
    ),
}
"""What is written for a gateway whatever the source says, by provider: where Traefik finds its
other file, which family of addresses Envoy takes first, the name that it asks targets for."""

_WITHOUT_MEANING: Final = {
    "envoy": frozenset({"rate_limit.fail_open", "timeout.send"}),
    "traefik": frozenset({"rate_limit.fail_open"}),
}
"""What means nothing on a gateway, by provider: counts in its own memory are always there, and one
deadline is for both ways (its exporter says where the source has two)."""

_PORTS: Final = re.compile(r"destination \*:\d+(?:[|, ]+(?:destination )?\*:\d+)*")
"""Conditions that are about ports of the gateway and nothing else."""

_DETAILS: Final = frozenset({"D137", "D139", "D142", "D047"})
"""Changes that an entry of level info tells: what upstreams are told of clients, how a chain of
certificates is checked, certificates that nothing asks for."""

_OBJECTS: Final = frozenset(
    {
        *("routes", "conditions", "hosts", "paths", "methods", "upstream", "listeners"),
        *("consumers", "credentials", "groups", "certificates"),
    }
)
"""Topics of changes for which no setting makes up that is kept and not read."""

_PLUGINS: Final = {
    "rate_limit": "limit-",
    "redirect": "redirect",
    "schemes": "redirect",
    "cors": "cors",
}
"""What the names of plugins have in them that are about a topic."""

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
    if change.id == "D001":
        found |= {"listeners"}
    if change.id == "D003" and change.security is not Security.WEAKENED:
        found |= _SAID_BY_ROUTES
    return found


def weighs(entry: Entry, change: Change) -> bool:
    """Whether an entry is grave enough to tell a change: one of level info only tells what harms
    nobody.
    """
    if entry.level is not Level.INFO:
        return True
    if change.id in _DETAILS or (change.id == "D040" and change.old == NONE):
        return True  # a side that says nothing of certificates leaves it to its gateway
    harmless = change.security in (Security.NEUTRAL, Security.STRENGTHENED)
    return harmless and (change.level.rank <= Weight.LOW.rank or entry.feature in _MAY_BE_INFO)


def is_gone(change: Change) -> bool:
    """Whether a whole policy is there no more that kept somebody out."""
    topic = change.field.partition(".")[0]
    gone = change.new == NONE and topic == change.field and topic not in _OBJECTS
    return gone and change.security is Security.WEAKENED


def is_loss(entry: Entry) -> bool:
    """Whether an entry says that something is lost."""
    return entry.fate is Fate.DROPPED or entry.level is Level.ERROR


def is_own(change: Change, target: str) -> bool:
    """Whether it is about what GAL writes for a provider by itself, or what means nothing there."""
    if _OWN_HEADER.fullmatch(change.field) is not None:
        return change.new == "remove"
    if means_nothing(change.field, target):
        return True
    if change.field.startswith("administration") and change.security is not Security.WEAKENED:
        return True  # it comes with the gateway, and no conversion opens it
    if target == "kong" and change.field == "conditions" and _PORTS.fullmatch(change.old):
        return change.new == NONE  # Kong's ports are no part of its file, which the ledger says
    own = _OWN_FIELDS.get(target)
    return own is not None and own.fullmatch(change.field) is not None and change.new != NONE


def means_nothing(name: str, target: str) -> bool:
    """Whether a field means nothing on a gateway."""
    return name in _WITHOUT_MEANING.get(target, ())


def kept_unread(entry: Entry, change: Change) -> bool:
    """Whether an entry of an import says that what a change is about is kept, and not read."""
    topic = change.field.partition(".")[0]
    if entry.fate is not Fate.CARRIED or topic in _OBJECTS:
        return False
    if entry.feature == "plugins":
        return topic in _PLUGINS and _PLUGINS[topic] in entry.path
    return entry.feature in features_of(change)
