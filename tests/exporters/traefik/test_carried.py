"""What only Traefik knows comes back."""

from __future__ import annotations

from typing import Any

import pytest

from gal.convert import convert
from gal.ledger import Level
from gal.reading import read_documents

SERVICE = "services: {s: {loadBalancer: {servers: [{url: 'http://127.0.0.1:1'}]}}}"


def there_and_back(text: str) -> tuple[dict[str, Any], list[str]]:
    """The dynamic file of a dynamic file, and the errors."""
    made = convert(read_documents(text, "dynamic.yaml", "yaml"), "traefik", source="traefik")
    data = next(one.data for one in made.files if one.name.startswith("dynamic"))
    return data, [one.message for one in made.ledger if one.level is Level.ERROR]


@pytest.mark.parametrize(
    ("middleware", "chain"),
    [
        ("m: {inFlightReq: {amount: 3}}", ["m"]),
        ("m: {digestAuth: {users: ['a:b:c']}}", ["m"]),
        ("m: {plugin: {waf: {level: 2}}}", ["m"]),
    ],
)
def test_a_middleware_comes_back(middleware: str, chain: list[str]) -> None:
    text = (
        f"http: {{routers: {{r: {{rule: 'PathPrefix(`/`)', service: s, middlewares: [m]}}}},"
        f" {SERVICE}, middlewares: {{{middleware}}}}}"
    )
    data, errors = there_and_back(text)
    assert not errors
    assert data["http"]["routers"]["r"]["middlewares"] == chain
    assert list(data["http"]["middlewares"]) == chain


def test_a_middleware_of_another_provider_is_named_again() -> None:
    data, errors = there_and_back(
        "http: {routers: {r: {rule: 'PathPrefix(`/`)', service: s, middlewares: [auth@docker]}},"
        f" {SERVICE}}}"
    )
    assert (data["http"]["routers"]["r"]["middlewares"], errors) == (["auth@docker"], [])


def test_services_of_traefik_itself_come_back() -> None:
    data, _ = there_and_back(
        "http: {routers: {r: {rule: 'PathPrefix(`/`)', service: api@internal}}}"
    )
    assert data["http"]["routers"]["r"]["service"] == "api@internal"


@pytest.mark.parametrize(
    ("section", "path", "value"),
    [
        (
            "tcp: {services: {t: {loadBalancer: {servers: [{address: 'a:1'}]}}}}",
            ("tcp", "services"),
            {"t": {"loadBalancer": {"servers": [{"address": "a:1"}]}}},
        ),
        (
            "tls: {options: {modern: {minVersion: VersionTLS13}}}",
            ("tls", "options"),
            {"modern": {"minVersion": "VersionTLS13"}},
        ),
    ],
)
def test_sections_come_back(section: str, path: tuple[str, str], value: Any) -> None:
    data, _ = there_and_back(
        f"http: {{routers: {{r: {{rule: 'PathPrefix(`/`)', service: s}}}}, {SERVICE}}}\n{section}"
    )
    assert data[path[0]][path[1]] == value
