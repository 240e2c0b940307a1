"""`local_ratelimit`, and `ratelimit`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.envoy.placed import file, http, policies

LOCAL = "local_ratelimit.v3.LocalRateLimit"
ALL = "{default_value: {numerator: 100}}"
ON = f"filter_enabled: {ALL}, filter_enforced: {ALL}"
MANY = "token_bucket: {max_tokens: 1000000, tokens_per_fill: 1000000, fill_interval: 1s}"
TEN = "token_bucket: {max_tokens: 10, tokens_per_fill: 10, fill_interval: 60s}"
RESPONSE = {"message": "local_rate_limited"}
BASE = {"algorithm": "token_bucket", "hide_headers": True, "response": RESPONSE}
TEN_A_MINUTE = {**BASE, "limits": ["10/1m"]}


def by(actions: str, entries: str) -> str:
    return (
        f"{ON}, {MANY}, rate_limits: [{{actions: {actions}}}],"
        f" descriptors: [{{entries: {entries}, {TEN}}}]"
    )


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(f"{ON}, {TEN}", {**TEN_A_MINUTE, "key_type": "none"}, id="all together"),
        pytest.param(
            f"{ON}, token_bucket: {{max_tokens: 20, tokens_per_fill: 5, fill_interval: 1s}}",
            {**BASE, "requests_per_second": 5, "burst": 20, "key_type": "none"},
            id="burst",
        ),
        pytest.param(
            f"{ON}, {TEN}, status: {{code: ServiceUnavailable}}",
            {**TEN_A_MINUTE, "key_type": "none", "response": {"status_code": 503, **RESPONSE}},
            id="status",
        ),
        pytest.param(
            by("[{remote_address: {}}]", "[{key: remote_address}]"), TEN_A_MINUTE, id="address"
        ),
        pytest.param(
            by(
                "[{request_headers: {header_name: X-Key, descriptor_key: k}}]",
                "[{key: k}]",
            ),
            {**TEN_A_MINUTE, "key_type": "header", "key_header": "X-Key"},
            id="header",
        ),
        pytest.param(
            f"{ON}, {TEN}, enable_x_ratelimit_headers: DRAFT_VERSION_03",
            {
                "algorithm": "token_bucket",
                "limits": ["10/1m"],
                "key_type": "none",
                "response": RESPONSE,
            },
            id="told",
        ),
    ],
)
def test_limits(settings: str, expected: dict[str, Any]) -> None:
    assert policies(file(http(LOCAL, settings))) == {"rate_limit": expected}


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(TEN, id="not switched on"),
        pytest.param(f"{TEN}, filter_enabled: {ALL}", id="not enforced"),
        pytest.param(ON, id="no bucket"),
    ],
)
def test_nothing(settings: str) -> None:
    assert "rate_limit" not in policies(file(http(LOCAL, settings)))


def test_descriptors_of_the_route() -> None:
    settings = f"{ON}, {MANY}, descriptors: [{{entries: [{{key: remote_address}}], {TEN}}}]"
    route = "route: {cluster: s, rate_limits: [{actions: [{remote_address: {}}]}]}"
    assert policies(file(http(LOCAL, settings), route=route)) == {"rate_limit": TEN_A_MINUTE}


def test_a_value_that_the_model_cannot_limit_is_no_limit_for_all() -> None:
    settings = by(
        "[{request_headers: {header_name: X-Key, descriptor_key: k}}]", "[{key: k, value: v}]"
    )
    assert "rate_limit" not in policies(file(http(LOCAL, settings)))


def test_another_service_counts() -> None:
    settings = "domain: d, rate_limit_service: {grpc_service: {envoy_grpc: {cluster_name: s}}}"
    (kept,) = policies(file(http("ratelimit.v3.RateLimit", settings)))["plugins"]["envoy"]
    assert kept["name"] == "envoy.filters.http.ratelimit"
    assert kept["typed_config"]["domain"] == "d"
