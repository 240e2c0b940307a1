"""What all reports say of a verification, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gal.tracing.decision import position_of
from gal.tracing.text import place

if TYPE_CHECKING:
    from gal.verify.probe import Observation, Probe
    from gal.verify.verification import Disagreement, Verification

_SECRET = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})


@dataclass(frozen=True, slots=True)
class Told:
    """A disagreement, ready to be written.

    Attributes:
        kind: of the probe.
        about: what the probe asks.
        request: the request line and headers, without secrets.
        messages: what differs.
        first: what the first gateway did.
        second: what the second did.
        places: where the configurations say so.
    """

    kind: str
    about: str
    request: tuple[str, ...]
    messages: tuple[str, ...]
    first: str
    second: str
    places: tuple[str, ...]


def told(one: Disagreement) -> Told:
    """A disagreement in words."""
    probe = one.probe
    positions = [position_of(node) for node in probe.nodes]
    return Told(
        probe.kind.value,
        probe.about,
        request_lines(probe),
        one.messages,
        observed(one.first),
        observed(one.second),
        tuple(dict.fromkeys(place(at) for at in positions if at is not None)),
    )


def request_lines(probe: Probe) -> tuple[str, ...]:
    """The request as it was sent; what may be a secret is left out."""
    request = probe.request
    query = f"?{request.query}" if request.query is not None else ""
    secrets = _secrets(probe)
    path = f"{request.path}{query}"
    for text in secrets:
        path = path.replace(text, "[hidden]")
    head = f"{request.method} {request.scheme}://{request.authority}{path}"
    headers = [
        f"{name}: {'[hidden]' if _is_secret(name, value, secrets) else value}"
        for name, value in request.headers
    ]
    return (head, *headers)


def _is_secret(name: str, value: str, secrets: frozenset[str]) -> bool:
    return name.lower() in _SECRET or any(text in value for text in secrets)


def _secrets(probe: Probe) -> frozenset[str]:
    return frozenset(text for text in probe.secrets if text)


def observed(observations: tuple[Observation, ...]) -> str:
    """What a gateway did with the requests of a probe, in a line."""
    parts = [_observed(one) for one in observations]
    counted: dict[str, int] = {}
    for part in parts:
        counted[part] = counted.get(part, 0) + 1
    if len(counted) == 1:
        return next(iter(counted))
    return ", ".join(f"{count} x {part}" for part, count in counted.items())


def _observed(one: Observation) -> str:
    if one.status == 0:
        return "no answer"
    if not one.seen:
        return f"{one.status} by the gateway"
    seen = one.seen[-1]
    query = f"?{seen.query}" if seen.query is not None else ""
    return f"{one.status} after {seen.method} {seen.path}{query} at {seen.host}:{seen.port}"


def headline(result: Verification) -> str:
    """The verdict in a sentence."""
    count = len(result.disagreements)
    if not result.sent:
        return "there was nothing to ask: neither configuration has a route that can be probed"
    if count:
        return f"{count} of {result.sent} probes came out differently"
    compared = result.agreed.total()
    return f"all {compared} probes that could be compared came out alike"


def kinds(result: Verification) -> list[tuple[str, int, int, int]]:
    """Kind, agreements, disagreements and probes that were left open, by kind."""
    differs: dict[str, int] = {}
    for one in result.disagreements:
        differs[one.probe.kind.value] = differs.get(one.probe.kind.value, 0) + 1
    names = sorted({*result.agreed, *result.open, *differs})
    return [(name, result.agreed[name], differs.get(name, 0), result.open[name]) for name in names]


def grouped(result: Verification) -> list[tuple[Told, int]]:
    """One disagreement of those that differ in the same way, and how many more there are."""
    groups: dict[tuple[str, ...], list[Disagreement]] = {}
    for one in result.disagreements:
        groups.setdefault(one.messages, []).append(one)
    return [(told(group[0]), len(group) - 1) for group in groups.values()]
