"""Cross-origin resource sharing: the fields `accessControl...` of `headers`.

Traefik answers every preflight itself, also where nobody is allowed.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/headers/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.importers.traefik.carried import Kept, carry, extensions
from gal.importers.traefik.options import flag, number, strings
from gal.importers.traefik.placement import Placement
from gal.ledger import Fate, Level
from gal.model import Anchor, Cors, Dialect, Duration, Origin, Regex
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.ledger import Reporter

CORS_NAMES = {
    "allowed_origins": "accessControlAllowOriginList",
    "allowed_origin_patterns": "accessControlAllowOriginListRegex",
    "reflect_any_origin": "accessControlAllowOriginListRegex",
    "allowed_methods": "accessControlAllowMethods",
    "allowed_headers": "accessControlAllowHeaders",
    "expose_headers": "accessControlExposeHeaders",
    "allow_credentials": "accessControlAllowCredentials",
    "max_age": "accessControlMaxAge",
}
_MORE = ("addVaryHeader", "accessControlAllowOrigin")
_FEATURE = "cors"
_ANY = "*"
_EVERY_ORIGIN = frozenset(("^", "", ".*", "^.*", "^.*$", ".+", "^.+$", "^.+"))
_METHODS = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS"]
_SAFE = "Accept"
"""A header that pages may send without being allowed to (https://fetch.spec.whatwg.org/)."""


def cors(config: Mapping, place: Placement) -> bool:
    """Set the policy where the middleware says anything about it. Returns whether it does."""
    if not any(config.peek(key) is not None for key in (*CORS_NAMES.values(), *_MORE)):
        return False
    report = place.report
    policy = Cors(
        allowed_origins=strings(config, "accessControlAllowOriginList"),
        allowed_methods=strings(config, "accessControlAllowMethods"),
        allowed_headers=strings(config, "accessControlAllowHeaders"),
        expose_headers=strings(config, "accessControlExposeHeaders"),
        allow_credentials=flag(config, "accessControlAllowCredentials"),
        max_age=None,
        origin=Origin(config, CORS_NAMES),
    )
    old = config.take("accessControlAllowOrigin")  # of version 2.0, one origin
    if old is not None:
        policy.allowed_origins.append(old.as_str())
    seconds = number(config, "accessControlMaxAge")
    if seconds is not None:
        policy.max_age = Duration.seconds(max(seconds, 0))
    _origins(config, policy)
    if policy.allow_credentials:
        _with_credentials(policy, report)
    if not policy.allowed_headers and not _reflects_headers(config, policy):
        policy.allowed_headers = [_SAFE]
        message = "no header is allowed but those that need it not, of which one is named here"
        report.about(policy, Fate.APPROXIMATED, Level.INFO, _FEATURE, message)
    _vary(config, policy, report)
    if place.policies.cors is None:
        place.policies.cors = policy
    else:
        message = "another middleware has answered preflights before; its headers are sent"
        report.dropped(policy, _FEATURE, message)
    return True


def _origins(config: Mapping, policy: Cors) -> None:
    """Any origin with credentials is answered with its own name."""
    patterns = strings(config, "accessControlAllowOriginListRegex")
    node = config.peek("accessControlAllowOriginListRegex")
    every = not _EVERY_ORIGIN.isdisjoint(patterns) and node is not None
    star = _ANY in policy.allowed_origins
    if every and not (star and not policy.allow_credentials):
        policy.reflect_any_origin = True
    if star and policy.allow_credentials:
        policy.reflect_any_origin = True
    if policy.reflect_any_origin:
        policy.allowed_origins = []
    elif star:
        policy.allowed_origins = [_ANY]
    else:
        policy.allowed_origin_patterns = [
            Regex(pattern, Dialect.GO, Anchor.SEARCH) for pattern in patterns
        ]


def _with_credentials(policy: Cors, report: Reporter) -> None:
    """`*` stands for what a preflight asks for, and for no header that pages may read."""
    if _ANY in policy.allowed_methods:
        policy.allowed_methods = list(_METHODS)
        message = "the usual methods are allowed, where Traefik allows any that is asked for"
        report.about(policy, Fate.APPROXIMATED, Level.INFO, _FEATURE, message, "allowed_methods")
    if _ANY in policy.allowed_headers:
        policy.allowed_headers = []
    if _ANY in policy.expose_headers:
        policy.expose_headers = []


def _reflects_headers(config: Mapping, policy: Cors) -> bool:
    return policy.allow_credentials and config.peek("accessControlAllowHeaders") is not None


def _vary(config: Mapping, policy: Cors, report: Reporter) -> None:
    """`Vary: Origin` is needed where not every page gets the same answer."""
    needed = _ANY not in policy.allowed_origins
    if flag(config, "addVaryHeader") is needed:
        return
    message = "other gateways send Vary: Origin as they see fit"
    policy.extensions = extensions(
        carry(config, report, _FEATURE, Kept("addVaryHeader", message, False, Level.INFO))
    )
