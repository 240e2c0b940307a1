"""Who may enter, by credentials."""

from __future__ import annotations

from typing import Any

import pytest

from tests.exporters.kong.exported import gal, route

CLOSED = {"request-termination": {"status_code": 403, "message": "Forbidden"}}
JWT = "authentication: {type: jwt, jwt: {algorithms: [], verify_claims: []}}"


@pytest.mark.parametrize(
    ("policy", "plugins"),
    [
        ("authentication: {type: basic}", {"basic-auth": {}}),
        ("authentication: {type: api_key}",
         {"key-auth": {"key_names": ["X-API-Key"], "key_in_query": False}}),
        ("authentication: {type: api_key, api_key: {header_names: [a], query_params: [a]}}",
         {"key-auth": {"key_names": ["a"]}}),
        (JWT, {"jwt": {"header_names": ["Authorization"], "uri_param_names": []}}),
        ("authentication: {require: all, basic: {}, api_key: {header_names: [a]}}",
         {"basic-auth": {}, "key-auth": {"key_names": ["a"], "key_in_query": False}}),
    ],
)  # fmt: skip
def test_consumers(policy: str, plugins: dict[str, Any]) -> None:
    assert route(f"path_prefix: /, {policy}").plugins("services.0.routes.0") == plugins


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("forward: {address: 'http://a.test'}", "asks no other service"),
        ("jwt: {jwks_uri: 'http://a.test'}", "no JSON Web Key Set"),
        ("jwt: {issuer: i}", "neither issuer nor audience"),
        ("oauth2: {issuer: 'http://a.test'}", "enterprise edition"),
        ("guards: [{name: x, provider: apisix}]", "only apisix knows x"),
    ],
)
def test_what_kong_cannot_ask_for_closes_the_route(policy: str, said: str) -> None:
    fields = f"path_prefix: /, authentication: {{{policy}}}"
    found = route(fields)
    assert found.plugins("services.0.routes.0") == CLOSED
    assert any(one.startswith("error dropped") and said in one for one in found.said)
    opened = route(fields, allow_open=True)
    assert "request-termination" not in opened.plugins("services.0.routes.0")


def test_keys_of_a_route_open_that_route_only() -> None:
    found = gal(
        "routes: [{name: a, path_prefix: /a, authentication: {api_key: {keys: [{key: ka,"
        " name: alice}]}}}, {name: b, path_prefix: /b, authentication: {type: api_key}}]\n"
        "consumers: [{name: bob, credentials: {api_keys: [{key: kb}]}}]"
    )
    assert found.plugins("routes.0")["acl"]["allow"] == ["gal-policy-1"]
    assert found.plugins("routes.1")["acl"]["deny"] == ["gal-made-up"]
    assert found.data["consumers"][1] == {
        "username": "alice",
        "acls": [{"group": "gal-made-up"}, {"group": "gal-policy-1"}],
        "keyauth_credentials": [{"key": "ka"}],
    }


def test_any_of_several_kinds_goes_by_a_consumer_that_is_turned_away() -> None:
    found = route("path_prefix: /, authentication: {basic: {}, api_key: {}}")
    plugins = found.plugins("services.0.routes.0")
    assert {one["anonymous"] for one in plugins.values()} == {"gal-anonymous"}
    anonymous = found.data["consumers"][-1]
    assert anonymous["username"] == "gal-anonymous"
    assert anonymous["plugins"][0]["config"]["status_code"] == 401


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ("{username: u, password_hash: '$2y$05$x'}", "cannot check this kind of hash"),
        ("{username: bob, password: p}", "a consumer has this name already"),
    ],
)
def test_a_user_that_kong_cannot_know_is_shut_out(user: str, said: str) -> None:
    found = gal(
        f"routes: [{{path_prefix: /, authentication: {{basic: {{users: [{user}]}}}}}}]\n"
        "consumers: [{name: c, credentials: {basic: [{username: bob, password: q}]}}]"
    )
    assert found.plugins("routes.0")["acl"]["allow"] == ["gal-policy-1"]
    assert len(found.data["consumers"]) == 1
    assert any(said in one for one in found.said)


def test_groups_asked_for_and_refused_at_once_close() -> None:
    found = route("path_prefix: /, acl: {allow: [a], deny: [b]}")
    assert found.plugins("services.0.routes.0") == CLOSED
