"""Which plugins have a place in the model, watch, guard, or do something else."""

from __future__ import annotations

from dataclasses import fields

import pytest

from gal.importers.kong.classify import (
    GUARDS,
    OBSERVERS,
    OTHERS,
    PLUGIN_KINDS,
    PluginClass,
    classify,
)
from gal.model import Policies
from tests.importers.kong.plugins import located

NOTHING: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rate-limiting", PluginClass.MODELLED),
        ("openid-connect", PluginClass.MODELLED),
        ("prometheus", PluginClass.OBSERVER),
        ("zipkin", PluginClass.OBSERVER),
        ("hmac-auth", PluginClass.GUARD),
        ("key-auth-enc", PluginClass.GUARD),
        ("mtls-auth", PluginClass.GUARD),
        ("opa", PluginClass.GUARD),
        ("session", PluginClass.OTHER),
        ("upstream-oauth", PluginClass.OTHER),
        ("rate-limiting-advanced", PluginClass.OTHER),
        ("aws-lambda", PluginClass.OTHER),
        ("authn-kong", PluginClass.GUARD),
        ("pep-plugin", PluginClass.GUARD),
        ("ping-auth", PluginClass.GUARD),
        ("my-oidc", PluginClass.GUARD),
        ("company-acl", PluginClass.GUARD),
        ("kong-jwt2header", PluginClass.GUARD),
        ("keycloak_introspection", PluginClass.GUARD),
        ("oracle-lookup", PluginClass.OTHER),
        ("opaque-headers", PluginClass.OTHER),
        ("my-headers", PluginClass.OTHER),
    ],
)
def test_names(name: str, expected: PluginClass) -> None:
    assert classify(name, NOTHING) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("my-headers", PluginClass.GUARD),
        ("session", PluginClass.GUARD),
        ("prometheus", PluginClass.GUARD),
        ("post-function", PluginClass.GUARD),
        ("key-auth", PluginClass.MODELLED),
    ],
)
def test_names_that_the_user_knows(name: str, expected: PluginClass) -> None:
    treat_as_auth = frozenset(("my-headers", "session", "prometheus", "post-function", "key-auth"))
    plugin, _ = located(name, "access: []")
    assert classify(name, treat_as_auth, plugin.config) is expected


@pytest.mark.parametrize("name", ["pre-function", "post-function"])
@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("access: ['kong.response.exit(403)']", PluginClass.GUARD),
        ("rewrite: ['return kong.response.error(401)']", PluginClass.GUARD),
        ("functions: ['ngx.exit(ngx.HTTP_FORBIDDEN)']", PluginClass.GUARD),
        ("access: ['local r = kong.response; return r.exit(403)']", PluginClass.GUARD),
        ("access: ['error(\"no\")']", PluginClass.GUARD),
        ("access: ['load(code)()']", PluginClass.GUARD),
        ("access: ['${CODE}']", PluginClass.GUARD),
        ("access: ['kong.service.request.set_header(\"x\", 1)']", PluginClass.OTHER),
        ("access: ['kong.log.err(\"seen\")']", PluginClass.OTHER),
        ("log: ['kong.response.exit(403)']", PluginClass.OTHER),
        ("header_filter: ['kong.response.set_header(\"x\", 1)']", PluginClass.OTHER),
    ],
)
def test_functions(name: str, config: str, expected: PluginClass) -> None:
    plugin, document = located(name, config)
    assert classify(name, NOTHING, plugin.config) is expected
    assert next(document.walk_untaken(), None) is not None  # looking marks nothing


def test_functions_without_their_code_guard() -> None:
    assert classify("pre-function", NOTHING) is PluginClass.GUARD


def test_the_lists_are_apart() -> None:
    sets = [frozenset(PLUGIN_KINDS), OBSERVERS, GUARDS, OTHERS]
    assert len(frozenset().union(*sets)) == sum(len(one) for one in sets)


def test_plugins_become_policies() -> None:
    known = {field.name for field in fields(Policies)}
    assert {kind for kinds in PLUGIN_KINDS.values() for kind in kinds} <= known
