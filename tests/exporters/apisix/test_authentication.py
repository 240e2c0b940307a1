"""Who may enter by credentials."""

from __future__ import annotations

from typing import Any

import pytest

from tests.exporters.apisix.placed import route

KEY = {"header": "X-API-Key", "query": ""}
DISCOVERY = "https://i.test/.well-known/openid-configuration"
QUIET = {
    "set_access_token_header": False,
    "set_id_token_header": False,
    "set_userinfo_header": False,
}


@pytest.mark.parametrize(
    ("policy", "plugins"),
    [
        ("{type: api_key}", {"key-auth": KEY}),
        ("{basic: {realm: x, hide_credentials: true}}",
         {"basic-auth": {"realm": "x", "hide_credentials": True}}),
        ("{api_key: {header_names: [A, B], query_params: [q]}}",
         {"multi-auth": {"auth_plugins": [{"key-auth": {"header": "A", "query": "q"}},
                                          {"key-auth": {"header": "B", "query": ""}}]}}),
        ("{api_key: {}, basic: {}, anonymous: ann}",
         {"multi-auth": {"auth_plugins": [
             {"basic-auth": {}}, {"key-auth": {**KEY, "anonymous_consumer": "ann"}}]}}),
        ("{api_key: {}, basic: {}, require: all}", {"basic-auth": {}, "key-auth": KEY}),
        ("{jwt: {algorithms: []}}",
         {"jwt-auth": {"query": "", "cookie": "", "key_claim_name": "iss"}}),
        ("{forward: {address: 'http://x', request_headers: [A], timeout: 5s}}",
         {"forward-auth": {"uri": "http://x", "request_headers": ["A"], "timeout": 5000}}),
        ("{jwt: {issuer: 'https://i.test', jwks_uri: 'https://i.test/k', audiences: [a]}}",
         {"openid-connect": {
             "client_id": "a", "discovery": DISCOVERY, "bearer_only": True, "use_jwks": True,
             "iat_slack": 0, "token_signing_alg_values_expected": "RS256",
             "claim_validator": {"issuer": {"valid_issuers": ["https://i.test"]},
                                 "audience": {"required": True, "match_with_client_id": True}},
             **QUIET}}),
        ("{oauth2: {issuer: 'https://i.test', bearer_only: true, required_scopes: [a b]}}",
         {"openid-connect": {"client_id": "gal", "discovery": DISCOVERY, "bearer_only": True,
                             "required_scopes": ["a", "b"], "use_jwks": True, **QUIET}}),
        ("{guards: [{name: opa, provider: apisix, config: {host: 'http://o', policy: p}}]}",
         {"opa": {"host": "http://o", "policy": "p"}}),
    ],
)  # fmt: skip
def test_asked(policy: str, plugins: dict[str, Any]) -> None:
    placed = route(f"authentication: {policy}")
    assert placed.plugins == plugins
    assert not placed.closed


@pytest.mark.parametrize(
    "policy",
    [
        "{}",
        "{api_key: {header_names: [], cookie_names: [c]}}",
        "{api_key: {}, forward: {address: 'http://x'}}",
        "{jwt: {jwks: '{}'}}",
        "{jwt: {issuer: 'https://i.test', jwks_uri: 'https://k.test/k'}}",
        "{jwt: {issuer: 'https://i.test', jwks_uri: 'https://i.test/k', algorithms: [RS256, A]}}",
        "{jwt: {algorithms: [], audiences: [a]}}",
        "{jwt: {algorithms: [], max_lifetime: 1h}}",
        "{oauth2: {issuer: 'https://i.test'}}",
        "{oauth2: {issuer: 'https://i.test', bearer_only: true, required_scopes: [a, b]}}",
        "{guards: [{name: ldap-auth, provider: kong}]}",
    ],
)
def test_what_apisix_cannot_ask_for_closes_the_route(policy: str) -> None:
    assert route(f"authentication: {policy}").closed


def test_users_of_a_policy_become_consumers_whom_only_it_lets_in() -> None:
    placed = route("authentication: {basic: {users: [{username: u, password: p}]}}")
    assert placed.plugins == {
        "basic-auth": {},
        "consumer-restriction": {"whitelist": ["u"], "rejected_code": 401},
    }
    assert placed.section("consumers") == [
        {"username": "u", "plugins": {"basic-auth": {"username": "u", "password": "p"}}}
    ]
