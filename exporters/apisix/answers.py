"""Answers of the gateway itself: `redirect`, `fault-injection` and `mocking`
(https://apisix.apache.org/docs/apisix/plugins/redirect/,
https://apisix.apache.org/docs/apisix/plugins/fault-injection/,
https://apisix.apache.org/docs/apisix/plugins/mocking/).

`fault-injection` answers before anybody is asked who it is; `mocking` answers later, and where its
priority is low behind all that decides who enters.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gal.exporters.apisix.plugin import (
    JSON_TYPE,
    Json,
    Plugins,
    below,
    between,
    differs,
    fills_in,
    has_condition,
    header_variable,
    kept,
    native,
    put,
)
from gal.reading import is_placeholder

if TYPE_CHECKING:
    from gal.exporters.apisix.build import Shared
    from gal.model import DirectResponse, Redirect

LAST = 10
"""A priority behind those of all plugins that may refuse."""

_TEXT = "text/plain"
_MOCKED = frozenset((JSON_TYPE, "application/xml", "text/xml", "text/html", _TEXT))
_USUAL_REDIRECT = 302
_LONGER = {"/": "$scheme://$http_host/"}
"""APISIX takes no location of one character."""


def redirect(policy: Redirect, schemes: list[str], shared: Shared) -> Plugins:
    """A `redirect` plugin.

    Args:
        policy: where to.
        schemes: those of the requests that get here; empty for all of HTTP.
        shared: the file.
    """
    values = kept(policy.extensions)
    config: Json = {}
    location = policy.location
    if location is not None:
        if fills_in(location) and not is_placeholder(location) and not native(shared):
            message = "APISIX would fill in a part of the location"
            differs(shared, policy, "redirect", message, "location")
        config["uri"] = location
        if policy.keep_path:
            config["uri"] = location.rstrip("/") + _asked(policy, config)
    else:
        config["uri"] = _from_parts(policy, config)
    config["uri"] = _LONGER.get(config["uri"]) or _at_least_two(config["uri"])
    put(config, "ret_code", between(policy.status_code, 200, 599), _USUAL_REDIRECT)
    if _to_https(policy) and schemes != ["http"] and not native(shared):
        config["_meta"] = {"filter": [["scheme", "==", "http"]]}
    return {"redirect": config | values}


def _at_least_two(uri: str) -> str:
    """A relative location as APISIX takes it, in two characters or more."""
    return uri if len(uri) > 1 else f"./{uri}"


def _to_https(policy: Redirect) -> bool:
    """Whether a request that comes by HTTPS would be sent to where it is."""
    parts = (policy.location, policy.host, policy.port, policy.path)
    return policy.scheme == "https" and all(one is None for one in parts)


def _asked(policy: Redirect, config: Json) -> str:
    """The path that was asked for, with its query."""
    if not policy.strip_query:
        return "$request_uri"
    config["encode_uri"] = True
    return "$uri"


def _from_parts(policy: Redirect, config: Json) -> str:
    scheme = policy.scheme or "$scheme"
    if policy.host is not None:
        host = policy.host
    else:
        # With its port, where neither that nor the scheme changes.
        host = "$http_host" if policy.scheme is None and policy.port is None else "$host"
    port = "" if policy.port is None else f":{policy.port}"
    if policy.path is None:
        return f"{scheme}://{host}{port}{_asked(policy, config)}"
    if not policy.strip_query:
        config["append_query_string"] = True
    return f"{scheme}://{host}{port}/{policy.path.lstrip('/')}"


def direct_response(policy: DirectResponse, shared: Shared, guarded: bool) -> Plugins:
    """A `fault-injection` plugin, or a `mocking` plugin where somebody decides who enters.

    Args:
        policy: the answer.
        shared: the file.
        guarded: access controls or limits act before.
    """
    values = kept(policy.extensions)
    mocked = values.pop("plugin", "") == "mocking"
    if policy.echo:
        message = "APISIX does not repeat the request"
        differs(shared, policy, "direct_response", message, "echo")
    body, kind = _body(policy)
    if body is not None and fills_in(body) and not is_placeholder(body):
        message = "APISIX would fill in a part of the body"
        differs(shared, policy, "direct_response", message, "body")
    if mocked or (guarded and not native(shared)):
        return {"mocking": _mocking(policy, body, kind, values, shared)}
    abort: Json = {"http_status": max(200, policy.status_code)}
    if body is not None:
        abort["body"] = body
    if kind is not None:
        abort["headers"] = {"Content-Type": kind}
    abort |= below(values, "abort")
    values.pop("abort", None)
    if policy.trigger is not None:
        abort["vars"] = [[has_condition(name)] for name in _triggers(policy.trigger)]
    return {"fault-injection": {"abort": abort} | values}


def _body(policy: DirectResponse) -> tuple[str | None, str | None]:
    """The body and its media type."""
    if policy.body is not None:
        return policy.body, policy.content_type
    if policy.message is not None:
        text = json.dumps({"message": policy.message}, ensure_ascii=False)
        return text, policy.content_type or JSON_TYPE
    return None, policy.content_type


def _triggers(name: str) -> list[str]:
    return [header_variable(name), f"arg_{name}"]


def _mocking(
    policy: DirectResponse, body: str | None, kind: str | None, values: Json, shared: Shared
) -> Json:
    if native(shared):
        config: Json = {"response_example": policy.body or ""}
        put(config, "response_status", policy.status_code, 200)
        put(config, "content_type", policy.content_type, "application/json;charset=utf8")
        return config | values
    config = {"response_example": body or "", "with_mock_header": False}
    put(config, "response_status", policy.status_code, 200)
    wanted = kind or _TEXT
    if wanted.partition(";")[0].strip() not in _MOCKED:
        message = f'APISIX makes up no "{wanted}": it is {_TEXT}'
        differs(shared, policy, "direct_response", message, "content_type")
        wanted = _TEXT
    config["content_type"] = wanted
    meta: Json = {"priority": LAST}
    if policy.trigger is not None:
        conditions: list[Any] = [has_condition(name) for name in _triggers(policy.trigger)]
        meta["filter"] = ["OR", *conditions]
    config["_meta"] = meta
    return config
