"""Limits as Traefik's `rateLimit`, a bucket of tokens that refills evenly.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/ratelimit/
"""

from __future__ import annotations

from fractions import Fraction

from gal.exporters.traefik.build import Json, RouteBuild, Shared
from gal.exporters.traefik.carried import kept
from gal.exporters.traefik.values import duration, phrase
from gal.ledger import Fate, Level
from gal.model import Duration, LimitResponse, Rate, RateLimit, RateLimitAlgorithm, RateLimitKey
from gal.reading import Placeholder

_FEATURE = "rate_limit"
_ONE_FOR_ALL = "Host"
"""Go keeps `Host` apart from the headers, so every request has the same value of it: none."""

_TOO_MANY = 429


def rate_limit(policy: RateLimit, build: RouteBuild, shared: Shared) -> None:
    """All limits hold at once: one middleware for each."""
    if not policy.limits:
        return
    report = shared.context.report
    criterion = _criterion(policy, build, shared)
    for rate in policy.limits:
        config: Json = {"average": rate.count, "period": duration(rate.period)}
        if not isinstance(rate.count, Placeholder):
            config = _average(rate)
        config["burst"] = _burst(rate, policy)
        if criterion is not None:
            config["sourceCriterion"] = {"requestHeaderName": criterion}
            if policy.key_type is RateLimitKey.HEADER and criterion.lower() == "host":
                config["sourceCriterion"] = {"requestHost": True}
        build.use(shared.middlewares.add("rate-limit", {"rateLimit": {**kept(policy), **config}}))
    if policy.algorithm not in (RateLimitAlgorithm.TOKEN_BUCKET, RateLimitAlgorithm.LEAKY_BUCKET):
        message = "the count refills evenly, and not all at once when a period ends"
        report.approximated(policy, _FEATURE, message)
    _response(policy, shared)
    message = "each router counts for itself"
    if build.open > 1 or policy is not build.route.policies.rate_limit:
        report.approximated(policy, _FEATURE, message)
    if policy.store.value != "local":
        message = "each process counts for itself"
        report.approximated(policy, _FEATURE, message, "store")
    _ = policy.fail_open  # without a store nothing can fail


def _average(rate: Rate) -> Json:
    """A whole number of requests in a period."""
    count = Fraction(rate.count).limit_denominator(1000)
    period = Duration(rate.period.nanoseconds * count.denominator)
    return {"average": count.numerator, "period": duration(period)}


def _burst(rate: Rate, policy: RateLimit) -> int:
    """How many requests get through at once after a pause."""
    if isinstance(policy.burst, Placeholder):
        return policy.burst
    if isinstance(rate.count, Placeholder):
        return policy.burst or rate.count
    whole = max(1, int(rate.count))
    if policy.algorithm is RateLimitAlgorithm.TOKEN_BUCKET:
        return policy.burst or whole
    if policy.algorithm is RateLimitAlgorithm.LEAKY_BUCKET:
        return policy.burst + 1
    return max(whole, policy.burst)


def _criterion(policy: RateLimit, build: RouteBuild, shared: Shared) -> str | None:
    """The header that is counted by; None counts by address."""
    report = shared.context.report
    kind = policy.key_type
    if kind is RateLimitKey.IP_ADDRESS:
        return None
    if kind is RateLimitKey.HEADER and policy.key_header is not None:
        return policy.key_header
    if kind is RateLimitKey.JWT_CLAIM:
        _ = policy.key_claim
        message = "each token is counted, not the value of a claim"
        report.approximated(policy, _FEATURE, message, "key_claim")
        return "Authorization"
    if kind in (RateLimitKey.CONSUMER, RateLimitKey.CREDENTIAL):
        if build.identity is not None:
            if kind is RateLimitKey.CONSUMER:
                message = "each credential is counted, not all of a consumer together"
                report.approximated(policy, _FEATURE, message, "key_type")
            return build.identity
        message = "without a header that says who asks, addresses are counted"
        report.approximated(policy, _FEATURE, message, "key_type")
        return None
    if kind is RateLimitKey.PATH and policy.key_path is not None:
        message = "all paths of the route are counted"
        report.approximated(policy, _FEATURE, message, "key_path")
    return _ONE_FOR_ALL


def _response(policy: RateLimit, shared: Shared) -> None:
    report, response = shared.context.report, policy.response
    status, text = response.status_code, response.message
    if status != _TOO_MANY:
        message = "a refused client gets 429"
        report.approximated(response, _FEATURE, message, "status_code")
    if text not in (LimitResponse().message, phrase(_TOO_MANY)):
        message = f'a refused client gets the text "{phrase(_TOO_MANY)}"'
        report.approximated(response, _FEATURE, message, "message")
    if not policy.hide_headers:
        message = "clients are not told how much of the limit is left"
        report.about(policy, Fate.APPROXIMATED, Level.INFO, _FEATURE, message)
