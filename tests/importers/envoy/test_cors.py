"""`cors`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.envoy.placed import fates, file, http, per_route, policies

CHAIN = http("cors.v3.Cors", name="cors")
SAFE = {"allowed_headers": ["Accept"], "max_age": None}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE")
NO_METHODS = {**SAFE, "allowed_methods": []}


def cors(settings: str, route: str = "route: {cluster: s}") -> str:
    override = per_route("cors.v3.CorsPolicy", settings)
    return file(CHAIN, per_filter={"cors": override}, route=route)


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        pytest.param("{exact: 'https://a'}", {"allowed_origins": ["https://a"]}, id="exact"),
        pytest.param(
            "{safe_regex: {regex: 'https://.*\\.a'}}",
            {"allowed_origins": [], "allowed_origin_patterns": [r"https://.*\.a"]},
            id="expression",
        ),
        pytest.param(
            "{prefix: 'https://a.'}",
            {"allowed_origins": [], "allowed_origin_patterns": [r"https://a\..*"]},
            id="prefix",
        ),
        pytest.param(
            "{suffix: '.a'}",
            {"allowed_origins": [], "allowed_origin_patterns": [r".*\.a"]},
            id="suffix",
        ),
        pytest.param(
            "{exact: 'https://a', ignore_case: true}",
            {"allowed_origins": [], "allowed_origin_patterns": ["(?i)https://a"]},
            id="without case",
        ),
        pytest.param("{exact: '*'}", {"allowed_origins": [], "reflect_any_origin": True}, id="any"),
        pytest.param(
            "{safe_regex: {regex: '.*'}}",
            {"allowed_origins": [], "reflect_any_origin": True},
            id="any by an expression",
        ),
    ],
)
def test_origins(origins: str, expected: dict[str, Any]) -> None:
    found = policies(cors(f"allow_origin_string_match: [{origins}]"))
    assert found == {"cors": {**NO_METHODS, **expected}}


def test_settings() -> None:
    found = policies(
        cors(
            "allow_origin_string_match: [{exact: 'https://a'}], allow_methods: 'GET, POST',"
            " allow_headers: x-a, expose_headers: x-b, max_age: '600', allow_credentials: true,"
            " allow_private_network_access: true, forward_not_matching_preflights: false"
        )
    )
    assert found == {
        "cors": {
            "allowed_origins": ["https://a"],
            "allowed_methods": ["GET", "POST"],
            "allowed_headers": ["x-a"],
            "expose_headers": ["x-b"],
            "max_age": "10m",
            "allow_credentials": True,
            "private_network": True,
        }
    }


@pytest.mark.parametrize(
    ("credentials", "methods", "headers"),
    [
        pytest.param("false", ["*"], ["*"], id="a wildcard"),
        pytest.param("true", list(METHODS), None, id="what is asked for, beside credentials"),
    ],
)
def test_stars(credentials: str, methods: list[str], headers: list[str] | None) -> None:
    found = policies(
        cors(
            "allow_origin_string_match: [{exact: 'https://a'}], allow_methods: '*',"
            f" allow_headers: '*', allow_credentials: {credentials}"
        )
    )["cors"]
    assert (found["allowed_methods"], found.get("allowed_headers")) == (methods, headers)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param("allow_methods: GET", id="no origin"),
        pytest.param(
            "allow_origin_string_match: [{exact: a}], filter_enabled: {default_value:"
            " {numerator: 0}}",
            id="of no request",
        ),
    ],
)
def test_nothing(settings: str) -> None:
    assert policies(cors(settings)) == {}


def test_not_where_envoy_answers_itself() -> None:
    text = cors("allow_origin_string_match: [{exact: a}]", "direct_response: {status: 200}")
    assert "cors" not in policies(text)


def test_foreign_preflights_are_told() -> None:
    text = cors("allow_origin_string_match: [{exact: a}], allow_headers: x")
    assert ("approximated", "info", "preflights of other origins reach the upstream in Envoy") in (
        fates(text)
    )
