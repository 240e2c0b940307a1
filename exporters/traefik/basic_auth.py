"""Names and passwords as Traefik's `basicAuth`.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/basicauth/
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

from gal.exporters.traefik.build import Json, RouteBuild, Shared
from gal.exporters.traefik.groups import Members
from gal.model import BasicAuth, BasicCredential, BasicUser, RateLimitKey
from gal.reading import is_placeholder

USER_HEADER = "X-Gal-User"
"""Says who has shown a password, for limits. Traefik replaces what a client sends in it."""

_HASH = re.compile(r"\$2[aby]\$\d\d\$.{53}|\$apr1\$.+\$.+|\$1\$.+\$.+|\{SHA\}[A-Za-z0-9+/]{27}=")
_SOUND_NAME = re.compile(r"[^\x00-\x1f\x7f:]+")


def basic_auth(policy: BasicAuth, who: Members, build: RouteBuild, shared: Shared) -> Json | str:
    """The middleware, or why there is none."""
    lines: dict[str, str] = {}
    for user in _users(policy, who, shared):
        hashed, reason = _hashed(user)
        if user.username in lines:
            hashed, reason = None, "there is another user of this name"
        if hashed is None:
            message = f'{reason}: Traefik does not let in "{user.username}"'
            shared.context.report.refused(user, "credentials", message)
            continue
        lines[user.username] = f"{user.username}:{hashed}"
    _ = policy.realm, policy.hide_credentials
    if not lines:
        return "basic authentication has no user whom Traefik can let in"
    config: Json = {"users": list(lines.values())}
    if policy.realm is not None:
        config["realm"] = policy.realm
    if policy.hide_credentials:
        config["removeHeader"] = True
    if _counts_users(build):
        config["headerField"] = USER_HEADER
        build.identity = USER_HEADER
    return {"basicAuth": config}


def _users(
    policy: BasicAuth, who: Members, shared: Shared
) -> Iterator[BasicUser | BasicCredential]:
    """The users of a route, whom no groups let in, or the consumers whose groups do."""
    if policy.users:
        if not who.restricted:
            yield from policy.users
        return
    for consumer in shared.gateway.consumers:
        if consumer.name in shared.closed:
            shared.context.claims.claim(consumer.credentials)
        elif not who.restricted or who.lets_in(consumer):
            yield from consumer.credentials.basic


def _hashed(user: BasicUser | BasicCredential) -> tuple[str | None, str]:
    """The password's hash, or why there is none."""
    if is_placeholder(user.username) or not _SOUND_NAME.fullmatch(user.username):
        return None, "a name cannot be a placeholder or have a colon or control characters"
    if user.username.startswith("#") or user.username != user.username.strip():
        return None, "a name cannot start with a # or have spaces around it"
    if user.password is not None:
        password = user.password.reveal()
        if is_placeholder(password):
            return None, "the hash of a placeholder is not known"
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).digest()
        return "{SHA}" + base64.b64encode(digest).decode(), ""
    if user.password_hash is None:
        return None, "it has no password"
    text = user.password_hash.reveal()
    if not _HASH.fullmatch(text):
        return None, "Traefik knows hashes of bcrypt, MD5 and SHA-1 only"
    return text, ""


def _counts_users(build: RouteBuild) -> bool:
    """Whether a limit of the route counts by who asks."""
    limit = build.scopes.find(lambda policies: policies.rate_limit)
    return limit is not None and limit.key_type in (RateLimitKey.CONSUMER, RateLimitKey.CREDENTIAL)
