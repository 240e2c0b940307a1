"""Consumers, their credentials and their policies."""

from __future__ import annotations

from tests.exporters.apisix.placed import route

NOBODY = {"blacklist": ["0.0.0.0/0", "::/0"]}


def test_credentials() -> None:
    placed = route(
        "authentication: {type: api_key}",
        "consumers: [{name: ann, custom_id: '42', tags: ['a:b'], credentials: {"
        "api_keys: [{key: k}, {key: l, id: second}], basic: [{username: u, password: p}],"
        " jwt: [{key: j, secret: s}], hmac: [{username: h, secret: s}]}}]\n",
    )
    assert placed.section("consumers") == [
        {
            "username": "ann",
            "labels": {"a": "b", "custom_id": "42"},
            "plugins": {
                "key-auth": {"key": "k"},
                "basic-auth": {"username": "u", "password": "p"},
                "jwt-auth": {"key": "j", "secret": "s"},
                "hmac-auth": {"key_id": "h", "secret_key": "s"},
            },
        },
        {"id": "ann/credentials/second", "plugins": {"key-auth": {"key": "l"}}},
    ]


def test_credentials_that_apisix_cannot_keep_are_left_away() -> None:
    placed = route(
        "authentication: {type: api_key}",
        "consumers: [{name: ann, credentials: {api_keys: [{key: k, lifetime: 1h}],"
        " basic: [{username: u, password_hash: '$2y$x'}]}}]\n",
    )
    assert placed.section("consumers") == [{"username": "ann"}]
    assert placed.heard("no end") == ["error dropped"]
    assert placed.heard("this is a hash") == ["error dropped"]


def test_a_limit_of_a_consumer_takes_the_place_of_another_kind_of_limit() -> None:
    placed = route(
        "rate_limit: {limits: [1/1s], algorithm: token_bucket}, authentication: {type: api_key}",
        "consumers: [{name: ann, policies: {rate_limit: {requests_per_second: 5}}}]\n",
    )
    plugins = placed.section("consumers")[0]["plugins"]
    assert plugins["limit-count"]["count"] == 5
    assert plugins["limit-req"]["_meta"] == {"disable": True}


def test_a_consumer_whose_access_control_is_lost_is_kept_out() -> None:
    placed = route(
        "authentication: {type: api_key}",
        "consumers: [{name: ann, credentials: {api_keys: [{key: k}]}}]\n"
        "scoped_policies: [{consumer: ann, route: r, policies: {ip_access: {allow: ['::1']}}}]\n",
    )
    assert placed.section("consumers") == [
        {"username": "ann", "plugins": {"ip-restriction": NOBODY}}
    ]
    assert placed.closed
