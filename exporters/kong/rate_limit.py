"""Limits on requests (https://developer.konghq.com/plugins/rate-limiting/,
https://developer.konghq.com/plugins/response-ratelimiting/).
"""

from __future__ import annotations

from gal.exporters.kong.access import error_status
from gal.exporters.kong.build import NO_HEADER, Build, Json, is_header, put
from gal.exporters.kong.instance import Instance, split
from gal.model import (
    LimitResponse,
    Rate,
    RateLimit,
    RateLimitAlgorithm,
    RateLimitKey,
    RateLimitStore,
    ResponseRateLimit,
)

_SECOND = 10**9
PERIODS = {
    "second": _SECOND,
    "minute": 60 * _SECOND,
    "hour": 3600 * _SECOND,
    "day": 86400 * _SECOND,
    "month": 30 * 86400 * _SECOND,
    "year": 365 * 86400 * _SECOND,
}
_KEYS = {
    RateLimitKey.CONSUMER: "consumer",
    RateLimitKey.CREDENTIAL: "credential",
    RateLimitKey.IP_ADDRESS: "ip",
    RateLimitKey.SERVICE: "service",
    RateLimitKey.NONE: "service",
    RateLimitKey.HEADER: "header",
    RateLimitKey.PATH: "path",
    RateLimitKey.JWT_CLAIM: "consumer",
}


def rate_limit(policy: RateLimit, build: Build) -> Instance | None:
    """A `rate-limiting` plugin."""
    limits = _windows(policy, policy.limits, build)
    if not limits:
        return None
    around, kept = split(policy.extensions)
    config: Json = dict(limits)
    put(config, "limit_by", _key(policy, build), "consumer")
    if policy.key_type is RateLimitKey.HEADER:
        _header(policy, config, build)
    elif policy.key_type is RateLimitKey.PATH:
        put(config, "path", policy.key_path or "/")
    store(policy, policy.store, config, kept, build)
    put(config, "fault_tolerant", policy.fail_open, True)
    put(config, "hide_client_headers", policy.hide_headers, False)
    _response(policy, policy.response, config, build)
    bursts = policy.burst and policy.algorithm is not RateLimitAlgorithm.FIXED_WINDOW
    if policy.algorithm is not RateLimitAlgorithm.FIXED_WINDOW or bursts:
        message = "Kong counts by the clock: a window's requests may all come at once, and no more"
        build.report.approximated(policy, "rate_limit", message, "algorithm")
        _ = policy.burst
    return Instance("rate-limiting", config | kept, around)


def _header(policy: RateLimit, config: Json, build: Build) -> None:
    """The header that is counted by; no client sends one that Kong takes no name of."""
    name = policy.key_header or "X-Forwarded-For"
    if is_header(name):
        config["header_name"] = name
        return
    config["limit_by"] = "service"
    message = f'"{name}": {NO_HEADER}; all requests are counted together'
    build.report.approximated(policy, "rate_limit", message, "key_header")


def _response(policy: RateLimit, response: LimitResponse, config: Json, build: Build) -> None:
    status = response.status_code
    if error_status(policy, "rate_limit", status, build) != status:
        status = 429
    put(config, "error_code", status, 429)
    if response.message or build.native:
        put(config, "error_message", response.message, "API rate limit exceeded")
    else:
        message = "Kong cannot refuse without a text: it sends its own"
        build.report.approximated(policy, "rate_limit", message, "response")


def _key(policy: RateLimit, build: Build) -> str:
    kind = policy.key_type
    message = ""
    if kind is RateLimitKey.JWT_CLAIM:
        message = "Kong counts by the consumer that the token names, not by a claim"
        _ = policy.key_claim
    elif kind is RateLimitKey.HEADER and not build.native:
        message = "requests without the header are counted by their address"
    elif kind is RateLimitKey.NONE:
        message = "Kong counts all requests of a service"
    if message:
        build.report.approximated(policy, "rate_limit", message, "key_type")
    return _KEYS[kind]


def store(
    policy: RateLimit | ResponseRateLimit,
    wanted: RateLimitStore,
    config: Json,
    kept: Json,
    build: Build,
) -> None:
    """Where the counts are kept; without a database Kong has no store of a cluster's own."""
    known = wanted is RateLimitStore.LOCAL or build.native
    known = known or (wanted is RateLimitStore.REDIS and "redis" in kept)
    if known:
        put(config, "policy", wanted.value, "local")
        return
    message = "Kong is not told of such a store here: every node counts for itself"
    build.report.approximated(policy, "rate_limit", message, "store")


def _windows(policy: RateLimit | ResponseRateLimit, limits: list[Rate], build: Build) -> Json:
    """The counts by Kong's windows, the shorter ones first."""
    found: dict[str, float] = {}
    for rate in limits:
        name, count = _window(rate)
        if PERIODS[name] != rate.period.nanoseconds:
            message = f"Kong has no window of {rate.period}: it counts {count} a {name}"
            build.report.approximated(policy, "rate_limit", message, "limits")
        if name not in found or (type(count) is int and count < found[name]):
            found[name] = count
    ordered = {name: found[name] for name in PERIODS if name in found}
    names = list(ordered)
    for index, name in reversed(list(enumerate(names))):
        longer = [ordered[one] for one in names[index + 1 :] if type(ordered[one]) is int]
        if type(ordered[name]) is int and longer and ordered[name] > min(longer):
            ordered[name] = min(longer)  # it could never be reached; Kong refuses such a file
    return ordered


def _window(rate: Rate) -> tuple[str, float]:
    nanoseconds = rate.period.nanoseconds
    for name, length in PERIODS.items():
        if length == nanoseconds:
            return name, rate.count
    shorter = [name for name, length in PERIODS.items() if length <= nanoseconds]
    for name in reversed(shorter):
        count = int(rate.count * PERIODS[name] / nanoseconds)
        if count >= 1:
            return name, count
    longer = [name for name, length in PERIODS.items() if length > nanoseconds]
    for name in (*longer, "year"):
        count = int(rate.count * PERIODS[name] / nanoseconds)
        if count >= 1:
            return name, count
    return "year", 1


def response_rate_limit(policy: ResponseRateLimit, build: Build) -> Instance | None:
    """A `response-ratelimiting` plugin."""
    around, kept = split(policy.extensions)
    limits = {one.name: _windows(policy, one.limits, build) for one in policy.counters}
    limits = {name: windows for name, windows in limits.items() if windows}
    if not limits:
        return None
    config: Json = {"limits": limits}
    put(config, "header_name", policy.header_name, "x-kong-limit")
    key = _KEYS[policy.key_type]
    if key not in ("consumer", "credential", "ip"):
        message = "Kong counts by consumer here"
        build.report.approximated(policy, "response_rate_limit", message, "key_type")
        key = "consumer"
    put(config, "limit_by", key, "consumer")
    store(policy, policy.store, config, kept, build)
    put(config, "fault_tolerant", policy.fail_open, True)
    put(config, "hide_client_headers", policy.hide_headers, False)
    put(config, "block_on_first_violation", policy.refuse_all_on_first, False)
    return Instance("response-ratelimiting", config | kept, around)
