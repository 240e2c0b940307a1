"""Policies on single requests: `correlation-id`, `request-size-limiting`, `request-termination`,
`redirect` and `proxy-cache` (https://developer.konghq.com/plugins/).
"""

from __future__ import annotations

import re

from gal.exporters.kong.build import NO_HEADER, Build, Json, is_header, put
from gal.exporters.kong.instance import Instance, split
from gal.exporters.kong.secure import to_https
from gal.model import (
    Cache,
    DirectResponse,
    Redirect,
    RequestId,
    RequestIdFormat,
    SizeLimit,
)

_GENERATORS = {
    RequestIdFormat.UUID: "uuid",
    RequestIdFormat.UUID_COUNTER: "uuid#counter",
    RequestIdFormat.TRACKER: "tracker",
}
_WITH_HOST = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]|.*(?:\$\{|\{\{|\{vault)", re.IGNORECASE)
"""A location with a host, or one that something else fills in."""

_UNITS = (("megabytes", 2**20), ("kilobytes", 2**10))
_WITH_TEXT = (401, 404, 405, 500, 502, 503)  # kong/plugins/request-termination/handler.lua
_CACHED = ("HEAD", "GET", "POST", "PATCH", "PUT")
_REPORTED = {"key": "X-Cache-Key", "status": "X-Cache-Status", "age": "age"}


def request_id(policy: RequestId, build: Build) -> Instance | None:
    """A `correlation-id` plugin."""
    if not is_header(policy.header_name) and not build.native:
        message = f'"{policy.header_name}": {NO_HEADER}'
        build.report.dropped(policy, "request_id", message, "header_name")
        return None
    around, config = split(policy.extensions)
    put(config, "header_name", policy.header_name, "Kong-Request-ID")
    put(config, "generator", _GENERATORS[policy.format], "uuid#counter")
    put(config, "echo_downstream", policy.echo, False)
    if not policy.keep_existing:
        message = "Kong keeps an id that the client sends"
        build.report.approximated(policy, "request_id", message, "keep_existing")
    return Instance("correlation-id", config, around)


def size_limit(policy: SizeLimit, build: Build) -> Instance:
    """A `request-size-limiting` plugin; a megabyte is 2^20 bytes there."""
    del build
    around, config = split(policy.extensions)
    size = policy.max_body.bytes
    unit, factor = next(
        ((name, factor) for name, factor in _UNITS if size % factor == 0), ("bytes", 1)
    )
    put(config, "allowed_payload_size", size // factor, 128)
    put(config, "size_unit", unit, "megabytes")
    put(config, "require_content_length", policy.require_content_length, False)
    return Instance("request-size-limiting", config, around)


def direct_response(policy: DirectResponse, build: Build) -> Instance | None:
    """A `request-termination` plugin."""
    if policy.trigger is not None and not is_header(policy.trigger):
        message = f'"{policy.trigger}": {NO_HEADER}; nothing is answered'
        build.report.dropped(policy, "direct_response", message, "trigger")
        return None
    around, config = split(policy.extensions)
    put(config, "status_code", policy.status_code, 503)
    if policy.body or (policy.body is not None and build.native):
        if policy.body or not policy.content_type:
            config["body"] = policy.body
            put(config, "content_type", policy.content_type)
        if policy.message:
            message = "the body goes before the message"
            build.note(policy, "direct_response", message, "message")
    elif policy.message is not None:
        config["message"] = policy.message
        if policy.content_type is not None:
            message = "Kong sends a message as JSON"
            build.report.approximated(policy, "direct_response", message, "content_type")
    elif policy.status_code in _WITH_TEXT and not policy.echo and not build.native:
        message = "Kong takes no empty body: it sends a text of its own for this status, as JSON"
        build.report.approximated(policy, "direct_response", message)
    put(config, "trigger", policy.trigger)
    if policy.echo and ("body" in config):
        message = "Kong repeats the request instead of a body, not beside one"
        build.report.approximated(policy, "direct_response", message, "echo")
    else:
        put(config, "echo", policy.echo, False)
    return Instance("request-termination", config, around)


def redirect(policy: Redirect, build: Build) -> Instance | None:
    """A `redirect` plugin (Kong 3.9 and later)."""
    if to_https(policy) is not None:
        return None  # the route's protocols do it
    around, config = split(policy.extensions)
    location, keep = _location(policy, build)
    if location is None:
        message = "Kong redirects to whole locations only: requests get 503 instead"
        build.report.dropped(policy, "redirect", message)
        return Instance("request-termination", {"status_code": 503})
    config["location"] = location
    put(config, "keep_incoming_path", keep, False)
    put(config, "status_code", policy.status_code, 301)
    return Instance("redirect", config, around)


def _location(policy: Redirect, build: Build) -> tuple[str | None, bool]:
    if policy.location is not None:
        if not _WITH_HOST.match(policy.location):
            return None, False
        if policy.strip_query and policy.keep_path:
            message = "Kong keeps the query with the path"
            build.report.approximated(policy, "redirect", message, "strip_query")
        return policy.location, policy.keep_path
    if policy.host is None:
        return None, False
    scheme = policy.scheme or "http"
    if policy.scheme is None:
        message = "Kong does not know the scheme that was asked for: it is http"
        build.report.approximated(policy, "redirect", message, "host")
    port = "" if policy.port is None else f":{policy.port}"
    whole = f"{scheme}://{policy.host}{port}"
    if policy.path is not None:
        if not policy.strip_query:
            message = "Kong does not keep the query with another path"
            build.report.approximated(policy, "redirect", message, "path")
        return f"{whole}/{policy.path.lstrip('/')}", False
    if policy.strip_query:
        message = "Kong keeps the query with the path"
        build.report.approximated(policy, "redirect", message, "strip_query")
    return whole, True


def cache(policy: Cache, build: Build) -> Instance | None:
    """A `proxy-cache` plugin."""
    around, kept = split(policy.extensions)
    if not policy.status_codes:
        build.report.dropped(policy, "cache", "no answer is kept", "status_codes")
        return None
    config: Json = {"strategy": "memory"}
    methods = [method for method in policy.methods if method in _CACHED or "$" in method]
    if len(methods) < len(policy.methods):
        message = f"Kong keeps answers to {', '.join(_CACHED)} only"
        build.report.approximated(policy, "cache", message, "methods")
        if not methods:
            return None
    if methods != ["GET", "HEAD"]:
        config["request_method"] = methods
    put(config, "response_code", list(policy.status_codes), [200, 301, 404])
    types = list(policy.content_types)
    if not types and not build.native:
        types = ["*/*"]
    if types != ["text/plain", "application/json"]:
        config["content_type"] = types
    ttl = policy.ttl.in_seconds
    put(config, "cache_ttl", max(1, round(ttl)), 300)
    put(config, "cache_control", policy.respect_cache_control, False)
    if policy.vary_headers:
        config["vary_headers"] = list(policy.vary_headers)
    if policy.vary_query_params:
        config["vary_query_params"] = list(policy.vary_query_params)
    put(config, "ignore_uri_case", policy.ignore_path_case, False)
    shown = set(policy.report_headers)
    hidden = {key: False for name, key in _REPORTED.items() if name not in shown}
    if hidden:
        config["response_headers"] = hidden
    return Instance("proxy-cache", config | kept, around)
