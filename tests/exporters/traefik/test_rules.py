"""Rules that Traefik takes: a router whose rule it refuses would leave its requests to others."""

from __future__ import annotations

import pytest

from tests.exporters.traefik.exported import exported, one_route

RULES: dict[str, tuple[str, str]] = {
    "a value": ("header_matches: [{name: X, values: [a]}]", "Header(`X`, `a`)"),
    "an empty value": ("header_matches: [{name: X, values: ['']}]", "HeaderRegexp(`X`, `^$`)"),
    "an empty value or another": (
        "header_matches: [{name: X, values: ['', a]}]",
        "HeaderRegexp(`X`, `^$`) || HeaderRegexp(`X`, `^a$`)",
    ),
    "no empty value": (
        "header_matches: [{name: X, values: [''], invert: true}]",
        "!(HeaderRegexp(`X`, `^$`))",
    ),
    "an empty expression": (
        "header_matches: [{name: X, kind: regex, regexes: [{pattern: '', anchor: search}]}]",
        "HeaderRegexp(`X`, `^`)",
    ),
    "an empty parameter": ("query_matches: [{name: q, values: ['']}]", "QueryRegexp(`q`, `^$`)"),
}


@pytest.mark.parametrize(("asked", "rule"), RULES.values(), ids=RULES)
def test_no_value_is_empty(asked: str, rule: str) -> None:
    (found,) = exported(one_route(f"path: /a, {asked}")).rules
    assert found.removesuffix(" && Path(`/a`)").strip("()") == rule.strip("()")


@pytest.mark.parametrize(
    ("guard", "rules"),
    [
        pytest.param("", [], id="open: left out"),
        pytest.param("ip_access: {deny: [10.0.0.1]}", ["PathPrefix(`/`)"], id="guarded: refused"),
    ],
)
def test_hosts_that_traefik_refuses(guard: str, rules: list[str]) -> None:
    made = exported(one_route(f"path_prefix: /a, hosts: ['b\u00fccher.test'], {guard}"))
    routers = made.section("routers").values()
    assert all("ü" not in one["rule"] for one in routers)
    assert len(made.rules) == len(rules)
    assert any("not ASCII" in message for _, _, message in made.entries)
    assert all(one["service"] == "noop@internal" for one in routers)


@pytest.mark.parametrize(
    ("order", "guard", "rule"),
    [
        ("kong", "ip_access: {allow: [10.0.0.1]}", "(Header(`X-A`, `1`) || Header(`X_A`, `1`))"),
        ("kong", "", "Header(`X-A`, `1`)"),
        ("gal", "ip_access: {allow: [10.0.0.1]}", "Header(`X-A`, `1`)"),
    ],
)
def test_underscores_do_not_pass_by_a_guard(order: str, guard: str, rule: str) -> None:
    route = f"path: /a, header_matches: [{{name: X-A, values: ['1']}}], {guard}"
    made = exported(f"global: {{route_order: {order}}}\n{one_route(route)}")
    assert any(one == f"{rule} && Path(`/a`)" for one in made.rules)
