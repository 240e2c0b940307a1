"""Policies on single requests: `correlation-id`, `request-size-limiting`, `request-termination`,
`redirect` and `proxy-cache` (https://developer.konghq.com/plugins/).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gal.importers.kong.fields import take_idle, take_integer
from gal.importers.kong.settings import Kept, begin, carry, word
from gal.ledger import Fate, Level
from gal.model import (
    Cache,
    DirectResponse,
    Duration,
    Redirect,
    RequestId,
    RequestIdFormat,
    Size,
    SizeLimit,
)
from gal.reading import Mapping, Placeholder, is_placeholder

if TYPE_CHECKING:
    from gal.importers.kong.plugin import Plugin
    from gal.ledger import Reporter

REQUEST_ID_NAMES = {
    "header_name": "config.header_name",
    "format": "config.generator",
    "echo": "config.echo_downstream",
}
SIZE_NAMES = {
    "max_body": "config.allowed_payload_size",
    "require_content_length": "config.require_content_length",
}
ANSWER_NAMES = {
    key: f"config.{key}"
    for key in ("status_code", "body", "message", "content_type", "trigger", "echo")
}
REDIRECT_NAMES = {
    "location": "config.location",
    "keep_path": "config.keep_incoming_path",
    "status_code": "config.status_code",
}
CACHE_NAMES = {
    "methods": "config.request_method",
    "status_codes": "config.response_code",
    "content_types": "config.content_type",
    "ttl": "config.cache_ttl",
    "respect_cache_control": "config.cache_control",
    "vary_headers": "config.vary_headers",
    "vary_query_params": "config.vary_query_params",
    "ignore_path_case": "config.ignore_uri_case",
    "report_headers": "config.response_headers",
}

_GENERATORS = {
    "uuid": RequestIdFormat.UUID,
    "uuid#counter": RequestIdFormat.UUID_COUNTER,
    "tracker": RequestIdFormat.TRACKER,
}
_UNITS = {"megabytes": 2**20, "kilobytes": 2**10, "bytes": 1}
_MESSAGES = {
    401: "Unauthorized",
    404: "Not found",
    405: "Method not allowed",
    500: "An unexpected error occurred",
    502: "Bad Gateway",
    503: "Service unavailable",
}
"""What `request-termination` says where nothing else is asked for; other statuses say nothing."""
_LOCATION = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^/?#]+)(.*)", re.DOTALL)
_REPORTED = {"X-Cache-Key": "key", "X-Cache-Status": "status", "age": "age"}


def request_id(plugin: Plugin, report: Reporter) -> RequestId:
    """A `correlation-id` plugin. An id that the client sends stays."""
    config = begin(plugin, report)
    return RequestId(
        header_name=config.take_str("header_name", "Kong-Request-ID"),
        format=word(config, "generator", _GENERATORS, "uuid#counter"),
        echo=config.take_bool("echo_downstream", False),
        origin=plugin.origin(REQUEST_ID_NAMES),
    )


def size_limit(plugin: Plugin, report: Reporter) -> SizeLimit:
    """A `request-size-limiting` plugin; a megabyte is 2^20 bytes there.

    Raises:
        InputError: an unknown unit, or a negative size.
    """
    config = begin(plugin, report)
    size = take_integer(config, "allowed_payload_size", 128, 0, 2**53)
    return SizeLimit(
        max_body=Size(size * word(config, "size_unit", _UNITS, "megabytes")),
        require_content_length=config.take_bool("require_content_length", False),
        origin=plugin.origin(SIZE_NAMES),
    )


def direct_response(plugin: Plugin, report: Reporter) -> DirectResponse:
    """A `request-termination` plugin.

    Raises:
        InputError: a status that is none, or fields that exclude each other.
    """
    config = begin(plugin, report)
    status = take_integer(config, "status_code", 503, 100, 599)
    body, message = config.take_str("body"), config.take_str("message")
    content_type = config.take_str("content_type")
    echo = config.take_bool("echo", False)
    if message and (content_type or body):
        raise config.entries["message"].error('"message" excludes "body" and "content_type"')
    if content_type and not body:
        raise config.entries["content_type"].error('"content_type" needs a "body"')
    if echo and (content_type or body):
        raise config.entries["echo"].error('"echo" excludes "body" and "content_type"')
    if body is None and message is None and not isinstance(status, Placeholder):
        message = _MESSAGES.get(status)
    return DirectResponse(
        status_code=status,
        body=body,
        message=message if body is None else None,
        content_type=content_type or None,
        trigger=config.take_str("trigger"),
        echo=echo,
        origin=plugin.origin(ANSWER_NAMES),
    )


def redirect(plugin: Plugin, report: Reporter) -> Redirect:
    """A `redirect` plugin. With `keep_incoming_path` the path and query of `location` give way to
    those of the request.

    Raises:
        InputError: `location` is no URL, or the status is none.
    """
    config = begin(plugin, report)
    location = config.require_str("location")
    keep_path = config.take_bool("keep_incoming_path", False)
    parts = _LOCATION.fullmatch(location)
    node = config.entries["location"]
    if parts is None and not is_placeholder(location):
        raise node.error(f'"{location}" is no URL with a scheme and a host')
    if keep_path and parts is None:
        message = "taken for a URL without a path; Kong replaces the path of what it stands for"
        report.at(node, Fate.APPROXIMATED, Level.WARNING, "redirect", message)
    elif keep_path and parts is not None:
        location, path = parts.groups()
        if path not in ("", "/"):
            message = "its path and query are without effect: those of the request replace them"
            report.at(node, Fate.DROPPED, Level.INFO, "redirect", message)
    return Redirect(
        location=location,
        keep_path=keep_path,
        status_code=take_integer(config, "status_code", 301, 100, 599),
        origin=plugin.origin(REDIRECT_NAMES),
    )


def cache(plugin: Plugin, report: Reporter) -> Cache:
    """A `proxy-cache` plugin. Answers are kept per route and consumer, by path and query.

    Raises:
        InputError: another strategy than `memory`, no lifetime, or an unknown method.
    """
    config = begin(plugin, report)
    if config.peek("strategy") is None:
        raise config.missing("strategy")
    word(config, "strategy", {"memory": None}, "memory")
    policy = Cache(
        methods=_methods(config),
        status_codes=_statuses(config),
        content_types=_or(config.take_strings("content_type"), ["text/plain", "application/json"]),
        ttl=Duration.seconds(take_integer(config, "cache_ttl", 300, 1, 2**53)),
        respect_cache_control=config.take_bool("cache_control", False),
        vary_headers=config.take_strings("vary_headers") or [],
        vary_query_params=config.take_strings("vary_query_params") or [],
        ignore_path_case=config.take_bool("ignore_uri_case", False),
        report_headers=_report_headers(config, report),
        extensions=carry(
            config,
            report,
            "cache",
            Kept("memory", {"dictionary_name": "kong_db_cache"}, Level.INFO, "where Kong keeps it"),
            Kept("storage_ttl", None, Level.INFO, "how long Kong keeps what has grown stale"),
        ),
        origin=plugin.origin(CACHE_NAMES),
    )
    if not policy.content_types or not policy.methods:
        policy.enabled = False
        key = "request_method" if policy.content_types else "content_type"
        message = "an empty list means that nothing is kept: the cache is switched off"
        report.at(config.entries[key], Fate.APPROXIMATED, Level.WARNING, "cache", message)
    return policy


def _or(given: list[str] | None, default: list[str]) -> list[str]:
    return default if given is None else given


def _methods(config: Mapping) -> list[str]:
    known = ("HEAD", "GET", "POST", "PATCH", "PUT")
    for node in config.take_sequence("request_method"):
        method = node.as_str()
        if method not in known and not is_placeholder(method):
            raise node.error(f'"{method}" must be one of {", ".join(known)}')
    return _or(config.take_strings("request_method"), ["GET", "HEAD"])


def _statuses(config: Mapping) -> list[int]:
    if config.peek("response_code") is None:
        config.mark("response_code")
        return [200, 301, 404]
    statuses = []
    for node in config.take_sequence("response_code"):
        status = node.as_int()
        if not isinstance(status, Placeholder) and not 100 <= status <= 900:
            raise node.error(f"a status lies between 100 and 900, not {status}")
        statuses.append(status)
    if not statuses:
        raise config.entries["response_code"].error('field "response_code" needs at least one item')
    return statuses


def _report_headers(config: Mapping, report: Reporter) -> list[str]:
    below = config.take_mapping("response_headers")
    if below is None:
        return list(_REPORTED.values())
    take_idle(below, report)
    return [name for key, name in _REPORTED.items() if below.take_bool(key, True)]
