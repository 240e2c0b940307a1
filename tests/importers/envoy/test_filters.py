"""Chains: which filters act, in which order, and those that only Envoy has."""

from __future__ import annotations

import pytest

from gal.context import ImportOptions
from tests.importers.envoy.placed import ON, fates, file, guards, http, per_route, policies

BASIC = http("basic_auth.v3.BasicAuth", "users: {inline_string: 'a:{SHA}a='}", name="basic")
OFF = http("basic_auth.v3.BasicAuth", "users: {inline_string: 'a:{SHA}a='}", name="basic", off=True)
SIZE = http("buffer.v3.Buffer", "max_request_bytes: 1", name="size")
ADDRESS = http(
    "rbac.v3.RBAC",
    "rules: {policies: {p: {permissions: [{any: true}],"
    " principals: [{direct_remote_ip: {address_prefix: 10.0.0.0, prefix_len: 8}}]}}}",
    name="address",
)
SWITCHED_OFF = "{'@type': type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: true}"


@pytest.mark.parametrize(
    ("chain", "route", "host", "acts"),
    [
        pytest.param(BASIC, {}, "", True, id="on"),
        pytest.param(OFF, {}, "", False, id="off"),
        pytest.param(OFF, {"basic": ON}, "", True, id="switched on by the route"),
        pytest.param(BASIC, {"basic": SWITCHED_OFF}, "", False, id="switched off by the route"),
        pytest.param(
            OFF,
            {},
            f"typed_per_filter_config: {{basic: {ON}}}",
            True,
            id="switched on by the virtual host",
        ),
        pytest.param(
            BASIC,
            {"basic": ON},
            f"typed_per_filter_config: {{basic: {SWITCHED_OFF}}}",
            True,
            id="the route wins",
        ),
        pytest.param(OFF, {"envoy.filters.http.basic_auth": ON}, "", False, id="another name"),
    ],
)
def test_which_act(chain: str, route: dict[str, str], host: str, acts: bool) -> None:
    quoted = {f"'{name}'": text for name, text in route.items()}
    found = policies(file(chain, per_filter=quoted, host=host))
    assert ("authentication" in found) is acts


def test_a_key_that_names_no_filter() -> None:
    override = per_route("basic_auth.v3.BasicAuthPerRoute", "users: {inline_string: 'b:{SHA}b='}")
    said = fates(file(SIZE, per_filter={"other": override}))
    assert any('no filter of the chain is called "other"' in message for _, _, message in said)


@pytest.mark.parametrize(
    ("first", "second", "differs"),
    [
        pytest.param(ADDRESS, BASIC, False, id="address, credentials"),
        pytest.param(BASIC, ADDRESS, True, id="credentials, address"),
        pytest.param(BASIC, SIZE, False, id="credentials, size"),
        pytest.param(SIZE, BASIC, True, id="size, credentials"),
    ],
)
def test_order(first: str, second: str, differs: bool) -> None:
    said = [fate for fate, level, _ in fates(file(first, second)) if level == "warning"]
    assert ("approximated" in said) is differs


@pytest.mark.parametrize(
    ("chain", "name"),
    [
        pytest.param("{name: corp.sso}", "corp.sso", id="a name that says so"),
        pytest.param(http("wasm.v3.Wasm", "config: {name: x}"), "wasm", id="a program"),
        pytest.param(
            http(
                "lua.v3.Lua",
                'inline_code: \'function envoy_on_request(h) h:respond({[":status"]="403"},'
                ' "") end\'',
            ),
            "lua",
            id="a script that may refuse",
        ),
    ],
)
def test_guards(chain: str, name: str) -> None:
    (found,) = guards(file(chain))
    assert found.endswith(name.rsplit(".", 1)[-1])


@pytest.mark.parametrize(
    "kind",
    [
        "grpc_web.v3.GrpcWeb",
        "grpc_stats.v3.FilterConfig",
        "adaptive_concurrency.v3.AdaptiveConcurrency",
        "tap.v3.Tap",
        "cache.v3.CacheConfig",
        "health_check.v3.HealthCheck",
        "credential_injector.v3.CredentialInjector",
        "unheard_of.v3.Anything",
    ],
)
def test_carried(kind: str) -> None:
    found = policies(file(http(kind, "x: 1", name="n")))
    (kept,) = found["plugins"]["envoy"]
    assert kept["name"] == "n"
    assert kept["typed_config"]["x"] == 1


def test_the_user_can_say_that_a_filter_guards() -> None:
    options = ImportOptions(treat_as_auth=frozenset({"corp.gate"}))
    found = policies(file("{name: corp.gate}"), options)
    assert len(found["authentication"]["guards"]) == 1


@pytest.mark.parametrize(
    "scope",
    [
        pytest.param({"basic": "{disabled: true}"}, id="one of two clusters"),
    ],
)
def test_clusters_that_differ_close(scope: dict[str, str]) -> None:
    switch = f"typed_per_filter_config: {{basic: {SWITCHED_OFF}}}"
    clusters = f"[{{name: s, weight: 1, {switch}}}, {{name: s, weight: 1}}]"
    route = f"route: {{weighted_clusters: {{clusters: {clusters}}}}}"
    assert guards(file(BASIC, route=route)) != []
    assert scope
