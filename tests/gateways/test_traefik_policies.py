"""What the policies do to requests on a running Traefik."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateways.cases import (
    Backend,
    Group,
    Reply,
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
from tests.gateways.gal_text import service
from tests.gateways.tokens import basic
from tests.gateways.traefik import TraefikStage

CONSUMERS = """
consumers:
- name: alice
  groups: [staff]
  credentials: {basic: [{username: al, password: pw}], api_keys: [{key: alice-key}]}
- name: bob
  credentials: {basic: [{username: bob, password: pw}], api_keys: [{key: bob-key}]}
- name: gone
  credentials: {api_keys: [{key: gone-key}]}
  policies: {ip_access: {deny: [127.0.0.2]}}
"""

KEYS = Group(
    "keys",
    service("""
- path_prefix: /own
  authentication:
    api_key: {header_names: [X-Key], query_params: [key], cookie_names: [k], keys: [{key: 'a.`b'}]}
- path_prefix: /hidden
  authentication: {api_key: {header_names: [X-Key], hide_credentials: true, keys: [{key: a}]}}
- path_prefix: /staff
  authentication: {api_key: {}}
  acl: {allow: [staff]}
- path_prefix: /others
  authentication: {api_key: {}}
  acl: {deny: [staff], status_code: 404}
- path_prefix: /any
  authentication: {basic: {}, api_key: {}}
- path_prefix: /all
  authentication: {require: all, basic: {}, api_key: {}}
- path_prefix: /options
  authentication: {api_key: {run_on_preflight: false}}
- path_prefix: /token
  authentication: {jwt: {issuer: i, jwks_uri: 'https://i.test/jwks'}}
- path_prefix: /limited
  authentication: {basic: {}}
  rate_limit: {limits: [1/1h], key_type: consumer}
""")
    + CONSUMERS,
    Row("none", get("/own"), unseen(), gets(401)),
    Row("header", get("/own", "x-key: a.`b"), sees(), gets(200)),
    Row("wrong", get("/own", "x-key: axxb"), unseen(), gets(401)),
    Row("query", get("/own?key=a.%60b"), sees(), gets(200)),
    Row("cookie", get("/own", "cookie: j=1; k=a.`b"), sees(), gets(200)),
    Row("wrong cookie", get("/own", "cookie: xk=a.`b; k=a.`bc"), unseen(), gets(401)),
    Row("hidden", get("/hidden", "x-key: a"), sees(headers={"x-key": None}), gets(200)),
    Row("member", get("/staff", "x-api-key: alice-key"), sees(), gets(200)),
    Row("no member", get("/staff", "x-api-key: bob-key"), unseen(), gets(403)),
    Row("nobody", get("/staff"), unseen(), gets(401)),
    Row("denied", get("/others", "x-api-key: alice-key"), unseen(), gets(404)),
    Row("not denied", get("/others", "x-api-key: bob-key"), sees(), gets(200)),
    Row("closed consumer", get("/any", "x-api-key: gone-key"), unseen(), gets(401)),
    Row(
        "claims",
        get("/any", "x-api-key: bob-key", "x-consumer-username: root"),
        sees(headers={"x-consumer-username": None}),
    ),
    Row("either key", get("/any", "x-api-key: bob-key"), sees(), gets(200)),
    Row("or user", get("/any", "authorization: " + basic("bob", "pw")), sees(), gets(200)),
    Row("neither", get("/any", "authorization: " + basic("bob", "no")), unseen(), gets(401)),
    Row(
        "both",
        get("/all", "x-api-key: bob-key", "authorization: " + basic("bob", "pw")),
        sees(),
        gets(200),
    ),
    Row("only the key", get("/all", "x-api-key: bob-key"), unseen(), gets(401)),
    Row("only the user", get("/all", "authorization: " + basic("bob", "pw")), unseen(), gets(401)),
    Row("OPTIONS passes", request("OPTIONS", "/options"), sees(), gets(200)),
    Row("GET does not", get("/options"), unseen(), gets(401)),
    Row("tokens refuse all", get("/token", "authorization: Bearer x"), unseen(), gets(403)),
    Row(
        "one user's limit",
        get("/limited", "authorization: " + basic("al", "pw"), times=2),
        gets(200, 429),
    ),
    Row(
        "another user's",
        get("/limited", "authorization: " + basic("bob", "pw"), times=2),
        gets(200, 429),
    ),
    Row("without policies", get("/neighbour"), sees(), gets(200)),
)

ACCESS = Group(
    "access",
    service("""
- path_prefix: /allow
  ip_access: {allow: [127.0.0.2, '10.0.0.0/8']}
- path_prefix: /deny
  ip_access: {deny: [127.0.0.2/31], status_code: 404}
- path_prefix: /mapped
  ip_access: {allow: ['::ffff:127.0.0.1']}
- path_prefix: /agent
  user_agent:
    allow: [{pattern: good, anchor: search}]
    deny: [{pattern: '(?i)bot', anchor: search}]
- path_prefix: /named
  user_agent: {refuse_missing: true, allow: [good], status_code: 404}
- path_prefix: /forward
  authentication:
    forward: {address: 'http://{auth_host}:{auth_port}/check', upstream_headers: [X-User]}
"""),
    Row("allowed", get("/allow", source="127.0.0.2"), sees(), gets(200)),
    Row("not allowed", get("/allow"), unseen(), gets(403)),
    Row("denied", get("/deny", source="127.0.0.3"), unseen(), gets(404)),
    Row("not denied", get("/deny"), sees(), gets(200)),
    Row("IPv6 only", get("/mapped"), unseen(), gets(403)),
    Row("agent", get("/agent", "user-agent: curl"), sees(), gets(200)),
    Row("agent of any name", get("/named", "user-agent: "), sees(), gets(200)),
    Row("no agent", get("/named"), unseen(), gets(404)),
    Row("denied agent", get("/agent", "user-agent: a Robot"), unseen(), gets(403)),
    Row("allowed agent", get("/agent", "user-agent: good bot"), sees(), gets(200)),
    Row(
        "let in",
        get("/forward", "x-token: good", "x-user: root"),
        sees(upstream="upstream", headers={"x-user": "joe"}),
        gets(200),
    ),
    Row("not let in", get("/forward"), gets(401)),
    backends=[
        Backend(),
        Backend(
            "auth",
            respond=lambda seen: Reply(*(200, (("X-User", "joe"),)) if _good(seen) else (401,)),
        ),
    ],
)


def _good(seen: Seen) -> bool:
    return seen.header("x-token") == "good"


ORIGIN = "access-control-allow-origin"
ASKS = "access-control-request-method: PUT"
TRAFFIC = Group(
    "traffic",
    service("""
- path_prefix: /cors
  cors:
    allowed_origins: ["https://a.test"]
    allowed_origin_patterns: ['https://[a-z]+\\.b\\.test']
    allow_credentials: true
- path_prefix: /any
  cors: {allow_credentials: true}
- path_prefix: /reflect
  cors: {reflect_any_origin: true, allow_credentials: true}
- path_prefix: /private
  cors: {allowed_origins: ["https://a.test"]}
  authentication: {api_key: {keys: [{key: a}]}}
- path_prefix: /limit
  rate_limit: {limits: [2/1h]}
- path_prefix: /by-header
  rate_limit: {limits: [1/1h], key_type: header, key_header: X-Who}
- path_prefix: /together
  rate_limit: {limits: [1/1h], key_type: none}
- path_prefix: /headers
  headers:
    request_set: {X-Set: '${{}$', X-Gone: a}
    request_remove: [X-Drop]
    response_set: {X-Answer: b}
    response_remove: [X-Secret]
- path_prefix: /size
  size_limit: {max_body: 5B}
- path_prefix: /retry
  retry: {attempts: 2, status_codes: [503]}
- path_prefix: /status-only
  retry: {attempts: 1, status_codes: [503], on_connection_failure: false, backoff: 10ms}
- path_prefix: /gzip
  compression: {min_size: 1B, content_types: [application/json]}
- path_prefix: /to
  redirect: {location: 'https://n.test/x', keep_path: true, status_code: 302}
- path_prefix: /closed
  direct_response: {status_code: 410}
- path_prefix: /trigger
  direct_response: {status_code: 418, trigger: x-tea}
- path_prefix: /line
  request_line: {path: '/new one%'}
  retry: {attempts: 1, status_codes: [503]}
- path_prefix: /broken
  circuit_breaker: {timeout: 1h, response: {status_code: 509}}
- path_prefix: /slow
  timeout: {read: 200ms}
"""),
    Row(
        "origin",
        get("/cors", "Origin: https://a.test"),
        gets(200, headers={ORIGIN: "https://a.test", "access-control-allow-credentials": "true"}),
    ),
    Row(
        "pattern",
        get("/cors", "Origin: https://x.b.test"),
        gets(200, headers={ORIGIN: "https://x.b.test"}),
    ),
    Row("longer", get("/cors", "Origin: https://x.b.test.evil"), gets(200, headers={ORIGIN: None})),
    Row(
        "upstream's word",
        get("/cors", "Origin: https://c.test", "x-want-header: Access-Control-Allow-Origin: *"),
        gets(200, headers={ORIGIN: None}),
    ),
    Row(
        "preflight",
        request("OPTIONS", "/private", "Origin: https://a.test", ASKS),
        unseen(),
        gets(200, headers={ORIGIN: "https://a.test"}),
    ),
    Row("still closed", get("/private", "Origin: https://a.test"), unseen(), gets(401)),
    Row(
        "any is never credentials",
        get("/any", "Origin: https://evil.test"),
        gets(200, headers={ORIGIN: "*", "access-control-allow-credentials": None}),
    ),
    Row(
        "reflects",
        get("/reflect", "Origin: https://c.test"),
        gets(200, headers={ORIGIN: "https://c.test", "access-control-allow-credentials": "true"}),
    ),
    Row("third is too many", get("/limit", times=3), sees(count=2), gets(200, 200, 429)),
    Row("each address", get("/limit", source="127.0.0.2"), gets(200)),
    Row("header", get("/by-header", "x-who: a", times=2), gets(200, 429)),
    Row("another", get("/by-header", "x-who: b"), gets(200)),
    Row("all together", [get("/together"), get("/together", source="127.0.0.2")], gets(200, 429)),
    Row(
        "headers",
        get("/headers", "x-drop: 1", "x-want-header: X-Secret: s"),
        sees(headers={"x-set": "${{}$", "x-gone": "a", "x-drop": None}),
        gets(200, headers={"x-answer": "b", "x-secret": None}),
    ),
    Row("small", post("/size", body=b"12345"), sees(), gets(200)),
    Row("large", post("/size", body=b"123456"), unseen(), gets(413)),
    Row("again", get("/retry", "x-want-status: 503 503 200"), sees(count=3), gets(200)),
    Row("not for ever", get("/retry", "x-want-status: 503 503 503 200"), gets(503)),
    Row("once", get("/status-only", "x-want-status: 503 200"), sees(count=2), gets(200)),
    Row(
        "small answer",
        get("/gzip", "accept-encoding: gzip"),
        gets(200, headers={"content-encoding": "gzip"}),
    ),
    Row(
        "elsewhere",
        get("/to/a?b"),
        unseen(),
        gets(302, headers={"location": "https://n.test/x/to/a?b"}),
    ),
    Row("gone", get("/closed"), unseen(), gets(410)),
    Row("tea", get("/trigger", "x-tea: 1"), unseen(), gets(418)),
    Row("no tea", get("/trigger"), sees(), gets(200)),
    Row(
        "line",
        get("/line/a?b", "x-want-status: 503 200"),
        sees("/new%20one%25?b", count=2),
        gets(200),
    ),
    Row("opens", get("/broken", "x-want-status: 500", times=3), gets(500, 509, 509)),
    Row("too slow", get("/slow", "x-want-delay: 1"), gets(504)),
)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with TraefikStage() as stage:
        yield stage


@pytest.mark.parametrize(("group", "row"), cases([KEYS, ACCESS, TRAFFIC]))
def test_what_it_does(stage: Stage, group: Group, row: Row) -> None:
    stage.check(group, row)
