"""What happens when an upstream fails.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/circuitbreaker/
and https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/retry/
"""

from __future__ import annotations

from collections.abc import Iterable

from gal.exporters.traefik.build import Json, RouteBuild, Shared
from gal.exporters.traefik.carried import kept
from gal.exporters.traefik.values import duration, phrase
from gal.model import CircuitBreaker, Duration, Retry
from gal.reading import Placeholder

_UNAVAILABLE = 503


def circuit_breaker(policy: CircuitBreaker, build: RouteBuild, shared: Shared) -> None:
    """Traefik looks at the share of failures in the last ten seconds."""
    report = shared.context.report
    ratios = ["NetworkErrorRatio() > 0.5"]
    for first, after in _ranges(policy.unhealthy_status_codes):
        ratios.append(f"ResponseCodeRatio({first}, {after}, 0, 600) > 0.5")
    message = "it opens when over half of the latest requests failed, not after failures in a row"
    own = kept(policy)
    if "expression" not in own:
        report.approximated(policy, "circuit_breaker", message, "max_failures")
    message = "it closes again step by step, over 10 s"
    if "expression" not in own:
        report.approximated(policy, "circuit_breaker", message, "half_open_requests")
    _ = policy.max_failures, policy.half_open_requests
    config: Json = {
        "expression": " || ".join(ratios),
        "fallbackDuration": duration(policy.timeout),
        **own,
    }
    status = policy.response.status_code
    if status != _UNAVAILABLE:
        config["responseCode"] = status
    if policy.response.message not in (CircuitBreaker().response.message, phrase(status)):
        message = "clients get the name of the status as text while it is open"
        report.approximated(policy.response, "circuit_breaker", message, "message")
    build.tail.append(shared.middlewares.add("circuit-breaker", {"circuitBreaker": config}))


def _ranges(codes: Iterable[int]) -> list[tuple[int, int]]:
    """Statuses as ranges: the first one, and the one behind the last one."""
    found: list[tuple[int, int]] = []
    for code in sorted({code for code in codes if not isinstance(code, Placeholder)}):
        if found and found[-1][1] == code:
            found[-1] = (found[-1][0], code + 1)
        else:
            found.append((code, code + 1))
    return found


def retry(policy: Retry, build: RouteBuild, shared: Shared) -> None:
    """Traefik counts the first attempt, too."""
    report, claims = shared.context.report, shared.context.claims
    if not isinstance(policy.attempts, Placeholder) and policy.attempts < 1:
        claims.claim(policy)
        return
    if not policy.on_connection_failure and not policy.status_codes:
        message = "Traefik tries again after failed connections and certain answers only"
        report.dropped(policy, "retry", message)
        claims.claim(policy)
        return
    attempts = policy.attempts
    if isinstance(attempts, Placeholder):
        report.approximated(policy, "retry", "it is one attempt less", "attempts")
    else:
        attempts += 1
    config: Json = {"attempts": attempts}
    if policy.backoff is not None and policy.backoff.nanoseconds:
        config["initialInterval"] = duration(policy.backoff)
    if policy.status_codes:
        config["status"] = [str(code) for code in policy.status_codes]
        if not policy.on_connection_failure:
            config["disableRetryOnNetworkError"] = True
    if policy.status_codes and not policy.methods:
        config["retryNonIdempotentMethod"] = True
    _differences(policy, shared)
    config |= kept(policy)
    build.tail.append(shared.middlewares.add("retry", {"retry": config}))


def _differences(policy: Retry, shared: Shared) -> None:
    report = shared.context.report
    _methods(policy, shared)
    if policy.on_timeout:
        message = "a missing answer is not asked for again"
        report.approximated(policy, "retry", message, "on_timeout")
    if policy.attempt_timeout is not None:
        message = "the timeouts of the service hold for each attempt"
        report.approximated(policy, "retry", message, "attempt_timeout")
    if policy.max_backoff is not None and not _is_twice(policy.max_backoff, policy.backoff):
        message = "the longest pause is twice the first one"
        report.approximated(policy, "retry", message, "max_backoff")


def _is_twice(longest: Duration, first: Duration | None) -> bool:
    """Whether the longest pause is what Traefik makes of the first one."""
    return first is not None and longest.nanoseconds == 2 * first.nanoseconds


def _methods(policy: Retry, shared: Shared) -> None:
    """By itself Traefik repeats only what may be repeated (RFC 9110, 9.2.2)."""
    repeatable = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"}
    if policy.methods and frozenset(policy.methods) != repeatable:
        message = "requests are repeated whose methods may be repeated"
        shared.context.report.approximated(policy, "retry", message, "methods")
