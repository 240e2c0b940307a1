"""Hosts in other spellings, which find another route in Kong."""

from __future__ import annotations

import pytest

from tests.exporters.kong.exported import gal

FILE = """
global: {{route_order: {order}}}
services:
- name: s
  upstream: {{host: h.test}}
  routes:
  - {{name: r, path_prefix: /, hosts: [a.test, "*.b.test", "c.test:80"], {guard}}}
  - {{name: other, path_prefix: /, {other}}}
"""
GUARD = "ip_access: {deny: [10.0.0.1]}"
HOSTS = ["a.test", "*.b.test", "c.test:80"]


@pytest.mark.parametrize(
    ("order", "guard", "other", "hosts", "warned"),
    [
        pytest.param("gal", GUARD, "methods: [GET]", HOSTS, True, id="guarded"),
        pytest.param("gal", "", "methods: [GET]", HOSTS, False, id="open"),
        pytest.param("gal", GUARD, GUARD, HOSTS, True, id="another policy of its own"),
        pytest.param("gal", GUARD, "hosts: [d.test]", HOSTS, False, id="nothing takes the rest"),
        pytest.param(
            "apisix", GUARD, "methods: [GET]", [*HOSTS, "a.test.", "*.b.test."], True, id="dots"
        ),
    ],
)
def test_hosts(order: str, guard: str, other: str, hosts: list[str], warned: bool) -> None:
    exported = gal(FILE.format(order=order, guard=guard, other=other))
    assert exported.at("services.0.routes.0.hosts") == hosts
    assert any("sign by sign" in one for one in exported.said) is warned
