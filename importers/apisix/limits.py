"""Limits on requests: `limit-count` and `limit-req`
(https://apisix.apache.org/docs/apisix/plugins/limit-count/,
https://apisix.apache.org/docs/apisix/plugins/limit-req/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.importers.apisix.fields import Kept, carry, extensions, quiet, take_choice, take_integer
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
from gal.reading import Mapping, Node, Placeholder

if TYPE_CHECKING:
    from gal.importers.apisix.plugin import Plugin
    from gal.ledger import Reporter

COUNT_NAMES = {
    "limits": "count",
    "algorithm": "window_type",
    "key_type": "key",
    "key_header": "key",
    "store": "policy",
    "fail_open": "allow_degradation",
    "hide_headers": "show_limit_quota_header",
    "response": "rejected_code",
}
REQ_NAMES = {**COUNT_NAMES, "limits": "rate", "algorithm": "nodelay"}
RESPONSE_NAMES = {"status_code": "rejected_code", "message": "rejected_msg"}
_STORES = {
    "local": RateLimitStore.LOCAL,
    "redis": RateLimitStore.REDIS,
    "redis-cluster": RateLimitStore.REDIS,
    "redis-sentinel": RateLimitStore.REDIS,
}
_REDIS = (
    *("redis_host", "redis_port", "redis_username", "redis_password", "redis_database"),
    *("redis_timeout", "redis_ssl", "redis_ssl_verify", "redis_keepalive_timeout"),
    *("redis_keepalive_pool", "redis_cluster_nodes", "redis_cluster_name", "redis_cluster_ssl"),
    *("redis_cluster_ssl_verify", "redis_connect_timeout", "redis_read_timeout", "redis_role"),
    *("redis_master_name", "redis_sentinels", "sentinel_password", "sentinel_username"),
    "redis_server_name",
)
_VARIABLES = {
    "remote_addr": RateLimitKey.IP_ADDRESS,
    "binary_remote_addr": RateLimitKey.IP_ADDRESS,
    "consumer_name": RateLimitKey.CONSUMER,
    "service_id": RateLimitKey.SERVICE,
}


def is_plain_count(plugin: Plugin) -> bool:
    """Whether a `limit-count` has numbers, not rules or variables."""
    config = plugin.node
    if config.peek("rules") is not None:
        return False
    return all(_is_number(config.peek(key)) for key in ("count", "time_window"))


def _is_number(node: Node | None) -> bool:
    if node is None:
        return True
    return node.kind in ("integer", "number") or "${{" in str(node.plain())


def limit_count(plugin: Plugin, report: Reporter) -> RateLimit:
    """A `limit-count` plugin: so many requests in a window that starts with the first of them.

    Raises:
        InputError: no count, no window, or one that is not above zero.
    """
    config = plugin.node
    count, window = _above_zero(config, "count"), _above_zero(config, "time_window")
    sliding = take_choice(config, "window_type", ("fixed", "sliding"), "fixed") == "sliding"
    kept = carry(
        config,
        report,
        "rate_limit",
        Kept("group", message="other gateways count each route apart"),
        Kept("sync_interval", -1, Level.INFO),
    )
    store = _STORES[take_choice(config, "policy", _STORES, "local")]
    policy = RateLimit(
        limits=[Rate(Duration.seconds(window), count)],
        algorithm=(
            RateLimitAlgorithm.SLIDING_WINDOW if sliding else RateLimitAlgorithm.FIXED_WINDOW
        ),
        store=store,
        fail_open=config.take_bool("allow_degradation", False),
        hide_headers=not config.take_bool("show_limit_quota_header", True),
        response=_response(config),
        origin=plugin.origin(COUNT_NAMES),
    )
    _key(policy, config, report, kept, "remote_addr")
    _redis(config, report, kept)
    policy.extensions = extensions(kept)
    return policy


def limit_req(plugin: Plugin, report: Reporter) -> RateLimit:
    """A `limit-req` plugin: requests beyond the rate wait (or with `nodelay` do not), those beyond
    the burst are refused.

    Raises:
        InputError: no rate, burst or key.
    """
    config = plugin.node
    for key in ("rate", "burst", "key"):
        if config.peek(key) is None:
            raise config.missing(key)
    rate = _above_zero(config, "rate")
    node = config.entries["burst"]
    burst = config.take_float("burst", 0)
    if not isinstance(burst, Placeholder) and burst != int(burst):
        message = "others take whole numbers of requests beyond the rate"
        report.at(node, Fate.APPROXIMATED, Level.WARNING, "rate_limit", message)
    whole = burst if isinstance(burst, Placeholder) else int(burst)
    kept: dict[str, Any] = {}
    nodelay = config.take_bool("nodelay", False)
    policy = RateLimit(
        limits=[Rate(Duration.seconds(1), rate)],
        burst=whole,
        algorithm=(RateLimitAlgorithm.TOKEN_BUCKET if nodelay else RateLimitAlgorithm.LEAKY_BUCKET),
        store=_STORES[take_choice(config, "policy", _STORES, "local")],
        fail_open=config.take_bool("allow_degradation", False),
        hide_headers=True,
        response=_response(config),
        origin=plugin.origin(REQ_NAMES),
    )
    _key(policy, config, report, kept, "remote_addr")
    _redis(config, report, kept)
    policy.extensions = extensions(kept)
    return policy


def _above_zero(config: Mapping, key: str) -> float:
    node = config.take(key)
    if node is None:
        raise config.missing(key)
    value = node.as_float()
    if isinstance(value, Placeholder):
        return value
    if value <= 0:
        raise node.error(f'field "{key}" must be above zero, not {value:g}')
    return int(value) if value.is_integer() else value


def _response(config: Mapping) -> LimitResponse:
    return LimitResponse(
        status_code=take_integer(config, "rejected_code", 503, 200, 599),
        message=config.take_str("rejected_msg", ""),
        origin=Origin(config, RESPONSE_NAMES),
    )


def _key(
    policy: RateLimit, config: Mapping, report: Reporter, kept: dict[str, Any], default: str
) -> None:
    """What is counted by; a variable that the model has not is carried, and the address counts."""
    kinds = ("var", "var_combination", "constant")
    kind = take_choice(config, "key_type", kinds, "var")
    key = config.take_str("key", default)
    if kind == "constant":
        policy.key_type = RateLimitKey.NONE
        kept["key"] = key
        return
    names = [key] if kind == "var" else [_bare(one) for one in key.split()]
    known = [_known(policy, name) for name in names]
    if len(names) == 1 and known[0]:
        if kind != "var":
            kept["key_type"] = kind
        return
    kept.update(key_type=kind, key=key)
    message = "other gateways cannot count by this: they count by the client's address"
    if "consumer_name" in names:
        policy.key_type = RateLimitKey.CONSUMER
        message = "other gateways count by consumer only"
    else:
        policy.key_type, policy.key_header = RateLimitKey.IP_ADDRESS, None
    report.at(config.entries["key"], Fate.APPROXIMATED, Level.WARNING, "rate_limit", message)


def _bare(text: str) -> str:
    return text.lstrip("$").strip("{}")


def _known(policy: RateLimit, name: str) -> bool:
    if name.startswith("http_") and len(name) > len("http_"):
        policy.key_type = RateLimitKey.HEADER
        policy.key_header = name[len("http_") :].replace("_", "-")
        return True
    if name in _VARIABLES:
        policy.key_type = _VARIABLES[name]
        return True
    return False


def _redis(config: Mapping, report: Reporter, kept: dict[str, Any]) -> None:
    """Where the count is kept. Passwords stay in the extension, which never prints them."""
    kept.update(carry(config, report, "rate_limit", *quiet(*_REDIS)))
    word = config.peek("policy")
    if word is not None and word.as_str() in ("redis-cluster", "redis-sentinel"):
        kept["policy"] = word.as_str()
