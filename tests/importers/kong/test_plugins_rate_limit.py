"""`rate-limiting` and `response-ratelimiting` as limits of the model."""

from __future__ import annotations

import pytest

from gal.errors import InputError
from gal.importers.kong.rate_limit import rate_limit, response_rate_limit
from gal.model import (
    Duration,
    LimitResponse,
    Rate,
    RateLimit,
    RateLimitKey,
    RateLimitStore,
    ResponseLimit,
    ResponseRateLimit,
)
from gal.reading import Placeholder
from tests.importers.kong.plugins import (
    APPROXIMATED,
    CARRIED,
    CARRIED_QUIETLY,
    IDLE,
    Said,
    check,
    read_with,
)

SECOND, MINUTE, HOUR = (Duration.seconds(length) for length in (1, 60, 3600))
DAY = 86400


def limit(*limits: Rate, message: str = "API rate limit exceeded", **more: object) -> RateLimit:
    """A limit with Kong's defaults."""
    wanted = RateLimit(limits=list(limits), key_type=RateLimitKey.CONSUMER)
    wanted.response = LimitResponse(429, message)
    for name, value in more.items():
        setattr(wanted, name, value)
    return wanted


FIVE = Rate(MINUTE, 5)

RATE_LIMITS: list[tuple[str, RateLimit, tuple[Said, ...]]] = [
    ("minute: 5", limit(FIVE), ()),
    ("minute: 5.0", limit(FIVE), ()),
    ("second: 0.5", limit(Rate(SECOND, 0.5)), ()),
    (
        "second: 1\nminute: 5\nhour: 5\nday: 6\nmonth: 7\nyear: 8",
        limit(
            Rate(SECOND, 1),
            FIVE,
            Rate(HOUR, 5),
            Rate(Duration.seconds(DAY), 6),
            Rate(Duration.seconds(30 * DAY), 7),
            Rate(Duration.seconds(365 * DAY), 8),
        ),
        (),
    ),
    ("minute: 5\nhour: null", limit(FIVE), ()),
    ("minute: ${N}", limit(Rate(MINUTE, Placeholder("${N}"))), ()),
    ("minute: 5\nlimit_by: ip", limit(FIVE, key_type=RateLimitKey.IP_ADDRESS), ()),
    ("minute: 5\nlimit_by: credential", limit(FIVE, key_type=RateLimitKey.CREDENTIAL), ()),
    ("minute: 5\nlimit_by: service", limit(FIVE, key_type=RateLimitKey.SERVICE), ()),
    (
        "minute: 5\nlimit_by: header\nheader_name: X-Tenant",
        limit(FIVE, key_type=RateLimitKey.HEADER, key_header="X-Tenant"),
        (),
    ),
    (
        "minute: 5\nlimit_by: path\npath: /a",
        limit(FIVE, key_type=RateLimitKey.PATH, key_path="/a"),
        (),
    ),
    (
        "minute: 5\nheader_name: X-Tenant\npath: /a",
        limit(FIVE),
        (
            (*IDLE, "config.header_name", '"limit_by: header"'),
            (*IDLE, "config.path", '"limit_by: path"'),
        ),
    ),
    (
        (
            "minute: 5\npolicy: local\nfault_tolerant: false\nhide_client_headers: true\n"
            "error_code: 420\nerror_message: Calm"
        ),
        limit(FIVE, fail_open=False, hide_headers=True, response=LimitResponse(420, "Calm")),
        (),
    ),
    (
        "minute: 5\nerror_code: 302",
        limit(FIVE, response=LimitResponse(302, "API rate limit exceeded")),
        ((*APPROXIMATED, "config.error_code", "answers 500"),),
    ),
    ("minute: 5\npolicy: cluster", limit(FIVE, store=RateLimitStore.CLUSTER), ()),
    (
        "minute: 5\npolicy: redis\nsync_rate: 1\nredis: {host: cache.test, password: pw}",
        limit(
            FIVE,
            store=RateLimitStore.REDIS,
            extensions={
                "kong": {"sync_rate": 1, "redis": {"host": "cache.test", "password": "pw"}}
            },
        ),
        (
            (*CARRIED_QUIETLY, "config.sync_rate", "writes the counts"),
            (*CARRIED, "config.redis", "only Kong is told"),
        ),
    ),
    (
        "minute: 5\npolicy: redis\nredis_host: cache.test\nredis_ssl: true",
        limit(
            FIVE,
            store=RateLimitStore.REDIS,
            extensions={"kong": {"redis_host": "cache.test", "redis_ssl": True}},
        ),
        (
            (*CARRIED, "config.redis_host", "only Kong is told"),
            (*CARRIED, "config.redis_ssl", "only Kong is told"),
        ),
    ),
    (
        "minute: 5\nsync_rate: -1\nredis: {host: cache.test}",
        limit(FIVE, extensions={"kong": {"redis": {"host": "cache.test"}}}),
        ((*CARRIED_QUIETLY, "config.redis", "another store"),),
    ),
    (
        "minute: 5\nredis: {host: null, port: 6379, timeout: 2000, ssl: false, database: 0}",
        limit(FIVE),
        (),
    ),
    (
        "minute: 5\n_comment: five a minute",
        limit(FIVE),
        ((*IDLE, "config._comment", "no effect"),),
    ),
]


@pytest.mark.parametrize(
    ("config", "expected", "said"), RATE_LIMITS, ids=[row[0][:50] for row in RATE_LIMITS]
)
def test_rate_limit(config: str, expected: RateLimit, said: tuple[Said, ...]) -> None:
    check(rate_limit, "rate-limiting", config, expected, said)


@pytest.mark.parametrize(
    ("config", "where", "message"),
    [
        ("", "1:1", "a limit needs a window"),
        ("policy: local", "3:3", "a limit needs a window"),
        ("minute: 0", "3:11", "above zero, not 0"),
        ("minute: -1", "3:11", "above zero"),
        ("second: 5\nhour: 4", "4:9", 'must not be below "second", which allows 5'),
        ("minute: many", "3:11", "must be a number"),
        ("minute: '5'", "3:11", "must be a number"),
        ("minute: 5\nlimit_by: user", "4:13", "must be one of consumer, credential, ip"),
        ("minute: 5\nlimit_by: ${BY}", "4:13", "is needed to convert"),
        ("minute: 5\nlimit_by: header", "3:3", '"header_name" is missing'),
        ("minute: 5\nlimit_by: path", "3:3", '"path" is missing'),
        ("minute: 5\nlimit_by: path\npath: a", "5:9", 'must start with "/"'),
        ("minute: 5\npolicy: disk", "4:11", "must be one of local, cluster, redis"),
        ("minute: 5\npolicy: redis", "3:3", 'needs "redis.host"'),
        ("minute: 5\nerror_code: 0", "4:15", "above zero"),
        (
            "minute: 5\npolicy: redis\nredis: {host: a}\nredis_host: b",
            "6:15",
            'old name of "redis.host"',
        ),
    ],
)
def test_refused(config: str, where: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_with(rate_limit, "rate-limiting", config)
    assert str(caught.value.position) == f"kong.yaml:{where}"


COUNTERS = [ResponseLimit("video", [Rate(MINUTE, 5)]), ResponseLimit("image", [Rate(HOUR, 9)])]

RESPONSE_LIMITS: list[tuple[str, ResponseRateLimit, tuple[Said, ...]]] = [
    (
        "limits: {video: {minute: 5}, image: {hour: 9}}",
        ResponseRateLimit(counters=COUNTERS),
        (),
    ),
    (
        (
            "limits: {video: {minute: 5}}\nheader_name: X-Used\nlimit_by: ip\npolicy: cluster\n"
            "fault_tolerant: false\nhide_client_headers: true\nblock_on_first_violation: true"
        ),
        ResponseRateLimit(
            header_name="X-Used",
            counters=COUNTERS[:1],
            key_type=RateLimitKey.IP_ADDRESS,
            store=RateLimitStore.CLUSTER,
            fail_open=False,
            hide_headers=True,
            refuse_all_on_first=True,
        ),
        (),
    ),
    (
        "limits: {video: {minute: 5}}\npolicy: redis\nredis: {host: cache.test}",
        ResponseRateLimit(
            counters=COUNTERS[:1],
            store=RateLimitStore.REDIS,
            extensions={"kong": {"redis": {"host": "cache.test"}}},
        ),
        ((*CARRIED, "config.redis", "only Kong is told"),),
    ),
]


@pytest.mark.parametrize(
    ("config", "expected", "said"), RESPONSE_LIMITS, ids=["counters", "all fields", "redis"]
)
def test_response_rate_limit(
    config: str, expected: ResponseRateLimit, said: tuple[Said, ...]
) -> None:
    check(response_rate_limit, "response-ratelimiting", config, expected, said)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("policy: local", "at least one counter"),
        ("limits: {}", "at least one counter"),
        ("limits: {video: {}}", "a limit needs a window"),
        ("limits: {video: 5}", "must be a mapping"),
        ("limits: {video: {minute: 5}}\nlimit_by: header", "must be one of consumer"),
    ],
)
def test_refused_responses(config: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_with(response_rate_limit, "response-ratelimiting", config)


@pytest.mark.parametrize(
    ("field", "path"),
    [("limits", "config.hour"), ("store", "config.policy"), ("key_type", "config")],
)
def test_origins_point_at_the_settings(field: str, path: str) -> None:
    """A setting that is not there is located as closely as can be."""
    made, _, _ = read_with(rate_limit, "rate-limiting", "hour: 5\npolicy: local")
    assert made.origin.locate(field)[0].path == path


def test_secrets_are_not_said() -> None:
    config = "minute: 5\npolicy: redis\nredis: {host: a, password: hidden-word}"
    _, said, _ = read_with(rate_limit, "rate-limiting", config)
    assert "hidden-word" not in str(said)
