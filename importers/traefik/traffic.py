"""Policies on single requests: `buffering` and `compress`.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/buffering/
and https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/compress/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gal.importers.traefik.carried import Kept, carry, extensions
from gal.importers.traefik.options import number, strings, text
from gal.importers.traefik.placement import Placement, UnusableError, settings
from gal.ledger import Level
from gal.model import Compression, Origin, Retry, Size, SizeLimit
from gal.reading import Mapping, Placeholder

if TYPE_CHECKING:
    from gal.importers.traefik.dynamic import Middleware

SIZE_NAMES = {"max_body": "maxRequestBodyBytes"}
COMPRESSION_NAMES = {
    "algorithms": "encodings",
    "content_types": "includedContentTypes",
    "min_size": "minResponseBodyBytes",
}
_ENCODINGS = ["gzip", "br", "zstd"]
_MEMORY = 1024 * 1024
_RETRY = re.compile(r"IsNetworkError\(\)\s*&&\s*Attempts\(\)\s*(?P<less><=?)\s*(?P<most>\d+)")
_MOST_ATTEMPTS = 10
"""Traefik tries no more often, whatever the expression says."""


def size_limit(middleware: Middleware, place: Placement) -> None:
    """Both bodies are read whole before they are passed on, and may have a largest size."""
    config = settings(middleware)
    largest = number(config, "maxRequestBodyBytes") or 0
    place.route.request_buffering = place.route.response_buffering = True
    in_memory = "it is where Traefik keeps the body meanwhile"
    kept = carry(
        config,
        place.report,
        "size_limit",
        Kept("memRequestBodyBytes", in_memory, _MEMORY, Level.INFO),
        Kept("memResponseBodyBytes", in_memory, _MEMORY, Level.INFO),
        Kept("maxResponseBodyBytes", "longer answers get through elsewhere", 0),
    )
    _retry(config, kept, place)
    if not isinstance(largest, Placeholder) and largest <= 0:
        if kept:
            whole = {"name": middleware.name, middleware.kind: kept}
            place.policies.plugins.setdefault("traefik", []).append(whole)
        return
    policy = SizeLimit(Size(largest), extensions=extensions(kept))
    policy.origin = Origin(config, SIZE_NAMES)
    other = place.policies.size_limit
    if other is None or policy.max_body < other.max_body:
        place.policies.size_limit = policy


def _retry(config: Mapping, kept: dict[str, Any], place: Placement) -> None:
    """Further attempts after an upstream could not be reached, which it may say itself, too; other
    expressions are Traefik's own.
    """
    found = _RETRY.fullmatch((text(config, "retryExpression") or "").strip())
    if found is None or place.policies.retry is not None:
        message = "other gateways do not try again by an expression"
        setting = Kept("retryExpression", message, "")
        kept |= carry(config, place.report, "retry", setting)
        return
    attempts = min(int(found["most"]) - (found["less"] == "<"), _MOST_ATTEMPTS)
    if attempts > 0:
        origin = Origin(config, dict.fromkeys(("attempts", "status_codes"), "retryExpression"))
        place.policies.retry = Retry(attempts, status_codes=[502, 504], origin=origin)


def compression(middleware: Middleware, place: Placement) -> None:
    """Answers are compressed for clients that ask for it.

    Raises:
        UnusableError: both lists of media types, or an encoding that Traefik has not.
    """
    config = settings(middleware)
    encodings = strings(config, "encodings") or list(_ENCODINGS)
    included = strings(config, "includedContentTypes")
    if included and strings(config, "excludedContentTypes"):
        raise UnusableError("includedContentTypes and excludedContentTypes exclude each other")
    for one in encodings:
        if one not in _ENCODINGS:
            raise UnusableError(f'Traefik has no encoding "{one}"')
    shortest = number(config, "minResponseBodyBytes")
    kept = carry(
        config,
        place.report,
        "compression",
        Kept("excludedContentTypes", "these media types are compressed elsewhere, too", []),
        Kept("defaultEncoding", "clients that ask for no encoding get none elsewhere", ""),
    )
    if place.policies.compression is None:
        place.policies.compression = Compression(
            algorithms=encodings,
            content_types=included,
            min_size=Size(shortest) if shortest else None,
            extensions=extensions(kept),
            origin=Origin(config, COMPRESSION_NAMES),
        )
