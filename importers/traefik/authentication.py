"""Who may enter by credentials: `basicAuth`, `digestAuth` and `forwardAuth`.

Two middlewares of these have both to let in. What the model cannot ask for is kept as a guard, so
that other gateways refuse everybody (law 2).

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/basicauth/
and https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/forwardauth/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gal.importers.traefik.carried import Kept, carry
from gal.importers.traefik.options import flag, strings, text
from gal.importers.traefik.placement import Placement, UnusableError, settings
from gal.ledger import Fate, Level
from gal.model import BasicAuth, BasicUser, ForwardAuth, Origin, Secret
from gal.reading import Mapping, is_placeholder

if TYPE_CHECKING:
    from gal.importers.traefik.dynamic import Middleware

_FEATURE = "authentication"
_MADE_UP = "X-Gal-User"
"""Header in which a converted configuration counts users."""

_LITERAL_NAMES = re.compile(r"\^(?:\(\?:|\()?([A-Za-z0-9-]+(?:\|[A-Za-z0-9-]+)*)\)?\$")

BASIC_NAMES = {"hide_credentials": "removeHeader"}
FORWARD_NAMES = {
    "request_headers": "authRequestHeaders",
    "upstream_headers": "authResponseHeaders",
    "trust_forwarded": "trustForwardHeader",
}
_FORWARD = (
    Kept("tls", "other gateways ask the check with TLS settings of their own"),
    Kept("addAuthCookiesToResponse", "other gateways do not give the check's cookies to clients"),
    Kept("headerField", "it only names the user in Traefik's log", level=Level.INFO),
    Kept("forwardBody", "other gateways do not send the body to the check", False),
    Kept("maxBodySize", "it limits the body that the check gets", -1, Level.INFO),
    Kept("maxResponseBodySize", "other gateways take longer answers of the check", -1),
    Kept("preserveLocationHeader", "other gateways pass a relative Location on as it is", False),
    Kept("preserveRequestMethod", "other gateways ask with a method of their own", False),
    Kept("authSigninURL", "other gateways give the check's 401 to the client"),
)


def basic_auth(middleware: Middleware, place: Placement) -> None:
    """Names and hashed passwords, `NAME:HASH`. Of two such middlewares both ask the same header.

    Raises:
        UnusableError: there is no user, or one is not written so.
    """
    config = settings(middleware)
    elsewhere = config.peek("usersFile") or config.peek("secret")
    lines = strings(config, "users")
    if not lines and elsewhere is None:
        raise UnusableError("basicAuth needs users")
    if not lines:
        place.guard(middleware, "the users stand in a place of their own")
        return
    if any(is_placeholder(line) and ":" not in line for line in lines):
        place.guard(middleware, "the users are placeholders")
        return
    users = [_user(line, config) for line in lines]
    if place.basic is not None and _merged(place.basic.users, users) is None:
        place.guard(middleware, "a second password is asked for")
        return
    _keep_basic(config, place)
    auth = BasicAuth(
        users=users,
        realm=text(config, "realm"),
        hide_credentials=flag(config, "removeHeader"),
        origin=Origin(config, BASIC_NAMES),
    )
    place.first.setdefault(_FEATURE, middleware)
    if place.basic is None:
        place.basic = auth
        return
    place.basic.users = _merged(place.basic.users, users) or []
    place.basic.hide_credentials |= auth.hide_credentials


def _user(line: str, config: Mapping) -> BasicUser:
    name, colon, hashed = line.partition(":")
    if not colon or ":" in hashed:
        raise UnusableError("a user is written as NAME:HASH")
    return BasicUser(name, password_hash=Secret(hashed), origin=Origin(config, {}))


def _merged(some: list[BasicUser], others: list[BasicUser]) -> list[BasicUser] | None:
    """The users whom both lists let in; None where nobody is known to be one of them, as two
    hashes may be of one password.
    """
    hashes = {user.username: user.password_hash for user in others}
    common = [user for user in some if user.username in hashes]
    if not common or any(hashes[user.username] != user.password_hash for user in common):
        return None
    return common


def _keep_basic(config: Mapping, place: Placement) -> None:
    kept = carry(
        config,
        place.report,
        _FEATURE,
        Kept("usersFile", "users of this file are not let in elsewhere: it is not read"),
    )
    field = text(config, "headerField")
    if field is not None:
        place.user_header = field
        if field != _MADE_UP:
            kept["headerField"] = field
            message = "the upstream is not told who has shown a password in a header of this name"
            node = config.peek("headerField")
            place.report.at(node, Fate.CARRIED, Level.WARNING, _FEATURE, message)
    if kept:
        place.kept["basicAuth"] = kept


def digest_auth(middleware: Middleware, place: Placement) -> None:
    """HTTP Digest authentication, which no other gateway has."""
    place.guard(middleware, "digest authentication")


def forward_auth(middleware: Middleware, place: Placement) -> None:
    """An external check: 2xx lets in."""
    config = settings(middleware)
    if place.forward is not None:
        place.guard(middleware, "a second external check")
        return
    address = config.peek("address")
    if address is None or not address.as_str():
        place.guard(middleware, "without an address it refuses everybody")
        return
    expression = config.peek("authResponseHeadersRegex")
    names = _LITERAL_NAMES.fullmatch(expression.as_str()) if expression is not None else None
    if expression is not None and expression.as_str() and names is None:
        reason = "headers by an expression, which elsewhere a client could make up"
        place.guard(middleware, reason)
        return
    config.mark("authResponseHeadersRegex")
    copied = strings(config, "authResponseHeaders")
    copied += names[1].split("|") if names is not None else []
    place.first.setdefault(_FEATURE, middleware)
    place.forward = ForwardAuth(
        address=config.require_str("address"),
        request_headers=strings(config, "authRequestHeaders"),
        upstream_headers=list(dict.fromkeys(copied)),
        trust_forwarded=flag(config, "trustForwardHeader"),
        origin=Origin(config, FORWARD_NAMES),
    )
    kept = carry(config, place.report, _FEATURE, *_FORWARD)
    if kept:
        place.kept["forwardAuth"] = kept
