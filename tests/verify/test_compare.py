"""Where observations differ."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gal.tracing.request import parse_request
from gal.verify.compare import Watched, differences
from gal.verify.probe import Kind, Observation, Probe, Seen

PROBE = Probe(Kind.MATCH, "about", parse_request("GET", "/", ["X-Sent: 1"]))
SEEN = Seen("a.test", 80, "GET", "/x", "q=1", (("Host", "h.test"), ("X-Sent", "1")))
BASE = Observation(200, (("X-Out", "1"),), True, (SEEN,))
NAMES = Watched(frozenset({"x-in"}), frozenset({"x-out", "access-control-allow-origin"}))


def seen(**changes: object) -> Observation:
    return replace(BASE, seen=(replace(SEEN, **changes),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (BASE, []),
        (replace(BASE, status=404), ["status 200 of the upstream and 404 of the upstream"]),
        (replace(BASE, seen=()), ["the upstream saw the request and nothing"]),
        (seen(host="b.test"), ["it went to a.test:80 and b.test:80"]),
        (seen(path="/y"), ['the upstream saw path "/x" and "/y"']),
        (seen(path="/%2f"), ['the upstream saw path "/x" and "/%2F"']),
        (seen(query=None), ['the upstream saw query "q=1" and ""']),
        (seen(method="POST"), ['the upstream saw method "GET" and "POST"']),
        (
            seen(headers=(("Host", "other.test"), ("X-Sent", "1"))),
            ['the upstream saw Host "h.test" and "other.test"'],
        ),
        (
            seen(headers=(("Host", "h.test"),)),
            ['the upstream saw x-sent: "1" and nothing'],
        ),
        (
            seen(headers=(("Host", "h.test"), ("X-Sent", "1"), ("X-In", "1"))),
            ['the upstream saw x-in: nothing and "1"'],
        ),
        (seen(headers=(("Host", "h.test"), ("X-Sent", "1"), ("X-Own", "1"))), []),
        (replace(BASE, headers=()), ['answer header x-out: "1" and nothing']),
        (replace(BASE, headers=(("X-Out", "{{uuid}}"),)), []),
    ],
)
def test_differences(other: Observation, told: list[str]) -> None:
    assert differences(PROBE, [BASE], [other], NAMES) == told


def test_any_of_several_targets_is_right() -> None:
    targets = frozenset({("a.test", 80), ("b.test", 80)})
    one = replace(BASE, targets=targets)
    other = replace(seen(host="b.test"), targets=targets)
    assert differences(PROBE, [one], [other], NAMES) == []
    assert differences(PROBE, [one], [seen(host="b.test")], NAMES) != []


def test_what_is_not_known_is_not_compared() -> None:
    assert differences(PROBE, [BASE], [replace(BASE, known=False)], NAMES) is None


def test_shares() -> None:
    probe = replace(PROBE, repeat=100, counted=True)
    one = [BASE] * 50 + [seen(host="b.test")] * 50
    other = [BASE] * 90 + [seen(host="b.test")] * 10
    assert differences(probe, one, one, NAMES) == []
    assert differences(probe, one, other, NAMES) == [
        "a.test:80: 50% and 90% of 100 requests",
        "b.test:80: 50% and 10% of 100 requests",
    ]


ORIGIN = "access-control-allow-origin"


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (None, "https://app.test", []),
        ("https://app.test", "https://other.test", []),
        ("https://page.test", "*", [f'answer header {ORIGIN}: "https://page.test" and "*"']),
        (None, "https://page.test", [f'answer header {ORIGIN}: nothing and "https://page.test"']),
    ],
)
def test_what_a_page_is_told(first: str | None, second: str, told: list[str]) -> None:
    probe = replace(PROBE, request=parse_request("GET", "/", ["Origin: https://page.test"]))
    sides = [replace(BASE, headers=((ORIGIN, one),) if one else ()) for one in (first, second)]
    assert differences(probe, [sides[0]], [sides[1]], Watched(frozenset(), NAMES.response)) == told


def test_only_what_comes_after_the_pause_counts() -> None:
    probe = replace(PROBE, repeat=2, pause=1.2)
    refused = Observation(429)
    assert differences(probe, [refused, BASE], [BASE, BASE], NAMES) == []
    assert differences(probe, [BASE, BASE], [BASE, refused], NAMES) == [
        "status 200 of the upstream and 429 of the gateway"
    ]
