"""What kinds of middlewares there are, and in which order the model lets them act.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/overview/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.guarding import sounds_guarding
from gal.importers.traefik.placement import REFERENCE, settings
from gal.ledger import Level
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.traefik.dynamic import Middleware

CARRIED: dict[str, tuple[Level, str]] = {
    "contentType": (
        Level.INFO,
        "elsewhere an answer without a Content-Type stays without one",
    ),
    "encodedCharacters": (
        Level.WARNING,
        "elsewhere paths with these encoded characters are not refused",
    ),
    "errors": (
        Level.WARNING,
        "elsewhere clients get the errors as they are, not the pages of another service",
    ),
    "grpcWeb": (Level.WARNING, "elsewhere gRPC-Web is not translated"),
    "inFlightReq": (
        Level.WARNING,
        "elsewhere there is no limit on how many requests are answered at once",
    ),
    "passTLSClientCert": (
        Level.WARNING,
        "elsewhere the upstream is not told of the client's certificate",
    ),
}
"""Middlewares that the model has no place for, and what happens elsewhere."""

_CORS = (
    "accessControlAllowOriginList",
    "accessControlAllowOriginListRegex",
    "accessControlAllowMethods",
)
GROUPS: dict[str, str] = {
    "ipAllowList": "address",
    "ipWhiteList": "address",
    "basicAuth": "access",
    "digestAuth": "access",
    "forwardAuth": "access",
    "plugin": "access",
    REFERENCE: "access",
    "buffering": "size",
    "rateLimit": "limit",
    "redirectRegex": "redirect",
    "redirectScheme": "redirect",
    "circuitBreaker": "breaker",
    "retry": "retry",
    "addPrefix": "path",
    "stripPrefix": "path",
    "stripPrefixRegex": "path",
    "replacePath": "path",
    "replacePathRegex": "path",
}
"""Middleware -> what it does, for the order."""

CHANGED, COUNTED = "changes a header", "counts by it"
"""Only for one and the same header."""

_LATER = "here that acts first, and this only on what it lets through"
_REFUSED = "here the other one acts first, so that some of the refused get another status"
ORDER: dict[tuple[str, str], str] = {
    ("access", "address"): f"Traefik asks for credentials before the address: {_REFUSED}",
    ("size", "address"): f"Traefik looks at the size before the address: {_REFUSED}",
    ("size", "access"): f"Traefik looks at the size before the credentials: {_REFUSED}",
    ("limit", "address"): f"Traefik counts before it looks at the address; {_LATER}",
    ("limit", "access"): f"Traefik counts before it asks for credentials; {_LATER}",
    ("limit", "size"): f"Traefik counts before it looks at the size; {_LATER}",
    ("access", "cors"): "Traefik asks preflights for credentials; here they are answered before",
    ("address", "cors"): "Traefik asks preflights for the address; here they are answered before",
    ("limit", "cors"): "Traefik counts preflights; here they are answered before",
    ("path", "redirect"): "Traefik redirects to the changed path; here to the one asked for",
    ("path", "forwardAuth"): "Traefik tells the check the changed path; here the one asked for",
    (
        "request",
        "forwardAuth",
    ): "Traefik tells the check the changed headers; here the client's own",
    (CHANGED, COUNTED): "Traefik counts by the changed header; here by the client's own",
    ("credentials", "access"): "Traefik sets the credentials itself before it asks for them;"
    " here the client has to send them",
    (
        "request",
        "limit by header",
    ): "Traefik counts by the changed headers; here by the client's own",
    ("retry", "breaker"): "Traefik has the breaker count each attempt; here it counts them once",
}
"""(what acts first in Traefik, what acts first in the model) -> what a client can see of it."""


def groups_of(middleware: Middleware) -> set[str]:
    """What a middleware does, as `ORDER` names it."""
    kind, config = middleware.kind, settings(middleware)
    if kind == "plugin" and not guards(middleware, frozenset()):
        return set()
    if kind == "buffering" and not config.has("maxRequestBodyBytes"):
        return set()
    found = {GROUPS[kind]} if kind in GROUPS else set()
    if kind == "forwardAuth":
        found.add(kind)
    criterion = config.peek("sourceCriterion") if kind == "rateLimit" else None
    header = criterion.peek("requestHeaderName") if isinstance(criterion, Mapping) else None
    if header is not None:
        found.add(f"{COUNTED}: {header.as_str().lower()}")
    if kind == "headers":
        found |= _groups_of_headers(config)
    return found


def _groups_of_headers(config: Mapping) -> set[str]:
    found = set()
    if any(config.has(key) for key in _CORS):
        found.add("cors")
    if config.has("allowedHosts"):
        found.add("access")
    sent = config.peek("customRequestHeaders")
    if isinstance(sent, Mapping):
        found.add("request")
        found |= {f"{CHANGED}: {name.lower()}" for name in sent}
        if any(name.lower() == "authorization" for name in sent):
            found.add("credentials")
    return found


def inversions(earlier: set[str], later: set[str]) -> list[str]:
    """What a client can see of it that the model has another order."""
    found = [
        message
        for one in sorted(earlier)
        for other in sorted(later)
        if (message := ORDER.get((one, other))) is not None
    ]
    for one in sorted(earlier):
        kind, _, header = one.partition(": ")
        if kind == CHANGED and f"{COUNTED}: {header}" in later:
            found.append(ORDER[CHANGED, COUNTED])
    return found


def guards(middleware: Middleware, treat_as_auth: frozenset[str]) -> bool:
    """Whether a middleware that only Traefik knows may refuse requests by who sends them.

    A plugin does if its own name, or the name of the middleware, says so; in doubt it does, as
    losing it could open what was closed (law 2).
    """
    config = settings(middleware)
    names = [middleware.name.partition("@")[0], *config]
    if middleware.kind != "plugin":
        names = [middleware.kind]
    return any(name in treat_as_auth or sounds_guarding(name) for name in names)


def is_elsewhere(name: str) -> bool:
    """Whether a name is that of a part that another provider has (`NAME@PROVIDER`)."""
    provider = name.rpartition("@")[2] if "@" in name else ""
    return provider not in ("", "file", "internal")
