"""JSON bodies on the running Envoy."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.gateways.cases import (
    Backend,
    Group,
    Reply,
    Request,
    Row,
    Seen,
    Stage,
    cases,
    get,
    gets,
    post,
    request,
    sees,
    unseen,
)
from tests.gateways.gal_text import service, to_envoy

JSON = "content-type: application/json"
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def answer(seen: Seen) -> Reply:
    """An upstream that sends back the body that it got, as the type that `x-type` says."""
    kind = seen.header("x-type") or "application/json"
    return Reply(200, (("content-type", kind),), seen.body)


def body(path: str, text: str, *headers: str) -> Request:
    return post(path, *(headers or (JSON,)), body=text.encode())


OPERATIONS = Group(
    "operations",
    service(r"""
- path_prefix: /defaults
  transformation:
    defaults: {a: 1, b: "x\"y\\é", c: [1, {d: null}], e: false, f: 1.5}
- path_prefix: /computed
  transformation:
    computed_fields:
    - {field: id, generator: uuid, prefix: 'ORD-"'}
    - {field: at, generator: timestamp}
    metadata: {x-meta: "m", x-id: "{{uuid}}"}
- path_prefix: /request
  transformation:
    request:
      remove: [gone, "g\u00e9"]
      rename: {old: new}
      replace: {there: 2}
      default: {miss: 3}
      append: {list: 4}
- path_prefix: /response
  transformation:
    response:
      remove: [gone]
      rename: {old: new}
      replace: {there: 2}
      default: {miss: 3}
      append: {list: "4"}
- path_prefix: /touch
  transformation: {request: {remove: [nothing]}}
""").replace("\\u00e9", "é"),
    *(
        Row(f"{path} {text[:60]}", body(path, text), sees(body=seen.encode()), gets(200))
        for path, text, seen in [
            ("/defaults", "{}", r'{"a":1,"b":"x\"y\\é","c":[1,{"d":null}],"e":false,"f":1.5}'),
            (
                "/defaults",
                '{"f":null,"a":false, "z" : 0.10}',
                r'{"f":null,"a":false,"z":0.10,"b":"x\"y\\é","c":[1,{"d":null}],"e":false}',
            ),
            ("/request", '{"gone":1,"x":2}', '{"x":2,"miss":3,"list":[4]}'),
            ("/request", r'{"g\u00e9":1}', '{"miss":3,"list":[4]}'),
            ("/request", r'{"\u0067one":1,"g\\u00e9":1}', r'{"g\\u00e9":1,"miss":3,"list":[4]}'),
            (
                "/request",
                '{"old":{"a":[1, 2]},"new":1,"y":2}',
                '{"new":{"a":[1, 2]},"y":2,"miss":3,"list":[4]}',
            ),
            ("/request", '{"there":[],"miss":0}', '{"there":2,"miss":0,"list":[4]}'),
            ("/request", '{"list":"a"}', '{"list":["a",4],"miss":3}'),
            ("/request", '{"list":[ ]}', '{"list":[4],"miss":3}'),
            ("/request", '{"list":[1,[2] ]}', '{"list":[1,[2] ,4],"miss":3}'),
            ("/request", '{"x":1,"x":2}', '{"x":2,"miss":3,"list":[4]}'),
            # values and keys stay as the client wrote them
            (
                "/touch",
                '{"b":12345678901234567890,"a":1.0e+2}',
                '{"b":12345678901234567890,"a":1.0e+2}',
            ),
            (
                "/touch",
                '{"a":"\\ud83d\\ude00\\/\\n","é":"ü😀"}',
                '{"a":"\\ud83d\\ude00\\/\\n","é":"ü😀"}',
            ),
            ("/touch", ' \r\n{ "a" : [ true , false , null ] } ', '{"a":[ true , false , null ]}'),
            ("/touch", '{"a":{"nothing":1},"nothing":{"a":"}"}}', '{"a":{"nothing":1}}'),
            ("/touch", '{"nothing":1}', "{}"),
            ("/touch", "{" + '"a":[' * 3 + "]" * 3 + "}", None),
            ("/touch", '{"a":' + "[" * 400 + "]" * 400 + "}", None),
            # what is no JSON object stays
            ("/touch", '{"nothing":' + "[" * 5000 + "]" * 5000 + "}", None),
            *(
                ("/touch", broken, None)
                for broken in [
                    '[{"nothing":1}]',
                    '"nothing"',
                    '{"nothing":1',
                    '{"nothing":1}}',
                    '{"nothing":1,}',
                    '{"nothing" 1}',
                    '{"nothing":}',
                    '{"nothing":01}',
                    '{"nothing":1.}',
                    '{"nothing":.5}',
                    '{"nothing":+1}',
                    '{"nothing":NaN}',
                    '{"nothing":tru}',
                    '{"nothing":"a\nb"}',
                    '{"nothing":"\\x"}',
                    '{"nothing":"\\u12"}',
                    '{"nothing":"a}',
                    "{'nothing':1}",
                    "{nothing:1}",
                    '{"nothing":[1,]}',
                    '{"nothing":[1}',
                    '{"nothing":1} //',
                    "nothing",
                ]
            ),
        ]
        for seen in [text if seen is None else seen]
    ),
    Row("an empty body stays", body("/defaults", ""), sees(body=b""), gets(200)),
    Row("GET", get("/defaults", JSON), sees(body=b""), gets(200)),
    Row(
        "charset",
        body("/touch", '{"nothing":1}', "content-type: Application/JSON; charset=utf-8"),
        sees(body=b"{}", headers={"content-length": "2"}),
    ),
    *(
        Row(
            kind,
            body("/touch", '{"nothing":1}', f"content-type: {kind}"),
            sees(body=b'{"nothing":1}'),
        )
        for kind in ["text/plain", "application/problem+json", "application/jsonx", ""]
    ),
    Row(
        "chunks",
        post("/touch", JSON, body=[b'{"noth', b'ing":1,"a":', b"2}"]),
        sees(body=b'{"a":2}'),
        gets(200),
    ),
    Row(
        "three megabytes",
        body("/touch", '{"nothing":1,"a":"' + "x" * 3_000_000 + '"}'),
        sees(body=b'{"a":"' + b"x" * 3_000_000 + b'"}'),
        gets(200),
    ),
    Row(
        "computed fields",
        body("/computed", '{"id":"forged","a":1}'),
        sees(
            body=re.compile(rf'{{"id":"ORD-\\"{UUID}","a":1,"at":"{TIME}"}}'),
            headers={"x-meta": ["m"], "x-id": re.compile(r"[0-9a-f-]{36}")},
        ),
    ),
    Row(
        "response",
        body("/response", '{"gone":1,"old":1,"there":1,"list":[]}'),
        sees(body=b'{"gone":1,"old":1,"there":1,"list":[]}'),
        gets(
            200,
            headers={"content-length": "41"},
            body=b'{"new":1,"there":2,"list":["4"],"miss":3}',
        ),
    ),
    Row(
        "response of another type",
        body("/response", '{"gone":1}', JSON, "x-type: text/plain"),
        gets(200, body=b'{"gone":1}'),
    ),
    Row("broken response", body("/response", '{"gone":1'), gets(200, body=b'{"gone":1')),
    Row("large response", body("/response", '{"gone":"' + "x" * 2_000_000 + '"}'), gets(200)),
    Row("HEAD", request("HEAD", "/response"), sees(method="HEAD"), gets(200, body=b"")),
    Row(
        "neighbour",
        body("/neighbour", '{"gone": 1}'),
        sees(body=b'{"gone": 1}', headers={"x-meta": None}),
        gets(200, body=b'{"gone": 1}'),
    ),
    backends=[Backend(respond=answer)],
)

REQUIRED = Group(
    "required fields",
    service(r"""
- path_prefix: /both
  transformation:
    validation: {required_fields: [name, 'e"mail']}
    defaults: {a: 1}
- path_prefix: /only
  transformation: {validation: {required_fields: [name]}}
"""),
    Row(
        "there",
        body("/both", '{"name":null,"e\\"mail":""}'),
        sees(body=b'{"name":null,"e\\"mail":"","a":1}'),
        gets(200),
    ),
    Row(
        "missing",
        body("/both", '{"names":1}'),
        unseen(),
        gets(
            400,
            headers={"content-type": "application/json; charset=utf-8"},
            body={"message": 'missing fields: name, e"mail'},
        ),
    ),
    Row("nested", body("/only", '{"a":{"name":1}}'), unseen(), gets(400)),
    *(
        Row(
            f"refused: {kind} {text[:20]}",
            post("/only", kind, body=text.encode()),
            unseen(),
            gets(400),
        )
        for kind, text in [
            (JSON, ""),
            (JSON, "[]"),
            (JSON, '{"name":1'),
            (JSON, '{"name":1}x'),
            (JSON, "[" * 100_000),
            (JSON, '{"a":' * 100_000),
            ("content-type: text/plain", '{"name":1}'),
            ("x-a: b", '{"a":1}'),
        ]
    ),
    Row("stays as it is", body("/only", '{"name" :1}'), sees(body=b'{"name" :1}'), gets(200)),
    Row("GET without a body", get("/only"), sees("/only"), gets(200)),
    Row("GET of JSON", get("/only", JSON), unseen(), gets(400)),
    Row("POST without a body", post("/only"), sees("/only"), gets(200)),
    Row("neighbour", body("/neighbour", "{}"), sees(body=b"{}"), gets(200)),
)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(to_envoy) as stage:
        yield stage


@pytest.mark.parametrize(("group", "row"), cases([OPERATIONS, REQUIRED]))
def test_transformation(stage: Stage, group: Group, row: Row) -> None:
    stage.check(group, row)
