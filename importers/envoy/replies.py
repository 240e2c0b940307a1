"""Texts and statuses of refusals that routes have instead of Envoy's own.

GAL has Envoy choose a text by a mark in the route's metadata (`filter_metadata.gal`) and by the
status of the refusal. What other files say in `local_reply_config` holds for whole listeners.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/local_reply
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gal.model import CircuitBreaker, LimitResponse, Policy
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.envoy.chain import Chain, Shared

Texts = dict[int, tuple[int, str]]
"""By Envoy's own status: another status and a message."""

_OWN_KEY = "gal.unused"
_NO_ANSWER = ["UF", "UC", "UR"]
_BAD_ANSWER = '{"message":"An invalid response was received from the upstream server"}'
_MARK = re.compile(r"'([\w-]+)' in xds\.route_metadata\.filter_metadata\['gal'\]")


@dataclass(slots=True)
class _Replies:
    """The texts of each connection manager by their marks."""

    found: dict[int, dict[str, tuple[int, int, str]]] = field(default_factory=dict)


def of_route(where: Mapping, chain: Chain, shared: Shared) -> Texts:
    """The texts that a route has marks for."""
    metadata = where.peek("metadata")
    if metadata is None:
        return {}
    marks = _below(metadata.plain(), "filter_metadata", "gal")
    if not isinstance(marks, dict) or not marks:
        return {}
    state = shared.state(_Replies).found
    if id(chain) not in state:
        state[id(chain)] = dict(_marked(chain.hcm))
    texts: Texts = {}
    for mark in marks:
        reply = state[id(chain)].get(mark)
        if reply is not None:
            texts[reply[0]] = reply[1:]
    return texts


def only_own(config: Any) -> bool:
    """Whether a `local_reply_config` says nothing but what GAL has every listener say."""
    if not isinstance(config, dict) or set(config) != {"mappers"}:
        return False
    mappers = config["mappers"]
    return isinstance(mappers, list) and all(_is_own(one) for one in mappers)


def _is_own(mapper: Any) -> bool:
    """A text for a mark in the routes, or 502 for an upstream that cannot be reached."""
    filters = _below(mapper, "filter", "and_filter", "filters")
    if not isinstance(filters, list) or len(filters) != 2:
        return False
    value = _below(filters[0], "status_code_filter", "comparison", "value")
    if not isinstance(value, dict) or value.get("runtime_key") != _OWN_KEY:
        return False
    flags = _below(filters[1], "response_flag_filter", "flags")
    if flags is None:
        return _MARK.search(json.dumps(filters[1], default=str)) is not None
    body = _below(mapper, "body", "inline_string")
    own = (flags, mapper.get("status_code"), value.get("default_value"), body)
    return own == (_NO_ANSWER, 502, 503, _BAD_ANSWER)


def _below(data: Any, *keys: str) -> Any:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _marked(hcm: Mapping) -> list[tuple[str, tuple[int, int, str]]]:
    config = hcm.peek("local_reply_config")
    mappers = _below(config.plain(), "mappers") if config is not None else None
    found = []
    for mapper in mappers or ():
        marks = _MARK.findall(json.dumps(mapper, default=str))
        filters = _below(mapper, "filter", "and_filter", "filters") or [{}]
        original = _below(filters[0], "status_code_filter", "comparison", "value", "default_value")
        text = _below(mapper, "body", "inline_string")
        if len(marks) == 1 and isinstance(original, int) and isinstance(text, str):
            status = mapper.get("status_code", original)
            found.append((marks[0], (original, int(status), _message(text))))
    return found


def _message(text: str) -> str:
    """The message of a JSON body as API gateways have it, or the text as it is."""
    try:
        message = json.loads(text)["message"]
    except (ValueError, KeyError, TypeError):
        return text
    return message if isinstance(message, str) else text


def answered(name: str, policy: Any, texts: Texts) -> Any:
    """A policy with the status and text that the refused get."""
    if name == "rate_limit" and 429 in texts:
        status, message = texts[429]
        return replace(policy, response=LimitResponse(status, message, origin=policy.origin))
    if name == "circuit_breaker" and isinstance(policy, CircuitBreaker) and 503 in texts:
        status, message = texts[503]
        return replace(policy, response=LimitResponse(status, message, origin=policy.origin))
    if 403 not in texts:
        return policy
    status, message = texts[403]
    if name == "ip_access":
        text = None if message == "Forbidden" and status != 403 else message
        return replace(policy, status_code=status, message=text)
    if name in ("acl", "user_agent"):
        return replace(policy, status_code=status)
    found: Policy = policy
    return found
