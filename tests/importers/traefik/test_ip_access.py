"""`ipAllowList` and `ipWhiteList`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.traefik.placed import fates, file, policies, read


@pytest.mark.parametrize(
    ("middlewares", "expected"),
    [
        pytest.param(
            ["{ipAllowList: {sourceRange: [10.0.0.0/8, '::1'], rejectStatusCode: 404}}"],
            {"ip_access": {"allow": ["10.0.0.0/8", "::1"], "status_code": 404}},
            id="addresses",
        ),
        pytest.param(
            ["{ipwhitelist: {sourcerange: '10.0.0.0/8, 1.2.3.4'}}"],
            {"ip_access": {"allow": ["10.0.0.0/8", "1.2.3.4"]}},
            id="version 2, as labels",
        ),
        pytest.param(
            ["{ipAllowList: {sourceRange: [10.0.0.0/8], ipStrategy: {}}}"],
            {"ip_access": {"allow": ["10.0.0.0/8"]}},
            id="the connection's address",
        ),
        pytest.param(
            [
                "{ipAllowList: {sourceRange: [10.0.0.0/8, 1.1.1.1]}}",
                "{ipAllowList: {sourceRange: [10.1.0.0/16, 2.2.2.2]}}",
            ],
            {"ip_access": {"allow": ["10.1.0.0/16"]}},
            id="in both lists",
        ),
        pytest.param(
            [
                "{ipAllowList: {sourceRange: [1.1.1.1]}}",
                "{ipAllowList: {sourceRange: [2.2.2.2]}}",
            ],
            {"ip_access": {"allow": ["1.1.1.1"], "deny": ["0.0.0.0/0", "::/0"]}},
            id="in neither",
        ),
        pytest.param(
            ["{ipAllowList: {sourceRange: [255.255.255.255/32], rejectStatusCode: 410}}"],
            {"direct_response": {"status_code": 410}},
            id="an answer to everybody",
        ),
        pytest.param(
            ["{ipAllowList: {sourceRange: ['${RANGE}']}}"],
            {"ip_access": {"allow": ["${RANGE}"]}},
            id="placeholder",
        ),
    ],
)
def test_policy(middlewares: list[str], expected: dict[str, Any]) -> None:
    """The policy that middlewares become."""
    assert policies(*middlewares) == expected


@pytest.mark.parametrize(
    "strategy",
    [
        pytest.param("{depth: 1}", id="depth"),
        pytest.param("{excludedIPs: [10.0.0.1]}", id="excluded addresses"),
        pytest.param("{ipv6Subnet: 64}", id="subnet"),
    ],
)
def test_told_addresses_are_a_guard(strategy: str) -> None:
    """Other gateways must not take a client's word for its address."""
    text = f"{{ipAllowList: {{sourceRange: [10.0.0.0/8], ipStrategy: {strategy}}}}}"
    found = policies(text)
    assert found["authentication"]["guards"][0]["name"] == "ipAllowList"
    assert "ip_access" not in found
    assert fates(text) == ["warning carried m1"]


@pytest.mark.parametrize(
    "middleware",
    [
        pytest.param("{ipAllowList: {rejectStatusCode: 404}}", id="nobody"),
        pytest.param("{ipAllowList: {sourceRange: [foo]}}", id="no address"),
    ],
)
def test_refused_by_traefik(middleware: str) -> None:
    """Traefik takes such a router away: nobody is let in."""
    gateway, _ = read(file(middleware))
    assert all(route.policies.direct_response is not None for route in gateway.routes)
