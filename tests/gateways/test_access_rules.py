"""Who enters by group, address and kind of client, on the running Envoy; and who never does."""

from __future__ import annotations

import json
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
    sees,
    unseen,
)
from tests.gateways.gal_text import service
from tests.gateways.gal_text import to_envoy as gal_to_envoy
from tests.gateways.kong_text import declared, route, to_envoy
from tests.gateways.tokens import basic, sha

CONSUMERS = """
consumers:
- username: alice
  keyauth_credentials: [{key: alice-key}]
  acls: [{group: staff}, {group: 'night, shift'}]
- username: bob
  keyauth_credentials: [{key: bob-key}]
- username: guest
  acls: [{group: guests}]
- username: home
  keyauth_credentials: [{key: home-key}]
  plugins: [{name: ip-restriction, config: {deny: [127.0.0.2]}}]
- username: gone
  keyauth_credentials: [{key: gone-key}]
  plugins: [{name: request-termination, config: {status_code: 403}}]
- username: asked
  keyauth_credentials: [{key: asked-key}]
  plugins: [{name: request-termination, config: {status_code: 403, trigger: x-go}}]
"""

GROUPS = Group(
    "groups",
    declared(
        route("staff", "{name: key-auth}", "{name: acl, config: {allow: [staff, other]}}")
        + route("comma", "{name: key-auth}", "{name: acl, config: {allow: ['night, shift']}}")
        + route("part", "{name: key-auth}", "{name: acl, config: {allow: [shift, 'staff, night']}}")
        + route("deny", "{name: key-auth}", "{name: acl, config: {deny: [staff]}}")
        + route(
            "hide",
            "{name: key-auth}",
            "{name: acl, config: {allow: [staff], hide_groups_header: true}}",
        )
        + route(
            "guests",
            "{name: key-auth, config: {anonymous: guest}}",
            "{name: acl, config: {allow: [guests]}}",
        )
        + route(
            "noguests",
            "{name: key-auth, config: {anonymous: guest}}",
            "{name: acl, config: {deny: [guests]}}",
        )
        + route("nobody", "{name: acl, config: {deny: [staff]}}")
        + route("key", "{name: key-auth}"),
        CONSUMERS,
    ),
    Row("no key", get("/staff", "x-consumer-groups: staff"), unseen(), gets(401)),
    Row("refused if it asks", get("/key", "apikey: asked-key", "x-go: 1"), unseen(), gets(403)),
    Row("or in the query", get("/key?a=1&x-go", "apikey: asked-key"), unseen(), gets(403)),
    Row("not if it does not", get("/key?ax-go", "apikey: asked-key"), sees(), gets(200)),
    Row("nor others", get("/key", "apikey: bob-key", "x-go: 1"), sees(), gets(200)),
    Row(
        "member",
        get("/staff", "apikey: alice-key"),
        sees(headers={"x-consumer-groups": ["staff, night, shift"]}),
        gets(200),
    ),
    Row("stranger", get("/staff", "apikey: bob-key", "x-consumer-groups: staff"), gets(403)),
    Row("a group with a comma", get("/comma", "apikey: alice-key"), sees(), gets(200)),
    Row("parts of names", get("/part", "apikey: alice-key"), unseen(), gets(403)),
    Row("denied", get("/deny", "apikey: alice-key"), unseen(), gets(403)),
    Row("not denied", get("/deny", "apikey: bob-key"), sees(), gets(200)),
    Row(
        "hidden",
        get("/hide", "apikey: alice-key"),
        sees(headers={"x-consumer-groups": None}),
        gets(200),
    ),
    Row("anonymous member", get("/guests"), sees(headers={"x-anonymous-consumer": "true"})),
    Row("no guest", get("/guests", "apikey: alice-key"), unseen(), gets(403)),
    Row("anonymous denied", get("/noguests"), unseen(), gets(403)),
    Row("known", get("/noguests", "apikey: bob-key"), sees(), gets(200)),
    Row("nobody is known", get("/nobody"), unseen(), gets(403)),
    Row("at home", get("/key", "apikey: home-key"), sees(), gets(200)),
    Row("away", get("/key", "apikey: home-key", source="127.0.0.2"), unseen(), gets(403)),
    Row("others away", get("/key", "apikey: bob-key", source="127.0.0.2"), sees(), gets(200)),
    Row("refused everywhere", get("/key", "apikey: gone-key"), unseen(), gets(403)),
    Row("open", get("/open"), sees(), gets(200)),
)

ADDRESSES = Group(
    "addresses",
    declared(
        route("allow", "{name: ip-restriction, config: {allow: [127.0.0.1, '2001:db8::/32']}}")
        + route("deny", "{name: ip-restriction, config: {deny: [127.0.0.2/31]}}")
        + route("both", "{name: ip-restriction, config: {allow: [127.0.0.0/8], deny: [127.0.0.2]}}")
        + route(
            "text",
            "{name: ip-restriction, config: {deny: [127.0.0.2], status: 404, message: not here}}",
        )
        + route("six", "{name: ip-restriction, config: {allow: ['::1', '::ffff:127.0.0.1']}}"),
    ),
    Row("allowed", get("/allow"), sees(), gets(200)),
    Row("not allowed", get("/allow", source="127.0.0.2"), unseen(), gets(403)),
    Row(
        "what the client says does not count",
        get("/allow", "x-forwarded-for: 127.0.0.1", "x-real-ip: 127.0.0.1", source="127.0.0.2"),
        unseen(),
        gets(403),
    ),
    Row("denied", get("/deny", source="127.0.0.3"), unseen(), gets(403)),
    Row("not denied", get("/deny", source="127.0.0.4"), sees(), gets(200)),
    Row("denied among the allowed", get("/both", source="127.0.0.2"), unseen(), gets(403)),
    Row("allowed and not denied", get("/both", source="127.9.9.9"), sees(), gets(200)),
    Row(
        "with a text",
        get("/text", source="127.0.0.2"),
        unseen(),
        gets(404, body={"message": "not here"}),
    ),
    Row("version 6", get("/six"), unseen(), gets(403)),
    Row("open", get("/open", source="127.0.0.2"), sees(), gets(200)),
)

CLIENTS = Group(
    "clients",
    declared(
        route(
            "bots",
            "{name: bot-detection, config: {deny: ['^Bad', 'crawl\\d+$'], allow: ['Good']}}",
        )
        + route("list", "{name: bot-detection}")
    ),
    Row("no name", get("/bots"), sees(), gets(200)),
    Row("another name", get("/bots", "user-agent: curl/8"), sees(), gets(200)),
    Row("denied at the start", get("/bots", "user-agent: Badbot/1"), unseen(), gets(403)),
    Row("not at the start", get("/bots", "user-agent: x Badly/1"), sees(), gets(200)),
    Row("denied at the end", get("/bots", "user-agent: x crawl77"), unseen(), gets(403)),
    Row("allowed", get("/bots", "user-agent: BadGood"), sees(), gets(200)),
    Row("the list: Googlebot 1", get("/list", "user-agent: Googlebot/2.1"), unseen(), gets(403)),
    Row(
        "the list: Mozilla 2",
        get("/list", "user-agent: Mozilla/5.0 (compatible; bingbot/2.0; +http://b.test)"),
        unseen(),
        gets(403),
    ),
    Row("the list: Baiduspider 3", get("/list", "user-agent: Baiduspider"), unseen(), gets(403)),
    Row(
        "the list: Go-http-clie 4",
        get("/list", "user-agent: Go-http-client/1.1"),
        unseen(),
        gets(403),
    ),
    Row(
        "the list: Scrapy 5",
        get("/list", "user-agent: Scrapy/2.11 (+https://scrapy.test)"),
        unseen(),
        gets(403),
    ),
    Row(
        "the list: Mozilla 6",
        get("/list", "user-agent: Mozilla/5.0 (Linux; Android 9; CUBOT_X19) Chrome/120"),
        sees(),
        gets(200),
    ),
    Row(
        "the list: Mozilla 7",
        get("/list", "user-agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"),
        sees(),
        gets(200),
    ),
    Row("the list: curl 8", get("/list", "user-agent: curl/8.0"), sees(), gets(200)),
    Row(
        "the list: python-reque 9",
        get("/list", "user-agent: python-requests/2.31"),
        sees(),
        gets(200),
    ),
    Row("the list: Robottle 10", get("/list", "user-agent: Robottle/1"), sees(), gets(200)),
    Row("open", get("/open", "user-agent: Badbot"), sees(), gets(200)),
)

CLOSED = Group(
    "closed",
    declared(
        route("ldap", "{name: ldap-auth, config: {ldap_host: l, base_dn: d, attribute: a}}")
        + route("oauth2", "{name: oauth2, config: {enable_client_credentials: true}}")
        + route("hash", "{name: basic-auth}")
        + route("key", "{name: key-auth}")
        + route("jwt", "{name: jwt}")
        + route("hmac", "{name: hmac-auth}", "{name: key-auth}"),
        """
consumers:
- username: made
  keyauth_credentials: [{}]
  jwt_secrets: [{}]
basicauth_credentials:
- {consumer: made, username: a, password: '${PASSWORD}'}
""",
    ),
    *(
        Row(
            name,
            get(f"/{name}", "apikey: x", f"authorization: {basic('a', 'x')}"),
            unseen(),
            gets(403),
        )
        for name in ("ldap", "oauth2", "hash", "key", "jwt", "hmac")
    ),
    Row("open", get("/open"), sees(), gets(200)),
)


def decide(seen: Seen) -> Reply:
    known = seen.all("x-token") == ["good"]
    headers = (("x-user", "me"), ("x-why", "because"), ("x-other", "1"))
    told = {name: seen.all(f"x-forwarded-{name}") for name in ("method", "uri", "host", "proto")}
    if known:
        return Reply(200, headers)
    return Reply(402, headers, body=json.dumps([seen.method, seen.target, told]).encode())


ANY_OF = Group(
    "any of",
    service(f"""
- path_prefix: /any
  authentication:
    basic:
      users: [{{username: al, password: secret}}, {{username: bo, password_hash: '{sha("x")}'}}]
    api_key: {{header_name: X-Key, query_param: k, keys: [{{key: one, name: first}}, {{key: two}}]}}
- path_prefix: /all
  authentication:
    require: all
    basic: {{users: [{{username: al, password: secret}}]}}
    api_key: {{cookie_names: [c], header_names: [], keys: [{{key: one}}]}}
- path_prefix: /some
  authentication:
    basic:
      users:
      - {{username: al, password_hash: '$2y$05$abcdefghijklmnopqrstuv'}}
      - {{username: bo, password: '${{PASSWORD}}'}}
      - {{username: cy, password: right}}
- path_prefix: /lost
  authentication: {{basic: {{users: [{{username: al, password_hash: '$apr1$x$y'}}]}}}}
- path_prefix: /unknown
  authentication: {{oauth2: {{issuer: 'https://issuer.test'}}}}
- path_prefix: /half
  authentication:
    oauth2: {{issuer: 'https://issuer.test'}}
    api_key: {{keys: [{{key: one}}]}}
- path_prefix: /asked
  authentication:
    forward:
      address: "http://{{auth_host}}:{{auth_port}}/check?a=b"
      upstream_headers: [X-User]
      client_headers: [x-why]
- path_prefix: /shy
  authentication:
    forward: {{address: "http://{{auth_host}}:{{auth_port}}/", request_headers: [x-other]}}
- path_prefix: /down
  authentication: {{forward: {{address: "http://127.0.0.1:{{refused_port}}/"}}}}
- path_prefix: /loose
  authentication: {{forward: {{address: "http://127.0.0.1:{{refused_port}}/", fail_open: true}}}}
- path_prefix: /either
  authentication:
    forward: {{address: "http://{{auth_host}}:{{auth_port}}/"}}
    api_key: {{keys: [{{key: one}}]}}
- path_prefix: /answer
  authentication: {{require: any, basic: {{users: [{{username: al, password: secret}}]}},
    api_key: {{header_name: X-Key, keys: [{{key: one}}]}}}}
  direct_response: {{status_code: 418, trigger: x-now}}
"""),
    Row("nothing", get("/any"), unseen(), gets(401)),
    Row("by key", get("/any", "x-key: two"), sees(), gets(200)),
    Row("by key in the query", get("/any?k=one"), sees(), gets(200)),
    Row("by user", get("/any", f"authorization: {basic('al', 'secret')}"), sees(), gets(200)),
    Row("by hash", get("/any", f"authorization: {basic('bo', 'x')}"), sees(), gets(200)),
    Row("wrong key", get("/any", "x-key: x"), unseen(), gets(401)),
    Row(
        "the first kind decides",
        get("/any", "x-key: x", f"authorization: {basic('al', 'secret')}"),
        unseen(),
        gets(401),
    ),
    Row("one of two", get("/all", "cookie: c=one"), unseen(), gets(401)),
    Row(
        "both",
        get("/all", "cookie: c=one", f"authorization: {basic('al', 'secret')}"),
        sees(),
        gets(200),
    ),
    Row("unknown hash", get("/some", f"authorization: {basic('al', '')}"), unseen(), gets(401)),
    Row(
        "unknown password", get("/some", f"authorization: {basic('bo', '${PASSWORD}')}"), gets(401)
    ),
    Row(
        "known password", get("/some", f"authorization: {basic('cy', 'right')}"), sees(), gets(200)
    ),
    Row("no user is left", get("/lost", f"authorization: {basic('al', '')}"), unseen(), gets(403)),
    Row("no keys", get("/unknown", "authorization: Bearer x"), unseen(), gets(403)),
    Row("the other kind is left", get("/half", "x-api-key: one"), sees(), gets(200)),
    Row("and asked for", get("/half"), unseen(), gets(401)),
    Row(
        "let in",
        get("/asked/x", "x-token: good", "x-user: root"),
        sees("/asked/x", headers={"x-user": ["me"], "x-other": None}, upstream="upstream"),
        gets(200),
    ),
    Row(
        "not let in",
        post("/asked/x?y=1", body=b"body", host="a.test"),
        unseen("upstream"),
        gets(
            402,
            headers={"x-why": "because", "x-other": None},
            body=[
                "POST",
                "/check?a=b",
                {
                    "method": ["POST"],
                    "uri": ["/asked/x?y=1"],
                    "host": ["a.test"],
                    "proto": ["http"],
                },
            ],
        ),
    ),
    Row("some headers only", get("/shy", "x-token: good"), unseen("upstream"), gets(402)),
    Row("down", get("/down", "x-token: good"), unseen("upstream"), gets(403)),
    Row("down, open", get("/loose"), sees(), gets(200)),
    Row("key instead", get("/either", "x-api-key: one"), sees(count=1), gets(200)),
    Row("asked instead", get("/either", "x-token: good"), sees(upstream="upstream"), gets(200)),
    Row("neither", get("/either"), unseen("upstream"), gets(402)),
    Row("an answer needs a key, too", get("/answer", "x-now: 1"), unseen(), gets(401)),
    Row("answered", get("/answer", "x-now: 1", "x-key: one"), unseen(), gets(418)),
    Row("not answered", get("/answer", "x-key: one"), sees(), gets(200)),
    Row(
        "answered the other kind",
        get("/answer?x-now", f"authorization: {basic('al', 'secret')}"),
        unseen(),
        gets(418),
    ),
    Row("neighbour", get("/neighbour"), sees(), gets(200)),
    backends=[Backend(), Backend("auth", respond=decide)],
)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(to_envoy) as stage:
        yield stage


@pytest.fixture(scope="module")
def gal_stage() -> Iterator[Stage]:
    with Stage(gal_to_envoy) as stage:
        yield stage


@pytest.mark.parametrize(("group", "row"), cases([GROUPS, ADDRESSES, CLIENTS, CLOSED]))
def test_kong(stage: Stage, group: Group, row: Row) -> None:
    stage.check(group, row)


@pytest.mark.parametrize(("group", "row"), cases([ANY_OF]))
def test_gal(gal_stage: Stage, group: Group, row: Row) -> None:
    gal_stage.check(group, row)
