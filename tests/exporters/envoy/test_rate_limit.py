"""What limits on requests become."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gal.exporters.envoy.limiter import bucket
from gal.exporters.envoy.rate_limit import rate_limit
from gal.model import (
    Gateway,
    LimitResponse,
    Listener,
    Policies,
    Rate,
    RateLimit,
    RateLimitAlgorithm,
    RateLimitKey,
    RateLimitStore,
)
from gal.reading import Placeholder
from tests.exporters.envoy.built import Built, built

TOKENS, QUEUE = RateLimitAlgorithm.TOKEN_BUCKET, RateLimitAlgorithm.LEAKY_BUCKET
REFILLS = (
    "approximated warning: Envoy's count refills evenly: once it is used up, further requests "
    "pass one by one, up to nearly twice as many in the first window"
)


def applied(policy: RateLimit, gateway: Gateway | None = None) -> Built:
    case = built(gateway=gateway, policies=Policies(rate_limit=policy))
    rate_limit(policy, case.build, case.shared)
    return case


def limiters(case: Built) -> list[dict[str, Any]]:
    chain = case.shared.filters.render()
    return [one["typed_config"] for one in chain if one["name"].startswith("gal.rate_limit")]


@pytest.mark.parametrize(
    ("rate", "settings", "most", "fill", "interval"),
    [
        ("5/1s", {}, 5, 5, "1s"),
        ("100/1m", {}, 100, 100, "60s"),
        ("10/30d", {}, 10, 10, "2592000s"),
        ("10/365d", {}, 10, 10, "31536000s"),
        ("0.5/1s", {}, 1, 1, "2s"),
        ("2.5/1m", {}, 2, 5, "120s"),
        ("1/10ms", {}, 1, 5, "0.05s"),
        ("99999999999/1s", {}, 2**32 - 1, 2**32 - 1, "1s"),
        ("5/1s", {"burst": 20}, 20, 5, "1s"),
        ("5/1s", {"burst": 2}, 5, 5, "1s"),
        ("5/1s", {"burst": 2, "algorithm": TOKENS}, 2, 5, "1s"),
        ("5/1s", {"algorithm": TOKENS}, 5, 5, "1s"),
        ("5/1s", {"burst": 2, "algorithm": QUEUE}, 3, 5, "1s"),
    ],
)
def test_buckets(rate: str, settings: dict[str, Any], most: int, fill: int, interval: str) -> None:
    found = bucket(Rate.parse(rate), RateLimit(**settings))
    assert found == {"max_tokens": most, "tokens_per_fill": fill, "fill_interval": interval}


def test_placeholders_stay() -> None:
    rate = Rate(Rate.parse("1/1m").period, Placeholder("${N}"))
    found = bucket(rate, RateLimit(burst=Placeholder("${B}")))
    assert {key: str(value) for key, value in found.items()} == {
        "max_tokens": "${B}",
        "tokens_per_fill": "${N}",
        "fill_interval": "60s",
    }


@pytest.mark.parametrize(
    ("settings", "entries"),
    [
        pytest.param({}, [["limited=?", "remote_address"]], id="address"),
        pytest.param(
            {"key_type": RateLimitKey.HEADER, "key_header": "x"},
            [["limited=?", "header"], ["limited=?", "absent=yes", "remote_address"]],
            id="header",
        ),
        pytest.param(
            {"key_type": RateLimitKey.CONSUMER},
            [["limited=?", "name"], ["limited=?", "name=?", "remote_address"]],
            id="consumer",
        ),
        pytest.param(
            {"key_type": RateLimitKey.PATH, "key_path": "/a"},
            [["limited=?", "path=yes"], ["limited=?", "other_path=yes", "remote_address"]],
            id="path",
        ),
        pytest.param({"key_type": RateLimitKey.NONE}, [["limited=?", "all=yes"]], id="one count"),
        pytest.param(
            {"key_type": RateLimitKey.SERVICE},
            [["limited=?", "remote_address"]],
            id="no service",
        ),
        pytest.param(
            {"limits": [Rate.parse("1/1s"), Rate.parse("9/1m")]},
            [
                ["limited=?", "remote_address", "window=1s"],
                ["limited=?", "remote_address", "window=1m"],
            ],
            id="windows",
        ),
    ],
)
def test_keys(settings: dict[str, Any], entries: list[list[str]]) -> None:
    case = applied(RateLimit(**{"limits": [Rate.parse("1/1s")], **settings}))
    found = [
        ["=".join(filter(None, [entry["key"], entry.get("value")])) for entry in one["entries"]]
        for one in limiters(case)[0]["descriptors"]
    ]
    assert found == entries


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, REFILLS),
        ({"store": RateLimitStore.REDIS}, "approximated warning: each Envoy counts for itself"),
        (
            {"limits": [Rate.parse("1/1s"), Rate.parse("9/1m")]},
            "approximated warning: a request that one window refuses may count in another one",
        ),
        (
            {"key_type": RateLimitKey.JWT_CLAIM, "key_claim": "sub"},
            "approximated warning: there is nothing to count by here but the address",
        ),
        (
            {"algorithm": QUEUE, "burst": 2},
            "approximated warning: requests of a burst are passed on at once, not delayed",
        ),
        (
            {"response": LimitResponse(status_code=302)},
            "approximated warning: the refused get 429",
        ),
    ],
)
def test_says_what_differs(settings: dict[str, Any], message: str) -> None:
    case = applied(RateLimit(**{"limits": [Rate.parse("1/1s")], **settings}))
    assert message in case.messages


@pytest.mark.parametrize(
    ("listeners", "told"), [([], False), ([Listener("a")], False), ([Listener("a")] * 2, True)]
)
def test_says_that_listeners_count_apart(listeners: list[Listener], told: bool) -> None:
    policy = RateLimit(limits=[Rate.parse("1/1s")])
    case = applied(policy, Gateway(listeners=listeners))
    message = "approximated warning: each listener counts for itself"
    assert (message in case.messages) is told


def test_buckets_differ_by_little() -> None:
    policy = RateLimit(limits=[Rate.parse("1/1s")], algorithm=TOKENS, hide_headers=True)
    assert applied(policy).messages == []


def test_a_policy_has_one_set_of_counts() -> None:
    policy, other = (RateLimit(limits=[Rate.parse("1/1s")]) for _ in range(2))
    case = built()
    for one in (policy, policy, other):
        rate_limit(one, case.build, case.shared)
    assert [one["stat_prefix"] for one in limiters(case)] == ["limit_1", "limit_2"]
    assert json.dumps(limiters(case)[0])
