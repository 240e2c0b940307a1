"""Lists of middlewares: their order, and those that only Traefik knows."""

from __future__ import annotations

import pytest

from gal.context import ImportOptions
from tests.importers.traefik.placed import fates, file, policies, read

BASIC = "{basicAuth: {users: ['a:{SHA}x=']}}"
CHECK = "{forwardAuth: {address: 'http://c'}}"
LIMIT = "{rateLimit: {average: 1}}"
BY_KEY = "{rateLimit: {average: 1, sourceCriterion: {requestHeaderName: X-Key}}}"
ADDRESS = "{ipAllowList: {sourceRange: [10.0.0.0/8]}}"
SIZE = "{buffering: {maxRequestBodyBytes: 1}}"
CORS = "{headers: {accessControlAllowOriginList: [https://a], accessControlAllowHeaders: [X]}}"
STRIP = "{stripPrefix: {prefixes: [/api]}}"
BREAKER = "{circuitBreaker: {expression: NetworkErrorRatio() > 0.5}}"
RETRY = "{retry: {attempts: 2}}"
SET = "{headers: {customRequestHeaders: {X-Key: a}}}"
LOG_IN = "{headers: {customRequestHeaders: {Authorization: a}}}"


@pytest.mark.parametrize(
    ("first", "second", "differs"),
    [
        (BASIC, LIMIT, False),
        (LIMIT, BASIC, True),
        (ADDRESS, BASIC, False),
        (BASIC, ADDRESS, True),
        (LIMIT, ADDRESS, True),
        (SIZE, BASIC, True),
        (LIMIT, SIZE, True),
        (SIZE, LIMIT, False),
        (CORS, BASIC, False),
        (BASIC, CORS, True),
        (CHECK, STRIP, False),
        (STRIP, CHECK, True),
        (STRIP, BASIC, False),
        (SET, CHECK, True),
        (SET, BASIC, False),
        (LOG_IN, BASIC, True),
        (SET, BY_KEY, True),
        (SET, LIMIT, False),
        (LOG_IN, BY_KEY, False),
        (BREAKER, RETRY, False),
        (RETRY, BREAKER, True),
    ],
)
def test_order(first: str, second: str, differs: bool) -> None:
    """Where the model's order is another one that a client can see, the ledger says so."""
    assert ("warning approximated m1" in fates(first, second)) is differs


@pytest.mark.parametrize(
    ("middleware", "expected"),
    [
        ("{contentType: {}}", "info carried m1"),
        ("{encodedCharacters: {allowEncodedSlash: true}}", "warning carried m1"),
        ("{errors: {status: ['500'], service: s, query: /e}}", "warning carried m1"),
        ("{grpcWeb: {allowOrigins: ['*']}}", "warning carried m1"),
        ("{inFlightReq: {amount: 5}}", "warning carried m1"),
        ("{passTLSClientCert: {pem: true}}", "warning carried m1"),
        ("{plugin: {rewritebody: {a: b}}}", "warning carried m1"),
    ],
)
def test_carried(middleware: str, expected: str) -> None:
    """What the model has no place for is kept as it is."""
    found = policies(middleware)
    kind = middleware[1:].partition(":")[0]
    assert list(found) == ["plugins"]
    assert list(found["plugins"]["traefik"][0]) == ["name", kind]
    assert fates(middleware) == [expected]


@pytest.mark.parametrize(
    ("plugin", "guarded"),
    [
        ("crowdsec-bouncer", True),
        ("traefik-jwt-plugin", True),
        ("traefikoidc", True),
        ("geoblock", True),
        ("api-token-check", True),
        ("apiTokenCheck", True),
        ("rewritebody", False),
        ("traefik-get-real-ip", False),
        ("themepark", False),
    ],
)
def test_plugin(plugin: str, guarded: bool) -> None:
    """A plugin whose name says that it may refuse is a guard (law 2)."""
    found = policies(f"{{plugin: {{{plugin}: {{key: value}}}}}}")
    if guarded:
        assert found["authentication"]["guards"] == [
            {
                "name": plugin,
                "provider": "traefik",
                "config": {"plugin": {plugin: {"key": "value"}}},
                "settings": {"name": "m1"},
            }
        ]
    else:
        assert "authentication" not in found


def test_plugin_that_the_user_names() -> None:
    """`--treat-as-auth` makes any plugin a guard."""
    options = ImportOptions(treat_as_auth=frozenset({"rewritebody"}))
    gateway, _ = read(file("{plugin: {rewritebody: {}}}"), options)
    authentication = gateway.routes[0].policies.authentication
    assert authentication is not None
    assert [guard.name for guard in authentication.guards] == ["rewritebody"]


def test_refused_by_traefik() -> None:
    """Every router with a middleware that Traefik refuses is gone, with all that it guards."""
    gateway, ledger = read(file(BASIC, "{addPrefix: {}}"))
    assert all(route.policies.direct_response is not None for route in gateway.routes)
    assert not [entry for entry in ledger if entry.message == "not understood"]


def chained(chains: str, definitions: str) -> str:
    """A file whose router has the middleware `m1`, a chain, and others that chains name."""
    return file(chains).replace("  services:\n", f"{definitions}  services:\n")


def test_chain() -> None:
    """A chain stands for its middlewares, in their order."""
    text = chained(
        "{chain: {middlewares: [a, b@file]}}",
        "    a: {addPrefix: {prefix: /a}}\n"
        "    b: {chain: {middlewares: 'c,d'}}\n"
        "    c: {addPrefix: {prefix: /c}}\n"
        "    d: {addPrefix: {prefix: /d}}\n",
    )
    gateway, ledger = read(text)
    rewrite = gateway.routes[0].rewrite
    assert rewrite is not None
    assert rewrite.add_prefix == "/d/c/a"
    assert not [entry for entry in ledger if entry.path]


@pytest.mark.parametrize(
    "definitions",
    [
        pytest.param("", id="not there"),
        pytest.param("    a: {chain: {middlewares: [m1]}}\n", id="in itself"),
        pytest.param("    a: {addPrefix: {prefix: /a}, compress: {}}\n", id="two kinds"),
    ],
)
def test_broken_chain(definitions: str) -> None:
    """Traefik takes a router away whose chain it cannot make."""
    gateway, ledger = read(chained("{chain: {middlewares: [a]}}", definitions))
    assert all(route.policies.direct_response is not None for route in gateway.routes)
    assert not [entry for entry in ledger if entry.message == "not understood"]


def test_chain_of_another_provider() -> None:
    """A middleware that another provider has may ask for credentials: nobody is let in."""
    gateway, _ = read(file("{chain: {middlewares: [auth@docker]}}"))
    authentication = gateway.routes[0].policies.authentication
    assert authentication is not None
    assert [guard.config for guard in authentication.guards] == [{"reference": "auth@docker"}]
