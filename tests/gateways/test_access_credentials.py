"""Who enters with which credential, on the running Envoy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateways.cases import ANY, Group, Row, Stage, cases, get, gets, request, sees, unseen
from tests.gateways.kong_text import declared, route, to_envoy
from tests.gateways.tokens import basic

CONSUMERS = """
consumers:
- username: alice
  custom_id: A-1
  id: 11111111-1111-4111-8111-111111111111
  keyauth_credentials: [{key: alice-key, id: 22222222-2222-4222-8222-222222222222}, {key: second}]
  basicauth_credentials: [{username: al, password: 'pa:ss'}]
  acls: [{group: staff}, {group: 'night, shift'}]
- username: 'Böb "x" %41 \\ ]]'
  keyauth_credentials: [{key: bob-key}]
  basicauth_credentials: [{username: 'böb', password: päss}]
- username: guest
"""
ALICE = {
    "x-consumer-username": ["alice"],
    "x-consumer-custom-id": ["A-1"],
    "x-consumer-id": ["11111111-1111-4111-8111-111111111111"],
    "x-anonymous-consumer": None,
    "x-gal-key": None,
    "x-gal-basic": None,
}
BOB = 'Böb "x" %41 \\ ]]'
SPOOFED = (
    "x-consumer-username: root",
    "x-consumer-id: root",
    "x-consumer-custom-id: root",
    "x-consumer-groups: root",
    "x-credential-identifier: root",
    "x-anonymous-consumer: root",
    "x-gal-key: root",
    "x-gal-basic: root",
)

KEYS = Group(
    "keys",
    declared(
        route("key", "{name: key-auth}")
        + route("own", "{name: key-auth, config: {key_names: [x-k, k2], hide_credentials: true}}")
        + route("query", "{name: key-auth, config: {key_in_header: false}}")
        + route("options", "{name: key-auth, config: {run_on_preflight: false}}")
        + route("nowhere", "{name: key-auth, config: {key_in_header: false, key_in_query: false}}")
        + route("off", "{name: key-auth, enabled: false}"),
        CONSUMERS,
    ),
    Row("none", get("/key"), unseen(), gets(401)),
    Row("wrong", get("/key", "apikey: alice-kex"), unseen(), gets(401)),
    Row("empty", get("/key", "apikey:"), unseen(), gets(401)),
    Row(
        "right, in a header",
        get("/key", "ApiKey: alice-key", *SPOOFED),
        sees(
            "/key",
            headers={
                **ALICE,
                "x-credential-identifier": ["22222222-2222-4222-8222-222222222222"],
                "x-consumer-groups": None,
                "apikey": ["alice-key"],
            },
        ),
        gets(200),
    ),
    Row(
        "right, in the query",
        get("/key?apikey=second&x=1"),
        sees("/key?apikey=second&x=1", headers={**ALICE, "x-credential-identifier": None}),
    ),
    Row("another name", get("/key", "x-k: alice-key"), unseen(), gets(401)),
    Row(
        "hidden",
        get("/own?a=1&k2=bob-key"),
        sees("/own?a=1", headers={"x-consumer-username": [BOB.encode().decode("latin-1")]}),
    ),
    Row(
        "hidden beside others, which stay as they are",
        get("/own?d=a%26admin%3D1&k2=bob-key&e=%20"),
        sees("/own?d=a%26admin%3D1&e=%20"),
        gets(200),
    ),
    Row(
        "hidden header",
        get("/own", "x-k: second"),
        sees("/own", headers={**ALICE, "x-k": None}),
    ),
    Row("only in the query", get("/query", "apikey: second"), unseen(), gets(401)),
    Row("in the query", get("/query?apikey=second"), sees(headers=ALICE), gets(200)),
    Row("OPTIONS passes", request("OPTIONS", "/options"), sees(method="OPTIONS"), gets(200)),
    Row("but not GET", get("/options"), unseen(), gets(401)),
    Row("OPTIONS does not", request("OPTIONS", "/key"), unseen(), gets(401)),
    Row("no place to look into", get("/nowhere", "apikey: second"), unseen(), gets(403)),
    Row("switched off", get("/off"), sees(), gets(200)),
    Row("open", get("/open", "x-consumer-username: me"), sees(), gets(200)),
    Row("own headers", get("/open", "x-gal-key: alice"), sees(headers={"x-gal-key": None})),
)

BASIC = Group(
    "basic",
    declared(
        route("basic", "{name: basic-auth}")
        + route("hidden", "{name: basic-auth, config: {hide_credentials: true, realm: mine}}"),
        CONSUMERS,
    ),
    Row(
        "none",
        get("/basic"),
        unseen(),
        gets(401, headers={"www-authenticate": 'Basic realm="service"'}),
    ),
    Row("wrong", get("/basic", f"Authorization: {basic('al', 'pass')}"), unseen(), gets(401)),
    Row("unknown", get("/basic", f"Authorization: {basic('alice', 'pa:ss')}"), unseen(), gets(401)),
    Row("broken", get("/basic", "Authorization: Basic !!"), unseen(), gets(401)),
    Row(
        "right",
        get("/basic", f"Authorization: {basic('al', 'pa:ss')}", *SPOOFED),
        sees(headers={**ALICE, "x-credential-identifier": ["al"], "authorization": ANY}),
        gets(200),
    ),
    Row(
        "not only ASCII",
        get("/basic", f"Authorization: {basic('böb', 'päss')}"),
        sees(headers={"x-consumer-username": [BOB.encode().decode("latin-1")]}),
        gets(200),
    ),
    Row(
        "hidden",
        get("/hidden", f"Authorization: {basic('al', 'pa:ss')}"),
        sees(headers={**ALICE, "authorization": None}),
        gets(200),
    ),
    Row("realm", get("/hidden"), gets(401, headers={"www-authenticate": 'Basic realm="mine"'})),
)

BOTH = Group(
    "all of two",
    declared(
        route("both", "{name: key-auth}", "{name: basic-auth}")
        + route(
            "skip", "{name: key-auth, config: {run_on_preflight: false}}", "{name: basic-auth}"
        ),
        CONSUMERS,
    ),
    Row("none", get("/both"), unseen(), gets(401)),
    Row("the key", get("/both", "apikey: bob-key"), unseen(), gets(401)),
    Row("the user", get("/both", f"authorization: {basic('al', 'pa:ss')}"), unseen(), gets(401)),
    Row(
        "both: the later one counts",
        get("/both", "apikey: bob-key", f"authorization: {basic('al', 'pa:ss')}"),
        sees(headers=ALICE),
        gets(200),
    ),
    Row("OPTIONS needs the user", request("OPTIONS", "/skip"), unseen(), gets(401)),
    Row(
        "OPTIONS with the user",
        request("OPTIONS", "/skip", f"authorization: {basic('al', 'pa:ss')}"),
        sees(headers=ALICE),
        gets(200),
    ),
)

ANONYMOUS = Group(
    "anonymous",
    declared(
        route(
            "any",
            "{name: key-auth, config: {anonymous: guest}}",
            "{name: basic-auth, config: {anonymous: guest}}",
        )
        + route("one", "{name: key-auth, config: {anonymous: guest}}")
        + route(
            "strict",
            "{name: key-auth, config: {anonymous: guest}}",
            "{name: basic-auth, config: {anonymous: guest}}",
            "{name: request-termination, consumer: guest, config: {status_code: 401}}",
        )
        + route("mixed", "{name: key-auth, config: {anonymous: guest}}", "{name: basic-auth}")
        + route("stranger", "{name: key-auth, config: {anonymous: nobody-knows}}"),
        CONSUMERS,
    ),
    Row(
        "nobody",
        get("/any", *SPOOFED),
        sees(
            headers={
                "x-consumer-username": ["guest"],
                "x-anonymous-consumer": ["true"],
                "x-credential-identifier": None,
                "x-consumer-custom-id": None,
            }
        ),
        gets(200),
    ),
    Row("by key", get("/any", "apikey: second"), sees(headers=ALICE), gets(200)),
    Row("by user", get("/any", f"authorization: {basic('al', 'pa:ss')}"), sees(headers=ALICE)),
    Row("one kind", get("/one", "apikey: second"), sees(headers=ALICE), gets(200)),
    Row("one kind, nobody", get("/one"), sees(headers={"x-anonymous-consumer": ["true"]})),
    Row("refused", get("/strict"), unseen(), gets(401)),
    Row("refused with a bad key", get("/strict", "apikey: x"), unseen(), gets(401)),
    Row("entered by key", get("/strict?apikey=second"), sees(headers=ALICE), gets(200)),
    Row("entered", get("/strict", f"authorization: {basic('al', 'pa:ss')}"), sees(headers=ALICE)),
    Row("one is needed", get("/mixed", "apikey: second"), unseen(), gets(401)),
    Row(
        "one is enough", get("/mixed", f"authorization: {basic('al', 'pa:ss')}"), sees(), gets(200)
    ),
    Row("no such consumer", get("/stranger"), unseen(), gets(401)),
)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(to_envoy) as stage:
        yield stage


@pytest.mark.parametrize(("group", "row"), cases([KEYS, BASIC, BOTH, ANONYMOUS]))
def test_case(stage: Stage, group: Group, row: Row) -> None:
    stage.check(group, row)
