"""How many requests get through, on the running Envoy. Counts refill evenly, so the windows here
are long enough for none to come back within a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.gateways.cases import ANY, Group, Request, Row, Stage, cases, get, gets, sees
from tests.gateways.gal_text import service
from tests.gateways.gal_text import to_envoy as gal_to_envoy
from tests.gateways.kong_text import declared, route, to_envoy

NUMBER = re.compile(r"\d+")


def limit(settings: str) -> str:
    return f"{{name: rate-limiting, config: {{{settings}}}}}"


def away(path: str, *headers: str) -> Request:
    """A request from another address."""
    return get(path, *headers, source="127.0.0.2")


KEYS = Group(
    "by what is counted",
    declared(
        route("address", limit("hour: 2, limit_by: ip"))
        + route("consumer", limit("hour: 1"))
        + route("header", limit("hour: 1, limit_by: header, header_name: x-who"))
        + route("path", limit("hour: 1, limit_by: path, path: /path/a"))
        + route("windows", limit("minute: 1, hour: 2, limit_by: ip"))
        + route("service", limit("hour: 2, limit_by: service"))
        + route("text", limit("hour: 1, limit_by: ip, error_code: 430, error_message: 'no, \"%\"'"))
        + route("hidden", limit("hour: 1, limit_by: ip, hide_client_headers: true"))
        + route("answered", limit("hour: 1, limit_by: ip"), "{name: request-termination}")
        + "- {name: several, paths: [/one, /two], hosts: [localhost, other.test],"
        + " plugins: ["
        + limit("hour: 2, limit_by: ip")
        + "]}\n"
    ),
    Row(
        "within and beyond",
        get("/address", times=3),
        sees(count=2),
        gets(200, 200, 429, headers={"x-ratelimit-remaining": "0"}),
    ),
    Row("another address", away("/address"), gets(200)),
    Row(
        "what is left",
        away("/address"),
        gets(
            200,
            headers={
                "ratelimit-limit": "2",
                "ratelimit-remaining": "0",
                "ratelimit-reset": NUMBER,
                "x-ratelimit-limit": "2",
            },
        ),
    ),
    Row(
        "no consumer: the address",
        [get("/consumer", times=2), away("/consumer")],
        gets(200, 429, 200),
    ),
    Row(
        "header",
        [
            get("/header", "x-who: a", times=2),
            get("/header", "x-who: b"),
            get("/header", times=2),
            away("/header"),
            away("/header", "x-who: a"),
        ],
        gets(200, 429, 200, 200, 429, 200, 429),
    ),
    Row(
        "path",
        [
            get("/path/a"),
            away("/path/a?x=1"),
            get("/path/b"),
            get("/path/c"),
            away("/path/a/b"),
        ],
        gets(200, 429, 200, 429, 200),
    ),
    Row("the shorter window", get("/windows", times=2), gets(200, 429)),
    Row("all clients", [get("/service"), away("/service"), get("/service")], gets(200, 200, 429)),
    Row(
        "text",
        get("/text", times=2),
        gets(
            200, 430, body={"message": 'no, "%"'}, headers={"content-type": re.compile(".*json.*")}
        ),
    ),
    Row(
        "hidden",
        get("/hidden", times=2),
        gets(200, 429, headers={"ratelimit-limit": None, "x-ratelimit-limit": None}),
    ),
    Row("own answers", get("/answered", times=2), gets(503, 429)),
    Row("an upstream's own", get("/open", "x-want-status: 429"), gets(429, body=ANY)),
    Row(
        "one count for all paths and hosts",
        [get("/one"), get("/two", host="other.test"), get("/two")],
        gets(200, 200, 429),
    ),
    Row("open", get("/open", times=5), gets(200)),
)

SHARED = Group(
    "scopes",
    declared(
        route("a") + route("b") + route("own", limit("hour: 1, limit_by: ip")),
        "  plugins: [" + limit("hour: 3, limit_by: ip") + "]\n",
    ),
    Row(
        "one count for the service",
        [get("/a"), get("/b"), get("/open"), get("/a"), get("/b")],
        gets(200, 200, 200, 429, 429),
    ),
    Row("another address", away("/b"), gets(200)),
    Row("the route's own", get("/own", times=2), gets(200, 429)),
)

CONSUMERS = Group(
    "consumers",
    declared(
        route("key", "{name: key-auth}", limit("hour: 2"))
        + route("free", "{name: key-auth}")
        + route("special", "{name: key-auth}", limit("hour: 2"))
        + route("credential", "{name: key-auth}", limit("hour: 1, limit_by: credential"))
        + route("address", "{name: key-auth}", limit("hour: 1, limit_by: ip"))
        + route("guests", "{name: key-auth, config: {anonymous: guest}}", limit("hour: 1")),
        """
consumers:
- username: alice
  keyauth_credentials: [{key: alice-1}, {key: alice-2}]
- {username: bob, keyauth_credentials: [{key: bob-key}]}
- {username: guest}
- username: small
  keyauth_credentials: [{key: small-key}]
  plugins: [{name: rate-limiting, config: {hour: 1, error_message: small}}]
- username: big
  keyauth_credentials: [{key: big-key}]
  plugins: [{name: rate-limiting, config: {hour: 4, error_message: small}}]
- username: off
  keyauth_credentials: [{key: off-key}]
plugins:
- {name: rate-limiting, consumer: big, route: special, config: {hour: 3}}
""",
    ),
    Row(
        "both keys of one count together",
        [
            get("/key", "apikey: alice-1"),
            get("/key", "apikey: alice-2"),
            get("/key?apikey=alice-1"),
        ],
        gets(200, 200, 429),
    ),
    Row("from everywhere", away("/key", "apikey: alice-1"), gets(429)),
    Row("another consumer", get("/key", "apikey: bob-key", times=3), gets(200, 200, 429)),
    Row("no consumer does not count", get("/key", times=4), gets(401)),
    Row("a smaller one", get("/key", "apikey: small-key", times=2), gets(200, 429)),
    Row(
        "what is left, among several limits",
        get("/guests", "apikey: big-key"),
        gets(
            200,
            headers={
                "ratelimit-limit": ["4"],
                "ratelimit-remaining": ["3"],
                "x-ratelimit-limit": ["4"],
            },
        ),
    ),
    Row(
        "nothing to tell",
        get("/free", "apikey: bob-key"),
        gets(200, headers={"ratelimit-limit": None, "x-ratelimit-limit": None}),
    ),
    Row("and everywhere", get("/free", "apikey: small-key"), gets(429, body={"message": "small"})),
    Row("a bigger one", get("/key", "apikey: big-key", times=4), gets(200, 200, 200, 429)),
    Row("another one here", get("/special", "apikey: big-key", times=4), gets(200, 200, 200, 429)),
    Row("without one", get("/free", "apikey: bob-key", times=5), gets(200)),
    Row(
        "by credential",
        [
            get("/credential", "apikey: alice-1", times=2),
            get("/credential", "apikey: alice-2", times=2),
        ],
        gets(200, 429, 200, 429),
    ),
    Row(
        "by address",
        [get("/address", "apikey: bob-key"), get("/address", "apikey: alice-1")],
        gets(200, 429),
    ),
    Row("all guests together", [get("/guests"), away("/guests")], gets(200, 429)),
)

BUCKETS = Group(
    "buckets",
    service("""
- path_prefix: /burst
  rate_limit: {limits: [1/1h], burst: 3, algorithm: token_bucket}
- path_prefix: /queue
  rate_limit: {limits: [1/1h], burst: 1, algorithm: leaky_bucket}
- path_prefix: /second
  rate_limit: {requests_per_second: 2, burst: 4, response: {status_code: 503, message: busy}}
- path_prefix: /part
  rate_limit: {limits: [0.5/1h]}
- path_prefix: /fast
  rate_limit: {limits: [2/10ms]}
- path_prefix: /refills
  rate_limit: {limits: [2/2s], key_type: none}
- path_prefix: /off
  rate_limit: {enabled: false, limits: [1/1h]}
"""),
    Row("burst", get("/burst", times=4), gets(200, 200, 200, 429)),
    Row("queue", get("/queue", times=3), gets(200, 200, 429)),
    Row("burst of seconds", get("/second", times=5), gets(200, 200, 200, 200, 503)),
    Row("half a request", get("/part", times=2), gets(200, 429)),
    Row("shorter than Envoy's shortest", get("/fast"), gets(200)),
    Row(
        "refills",
        [get("/refills", times=3), get("/refills", after=1.1)],
        gets(200, 200, 429, 200),
    ),
    Row("switched off", get("/off", times=3), gets(200)),
    Row("neighbour", get("/neighbour", times=5), gets(200)),
)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(to_envoy) as stage:
        yield stage


@pytest.fixture(scope="module")
def gal_stage() -> Iterator[Stage]:
    with Stage(gal_to_envoy) as stage:
        yield stage


@pytest.mark.parametrize(("group", "row"), cases([KEYS, SHARED, CONSUMERS]))
def test_kong(stage: Stage, group: Group, row: Row) -> None:
    stage.check(group, row)


@pytest.mark.parametrize(("group", "row"), cases([BUCKETS]))
def test_gal(gal_stage: Stage, group: Group, row: Row) -> None:
    gal_stage.check(group, row)
