"""Services that routers go to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.traefik.placed import file, model, read, said

TWO = (
    "a: {loadBalancer: {servers: [{url: 'http://a:80'}]}}\n"
    "b: {loadBalancer: {servers: [{url: 'http://b:80'}]}}"
)


def destination(services: str) -> dict[str, Any]:
    """Where the only route goes."""
    found = model(file(services=f"{services}\n{TWO}"))["routes"][0]
    names = ("upstream", "backends", "mirror", "direct_response", "extensions")
    return {name: found[name] for name in names if name in found}


def fates(services: str) -> list[str]:
    """Level, fate and path of what the ledger says of services."""
    entries = said(file(services=f"{services}\n{TWO}"), "http.services.")
    return [entry.partition(": ")[0] for entry in entries]


def backends(**weights: int) -> dict[str, Any]:
    """Several services with weights."""
    return {
        "backends": [
            {"upstream": name, **({"weight": weight} if weight != 1 else {})}
            for name, weight in weights.items()
        ]
    }


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        pytest.param(
            "s: {weighted: {services: [{name: a, weight: 3}, {name: b@file}]}}",
            backends(a=3, b=1),
            id="by weight",
        ),
        pytest.param(
            "s: {weighted: {services: [{name: a, weight: 20}, {name: b, weight: '30'}]}}",
            backends(a=2, b=3),
            id="smallest weights",
        ),
        pytest.param(
            "s: {weighted: {services: [{name: a, weight: 0}, {name: b}]}}",
            backends(a=0, b=1),
            id="nothing",
        ),
        pytest.param(
            "s: {weighted: {services: [{name: a}]}}", {"upstream": "a"}, id="only one of them"
        ),
        pytest.param(
            "s: {weighted: {services: [{name: t}, {name: b}]}}\n"
            "t: {weighted: {services: [{name: a, weight: 2}, {name: b, weight: 1}]}}",
            backends(a=1, b=2),
            id="weights of weights",
        ),
        pytest.param(
            "s: {weighted: {services: [{name: a}, {name: b}], sticky: {cookie: {name: c}}}}",
            {
                **backends(a=1, b=1),
                "extensions": {
                    "traefik": {"service": {"weighted": {"sticky": {"cookie": {"name": "c"}}}}}
                },
            },
            id="sticky",
        ),
        pytest.param(
            "s: {highestRandomWeight: {services: [{name: a}, {name: b}]}}",
            {
                **backends(a=1, b=1),
                "extensions": {"traefik": {"service": {"highestRandomWeight": {}}}},
            },
            id="by the client",
        ),
        pytest.param(
            "s: {mirroring: {service: a, mirrors: [{name: b, percent: 10}]}}",
            {"upstream": "a", "mirror": {"upstream": "b", "percent": 10}},
            id="copies",
        ),
        pytest.param(
            "s: {mirroring: {service: a, mirrorBody: false, maxBodySize: 10,"
            " mirrors: [{name: b}, {name: b, percent: 100}]}}",
            {
                "upstream": "a",
                "mirror": {"upstream": "b"},
                "extensions": {
                    "traefik": {"service": {"mirroring": {"mirrorBody": False, "maxBodySize": 10}}}
                },
            },
            id="copies, some without a share",
        ),
        pytest.param(
            "s: {failover: {service: a, fallback: b}}",
            {
                "upstream": "a",
                "extensions": {"traefik": {"service": {"failover": {"fallback": "b"}}}},
            },
            id="fallback",
        ),
    ],
)
def test_destination(services: str, expected: dict[str, Any]) -> None:
    """Where the route goes."""
    assert destination(services) == expected


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        pytest.param(
            "s: {weighted: {services: [{name: a, weight: 3}, {name: b}]}}", [], id="exact"
        ),
        pytest.param(
            "s: {weighted: {services: [{name: a}, {name: b}], sticky: {cookie: {}}}}",
            ["warning carried s.weighted.sticky"],
            id="sticky",
        ),
        pytest.param(
            "s: {weighted: {services: [{name: a}, {name: b}], healthCheck: {}}}",
            ["warning carried s.weighted"],
            id="health of services",
        ),
        pytest.param(
            "s: {mirroring: {service: a, mirrors: [{name: b, percent: 1}, {name: a, percent: 1}]}}",
            ["warning dropped s.mirroring.mirrors[1]"],
            id="second copy",
        ),
        pytest.param(
            "s: {failover: {service: a, fallback: b}}",
            ["warning carried s.failover"],
            id="fallback",
        ),
        pytest.param(
            "s: {weighted: {services: [{name: a}]}}\nu: {failover: {service: a, fallback: b}}",
            ["info carried u"],
            id="not used",
        ),
    ],
)
def test_ledger(services: str, expected: list[str]) -> None:
    """What the ledger says."""
    assert fates(services) == expected


def test_every_service_once() -> None:
    """Services come once each: those of the routers first, then the others."""
    services = "s: {weighted: {services: [{name: b}, {name: a}, {name: b}]}}"
    found = model(file(services=f"{services}\n{TWO}\nc: {{loadBalancer: {{servers: []}}}}"))
    assert [service["name"] for service in found["services"]] == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("noop@internal", {"status_code": 418}),
        ("ping@internal", {"status_code": 200, "body": "OK", "content_type": "text/plain"}),
        ("api@internal", {"status_code": 404}),
        ("dashboard@internal", {"status_code": 404}),
    ],
)
def test_internal(service: str, expected: dict[str, Any]) -> None:
    """What Traefik answers itself."""
    text = file().replace("service: s", f"service: {service}")
    assert model(text)["routes"][0]["direct_response"] == expected


def test_answered_before() -> None:
    """A redirection answers before the service would."""
    text = file("{redirectRegex: {regex: '^.*$', replacement: 'https://x'}}")
    found = model(text.replace("service: s", "service: noop@internal"))["routes"][0]
    assert "direct_response" not in found


def test_of_another_provider() -> None:
    """Servers that another provider knows are to be filled in."""
    text = file().replace("service: s", "service: app@docker")
    found = model(text)
    assert found["routes"][0]["upstream"] == "app@docker"
    assert found["services"][0]["name"] == "app@docker"
    assert any("docker" in entry for entry in said(text, "http.routers."))


@pytest.mark.parametrize(
    "services",
    [
        pytest.param("t: {loadBalancer: {servers: []}}", id="nowhere"),
        pytest.param("s: {weighted: {services: [{name: x}]}}", id="half of it nowhere"),
        pytest.param("s: {weighted: {services: [{name: s}]}}", id="in itself"),
        pytest.param("s: {middlewares: []}", id="of no kind"),
        pytest.param(
            "s: {loadBalancer: {servers: []}, weighted: {services: []}}", id="of two kinds"
        ),
        pytest.param("s: {loadBalancer: {strategy: magic}}", id="no such strategy"),
        pytest.param("s: {loadBalancer: {serversTransport: x}}", id="no such transport"),
    ],
)
def test_refused_by_traefik(services: str) -> None:
    """Traefik takes a router away whose service it refuses."""
    gateway, ledger = read(file(services=services))
    assert all(route.policies.direct_response is not None for route in gateway.routes)
    assert not [entry for entry in ledger if entry.message == "not understood"]


def test_middlewares_of_a_service() -> None:
    """They may guard it: other gateways refuse everybody."""
    text = file(services="s: {middlewares: [m], loadBalancer: {servers: [{url: 'http://a'}]}}")
    found = model(text)["routes"][0]
    assert found["authentication"]["guards"][0]["config"] == {"middlewares": ["m"]}


@pytest.mark.parametrize(("passes", "changed"), [("true", True), ("false", False)])
def test_host_of_the_servers(passes: str, changed: bool) -> None:
    """A service that does not pass `Host` on wins over a middleware that sets it."""
    servers = "servers: [{url: 'http://a'}]"
    services = f"s: {{loadBalancer: {{{servers}, passHostHeader: {passes}}}}}"
    text = file("{headers: {customRequestHeaders: {Host: h}}}", services=services)
    assert ("host_header" in model(text)["routes"][0]) is changed
