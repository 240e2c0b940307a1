"""Changes of headers at all levels of a route table.

Envoy applies those of the route first, then those of its virtual host, then those of the table
(the other way round with `most_specific_header_mutations_wins`). They become one set of changes of
the route.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#custom-request-response-headers
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.importers.envoy.values import take_enum, take_flag, take_header_value
from gal.ledger import Fate, Level
from gal.model import Headers, Operations, Origin
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.ledger import Reporter

_FEATURE = "headers"
_ACTIONS = (
    *("APPEND_IF_EXISTS_OR_ADD", "ADD_IF_ABSENT", "OVERWRITE_IF_EXISTS_OR_ADD"),
    "OVERWRITE_IF_EXISTS",
)
_KINDS = {
    "APPEND_IF_EXISTS_OR_ADD": "add",
    "ADD_IF_ABSENT": "default",
    "OVERWRITE_IF_EXISTS_OR_ADD": "set",
    "OVERWRITE_IF_EXISTS": "replace",
}
_COMMAND = re.compile(r"%(%|[A-Z_]+(?:\([^)]*\))?(?::\d+)?%)")
_UUID = re.compile(r"%UNIQUE_ID%|%STREAM_ID%|%REQ\(x-request-id\)%", re.IGNORECASE)
_TIME = re.compile(r"%START_TIME(?:\([^)]*\))?%")
_EVERYWHERE = {
    ("x-forwarded-host", "%REQ(:AUTHORITY)%"),
    ("x-forwarded-port", "%DOWNSTREAM_LOCAL_PORT%"),
    ("x-real-ip", "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"),
}
"""Headers with the values that other gateways give them, too."""
_ENVOYS_OWN = ("x-envoy-external-address",)


@dataclass(frozen=True, slots=True)
class Step:
    """One change: `remove`, or one of the model's ways to give a value."""

    kind: str
    name: str
    value: str = ""


@dataclass(slots=True)
class Steps:
    """The changes of one level, in order.

    Attributes:
        request: of requests.
        response: of responses.
        node: the level.
    """

    node: Mapping
    request: list[Step] = field(default_factory=list)
    response: list[Step] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)


def take_steps(node: Mapping, report: Reporter) -> Steps:
    """The changes that a route, virtual host or table asks for."""
    found = Steps(node)
    for side, steps in (("request", found.request), ("response", found.response)):
        for name in node.take_strings(f"{side}_headers_to_remove") or ():
            if name.lower() not in _ENVOYS_OWN:
                steps.append(Step("remove", name))
        for option in node.take_mappings(f"{side}_headers_to_add"):
            step = _option(option, side, report, found.kept)
            if step is not None:
                steps.append(step)
    return found


def _option(option: Mapping, side: str, report: Reporter, kept: dict[str, Any]) -> Step | None:
    header = option.take_mapping("header")
    append = take_flag(option, "append")
    action = take_enum(option, "append_action", _ACTIONS, _ACTIONS[0])
    if append is False and not option.has("append_action"):
        action = "OVERWRITE_IF_EXISTS_OR_ADD"
    empty = take_flag(option, "keep_empty_value")
    if header is None:
        return None
    name, value = header.take_str("key", ""), take_header_value(header)
    if (name.lower(), value) in _EVERYWHERE and side == "request":
        return None
    if not value and not empty:
        return None
    text = template(value)
    if text is None:
        option.take_all()
        kept.setdefault(f"{side}_headers_to_add", []).append(option.plain())
        message = f'only Envoy fills in "{value}": the header {name} is not set elsewhere'
        report.at(option, Fate.CARRIED, Level.WARNING, _FEATURE, message)
        return None
    return Step(_KINDS[action], name, text)


def template(value: str) -> str | None:
    """A value with GAL's placeholders for Envoy's; None where there is none for one of them."""
    text = _TIME.sub("{{timestamp}}", _UUID.sub("{{uuid}}", value))
    for found in _COMMAND.finditer(text):
        if found[0] != "%%":
            return None
    return text.replace("%%", "%")


def combine(levels: Iterable[list[Step]]) -> Operations | None:
    """The changes of several levels, the first applied first, as one set; None for none."""
    sequences: dict[str, list[Step]] = {}
    for steps in levels:
        for step in steps:
            sequence = sequences.setdefault(step.name.lower(), [])
            if step.kind in ("remove", "set"):
                sequence.clear()
            sequence.append(step)
    if not sequences:
        return None
    operations = Operations()
    for sequence in sequences.values():
        _settle(sequence, operations)
    return operations


def _settle(sequence: list[Step], operations: Operations) -> None:
    """What is left of the changes of one header."""
    first, name = sequence[0], sequence[0].name
    gone = first.kind == "remove"
    values: list[str] = []
    for step in sequence[1:] if gone else sequence:
        if step.kind == "default" and (gone or values):
            if not values:
                values.append(step.value)
        elif step.kind == "replace" and (gone or values):
            values = [step.value] if values else values
        elif gone or first.kind == "set":
            values.append(step.value)
        else:
            getattr(operations, step.kind).setdefault(name, []).append(step.value)
    if gone and not values:
        operations.remove.append(name)
    elif values:
        operations.set[name] = values


def headers(levels: list[Steps], origin: Origin) -> Headers | None:
    """The policy for the changes of all levels, the first applied first."""
    request = combine(level.request for level in levels)
    response = combine(level.response for level in levels)
    if request is None and response is None:
        return None
    for side in (request, response):
        if side is not None:
            side.origin = origin
    return Headers(request=request, response=response, origin=origin)
