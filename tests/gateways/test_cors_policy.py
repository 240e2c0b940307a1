"""CORS on the running Envoy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateways.cases import Group, Request, Row, Stage, cases, get, gets, request, sees, unseen
from tests.gateways.gal_text import service, to_envoy

ORIGIN = "access-control-allow-origin"
A = "Origin: https://a.test"
EVIL = "Origin: https://evil.test"
ASKS = ("Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: x-1, x-2")
UPSTREAM_ALLOWS = "x-want-header: Access-Control-Allow-Origin: *"


def preflight(path: str, origin: str = A, *more: str) -> Request:
    return request("OPTIONS", path, origin, *ASKS, *more)


CORS = Group(
    "cors",
    service(r"""
- path_prefix: /list
  cors:
    allowed_origins: ["https://a.test", "https://b.test"]
    allowed_origin_patterns: ['https://[a-z]+\.c\.test']
    allowed_methods: [GET, PUT]
    allowed_headers: [x-1, x-2]
    expose_headers: [x-e, x-f]
    max_age: 600
    private_network: true
- path_prefix: /any
  cors: {allow_origin_when_absent: true}
- path_prefix: /plain-any
  cors: {expose_headers: [x-e]}
- path_prefix: /credentials
  cors:
    allowed_origins: []
    reflect_any_origin: true
    allow_credentials: true
    allow_origin_when_absent: true
- path_prefix: /stars
  cors:
    allow_credentials: true
    allowed_origins: ["https://a.test"]
    allowed_headers: ["*"]
    allowed_methods: ["*"]
- path_prefix: /reflect
  cors: {reflect_any_origin: true}
- path_prefix: /one
  cors: {allowed_origins: ["https://a.test"], allow_origin_when_absent: true}
- path_prefix: /get-only
  methods: [GET]
  cors: {allowed_origins: ["https://a.test"]}
- path_prefix: /forward
  cors: {allowed_origins: ["https://a.test"], forward_preflight: true}
- path_prefix: /none
  cors:
    allowed_origins: []
    allowed_origin_patterns: [{pattern: 'https://(?=a)a.test', dialect: pcre}]
"""),
    Row(
        "preflight is answered here",
        preflight("/list"),
        unseen(),
        gets(
            200,
            headers={
                ORIGIN: "https://a.test",
                "access-control-allow-methods": "GET,PUT",
                "access-control-allow-headers": "x-1,x-2",
                "access-control-max-age": "600",
                "access-control-allow-credentials": None,
                "access-control-allow-private-network": None,
                "vary": "Origin",
            },
            body=b"",
        ),
    ),
    Row(
        "private network, when asked for",
        preflight("/list", A, "Access-Control-Request-Private-Network: true"),
        gets(200, headers={"access-control-allow-private-network": "true"}),
    ),
    Row(
        "preflight of a pattern",
        preflight("/list", "Origin: https://x.c.test"),
        gets(200, headers={ORIGIN: "https://x.c.test"}),
    ),
    Row(
        "a pattern takes the whole origin",
        preflight("/list", "Origin: https://x.c.test.evil.test"),
        gets(200, headers={ORIGIN: None}),
    ),
    Row("foreign preflight", preflight("/list", EVIL), unseen(), gets(200, headers={ORIGIN: None})),
    Row(
        "OPTIONS that is no preflight goes on",
        request("OPTIONS", "/list", A),
        sees("/list", method="OPTIONS"),
        gets(200, headers={ORIGIN: "https://a.test"}),
    ),
    Row(
        "answer for an allowed origin",
        get("/list", A, "x-want-header: Vary: Accept"),
        gets(
            200,
            headers={
                ORIGIN: ["https://a.test"],
                "access-control-expose-headers": "x-e,x-f",
                "vary": "Accept,Origin",
            },
        ),
    ),
    Row(
        "foreign origin gets nothing, whatever the upstream says",
        get("/list", EVIL, UPSTREAM_ALLOWS),
        sees("/list"),
        gets(200, headers={ORIGIN: None, "access-control-expose-headers": None}),
    ),
    Row("no origin", get("/list"), gets(200, headers={ORIGIN: None})),
    Row("any, with origin", get("/any", A), gets(200, headers={ORIGIN: ["*"], "vary": None})),
    Row("any, without origin", get("/any"), gets(200, headers={ORIGIN: "*"})),
    Row(
        "any, preflight repeats the headers",
        preflight("/any"),
        gets(
            200,
            headers={
                ORIGIN: "*",
                "access-control-allow-headers": "x-1, x-2",
                "access-control-max-age": "86400",
                "access-control-allow-methods": "GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS",
            },
        ),
    ),
    Row("plain any, with origin", get("/plain-any", A), gets(200, headers={ORIGIN: ["*"]})),
    Row("plain any, without origin", get("/plain-any"), gets(200, headers={ORIGIN: None})),
    Row(
        "credentials reflect",
        get("/credentials", A),
        gets(
            200,
            headers={
                ORIGIN: ["https://a.test"],
                "access-control-allow-credentials": "true",
                "vary": "Origin",
            },
        ),
    ),
    Row(
        "credentials, without origin",
        get("/credentials"),
        gets(200, headers={ORIGIN: "*", "access-control-allow-credentials": None}),
    ),
    Row(
        "with credentials * means itself",
        preflight("/stars"),
        gets(
            200,
            headers={
                "access-control-allow-headers": ["*"],
                "access-control-allow-methods": ["*"],
                "access-control-allow-credentials": "true",
            },
        ),
    ),
    Row("reflects", get("/reflect", EVIL), gets(200, headers={ORIGIN: ["https://evil.test"]})),
    Row("one, without origin", get("/one"), gets(200, headers={ORIGIN: "https://a.test"})),
    Row(
        "a route of GET alone takes no preflights, as on every gateway",
        preflight("/get-only"),
        unseen(),
        gets(404),
    ),
    Row("and takes no other OPTIONS", request("OPTIONS", "/get-only", A), unseen(), gets(404)),
    Row("nor POST", request("POST", "/get-only", A), unseen(), gets(404)),
    Row(
        "preflight goes on",
        preflight("/forward", A, UPSTREAM_ALLOWS),
        sees("/forward", method="OPTIONS"),
        gets(200, headers={ORIGIN: ["*"]}),
    ),
    Row(
        "but not its rules",
        get("/forward", EVIL, UPSTREAM_ALLOWS),
        gets(200, headers={ORIGIN: None}),
    ),
    Row("what cannot be said allows nothing", get("/none", A), gets(200, headers={ORIGIN: None})),
    Row("nor preflights", preflight("/none"), unseen(), gets(200, headers={ORIGIN: None})),
    Row(
        "neighbour",
        preflight("/neighbour", A, UPSTREAM_ALLOWS),
        sees("/neighbour", method="OPTIONS"),
        gets(200, headers={ORIGIN: ["*"], "vary": None}),
    ),
)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(to_envoy) as stage:
        yield stage


@pytest.mark.parametrize(("group", "row"), cases([CORS]))
def test_cors(stage: Stage, group: Group, row: Row) -> None:
    stage.check(group, row)
