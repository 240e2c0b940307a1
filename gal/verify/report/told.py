"""What all reports say of a verification, as plain data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gal.tracing.decision import position_of
from gal.tracing.hiding import HIDDEN, Hiding
from gal.tracing.text import place

if TYPE_CHECKING:
    from gal.verify.probe import Observation, Probe
    from gal.verify.verification import Disagreement, Verification

_NO_SECRETS = frozenset({"", "wrong", "probe"})
"""What probes send in place of secrets."""
_QUOTED = re.compile(r'"[^"]*"')


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


def all_told(result: Verification) -> list[Told]:
    """Every disagreement in words."""
    return [_told(one, result.hiding) for one in result.disagreements]


def _told(one: Disagreement, hiding: Hiding) -> Told:
    probe = one.probe
    positions = [position_of(node) for node in probe.nodes]
    secrets = _secrets(one, hiding)
    return Told(
        probe.kind.value,
        probe.about,
        _request_lines(probe, hiding, secrets),
        tuple(_without(secrets, message) for message in one.messages),
        _without(secrets, observed(one.first)),
        _without(secrets, observed(one.second)),
        tuple(dict.fromkeys(place(at) for at in positions if at is not None)),
    )


def _request_lines(probe: Probe, hiding: Hiding, secrets: list[str]) -> tuple[str, ...]:
    """The request as it was sent; what may be a secret is left out."""
    request = probe.request
    target = _without(secrets, hiding.query(request.target))
    head = f"{request.method} {request.scheme}://{request.authority}{target}"
    headers = [
        f"{name}: {_without(secrets, hiding.value(name, value))}" for name, value in request.headers
    ]
    return (head, *headers)


def _secrets(one: Disagreement, hiding: Hiding) -> list[str]:
    """Texts that must not be shown, the longest first: what the request was let in with, and what
    the gateways sent on or answered in places for secrets.
    """
    request = one.probe.request
    found = {*one.probe.secrets, *hiding.secrets(request.headers, request.query)}
    for observation in (*one.first, *one.second):
        found.update(hiding.secrets(observation.headers, None))
        for seen in observation.seen:
            found.update(hiding.secrets(seen.headers, seen.query))
    return sorted(found - _NO_SECRETS, key=lambda text: (-len(text), text))


def _without(secrets: list[str], text: str) -> str:
    for secret in secrets:
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", HIDDEN, text)
    return text


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
    """One disagreement of those that differ in the same way, and how many more there are: the same
    question with the same answers, whatever the values are.
    """
    groups: dict[tuple[str, ...], list[Told]] = {}
    for one in all_told(result):
        asks = one.about.rpartition(": ")[2]
        messages = (_QUOTED.sub('""', message) for message in one.messages)
        groups.setdefault((one.kind, asks, *messages), []).append(one)
    return [(group[0], len(group) - 1) for group in groups.values()]
