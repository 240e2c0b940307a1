"""Kong cannot switch a wider plugin off, so it stands in the other narrower scopes instead."""

from __future__ import annotations

from tests.exporters.kong.exported import gal

LIMIT = "{limits: [5/1s]}"


def test_a_global_policy_is_a_global_plugin() -> None:
    found = gal(f"policies: {{rate_limit: {LIMIT}}}\nroutes: [{{name: r, path_prefix: /}}]")
    assert list(found.plugins("")) == ["rate-limiting"]
    assert found.plugins("routes.0") == {}


def test_what_one_route_is_without_the_others_have() -> None:
    found = gal(
        f"policies: {{rate_limit: {LIMIT}}}\n"
        "services: [{name: s, upstream: {host: h.test}, routes: [{name: a, path_prefix: /a}]},"
        " {name: t, upstream: {host: h.test}, routes: [{name: b, path_prefix: /b,"
        " rate_limit: {enabled: false}}, {name: c, path_prefix: /c}]}]"
    )
    assert "plugins" not in found.data
    assert list(found.plugins("services.0")) == ["rate-limiting"]
    assert found.plugins("services.1") == {}
    assert found.plugins("services.1.routes.0") == {}
    assert list(found.plugins("services.1.routes.1")) == ["rate-limiting"]


def test_another_kind_of_credential_replaces_the_wider_one() -> None:
    found = gal(
        "policies: {authentication: {type: basic}}\n"
        "routes: [{name: a, path_prefix: /a, authentication: {type: jwt, jwt: {algorithms: []}}},"
        " {name: b, path_prefix: /b}]"
    )
    assert "plugins" not in found.data
    assert list(found.plugins("routes.0")) == ["jwt"]
    assert list(found.plugins("routes.1")) == ["basic-auth"]


def test_headers_are_switched_off_by_a_transformer_that_does_nothing() -> None:
    found = gal(
        "policies: {headers: {request_set: {A: x}}}\n"
        "routes: [{name: a, path_prefix: /a, headers: {enabled: false}}]"
    )
    assert list(found.plugins("")) == ["request-transformer"]
    assert found.plugins("routes.0") == {"request-transformer": {}}


def test_policies_of_a_consumer() -> None:
    found = gal(
        f"consumers: [{{name: c, policies: {{rate_limit: {LIMIT}}}}}]\n"
        "routes: [{name: a, path_prefix: /a}]\n"
        f"scoped_policies: [{{consumer: c, route: a, policies: {{rate_limit: {LIMIT}}}}}]"
    )
    assert list(found.plugins("consumers.0")) == ["rate-limiting"]
    plugin = found.at("plugins.0")
    assert (plugin["name"], plugin["route"], plugin["consumer"]) == ("rate-limiting", "a", "c")


def test_a_control_that_consumers_cannot_have_shuts_them_out() -> None:
    found = gal("consumers: [{name: c, policies: {acl: {allow: [g]}}}]")
    assert found.plugins("consumers.0")["request-termination"]["status_code"] == 403
    assert any(one.startswith("error") for one in found.said)
