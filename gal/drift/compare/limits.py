"""How many requests are let through, and how large."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from gal.drift import lattice
from gal.drift.change import Security, Traffic
from gal.drift.compare.finding import Finding, fields_of, of_field, whole
from gal.drift.lattice import Direction, by_order, combined
from gal.drift.normalise import changed_fields
from gal.drift.shown import NONE, joined
from gal.model import RateLimit, RateLimitAlgorithm, ResponseRateLimit, SizeLimit

_KEYS = dict.fromkeys(("key_type", "key_header", "key_claim", "key_path"), "D023")
_DETAILS = {
    **_KEYS,
    "fail_open": "D024",
    "store": "D024",
    "hide_headers": "D025",
    "response": "D025",
    "algorithm": "D027",
}
_RATES = {Direction.WIDER: "D021", Direction.NARROWER: "D022", Direction.OTHER: "D027"}
_BUCKETS = (RateLimitAlgorithm.TOKEN_BUCKET, RateLimitAlgorithm.LEAKY_BUCKET)
_RESPONSE = {
    **dict.fromkeys(("header_name", "counters", "refuse_all_on_first"), "D027"),
    "key_type": "D023",
    "store": "D024",
    "fail_open": "D024",
    "hide_headers": "D025",
}


def rate_limit(old: RateLimit | None, new: RateLimit | None) -> Iterator[Finding]:
    """Removed and added, the rate by its order, the key, and what happens when it is refused."""
    old, new = _limiting(old), _limiting(new)
    if old == new:
        return
    if old is None or new is None:
        if old is not new:
            id_ = "D026" if old is None else "D020"
            yield whole(id_, old, new, "rate_limit", (_said(old), _said(new)))
        return
    bursts = all(one.algorithm in _BUCKETS for one in (old, new))
    burst = by_order(_burst(old), _burst(new)) if bursts else Direction.SAME
    direction = combined((lattice.rates(old, new), burst))
    if direction is not Direction.SAME:
        said = _said(old), _said(new)
        yield whole(_RATES[direction], old, new, "rate_limit.limits", said)
    for found in fields_of(old, new, _DETAILS, "rate_limit"):
        if found.field != "rate_limit.algorithm" or not bursts:
            yield _ordered(found, new)


def _burst(policy: RateLimit) -> int:
    """Requests that are let through at once: a bucket that leaks holds one more than it keeps."""
    return policy.burst + (policy.algorithm is RateLimitAlgorithm.LEAKY_BUCKET)


def _limiting(policy: RateLimit | None) -> RateLimit | None:
    return policy if policy is not None and policy.limits else None


def _said(policy: RateLimit | None) -> str:
    if policy is None:
        return NONE
    burst = f" burst {policy.burst}" if policy.burst else ""
    return joined(str(one) for one in policy.limits) + burst


def response_rate_limit(
    old: ResponseRateLimit | None, new: ResponseRateLimit | None
) -> Iterator[Finding]:
    """The same for what upstreams count; rates of its counters have no order here."""
    if old is None or new is None:
        yield whole("D026" if old is None else "D020", old, new, "response_rate_limit")
        return
    for found in fields_of(old, new, _RESPONSE, "response_rate_limit"):
        yield _ordered(found, new)


def _ordered(found: Finding, new: RateLimit | ResponseRateLimit) -> Finding:
    """A limit that holds without its store is stronger than one that does not."""
    if not found.field.endswith(".fail_open"):
        return found
    label = Security.WEAKENED if new.fail_open else Security.STRENGTHENED
    return replace(found, security=label)


def size_limit(old: SizeLimit | None, new: SizeLimit | None) -> Iterator[Finding]:
    """The largest body, by its order."""
    before = old.max_body.bytes if old is not None else None
    after = new.max_body.bytes if new is not None else None
    direction = by_order(before, after)
    told = partial(of_field, "D083", old, new, prefix="size_limit")
    if direction is Direction.WIDER:
        yield told("max_body", security=Security.WEAKENED)
    elif direction is Direction.NARROWER:
        yield told("max_body", security=Security.STRENGTHENED, traffic=Traffic.BREAKING)
    if old is not None and new is not None and "require_content_length" in changed_fields(old, new):
        yield told("require_content_length")
