"""What happens when an upstream is slow or fails, and what is kept, compressed or copied."""

from __future__ import annotations

from collections.abc import Iterator

from gal.drift.compare.finding import Finding, fields_of, of_field, whole
from gal.drift.effective import Place
from gal.drift.shown import NONE, joined
from gal.model import Cache, CircuitBreaker, Compression, Duration, Mirror, Retry, Timeout

_FOR_EVER = 20 * 86400 * 1000
"""Milliseconds above which a time stands for no end: gateways have a largest number for that."""

_RETRY = dict.fromkeys(
    (
        *("attempts", "on_connection_failure", "on_timeout", "status_codes", "methods"),
        *("backoff", "max_backoff", "attempt_timeout"),
    ),
    "D081",
)
_BREAKER = dict.fromkeys(
    ("max_failures", "timeout", "half_open_requests", "unhealthy_status_codes", "response"), "D082"
)
_COMPRESSION = dict.fromkeys(("algorithms", "content_types", "min_size", "level"), "D084")
_CACHE = dict.fromkeys(
    (
        *("methods", "status_codes", "content_types", "ttl", "respect_cache_control"),
        *("vary_headers", "vary_query_params", "ignore_path_case", "report_headers"),
    ),
    "D084",
)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""Methods whose requests may be repeated (RFC 9110, 9.2.2)."""


def timeout(old: Timeout | None, new: Timeout | None) -> Iterator[Finding]:
    """Each length of time for itself; none, zero, and more than weeks all wait for ever."""
    for name in ("connect", "send", "read", "request"):
        before, after = (_waits(getattr(one, name, None)) for one in (old, new))
        if before != after:
            yield of_field("D080", old, new, name, "timeout")


def _waits(length: Duration | None) -> int:
    """Milliseconds; 0 stands for ever."""
    waited = 0 if length is None else round(length.in_milliseconds)
    return 0 if waited > _FOR_EVER else waited


def retry(old: Retry | None, new: Retry | None) -> Iterator[Finding]:
    """Attempts that are made, and in which cases; no attempts and no policy are the same."""
    old, new = _retrying(old), _retrying(new)
    if old is None or new is None:
        if old is not new:
            attempts = tuple(str(one.attempts) if one is not None else "0" for one in (old, new))
            yield Finding(
                "D081",
                "retry.attempts",
                attempts[0],
                attempts[1],
                (old, "attempts"),
                (new, "attempts"),
                _repeats(new),
            )
        return
    for found in fields_of(old, new, _RETRY, "retry"):
        name = found.field.removeprefix("retry.")
        risky = name in ("methods", "status_codes", "on_timeout")
        message = _repeats(new) if risky else ""
        yield of_field("D081", old, new, name, "retry", message=message)


def _retrying(policy: Retry | None) -> Retry | None:
    return policy if policy is not None and policy.attempts else None


def _repeats(policy: Retry | None) -> str:
    """A warning where requests that must not be repeated are, after they reached the upstream."""
    if policy is None or not policy.status_codes:
        return ""
    unsafe = sorted(set(policy.methods) - _SAFE) if policy.methods else ["POST", "PATCH"]
    if not unsafe:
        return ""
    return f"requests are repeated that must not be ({', '.join(unsafe)}), after they were answered"


def circuit_breaker(old: CircuitBreaker | None, new: CircuitBreaker | None) -> Iterator[Finding]:
    """Removed, added, or with other numbers."""
    if old is None or new is None:
        yield whole("D082", old, new, "circuit_breaker")
        return
    yield from fields_of(old, new, _BREAKER, "circuit_breaker")


def compression(old: Compression | None, new: Compression | None) -> Iterator[Finding]:
    """Removed, added, or of other answers."""
    if old is None or new is None:
        yield whole("D084", old, new, "compression")
        return
    yield from fields_of(old, new, _COMPRESSION, "compression")


def cache(old: Cache | None, new: Cache | None) -> Iterator[Finding]:
    """Removed, added, or of other answers."""
    if old is None or new is None:
        yield whole("D084", old, new, "cache")
        return
    for found in fields_of(old, new, _CACHE, "cache"):
        if found.field == "cache.content_types" and {found.old, found.new} == {NONE, "*/*"}:
            continue
        yield found


def mirror(old: Place, new: Place) -> Iterator[Finding]:
    """Copies that go to other targets, or in another share."""
    before, after = old.policy("mirror").node, new.policy("mirror").node
    if before is None or after is None:
        if before is not after:
            yield whole("D085", before, after, "mirror", (_copied(old), _copied(new)))
        return
    if _copied(old) != _copied(new):
        places = (before, "upstream"), (after, "upstream")
        yield Finding("D085", "mirror.upstream", _copied(old), _copied(new), *places)
    yield from fields_of(before, after, {"percent": "D085"}, "mirror")


def _copied(place: Place) -> str:
    """The targets that get the copies."""
    policy: Mirror | None = place.policy("mirror").node
    if policy is None:
        return NONE
    upstream = place.side.named_upstream(policy.upstream)
    if upstream is None:
        return policy.upstream
    return joined(sorted(f"{one.host.lower()}:{one.port}" for one in upstream.targets))
