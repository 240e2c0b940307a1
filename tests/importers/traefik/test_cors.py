"""Cross-origin resource sharing in `headers`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.traefik.placed import fates, policies

GO = {"dialect": "go", "anchor": "search"}
LIST, REGEX = "accessControlAllowOriginList", "accessControlAllowOriginListRegex"
METHODS, HEADERS = "accessControlAllowMethods", "accessControlAllowHeaders"
USUAL = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(
            f"{LIST}: ['https://a', 'https://b'], {METHODS}: [GET, PUT], {HEADERS}: [X-A],"
            " accessControlExposeHeaders: [X-B], accessControlMaxAge: 60, addVaryHeader: true",
            {
                "allowed_origins": ["https://a", "https://b"],
                "allowed_methods": ["GET", "PUT"],
                "allowed_headers": ["X-A"],
                "expose_headers": ["X-B"],
                "max_age": "1m",
            },
            id="lists",
        ),
        pytest.param(
            f"{LIST}: ['*'], {METHODS}: [GET], {HEADERS}: ['*']",
            {"allowed_methods": ["GET"], "allowed_headers": ["*"], "max_age": None},
            id="anybody",
        ),
        pytest.param(
            f"{LIST}: ['*'], {METHODS}: ['*'], {HEADERS}: ['*'], addVaryHeader: true,"
            " accessControlAllowCredentials: true, accessControlExposeHeaders: ['*']",
            {
                "allowed_origins": [],
                "reflect_any_origin": True,
                "allow_credentials": True,
                "max_age": None,
            },
            id="anybody with credentials",
        ),
        pytest.param(
            f"{REGEX}: ['^'], {METHODS}: [GET], {HEADERS}: [X-A], addVaryHeader: true",
            {
                "allowed_origins": [],
                "reflect_any_origin": True,
                "allowed_methods": ["GET"],
                "allowed_headers": ["X-A"],
                "max_age": None,
            },
            id="any origin by its name",
        ),
        pytest.param(
            rf"{REGEX}: ['^https://.*\.a\.b$'], {HEADERS}: [X-A], addVaryHeader: true",
            {
                "allowed_origins": [],
                "allowed_origin_patterns": [{"pattern": r"^https://.*\.a\.b$", **GO}],
                "allowed_methods": [],
                "allowed_headers": ["X-A"],
                "max_age": None,
            },
            id="expressions",
        ),
        pytest.param(
            f"{LIST}: 'https://a,https://b', addVaryHeader: 'true', {METHODS}: 'GET,PUT'",
            {
                "allowed_origins": ["https://a", "https://b"],
                "allowed_methods": ["GET", "PUT"],
                "allowed_headers": ["Accept"],
                "max_age": None,
            },
            id="as labels, no headers",
        ),
        pytest.param(
            f"{METHODS}: [GET], {HEADERS}: [X-A]",
            {
                "allowed_origins": [],
                "allowed_methods": ["GET"],
                "allowed_headers": ["X-A"],
                "max_age": None,
                "extensions": {},
            },
            id="nobody",
        ),
    ],
)
def test_policy(fields: str, expected: dict[str, Any]) -> None:
    """The policy that the fields become."""
    found = policies(f"{{headers: {{{fields}}}}}")
    expected = {key: value for key, value in expected.items() if value != {}}
    assert found.pop("cors") == expected
    assert found == {}


def test_upstreams_own_headers() -> None:
    """What the upstream must not allow is part of the policy; other removals are not."""
    found = policies(
        f"{{headers: {{{LIST}: ['https://a'], {HEADERS}: [X], addVaryHeader: true,"
        " customResponseHeaders: {Access-Control-Allow-Origin: '', X-Powered-By: ''}}}"
    )
    assert found["headers"] == {"response_remove": ["X-Powered-By"]}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(f"{LIST}: ['*'], {HEADERS}: ['*']", [], id="exact"),
        pytest.param(f"{LIST}: ['*']", ["info approximated m1.headers"], id="no header is allowed"),
        pytest.param(
            f"{LIST}: ['*'], {HEADERS}: ['*'], addVaryHeader: true",
            ["info carried m1.headers.addVaryHeader"],
            id="Vary",
        ),
        pytest.param(
            f"{LIST}: ['*'], {HEADERS}: ['*'], {METHODS}: ['*'], addVaryHeader: true,"
            " accessControlAllowCredentials: true",
            [f"info approximated m1.headers.{METHODS}"],
            id="any method",
        ),
    ],
)
def test_ledger(fields: str, expected: list[str]) -> None:
    """What the ledger says."""
    assert fates(f"{{headers: {{{fields}}}}}") == expected
