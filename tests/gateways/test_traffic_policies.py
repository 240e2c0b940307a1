"""Ids, sizes, own answers, compression and copies on the running Envoy."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.gateways.cases import (
    Backend,
    Group,
    Row,
    Stage,
    cases,
    get,
    gets,
    post,
    sees,
    unseen,
)
from tests.gateways.gal_text import service, to_envoy

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

IDS = Group(
    "request id",
    service("""
- path_prefix: /id
  request_id: {header_name: X-Corr, echo: true}
- path_prefix: /quiet
  request_id: {}
- path_prefix: /new
  request_id: {header_name: x-corr, keep_existing: false, echo: true}
- path_prefix: /refused
  request_id: {header_name: x-corr, echo: true}
  direct_response: {status_code: 403}
- path_prefix: /copied
  request_id: {header_name: x-corr}
  headers: {request_rename: {x-corr: x-moved}}
"""),
    Row("made", get("/id"), sees(headers={"x-corr": UUID}), gets(200, headers={"x-corr": UUID})),
    Row(
        "kept",
        get("/id", "x-corr: mine", "x-want-header: x-corr: theirs"),
        sees(headers={"x-corr": ["mine"]}),
        gets(200, headers={"x-corr": ["mine"]}),
    ),
    Row(
        "no echo",
        get("/quiet"),
        sees(headers={"x-request-id": UUID}),
        gets(200, headers={"x-request-id": None}),
    ),
    Row("not kept", get("/new", "x-corr: mine"), sees(headers={"x-corr": UUID})),
    Row("own answers", get("/refused"), gets(403, headers={"x-corr": UUID})),
    Row("later filters see it", get("/copied"), sees(headers={"x-corr": None, "x-moved": UUID})),
    Row("neighbour", get("/neighbour"), sees(headers={"x-corr": None, "x-request-id": None})),
)

SIZES = Group(
    "size limit",
    service("""
- path_prefix: /ten
  size_limit: {max_body: 10}
- path_prefix: /length
  size_limit: {max_body: 2MiB, require_content_length: true}
"""),
    Row("equal", post("/ten", body=b"x" * 10), sees(body=b"x" * 10), gets(200)),
    Row("more", post("/ten", body=b"x" * 11), unseen(), gets(413)),
    Row("chunks", post("/ten", body=[b"x" * 6, b"x" * 5]), unseen(), gets(413)),
    Row("no body", get("/ten"), sees("/ten"), gets(200)),
    Row("two megabytes", post("/length", body=b"x" * 2**21), gets(200)),
    Row("and more", post("/length", body=b"x" * (2**21 + 1)), unseen(), gets(413)),
    Row(
        "no length",
        get("/length"),
        unseen(),
        gets(411, body={"message": "A valid Content-Length header is required"}),
    ),
    Row("length of nothing", post("/length"), gets(200)),
    Row("chunks say their length", post("/length", body=[b"abc"]), sees(body=b"abc"), gets(200)),
    Row("neighbour", get("/neighbour"), gets(200)),
    Row("neighbour, large", post("/neighbour", body=b"x" * 3_000_000), gets(200)),
)

REDIRECTS = Group(
    "redirect",
    service(r"""
- path_prefix: /absolute
  redirect: {location: "https://n.test:8443/x?y=1", status_code: 302}
- path_prefix: /bare
  redirect: {location: "https://n.test"}
- path_prefix: /relative
  redirect: {location: "/new?a=100%#f", status_code: 303}
- path_prefix: /keep
  redirect: {location: "https://n.test/base/", keep_path: true, status_code: 307}
- path_prefix: /root-kept
  redirect: {location: "https://n.test", keep_path: true, strip_query: true}
- path_prefix: /parts
  redirect: {scheme: https, host: n.test, port: 444, path: /p, status_code: 308}
- path_prefix: /scheme
  redirect: {scheme: https, strip_query: true}
- path_prefix: /odd
  redirect: {location: "https://n.test/", status_code: 300}
- path_prefix: /both
  redirect: {location: "https://n.test/", status_code: 302}
  direct_response: {status_code: 503, trigger: x-trigger}
"""),
    *(
        Row(
            path,
            get(path, host="h.test:81"),
            unseen(),
            gets(status, headers={"location": [location]}, body=b""),
        )
        for path, status, location in [
            ("/absolute/z?q=1", 302, "https://n.test:8443/x?y=1"),
            ("/bare/z?q=1", 301, "https://n.test"),
            ("/relative/z?q=1", 303, "/new?a=100%#f"),
            ("/keep/z?q=1", 307, "https://n.test/base/keep/z?q=1"),
            ("/root-kept/z?q=1", 301, "https://n.test/root-kept/z"),
            ("/parts/z?q=1", 308, "https://n.test:444/p?q=1"),
            ("/scheme/z?q=1", 301, "https://h.test:81/scheme/z"),
            ("/odd", 302, "https://n.test/"),
            ("/both?x-trigger", 302, "https://n.test/"),
        ]
    ),
    Row("neighbour", get("/neighbour"), sees("/neighbour"), gets(200)),
)

ANSWERS = Group(
    "direct response",
    service(
        """
- path_prefix: /message
  direct_response: {status_code: 451, message: 'no "100%" é'}
- path_prefix: /body
  direct_response: {status_code: 200, body: "<b>50% %REQ(x)%</b>", content_type: text/html}
- path_prefix: /plain
  direct_response: {status_code: 200, body: "50% %REQ(x)%"}
- path_prefix: /nothing
  direct_response: {status_code: 503}
- path_prefix: /large
  direct_response: {status_code: 200, body: "LARGE"}
- path_prefix: /low
  direct_response: {status_code: 102}
- path_prefix: /trigger
  direct_response: {status_code: 418, body: tea, trigger: X-Tea}
- path_prefix: /headers
  direct_response: {status_code: 200}
  headers: {response_add: {x-a: "1"}}
- path_prefix: /elsewhere
  direct_response: {status_code: 302}
  headers: {response_remove: [x-b]}
- path_prefix: /made
  direct_response: {status_code: 201, trigger: x-tea}
""".replace("LARGE", "x" * 5000)
    ),
    Row(
        "message",
        get("/message"),
        unseen(),
        gets(
            451,
            headers={"content-type": "application/json; charset=utf-8"},
            body='{"message":"no \\"100%\\" é"}',
        ),
    ),
    Row(
        "body",
        get("/body"),
        gets(200, headers={"content-type": "text/html"}, body="<b>50% %REQ(x)%</b>"),
    ),
    Row("plain", get("/plain"), gets(200, body="50% %REQ(x)%")),
    Row("nothing", get("/nothing"), gets(503, body=b"")),
    Row("large", get("/large"), gets(200, body="x" * 5000)),
    Row("a status that cannot be", get("/low"), gets(503)),
    Row("no trigger", get("/trigger"), sees("/trigger"), gets(200)),
    Row("trigger in a header", get("/trigger", "x-tea: 0"), unseen(), gets(418, body="tea")),
    Row("trigger in the query", get("/trigger?a&X-Tea=1"), unseen(), gets(418)),
    Row("trigger without a value", get("/trigger?X-Tea"), unseen(), gets(418)),
    Row("the query minds case", get("/trigger?x-tea"), sees("/trigger?x-tea"), gets(200)),
    Row("headers", get("/headers"), gets(200, headers={"x-a": "1"})),
    Row("a redirect to nowhere", get("/elsewhere"), gets(302, headers={"location": None})),
    Row("nothing made", get("/made", "x-tea: 1"), gets(201, headers={"location": None})),
    Row("neighbour", get("/neighbour", "x-tea: 1"), sees("/neighbour"), gets(200)),
)

LONG = "x-want-header: Content-Type: application/json"
TEXT = "x-want-header: Content-Type: text/x-own"

COMPRESSION = Group(
    "compression",
    service("""
- path_prefix: /alone
  compression: {level: 9}
- path_prefix: /own
  compression: {algorithms: [gzip], content_types: [text/x-own], min_size: 20}
- path_prefix: /br-gzip
  compression: {algorithms: [br, gzip, snappy]}
- path_prefix: /gzip-br
  compression: {algorithms: [gzip, br]}
- path_prefix: /zstd
  compression: {algorithms: [zstd]}
- path_prefix: /changed
  compression: {}
  transformation: {response: {remove: [upstream, headers]}}
"""),
    *(
        Row(
            f"{path} {accepted}",
            get(path, f"accept-encoding: {accepted}", *more),
            gets(200, headers={"content-encoding": coding}),
        )
        for path, accepted, coding, more in [
            ("/alone", "gzip", "gzip", ()),
            ("/alone", "br", None, ()),
            ("/alone", "identity", None, ()),
            ("/alone", "gzip", None, (TEXT,)),
            ("/own", "gzip", "gzip", (TEXT, "x-want-body: " + "x" * 20)),
            ("/own", "gzip", None, (TEXT, "x-want-body: " + "x" * 19)),
            ("/own", "gzip", None, (LONG,)),
            ("/br-gzip", "gzip, br", "br", ()),
            ("/br-gzip", "gzip", "gzip", ()),
            ("/br-gzip", "br;q=0.1, gzip", "gzip", ()),
            ("/gzip-br", "br, gzip", "gzip", ()),
            ("/gzip-br", "br", "br", ()),
            ("/zstd", "zstd", "zstd", ()),
            ("/changed", "gzip", "gzip", ()),
            ("/neighbour", "gzip, br, zstd", None, ()),
        ]
    ),
)

MIRROR = Group(
    "mirror",
    """
version: "1.0"
upstreams:
- name: shadow
  targets: [{host: '{shadow_host}', port: {shadow_port}}]
services:
- name: main
  upstream: {host: '{upstream_host}', port: {upstream_port}}
  routes:
  - path_prefix: /mirror
    mirror: {upstream: shadow}
    headers: {request_set: {x-a: "1"}}
  - path_prefix: /never
    mirror: {upstream: shadow, percent: 0}
  - path_prefix: /neighbour
""",
    Row(
        "copy",
        post("/mirror?q", body=b"abc", host="a.test"),
        sees("/mirror?q", upstream="upstream", body=b"abc"),
        sees(
            "/mirror?q",
            upstream="shadow",
            method="POST",
            body=b"abc",
            host="a.test",
            headers={"x-a": "1"},
        ),
        gets(200, headers={"x-upstream": "upstream"}),
    ),
    Row("none", get("/never"), sees(upstream="upstream"), unseen("shadow"), gets(200)),
    Row("neighbour", get("/neighbour"), sees(upstream="upstream"), unseen("shadow"), gets(200)),
    backends=[Backend(), Backend("shadow")],
)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(to_envoy) as stage:
        yield stage


@pytest.mark.parametrize(
    ("group", "row"), cases([IDS, SIZES, REDIRECTS, ANSWERS, COMPRESSION, MIRROR])
)
def test_traffic(stage: Stage, group: Group, row: Row) -> None:
    stage.check(group, row)
