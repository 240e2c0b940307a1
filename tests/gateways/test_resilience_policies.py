"""Retries, deadlines and the circuit breaker on the running Envoy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateways.cases import Group, Row, Stage, cases, get, gets, post, sees, unseen
from tests.gateways.gal_text import service, to_envoy

RETRY = Group(
    "retry",
    service("""
- path_prefix: /statuses
  retry: {attempts: 2, status_codes: [503, 429]}
- path_prefix: /methods
  retry: {attempts: 2, status_codes: [503], methods: [GET, HEAD]}
- path_prefix: /connection
  retry: {attempts: 3}
- path_prefix: /timeouts
  retry: {attempts: 1, on_timeout: true, attempt_timeout: 300ms, methods: [GET]}
- path_prefix: /reads
  method: GET
  retry: {attempts: 1, on_timeout: true}
  timeout: {read: 300ms}
- path_prefix: /once
  retry: {attempts: 2, on_timeout: true}
  timeout: {read: 300ms}
- path_prefix: /limited
  retry: {attempts: 1, attempt_timeout: 300ms}
- path_prefix: /no-retry
  retry: {attempts: 0, status_codes: [503]}
- path_prefix: /slow-retry
  retry: {attempts: 1, status_codes: [503], backoff: 10ms, max_backoff: 20ms}
"""),
    Row("at last", get("/statuses", "x-want-status: 503 429 200"), sees(count=3), gets(200)),
    Row("in vain", get("/statuses", "x-want-status: 503"), sees(count=3), gets(503)),
    Row("others", get("/statuses", "x-want-status: 500 200"), sees(count=1), gets(500)),
    Row(
        "with the body",
        post("/statuses", "x-want-status: 503 200", body=b"abc"),
        sees(count=2, body=b"abc"),
        gets(200),
    ),
    Row("GET", get("/methods", "x-want-status: 503 200"), sees(count=2), gets(200)),
    Row("POST", post("/methods", "x-want-status: 503 200"), sees(count=1), gets(503)),
    Row(
        "what reached the upstream is not sent again",
        post("/connection", "x-want-status: reset 200"),
        sees(count=1),
        gets(502),
    ),
    Row(
        "slow attempt",
        get("/timeouts", "x-want-delay: 1"),
        sees(count=2),
        gets(504, within=(0.55, 0.95)),
    ),
    Row(
        "slow read of what must not be done twice",
        post("/once", "x-want-delay: 1"),
        sees(count=1),
        gets(504),
    ),
    Row(
        "slow read", get("/reads", "x-want-delay: 1"), sees(count=2), gets(504, within=(0.55, 0.95))
    ),
    Row(
        "an attempt's end without another",
        get("/limited", "x-want-delay: 1"),
        sees(count=1),
        gets(504, within=(0.25, 0.6)),
    ),
    Row("none", get("/no-retry", "x-want-status: 503 200"), sees(count=1), gets(503)),
    Row("pause", get("/slow-retry", "x-want-status: 503 200"), sees(count=2), gets(200)),
    Row("neighbour", get("/neighbour", "x-want-status: 503 200"), sees(count=1), gets(503)),
)

DEAD = Group(
    "retry on another host",
    """
version: "1.0"
services:
- name: main
  upstream:
    targets:
    - {host: 127.0.0.1, port: {refused_port}}
    - {host: '{upstream_host}', port: {upstream_port}}
  routes:
  - path_prefix: /retry
    retry: {attempts: 2}
  - path_prefix: /none
    retry: {attempts: 0}
""",
    Row(
        "always the living one", post("/retry", body=b"abc", times=6), sees(body=b"abc"), gets(200)
    ),
)

TIMEOUTS = Group(
    "timeout",
    service("""
- path_prefix: /request
  timeout: {request: 300ms}
- path_prefix: /read
  timeout: {read: 300ms}
- path_prefix: /unset
  timeout: {connect: 1s}
- path_prefix: /for-ever
  timeout: {request: 0s, read: 0s}
"""),
    Row("request", get("/request", "x-want-delay: 1"), gets(504, within=(0.25, 0.7))),
    Row("read", get("/read", "x-want-delay: 1"), gets(504, within=(0.25, 0.7))),
    Row("in time", get("/read", "x-want-delay: 0.1"), gets(200)),
    Row("unset", get("/unset", "x-want-delay: 1"), gets(200)),
    Row("for ever", get("/for-ever", "x-want-delay: 1"), gets(200)),
    Row("neighbour", get("/neighbour", "x-want-delay: 1"), gets(200)),
)

BREAKER = Group(
    "circuit breaker",
    """
version: "1.0"
services:
- name: guarded
  upstream: {host: '{upstream_host}', port: {upstream_port}}
  routes:
  - path_prefix: /guarded
    circuit_breaker:
      max_failures: 3
      timeout: 1s
      unhealthy_status_codes: [500, 502, 503, 429]
      response: {status_code: 502, message: "try later"}
- name: other
  upstream: {host: '{upstream_host}', port: {upstream_port}}
  routes:
  - path_prefix: /neighbour
""",
    Row("statuses of others", get("/guarded", "x-want-status: 501", times=4), gets(501)),
    Row(
        "not in a row",
        [
            get("/guarded", "x-want-status: 500", times=2),
            get("/guarded"),
            get("/guarded", "x-want-status: 429", times=2),
            get("/guarded"),
        ],
        gets(500, 500, 200, 429, 429, 200),
    ),
    Row("neighbour fails", get("/neighbour", "x-want-status: 500", times=4), gets(500)),
    Row("and opens nothing", get("/guarded"), sees(count=1), gets(200)),
    Row(
        "opens",
        [get("/guarded", "x-want-status: 500", times=2), get("/guarded", "x-want-status: 429")],
        sees(count=3),
        gets(500, 500, 429),
    ),
    Row(
        "is open",
        get("/guarded", times=2),
        unseen(),
        gets(
            502,
            headers={"content-type": "application/json; charset=utf-8"},
            body={"message": "try later"},
        ),
    ),
    Row("neighbour goes on", get("/neighbour"), sees(count=1), gets(200)),
    Row("closes", get("/guarded", after=2.0), sees(count=1), gets(200)),
    Row(
        "the upstream's own answer stays",
        get("/guarded", "x-want-status: 503", "x-want-body: mine"),
        gets(503, body="mine"),
    ),
)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(to_envoy) as stage:
        yield stage


@pytest.mark.parametrize(("group", "row"), cases([RETRY, DEAD, TIMEOUTS, BREAKER]))
def test_resilience(stage: Stage, group: Group, row: Row) -> None:
    stage.check(group, row)
