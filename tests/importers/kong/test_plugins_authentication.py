"""Authentication plugins: credentials of consumers, tokens, and what only Kong knows."""

from __future__ import annotations

import pytest

from gal.errors import InputError
from gal.importers.kong.authentication import (
    anonymous,
    api_key_auth,
    basic_auth,
    guard,
    jwt_auth,
    oauth2_auth,
)
from gal.model import (
    ApiKeyAuth,
    BasicAuth,
    Duration,
    Guard,
    JwtAuth,
    OAuth2Auth,
    OAuth2Server,
    Secret,
)
from tests.importers.kong.plugins import (
    APPROXIMATED,
    CARRIED,
    CARRIED_QUIETLY,
    IDLE,
    Said,
    check,
    located,
    read_with,
)


@pytest.mark.parametrize(
    ("config", "expected", "said"),
    [
        ("", BasicAuth(realm="service"), ()),
        (
            "realm: shop\nhide_credentials: true\nanonymous: guest",
            BasicAuth(realm="shop", hide_credentials=True),
            (),
        ),
        (
            'anonymous: ""',
            BasicAuth(realm="service"),
            ((*IDLE, "config.anonymous", "nobody enters without"),),
        ),
    ],
    ids=["defaults", "all fields", "empty anonymous"],
)
def test_basic_auth(config: str, expected: BasicAuth, said: tuple[Said, ...]) -> None:
    check(basic_auth, "basic-auth", config, expected, said)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("", ApiKeyAuth(header_names=["apikey"], query_params=["apikey"])),
        (
            (
                "key_names: [X-Key, k]\nkey_in_header: true\nkey_in_query: false\n"
                "key_in_body: true\nhide_credentials: true\nrealm: shop\n"
                "run_on_preflight: false\nanonymous: guest"
            ),
            ApiKeyAuth(
                header_names=["X-Key", "k"],
                body_fields=["X-Key", "k"],
                hide_credentials=True,
                realm="shop",
                run_on_preflight=False,
            ),
        ),
        ("key_in_header: false\nkey_in_query: false", ApiKeyAuth(header_names=[])),
        ("key_names: []", ApiKeyAuth(header_names=[])),
    ],
    ids=["defaults", "all fields", "no place", "no name"],
)
def test_api_key_auth(config: str, expected: ApiKeyAuth) -> None:
    check(api_key_auth, "key-auth", config, expected)


def jwt(**more: object) -> JwtAuth:
    """JWT authentication with Kong's defaults."""
    wanted = JwtAuth(
        algorithms=[], header_names=["authorization"], query_params=["jwt"], verify_claims=[]
    )
    for name, value in more.items():
        setattr(wanted, name, value)
    return wanted


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("", jwt()),
        ("claims_to_verify: [exp]", jwt(verify_claims=["exp"], require_claims=True)),
        ("maximum_expiration: 0", jwt()),
        (
            (
                "uri_param_names: [t]\ncookie_names: [c]\nheader_names: [X-Token]\n"
                "key_claim_name: kid\nsecret_is_base64: true\nclaims_to_verify: [exp, nbf]\n"
                "maximum_expiration: 3600\nrealm: shop\nrun_on_preflight: false\nanonymous: guest"
            ),
            jwt(
                query_params=["t"],
                cookie_names=["c"],
                header_names=["X-Token"],
                key_claim="kid",
                secret_is_base64=True,
                verify_claims=["exp", "nbf"],
                require_claims=True,
                max_lifetime=Duration.seconds(3600),
                realm="shop",
                run_on_preflight=False,
            ),
        ),
        ("uri_param_names: []\nheader_names: []", jwt(query_params=[], header_names=[])),
    ],
    ids=["defaults", "a claim", "no maximum", "all fields", "no place"],
)
def test_jwt_auth(config: str, expected: JwtAuth) -> None:
    check(jwt_auth, "jwt", config, expected)


OAUTH2: list[tuple[str, OAuth2Auth, tuple[Said, ...]]] = [
    (
        "enable_client_credentials: true",
        OAuth2Auth(server=OAuth2Server(grants=["client_credentials"])),
        (),
    ),
    (
        (
            "enable_authorization_code: true\nenable_client_credentials: true\n"
            "enable_implicit_grant: true\nenable_password_grant: true\nscopes: [mail]\n"
            "mandatory_scope: true\nprovision_key: hidden-word\ntoken_expiration: 60\n"
            "refresh_token_ttl: 120\nhide_credentials: true\nanonymous: guest\npkce: strict\n"
            "accept_http_if_already_terminated: true\nauth_header_name: x-token\n"
            "global_credentials: true\nrealm: shop\nreuse_refresh_token: true"
        ),
        OAuth2Auth(
            server=OAuth2Server(
                grants=["authorization_code", "client_credentials", "implicit", "password"],
                scopes=["mail"],
                mandatory_scope=True,
                token_lifetime=Duration.seconds(60),
                refresh_token_lifetime=Duration.seconds(120),
                provision_key=Secret("hidden-word"),
            ),
            hide_credentials=True,
            extensions={
                "kong": {
                    "accept_http_if_already_terminated": True,
                    "auth_header_name": "x-token",
                    "global_credentials": True,
                    "pkce": "strict",
                    "realm": "shop",
                    "reuse_refresh_token": True,
                }
            },
        ),
        (
            (*CARRIED, "config.accept_http_if_already_terminated", "HTTPS"),
            (*CARRIED, "config.auth_header_name", "header"),
            (*CARRIED, "config.global_credentials", "others"),
            (*CARRIED, "config.pkce", "proof key"),
            (*CARRIED, "config.reuse_refresh_token", "stay valid"),
            (*CARRIED_QUIETLY, "config.realm", "refused"),
        ),
    ),
]


@pytest.mark.parametrize(("config", "expected", "said"), OAUTH2, ids=["one grant", "all fields"])
def test_oauth2_auth(config: str, expected: OAuth2Auth, said: tuple[Said, ...]) -> None:
    check(oauth2_auth, "oauth2", config, expected, said)


ISSUER = "issuer: https://id.test/\nauth_methods: [bearer]\n"

OPENID: list[tuple[str, str, OAuth2Auth, tuple[Said, ...]]] = [
    (
        "bearer only",
        ISSUER + "anonymous: guest",
        OAuth2Auth(issuer="https://id.test/", scopes=["openid"], bearer_only=True),
        (),
    ),
    (
        "every method",
        "issuer: https://id.test/",
        OAuth2Auth(issuer="https://id.test/", scopes=["openid"]),
        ((*APPROXIMATED, "config", "every way to authenticate"),),
    ),
    (
        "login page only",
        "issuer: https://id.test/\nauth_methods: [authorization_code]",
        OAuth2Auth(
            issuer="https://id.test/",
            scopes=["openid"],
            extensions={"kong": {"auth_methods": ["authorization_code"]}},
        ),
        ((*APPROXIMATED, "config.auth_methods", "also accept a bearer token"),),
    ),
    (
        "introspection",
        "issuer: https://id.test/\nauth_methods: [bearer, introspection]",
        OAuth2Auth(
            issuer="https://id.test/",
            scopes=["openid"],
            bearer_only=True,
            extensions={"kong": {"auth_methods": ["bearer", "introspection"]}},
        ),
        ((*APPROXIMATED, "config.auth_methods", "only Kong knows introspection"),),
    ),
    (
        "what the model says",
        ISSUER + "client_id: [me]\nclient_secret: [hidden-word]\nscopes: [openid, mail]\n"
        "scopes_required: [read, write admin]\nscopes_claim: [scope]\naudience_required: [shop]\n"
        "audience_claim: [aud]\nredirect_uri: [https://shop.test/back]\nhide_credentials: true\n"
        "run_on_preflight: false\nextra_jwks_uris: [https://id.test/keys]",
        OAuth2Auth(
            issuer="https://id.test/",
            client_id="me",
            client_secret=Secret("hidden-word"),
            scopes=["openid", "mail"],
            required_scopes=["read", "write admin"],
            audiences=["shop"],
            jwks_uri="https://id.test/keys",
            redirect_uri="https://shop.test/back",
            bearer_only=True,
            hide_credentials=True,
            run_on_preflight=False,
        ),
        ((*APPROXIMATED, "config.extra_jwks_uris", "discovery"),),
    ),
    (
        "the rest",
        ISSUER + "client_id: [a, b]\nsession_secret: hidden-word\nleeway: 5\nreverify: false\n"
        "verify_signature: false\ngroups_required: null\nconsumer_claim: [sub]\n"
        "consumer_optional: true\nproof_of_possession_mtls: 'off'",
        OAuth2Auth(
            issuer="https://id.test/",
            client_id="a",
            scopes=["openid"],
            bearer_only=True,
            extensions={
                "kong": {
                    "client_id": ["a", "b"],
                    "session_secret": "hidden-word",
                    "leeway": 5,
                    "reverify": False,
                    "verify_signature": False,
                    "consumer_claim": ["sub"],
                    "consumer_optional": True,
                    "proof_of_possession_mtls": "off",
                }
            },
        ),
        (
            (*CARRIED, "config.client_id", "only the first"),
            (*CARRIED, "config.consumer_claim", "only Kong"),
            (*CARRIED, "config.consumer_optional", "only Kong"),
            (*CARRIED, "config.leeway", "only Kong"),
            (*CARRIED, "config.verify_signature", "only Kong"),
            (*CARRIED_QUIETLY, "config.proof_of_possession_mtls", "only Kong"),
            (*CARRIED_QUIETLY, "config.reverify", "only Kong"),
            (*CARRIED_QUIETLY, "config.session_secret", "only Kong"),
        ),
    ),
]


@pytest.mark.parametrize(
    ("config", "expected", "said"), [row[1:] for row in OPENID], ids=[row[0] for row in OPENID]
)
def test_openid_connect(config: str, expected: OAuth2Auth, said: tuple[Said, ...]) -> None:
    check(oauth2_auth, "openid-connect", config, expected, said)


@pytest.mark.parametrize(
    "demand",
    [
        "groups_required: [staff]",
        "roles_required: [staff]",
        "claims_forbidden: [guest]",
        "issuers_allowed: [https://id.test/]",
        "domains: [shop.test]",
        "consumer_claim: [sub]",
        "scopes_required: [a]\nscopes_claim: [permissions]",
        "audience_required: [a]\naudience_claim: [azp]",
        "audience_required: [a b]",
        "proof_of_possession_mtls: strict",
        "introspect_jwt_tokens: true",
        "tomorrows_claims_required: [x]",
    ],
)
def test_openid_connect_that_demands_more_is_a_guard(demand: str) -> None:
    """No other gateway may let in those whom Kong refuses for reasons the model cannot say."""
    made, _, untaken = read_with(oauth2_auth, "openid-connect", ISSUER + demand)
    assert isinstance(made, Guard)
    assert made.config["issuer"] == "https://id.test/"
    assert untaken == []


@pytest.mark.parametrize("method", ["password", "client_credentials", "kong_oauth2"])
def test_openid_connect_without_tokens_is_a_guard(method: str) -> None:
    config = f"issuer: https://id.test/\nauth_methods: [{method}]"
    made, _, _ = read_with(oauth2_auth, "openid-connect", config)
    assert isinstance(made, Guard)


def test_guard() -> None:
    check(
        guard,
        "ldap-auth",
        "ldap_host: ldap.test\nldap_port: 389\nextra: {deep: [1]}",
        Guard(
            "ldap-auth",
            "kong",
            {"ldap_host": "ldap.test", "ldap_port": 389, "extra": {"deep": [1]}},
        ),
        ((*CARRIED_QUIETLY, "", "any other gateway will refuse everybody"),),
    )


@pytest.mark.parametrize(
    ("config", "expected"),
    [("", None), ("anonymous: guest", "guest"), ('anonymous: ""', None), ("anonymous: null", None)],
)
def test_anonymous(config: str, expected: str | None) -> None:
    plugin, _ = located("key-auth", config)
    assert anonymous(plugin) == expected


@pytest.mark.parametrize(
    ("kind", "name", "config", "where", "message"),
    [
        (basic_auth, "basic-auth", "hide_credentials: maybe", "3:21", "must be a boolean"),
        (api_key_auth, "key-auth", "key_names: apikey", "3:14", "must be a list"),
        (jwt_auth, "jwt", "claims_to_verify: [exp, aud]", "3:27", 'only "exp" and "nbf"'),
        (jwt_auth, "jwt", "maximum_expiration: 60", "3:23", 'needs "exp"'),
        (jwt_auth, "jwt", "maximum_expiration: -1", "3:23", "between 0 and"),
        (
            jwt_auth,
            "jwt",
            "claims_to_verify: [exp]\nmaximum_expiration: ${MAX}",
            "4:23",
            "needs the number",
        ),
        (oauth2_auth, "oauth2", "scopes: [mail]", "3:3", "no grant is enabled"),
        (
            oauth2_auth,
            "oauth2",
            "enable_password_grant: true\nmandatory_scope: true",
            "4:20",
            'needs "scopes"',
        ),
        (oauth2_auth, "openid-connect", "scopes: [mail]", "3:3", '"issuer" is missing'),
    ],
)
def test_refused(kind: object, name: str, config: str, where: str, message: str) -> None:
    assert callable(kind)
    with pytest.raises(InputError, match=message) as caught:
        read_with(kind, name, config)
    assert str(caught.value.position) == f"kong.yaml:{where}"


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("oauth2", "enable_password_grant: true\nprovision_key: hidden-word"),
        ("openid-connect", ISSUER + "client_secret: [hidden-word, hidden-word]"),
        ("openid-connect", ISSUER + "domains: [x]\nclient_secret: [hidden-word]"),
    ],
)
def test_secrets_are_not_said(name: str, config: str) -> None:
    _, said, _ = read_with(oauth2_auth, name, config)
    assert "hidden-word" not in str(said)
