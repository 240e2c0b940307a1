"""Limits on requests: `rate-limiting` and `response-ratelimiting`
(https://developer.konghq.com/plugins/rate-limiting/,
https://developer.konghq.com/plugins/response-ratelimiting/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.importers.kong.settings import Kept, begin, carry, pointless, word
from gal.ledger import Fate, Level
from gal.model import (
    Duration,
    Extensions,
    LimitResponse,
    Rate,
    RateLimit,
    RateLimitKey,
    RateLimitStore,
    ResponseLimit,
    ResponseRateLimit,
)
from gal.reading import Mapping, Placeholder, is_placeholder

if TYPE_CHECKING:
    from gal.importers.kong.plugin import Plugin
    from gal.ledger import Reporter

_SECOND = 10**9
PERIODS = {
    "second": Duration(_SECOND),
    "minute": Duration(60 * _SECOND),
    "hour": Duration(3600 * _SECOND),
    "day": Duration(86400 * _SECOND),
    "month": Duration(30 * 86400 * _SECOND),
    "year": Duration(365 * 86400 * _SECOND),
}
"""Kong's windows. They follow the calendar in UTC, so a month has 28 to 31 days."""

NAMES = {
    "key_type": "config.limit_by",
    "key_header": "config.header_name",
    "key_path": "config.path",
    "store": "config.policy",
    "fail_open": "config.fault_tolerant",
    "hide_headers": "config.hide_client_headers",
    "header_name": "config.header_name",
    "counters": "config.limits",
    "refuse_all_on_first": "config.block_on_first_violation",
    "response": "config.error_code",
}
RESPONSE_NAMES = {"status_code": "config.error_code", "message": "config.error_message"}
_LIMITS = {period: {**NAMES, "limits": f"config.{period}"} for period in PERIODS}

_KEYS = {
    "consumer": RateLimitKey.CONSUMER,
    "credential": RateLimitKey.CREDENTIAL,
    "ip": RateLimitKey.IP_ADDRESS,
    "service": RateLimitKey.SERVICE,
    "header": RateLimitKey.HEADER,
    "path": RateLimitKey.PATH,
}
_RESPONSE_KEYS = {key: _KEYS[key] for key in ("consumer", "credential", "ip")}
_STORES = {
    "local": RateLimitStore.LOCAL,
    "cluster": RateLimitStore.CLUSTER,
    "redis": RateLimitStore.REDIS,
}
_REDIS = {
    "host": None,
    "port": 6379,
    "timeout": 2000,
    "username": None,
    "password": None,
    "database": 0,
    "ssl": False,
    "ssl_verify": False,
    "server_name": None,
}
"""What Kong takes where nothing is said; whole dumps of a running Kong say all of it."""


def rate_limit(plugin: Plugin, report: Reporter) -> RateLimit:
    """A `rate-limiting` plugin. Requests are counted per scope of the plugin; a key that a request
    lacks (consumer, credential, header, path) is replaced by its address.

    Raises:
        InputError: no window, one that allows less than a shorter one, or a key without its name.
    """
    config = begin(plugin, report)
    limits = _limits(config)
    store = word(config, "policy", _STORES, "local")
    key = word(config, "limit_by", _KEYS, "consumer")
    first = next(period for period in PERIODS if config.peek(period) is not None)
    return RateLimit(
        limits=limits,
        key_type=key,
        key_header=_key_name(config, report, "header_name", key, RateLimitKey.HEADER),
        key_path=_key_name(config, report, "path", key, RateLimitKey.PATH),
        store=store,
        fail_open=config.take_bool("fault_tolerant", True),
        hide_headers=config.take_bool("hide_client_headers", False),
        response=_refusal(plugin, config, report),
        extensions=_store_settings(config, report, "rate_limit", store),
        origin=plugin.origin(_LIMITS[first]),
    )


def response_rate_limit(plugin: Plugin, report: Reporter) -> ResponseRateLimit:
    """A `response-ratelimiting` plugin.

    Raises:
        InputError: no counter, or one without a window.
    """
    config = begin(plugin, report)
    store = word(config, "policy", _STORES, "local")
    return ResponseRateLimit(
        header_name=config.take_str("header_name", "x-kong-limit"),
        counters=_counters(plugin, config),
        key_type=word(config, "limit_by", _RESPONSE_KEYS, "consumer"),
        store=store,
        fail_open=config.take_bool("fault_tolerant", True),
        hide_headers=config.take_bool("hide_client_headers", False),
        refuse_all_on_first=config.take_bool("block_on_first_violation", False),
        extensions=_store_settings(config, report, "response_rate_limit", store),
        origin=plugin.origin(NAMES),
    )


def _limits(config: Mapping) -> list[Rate]:
    limits: list[Rate] = []
    highest: tuple[float, str] | None = None
    for name, period in PERIODS.items():
        node = config.take(name)
        if node is None:
            continue
        count = node.as_float()
        if isinstance(count, Placeholder):
            limits.append(Rate(period, count))
            continue
        if count <= 0:
            raise node.error(f'field "{name}" must be above zero, not {count:g}')
        if highest is not None and count < highest[0]:
            raise node.error(
                f'field "{name}" must not be below "{highest[1]}", which allows {highest[0]:g}'
            )
        highest = (count, name)
        limits.append(Rate(period, int(count) if count.is_integer() else count))
    if not limits:
        raise config.error("a limit needs a window", f"set one of {', '.join(PERIODS)}")
    return limits


def _key_name(
    config: Mapping, report: Reporter, field: str, key: RateLimitKey, needed_for: RateLimitKey
) -> str | None:
    if key is not needed_for:
        reason = f'only "limit_by: {needed_for.value}" uses this'
        pointless(config, report, "rate_limit", field, reason)
        return None
    name = config.require_str(field)
    if key is RateLimitKey.PATH and not name.startswith("/") and not is_placeholder(name):
        raise config.entries[field].error('field "path" must start with "/"')
    return name


def _refusal(plugin: Plugin, config: Mapping, report: Reporter) -> LimitResponse:
    status = config.take_int("error_code", 429)
    if not isinstance(status, Placeholder) and status < 400:
        node = config.entries["error_code"]
        if status <= 0:
            raise node.error(f'field "error_code" must be above zero, not {status}')
        message = "Kong itself answers 500 here: it makes errors with a status from 400 up only"
        report.at(node, Fate.APPROXIMATED, Level.WARNING, "rate_limit", message)
    return LimitResponse(
        status_code=status,
        message=config.take_str("error_message", "API rate limit exceeded"),
        origin=plugin.origin(RESPONSE_NAMES),
    )


def _counters(plugin: Plugin, config: Mapping) -> list[ResponseLimit]:
    limits = config.take_mapping("limits")
    if limits is None or not limits.entries:
        raise (limits or config).error('field "limits" needs at least one counter')
    counters = []
    for name, node in limits.take_items():
        if not isinstance(node, Mapping):
            raise node.mismatch("a mapping")
        counters.append(
            ResponseLimit(
                name=name,
                limits=_limits(node),
                origin=plugin.origin({"limits": f"config.limits.{name}"}),
            )
        )
    return counters


def _store_settings(
    config: Mapping, report: Reporter, feature: str, store: RateLimitStore
) -> Extensions:
    """Where the counts are kept, in today's spelling or that of Kong before 3.8."""
    redis = config.take_mapping("redis")
    for key in _REDIS:
        old = config.peek(f"redis_{key}")
        new = redis.peek(key) if redis is not None else None
        if old is not None and new is not None and old.plain() != new.plain():
            raise old.error(f'"redis_{key}" is the old name of "redis.{key}", which differs')
    used = store is RateLimitStore.REDIS
    if used and (redis is None or redis.peek("host") is None) and not config.peek("redis_host"):
        raise config.error('"policy: redis" needs "redis.host"')
    level = Level.WARNING if used else Level.INFO
    reason = "only Kong is told of this store" if used else "used with another store only"
    sync = Kept("sync_rate", -1, Level.INFO, "how often Kong writes the counts to its store")
    kept = [Kept("redis", _said_for_nothing(redis), level, reason)]
    kept += [Kept(f"redis_{key}", value, level, reason) for key, value in _REDIS.items()]
    return carry(config, report, feature, sync, *kept)


def _said_for_nothing(redis: Mapping | None) -> object:
    """The settings themselves if all of them are Kong's own."""
    given = {} if redis is None else redis.plain()
    return given if all(_REDIS.get(key) == value for key, value in given.items()) else None
