"""Limits on requests (https://apisix.apache.org/docs/apisix/plugins/limit-count/,
https://apisix.apache.org/docs/apisix/plugins/limit-req/).

`limit-count` counts in windows, `limit-req` lets requests through at a rate.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from gal.exporters.apisix.plugin import (
    Json,
    Plugins,
    between,
    differs,
    header_variable,
    kept,
    native,
    note,
    put,
)
from gal.model import Policy, Rate, RateLimit, RateLimitAlgorithm, RateLimitKey, RateLimitStore
from gal.reading import Placeholder

if TYPE_CHECKING:
    from gal.exporters.apisix.build import Shared

LIMITERS = ("limit-count", "limit-req")
_SECOND = 10**9
_DEFAULT_STATUS = 503
_BUCKETS = (RateLimitAlgorithm.TOKEN_BUCKET, RateLimitAlgorithm.LEAKY_BUCKET)
_CALENDAR = (30 * 86400 * _SECOND, 365 * 86400 * _SECOND)
_VARIABLES = {
    RateLimitKey.IP_ADDRESS: "remote_addr",
    RateLimitKey.CONSUMER: "consumer_name",
    RateLimitKey.CREDENTIAL: "consumer_name",
    RateLimitKey.JWT_CLAIM: "consumer_name",
    RateLimitKey.PATH: "uri",
    RateLimitKey.SERVICE: "service_id",
}
_ONE_FOR_ALL = "gal"


def rate_limit(policy: RateLimit, shared: Shared, group: str | None = None) -> Plugins:
    """One plugin.

    Args:
        policy: the limit.
        shared: the file.
        group: the name of what counts together, where that is more than one route.
    """
    if not policy.limits:
        return {}
    values = kept(policy.extensions)
    config: Json = {}
    if policy.algorithm in _BUCKETS:
        name = "limit-req"
        _rate(policy, config, shared)
        if group is not None:
            message = "APISIX counts each route apart here"
            differs(shared, policy, "rate_limit", message)
    else:
        name = "limit-count"
        _windows(policy, config, shared)
        if group is not None and "rules" not in config:
            config["group"] = group
    _key(policy, config, values, shared)
    _store(policy, config, values, shared)
    if policy.fail_open:
        config["allow_degradation"] = True
    if name == "limit-count":
        put(config, "show_limit_quota_header", not policy.hide_headers, True)
    elif not policy.hide_headers:
        message = "APISIX does not tell clients how much of such a limit is left"
        note(shared, policy, "rate_limit", message)
    status = between(policy.response.status_code, 200, 599)
    put(config, "rejected_code", status, _DEFAULT_STATUS)
    if policy.response.message:
        config["rejected_msg"] = policy.response.message
    return {name: config | values}


def _rate(policy: RateLimit, config: Json, shared: Shared) -> None:
    """Requests a second; of several limits that of the lowest rate."""
    limits = sorted(policy.limits, key=_per_second)
    if len(limits) > 1:
        message = f"APISIX keeps one bucket: that of {limits[0]}"
        differs(shared, policy, "rate_limit", message, "limits")
    rate = limits[0]
    if isinstance(rate.count, Placeholder):
        if rate.period.nanoseconds != _SECOND:
            message = "APISIX counts by the second: the placeholder stands for that"
            differs(shared, policy, "rate_limit", message, "limits")
        config["rate"] = rate.count
    else:
        value = _per_second(rate)
        config["rate"] = int(value) if value.is_integer() else value
    config["burst"] = policy.burst
    if policy.algorithm is RateLimitAlgorithm.TOKEN_BUCKET:
        config["nodelay"] = True


def _per_second(rate: Rate) -> float:
    if isinstance(rate.count, Placeholder):
        return 0.0
    return rate.count * _SECOND / rate.period.nanoseconds


def _windows(policy: RateLimit, config: Json, shared: Shared) -> None:
    found = [_window(policy, rate, shared) for rate in policy.limits]
    if len(found) == 1:
        config.update(found[0])
    else:
        config["rules"] = found
    if policy.algorithm is RateLimitAlgorithm.SLIDING_WINDOW:
        config["window_type"] = "sliding"
    else:
        message = "APISIX starts a window with its first request, not by the clock"
        note(shared, policy, "rate_limit", message, "algorithm")
    if len(found) > 1 and not policy.hide_headers:
        message = (
            "the headers that tell how much is left have the number of the limit in their names"
        )
        note(shared, policy, "rate_limit", message)
    _ = policy.burst


def _window(policy: RateLimit, rate: Rate, shared: Shared) -> Json:
    """Whole requests in whole seconds."""
    nanoseconds = rate.period.nanoseconds
    if nanoseconds in _CALENDAR:
        message = f"APISIX counts {nanoseconds // _SECOND} seconds, not by the calendar"
        note(shared, policy, "rate_limit", message, "limits")
    if isinstance(rate.count, Placeholder):
        return {"count": rate.count, "time_window": max(1, round(nanoseconds / _SECOND))}
    if nanoseconds % _SECOND == 0 and float(rate.count).is_integer():
        return {"count": int(rate.count), "time_window": nanoseconds // _SECOND}
    exact = Fraction(rate.count).limit_denominator(10**6) * _SECOND / nanoseconds
    seconds = max(exact.denominator, 1)
    count = exact.numerator
    if seconds > 86400:
        seconds = max(1, round(nanoseconds / _SECOND))
        count = max(1, int(exact * seconds))
    message = f"APISIX counts whole requests in whole seconds: {count} in {seconds}s"
    differs(shared, policy, "rate_limit", message, "limits")
    return {"count": count, "time_window": seconds}


def _key(policy: RateLimit, config: Json, values: Json, shared: Shared) -> None:
    """What is counted by. With `rules`, a key is a text with variables, different in each."""
    if {"key_type", "key"} <= values.keys():
        return
    kind = policy.key_type
    name = _VARIABLES.get(kind, "")
    if kind is RateLimitKey.HEADER and policy.key_header is None:
        name = "remote_addr"
    elif kind is RateLimitKey.HEADER:
        name = header_variable(policy.key_header or "")
        message = "requests without the header are counted by their address"
        note(shared, policy, "rate_limit", message, "key_header")
    _differences(policy, shared)
    if "rules" in config:
        _rule_keys(policy, config, name, shared)
        return
    if kind is RateLimitKey.NONE:
        config["key_type"] = "constant"
        config["key"] = values.pop("key", _ONE_FOR_ALL)
        if policy.algorithm in _BUCKETS:
            config["key_type"], config["key"] = "var", "server_port"
        return
    if values.get("key_type") == "var_combination":
        config["key"] = f"${name}"
        return
    put(config, "key", name, None if policy.algorithm in _BUCKETS else "remote_addr")


def _rule_keys(policy: RateLimit, config: Json, name: str, shared: Shared) -> None:
    """A key for each rule. APISIX skips a rule none of whose variables is there: a port always is,
    and a default makes up for others.
    """
    variable = f"${{{name} ?? none}}" if name else "$server_port"
    if name == "remote_addr":
        variable = "$remote_addr"
    elif name:
        message = "requests without such a value are counted together"
        note(shared, policy, "rate_limit", message, "key_type")
    for rule in config["rules"]:
        rule["key"] = f"{rule['time_window']}s {variable}"


def _differences(policy: RateLimit, shared: Shared) -> None:
    messages = {
        RateLimitKey.JWT_CLAIM: "APISIX counts by the consumer of the token, not by a claim",
        RateLimitKey.CREDENTIAL: "APISIX counts all credentials of a consumer together",
        RateLimitKey.PATH: "APISIX counts each path of the route apart",
    }
    if policy.key_type in messages:
        message = messages[policy.key_type]
        differs(shared, policy, "rate_limit", message, "key_type")
    _ = policy.key_claim, policy.key_path


def _store(policy: RateLimit, config: Json, values: Json, shared: Shared) -> None:
    store = policy.store
    if store is RateLimitStore.LOCAL:
        return
    known = any(key.startswith("redis") for key in values)
    if store is RateLimitStore.REDIS and (known or native(shared)):
        config["policy"] = values.pop("policy", "redis")
        return
    message = "APISIX is not told of such a store here: every node counts for itself"
    differs(shared, policy, "rate_limit", message, "store")


def unlimited(policy: Policy, feature: str, shared: Shared) -> None:
    """A limit that an upstream counts, which APISIX does not know."""
    message = "APISIX does not count by the answers of an upstream"
    shared.context.report.dropped(policy, feature, message)
    shared.context.claims.claim(policy)
