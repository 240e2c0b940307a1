"""Who may enter by address, kind of client and group."""

from __future__ import annotations

from typing import Any

import pytest

from tests.exporters.apisix.placed import Placed, route

KEY = {"header": "X-API-Key", "query": ""}
ONE_EACH = """consumers:
- {name: ann, groups: [g], credentials: {api_keys: [{key: a}]}}
- {name: bob, groups: [h], credentials: {api_keys: [{key: b}]}}
"""
SEVERAL = """consumers:
- {name: ann, groups: [g, h], credentials: {api_keys: [{key: a}]}}
- {name: bob, groups: [h], credentials: {api_keys: [{key: b}]}}
- {name: cid, credentials: {api_keys: [{key: c}]}}
"""


@pytest.mark.parametrize(
    ("policy", "config"),
    [
        ("{allow: [10.0.0.0/8]}", {"whitelist": ["10.0.0.0/8"]}),
        ("{deny: ['::1'], message: no}", {"blacklist": ["::1"], "message": "no"}),
        ("{deny: [10.0.0.0/8], status_code: 404}",
         {"blacklist": ["10.0.0.0/8"], "response_code": 404}),
        ("{allow: [10.0.0.0/30], deny: [10.0.0.1]}",
         {"whitelist": ["10.0.0.0", "10.0.0.2/31"]}),
        ("{allow: ['10.0.0.0/8', 'fe80::/64'], deny: [0.0.0.0/0]}", {"whitelist": ["fe80::/64"]}),
        ("{allow: [10.0.0.0/8], deny: [10.0.0.0/8]}", {"blacklist": ["0.0.0.0/0", "::/0"]}),
        ("{allow: ['${OFFICE}']}", {"whitelist": ["${OFFICE}"]}),
    ],
)  # fmt: skip
def test_addresses(policy: str, config: dict[str, Any]) -> None:
    placed = route(f"ip_access: {policy}")
    assert placed.plugins["ip-restriction"] == config
    assert placed.said == []


def test_no_addresses_restrict_nobody() -> None:
    assert "ip-restriction" not in route("ip_access: {}").plugins


def test_placeholders_in_both_lists_close_the_route() -> None:
    assert route("ip_access: {allow: ['${OFFICE}'], deny: [10.0.0.1]}").closed


def test_another_status_than_apisix_refuses_with() -> None:
    placed = route("ip_access: {deny: [10.0.0.1], status_code: 401}")
    assert placed.said == ["warning approximated: APISIX refuses with 403 or 404: it is 403"]


@pytest.mark.parametrize(
    ("policy", "config"),
    [
        ("{deny: [bad, {pattern: worse, dialect: pcre, anchor: search}]}",
         {"denylist": ["^(?:bad)$", "worse"]}),
        ("{deny: [{pattern: ^, dialect: pcre, anchor: search}], allow: [good]}",
         {"allowlist": ["^(?:good)$"]}),
        ("{deny: [{pattern: bot, anchor: search}], allow: [{pattern: good, anchor: search}]}",
         {"denylist": [r"^(?![\s\S]*?(?:(?:good)))[\s\S]*?(?:bot)"]}),
    ],
)  # fmt: skip
def test_user_agents(policy: str, config: dict[str, Any]) -> None:
    """Clients without a name are let in, as the model has it."""
    placed = route(f"user_agent: {policy}")
    assert placed.plugins["ua-restriction"] == {"bypass_missing": True, **config}
    assert placed.said == []


@pytest.mark.parametrize(
    ("policy", "config"),
    [
        ("{refuse_missing: true}", {"denylist": ["(?!)"]}),
        ("{refuse_missing: true, allow: [good]}", {"denylist": ["(?!)"]}),
        ("{refuse_missing: true, deny: [bad]}", {"denylist": ["^(?:bad)$"]}),
    ],
)
def test_clients_without_a_name(policy: str, config: dict[str, Any]) -> None:
    placed = route(f"user_agent: {policy}")
    assert placed.plugins["ua-restriction"] == config
    assert placed.said == []


def test_known_robots_are_those_of_gal() -> None:
    placed = route("user_agent: {deny_known_bots: true, deny: [bad]}")
    assert len(placed.plugins["ua-restriction"]["denylist"]) == 5
    assert placed.heard("known robots") == ["warning approximated"]


def test_expressions_that_count_their_groups_cannot_be_put_together() -> None:
    policy = r"user_agent: {deny: [{pattern: '(a)\1', dialect: pcre}], allow: [good]}"
    assert route(policy).closed


def _restriction(policy: str, consumers: str) -> tuple[Any, Placed]:
    placed = route(f"authentication: {{type: api_key}}, acl: {policy}", consumers)
    assert placed.plugins["key-auth"] == KEY
    return placed.plugins.get("consumer-restriction"), placed


@pytest.mark.parametrize(
    ("policy", "consumers", "config"),
    [
        ("{allow: [g], hide_groups_header: true}", ONE_EACH,
         {"type": "consumer_group_id", "whitelist": ["g"]}),
        ("{deny: [g], hide_groups_header: true, status_code: 404}", ONE_EACH,
         {"type": "consumer_group_id", "blacklist": ["g"], "rejected_code": 404}),
        ("{allow: [h], deny: [g], hide_groups_header: true}", SEVERAL,
         {"whitelist": ["ann", "bob"], "blacklist": ["ann"]}),
        ("{deny: [nobody], hide_groups_header: true}", SEVERAL, {"blacklist": ["gal-nobody"]}),
        ("{allow: [nobody], hide_groups_header: true}", SEVERAL, {"whitelist": ["gal-nobody"]}),
        ("{}", SEVERAL, None),
    ],
)  # fmt: skip
def test_groups(policy: str, consumers: str, config: dict[str, Any] | None) -> None:
    """A consumer has one group in APISIX; where that does not do, consumers stand in the list."""
    found, placed = _restriction(policy, consumers)
    assert found == config
    assert placed.said == []


def test_groups_stand_in_the_file() -> None:
    _, placed = _restriction("{allow: [g]}", ONE_EACH)
    assert [one["id"] for one in placed.section("consumer_groups")] == ["g", "h"]
    assert [one.get("group_id") for one in placed.section("consumers")] == ["g", "h"]


def test_groups_that_a_token_holds_are_not_known() -> None:
    auth = "authentication: {oauth2: {issuer: 'https://i.test', bearer_only: true}}"
    assert route(f"{auth}, acl: {{allow: [g], authenticated_groups: true}}").closed


@pytest.mark.parametrize(
    ("consumers", "acl", "said"),
    [
        ("[{name: a, groups: [g]}, {name: b}]", "allow: [g]", ["warning approximated"]),
        ("[{name: a, groups: [g]}, {name: b}]", "allow: [g], status_code: 401", []),
        ("[{name: a, groups: [g]}]", "allow: [g]", []),
        ("[{name: a, groups: [g]}, {name: b}]", "deny: [g]", []),
    ],
)
def test_consumers_of_no_group(consumers: str, acl: str, said: list[str]) -> None:
    text = f"acl: {{{acl}}}, authentication: {{api_key: {{}}}}"
    placed = route(text, f"consumers: {consumers}\n")
    assert placed.heard("no group") == said
