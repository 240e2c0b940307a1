"""Limits on how many requests are let through."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from gal.model.node import ModelNode, Policy
from gal.model.values import Rate


class RateLimitKey(str, Enum):
    """What requests are counted by: each value of it has a count of its own."""

    IP_ADDRESS = "ip_address"
    HEADER = "header"
    JWT_CLAIM = "jwt_claim"
    CONSUMER = "consumer"
    CREDENTIAL = "credential"
    PATH = "path"
    SERVICE = "service"
    NONE = "none"


class RateLimitAlgorithm(str, Enum):
    """How the count is kept: by the clock, as tokens that refill, or as a queue that drains."""

    FIXED_WINDOW = "fixed_window"
    SLIDING_WINDOW = "sliding_window"
    TOKEN_BUCKET = "token_bucket"
    LEAKY_BUCKET = "leaky_bucket"


class RateLimitStore(str, Enum):
    """Who shares the count: one gateway process, a cluster, or all that use one Redis."""

    LOCAL = "local"
    CLUSTER = "cluster"
    REDIS = "redis"


@dataclass(slots=True)
class LimitResponse(ModelNode):
    """What a refused client gets.

    Attributes:
        status_code: HTTP status.
        message: the text; a provider that answers in JSON wraps it as `{"message": ...}`.
    """

    status_code: int = 429
    message: str = "Rate limit exceeded"


@dataclass(slots=True)
class RateLimit(Policy):
    """A limit on requests (Kong `rate-limiting`, APISIX `limit-count` and `limit-req`, Traefik
    `rateLimit`, Envoy `local_ratelimit`).

    Attributes:
        limits: all of them hold at once. `requests_per_second: N` is short for one of `N/1s`.
            `30d` and `365d` are calendar months and years where the provider has these (Kong).
        burst: requests beyond the rate that are let through at once, for the bucket algorithms.
        algorithm: how the count is kept.
        key_type: what requests are counted by.
        key_header: the header's name, for `key_type: header`.
        key_claim: the claim's name, for `key_type: jwt_claim`.
        key_path: for `key_type: path`, the path that is counted.
        store: who shares the count.
        fail_open: requests pass while the store cannot be reached.
        hide_headers: do not tell clients how much of the limit is left.
        response: what a refused client gets.
    """

    limits: list[Rate] = field(default_factory=list)
    burst: int = 0
    algorithm: RateLimitAlgorithm = RateLimitAlgorithm.FIXED_WINDOW
    key_type: RateLimitKey = RateLimitKey.IP_ADDRESS
    key_header: str | None = None
    key_claim: str | None = None
    key_path: str | None = None
    store: RateLimitStore = RateLimitStore.LOCAL
    fail_open: bool = True
    hide_headers: bool = False
    response: LimitResponse = field(default_factory=LimitResponse)


@dataclass(slots=True)
class ResponseLimit(ModelNode):
    """One counter of a response rate limit.

    Attributes:
        name: the counter's name, as the upstream writes it in its header.
        limits: all of them hold at once.
    """

    name: str
    limits: list[Rate] = field(default_factory=list)


@dataclass(slots=True)
class ResponseRateLimit(Policy):
    """A limit that the upstream counts itself, by a header of its responses
    (Kong `response-ratelimiting`).

    Attributes:
        header_name: response header `NAME=INCREMENT` of the upstream.
        counters: the limits by name.
        key_type: what is counted by.
        store: who shares the count.
        fail_open: requests pass while the store cannot be reached.
        hide_headers: do not tell clients how much of the limit is left.
        refuse_all_on_first: one exceeded counter refuses the request.
    """

    header_name: str = "x-kong-limit"
    counters: list[ResponseLimit] = field(default_factory=list)
    key_type: RateLimitKey = RateLimitKey.CONSUMER
    store: RateLimitStore = RateLimitStore.LOCAL
    fail_open: bool = True
    hide_headers: bool = False
    refuse_all_on_first: bool = False
