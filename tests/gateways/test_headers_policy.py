"""Headers, query parameters and the request line on the running Envoy."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.gateways.cases import Group, Row, Stage, cases, get, gets, post, request, sees
from tests.gateways.gal_text import service, to_envoy

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def wants(*headers: str) -> tuple[str, ...]:
    """Headers that the upstream answers with."""
    return tuple(f"x-want-header: {header}" for header in headers)


HEADERS = Group(
    "headers",
    service("""
- path_prefix: /remove
  headers: {request_remove: [x-a, Host], response_remove: [x-b]}
- path_prefix: /rename
  headers: {request_rename: {x-old: x-new}, response_rename: {x-old: x-new}}
- path_prefix: /values
  headers:
    request_replace: {x-r: "1", x-m: ["1", "2"]}
    request_set:
      x-s: ["1", "2"]
      x-id: "a-{{uuid}}"
      x-at: "{{timestamp}}"
      x-odd: '50% "off" %REQ(x)%'
    request_default: {x-d: "1", x-dm: ["1", "2"], x-did: "{{uuid}}"}
    request_add: {x-add: ["2", "3"], x-empty: ""}
    response_replace: {x-r: "1", x-m: ["1", "2"]}
    response_set: {x-s: "1"}
    response_default: {x-d: "1"}
    response_add: {x-add: ["2", "3"]}
- path_prefix: /order
  headers:
    request_remove: [x-a]
    request_rename: {x-b: x-a}
    request_replace: {x-a: replaced}
    request_default: {x-a: default}
    request_add: {x-a: added}
- path_prefix: /host
  headers: {request_set: {Host: "other.test:81"}}
"""),
    Row(
        "remove",
        get("/remove", "X-A: 1", "x-a: 2", *wants("X-B: 1", "x-c: 1")),
        sees("/remove", host="localhost", headers={"x-a": None}),
        gets(200, headers={"x-b": None, "x-c": "1"}),
    ),
    Row(
        "rename moves all values",
        get("/rename", "X-Old: 1", "x-old: 2", "x-new: 0", *wants("x-old: 1", "x-old: 2")),
        sees("/rename", headers={"x-old": None, "x-new": ["1", "2"]}),
        gets(200, headers={"x-old": None, "x-new": ["1", "2"]}),
    ),
    Row(
        "rename of an absent header does nothing",
        get("/rename", "x-new: 0", *wants("x-new: 0")),
        sees("/rename", headers={"x-old": None, "x-new": ["0"]}),
        gets(200, headers={"x-new": ["0"]}),
    ),
    Row(
        "values, absent",
        get("/values"),
        sees(
            "/values",
            headers={
                "x-r": None,
                "x-m": None,
                "x-s": ["1", "2"],
                "x-id": re.compile("a-" + UUID.pattern),
                "x-at": TIME,
                "x-odd": '50% "off" %REQ(x)%',
                "x-d": ["1"],
                "x-dm": ["1", "2"],
                "x-did": UUID,
                "x-add": ["2", "3"],
                "x-empty": "",
            },
        ),
        gets(
            200,
            headers={"x-r": None, "x-m": None, "x-s": "1", "x-d": "1", "x-add": ["2", "3"]},
        ),
    ),
    Row(
        "values, present",
        get(
            "/values",
            *(f"x-{name}: 0" for name in ("r", "r", "m", "s", "d", "dm", "did", "add")),
            *wants(*(f"x-{name}: 0" for name in ("r", "r", "m", "s", "d", "add"))),
        ),
        sees(
            "/values",
            headers={
                "x-r": ["1"],
                "x-m": ["1", "2"],
                "x-s": ["1", "2"],
                "x-d": ["0"],
                "x-dm": ["0"],
                "x-did": ["0"],
                "x-add": ["0", "2", "3"],
            },
        ),
        gets(
            200,
            headers={
                "x-r": ["1"],
                "x-m": ["1", "2"],
                "x-s": ["1"],
                "x-d": ["0"],
                "x-add": ["0", "2", "3"],
            },
        ),
    ),
    Row("order, nothing there", get("/order"), sees(headers={"x-a": ["default", "added"]})),
    Row("order, removed", get("/order", "x-a: 1"), sees(headers={"x-a": ["default", "added"]})),
    Row(
        "order, renamed then replaced",
        get("/order", "x-a: 1", "x-b: 2"),
        sees(headers={"x-a": ["replaced", "added"], "x-b": None}),
    ),
    Row("host", get("/host", host="a.test"), sees("/host", host="other.test:81")),
    Row(
        "neighbour",
        get("/neighbour", "x-a: 1", "x-old: 1", host="a.test"),
        sees("/neighbour", host="a.test", headers={"x-a": "1", "x-old": "1", "x-d": None}),
    ),
)

HOSTS = Group(
    "host of the target",
    """
version: "1.0"
services:
- name: main
  upstream:
    targets:
    - {host: localhost, port: {upstream_port}}
    - {host: 127.0.0.1, port: {upstream_port}}
    host_header: {mode: target}
  routes:
  - path_prefix: /set
    headers: {request_replace: {host: other.test}}
  - path_prefix: /neighbour
""",
    Row("set", get("/set", host="a.test"), sees(host="other.test"), gets(200)),
    Row(
        "neighbour",
        get("/neighbour", host="a.test"),
        sees(host=re.compile("(localhost|127.0.0.1).*")),
    ),
)

LEVELS = Group(
    "service and route headers",
    """
version: "1.0"
services:
- name: main
  upstream: {host: '{upstream_host}', port: {upstream_port}}
  transformation:
    headers:
      request_set: {x-both: service, x-service: "1"}
      request_add: {x-list: service}
      response_set: {x-both: service}
  routes:
  - path_prefix: /both
    headers:
      request_rename: {x-old: x-new}
      request_set: {x-both: route}
      request_add: {x-list: route}
      response_set: {x-both: route}
  - path_prefix: /service
""",
    Row(
        "service first",
        get("/both", "x-old: 1"),
        sees(
            headers={
                "x-both": ["route"],
                "x-service": "1",
                "x-list": ["service", "route"],
                "x-new": "1",
            }
        ),
        gets(200, headers={"x-both": ["route"]}),
    ),
    Row(
        "service alone",
        get("/service"),
        sees(headers={"x-both": ["service"], "x-list": ["service"]}),
        gets(200, headers={"x-both": "service"}),
    ),
)

QUERY = Group(
    "query",
    service("""
- path_prefix: /remove
  query: {remove: [a, "b c"]}
- path_prefix: /rename
  query: {rename: {old: "n w", same: same}}
- path_prefix: /values
  query:
    replace: {r: "1 &2", m: ["1", "2"]}
    set: {s: "1", S: "%2B+"}
    default: {d: ["1", "2"]}
    add: {add: ["1", ""]}
"""),
    *(
        Row(f"{sent or 'nothing'}", get(f"{path}{sent}"), sees(f"{path}{seen}"), gets(200))
        for path, sent, seen in [
            ("/remove", "?a=1&x=2&a&%61=3&A=4", "?x=2&A=4"),
            ("/remove", "?b+c=1&b%20c=2&bc=3", "?bc=3"),
            ("/remove", "?a=1", ""),
            ("/remove", "?x=a%26b%3Dc+d&y=%2f%2F&&z", "?x=a%26b%3Dc+d&y=%2f%2F&&z"),
            ("/remove", "?", "?"),
            ("/remove", "", ""),
            ("/remove", "?x=a?b=c&a=d?e", "?x=a?b=c"),
            ("/remove", "?x=%zz&%=1&a=%", "?x=%zz&%=1"),
            ("/rename", "?old=1&x=2&old=%20&n%20w=3&same=4", "?n%20w=1&x=2&n%20w=%20&same=4"),
            ("/rename", "?old&x=old", "?n%20w&x=old"),
            ("/rename", "?n+w=3", "?n+w=3"),
            (
                "/values",
                "",
                "?s=1&S=%252B%2B&d=1&d=2&add=1&add=",
            ),
            (
                "/values",
                "?r=0&s=0&d=&r=9&m&add=0&s=2",
                "?r=1%20%262&s=1&d=&m=1&m=2&add=0&S=%252B%2B&add=1&add=",
            ),
        ]
    ),
    Row("neighbour", get("/neighbour?a=1&r=%20"), sees("/neighbour?a=1&r=%20")),
)

LINES = Group(
    "request line",
    service("""
- path_prefix: /method
  request_line: {method: put}
- path_prefix: /path
  request_line: {path: '/new/a b\\1%/'}
- path_prefix: /both
  methods: [GET]
  request_line: {method: DELETE, path: /x}
"""),
    Row("method", get("/method?q=1"), sees("/method?q=1", method="PUT"), gets(200)),
    Row("method, body", post("/method", body=b"abc"), sees(method="PUT", body=b"abc")),
    Row("path", get("/path/y?q=%41"), sees("/new/a%20b%5C1%/?q=%41", method="GET"), gets(200)),
    Row("both", get("/both/z?q"), sees("/x?q", method="DELETE"), gets(200)),
    Row("the route is chosen before", request("PUT", "/both"), gets(404)),
    Row("neighbour", get("/neighbour"), sees("/neighbour", method="GET")),
)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(to_envoy) as stage:
        yield stage


@pytest.mark.parametrize(("group", "row"), cases([HEADERS, HOSTS, LEVELS, QUERY, LINES]))
def test_case(stage: Stage, group: Group, row: Row) -> None:
    stage.check(group, row)
