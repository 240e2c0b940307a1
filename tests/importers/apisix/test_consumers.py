"""Consumers, their credentials and groups."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.apisix.reading import fragment, model, refusal, said


@pytest.mark.parametrize(
    ("plugins", "kind", "expected"),
    [
        ("key-auth: {key: k}", "api_keys", {"key": "k"}),
        (
            "basic-auth: {username: u, password: p}",
            "basic",
            {"username": "u", "password": "p"},
        ),
        ("jwt-auth: {key: k, secret: s}", "jwt", {"key": "k", "secret": "s"}),
        (
            "jwt-auth: {key: k, secret: c2VjcmV0, base64_secret: true}",
            "jwt",
            {"key": "k", "secret": "secret"},
        ),
        (
            "jwt-auth: {key: k, algorithm: RS256, public_key: P}",
            "jwt",
            {"key": "k", "algorithm": "RS256", "public_key": "P"},
        ),
        ("hmac-auth: {key_id: k, secret_key: s}", "hmac", {"username": "k", "secret": "s"}),
    ],
)
def test_credentials(plugins: str, kind: str, expected: dict[str, Any]) -> None:
    plain = model(f"consumers: [{{username: jack, plugins: {{{plugins}}}}}]")
    assert fragment(plain, f"consumers.0.credentials.{kind}") == [expected]


@pytest.mark.parametrize(
    "text",
    [
        (
            "consumers: [{username: a, plugins: {}}, "
            "{id: a/credentials/one, plugins: {key-auth: {key: k}}}]"
        ),
        "consumers: [{id: a/credentials/one, plugins: {key-auth: {key: k}}}, {username: a}]",
        "consumers: [{username: a, credentials: [{name: one, type: key-auth, config: {key: k}}]}]",
        "consumers: [{username: a, credentials: [{name: one, plugins: {key-auth: {key: k}}}]}]",
        (
            '[{"key": "/apisix/consumers/a", "value": {"username": "a"}}, '
            '{"key": "/apisix/consumers/a/credentials/one", '
            '"value": {"plugins": {"key-auth": {"key": "k"}}}}]'
        ),
    ],
    ids=["after", "before", "ADC", "ADC with plugins", "stored"],
)
def test_credentials_of_their_own(text: str) -> None:
    found = fragment(model(text), "consumers.0.credentials.api_keys")
    assert found == [{"key": "k", "id": "one"}]


def test_a_group_gives_its_plugins() -> None:
    text = """
    consumer_groups:
      - {id: g, plugins: {cors: {max_age: 7}, limit-count: {count: 1, time_window: 1}}}
    consumers:
      - {username: a, group_id: g, plugins: {limit-count: {count: 2, time_window: 1}}}
    """
    consumer = fragment(model(text), "consumers.0")
    assert consumer["groups"] == ["g"]
    assert consumer["policies"]["cors"]["max_age"] == "7s"
    assert consumer["policies"]["rate_limit"]["requests_per_second"] == 2


def test_a_name_that_is_let_in_is_a_group() -> None:
    text = """
    consumers: [{username: a}, {username: b}]
    routes: [{uri: /, plugins: {key-auth: {}, consumer-restriction: {whitelist: [b]}}}]
    """
    plain = model(text)
    assert fragment(plain, "consumers.0.groups") is None
    assert fragment(plain, "consumers.1.groups") == ["b"]
    assert fragment(plain, "routes.0.acl.allow") == ["b"]


def test_a_name_that_is_a_group_already_is_a_guard() -> None:
    text = """
    consumer_groups: [{id: b, plugins: {}}]
    consumers: [{username: a, group_id: b}, {username: b}]
    routes: [{uri: /, plugins: {key-auth: {}, consumer-restriction: {whitelist: [b]}}}]
    """
    plain = model(text)
    assert fragment(plain, "routes.0.authentication.guards.0.name") == "consumer-restriction"


@pytest.mark.parametrize(
    ("consumers", "expected"), [("[{username: a}]", "a"), ("[{username: b}]", None)]
)
def test_anonymous(consumers: str, expected: str | None) -> None:
    text = f"""
    consumers: {consumers}
    routes: [{{uri: /, plugins: {{key-auth: {{anonymous_consumer: a}}}}}}]
    """
    assert fragment(model(text), "routes.0.authentication.anonymous") == expected


def test_what_only_apisix_has() -> None:
    text = (
        "consumers: [{username: a, plugins: {ldap-auth: {user_dn: x}, jwt-auth: {key: k, exp: 5}}}]"
    )
    kept = fragment(model(text), "consumers.0.extensions.apisix")
    assert kept == {
        "credentials": [{"name": "ldap-auth", "config": {"user_dn": "x"}}],
        "jwt-auth": {"k": {"exp": 5}},
    }
    assert [one.partition(": ")[0] for one in said(text)] == [
        'warning carried consumers[0].plugins["ldap-auth"]',
        'info carried consumers[0].plugins["jwt-auth"].exp',
    ]


def test_refused() -> None:
    text = "consumers: [{username: a, plugins: {key-auth: {}}}]"
    assert refusal(text) == '1:47: field "key" is missing'
    assert "there are two" in refusal("consumers: [{username: a}, {username: a}]")


def test_no_secret_is_told() -> None:
    text = "consumers: [{username: a, plugins: {ldap-auth: {user_dn: hidden}}}]"
    assert "hidden" not in "".join(said(text))
