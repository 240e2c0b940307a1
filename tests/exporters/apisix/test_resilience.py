"""What happens when an upstream fails."""

from __future__ import annotations

from typing import Any

import pytest

from tests.exporters.apisix.placed import own_route, place, route

GOOD = {"http_statuses": [200, 201, 202, 203, 204, 206, 300, 301, 302, 303, 304, 307, 308]}
TEXT = {"break_response_body": "Service temporarily unavailable"}


@pytest.mark.parametrize(
    ("policy", "config"),
    [
        ("{}", {"break_response_code": 503, **TEXT, "max_breaker_sec": 30, "healthy": GOOD,
                "unhealthy": {"http_statuses": [500, 502, 503, 504], "failures": 5}}),
        (("{max_failures: 3, timeout: 300s, unhealthy_status_codes: [500], half_open_requests: 1,"
          " response: {status_code: 502, message: ''}}"),
         {"break_response_code": 502, "healthy": {**GOOD, "successes": 1}}),
        ("{max_failures: 3, timeout: 1s, unhealthy_status_codes: [500]}",
         {"break_response_code": 503, **TEXT, "max_breaker_sec": 3, "healthy": GOOD}),
    ],
)  # fmt: skip
def test_circuit_breaker(policy: str, config: dict[str, Any]) -> None:
    placed = route(f"circuit_breaker: {policy}")
    assert placed.plugins == {"api-breaker": config}
    assert placed.heard("for 2 seconds at first, doubling up to") == ["warning approximated"]


def test_failures_that_apisix_takes_for_none() -> None:
    placed = route("circuit_breaker: {unhealthy_status_codes: [429, 500]}")
    assert "http_statuses" not in placed.plugins["api-breaker"]["unhealthy"]
    assert placed.heard("only 500 to 599") == ["warning approximated"]
    placed = route("circuit_breaker: {unhealthy_status_codes: [429]}")
    assert placed.plugins == {}
    assert placed.heard("it never opens") == ["warning dropped"]


def test_what_comes_from_apisix_stays() -> None:
    placed = place(own_route("{api-breaker: {break_response_code: 502}}"))
    assert placed.plugins == {"api-breaker": {"break_response_code": 502}}
    assert placed.said == []
