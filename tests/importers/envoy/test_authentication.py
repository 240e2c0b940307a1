"""Credentials: `basic_auth`, `api_key_auth`, `jwt_authn`, `ext_authz`, and guards."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.envoy.placed import file, guards, http, per_route, policies, read

BASIC = "basic_auth.v3.BasicAuth"
KEY = "api_key_auth.v3.ApiKeyAuth"
JWT = "jwt_authn.v3.JwtAuthentication"
EXT = "ext_authz.v3.ExtAuthz"
USERS = "users: {inline_string: 'ann:{SHA}a='}"
ANN = {"username": "ann", "password_hash": "{SHA}a="}
REMOTE = "remote_jwks: {http_uri: {uri: 'https://i/keys', cluster: s, timeout: 1s}}"
PROVIDER = f"a: {{issuer: i, {REMOTE}, clock_skew_seconds: 1, forward: true}}"
TOKEN = {"issuer": "i", "jwks_uri": "https://i/keys", "algorithms": []}
BOTH_PLACES = {**TOKEN, "query_params": ["access_token"]}
CHECK = "http_service: {server_uri: {uri: 'http://auth:9', cluster: auth, timeout: 2s}"


def jwt(rules: str) -> str:
    return http(JWT, f"providers: {{{PROVIDER}}}, rules: {rules}")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(USERS, {"users": [ANN]}, id="users"),
        pytest.param(f"{USERS}, realm: shop", {"users": [ANN], "realm": "shop"}, id="realm"),
    ],
)
def test_basic(settings: str, expected: dict[str, Any]) -> None:
    found = policies(file(http(BASIC, settings)))
    assert found == {"authentication": {"type": "basic", "basic": _short(expected)}}


def _short(section: dict[str, Any]) -> dict[str, Any]:
    return section


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(
            "credentials: [{key: k, client: ann}], key_sources: [{header: X-Key}]",
            {"header_name": "X-Key", "keys": [{"key": "k", "name": "ann"}]},
            id="header",
        ),
        pytest.param(
            "credentials: [{key: k, client: ann}], key_sources: [{query: k}, {cookie: c}]",
            {
                "header_names": [],
                "query_param": "k",
                "cookie_names": ["c"],
                "keys": [{"key": "k", "name": "ann"}],
            },
            id="query and cookie",
        ),
        pytest.param(
            "credentials: [{key: k, client: ann}, {key: l, client: bob}], allowed_clients: [bob],"
            " key_sources: [{header: X-Key}], forwarding: {hide_credentials: true}",
            {
                "header_name": "X-Key",
                "keys": [{"key": "l", "name": "bob"}],
                "hide_credentials": True,
            },
            id="only one client",
        ),
    ],
)
def test_api_key(settings: str, expected: dict[str, Any]) -> None:
    found = policies(file(http(KEY, settings)))
    assert found == {"authentication": {"type": "api_key", "api_key": expected}}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param("[{match: {prefix: /}, requires: {provider_name: a}}]", BOTH_PLACES, id="all"),
        pytest.param(
            "[{match: {prefix: /api}, requires: {provider_name: a}}, {match: {prefix: /}}]",
            BOTH_PLACES,
            id="the first rule",
        ),
        pytest.param(
            "[{match: {prefix: /health}}, {match: {prefix: /}, requires: {provider_name: a}}]",
            BOTH_PLACES,
            id="another path",
        ),
        pytest.param(
            "[{match: {prefix: /}, requires: {provider_and_audiences: {provider_name: a,"
            " audiences: [x]}}}]",
            {**BOTH_PLACES, "audiences": ["x"]},
            id="audiences",
        ),
        pytest.param("[{match: {prefix: /}}]", None, id="nothing is asked for"),
        pytest.param(
            "[{match: {prefix: /other}, requires: {provider_name: a}}]", None, id="no rule"
        ),
    ],
)
def test_jwt(rules: str, expected: dict[str, Any] | None) -> None:
    found = policies(file(jwt(rules)))
    wanted = {} if expected is None else {"authentication": {"type": "jwt", "jwt": expected}}
    assert _without_order(found) == _without_order(wanted)


def _without_order(found: dict[str, Any]) -> dict[str, Any]:
    return {key: dict(sorted(value.items())) for key, value in found.items()}


def test_a_rule_on_a_part_splits_the_route() -> None:
    text = file(jwt("[{match: {prefix: /api/admin}, requires: {provider_name: a}}]"))
    gateway, _ = read(text)
    part, rest = gateway.routes
    assert part.paths[0].text == "/api/admin"
    assert part.policies.authentication is not None
    assert part.policies.authentication.jwt is not None
    assert rest.paths[0].text == "/api"
    assert rest.policies.authentication is None


@pytest.mark.parametrize(
    "requires",
    [
        pytest.param("{provider_name: b}", id="no such provider"),
        pytest.param(
            "{requires_any: {requirements: [{provider_name: a}, {allow_missing: {}}]}}",
            id="a token may be missing",
        ),
        pytest.param(
            "{requires_all: {requirements: [{provider_name: a}, {provider_name: b}]}}",
            id="two tokens",
        ),
    ],
)
def test_jwt_guards(requires: str) -> None:
    assert guards(file(jwt(f"[{{match: {{prefix: /}}, requires: {requires}}}]"))) == ["jwt_authn"]


def test_jwt_requirement_of_the_route() -> None:
    chain = http(
        JWT, f"providers: {{{PROVIDER}}}, requirement_map: {{r: {{provider_name: a}}}}", name="j"
    )
    asked = per_route("jwt_authn.v3.PerRouteConfig", "requirement_name: r")
    found = policies(file(chain, per_filter={"j": asked}))
    assert found["authentication"]["jwt"]["jwks_uri"] == "https://i/keys"
    missing = per_route("jwt_authn.v3.PerRouteConfig", "requirement_name: x")
    assert guards(file(chain, per_filter={"j": missing})) == ["jwt_authn"]
    off = per_route("jwt_authn.v3.PerRouteConfig", "disabled: true")
    assert policies(file(chain, per_filter={"j": off})) == {}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(
            f"{CHECK}, path_override: /check}}",
            {
                "address": "http://auth:9/check",
                "request_headers": ["Authorization"],
                "timeout": "2s",
            },
            id="one address",
        ),
        pytest.param(
            f"{CHECK}, path_prefix: /check}}, failure_mode_allow: true",
            {
                "address": "http://auth:9/check",
                "request_headers": ["Authorization"],
                "timeout": "2s",
                "fail_open": True,
            },
            id="the path is appended",
        ),
        pytest.param(
            f"{CHECK}, path_override: /c, authorization_response: {{allowed_upstream_headers:"
            " {patterns: [{exact: X-User}]}}}, allowed_headers: {patterns: [{exact: Cookie}]}",
            {
                "address": "http://auth:9/c",
                "request_headers": ["Authorization", "Cookie"],
                "upstream_headers": ["X-User"],
                "timeout": "2s",
            },
            id="headers",
        ),
    ],
)
def test_forward(settings: str, expected: dict[str, Any]) -> None:
    found = policies(file(http(EXT, settings)))
    assert found == {"authentication": {"type": "forward", "forward": expected}}


@pytest.mark.parametrize(
    ("kind", "settings", "name"),
    [
        pytest.param(EXT, "grpc_service: {envoy_grpc: {cluster_name: s}}", "ext_authz", id="grpc"),
        pytest.param(
            EXT,
            f"{CHECK}, authorization_response: {{allowed_upstream_headers: {{patterns:"
            " [{prefix: x-}]}}}",
            "ext_authz",
            id="headers by prefix",
        ),
        pytest.param(BASIC, "users: {filename: /u}", "basic_auth", id="users in a file"),
        pytest.param(KEY, "key_sources: [{header: k}]", "api_key_auth", id="no key"),
        pytest.param("oauth2.v3.OAuth2", "config: {}", "oauth2", id="login"),
        pytest.param("csrf.v3.CsrfPolicy", "", "csrf", id="csrf"),
        pytest.param("ext_proc.v3.ExternalProcessor", "", "ext_proc", id="ext_proc"),
    ],
)
def test_guards(kind: str, settings: str, name: str) -> None:
    assert guards(file(http(kind, settings))) == [name]


def test_all_filters_have_to_let_in() -> None:
    key = http(KEY, "credentials: [{key: k, client: a}], key_sources: [{header: X-Key}]")
    found = policies(file(http(BASIC, USERS), key))["authentication"]
    assert found["require"] == "all"
    assert {"basic", "api_key"} <= set(found)


def test_a_second_filter_of_a_kind_closes() -> None:
    other = "users: {inline_string: 'bob:{SHA}b='}"
    text = file(http(BASIC, USERS, name="one"), http(BASIC, other, name="two"))
    assert guards(text) == ["basic_auth"]
