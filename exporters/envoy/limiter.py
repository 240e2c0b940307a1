"""Envoy's `local_ratelimit` filters: one for each set of counts, wherever it acts.

A filter of the chain has one set of buckets, and each route that switches it on draws from them.
(Settings that stand in a route would have a set of their own in each entry that the route becomes.)

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/local_rate_limit_filter
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from gal.exporters.envoy.build import HTTP_FILTER, Json, Shared
from gal.exporters.envoy.consumers import NAMESPACE
from gal.exporters.envoy.values import duration
from gal.model import Duration, Rate, RateLimit, RateLimitAlgorithm
from gal.reading import Placeholder

_SHORTEST = 50 * 10**6
_MOST_TOKENS = 2**32 - 1
_MOST_VALUES = 100_000
UNLIMITED = 1_000_000
"""Requests a second for those that nothing counts: Envoy wants a bucket for them."""

_NOBODY = "?"
_ADDRESS = "remote_address"


@dataclass(frozen=True, slots=True)
class Key:
    """What requests are counted by.

    Attributes:
        actions: how Envoy finds it in a request; where one finds nothing, nothing is counted.
        entries: what it finds, with or without a certain value.
    """

    actions: tuple[Json, ...]
    entries: tuple[Json, ...]

    def __add__(self, other: Key) -> Key:
        return Key((*self.actions, *other.actions), (*self.entries, *other.entries))


def by_address() -> Key:
    """Each address has its own count."""
    return Key(({"remote_address": {}},), ({"key": _ADDRESS},))


def together(name: str, value: str) -> Key:
    """All requests have one count; others of the same name have other values."""
    entry = {"key": name, "value": value}
    action = {"generic_key": {"descriptor_key": name, "descriptor_value": value}}
    return Key((action,), (entry,))


def by_header(name: str) -> Key:
    """Each value of a header has its own count."""
    action = {"request_headers": {"header_name": name, "descriptor_key": "header"}}
    return Key((action,), ({"key": "header"},))


def where_header(mark: str, match: Json) -> Key:
    """Requests with a header that matches."""
    found = {"descriptor_key": mark, "descriptor_value": "yes", "headers": [match]}
    return Key(({"header_value_match": found},), ({"key": mark, "value": "yes"},))


def by_consumer(name: str) -> Key:
    """Each value of what is known of the consumer (`name`, `credential`) has its own count."""
    return Key((_known(name),), ({"key": name},))


def without_consumer(name: str) -> Key:
    """Requests of which nothing is known."""
    action = _known(name, _NOBODY)
    return Key((action,), ({"key": name, "value": _NOBODY},))


def of_consumer(name: str) -> Key:
    """Requests of a consumer that has a limit of its own."""
    return Key((_known("limited"),), ({"key": "limited", "value": name},))


def not_limited() -> Key:
    """Requests of those who have no limit of their own."""
    return Key((_known("limited", _NOBODY),), ({"key": "limited", "value": _NOBODY},))


def _known(name: str, default: str = "") -> Json:
    found: Json = {
        "descriptor_key": name,
        "metadata_key": {"key": NAMESPACE, "path": [{"key": name}]},
        "source": "DYNAMIC",
    }
    if default:
        found["default_value"] = default
    return {"metadata": found}


@dataclass(slots=True)
class Limiter:
    """One set of counts on its way into the chain.

    Attributes:
        policies: what is counted how often, by what.
    """

    counted: list[tuple[Key, RateLimit]] = field(default_factory=list)

    def add(self, keys: Iterable[Key], policy: RateLimit) -> None:
        """Have requests counted by keys, of which one is found in each request."""
        self.counted += [(key, policy) for key in keys]

    def render(self, prefix: str, hide_headers: bool) -> Json:
        """The filter's settings."""
        actions: list[Json] = []
        descriptors: list[Json] = []
        for key, policy in self.counted:
            limits = _lowest_of_each_period(policy.limits)
            several = len(limits) > 1
            for rate in limits:
                counted = key + together("window", str(rate.period)) if several else key
                actions.append({"actions": list(counted.actions)})
                descriptors.append(
                    {"entries": list(counted.entries), "token_bucket": bucket(rate, policy)}
                )
        always = {"default_value": {"numerator": 100}}
        settings: Json = {
            "@type": HTTP_FILTER + "local_ratelimit.v3.LocalRateLimit",
            "stat_prefix": prefix,
            "token_bucket": {
                "max_tokens": UNLIMITED,
                "tokens_per_fill": UNLIMITED,
                "fill_interval": "1s",
            },
            "filter_enabled": always,
            "filter_enforced": always,
            "always_consume_default_token_bucket": False,
            "max_dynamic_descriptors": _MOST_VALUES,
            "rate_limits": [one for at, one in enumerate(actions) if one not in actions[:at]],
            "descriptors": descriptors,
        }
        if not hide_headers:
            settings["enable_x_ratelimit_headers"] = "DRAFT_VERSION_03"
        return settings


def _lowest_of_each_period(limits: Iterable[Rate]) -> list[Rate]:
    """Of two limits for the same time only the lower one can ever be reached."""
    lowest: dict[Duration, Rate] = {}
    for rate in limits:
        known = lowest.setdefault(rate.period, rate)
        if rate.count < known.count:
            lowest[rate.period] = rate
    return list(lowest.values())


def bucket(rate: Rate, policy: RateLimit) -> Json:
    """A rate as a bucket that refills evenly over its period. Placeholders stay as they are."""
    if isinstance(rate.count, Placeholder):
        burst = isinstance(policy.burst, Placeholder) or policy.burst
        return {
            "max_tokens": policy.burst if burst else rate.count,
            "tokens_per_fill": rate.count,
            "fill_interval": duration(rate.period),
        }
    count = Fraction(rate.count).limit_denominator(1000)
    period = rate.period.nanoseconds * count.denominator
    fill = count.numerator
    if period < _SHORTEST:
        factor = -(-_SHORTEST // period)
        period, fill = period * factor, fill * factor
    return {
        "max_tokens": min(_capacity(count, policy), _MOST_TOKENS),
        "tokens_per_fill": min(fill, _MOST_TOKENS),
        "fill_interval": duration(Duration(period)),
    }


def _capacity(count: Fraction, policy: RateLimit) -> int:
    """How many requests get through at once after a pause."""
    whole = max(1, int(count))
    if isinstance(policy.burst, Placeholder):
        return policy.burst
    if policy.algorithm is RateLimitAlgorithm.TOKEN_BUCKET:
        return policy.burst or whole
    if policy.algorithm is RateLimitAlgorithm.LEAKY_BUCKET:
        return policy.burst + 1
    return max(whole, policy.burst)


def has_several_listeners(shared: Shared) -> bool:
    """Whether there are several chains of filters, each with counts of its own."""
    gateway = shared.gateway
    if gateway.listeners:
        return len(gateway.listeners) > 1
    return any(one.server_names for one in gateway.certificates)
