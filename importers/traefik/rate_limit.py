"""Limits on how many requests: `rateLimit`, a bucket of tokens that refills evenly.

A middleware counts for every router on its own, and tells clients nothing but when to come back.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/ratelimit/
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gal.importers.traefik.carried import extensions
from gal.importers.traefik.options import duration, number, plain, section, strings, text
from gal.importers.traefik.options import flag as take_flag
from gal.importers.traefik.placement import Placement, UnusableError, settings
from gal.ledger import Fate, Level
from gal.model import (
    Duration,
    LimitResponse,
    Origin,
    Rate,
    RateLimit,
    RateLimitAlgorithm,
    RateLimitKey,
    RateLimitStore,
)
from gal.reading import Mapping, Placeholder

if TYPE_CHECKING:
    from gal.importers.traefik.dynamic import Middleware

LIMIT_NAMES = {
    "limits": "average",
    "key_type": "sourceCriterion",
    "key_header": "sourceCriterion.requestHeaderName",
    "store": "redis",
}
_FEATURE = "rate_limit"
_RESPONSE = LimitResponse(status_code=429, message="Too Many Requests")


def rate_limit(middleware: Middleware, place: Placement) -> None:
    """`average` requests per `period`, of which `burst` may come at once. No average is no limit.

    Raises:
        UnusableError: the criteria exclude each other.
    """
    config = settings(middleware)
    kept: dict[str, Any] = {}
    average = number(config, "average") or 0
    period = duration(config, "period") or Duration.seconds(1)
    if not period.nanoseconds:
        period = Duration.seconds(1)
    burst = number(config, "burst")
    burst = 1 if burst is None or (not isinstance(burst, Placeholder) and burst < 1) else burst
    policy = RateLimit(
        algorithm=RateLimitAlgorithm.TOKEN_BUCKET,
        burst=0 if burst == average else burst,
        hide_headers=True,
        response=replace(_RESPONSE, origin=Origin(config, {})),
        origin=Origin(config, LIMIT_NAMES),
    )
    _count_by(config, policy, place, kept)
    redis = section(config, "redis")
    if redis is not None:
        policy.store, policy.fail_open = RateLimitStore.REDIS, False
        kept["redis"] = plain(redis)
        message = "other gateways are told of their Redis elsewhere"
        place.report.at(redis, Fate.CARRIED, Level.WARNING, _FEATURE, message)
    if not isinstance(average, Placeholder) and average <= 0:
        message = "without an average nothing is limited"
        place.report.at(middleware.node, Fate.EXACT, Level.INFO, _FEATURE, message)
        return
    policy.limits = [Rate(period, average)]
    policy.extensions = extensions(kept)
    other = place.policies.rate_limit
    if other is None:
        place.policies.rate_limit = policy
    elif replace(other, limits=policy.limits) == policy:
        other.limits = [*other.limits, *policy.limits]
    else:
        place.carry(middleware, "another limit is kept, and this one is not")


def _count_by(config: Mapping, policy: RateLimit, place: Placement, kept: dict[str, Any]) -> None:
    """What requests are counted by; their address where nothing is said."""
    criterion = section(config, "sourceCriterion")
    if criterion is None:
        return
    header = text(criterion, "requestHeaderName")
    by_host = take_flag(criterion, "requestHost")
    strategy = section(criterion, "ipStrategy")
    if sum((header is not None, by_host, strategy is not None)) > 1:
        raise UnusableError("sourceCriterion takes one criterion")
    if by_host:
        policy.key_type, policy.key_header = RateLimitKey.HEADER, "Host"
    elif header is not None and header == place.user_header:
        policy.key_type = RateLimitKey.CREDENTIAL
    elif header is not None and header.lower() == "host":
        # Go keeps Host apart from the headers: all requests have the same value of it, none.
        policy.key_type = RateLimitKey.NONE
    elif header is not None:
        policy.key_type, policy.key_header = RateLimitKey.HEADER, header
    elif strategy is not None:
        _by_forwarded(strategy, place, kept)


def _by_forwarded(strategy: Mapping, place: Placement, kept: dict[str, Any]) -> None:
    found = {
        "depth": number(strategy, "depth"),
        "excludedIPs": strings(strategy, "excludedIPs"),
        "ipv6Subnet": number(strategy, "ipv6Subnet"),
    }
    found = {key: value for key, value in found.items() if value}
    if found:
        kept["sourceCriterion"] = {"ipStrategy": found}
        message = "the connection's address is counted, not one that X-Forwarded-For tells"
        place.report.at(strategy, Fate.CARRIED, Level.WARNING, _FEATURE, message)
