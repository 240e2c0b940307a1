"""`basicAuth`, `digestAuth` and `forwardAuth`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.traefik.placed import fates, file, policies, read, said

ANN = {"username": "ann", "password_hash": "$apr1$s$h"}
BOB = {"username": "bob", "password_hash": "{SHA}x="}


def basic(*users: dict[str, str], **more: Any) -> dict[str, Any]:
    """Basic authentication as GAL's YAML has it."""
    return {"basic": {"users": list(users), **more}}


def guard(name: str, config: dict[str, Any], middleware: str = "m1") -> dict[str, Any]:
    """A guard as GAL's YAML has it."""
    settings = {"name": middleware}
    return {"name": name, "provider": "traefik", "config": config, "settings": settings}


@pytest.mark.parametrize(
    ("middlewares", "expected"),
    [
        pytest.param(
            ['{basicAuth: {users: ["ann:$apr1$s$h", "bob:{SHA}x="]}}'],
            basic(ANN, BOB),
            id="users",
        ),
        pytest.param(
            ['{basicauth: {users: "ann:$apr1$s$h,bob:{SHA}x=", removeheader: "true", realm: r}}'],
            basic(ANN, BOB, realm="r", hide_credentials=True),
            id="as labels",
        ),
        pytest.param(
            [
                '{basicAuth: {users: ["ann:$apr1$s$h", "bob:{SHA}x="]}}',
                '{basicAuth: {users: ["bob:{SHA}x="], removeHeader: true}}',
            ],
            basic(BOB, hide_credentials=True),
            id="who is in both lists",
        ),
        pytest.param(
            [
                '{basicAuth: {users: ["ann:$apr1$s$h"]}}',
                '{basicAuth: {users: ["ann:$apr1$t$i"]}}',
            ],
            {
                **basic(ANN),
                "guards": [guard("basicAuth", {"basicAuth": {"users": ["ann:$apr1$t$i"]}}, "m2")],
            },
            id="two hashes may be of one password",
        ),
        pytest.param(
            ["{basicAuth: {usersFile: /users}}"],
            {"guards": [guard("basicAuth", {"basicAuth": {"usersFile": "/users"}})]},
            id="only a file",
        ),
        pytest.param(
            ["{basicAuth: {secret: users}}"],
            {"guards": [guard("basicAuth", {"basicAuth": {"secret": "users"}})]},
            id="only a Secret",
        ),
        pytest.param(
            ['{basicAuth: {users: ["ann:$apr1$s$h"], usersFile: /users, headerField: X-U}}'],
            {
                **basic(ANN),
                "extensions": {
                    "traefik": {"basicAuth": {"usersFile": "/users", "headerField": "X-U"}}
                },
            },
            id="a file besides",
        ),
        pytest.param(
            ['{basicAuth: {users: ["${USERS}"]}}'],
            {"guards": [guard("basicAuth", {"basicAuth": {"users": ["${USERS}"]}})]},
            id="placeholders",
        ),
        pytest.param(
            ['{digestAuth: {users: ["ann:realm:hash"]}}'],
            {"guards": [guard("digestAuth", {"digestAuth": {"users": ["ann:realm:hash"]}})]},
            id="digest",
        ),
        pytest.param(
            [
                (
                    "{forwardAuth: {address: 'http://c/check', authResponseHeaders: [X-A],"
                    " authRequestHeaders: [Cookie], trustForwardHeader: true}}"
                )
            ],
            {
                "forward": {
                    "address": "http://c/check",
                    "request_headers": ["Cookie"],
                    "upstream_headers": ["X-A"],
                    "trust_forwarded": True,
                }
            },
            id="external check",
        ),
        pytest.param(
            ["{forwardAuth: {address: 'http://c', authResponseHeadersRegex: '^(X-A|X-B)$'}}"],
            {
                "forward": {
                    "address": "http://c",
                    "upstream_headers": ["X-A", "X-B"],
                }
            },
            id="an expression that lists names",
        ),
        pytest.param(
            ["{forwardAuth: {address: 'http://c', authResponseHeadersRegex: '^X-'}}"],
            {
                "guards": [
                    guard(
                        "forwardAuth",
                        {"forwardAuth": {"address": "http://c", "authResponseHeadersRegex": "^X-"}},
                    )
                ]
            },
            id="headers that a client could make up",
        ),
        pytest.param(
            [
                "{forwardAuth: {address: 'http://c'}}",
                '{basicAuth: {users: ["ann:$apr1$s$h"]}}',
            ],
            {
                "require": "all",
                **basic(ANN),
                "forward": {"address": "http://c"},
            },
            id="both have to let in",
        ),
        pytest.param(
            ["{forwardAuth: {address: 'http://c', authSigninURL: 'http://l', maxBodySize: -1}}"],
            {
                "forward": {"address": "http://c"},
                "extensions": {"traefik": {"forwardAuth": {"authSigninURL": "http://l"}}},
            },
            id="settings of Traefik's own",
        ),
    ],
)
def test_policy(middlewares: list[str], expected: dict[str, Any]) -> None:
    """The authentication that middlewares ask for."""
    found = policies(*middlewares)["authentication"]
    found.pop("type", None)
    assert found == expected


@pytest.mark.parametrize(
    ("middlewares", "expected"),
    [
        pytest.param(['{basicAuth: {users: ["ann:$apr1$s$h"]}}'], [], id="exact"),
        pytest.param(["{basicAuth: {usersFile: /users}}"], ["warning carried m1"], id="a guard"),
        pytest.param(
            ['{basicAuth: {users: ["ann:$apr1$s$h"], usersFile: /users, headerField: X-U}}'],
            [
                "warning carried m1.basicAuth.usersFile",
                "warning carried m1.basicAuth.headerField",
            ],
            id="what others lack",
        ),
        pytest.param(
            ["{forwardAuth: {address: 'http://c', headerField: X-U, forwardBody: true}}"],
            [
                "warning carried m1.forwardAuth.forwardBody",
                "info carried m1.forwardAuth.headerField",
            ],
            id="of a check",
        ),
    ],
)
def test_ledger(middlewares: list[str], expected: list[str]) -> None:
    """What the ledger says."""
    assert sorted(fates(*middlewares)) == sorted(expected)


@pytest.mark.parametrize(
    "middleware",
    [
        pytest.param("{basicAuth: {realm: r}}", id="no users"),
        pytest.param("{basicAuth: {users: [ann]}}", id="no hash"),
    ],
)
def test_refused_by_traefik(middleware: str) -> None:
    """Traefik takes a router away with a middleware that it refuses: nobody is let in."""
    gateway, _ = read(file(middleware))
    assert all(route.policies.direct_response is not None for route in gateway.routes)


def test_no_secret_is_said() -> None:
    """Hashes do not reach the ledger."""
    text = file('{basicAuth: {users: ["ann:$apr1$s$h:x"]}}', '{digestAuth: {users: ["a:b:hash"]}}')
    assert not [entry for entry in said(text, "") if "hash" in entry.lower() and "a:b" in entry]
