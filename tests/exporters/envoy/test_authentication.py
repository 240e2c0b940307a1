"""What kinds of authentication become, and what is said of what they cannot."""

from __future__ import annotations

from typing import Any

import pytest

from gal.exporters.envoy.alternatives import settle
from gal.exporters.envoy.authentication import authentication
from gal.exporters.envoy.build import Alternative
from gal.model import (
    ApiKey,
    ApiKeyAuth,
    Authentication,
    BasicAuth,
    BasicCredential,
    BasicUser,
    Consumer,
    Credentials,
    DirectResponse,
    ForwardAuth,
    Gateway,
    Guard,
    JwtAuth,
    JwtCredential,
    KeyCredential,
    OAuth2Auth,
    OAuth2Server,
    Policies,
    Require,
    Secret,
)
from tests.exporters.envoy.built import Built, built

USER = BasicUser("al", password=Secret("secret"))
KEY = ApiKey(Secret("the-key"), "first")
BASIC = BasicAuth(users=[USER])
API_KEY = ApiKeyAuth(keys=[KEY])
SIGNER = JwtCredential("app", secret=Secret("shared"))
ALICE = Consumer(
    "alice",
    credentials=Credentials(
        basic=[BasicCredential("al", password=Secret("secret"))],
        api_keys=[KeyCredential(Secret("the-key"))],
        jwt=[SIGNER],
    ),
)
REFUSED = Consumer("refused", policies=Policies(direct_response=DirectResponse(status_code=401)))
GATEWAY = Gateway(consumers=[ALICE, Consumer("guest"), REFUSED])
NO_HASH = BasicUser("al", password_hash=Secret("$2y$05$x"))
CONSUMER = "gal.consumer"


def applied(policy: Authentication, gateway: Gateway = GATEWAY, **route: Any) -> Built:
    case = built(gateway=gateway, policies=Policies(authentication=policy), **route)
    authentication(policy, case.build, case.shared)
    settle(case.build)
    return case


@pytest.mark.parametrize(
    ("policy", "names"),
    [
        pytest.param(Authentication(basic=BASIC), ["gal.basic.own"], id="own users"),
        pytest.param(Authentication(api_key=API_KEY), ["gal.api_key.own"], id="own keys"),
        pytest.param(
            Authentication(basic=BasicAuth()), ["gal.basic", CONSUMER], id="consumers' users"
        ),
        pytest.param(
            Authentication(api_key=ApiKeyAuth()), ["gal.api_key", CONSUMER], id="consumers' keys"
        ),
        pytest.param(Authentication(jwt=JwtAuth()), ["gal.jwt", CONSUMER], id="consumers' tokens"),
        pytest.param(
            Authentication(jwt=JwtAuth(key_claim="app")),
            ["gal.jwt", "gal.jwt_claims.1", CONSUMER],
            id="tokens by another claim",
        ),
        pytest.param(
            Authentication(jwt=JwtAuth(jwks_uri="http://keys.test/")), ["gal.jwt"], id="issuer"
        ),
        pytest.param(
            Authentication(oauth2=OAuth2Auth(jwks_uri="http://keys.test/", required_scopes=["a"])),
            ["gal.jwt", "gal.jwt_claims.1"],
            id="scopes",
        ),
        pytest.param(
            Authentication(forward=ForwardAuth("http://auth.test/")), ["gal.forward"], id="forward"
        ),
        pytest.param(
            Authentication(require=Require.ALL, basic=BasicAuth(), api_key=API_KEY),
            ["gal.api_key.own", "gal.basic", CONSUMER],
            id="all",
        ),
        pytest.param(
            Authentication(basic=BasicAuth(), api_key=API_KEY),
            ["gal.basic", CONSUMER],
            id="any: the last kind",
        ),
        pytest.param(
            Authentication(basic=BasicAuth(), anonymous="guest"), [CONSUMER], id="anonymous"
        ),
        pytest.param(
            Authentication(basic=BasicAuth(), anonymous="refused"),
            ["gal.basic", CONSUMER],
            id="an anonymous consumer that is refused",
        ),
    ],
)
def test_filters(policy: Authentication, names: list[str]) -> None:
    case = applied(policy)
    chain = [one["name"] for one in case.shared.filters.render()]
    assert sorted(case.build.filters) == sorted(names)
    assert set(names) <= set(chain)
    assert case.build.refusal is None


@pytest.mark.parametrize(
    ("policy", "entries"),
    [
        pytest.param(Authentication(basic=BASIC), [], id="one kind"),
        pytest.param(
            Authentication(require=Require.ALL, basic=BASIC, api_key=API_KEY), [], id="all"
        ),
        pytest.param(
            Authentication(basic=BASIC, api_key=API_KEY),
            [("X-API-Key", None, ["gal.api_key.own"])],
            id="any",
        ),
        pytest.param(
            Authentication(basic=BASIC, jwt=JwtAuth(jwks='{"keys":[{"kty":"RSA"}]}')),
            [("Authorization", None, ["gal.jwt"])],
            id="tokens first",
        ),
        pytest.param(
            Authentication(api_key=ApiKeyAuth(run_on_preflight=False, keys=[KEY])),
            [(None, ["OPTIONS"], [])],
            id="preflights",
        ),
        pytest.param(
            Authentication(
                require=Require.ALL,
                api_key=ApiKeyAuth(run_on_preflight=False, keys=[KEY]),
                basic=BASIC,
            ),
            [(None, ["OPTIONS"], ["gal.basic.own"])],
            id="preflights of one kind",
        ),
        pytest.param(
            Authentication(basic=BASIC, anonymous="guest"),
            [("authorization", None, ["gal.basic.own"])],
            id="anonymous",
        ),
        pytest.param(
            Authentication(
                require=Require.ALL,
                basic=BASIC,
                api_key=ApiKeyAuth(header_names=[], query_params=["k"], keys=[KEY]),
                anonymous="guest",
            ),
            [("authorization", None, ["gal.api_key.own", "gal.basic.own"])],
            id="all or anonymous",
        ),
    ],
)
def test_alternatives(
    policy: Authentication, entries: list[tuple[str | None, list[str] | None, list[str]]]
) -> None:
    found = [
        (
            entry.headers[0]["name"] if entry.headers else None,
            entry.methods,
            sorted(entry.filters or {}),
        )
        for entry in applied(policy).build.alternatives
    ]
    assert found == entries


def test_alternatives_meet_those_of_later_policies() -> None:
    case = applied(Authentication(basic=BASIC, api_key=API_KEY))
    policy = Authentication(basic=BASIC, api_key=API_KEY)
    case.build.alternatives.clear()
    authentication(policy, case.build, case.shared)
    answer = {"direct_response": {"status": 418}}
    case.build.alternatives.append(Alternative(headers=[{"name": "x-now"}], instead=answer))
    settle(case.build)
    found = [
        ([header["name"] for header in entry.headers], entry.instead, sorted(entry.filters or {}))
        for entry in case.build.alternatives
    ]
    assert found == [
        (["X-API-Key", "x-now"], answer, ["gal.api_key.own"]),
        (["X-API-Key"], None, ["gal.api_key.own"]),
        (["x-now"], answer, []),
    ]


LAW_2 = "; everybody is refused with 403"
HASH = 'Envoy knows no hashes of passwords but {SHA}: Envoy does not let in "al"'
OTHER_SPELLINGS = (
    'credentials in Proxy-Authorization, or after "basic" in small letters, are refused'
)
NO_KEYS = (
    "Envoy does not look up where an issuer's keys are: add `jwks_uri` to its `oauth2` section"
)
OWN_METHOD = "the check keeps the request's own method, and its body is not sent along"
ONLY_WHERE_NEEDED = "whether an external service lets in cannot be asked only where it is needed"


@pytest.mark.parametrize(
    ("policy", "messages"),
    [
        pytest.param(
            Authentication(guards=[Guard("ldap-auth", "kong")]),
            [f'dropped error: only kong knows the access control "ldap-auth"{LAW_2}'],
            id="guard",
        ),
        pytest.param(
            Authentication(guards=[Guard("hmac-auth", "kong")], basic=BASIC),
            [
                f'dropped error: only kong knows the access control "hmac-auth"{LAW_2}',
                f"approximated warning: {OTHER_SPELLINGS}",
            ],
            id="guard beside another kind",
        ),
        pytest.param(
            Authentication(basic=BasicAuth(users=[NO_HASH])),
            [
                f"dropped error: {HASH}",
                "dropped error: basic authentication has no user whom Envoy can let in" + LAW_2,
            ],
            id="hash",
        ),
        pytest.param(
            Authentication(api_key=ApiKeyAuth(header_names=[], keys=[KEY], body_fields=["k"])),
            [
                "dropped error: Envoy takes keys from headers, queries and cookies only" + LAW_2,
            ],
            id="keys in bodies only",
        ),
        pytest.param(
            Authentication(oauth2=OAuth2Auth(issuer="https://issuer.test")),
            [
                f"dropped error: {NO_KEYS}{LAW_2}",
            ],
            id="issuer without keys",
        ),
        pytest.param(
            Authentication(oauth2=OAuth2Auth(server=OAuth2Server())),
            [f"dropped error: Envoy issues no tokens itself{LAW_2}"],
            id="own tokens",
        ),
        pytest.param(
            Authentication(jwt=JwtAuth(jwks="no keys")),
            [
                'approximated warning: a token after "bearer" in small letters is refused',
                "approximated warning: exp and nbf are checked with one second of leeway",
                f"dropped error: the key set is no JSON Web Key Set{LAW_2}",
            ],
            id="no key set",
        ),
        pytest.param(
            Authentication(forward=ForwardAuth("auth.test")),
            [f'dropped error: "auth.test" is no address such as https://auth.example/check{LAW_2}'],
            id="no address",
        ),
        pytest.param(
            Authentication(forward=ForwardAuth("http://auth.test/"), anonymous="guest"),
            [
                f"approximated warning: {OWN_METHOD}",
                f"dropped error: {ONLY_WHERE_NEEDED}{LAW_2}",
            ],
            id="forward or anonymous",
        ),
    ],
)
def test_refuses_everybody(policy: Authentication, messages: list[str]) -> None:
    case = applied(policy)
    assert case.build.refusal is not None
    assert case.build.alternatives == []
    assert case.messages == messages


@pytest.mark.parametrize(
    ("policy", "gateway", "message"),
    [
        pytest.param(
            Authentication(basic=BasicAuth(users=[USER, NO_HASH])),
            GATEWAY,
            'dropped error: there is another user of this name: Envoy does not let in "al"',
            id="the same user twice",
        ),
        pytest.param(
            Authentication(basic=BasicAuth(users=[USER, BasicUser("b", Secret("${P}"))])),
            GATEWAY,
            'dropped error: the hash of a placeholder is not known: Envoy does not let in "b"',
            id="placeholder",
        ),
        pytest.param(
            Authentication(api_key=ApiKeyAuth(keys=[KEY, KEY])),
            GATEWAY,
            "dropped error: another credential has the same key, and that one counts",
            id="the same key twice",
        ),
        pytest.param(
            Authentication(api_key=ApiKeyAuth()),
            Gateway(
                consumers=[
                    ALICE,
                    Consumer("b", credentials=Credentials(api_keys=[KeyCredential()])),
                ]
            ),
            "dropped error: the source makes this key up: it is not known, and opens nothing here",
            id="made-up key",
        ),
        pytest.param(
            Authentication(jwt=JwtAuth()),
            Gateway(
                consumers=[
                    ALICE,
                    Consumer(
                        "b", credentials=Credentials(jwt=[JwtCredential("b", "RS256", None, "x")])
                    ),
                ]
            ),
            "dropped error: this is no public key in PEM: Envoy lets in none of its tokens",
            id="broken public key",
        ),
        pytest.param(
            Authentication(api_key=API_KEY, oauth2=OAuth2Auth()),
            GATEWAY,
            "dropped error: Envoy does not look up where an issuer's keys are: add `jwks_uri` to "
            "its `oauth2` section; only the other kinds of authentication let in",
            id="one kind of two",
        ),
        pytest.param(
            Authentication(basic=BASIC, api_key=API_KEY),
            GATEWAY,
            "approximated warning: the first kind of credential that a request shows decides: with "
            "a bad one it is refused, even where another kind would let it in",
            id="any",
        ),
        pytest.param(
            Authentication(basic=BASIC, anonymous="guest"),
            GATEWAY,
            "approximated warning: a request with a bad credential is refused with 401; without "
            "any it is anonymous",
            id="anonymous",
        ),
        pytest.param(
            Authentication(basic=BASIC, anonymous="who"),
            GATEWAY,
            'approximated warning: there is no consumer "who": without credentials it is 401',
            id="unknown anonymous",
        ),
        pytest.param(
            Authentication(api_key=ApiKeyAuth(keys=[KEY], body_fields=["k"])),
            GATEWAY,
            "approximated warning: Envoy looks for keys in headers, queries and cookies: one in a "
            "body is refused",
            id="bodies",
        ),
        pytest.param(
            Authentication(oauth2=OAuth2Auth(jwks_uri="http://keys.test/")),
            GATEWAY,
            "approximated warning: nobody is sent to the issuer's login page: without a bearer "
            "token it is 401",
            id="login page",
        ),
        pytest.param(
            Authentication(jwt=JwtAuth(jwks_uri="http://keys.test/", algorithms=["ES256"])),
            GATEWAY,
            "approximated warning: Envoy accepts every signature that the fetched keys can make",
            id="signatures",
        ),
    ],
)
def test_says_what_differs(policy: Authentication, gateway: Gateway, message: str) -> None:
    case = applied(policy, gateway)
    assert case.build.refusal is None
    assert message in case.messages


def test_no_secret_is_told() -> None:
    users = [USER, NO_HASH, BasicUser("b", Secret("${P}"))]
    case = applied(
        Authentication(basic=BasicAuth(users=users), api_key=ApiKeyAuth(keys=[KEY, KEY]))
    )
    told = " ".join(case.messages)
    assert [one for one in ("secret", "the-key", "$2y$", "${P}") if one in told] == []
