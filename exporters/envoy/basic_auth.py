"""Names and passwords as Envoy's `basic_auth` filter, which knows no hash but SHA-1.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/basic_auth_filter
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gal.exporters.envoy.build import HTTP_FILTER, Json, Shared
from gal.exporters.envoy.checks import Check, ImpossibleError, as_it_is, header_presented
from gal.exporters.envoy.consumers import USER_HEADER
from gal.model import BasicAuth, BasicCredential, BasicUser
from gal.reading import is_placeholder

_SHA = re.compile(r"\{SHA\}[A-Za-z0-9+/]{27}=")
_SOUND_NAME = re.compile(r"[^\x00-\x1f\x7f:]+")
_NOBODY = "nobody:{SHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA="


@dataclass(slots=True)
class _Users:
    """The consumers' users, looked at once, and the filters by realm."""

    lines: list[str] | None = None
    realms: dict[tuple[str | None, bool], str] = field(default_factory=dict)


def basic_auth(policy: BasicAuth, shared: Shared) -> Check:
    """Ask for a name and a password.

    Raises:
        ImpossibleError: no password can be checked.
    """
    own = bool(policy.users)
    state = shared.state(_Users)
    if own:
        lines = list(_usable(policy.users, shared))
    else:
        if state.lines is None:
            credentials = (
                user for one in shared.gateway.consumers for user in one.credentials.basic
            )
            state.lines = list(_usable(credentials, shared))
        lines = state.lines
    if not lines:
        raise ImpossibleError(policy, "basic authentication has no user whom Envoy can let in")
    name = _filter(policy.realm, own, lines, state, shared)
    override: Json = as_it_is()
    if own:
        override = {
            "@type": HTTP_FILTER + "basic_auth.v3.BasicAuthPerRoute",
            "users": {"inline_string": "\n".join(lines)},
        }
        if policy.realm is not None:
            override["realm"] = policy.realm
    message = 'credentials in Proxy-Authorization, or after "basic" in small letters, are refused'
    shared.context.report.approximated(policy, "authentication", message)
    return Check(
        feature="basic",
        filters={name: override},
        presented=[header_presented("authorization", "Basic ")],
        consumers=None if own else "basic",
        removed_headers=["authorization"] if policy.hide_credentials else [],
    )


def _filter(realm: str | None, own: bool, lines: list[str], state: _Users, shared: Shared) -> str:
    """The filter of a realm. That of the consumers has their users, the other one none: there each
    route brings its own.
    """
    base: Json = {
        "@type": HTTP_FILTER + "basic_auth.v3.BasicAuth",
        "users": {"inline_string": _NOBODY if own else "\n".join(lines)},
    }
    if own:
        return shared.filters.ensure("basic", base, "own")
    base["forward_username_header"] = USER_HEADER
    if realm is not None:
        base["realm"] = realm
    key = (realm, own)
    label = state.realms.setdefault(key, str(len(state.realms) + 1) if state.realms else "")
    return shared.filters.ensure("basic", base, label)


def _usable(
    users: Iterable[BasicUser] | Iterable[BasicCredential], shared: Shared
) -> Iterator[str]:
    """The users as lines of a password file, each name once; whoever is left out is reported."""
    seen: set[str] = set()
    for user in users:
        hashed, reason = _hashed(user)
        if user.username in seen:
            hashed, reason = None, "there is another user of this name"
        if hashed is None:
            message = f'{reason}: Envoy does not let in "{user.username}"'
            shared.context.report.refused(user, "credentials", message)
            continue
        seen.add(user.username)
        yield f"{user.username}:{hashed}"


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
    if not _SHA.fullmatch(text):
        return None, "Envoy knows no hashes of passwords but {SHA}"
    return text, ""
