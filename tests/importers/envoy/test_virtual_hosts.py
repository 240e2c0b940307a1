"""Virtual hosts: domains with ports and with wildcards within labels, and what they leave over."""

from __future__ import annotations

import pytest

from tests.importers.envoy.test_listeners import chain, gateway_of, host, listener


@pytest.mark.parametrize(
    ("domains", "expected"),
    [
        pytest.param(
            ["a.com:80", "a.com", "a.com:443"],
            [
                ("a.com", r"(?i)a\.com:80"),
                ("a.com", r"(?i)a\.com:443"),
                ("a.com", ""),
            ],
            id="ports tell hosts apart",
        ),
        pytest.param(["a.com:80", "b.com"], [("a.com", ""), ("b.com", "")], id="a port alone"),
        pytest.param(
            ["*.foo.com", "*-bar.foo.com"],
            [("*.foo.com", r"(?i).+\-bar\.foo\.com(?::[0-9]+)?"), ("*.foo.com", "")],
            id="a wildcard within a label comes first, with any port",
        ),
    ],
)
def test_domains(domains: list[str], expected: list[tuple[str, str]]) -> None:
    hosts = [host(domain, domain) for domain in domains]
    gateway = gateway_of(listener(80, chain(*hosts)))
    found = [
        (route.hosts[0], route.headers[0].regexes[0].pattern if route.headers else "")
        for route in gateway.routes
    ]
    assert found == expected


def test_a_host_that_leaves_requests_over_ends() -> None:
    hosts = [host("a.x", "narrow", "/a"), host("*.x", "wide")]
    gateway = gateway_of(listener(80, chain(*hosts)))
    answers = [route.policies.direct_response for route in gateway.routes]
    assert [one.status_code for one in answers if one is not None] == [200, 404, 200]


def test_copies_of_a_wider_host_are_no_further_routes() -> None:
    narrow, wide = host("a.x", "narrow", "/a"), host("*", "wide")
    narrow["routes"] += wide["routes"]
    gateway = gateway_of(listener(80, chain(narrow, wide)))
    assert [route.hosts for route in gateway.routes] == [["a.x"], []]
