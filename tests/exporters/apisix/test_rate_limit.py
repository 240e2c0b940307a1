"""Limits on requests."""

from __future__ import annotations

from typing import Any

import pytest

from tests.exporters.apisix.placed import gal, own_route, place, route

REFUSAL = {"allow_degradation": True, "rejected_code": 429, "rejected_msg": "Rate limit exceeded"}
CLOCK = "info approximated: APISIX starts a window with its first request, not by the clock"
NAMES = (
    "info approximated: the headers that tell how much is left have the number of the limit in"
    " their names"
)
STORE = (
    "warning approximated: APISIX is not told of such a store here: every node counts for itself"
)
QUIET = "info approximated: APISIX does not tell clients how much of such a limit is left"


@pytest.mark.parametrize(
    ("policy", "name", "config", "said"),
    [
        ("{requests_per_second: 5}", "limit-count", {"count": 5, "time_window": 1}, [CLOCK]),
        ("{limits: [100/1h], algorithm: sliding_window, hide_headers: true}", "limit-count",
         {"count": 100, "time_window": 3600, "window_type": "sliding",
          "show_limit_quota_header": False}, []),
        ("{limits: [5/1s, 100/1m]}", "limit-count",
         {"rules": [{"count": 5, "time_window": 1, "key": "1s $remote_addr"},
                    {"count": 100, "time_window": 60, "key": "60s $remote_addr"}]},
         [CLOCK, NAMES]),
        ("{limits: [5/1s, 9/1m], key_type: consumer, hide_headers: true}", "limit-count",
         {"rules": [{"count": 5, "time_window": 1, "key": "1s ${consumer_name ?? none}"},
                    {"count": 9, "time_window": 60, "key": "60s ${consumer_name ?? none}"}],
          "show_limit_quota_header": False},
         [CLOCK, "info approximated: requests without such a value are counted together"]),
        ("{limits: [5/1s], key_type: header, key_header: X-Client}", "limit-count",
         {"count": 5, "time_window": 1, "key": "http_x_client"},
         [CLOCK, "info approximated: requests without the header are counted by their address"]),
        ("{limits: [5/1s], key_type: consumer}", "limit-count",
         {"count": 5, "time_window": 1, "key": "consumer_name"}, [CLOCK]),
        ("{limits: [5/1s], key_type: service}", "limit-count",
         {"count": 5, "time_window": 1, "key": "service_id"}, [CLOCK]),
        ("{limits: [5/1s], key_type: none}", "limit-count",
         {"count": 5, "time_window": 1, "key_type": "constant", "key": "gal"}, [CLOCK]),
        ("{limits: [10/500ms]}", "limit-count", {"count": 20, "time_window": 1},
         ["warning approximated: APISIX counts whole requests in whole seconds: 20 in 1s", CLOCK]),
        ("{limits: [1/30d]}", "limit-count", {"count": 1, "time_window": 2592000},
         ["info approximated: APISIX counts 2592000 seconds, not by the calendar", CLOCK]),
        ("{limits: [5/1s], key_type: jwt_claim, key_claim: sub}", "limit-count",
         {"count": 5, "time_window": 1, "key": "consumer_name"},
         [CLOCK,
          "warning approximated: APISIX counts by the consumer of the token, not by a claim"]),
        ("{limits: [5/1s], store: redis}", "limit-count", {"count": 5, "time_window": 1},
         [CLOCK, STORE]),
        ("{limits: [1/2s], algorithm: token_bucket, burst: 7}", "limit-req",
         {"rate": 0.5, "burst": 7, "nodelay": True, "key": "remote_addr"}, [QUIET]),
        ("{limits: [60/1m], algorithm: leaky_bucket, hide_headers: true}", "limit-req",
         {"rate": 1, "burst": 0, "key": "remote_addr"}, []),
        ("{limits: [60/1m, 5/1s], algorithm: leaky_bucket, hide_headers: true}", "limit-req",
         {"rate": 1, "burst": 0, "key": "remote_addr"},
         ["warning approximated: APISIX keeps one bucket: that of 60/1m"]),
    ],
)  # fmt: skip
def test_limit(policy: str, name: str, config: dict[str, Any], said: list[str]) -> None:
    placed = route(f"rate_limit: {policy}")
    assert placed.plugins == {name: {**config, **REFUSAL}}
    assert placed.said == said


def test_refusal() -> None:
    placed = route(
        "rate_limit: {limits: [5/1s], fail_open: false, response: {status_code: 503, message: ''}}"
    )
    assert placed.plugins["limit-count"] == {"count": 5, "time_window": 1}


@pytest.mark.parametrize(
    ("scope", "group"),
    [("service", "gal-service-s"), ("gateway", "gal-gateway"), ("route", None)],
)
def test_routes_of_a_wider_scope_count_together(scope: str, group: str | None) -> None:
    limit = dict.fromkeys(("gateway", "service", "route"), "")
    limit[scope] = "rate_limit: {requests_per_second: 5}"
    everywhere = f"policies: {{{limit['gateway']}}}\n"
    placed = gal(
        everywhere + "services: [{name: s, upstream: {host: h.test}, "
        f"policies: {{{limit['service']}}}, "
        f"routes: [{{name: r, path_prefix: /, {limit['route']}}}]}}]\n"
    )
    assert placed.plugins["limit-count"].get("group") == group


def test_what_the_upstream_counts() -> None:
    placed = route("response_rate_limit: {counters: [{name: a, limits: [1/1s]}]}")
    assert placed.said == [
        "warning dropped: APISIX does not count by the answers of an upstream",
    ]


@pytest.mark.parametrize(
    "config",
    [
        {"count": 1, "time_window": 10, "key_type": "var_combination", "key": "$consumer_name"},
        {"count": 1, "time_window": 10, "key_type": "var_combination", "key": "$remote_addr $uri"},
        {"count": 1, "time_window": 10, "key_type": "constant", "key": "all"},
        {"count": 1, "time_window": 10, "key": "http_x_client"},
    ],
    ids=lambda config: config["key"],
)
def test_keys_of_apisix_itself_come_back(config: dict[str, Any]) -> None:
    """A plugin of a file of APISIX."""
    text = ", ".join(f"{name}: {value}" for name, value in config.items())
    placed = place(own_route(f"{{limit-count: {{{text}}}}}"))
    assert placed.plugins["limit-count"] == config
