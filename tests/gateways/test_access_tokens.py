"""Who enters with which token, on the running Envoy."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, Final

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
    request,
    sees,
    unseen,
)
from tests.gateways.gal_text import service
from tests.gateways.gal_text import to_envoy as gal_to_envoy
from tests.gateways.kong_text import declared, route, to_envoy
from tests.gateways.tokens import public_pem, shared, signed

NOW: Final = int(time.time())
BASE64: Final = "c2VjcmV0LfvvvmJ5dGVz"  # of bytes that are no text
ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"),
)

CONSUMERS: Final = f"""
consumers:
- username: alice
  jwt_secrets:
  - {{key: alice-app, secret: alice-secret}}
  - {{key: long, algorithm: HS512, secret: long-secret}}
- username: bob
  jwt_secrets:
  - {{key: bob-app, secret: bob-secret}}
  - {{key: BYTES, secret: {BASE64}}}
- username: signers
  jwt_secrets:
{
    "".join(
        f'''
  - key: {name}
    algorithm: {name}
    rsa_public_key: "{public_pem(name)}"'''
        for name in ALGORITHMS
    )
}
  - key: RSA
    algorithm: RS256
    rsa_public_key: "{public_pem("RS256", pkcs1=True)}"
"""


def bearer(token: str) -> str:
    return f"Authorization: Bearer {token}"


ALICE: Final = shared("alice-secret", iss="alice-app")
IS_ALICE: Final = {
    "x-consumer-username": ["alice"],
    "x-credential-identifier": ["alice-app"],
    "x-anonymous-consumer": None,
}

TOKENS = Group(
    "tokens",
    declared(
        route("jwt", "{name: jwt}")
        + route("exp", "{name: jwt, config: {claims_to_verify: [exp]}}")
        + route("times", "{name: jwt, config: {claims_to_verify: [exp, nbf]}}")
        + route("short", "{name: jwt, config: {claims_to_verify: [exp], maximum_expiration: 9000}}")
        + route(
            "places",
            "{name: jwt, config: {header_names: [x-token], uri_param_names: [t], "
            "cookie_names: [c]}}",
        )
        + route("kid", "{name: jwt, config: {key_claim_name: kid}}")
        + route("app", "{name: jwt, config: {key_claim_name: app}}")
        + route("base64", "{name: jwt, config: {secret_is_base64: true}}")
        + route("options", "{name: jwt, config: {run_on_preflight: false}}"),
        CONSUMERS,
    ),
    Row("none", get("/jwt"), unseen(), gets(401)),
    Row("no token", get("/jwt", bearer("x.y.z")), unseen(), gets(401)),
    Row(
        "right",
        get("/jwt", bearer(ALICE), "x-credential-identifier: root"),
        sees(headers={**IS_ALICE, "authorization": [f"Bearer {ALICE}"]}),
        gets(200),
    ),
    Row("in the query", get(f"/jwt?jwt={ALICE}"), sees(f"/jwt?jwt={ALICE}", headers=IS_ALICE)),
    Row("a wrong secret", get("/jwt", bearer(shared("x", iss="alice-app"))), gets(401)),
    Row("another's secret", get("/jwt", bearer(shared("bob-secret", iss="alice-app"))), gets(401)),
    Row("unknown", get("/jwt", bearer(shared("alice-secret", iss="who"))), unseen(), gets(401)),
    Row("unnamed", get("/jwt", bearer(shared("alice-secret", sub="x"))), unseen(), gets(401)),
    Row("another hash", get("/jwt", bearer(shared("alice-secret", "HS512", iss="alice-app")))),
    Row("HS512", get("/jwt", bearer(shared("long-secret", "HS512", iss="long"))), gets(200)),
    Row("HS512 only", get("/jwt", bearer(shared("long-secret", iss="long"))), unseen(), gets(401)),
    *(
        Row(f"signed, {name}", get("/jwt", bearer(signed(name, iss=name))), sees(), gets(200))
        for name in ALGORITHMS
    ),
    Row("PKCS#1", get("/jwt", bearer(signed("RS256", iss="RSA"))), sees(), gets(200)),
    Row("pinned", get("/jwt", bearer(signed("RS512", iss="RS256"))), unseen(), gets(401)),
    Row(
        "expired, not checked", get("/jwt", bearer(shared("alice-secret", iss="alice-app", exp=1)))
    ),
    Row(
        "expired",
        get("/exp", bearer(shared("alice-secret", iss="alice-app", exp=NOW - 5))),
        unseen(),
        gets(401),
    ),
    Row("without exp", get("/exp", bearer(ALICE)), unseen(), gets(401)),
    Row(
        "not expired",
        get("/exp", bearer(shared("alice-secret", iss="alice-app", exp=NOW + 7200))),
        sees(headers=IS_ALICE),
        gets(200),
    ),
    Row(
        "too early",
        get(
            "/times",
            bearer(shared("alice-secret", iss="alice-app", exp=NOW + 9000, nbf=NOW + 7200)),
        ),
        unseen(),
        gets(401),
    ),
    Row(
        "without nbf",
        get("/times", bearer(shared("alice-secret", iss="alice-app", exp=NOW + 7200))),
        unseen(),
        gets(403),
    ),
    Row(
        "in its time",
        get("/times", bearer(shared("alice-secret", iss="alice-app", exp=NOW + 7200, nbf=1))),
        sees(headers=IS_ALICE),
        gets(200),
    ),
    Row(
        "lives too long",
        get("/short", bearer(shared("alice-secret", iss="alice-app", exp=NOW + 36000))),
        unseen(),
        gets(401),
    ),
    Row(
        "lives short enough",
        get("/short", bearer(shared("alice-secret", iss="alice-app", exp=NOW + 7200))),
        sees(),
        gets(200),
    ),
    Row("not here", get("/places", bearer(ALICE)), unseen(), gets(401)),
    Row("header", get("/places", f"x-token: Bearer {ALICE}"), sees(headers=IS_ALICE), gets(200)),
    Row("query", get(f"/places?t={ALICE}"), sees(headers=IS_ALICE), gets(200)),
    Row("cookie", get("/places", f"cookie: a=b; c={ALICE}"), sees(headers=IS_ALICE), gets(200)),
    Row(
        "named in the header",
        get("/kid", bearer(shared("alice-secret", header={"kid": "alice-app"}))),
        sees(headers=IS_ALICE),
        gets(200),
    ),
    Row(
        "named in the payload",
        get("/kid", bearer(shared("alice-secret", kid="alice-app"))),
        sees(headers=IS_ALICE),
        gets(200),
    ),
    Row(
        "named as another",
        get("/kid", bearer(shared("bob-secret", header={"kid": "alice-app"}))),
        unseen(),
        gets(403),
    ),
    Row(
        "named as another in the payload",
        get("/kid", bearer(shared("bob-secret", header={"kid": "bob-app"}, kid="alice-app"))),
        unseen(),
        gets(403),
    ),
    Row("another claim", get("/app", bearer(shared("alice-secret", app="alice-app"))), gets(200)),
    Row("a claim that lies", get("/app", bearer(shared("bob-secret", app="alice-app"))), gets(403)),
    Row("no such claim", get("/app", bearer(ALICE)), unseen(), gets(403)),
    Row(
        "bytes",
        get("/base64", bearer(shared(b"secret-\xfb\xef\xbebytes", iss="BYTES"))),
        sees(headers={"x-consumer-username": ["bob"]}),
        gets(200),
    ),
    Row("OPTIONS passes", request("OPTIONS", "/options"), sees(), gets(200)),
    Row("open", get("/open"), sees(), gets(200)),
)


def keys(seen: Seen) -> Reply:
    del seen
    secret = {"kty": "oct", "k": "aXNzdWVyLXNlY3JldA", "alg": "HS256"}
    return Reply(body=json.dumps({"keys": [secret]}).encode())


def issued(iss: str = "https://issuer.test", aud: str = "a", **claims: Any) -> str:
    return bearer(shared("issuer-secret", iss=iss, aud=aud, **claims))


ISSUER = Group(
    "issuer",
    service("""
- path_prefix: /fetched
  authentication:
    jwt:
      issuer: https://issuer.test
      audiences: [a, b]
      jwks_uri: "http://{keys_host}:{keys_port}/jwks"
      algorithms: []
      claims_to_headers: [{claim: sub, header: X-Sub}]
- path_prefix: /given
  authentication:
    jwt:
      jwks: '{"keys":[{"kty":"oct","k":"aXNzdWVyLXNlY3JldA"}]}'
      algorithms: [HS256]
      hide_credentials: true
- path_prefix: /scopes
  authentication:
    oauth2:
      issuer: https://issuer.test/.well-known/openid-configuration
      jwks_uri: "http://{keys_host}:{keys_port}/jwks"
      required_scopes: [admin, read write]
- path_prefix: /limited
  authentication: {jwt: {jwks_uri: "http://{keys_host}:{keys_port}/jwks"}}
  rate_limit: {limits: ["1/1h"], key_type: jwt_claim, key_claim: sub}
"""),
    Row("none", get("/fetched"), unseen("upstream"), gets(401)),
    Row(
        "right",
        get("/fetched", issued(sub="me"), "x-sub: root"),
        sees(headers={"x-sub": ["me"]}, upstream="upstream"),
        gets(200),
    ),
    Row("another issuer", get("/fetched", issued(iss="x")), unseen("upstream"), gets(401)),
    Row("another audience", get("/fetched", issued(aud="c")), unseen("upstream"), gets(403)),
    Row(
        "wrong key",
        get("/fetched", bearer(shared("x", iss="https://issuer.test", aud="a"))),
        unseen("upstream"),
        gets(401),
    ),
    Row(
        "given keys",
        get("/given", issued()),
        sees(headers={"authorization": None}, upstream="upstream"),
        gets(200),
    ),
    Row(
        "another signature",
        get("/given", bearer(shared("issuer-secret", "HS512"))),
        unseen("upstream"),
        gets(401),
    ),
    Row("no scope", get("/scopes", issued()), unseen("upstream"), gets(403)),
    Row("one scope", get("/scopes", issued(scope="a admin b")), sees(), gets(200)),
    Row("half a scope", get("/scopes", issued(scope="read")), unseen("upstream"), gets(403)),
    Row("part of a word", get("/scopes", issued(scope="admins")), unseen("upstream"), gets(403)),
    Row("two words", get("/scopes", issued(scope="write read")), sees(), gets(200)),
    Row("a list", get("/scopes", issued(scope=["read", "write"])), sees(), gets(200)),
    Row("no token", get("/scopes"), unseen("upstream"), gets(401)),
    Row(
        "by claim",
        [get("/limited", issued(sub="a"), times=2), get("/limited", issued(sub="b"))],
        gets(200, 429, 200),
    ),
    Row(
        "without the claim by address",
        [get("/limited", issued()), get("/limited", issued(), "x-gal-claim-sub: z")],
        gets(200, 429),
    ),
    Row(
        "the claim is not passed on",
        get("/limited", issued(sub="c")),
        sees(headers={"x-gal-claim-sub": None}, upstream="upstream"),
    ),
    Row("neighbour", get("/neighbour"), sees(), gets(200)),
    backends=[Backend(), Backend("keys", respond=keys)],
)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(to_envoy) as stage:
        yield stage


@pytest.fixture(scope="module")
def gal_stage() -> Iterator[Stage]:
    with Stage(gal_to_envoy) as stage:
        yield stage


@pytest.mark.parametrize(("group", "row"), cases([TOKENS]))
def test_kong(stage: Stage, group: Group, row: Row) -> None:
    stage.check(group, row)


@pytest.mark.parametrize(("group", "row"), cases([ISSUER]))
def test_gal(gal_stage: Stage, group: Group, row: Row) -> None:
    gal_stage.check(group, row)
