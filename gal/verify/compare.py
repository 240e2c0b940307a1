"""Where two observations of one request differ in what a client or an upstream can see."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields

from gal.model import Gateway, Headers, Operations, Policies
from gal.verify.probe import Kind, Observation, Probe, Seen

_CORS = (
    *("access-control-allow-origin", "access-control-allow-credentials"),
    *("access-control-allow-methods", "access-control-allow-headers"),
    *("access-control-expose-headers", "access-control-max-age"),
)
_ASKED = {
    "access-control-allow-methods": "access-control-request-method",
    "access-control-allow-headers": "access-control-request-headers",
}
_ALWAYS_ALLOWED = frozenset(
    (*("get", "head", "post"), *("accept", "accept-language", "content-language"))
)
"""Methods and headers for which no browser asks: https://fetch.spec.whatwg.org/#cors-safelisted-method"""
_ALWAYS = ("location",)
_LISTS = frozenset(_CORS) | {"vary"}
_MADE_UP = re.compile(r"\{\{.*?\}\}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_PERCENT = re.compile(r"%[0-9a-fA-F]{2}")
_DEFAULT_PORT = re.compile(r":(?:80|443)$")
_LEAST_SLACK, _DEVIATIONS = 0.03, 4.5
"""Two counts of the same share differ by that many standard deviations once in 150,000 times."""
_REFUSALS = frozenset({0, 401, 403, 407, 413, 421, 426, 429})


@dataclass(frozen=True, slots=True)
class Watched:
    """Names of headers, in lower case, whose values are compared.

    Attributes:
        request: of what the upstream sees.
        response: of what the client gets.
    """

    request: frozenset[str]
    response: frozenset[str]


def watched(*gateways: Gateway) -> Watched:
    """The headers that the configurations speak of; a gateway's own headers are left alone."""
    request: set[str] = set()
    response = {*_CORS, *_ALWAYS}
    for gateway in gateways:
        for policies in _all_policies(gateway):
            _watch(policies, request, response)
        for service in gateway.services:
            if service.transformation is not None and service.transformation.headers is not None:
                _watch_headers(service.transformation.headers, request, response)
    return Watched(frozenset(request), frozenset(response))


def _all_policies(gateway: Gateway) -> Iterator[Policies]:
    yield gateway.policies
    yield from (service.policies for service in gateway.services)
    yield from (route.policies for _, route in gateway.walk_routes())
    yield from (consumer.policies for consumer in gateway.consumers)
    yield from (scoped.policies for scoped in gateway.scoped_policies)


def _watch(policies: Policies, request: set[str], response: set[str]) -> None:
    if policies.headers is not None:
        _watch_headers(policies.headers, request, response)
    if policies.request_id is not None:
        request.add(policies.request_id.header_name.lower())
        if policies.request_id.echo:
            response.add(policies.request_id.header_name.lower())
    if policies.transformation is not None:
        request.update(name.lower() for name in policies.transformation.metadata)


def _watch_headers(headers: Headers, request: set[str], response: set[str]) -> None:
    for operations, names in ((headers.request, request), (headers.response, response)):
        if operations is not None:
            names.update(name.lower() for name in _names(operations))


def _names(operations: Operations) -> Iterator[str]:
    for item in fields(operations):
        value = getattr(operations, item.name)
        if isinstance(value, (list, dict)):
            yield from value
    yield from operations.rename.values()


def differences(
    probe: Probe, first: list[Observation], second: list[Observation], names: Watched
) -> list[str] | None:
    """What differs, in words; None when it cannot be compared, as one side is not known."""
    if not all(one.known for one in (*first, *second)):
        return None
    if probe.counted:
        return list(_counts(first, second))
    if probe.pause:  # only what comes after it counts
        return list(_one(probe, first[-1], second[-1], names))
    found = []
    for number, (one, other) in enumerate(zip(first, second, strict=True), 1):
        told = list(_one(probe, one, other, names))
        prefix = f"request {number}: " if probe.repeat > 1 else ""
        found += [f"{prefix}{message}" for message in told]
        if told:
            break  # what comes later follows from the first
    return found


def _counts(first: list[Observation], second: list[Observation]) -> Iterator[str]:
    one, other = _shares(first), _shares(second)
    for key in sorted({*one, *other}, key=str):
        share, others = one[key] / len(first), other[key] / len(second)
        if abs(share - others) > _slack((share + others) / 2, len(first)):
            yield f"{key}: {share:.0%} and {others:.0%} of {len(first)} requests"


def _slack(share: float, requests: int) -> float:
    """By how much two counts of one share may differ by chance."""
    return max(_LEAST_SLACK, _DEVIATIONS * math.sqrt(2 * share * (1 - share) / requests))


def _shares(observations: list[Observation]) -> Counter[str]:
    return Counter(
        f"{one.seen[-1].host}:{one.seen[-1].port}" if one.seen else f"status {one.status}"
        for one in observations
    )


def _one(probe: Probe, first: Observation, second: Observation, names: Watched) -> Iterator[str]:
    if not (first.visible and second.visible):
        yield from _from_outside(first, second)
        return
    if first.status != second.status:
        yield f"status {_status(first)} and {_status(second)}"
        return
    if probe.kind is Kind.TIMEOUT and not (first.by_upstream or second.by_upstream):
        return  # what the upstream saw meanwhile is nobody's answer
    if bool(first.seen) != bool(second.seen):
        yield f"the upstream saw {_reached(first)} and {_reached(second)}"
        return
    if first.seen and second.seen:
        yield from _upstream(probe, first, second, names)
    if probe.kind is Kind.FAILURE and len(first.seen) != len(second.seen):
        yield f"{len(first.seen)} and {len(second.seen)} attempts"
    for name in sorted(names.response - _meaningless(probe, first, second)):
        one = _value(first.header(name), name, probe)
        other = _value(second.header(name), name, probe)
        if one != other and not _both_made_up(one, other):
            yield f"answer header {name}: {_told(one)} and {_told(other)}"


def _from_outside(first: Observation, second: Observation) -> Iterator[str]:
    """What clients see of a gateway whose upstreams are its own: whether they are let in."""
    if first.status == second.status:
        return
    if first.visible or second.visible:
        one, other = (_outcome(item) for item in (first, second))
    else:
        one, other = str(first.status), str(second.status)
    if one != other:
        yield f"{one} and {other}"


def _outcome(observation: Observation) -> str:
    if observation.by_upstream and observation.visible:
        return "let in"
    if observation.status in _REFUSALS or 300 <= observation.status < 400:
        return f"status {observation.status}"
    return f"status {observation.status}" if observation.visible else "let in"


def _meaningless(probe: Probe, first: Observation, second: Observation) -> frozenset[str]:
    """Headers that no browser looks at: those of sharing when the page's origin is not allowed, and
    those that only count on a preflight's answer, or never there.
    """
    sent = {name.lower() for name, _ in probe.request.headers}
    enough = ("*", probe.request.header("origin"))
    said = [one.header("access-control-allow-origin") for one in (first, second)]
    if "origin" not in sent or not any(one in enough for one in said):
        return frozenset(_CORS)
    asks = "access-control-request-method" in sent
    return frozenset(("access-control-expose-headers",) if asks else ("access-control-max-age",))


def _status(observation: Observation) -> str:
    if observation.status == 0:
        return "none (no answer)"
    by = "the upstream" if observation.by_upstream else "the gateway"
    return f"{observation.status} of {by}"


def _reached(observation: Observation) -> str:
    return "the request" if observation.seen else "nothing"


def _upstream(
    probe: Probe, first: Observation, second: Observation, names: Watched
) -> Iterator[str]:
    one, other = first.seen[-1], second.seen[-1]
    if not _same_target(first, second):
        yield f"it went to {one.host}:{one.port} and {other.host}:{other.port}"
    for what, left, right in (
        ("method", one.method, other.method),
        ("path", _path(one), _path(other)),
        ("query", one.query or "", other.query or ""),
        ("Host", _host(one), _host(other)),
    ):
        if left != right:
            yield f"the upstream saw {what} {_told(left)} and {_told(right)}"
    sent = {name.lower() for name, _ in probe.request.headers}
    for name in sorted((names.request | sent) - {"host", "connection"}):
        left_value, right_value = one.header(name), other.header(name)
        if left_value != right_value and not _both_made_up(left_value, right_value):
            yield f"the upstream saw {name}: {_told(left_value)} and {_told(right_value)}"


def _same_target(first: Observation, second: Observation) -> bool:
    """Whether the targets agree; where several may get a request, any of them is right."""
    one, other = first.seen[-1], second.seen[-1]
    if (one.host, one.port) == (other.host, other.port):
        return True
    return {(one.host, one.port), (other.host, other.port)} <= first.targets & second.targets


def _path(seen: Seen) -> str:
    return _PERCENT.sub(lambda found: found[0].upper(), seen.path)


def _host(seen: Seen) -> str:
    """The Host that an upstream saw; that of the target itself is the same whichever it is."""
    host = (seen.header("Host") or "").lower()
    own = (seen.host.lower(), f"{seen.host.lower()}:{seen.port}")
    return "the target's own" if host in own else _DEFAULT_PORT.sub("", host)


def _value(text: str | None, name: str, probe: Probe) -> str | None:
    """A value in a form that does not depend on how a list is written. Of what a preflight is
    allowed, only what it asked for counts.
    """
    asked = probe.request.header(_ASKED.get(name, ""))
    if name in _ASKED:
        return None if asked is None else _allowance(text, asked)
    if text is None or name not in _LISTS:
        return text
    return ", ".join(sorted({part.strip() for part in text.split(",")}))


def _allowance(text: str | None, asked: str) -> str:
    allowed = {part.strip().lower() for part in (text or "").split(",")}
    wanted = {part.strip().lower() for part in asked.split(",")} - _ALWAYS_ALLOWED
    return "allowed" if "*" in allowed or wanted <= allowed else "not allowed"


def _both_made_up(one: str | None, other: str | None) -> bool:
    if one is None or other is None:
        return False
    if _MADE_UP.search(one) or _MADE_UP.search(other):
        return True
    return any(pattern.search(one) and pattern.search(other) for pattern in (_UUID, _TIME))


def _told(value: str | None) -> str:
    return "nothing" if value is None else f'"{value}"'
