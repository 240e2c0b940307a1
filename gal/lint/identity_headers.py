"""Headers in which a gateway tells the upstream who the client is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gal.lint.envoy_messages import messages
from gal.lint.peeking import flag, section, text
from gal.model import Authentication

if TYPE_CHECKING:
    from gal.lint.subject import RouteView, Subject
    from gal.model import Guard
    from gal.reading import Node

_OF_KONG = (
    *("X-Consumer-ID", "X-Consumer-Custom-ID", "X-Consumer-Username", "X-Credential-Identifier"),
)
_OF_APISIX = ("X-Consumer-Username", "X-Consumer-Custom-ID", "X-Credential-Identifier")
_WITH_CONSUMERS = frozenset(("hmac-auth", "ldap-auth", "ldap-auth-advanced", "jwe-decrypt"))
_OF_OPENID = {
    "X-Access-Token": "set_access_token_header",
    "X-ID-Token": "set_id_token_header",
    "X-Userinfo": "set_userinfo_header",
}


def identity_headers(view: RouteView, subject: Subject) -> list[str]:
    """The headers that the authentication of a route sets, whatever the client sent, once each."""
    policy = view.policy(Authentication)
    if policy is None:
        return []
    found = list(_told(policy, subject))
    unique = {name.lower(): name for name in reversed(found) if name}
    return [unique[key] for key in dict.fromkeys(name.lower() for name in found if name)]


def _told(policy: Authentication, subject: Subject) -> Iterator[str]:
    if policy.forward is not None:
        yield from policy.forward.upstream_headers
    if policy.jwt is not None:
        yield from (one.header for one in policy.jwt.claims_to_headers)
        yield text(_node(policy.jwt), "forward_payload_header") or ""
    if policy.basic is not None:
        yield text(_node(policy.basic), "headerField") or ""
        yield text(_node(policy.basic), "forward_username_header") or ""
        # A route's own users take the place of the filter's, its header does not.
        for config in messages(subject, "BasicAuth") if subject.provider == "envoy" else ():
            yield text(config, "forward_username_header") or ""
    if policy.api_key is not None:
        yield text(_node(policy.api_key), "forwarding.header") or ""
    if subject.provider in ("kong", "apisix"):
        yield from _of_consumers(policy, subject)
    for guard in policy.guards:
        yield from _of_guard(guard)


def _of_consumers(policy: Authentication, subject: Subject) -> Iterator[str]:
    server = policy.oauth2 is not None and policy.oauth2.server is not None
    own = (policy.basic, policy.api_key, policy.jwt)
    by_guard = any(one.name in _WITH_CONSUMERS for one in policy.guards)
    if any(one is not None for one in own) or server or by_guard:
        yield from _OF_KONG if subject.provider == "kong" else _OF_APISIX
    if policy.oauth2 is not None and subject.provider == "apisix":
        yield from _of_openid(_node(policy.oauth2))


def _of_openid(node: Node | None) -> Iterator[str]:
    for name, switch in _OF_OPENID.items():
        if flag(node, switch) is not False:
            yield name


def _of_guard(guard: Guard) -> Iterator[str]:
    node = _node(guard)
    if guard.provider == "traefik" and guard.name == "digestAuth":
        yield text(section(node, "digestAuth"), "headerField") or ""
    elif guard.provider == "apisix" and guard.name == "openid-connect":
        yield from _of_openid(node)


def _node(part: object) -> Node | None:
    origin = getattr(part, "origin", None)
    return origin.node if origin is not None else None
