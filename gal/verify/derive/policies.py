"""Probes about what policies do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from gal.model import (
    Cors,
    Headers,
    IpAccess,
    Policy,
    Rate,
    RateLimit,
    RateLimitAlgorithm,
    Redirect,
    SizeLimit,
    Timeout,
)
from gal.reading import is_placeholder
from gal.tracing.matching import in_range
from gal.tracing.request import Request
from gal.verify.derive.base import Ground, entered
from gal.verify.derive.entering import authentication_of, entries
from gal.verify.probe import Kind, Probe, Steering
from gal.verify.sample import sample

P = TypeVar("P", bound=Policy)
_LONGEST_BURST = 25
_SLOWEST_REFILL = 0.2
"""Tokens a second that do not change what a burst shows."""
_PAUSE = 1.2
"""Seconds in which a limit per second is free again, and one per minute is not."""
_STILL_EMPTY = 0.5
"""Tokens a second that leave a bucket empty over the pause."""
_MOST_REFILLS = 5
_LONGEST_WAIT = 3.0
_LARGEST_BODY = 1 << 20
_COUNTED, _ROUGHLY_COUNTED, _MOST_COUNTED = 400, 60, 5
_MOST_ASKED = 6
_SIMPLE = ("GET", "HEAD", "POST")
"""Methods that browsers send whatever a preflight says."""
_FOREIGN = "https://probe-foreign.test"
_BREAKS_WINDOWS = frozenset({RateLimitAlgorithm.FIXED_WINDOW, RateLimitAlgorithm.SLIDING_WINDOW})


def acting(ground: Ground, kind: type[P], name: str) -> P | None:
    """The policy of one kind that acts on a route for everybody."""
    scopes = [ground.route.policies]
    scopes += [ground.service.policies] if ground.service is not None else []
    for policies in [*scopes, ground.gateway.policies]:
        found = getattr(policies, name)
        if isinstance(found, kind):
            return found if found.enabled else None
    return None


def credentials(ground: Ground) -> Iterator[Probe]:
    """Without credentials, with wrong and with right ones."""
    policy = authentication_of(ground.gateway, ground.service, ground.route)
    if policy is None:
        return
    request, name = ground.request, ground.name
    nodes = (policy, ground.route)
    yield Probe(Kind.CREDENTIAL, f"{name}: without credentials", request, nodes=nodes)
    for entry in entries(ground.gateway, ground.service, ground.route):
        right = entered(request, entry)
        yield Probe(
            Kind.CREDENTIAL,
            f"{name}: with {entry.name}",
            right,
            nodes=nodes,
            secrets=entry.secrets,
        )
        if entry.wrong:
            wrong = replace(request, headers=(*request.headers, *entry.wrong))
            yield Probe(Kind.CREDENTIAL, f"{name}: with a wrong one", wrong, nodes=nodes)


def cors(ground: Ground) -> Iterator[Probe]:
    """Allowed and foreign origins, with and without a preflight."""
    policy = acting(ground, Cors, "cors")
    if policy is None:
        return
    nodes = (policy, ground.route)
    asked = _asked(policy)
    for origin in [*_origins(policy), _FOREIGN, None]:
        headers = (("Origin", origin),) if origin else ()
        plain = replace(ground.request, headers=(*ground.request.headers, *headers))
        what = f"{ground.name}: the origin {origin}" if origin else f"{ground.name}: no origin"
        yield Probe(Kind.CORS, what, ground.entering(plain), nodes=nodes, secrets=ground.secrets)
        if not origin:
            continue
        for method, name in asked:
            preflight = replace(
                plain,
                method="OPTIONS",
                headers=(
                    *plain.headers,
                    ("Access-Control-Request-Method", method),
                    ("Access-Control-Request-Headers", name),
                ),
            )
            about = f"{what}, before {method} with {name}"
            yield Probe(Kind.CORS, about, preflight, nodes=nodes)
        asked = asked[:1]  # the rest is the same for all origins


def _asked(policy: Cors) -> list[tuple[str, str]]:
    """Methods and headers to ask for: those that are allowed, as far as any are, and others."""
    named = [one for one in policy.allowed_headers if one != "*"]
    first = next(iter(named), "X-Probe")
    methods = [one for one in policy.allowed_methods if one not in ("*", *_SIMPLE)]
    asked = [("GET", first)]
    asked += [("GET", one) for one in [*named[1:_MOST_ASKED], "X-Probe"]]
    asked += [(one, first) for one in [*methods[:_MOST_ASKED], "DELETE", "PROPFIND"]]
    return list(dict.fromkeys(asked))


def _origins(policy: Cors) -> list[str]:
    plain = [one for one in policy.allowed_origins if "://" in one][:3]
    sampled = [sample(one) for one in policy.allowed_origin_patterns[:3]]
    made = [one for one in sampled if one is not None and "://" in one]
    return [*plain, *made, *(f"{one}.evil.test" for one in [*plain, *made][:2])]


def addresses(ground: Ground) -> Iterator[Probe]:
    """Clients that have an allowed or a denied address, as far as loopback has such addresses."""
    policy = acting(ground, IpAccess, "ip_access")
    if policy is None:
        return
    known = {"127.0.0.1", "127.0.0.2", "127.9.9.9"}
    known |= {
        one.partition("/")[0]
        for one in (*policy.allow, *policy.deny)
        if in_range(one.partition("/")[0], "127.0.0.0/8")
    }
    for address in sorted(known):
        request = replace(ground.entering(), client_ip=address)
        what = f"{ground.name}: from {address}"
        yield Probe(
            Kind.ADDRESS, what, request, nodes=(policy, ground.route), secrets=ground.secrets
        )


def rate_limits(ground: Ground) -> Iterator[Probe]:
    """One request more than a limit lets through at once."""
    policy = acting(ground, RateLimit, "rate_limit")
    if policy is None or not policy.limits:
        return
    allowed = [_at_once(policy, rate) for rate in policy.limits]
    least = min((one for one in allowed if one is not None), default=0)
    if 0 < least < _LONGEST_BURST:
        what = f"{ground.name}: {least + 1} requests, of which {least} may pass"
        nodes = (policy, ground.route)
        yield Probe(
            Kind.RATE_LIMIT,
            what,
            ground.entering(),
            least + 1,
            nodes=nodes,
            secrets=ground.secrets,
        )


def _at_once(policy: RateLimit, rate: Rate) -> int | None:
    """How many requests pass before one is refused; None where they would not be sent in time."""
    if is_placeholder(str(rate.count)) or rate.period.in_seconds < 1:
        return None
    if policy.algorithm in _BREAKS_WINDOWS:
        return int(rate.count)
    slow = rate.count / rate.period.in_seconds <= _SLOWEST_REFILL
    return max(1, policy.burst or int(rate.count)) if slow else None


def refills(all_of: Iterable[Ground]) -> Iterator[Probe]:
    """Requests beyond a limit, and one after a pause: it tells a limit per minute from one per
    second. Limits that say the same are asked about once, and no more than five in all.
    """
    known: set[tuple[object, ...]] = set()
    for ground in all_of:
        policy = acting(ground, RateLimit, "rate_limit")
        if policy is None or not all(map(_is_clear_after_pause, policy.limits)):
            continue
        counts = [max(1, policy.burst or int(rate.count)) for rate in policy.limits]
        key = (*map(str, policy.limits), policy.algorithm, policy.burst, policy.key_type)
        if not counts or min(counts) >= _LONGEST_BURST or key in known:
            continue
        if len(known) == _MOST_REFILLS:
            return
        known.add(key)
        yield Probe(
            Kind.RATE_LIMIT,
            f"{ground.name}: once more {_PAUSE:g} s after its limit is used up",
            ground.entering(),
            min(counts) + 2,
            pause=_PAUSE,
            nodes=(policy, ground.route),
            secrets=ground.secrets,
        )


def _is_clear_after_pause(rate: Rate) -> bool:
    """Whether it is sure that a request passes after the pause, or that none does."""
    if is_placeholder(str(rate.count)) or rate.period.in_seconds < 1:
        return False
    each_second = rate.count / rate.period.in_seconds
    return each_second <= _STILL_EMPTY or each_second >= 1


def headers(ground: Ground) -> Iterator[Probe]:
    """Headers that are changed, when the client and the upstream send them already."""
    policy = acting(ground, Headers, "headers")
    if policy is None:
        return
    sent, answered = [], []
    if policy.request is not None:
        names = [*policy.request.remove, *policy.request.replace, *policy.request.set]
        names += [*policy.request.rename, *policy.request.default, *policy.request.add]
        sent = [(name, "probe") for name in dict.fromkeys(names) if name.lower() != "host"]
    if policy.response is not None:
        names = [*policy.response.remove, *policy.response.replace, *policy.response.set]
        names += [*policy.response.rename, *policy.response.default, *policy.response.add]
        answered = [(name, "probe") for name in dict.fromkeys(names)]
    own = {name.lower() for name, _ in ground.entering().headers}  # a second one shuts it out
    sent = [pair for pair in sent if pair[0].lower() not in own]
    request = replace(ground.request, headers=(*ground.request.headers, *sent))
    yield Probe(
        Kind.HEADERS,
        f"{ground.name}: headers that are there already",
        ground.entering(request),
        steering=Steering(headers=tuple(answered)),
        nodes=(policy, ground.route),
        secrets=ground.secrets,
    )


def backends(all_of: Iterable[Ground]) -> Iterator[Probe]:
    """How often each of several backends gets a request: often enough at first to tell small
    differences, less often where many routes have several.
    """
    found = 0
    for ground in all_of:
        if len([one for one in ground.route.backends if one.weight]) < 2:
            continue
        found += 1
        yield Probe(
            Kind.BACKENDS,
            f"{ground.name}: shares of its backends",
            ground.entering(),
            _COUNTED if found <= _MOST_COUNTED else _ROUGHLY_COUNTED,
            counted=True,
            nodes=(ground.route,),
            secrets=ground.secrets,
        )


def size_limits(ground: Ground) -> Iterator[Probe]:
    """Bodies as large as may be, and one byte larger."""
    policy = acting(ground, SizeLimit, "size_limit")
    if policy is None or policy.max_body.bytes > _LARGEST_BODY:
        return
    for size in (policy.max_body.bytes, policy.max_body.bytes + 1):
        method = "POST" if not ground.route.methods else ground.request.method
        request = replace(ground.request, method=method, body=b"x" * size)
        what = f"{ground.name}: a body of {size} bytes"
        yield Probe(
            Kind.SIZE_LIMIT,
            what,
            ground.entering(request),
            nodes=(policy, ground.route),
            secrets=ground.secrets,
        )


def failures(ground: Ground) -> Iterator[Probe]:
    """An upstream that answers with an error, always or only at first."""
    if acting(ground, Redirect, "redirect") is not None:
        return
    for statuses, what in (((503,), "an upstream that fails"), ((503, 200), "a failure first")):
        request: Request = ground.entering()
        yield Probe(
            Kind.FAILURE,
            f"{ground.name}: {what}",
            request,
            steering=Steering(statuses),
            nodes=(ground.route,),
            secrets=ground.secrets,
        )


def timeouts(ground: Ground) -> Iterator[Probe]:
    """An upstream that answers later than is waited for."""
    policy = acting(ground, Timeout, "timeout")
    if policy is None:
        return
    waits = [one for one in (policy.read, policy.request) if one is not None and one.nanoseconds]
    least = min((one.in_seconds for one in waits), default=0.0)
    if not 0 < least <= _LONGEST_WAIT:
        return
    yield Probe(
        Kind.TIMEOUT,
        f"{ground.name}: an answer after {least + 1:g} s",
        ground.entering(),
        steering=Steering(delay=least + 1),
        nodes=(policy, ground.route),
        secrets=ground.secrets,
    )
