"""Which path the upstream sees."""

from __future__ import annotations

from typing import Any

import pytest

from gal.importers.traefik.rewriting import go_template
from tests.importers.traefik.placed import RULE, fates, policies


def pattern(text: str, replacement: str, anchor: str = "start") -> dict[str, Any]:
    """A rewrite by an expression."""
    regex = {"pattern": text, "dialect": "go"}
    if anchor != "full":
        regex["anchor"] = anchor
    return {"pattern": regex, "replacement": replacement}


@pytest.mark.parametrize(
    ("middlewares", "rule", "expected"),
    [
        pytest.param(["{addPrefix: {prefix: /x}}"], RULE, {"add_prefix": "/x"}, id="prefix"),
        pytest.param(
            ["{addPrefix: {prefix: /x}}", "{addPrefix: {prefix: /y}}"],
            RULE,
            {"add_prefix": "/y/x"},
            id="the later prefix stands in front",
        ),
        pytest.param(
            ["{stripPrefix: {prefixes: [/api]}}"], RULE, {"strip_prefix": True}, id="stripped"
        ),
        pytest.param(
            ["{stripprefix: {prefixes: '/api, /other', forceslash: 'false'}}"],
            RULE,
            {"strip_prefix": True},
            id="stripped, as labels",
        ),
        pytest.param(
            ["{stripPrefix: {prefixes: [/api/]}}"],
            "PathPrefix(`/api/`)",
            {"strip_prefix": True},
            id="with a slash behind",
        ),
        pytest.param(
            ["{stripPrefix: {prefixes: [/api]}}", "{addPrefix: {prefix: /x}}"],
            RULE,
            {"strip_prefix": True, "add_prefix": "/x"},
            id="stripped, then prefixed",
        ),
        pytest.param(
            ["{stripPrefix: {prefixes: [/a.b]}}"],
            RULE,
            pattern(r"/a\.b/?", "/"),
            id="not what the route matches",
        ),
        pytest.param(
            ["{stripPrefix: {prefixes: [/a, /b]}}"],
            "Host(`h`)",
            pattern(r"(?:/a|/b)/?", "/"),
            id="one of several",
        ),
        pytest.param(["{stripPrefix: {prefixes: ['/']}}"], RULE, None, id="nothing"),
        pytest.param(
            ["{stripPrefixRegex: {regex: ['/v[0-9]+']}}"],
            "Host(`h`)",
            pattern("(?:/v[0-9]+)/?", "/"),
            id="expression",
        ),
        pytest.param(
            ["{stripPrefixRegex: {regex: ['/v[0-9]+']}}"],
            "PathRegexp(`^/v[0-9]+`)",
            {"strip_prefix": True},
            id="the route's expression",
        ),
        pytest.param(["{replacePath: {path: /x}}"], RULE, {"path": "/x"}, id="another path"),
        pytest.param(
            ["{replacePath: {path: /a/x}}", "{stripPrefix: {prefixes: [/a]}}"],
            RULE,
            {"path": "/x"},
            id="another path, stripped",
        ),
        pytest.param(
            ["{stripPrefix: {prefixes: [/api]}}", "{replacePath: {path: /x}}"],
            RULE,
            {"path": "/x"},
            id="what was before does not matter",
        ),
        pytest.param(
            ["{replacePathRegex: {regex: '^/a/(.*)', replacement: '/b/$1'}}"],
            RULE,
            pattern("/a/(.*)", r"/b/\1"),
            id="by an expression",
        ),
        pytest.param(
            ["{replacePathRegex: {regex: '^/a/(.*)/b$', replacement: '/b/$1'}}"],
            RULE,
            pattern("/a/(.*)/b", r"/b/\1", "full"),
            id="of all of the path",
        ),
        pytest.param(
            ["{replacePathRegex: {regex: '/a/(.*)', replacement: '/b/$1'}}"],
            RULE,
            pattern("/a/(.*)", r"/b/\1", "search"),
            id="anywhere",
        ),
        pytest.param(
            ["{replacePathRegex: {regex: '^(.*?)(?:a(b))(.*)$', replacement: '${1}${2}x${3}'}}"],
            RULE,
            pattern("a(b)", r"\1x", "search"),
            id="one match of several",
        ),
        pytest.param(
            ["{replacePathRegex: {regex: '^()(?:/a)(.*)$', replacement: '/v2${1}/b${2}'}}"],
            RULE,
            pattern("/a", "/v2/b"),
            id="one match at the start",
        ),
        pytest.param(
            ["{replacePathRegex: {regex: '^/api/?', replacement: /v2/}}"],
            RULE,
            {"strip_prefix": True, "add_prefix": "/v2"},
            id="stripped and prefixed at once",
        ),
        pytest.param(
            ["{replacePathRegex: {regex: '^.*$', replacement: /x}}"],
            RULE,
            {"path": "/x"},
            id="all of the path",
        ),
        pytest.param(
            ["{replacePathRegex: {regex: '^/api/?', replacement: /}}"],
            RULE,
            {"strip_prefix": True},
            id="what the route matches",
        ),
    ],
)
def test_rewrite(middlewares: list[str], rule: str, expected: dict[str, Any] | None) -> None:
    """The rewrite of the route."""
    found = policies(*middlewares, rule=rule)
    assert found.get("rewrite") == expected
    assert "plugins" not in found


@pytest.mark.parametrize(
    "second",
    [
        "{stripPrefix: {prefixes: [/x]}}",
        "{stripPrefixRegex: {regex: [/x]}}",
        "{replacePathRegex: {regex: '^/(a)', replacement: '/$1'}}",
    ],
)
def test_changed_twice(second: str) -> None:
    """What the model cannot say together is kept for Traefik."""
    found = policies("{addPrefix: {prefix: /x}}", second)
    assert found["rewrite"] == {"add_prefix": "/x"}
    assert found["plugins"]["traefik"][0]["name"] == "m2"


@pytest.mark.parametrize(
    ("template", "expression", "expected"),
    [
        ("/$1/x", "(a)", r"/\1/x"),
        ("/${1}x", "(a)", r"/\1x"),
        ("/$1x", "(a)", "/"),
        ("/$2", "(?:a)(b)", "/"),
        ("/${name}", "(?P<name>a)", r"/\1"),
        ("/$b/$a", "(?P<a>x)(?P<b>y)", r"/\2/\1"),
        ("$$1", "(a)", "$1"),
        ("/$0", "(a)", None),
        (r"/\1", "(a)", None),
        ("/$1", r"\((a[(]b)", r"/\1"),
    ],
)
def test_template(template: str, expression: str, expected: str | None) -> None:
    """Go's replacements in the model's words."""
    assert go_template(template, expression) == expected


def test_nothing_left() -> None:
    """What differs where the route's prefix is all of the path."""
    chain = ("{stripPrefix: {prefixes: [/api]}}", "{addPrefix: {prefix: /x}}")
    assert fates(*chain) == ["info approximated m1", "info approximated m2"]


@pytest.mark.parametrize(
    ("middleware", "expected"),
    [
        pytest.param("{addPrefix: {prefix: /x}}", [], id="prefix"),
        pytest.param("{stripPrefix: {prefixes: [/api]}}", ["info approximated m1"], id="stripped"),
        pytest.param(
            "{replacePathRegex: {regex: 'a(b)', replacement: c}}",
            ["warning approximated m1.replacePathRegex.regex", "info approximated m1"],
            id="every match",
        ),
        pytest.param(
            "{replacePathRegex: {regex: 'a', replacement: '$0'}}",
            ["warning carried m1"],
            id="not to be said",
        ),
    ],
)
def test_ledger(middleware: str, expected: list[str]) -> None:
    """What the ledger says."""
    assert fates(middleware) == expected
