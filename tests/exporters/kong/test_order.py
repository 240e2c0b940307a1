"""Kong's own ranking chooses routes in the order of the source, or the ledger says otherwise."""

from __future__ import annotations

import pytest

from gal.ranking import ranked
from gal.writing import render
from tests.exporters.kong.exported import Exported, from_kong, gal


def exported(*routes: str) -> Exported:
    listed = ", ".join(f"{{name: {name}, {fields}}}" for name, fields in named(routes))
    return gal(f"services: [{{name: s, upstream: {{host: h.test}}, routes: [{listed}]}}]")


def named(routes: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(f"r{number}", fields) for number, fields in enumerate(routes, 1)]


def order(found: Exported) -> list[str | None]:
    """Names of the routes as Kong ranks them."""
    return [one.route.name for one in ranked(from_kong(render(found.data)))]


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        (("path_prefix: /a", "path_prefix: /a/b"), ["r2", "r1"]),
        (("path_prefix: /a/b", "path: /a"), ["r2", "r1"]),
        (("path_prefix: /a", "path_prefix: /a/b, priority: -1"), ["r1", "r2"]),
        (("path_prefix: /", "path_segments: /a", "path_prefix: /a/b"), ["r3", "r2", "r1"]),
        (("path_prefix: /a, methods: [GET]", "path_prefix: /a/b"), ["r2", "r1"]),
        (("path_prefix: /a", "path_prefix: /, hosts: [a.test]"), ["r2", "r1"]),
        (("path_regex: '/a.*'", "path_regex: '/ab.*'"), ["r2", "r1"]),
        (("path_regex: '/.b.*'", "path_regex: '/a..*'"), ["r1", "r2"]),
    ],
)
def test_order(routes: tuple[str, ...], expected: list[str]) -> None:
    found = exported(*routes)
    assert order(found) == expected
    assert not [one for one in found.said if "chooses this route before" in one]


def test_plain_paths_stay_plain_where_that_is_enough() -> None:
    found = exported("path_prefix: /a", "path_prefix: /a/b", "path: /x")
    assert [one["paths"] for one in found.data["services"][0]["routes"]] == [
        ["/a"],
        ["/a/b"],
        ["~/x$"],
    ]


def test_what_kong_cannot_order_is_said() -> None:
    header = "header_matches: [{name: X, values: [a], ignore_case: true}]"
    found = exported("path_prefix: /a/b", f"path_prefix: /a, {header}")
    expected = 'warning approximated: Kong chooses this route before "r1" where both take a request'
    assert expected in found.said


def test_an_order_that_would_open_closes() -> None:
    header = "header_matches: [{name: X, values: [a], ignore_case: true}]"
    guarded = "path_prefix: /a/b, ip_access: {allow: [10.0.0.0/8]}"
    found = exported(guarded, f"path_prefix: /a, {header}")
    assert "request-termination" in found.plugins("services.0.routes.1")
    assert any(one.startswith("error") for one in found.said)
