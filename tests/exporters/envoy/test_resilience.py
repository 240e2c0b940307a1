"""Retries, deadlines and the circuit breaker: the settings of a route."""

from __future__ import annotations

from typing import Any

import pytest

from gal.exporters.envoy.resilience import circuit_breaker, retry, timeout
from gal.model import CircuitBreaker, Duration, Gateway, Global, LimitResponse, Retry, Timeout
from tests.exporters.envoy.built import built

SECOND = Duration.seconds(1)
MILLISECOND = Duration.milliseconds(1)
AT_ONCE = {"base_interval": "0.001s", "max_interval": "0.001s"}


@pytest.mark.parametrize(
    ("policy", "action", "reported"),
    [
        pytest.param(Timeout(), {"timeout": "0s"}, 0, id="unset waits for ever"),
        pytest.param(
            Timeout(request=Duration(1_500_000_000)), {"timeout": "1.5s"}, 0, id="request"
        ),
        pytest.param(
            Timeout(read=SECOND, send=SECOND),
            {"timeout": "0s", "idle_timeout": "1s"},
            0,
            id="read and send",
        ),
        pytest.param(
            Timeout(read=SECOND, send=MILLISECOND),
            {"timeout": "0s", "idle_timeout": "1s"},
            1,
            id="read unlike send",
        ),
        pytest.param(Timeout(send=SECOND), {"timeout": "0s"}, 1, id="send alone"),
        pytest.param(
            Timeout(read=Duration(0)), {"timeout": "0s", "idle_timeout": "0s"}, 0, id="for ever"
        ),
    ],
)
def test_timeout(policy: Timeout, action: Any, reported: int) -> None:
    made = built()
    timeout(policy, made.build, made.shared)
    assert made.build.action == action
    assert len(made.messages) == reported


def test_the_gateway_has_a_timeout() -> None:
    made = built(gateway=Gateway(settings=Global(timeout=Duration.seconds(7))))
    timeout(Timeout(read=SECOND), made.build, made.shared)
    assert made.build.action["timeout"] == "7s"


@pytest.mark.parametrize(
    ("policy", "settings", "reported"),
    [
        pytest.param(
            Retry(),
            {
                "retry_on": "connect-failure,refused-stream,reset-before-request",
                "num_retries": 3,
                "retry_back_off": AT_ONCE,
            },
            0,
            id="connections",
        ),
        pytest.param(
            Retry(
                attempts=1,
                on_connection_failure=False,
                status_codes=[502],
                methods=["GET", "M-X"],
                attempt_timeout=SECOND,
            ),
            {
                "retry_on": "retriable-status-codes",
                "num_retries": 1,
                "retriable_status_codes": [502],
                "retriable_request_headers": [
                    {"name": ":method", "string_match": {"safe_regex": {"regex": r"GET|M\-X"}}}
                ],
                "per_try_timeout": "1s",
                "retry_back_off": AT_ONCE,
            },
            0,
            id="statuses of some methods",
        ),
        pytest.param(
            Retry(on_connection_failure=False, on_timeout=True, methods=["GET"]),
            {
                "retry_on": "reset",
                "num_retries": 3,
                "retriable_request_headers": [
                    {"name": ":method", "string_match": {"safe_regex": {"regex": "GET"}}}
                ],
                "retry_back_off": AT_ONCE,
            },
            1,
            id="timeouts",
        ),
        pytest.param(
            Retry(on_timeout=True),
            {
                "retry_on": "connect-failure,refused-stream,reset-before-request",
                "num_retries": 3,
                "retry_back_off": AT_ONCE,
            },
            1,
            id="timeouts of a route that takes POST",
        ),
        pytest.param(
            Retry(on_connection_failure=False, status_codes=[502], backoff=SECOND),
            {
                "retry_on": "retriable-status-codes",
                "num_retries": 3,
                "retriable_status_codes": [502],
                "retry_back_off": {"base_interval": "1s", "max_interval": "10s"},
            },
            1,
            id="pauses",
        ),
        pytest.param(
            Retry(
                on_connection_failure=False,
                status_codes=[502],
                backoff=SECOND,
                max_backoff=MILLISECOND,
            ),
            {
                "retry_on": "retriable-status-codes",
                "num_retries": 3,
                "retriable_status_codes": [502],
                "retry_back_off": {"base_interval": "1s", "max_interval": "1s"},
            },
            1,
            id="longest pause below the first",
        ),
        pytest.param(Retry(attempts=0), None, 0, id="none"),
        pytest.param(Retry(on_connection_failure=False), None, 0, id="never"),
    ],
)
def test_retry(policy: Retry, settings: Any, reported: int) -> None:
    made = built()
    retry(policy, made.build, made.shared)
    found = made.build.action.get("retry_policy")
    if found is not None:
        assert found.pop("retry_host_predicate")
        assert found.pop("host_selection_retry_max_attempts") == 5
    assert found == settings
    assert len(made.messages) == reported


@pytest.mark.parametrize(
    ("attempt", "action"),
    [
        pytest.param(None, {"per_try_idle_timeout": "1s"}, id="read ends an attempt"),
        pytest.param(MILLISECOND, {"per_try_timeout": "0.001s"}, id="an attempt has its own end"),
    ],
)
def test_retry_after_a_slow_read(attempt: Duration | None, action: dict[str, str]) -> None:
    made = built()
    retry(Retry(on_timeout=True, methods=["GET"], attempt_timeout=attempt), made.build, made.shared)
    timeout(Timeout(read=SECOND), made.build, made.shared)
    settings = made.build.action["retry_policy"]
    assert {key: value for key, value in settings.items() if key.startswith("per_try")} == action
    assert ("idle_timeout" in made.build.action) == (attempt is not None)


def ranges(*pairs: tuple[int, int]) -> list[Any]:
    return [
        {
            "http_response_headers_match": {
                "headers": [{"name": ":status", "range_match": {"start": start, "end": end}}]
            }
        }
        for start, end in pairs
    ]


@pytest.mark.parametrize(
    ("statuses", "matcher"),
    [
        pytest.param([500], ranges((500, 501))[0], id="one"),
        pytest.param([503, 502, 502], ranges((502, 504))[0], id="one after the other"),
        pytest.param(
            [500, 502, 503, 504],
            {"or_match": {"rules": ranges((500, 501), (502, 505))}},
            id="several",
        ),
        pytest.param([], ranges((999, 1000))[0], id="none"),
    ],
)
def test_failures(statuses: list[int], matcher: Any) -> None:
    made = built()
    circuit_breaker(
        CircuitBreaker(unhealthy_status_codes=statuses, half_open_requests=1),
        made.build,
        made.shared,
    )
    assert made.build.outlier is not None
    assert made.build.outlier.error_matcher == matcher


def test_circuit_breaker() -> None:
    made = built()
    policy = CircuitBreaker(
        max_failures=2,
        timeout=Duration.seconds(20),
        response=LimitResponse(status_code=99, message="later"),
    )
    circuit_breaker(policy, made.build, made.shared)
    assert made.build.outlier is not None
    detection = made.build.outlier.detection
    assert detection["consecutive_5xx"] == 2
    assert detection["base_ejection_time"] == detection["max_ejection_time"] == "20s"
    assert detection["max_ejection_percent"] == 100
    label = made.build.replies[0]
    answer = (label, 503, 503, '{"message":"later"}', "application/json; charset=utf-8")
    assert made.shared.replies.items() == [answer]
    assert len(made.messages) == 3
