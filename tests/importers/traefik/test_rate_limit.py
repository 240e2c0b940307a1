"""`rateLimit`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.traefik.placed import fates, policies

SILENT = {
    "algorithm": "token_bucket",
    "hide_headers": True,
    "response": {"message": "Too Many Requests"},
}


@pytest.mark.parametrize(
    ("middlewares", "expected"),
    [
        pytest.param(
            ["{rateLimit: {average: 10}}"],
            {"requests_per_second": 10, "burst": 1},
            id="one at once by default",
        ),
        pytest.param(
            ["{ratelimit: {average: '100', period: 1m, burst: '50'}}"],
            {"limits": ["100/1m"], "burst": 50},
            id="as labels",
        ),
        pytest.param(
            ["{rateLimit: {average: 5, period: 3600, burst: 5}}"],
            {"limits": ["5/1h"]},
            id="all at once, a number of seconds",
        ),
        pytest.param(
            ["{rateLimit: {average: 5, sourceCriterion: {requestHeaderName: X-Key}}}"],
            {
                "requests_per_second": 5,
                "burst": 1,
                "key_type": "header",
                "key_header": "X-Key",
            },
            id="by header",
        ),
        pytest.param(
            ["{rateLimit: {average: 5, sourceCriterion: {requestHeaderName: Host}}}"],
            {"requests_per_second": 5, "burst": 1, "key_type": "none"},
            id="by a header that never is there",
        ),
        pytest.param(
            ["{rateLimit: {average: 5, sourceCriterion: {requestHost: true}}}"],
            {
                "requests_per_second": 5,
                "burst": 1,
                "key_type": "header",
                "key_header": "Host",
            },
            id="by host",
        ),
        pytest.param(
            ["{rateLimit: {average: 5, sourceCriterion: {ipStrategy: {depth: 2}}}}"],
            {
                "requests_per_second": 5,
                "burst": 1,
                "extensions": {"traefik": {"sourceCriterion": {"ipStrategy": {"depth": 2}}}},
            },
            id="by X-Forwarded-For",
        ),
        pytest.param(
            ["{rateLimit: {average: 5, redis: {endpoints: ['r:6379']}}}"],
            {
                "requests_per_second": 5,
                "burst": 1,
                "store": "redis",
                "fail_open": False,
                "extensions": {"traefik": {"redis": {"endpoints": ["r:6379"]}}},
            },
            id="redis",
        ),
        pytest.param(
            [
                "{rateLimit: {average: 5, burst: 5}}",
                "{rateLimit: {average: 100, burst: 100, period: 1h}}",
            ],
            {"limits": ["5/1s", "100/1h"]},
            id="two windows",
        ),
        pytest.param(
            ["{rateLimit: {average: '${RATE}', period: 1m}}"],
            {"limits": ["${RATE}/1m"], "burst": 1},
            id="placeholder",
        ),
    ],
)
def test_policy(middlewares: list[str], expected: dict[str, Any]) -> None:
    """The limit that middlewares become."""
    assert policies(*middlewares)["rate_limit"] == {**expected, **SILENT}


def test_by_user() -> None:
    """A header in which Traefik tells who has shown a password counts users."""
    found = policies(
        '{basicAuth: {users: ["a:{SHA}x"], headerField: X-Gal-User}}',
        "{rateLimit: {average: 5, sourceCriterion: {requestHeaderName: X-Gal-User}}}",
    )
    assert found["rate_limit"]["key_type"] == "credential"
    assert "extensions" not in found["authentication"]


def test_unequal_limits() -> None:
    """The model has one burst and one key: the second limit is kept for Traefik."""
    found = policies("{rateLimit: {average: 5}}", "{rateLimit: {average: 100, burst: 50}}")
    assert found["rate_limit"]["requests_per_second"] == 5
    kept = {"name": "m2", "rateLimit": {"average": 100, "burst": 50}}
    assert found["plugins"] == {"traefik": [kept]}


@pytest.mark.parametrize(
    ("middleware", "expected"),
    [
        pytest.param("{rateLimit: {average: 5}}", [], id="exact"),
        pytest.param("{rateLimit: {burst: 5}}", ["info exact m1"], id="no limit"),
        pytest.param(
            "{rateLimit: {average: 5, sourceCriterion: {ipStrategy: {depth: 2}}}}",
            ["warning carried m1.rateLimit.sourceCriterion.ipStrategy"],
            id="by X-Forwarded-For",
        ),
        pytest.param(
            "{rateLimit: {average: 5, redis: {}}}",
            ["warning carried m1.rateLimit.redis"],
            id="redis",
        ),
    ],
)
def test_ledger(middleware: str, expected: list[str]) -> None:
    """What the ledger says."""
    assert fates(middleware) == expected


def test_without_a_limit() -> None:
    """No average is no limit."""
    assert "rate_limit" not in policies("{rateLimit: {burst: 5}}")
