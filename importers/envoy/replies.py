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

from gal.ledger import Fate, Level
from gal.model import CircuitBreaker, LimitResponse, Policy
from gal.reading import Mapping, Node

if TYPE_CHECKING:
    from gal.importers.envoy.chain import Chain, Shared
    from gal.ledger import Reporter
    from gal.model import Policies

Texts = dict[int, tuple[int, str]]
"""By Envoy's own status: another status and a message."""

_OWN_KEY = "gal.unused"
_NO_ANSWER = ["UF", "UC", "UR"]
_BAD_ANSWER = '{"message":"An invalid response was received from the upstream server"}'
_MARK = re.compile(r"'([\w-]+)' in xds\.route_metadata\.filter_metadata\['gal'\]")
_FORMAT = {
    "text_format_source": {"inline_string": "%LOCAL_REPLY_BODY%"},
    "content_type": "application/json; charset=utf-8",
}
_USERS = {
    403: ("ip_access", "acl", "user_agent"),
    429: ("rate_limit",),
    503: ("circuit_breaker",),
}
"""The policies whose refusals have a status of Envoy's."""
_WITHOUT_TEXT = {"acl", "user_agent"}
_FORBIDDEN = "Forbidden"


@dataclass(frozen=True, slots=True)
class _Own:
    """A reply as GAL writes it.

    Attributes:
        mark: of the routes that have it; None for the one of every route.
        original: Envoy's own status.
        status: the one that clients get.
        text: the body.
    """

    mark: str | None
    original: int
    status: int
    text: str


@dataclass(slots=True)
class _Replies:
    """The texts of each connection manager by their marks."""

    found: dict[int, dict[str, _Own]] = field(default_factory=dict)


def settle(node: Mapping, report: Reporter) -> dict[str, Any]:
    """What a `local_reply_config` says besides what GAL has listeners say, which the routes that it
    is for have from there.
    """
    kept: dict[str, Any] = {}
    own = False
    for mapper in node.take_mappings("mappers"):
        mapper.take_all()
        plain = mapper.plain()
        if _own(plain) is not None:
            own = True
            continue
        message = "elsewhere the refused get other texts and statuses"
        if own:
            message += "; it stands before GAL's own now"
        report.at(mapper, Fate.CARRIED, Level.WARNING, "local_reply", message)
        kept.setdefault("mappers", []).append(plain)
    body = node.take("body_format")
    if body is not None:
        body.take_all()
        message = "elsewhere the refused get other texts"
        report.at(body, Fate.CARRIED, Level.WARNING, "local_reply", message)
        kept["body_format"] = body.plain()
    return kept


def of_route(where: Mapping, chain: Chain, shared: Shared) -> Texts:
    """The texts that a route has marks for."""
    marks = _marks(where)
    if not marks:
        return {}
    state = shared.state(_Replies).found
    if id(chain) not in state:
        state[id(chain)] = _marked(chain.hcm)
    known = state[id(chain)]
    texts: Texts = {}
    for mark in marks:
        reply = known.get(mark)
        if reply is not None:
            texts.setdefault(reply.original, (reply.status, _message(reply.text)))
    return texts


def _marks(where: Mapping) -> dict[str, Any]:
    metadata = where.peek("metadata")
    marks = None if metadata is None else _below(metadata.plain(), "filter_metadata", "gal")
    return marks if isinstance(marks, dict) else {}


def settle_metadata(where: Mapping, chain: Chain, shared: Shared) -> None:
    """Metadata of a route that is nothing but GAL's own marks does not have to be kept."""
    metadata, marks = where.peek("metadata"), _marks(where)
    if metadata is None or len(of_route(where, chain, shared)) != len(marks):
        return
    if metadata.plain() == {"filter_metadata": {"gal": marks}}:
        metadata.take_all()
        where.mark("metadata")


def unused(policies: Policies, texts: Texts, where: Mapping, shared: Shared) -> None:
    """Say of texts and statuses that none of a route's policies gives them."""
    at: Node = where.peek("metadata") or where
    for original, (status, text) in texts.items():
        users = [name for name in _USERS.get(original, ()) if getattr(policies, name) is not None]
        if not users:
            lost = f'{status} and "{text}"'
        elif not set(users) <= _WITHOUT_TEXT or text == _FORBIDDEN:
            continue
        else:
            lost = f'"{text}"'
        message = f"the gateway's own answer comes instead of {lost} where a filter says {original}"
        shared.report.at(at, Fate.DROPPED, Level.WARNING, "local_reply", message, whole=False)


def _own(mapper: Any) -> _Own | None:
    """A text for a mark in the routes, or 502 for an upstream that cannot be reached; None for what
    is not as GAL writes it.
    """
    if not isinstance(mapper, dict):
        return None
    if set(mapper) != {"filter", "status_code", "body", "body_format_override"}:
        return None
    filters = _below(mapper, "filter", "and_filter", "filters")
    if not isinstance(filters, list) or len(filters) != 2 or not isinstance(filters[0], dict):
        return None
    original = _below(filters[0], "status_code_filter", "comparison", "value", "default_value")
    status, text = mapper["status_code"], _below(mapper, "body", "inline_string")
    wanted = {"comparison": {"op": "EQ", "value": _value(original)}}
    numbers = isinstance(original, int) and isinstance(status, int)
    if filters[0] != {"status_code_filter": wanted} or not numbers or not isinstance(text, str):
        return None
    if mapper["body"] != {"inline_string": text} or mapper["body_format_override"] != _FORMAT:
        return None
    found = _MARK.fullmatch(
        str(_below(filters[1], "extension_filter", "typed_config", "expression"))
    )
    if found is not None:
        return _Own(found[1], original, status, text)
    unreachable = filters[1] == {"response_flag_filter": {"flags": _NO_ANSWER}}
    if unreachable and (original, status, text) == (503, 502, _BAD_ANSWER):
        return _Own(None, original, status, text)
    return None


def _value(original: Any) -> dict[str, Any]:
    return {"default_value": original, "runtime_key": _OWN_KEY}


def _below(data: Any, *keys: str) -> Any:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _marked(hcm: Mapping) -> dict[str, _Own]:
    config = hcm.peek("local_reply_config")
    mappers = _below(config.plain(), "mappers") if config is not None else None
    found: dict[str, _Own] = {}
    for mapper in mappers or ():
        own = _own(mapper)
        if own is not None and own.mark is not None:
            found.setdefault(own.mark, own)
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
        text = None if message == _FORBIDDEN and status != 403 else message
        return replace(policy, status_code=status, message=text)
    if name in ("acl", "user_agent"):
        return replace(policy, status_code=status)
    found: Policy = policy
    return found
