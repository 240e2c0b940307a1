"""`circuitBreaker` and `retry`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.traefik.placed import fates, file, policies, read

SERVER_ERRORS = [*range(500, 509), 510, 511]
ANSWER = {"status_code": 503, "message": "Service Unavailable"}


@pytest.mark.parametrize(
    ("expression", "more", "expected"),
    [
        pytest.param(
            "NetworkErrorRatio() > 0.5", "", {"unhealthy_status_codes": [502, 504]}, id="network"
        ),
        pytest.param(
            "ResponseCodeRatio(500, 600, 0, 600) >= 0.25",
            ", fallbackDuration: 1m",
            {"unhealthy_status_codes": SERVER_ERRORS, "timeout": "1m"},
            id="server errors",
        ),
        pytest.param(
            "NetworkErrorRatio() > 0.5 || ResponseCodeRatio(500, 501, 0, 600) > 0.5",
            "",
            {"unhealthy_status_codes": [500, 502, 504]},
            id="either",
        ),
    ],
)
def test_breaker(expression: str, more: str, expected: dict[str, Any]) -> None:
    """The breaker that an expression becomes; the expression is kept."""
    found = policies(f"{{circuitBreaker: {{expression: '{expression}'{more}}}}}")
    assert found["circuit_breaker"] == {
        "timeout": "10s",
        "response": ANSWER,
        "extensions": {"traefik": {"expression": expression}},
        **expected,
    }


@pytest.mark.parametrize(
    "expression",
    [
        "LatencyAtQuantileMS(50.0) > 100",
        "NetworkErrorRatio() > 0.5 && LatencyAtQuantileMS(50.0) > 100",
        "${EXPRESSION}",
    ],
)
def test_other_breakers(expression: str) -> None:
    """What the model does not count is kept for Traefik."""
    middleware = f"{{circuitBreaker: {{expression: '{expression}'}}}}"
    found = policies(middleware)
    kept = {"name": "m1", "circuitBreaker": {"expression": expression}}
    assert found == {"plugins": {"traefik": [kept]}}
    assert fates(middleware) == ["warning carried m1"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param("attempts: 3", {"attempts": 2}, id="the first one is none"),
        pytest.param(
            "attempts: '4', initialinterval: 100ms",
            {"backoff": "100ms", "max_backoff": "200ms"},
            id="as labels",
        ),
        pytest.param(
            "attempts: 2, status: ['502', 503-504], disableRetryOnNetworkError: true",
            {
                "attempts": 1,
                "on_connection_failure": False,
                "status_codes": [502, 503, 504],
                "methods": ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"],
            },
            id="after answers",
        ),
        pytest.param(
            "attempts: 2, status: [502], retryNonIdempotentMethod: true, timeout: 5s",
            {
                "attempts": 1,
                "status_codes": [502],
                "extensions": {"traefik": {"timeout": "5s"}},
            },
            id="all methods",
        ),
    ],
)
def test_retry(settings: str, expected: dict[str, Any]) -> None:
    """The policy that a middleware becomes."""
    assert policies(f"{{retry: {{{settings}}}}}") == {"retry": expected}


@pytest.mark.parametrize(
    ("middleware", "expected"),
    [
        pytest.param("{retry: {attempts: 2}}", [], id="exact"),
        pytest.param(
            "{retry: {attempts: 2, status: [502]}}",
            ["warning approximated m1.retry.status"],
            id="methods",
        ),
        pytest.param(
            "{circuitBreaker: {expression: NetworkErrorRatio() > 0.5, recoveryDuration: 5s,"
            " checkPeriod: 1s}}",
            [
                "warning approximated m1.circuitBreaker.expression",
                "warning carried m1.circuitBreaker.recoveryDuration",
                "info carried m1.circuitBreaker.checkPeriod",
            ],
            id="breaker",
        ),
    ],
)
def test_ledger(middleware: str, expected: list[str]) -> None:
    """What the ledger says."""
    assert fates(middleware) == expected


@pytest.mark.parametrize(
    "middleware",
    ["{retry: {attempts: 0}}", "{retry: {status: [foo], attempts: 1}}", "{circuitBreaker: {}}"],
)
def test_refused_by_traefik(middleware: str) -> None:
    """Traefik takes such a router away."""
    gateway, _ = read(file(middleware))
    assert all(route.policies.direct_response is not None for route in gateway.routes)
