"""Policies on single requests: `request-id`, `client-control`, `api-breaker`, `proxy-cache`, `gzip`
and `brotli` (https://apisix.apache.org/docs/apisix/plugins/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.importers.apisix.fields import (
    Kept,
    carry,
    extensions,
    quiet,
    take_choice,
    take_integer,
    take_integers,
)
from gal.ledger import Fate, Level
from gal.model import (
    Cache,
    CircuitBreaker,
    Compression,
    Duration,
    LimitResponse,
    Origin,
    RequestId,
    RequestIdFormat,
    Size,
    SizeLimit,
)
from gal.reading import Mapping, Placeholder, Sequence

if TYPE_CHECKING:
    from gal.importers.apisix.plugin import Plugin
    from gal.ledger import Reporter

REQUEST_ID_NAMES = {"format": "algorithm", "echo": "include_in_response"}
SIZE_NAMES = {"max_body": "max_body_size"}
BREAKER_NAMES = {
    "max_failures": "unhealthy.failures",
    "timeout": "max_breaker_sec",
    "half_open_requests": "healthy.successes",
    "unhealthy_status_codes": "unhealthy.http_statuses",
    "response": "break_response_code",
}
CACHE_NAMES = {
    "methods": "cache_method",
    "status_codes": "cache_http_status",
    "ttl": "cache_ttl",
    "respect_cache_control": "cache_control",
}
COMPRESSION_NAMES = {"content_types": "types", "min_size": "min_length", "level": "comp_level"}
_ANSWER_NAMES = {"status_code": "break_response_code", "message": "break_response_body"}
_ALGORITHMS = ("uuid", "nanoid", "range_id", "ksuid", "uuidv7")
_HEALTHY = {"http_statuses": [200], "successes": 3}


def request_id(plugin: Plugin, report: Reporter) -> RequestId:
    """A `request-id` plugin. An id that the client sends stays."""
    config = plugin.node
    algorithm = take_choice(config, "algorithm", _ALGORITHMS, "uuid")
    kept = carry(config, report, "request_id", *quiet("range_id"))
    policy = RequestId(
        header_name=config.take_str("header_name", "X-Request-Id"),
        format=RequestIdFormat.UUID,
        echo=config.take_bool("include_in_response", True),
        origin=plugin.origin(REQUEST_ID_NAMES),
    )
    if algorithm != "uuid":
        kept["algorithm"] = algorithm
        message = "other gateways make a UUID"
        report.approximated(policy, "request_id", message, "format")
    policy.extensions = extensions(kept)
    return policy


def size_limit(plugin: Plugin, report: Reporter) -> SizeLimit:
    """A `client-control` plugin; no size or 0 is no limit."""
    config = plugin.node
    del report
    size = take_integer(config, "max_body_size", 0)
    policy = SizeLimit(max_body=Size(size), origin=plugin.origin(SIZE_NAMES))
    if not isinstance(size, Placeholder) and size == 0:
        policy.enabled = False
    return policy


def circuit_breaker(plugin: Plugin, report: Reporter) -> CircuitBreaker:
    """An `api-breaker` plugin. It counts for each host and path, and opens for two seconds, then
    four, eight and so on up to `max_breaker_sec`.

    Raises:
        InputError: no status for the answer, or a number out of its range.
    """
    config = plugin.node
    node = config.take("break_response_code")
    if node is None:
        raise config.missing("break_response_code")
    unhealthy, healthy = config.take_mapping("unhealthy"), config.take_mapping("healthy")
    policy = CircuitBreaker(
        max_failures=3 if unhealthy is None else take_integer(unhealthy, "failures", 3, 1),
        timeout=Duration.seconds(take_integer(config, "max_breaker_sec", 300, 3)),
        half_open_requests=3 if healthy is None else take_integer(healthy, "successes", 3, 1),
        unhealthy_status_codes=(
            [500] if unhealthy is None else take_integers(unhealthy, "http_statuses", [500])
        ),
        response=LimitResponse(
            status_code=node.as_int(),
            message=config.take_str("break_response_body", ""),
            origin=Origin(config, _ANSWER_NAMES),
        ),
        origin=plugin.origin(BREAKER_NAMES),
    )
    message = (
        "APISIX opens for 2 seconds, doubling up to this, and counts each host and path apart; "
        "other gateways open for all of it"
    )
    report.approximated(policy, "circuit_breaker", message, "timeout")
    kept = carry(config, report, "circuit_breaker", Kept("break_response_headers"))
    if healthy is not None:
        statuses = take_integers(healthy, "http_statuses", [200])
        if statuses != _HEALTHY["http_statuses"]:
            kept["healthy"] = {"http_statuses": statuses}
    policy.extensions = extensions(kept)
    return policy


def cache(plugin: Plugin, report: Reporter) -> Cache:
    """A `proxy-cache` plugin."""
    config = plugin.node
    kept = carry(
        config,
        report,
        "cache",
        Kept("cache_key", ["$host", "$request_uri"], message="others go by host, path and query"),
        Kept("cache_bypass", message="other gateways answer these from the cache, too"),
        Kept("no_cache", message="other gateways keep these answers, too"),
        Kept("hide_cache_headers", False, Level.INFO),
        Kept("consumer_isolation", True, message="whether consumers share what is kept"),
        Kept("cache_set_cookie", False, message="whether answers with cookies are kept"),
        Kept("cache_zone", "disk_cache_one", Level.INFO),
        Kept("cache_strategy", "disk", Level.INFO, "where APISIX keeps it"),
    )
    return Cache(
        methods=config.take_strings("cache_method") or ["GET", "HEAD"],
        status_codes=take_integers(config, "cache_http_status", [200, 301, 404]),
        ttl=Duration.seconds(take_integer(config, "cache_ttl", 300, 1)),
        respect_cache_control=config.take_bool("cache_control", False),
        report_headers=["status"],
        extensions=extensions(kept),
        origin=plugin.origin(CACHE_NAMES),
    )


def compression(plugins: list[Plugin], report: Reporter) -> Compression:
    """`gzip` and `brotli`, which is preferred where both are there."""
    names = {"gzip": "gzip", "brotli": "br"}
    kept: dict[str, Any] = {}
    found: list[Compression] = []
    for plugin in plugins:
        config = plugin.node
        more = carry(config, report, "compression", *_settings(plugin.name))
        found.append(
            Compression(
                algorithms=[names[plugin.name]],
                content_types=_types(config),
                min_size=Size(take_integer(config, "min_length", 20, 1)),
                level=_level(plugin, config, more),
                origin=plugin.origin(COMPRESSION_NAMES),
            )
        )
        if more:
            kept[plugin.name] = more
    first = found[0]
    for other, plugin in zip(found[1:], plugins[1:], strict=True):
        first.algorithms += other.algorithms
        same = (first.content_types, first.min_size) == (other.content_types, other.min_size)
        first.level = first.level if first.level is not None else other.level
        if not same:
            kept[plugin.name] = plugin.node.plain()
            message = "both ways of compression have the settings of the first one elsewhere"
            report.at(
                plugin.node, Fate.APPROXIMATED, Level.WARNING, "compression", message, whole=False
            )
    first.extensions = extensions(kept)
    return first


def _settings(name: str) -> tuple[Kept, ...]:
    if name == "gzip":
        buffers = {"number": 32, "size": 4096}
        return (
            Kept("buffers", buffers, Level.INFO),
            Kept("http_version", 1.1, Level.INFO),
            Kept("vary", False, Level.INFO),
        )
    return (
        Kept("http_version", 1.1, Level.INFO),
        Kept("vary", False, Level.INFO),
        Kept("lgblock", 0, Level.INFO),
        Kept("lgwin", 19, Level.INFO),
        Kept("mode", 0, Level.INFO),
    )


def _level(plugin: Plugin, config: Mapping, kept: dict[str, Any]) -> int | None:
    if plugin.name == "gzip":
        return take_integer(config, "comp_level", 1, 1, 9)
    level = take_integer(config, "comp_level", 6, 0, 11)
    if level != 6:
        kept["comp_level"] = level
    return None


def _types(config: Mapping) -> list[str]:
    node = config.take("types")
    if node is None:
        return ["text/html"]
    if isinstance(node, Sequence):
        return [item.as_str() for item in node.items]
    return ["*"] if node.as_str() == "*" else [node.as_str()]
