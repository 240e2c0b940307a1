"""Names and passwords: `basic_auth`.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/basic_auth_filter
and https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/basic_auth/v3/basic_auth.proto
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.importers.envoy import consumers
from gal.importers.envoy.use import Reading, guarded
from gal.importers.envoy.values import take_text
from gal.ledger import Fate, Level
from gal.model import Authentication, BasicAuth, BasicUser, Origin, Secret
from gal.reading import Mapping, is_placeholder
from gal.redacted import is_redacted

if TYPE_CHECKING:
    from gal.importers.envoy.use import Use


def read(use: Use) -> Reading:
    """Users of a password file, in the file itself. A route's own take the place of all others."""
    base, override = use.base, use.own
    header = base.take_str("authentication_header", "")
    if header and header.lower() != "authorization":
        return guarded(use, f"the password stands in the header {header}")
    _forwarded(base, use)
    source = override if override is not None and override.has("users") else base
    text, file = take_text(source, "users")
    if source is override:
        known = base.take("users")
        if known is not None:
            known.take_all()
    realm = base.take_str("realm")
    if override is not None:
        realm = override.take_str("realm", realm or "") or None
    if file is not None:
        return guarded(use, "the users stand in a file of their own")
    if is_redacted(text):
        return guarded(use, "the users are not shown")
    if text is not None and is_placeholder(text.strip()):
        return guarded(use, "the users are a placeholder")
    users = list(_users(text or "", source))
    if not users:
        return guarded(use, "without a user it refuses everybody")
    if consumers.is_own(use) and not use.filter.name.endswith(".own"):
        consumers.note_users(use, users)
        users = []
    section = BasicAuth(users, realm, origin=Origin(source, {}))
    found = Reading(use, groups={"access"})
    found.policies.authentication = Authentication(basic=section, origin=Origin(use.node, {}))
    return found


def _forwarded(base: Mapping, use: Use) -> None:
    for key in ("forward_username_header", "emit_dynamic_metadata", "emit_filter_state"):
        node = base.take(key)
        if node is not None and node.plain() not in (consumers.USER_HEADER, "", False):
            message = "elsewhere the upstream is not told in this header who has shown a password"
            use.report.at(node, Fate.DROPPED, Level.WARNING, "authentication", message)


def _users(text: str, source: Mapping) -> list[BasicUser]:
    found = []
    for line in text.splitlines():
        name, colon, hashed = line.strip().partition(":")
        if colon and not name.startswith("#"):
            origin = Origin(source, {"username": "users", "password_hash": "users"})
            found.append(BasicUser(name, password_hash=Secret(hashed.strip()), origin=origin))
    return found
