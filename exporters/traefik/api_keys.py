"""API keys as rules of routers.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/router/rules-and-priority/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gal.exporters.traefik.build import Shared, alternation
from gal.exporters.traefik.groups import Members
from gal.exporters.traefik.regex import escaped
from gal.exporters.traefik.rules import call
from gal.ledger import Level
from gal.model import ApiKey, ApiKeyAuth, Consumer, KeyCredential, Secret

_FEATURE = "authentication"


@dataclass(slots=True)
class Keys:
    """What requests with a key look like.

    Attributes:
        rule: those that may enter; empty where no key opens.
        forbidden: those whose key is known, but whose groups keep them out.
        hidden: headers that the upstream does not see.
        header: the header that holds the key, where it is the only place.
        skips_preflight: OPTIONS requests need no key.
    """

    rule: str
    forbidden: str
    hidden: list[str] = field(default_factory=list)
    header: str | None = None
    skips_preflight: bool = False


def api_keys(policy: ApiKeyAuth, who: Members, shared: Shared) -> Keys | str:
    """The rules for a route's keys, or why there are none."""
    report = shared.context.report
    _ = policy.cookie_names, policy.hide_credentials, policy.realm
    if policy.body_fields:
        message = "Traefik does not look for keys in bodies"
        report.approximated(policy, _FEATURE, message, "body_fields")
    if not policy.header_names and not policy.query_params and not policy.cookie_names:
        return "Traefik takes keys from headers, queries and cookies only"
    allowed: list[str] = []
    forbidden: list[str] = []
    for key, consumer in _known(policy, shared):
        enters = not who.restricted or (consumer is not None and who.lets_in(consumer))
        (allowed if enters else forbidden).extend(_places(policy, key.reveal()))
    _ = [key.name for key in policy.keys]  # whom it stands for tells nobody but the reader
    if not allowed and not forbidden:
        return "there is no key that Traefik could ask for"
    if policy.realm is not None:
        message = "who has no key gets no WWW-Authenticate"
        report.dropped(policy, _FEATURE, message, "realm", Level.INFO)
    keys = Keys(alternation(allowed), alternation(forbidden))
    keys.skips_preflight = not policy.run_on_preflight
    if policy.hide_credentials:
        keys.hidden = list(policy.header_names)
        if policy.query_params or policy.cookie_names:
            message = "the upstream sees keys in the query and in cookies"
            report.approximated(policy, _FEATURE, message, "hide_credentials")
    if len(policy.header_names) == 1 and not policy.query_params and not policy.cookie_names:
        keys.header = policy.header_names[0]
    return keys


def _known(policy: ApiKeyAuth, shared: Shared) -> Iterator[tuple[Secret, Consumer | None]]:
    """The keys of a route, or those of the consumers."""
    if policy.keys:
        for one in policy.keys:
            if _usable(one, shared):
                yield one.key, None
        return
    for consumer in shared.gateway.consumers:
        if consumer.name in shared.closed:
            shared.context.claims.claim(consumer.credentials)
            continue
        for credential in consumer.credentials.api_keys:
            if credential.key is not None and _usable(credential, shared):
                if credential.lifetime is not None:
                    message = "Traefik's rules have no end: the key is left away"
                    shared.context.report.refused(credential, "credentials", message, "lifetime")
                    continue
                yield credential.key, consumer


def _usable(owner: ApiKey | KeyCredential, shared: Shared) -> bool:
    """Whether a key can be asked for: an empty one would open to everybody with an empty header."""
    text = owner.key.reveal() if owner.key is not None else ""
    if text.strip() and not any(one in text for one in "\r\n\0"):
        return True
    message = "a key that is empty or has line ends opens nothing"
    shared.context.report.refused(owner, "credentials", message, "key")
    return False


def _places(policy: ApiKeyAuth, key: str) -> Iterator[str]:
    for name in policy.header_names:
        yield call("Header", name, key)
    for name in policy.query_params:
        yield call("Query", name, key)
    for name in policy.cookie_names:
        yield call("HeaderRegexp", "Cookie", f"(?:^|; ?){escaped(name)}={escaped(key)}(?:;|$)")
