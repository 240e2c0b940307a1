"""What happens when an upstream fails: `circuitBreaker` and `retry`.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/circuitbreaker/
and https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/retry/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gal.importers.traefik.carried import Kept, carry, extensions
from gal.importers.traefik.options import duration, flag, number, strings, text
from gal.importers.traefik.placement import Placement, UnusableError, settings
from gal.importers.traefik.statuses import between, phrase
from gal.ledger import Level
from gal.model import CircuitBreaker, Duration, LimitResponse, Origin, Retry
from gal.reading import Placeholder, is_placeholder

if TYPE_CHECKING:
    from gal.importers.traefik.dynamic import Middleware

BREAKER_NAMES = {
    "max_failures": "expression",
    "unhealthy_status_codes": "expression",
    "timeout": "fallbackDuration",
    "half_open_requests": "recoveryDuration",
}
RETRY_NAMES = {
    "attempts": "attempts",
    "on_connection_failure": "disableRetryOnNetworkError",
    "status_codes": "status",
    "methods": "retryNonIdempotentMethod",
    "backoff": "initialInterval",
    "max_backoff": "initialInterval",
}
_NETWORK = re.compile(r"NetworkErrorRatio\(\)\s*>=?\s*[\d.]+")
_CODES = re.compile(r"ResponseCodeRatio\(\s*(\d+),\s*(\d+),\s*\d+,\s*\d+\s*\)\s*>=?\s*[\d.]+")
_LATENCY = re.compile(r"LatencyAtQuantileMS\(\s*[\d.]+\s*\)\s*>=?\s*[\d.]+")
_OF_NETWORK = (502, 504)
"""What Traefik answers, and counts, where an upstream cannot be reached or is late."""

_REPEATABLE = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]
_CODE_RANGE = re.compile(r"(\d{3})(?:-(\d{3}))?")
_BODY = 2 * 1024 * 1024


def circuit_breaker(middleware: Middleware, place: Placement) -> None:
    """Traefik looks at shares of the latest requests; the model counts failures in a row.

    Raises:
        UnusableError: there is no expression, or none of Traefik's.
    """
    config = settings(middleware)
    expression = text(config, "expression")
    if expression is None:
        raise UnusableError("circuitBreaker needs an expression")
    if place.policies.circuit_breaker is not None:
        place.carry(middleware, "another circuit breaker is kept, and this one is not")
        return
    codes, slow = _failures(expression)
    if codes is None:
        message = "its expression has no place elsewhere: a failing upstream is not left alone"
        place.carry(middleware, message)
        return
    report, feature = place.report, "circuit_breaker"
    status = number(config, "responseCode") or 503
    origin = Origin(config, BREAKER_NAMES)
    policy = CircuitBreaker(
        timeout=duration(config, "fallbackDuration") or Duration.seconds(10),
        unhealthy_status_codes=sorted(codes),
        response=LimitResponse(status, phrase(status), origin=Origin(config, {})),
        origin=origin,
    )
    message = "it opens when this share of the latest requests failed, not after failures in a row"
    report.approximated(policy, feature, message, "max_failures")
    if slow:
        message = "slow answers do not open it elsewhere"
        report.approximated(policy, feature, message, "unhealthy_status_codes")
    kept = {"expression": expression}
    kept |= carry(
        config,
        report,
        feature,
        Kept("checkPeriod", "the share is not looked at in periods elsewhere", level=Level.INFO),
        Kept("recoveryDuration", "it closes after so many good answers, not in so long a time"),
    )
    policy.extensions = extensions(kept)
    place.policies.circuit_breaker = policy


def _failures(expression: str) -> tuple[set[int] | None, bool]:
    """Answers that count as failures, and whether slow ones do. None where more is asked for.

    Raises:
        UnusableError: the expression is none.
    """
    codes: set[int] = set()
    slow = False
    if "(" not in expression and not is_placeholder(expression):
        raise UnusableError(f'"{expression}" is no expression of a circuit breaker')
    for term in expression.split("||"):
        one = term.strip()
        if _NETWORK.fullmatch(one):
            codes.update(_OF_NETWORK)
        elif found := _CODES.fullmatch(one):
            codes.update(between(int(found[1]), min(int(found[2]), 600) - 1))
        elif _LATENCY.fullmatch(one):
            slow = True
        else:
            return None, slow
    return codes or None, slow


def retry(middleware: Middleware, place: Placement) -> None:
    """Further attempts; Traefik counts the first one, too.

    Raises:
        UnusableError: no attempt, or nothing to try again after.
    """
    config = settings(middleware)
    attempts = number(config, "attempts")
    codes = [code for one in strings(config, "status") for code in _codes(one)]
    on_network = not flag(config, "disableRetryOnNetworkError")
    every_method = flag(config, "retryNonIdempotentMethod")
    if attempts is None or (not isinstance(attempts, Placeholder) and attempts < 1):
        raise UnusableError("retry needs attempts")
    if not codes and not on_network:
        raise UnusableError("retry needs a status or network errors to try again after")
    if place.policies.retry is not None:
        place.carry(middleware, "another retry is kept, and this one is not")
        return
    policy = Retry(
        attempts=attempts if isinstance(attempts, Placeholder) else attempts - 1,
        on_connection_failure=on_network,
        status_codes=codes,
        methods=[] if every_method or not codes else list(_REPEATABLE),
        backoff=duration(config, "initialInterval"),
        origin=Origin(config, RETRY_NAMES),
    )
    if policy.backoff is not None:
        policy.max_backoff = Duration(policy.backoff.nanoseconds * 2)
    if isinstance(attempts, Placeholder):
        message = "it is one attempt more: Traefik counts the first one"
        place.report.approximated(policy, "retry", message, "attempts")
    if policy.methods and on_network:
        message = "POST and PATCH are not repeated after failed connections either"
        place.report.approximated(policy, "retry", message, "status_codes")
    kept = carry(
        config,
        place.report,
        "retry",
        Kept("timeout", "other gateways do not limit the time for all attempts", "0s"),
        Kept("maxRequestBodyBytes", "longer bodies are sent again, too", _BODY, Level.INFO),
    )
    policy.extensions = extensions(kept)
    place.policies.retry = policy


def _codes(given: str) -> list[int]:
    """Statuses of `500` or `500-504`.

    Raises:
        UnusableError: it is neither.
    """
    found = _CODE_RANGE.fullmatch(given.strip())
    if found is None:
        raise UnusableError(f'"{given}" is no status and no range of them')
    return between(int(found[1]), int(found[2] or found[1]))
