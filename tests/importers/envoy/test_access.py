"""`rbac`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.envoy.placed import file, guards, http, per_route, policies

RBAC = "rbac.v3.RBAC"
EDGE = "use_remote_address: true"
PROXIED = "listener_filters: [{name: envoy.filters.listener.proxy_protocol}]"


def rules(principals: str, action: str = "ALLOW", permissions: str = "[{any: true}]") -> str:
    return (
        f"rules: {{action: {action}, policies: {{p: {{permissions: {permissions},"
        f" principals: {principals}}}}}}}"
    )


def ip(text: str, kind: str = "direct_remote_ip") -> str:
    address, _, length = text.partition("/")
    return f"{{{kind}: {{address_prefix: '{address}', prefix_len: {length}}}}}"


A, B = ip("10.0.0.0/8"), ip("192.0.2.7/32")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(rules(f"[{A}]"), {"allow": ["10.0.0.0/8"]}, id="allow"),
        pytest.param(rules(f"[{A}, {B}]"), {"allow": ["10.0.0.0/8", "192.0.2.7"]}, id="any of two"),
        pytest.param(rules(f"[{A}]", "DENY"), {"deny": ["10.0.0.0/8"]}, id="deny"),
        pytest.param(
            rules(f"[{{not_id: {A}}}]", "DENY"), {"allow": ["10.0.0.0/8"]}, id="deny all others"
        ),
        pytest.param(
            rules(f"[{{and_ids: {{ids: [{A}, {{not_id: {B}}}]}}}}]"),
            {"allow": ["10.0.0.0/8"], "deny": ["192.0.2.7"]},
            id="allow but for one",
        ),
        pytest.param(
            rules(f"[{{or_ids: {{ids: [{A}, {B}]}}}}]"),
            {"allow": ["10.0.0.0/8", "192.0.2.7"]},
            id="or_ids",
        ),
        pytest.param(
            rules(f"[{ip('10.0.0.0/8', 'remote_ip')}]"), {"allow": ["10.0.0.0/8"]}, id="remote_ip"
        ),
        pytest.param("rules: {action: ALLOW}", {"deny": ["0.0.0.0/0", "::/0"]}, id="nobody"),
        pytest.param(
            rules("[{any: true}]", "DENY"), {"deny": ["0.0.0.0/0", "::/0"]}, id="everybody denied"
        ),
    ],
)
def test_addresses(settings: str, expected: dict[str, Any]) -> None:
    assert policies(file(http(RBAC, settings), manager=EDGE)) == {"ip_access": expected}


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param("", id="no rules"),
        pytest.param(rules("[{any: true}]"), id="everybody"),
        pytest.param("rules: {action: DENY}", id="nobody denied"),
    ],
)
def test_open(settings: str) -> None:
    assert policies(file(http(RBAC, settings))) == {}


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(rules("[{authenticated: {}}]"), id="client certificate"),
        pytest.param(rules("[{header: {name: x-key, string_match: {exact: a}}}]"), id="header"),
        pytest.param(
            rules("[{any: true}]", permissions="[{url_path: {path: {prefix: /a}}}]"), id="path"
        ),
        pytest.param(rules(f"[{{and_ids: {{ids: [{A}, {ip('10.1.0.0/16')}]}}}}]"), id="both"),
        pytest.param(rules(f"[{A}, {{authenticated: {{}}}}]"), id="address or certificate"),
        pytest.param("matcher: {}", id="matcher"),
        pytest.param(rules(f"[{A}]").replace("p: {", "p: {condition: {}, "), id="condition"),
    ],
)
def test_guards(settings: str) -> None:
    assert guards(file(http(RBAC, settings))) == ["rbac"]


@pytest.mark.parametrize(
    ("kind", "manager", "listener", "names"),
    [
        pytest.param("remote_ip", EDGE, "", [], id="edge"),
        pytest.param("remote_ip", "", "", ["rbac"], id="behind a proxy"),
        pytest.param("remote_ip", "use_remote_address: false", "", ["rbac"], id="said so"),
        pytest.param(
            "remote_ip", f"{EDGE}\n          xff_num_trusted_hops: 1", "", ["rbac"], id="hops"
        ),
        pytest.param("direct_remote_ip", "", "", [], id="the connection's"),
        pytest.param("direct_remote_ip", EDGE, PROXIED, ["rbac"], id="told by a proxy"),
    ],
)
def test_whose_address(kind: str, manager: str, listener: str, names: list[str]) -> None:
    text = file(http(RBAC, rules(f"[{ip('10.0.0.0/8', kind)}]")), manager=manager)
    text = text.replace("    filter_chains:", f"    {listener}\n    filter_chains:")
    assert guards(text) == names
    assert ("ip_access" in policies(text)) == (not names)


def test_user_agent() -> None:
    principal = "{header: {name: User-Agent, string_match: {safe_regex: {regex: 'Bad.*'}}}}"
    found = policies(file(http(RBAC, rules(f"[{principal}]", "DENY"))))
    assert found == {"user_agent": {"deny": ["Bad.*"]}}
    missing = "{not_id: {header: {name: user-agent, present_match: true}}}"
    found = policies(file(http(RBAC, rules(f"[{principal}, {missing}]", "DENY"))))
    assert found == {"user_agent": {"deny": ["Bad.*"], "refuse_missing": True}}


def test_two_filters() -> None:
    text = file(
        http(RBAC, rules(f"[{A}]"), name="one"), http(RBAC, rules(f"[{B}]", "DENY"), name="two")
    )
    assert policies(text) == {"ip_access": {"allow": ["10.0.0.0/8"], "deny": ["192.0.2.7"]}}


def test_route_wins() -> None:
    override = per_route("rbac.v3.RBACPerRoute", f"rbac: {{{rules(f'[{B}]')}}}")
    text = file(http(RBAC, rules(f"[{A}]"), name="rb"), per_filter={"rb": override})
    assert policies(text) == {"ip_access": {"allow": ["192.0.2.7"]}}
    empty = per_route("rbac.v3.RBACPerRoute")
    assert policies(file(http(RBAC, rules(f"[{A}]"), name="rb"), per_filter={"rb": empty})) == {}
