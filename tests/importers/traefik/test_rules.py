"""Rules of routers as matches of routes. What Traefik accepts was tried on Traefik 3.7."""

from __future__ import annotations

import json
import re
from itertools import product
from typing import Any

import pytest

from gal.importers.traefik.conditions import UnsayableError, conjunctions
from gal.importers.traefik.exclusions import without
from gal.importers.traefik.rules import RuleError, parse_rule
from gal.model import PathMatch
from tests.importers.traefik.reading import routers, routes, said

_REST = ("name", "upstream", "priority")


def asked(rule: str, syntax: str = "v3") -> list[dict[str, Any]]:
    """What the routes of a router ask for."""
    text = f"r: {{rule: {json.dumps(rule)}, ruleSyntax: {syntax}, service: s}}"
    found = routes(routers(text))
    return [{key: one[key] for key in one if key not in _REST} for one in found]


def host(*patterns: str, anchor: str | None = None, invert: bool = False) -> dict[str, Any]:
    """A match of the header that holds the host."""
    regexes = [
        {"pattern": pattern, "dialect": "go", **({"anchor": anchor} if anchor else {})}
        for pattern in patterns
    ]
    found = {"name": "Host", "kind": "regex", "ignore_case": True, "regexes": regexes}
    return {"header_matches": [{**found, "invert": True} if invert else found]}


def path(pattern: str, anchor: str | None = "start") -> dict[str, Any]:
    """A path by an expression."""
    found = {"pattern": pattern, "dialect": "go"}
    return {"path_regex": {**found, "anchor": anchor} if anchor else found}


def value(name: str, *values: str, **more: Any) -> dict[str, Any]:
    """A match of a header or a query parameter."""
    found: dict[str, Any] = {"name": name}
    if values:
        found["values"] = list(values)
    return {**found, **more}


V3: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "host": ("Host(`A.x`)", [{"hosts": ["a.x"]}]),
    "host, full stop": ("Host(`a.x.`)", [{"hosts": ["a.x"]}]),
    "host, one label": ("Host(`*.a.x`)", [host(r"[^.]*\.a\.x\.?(?::\d+)?")]),
    "host, any": ("Host(`*`)", [{}]),
    "host, a star in it": ("Host(`a*.x`)", [host(r"a\*\.x\.?(?::\d+)?")]),
    "host, not": ("!Host(`a.x`)", [host(r"a\.x\.?(?::\d+)?", invert=True)]),
    "hosts": ("Host(`a.x`) || Host(`b.x`)", [{"hosts": ["a.x", "b.x"]}]),
    "host expression, any": ("HostRegexp(`.+`)", [{}]),
    "host expression, wildcard": (r"HostRegexp(`^.+\.a\.x$`)", [{"hosts": ["*.a.x"]}]),
    "host expression": (
        r"HostRegexp(`^a[0-9]\.x$`)",
        [host(r"^a[0-9]\.x(?::\d+)?$", anchor="search")],
    ),
    "path": ("Path(`/a`)", [{"path": "/a"}]),
    "paths": (
        "Path(`/a`) || PathPrefix(`/b`)",
        [{"paths": [{"path": "/a"}, {"path_prefix": "/b"}]}],
    ),
    "path expression": ("PathRegexp(`[0-9]$`)", [path("[0-9]$", "search")]),
    "path twice": ("PathPrefix(`/a`) && PathPrefix(`/a/b`)", [{"path_prefix": "/a/b"}]),
    "path in a prefix": ("PathPrefix(`/a`) && Path(`/a/b`)", [{"path": "/a/b"}]),
    "path out of a prefix": ("PathPrefix(`/a`) && Path(`/b`)", []),
    "path, not": ("!PathPrefix(`/a`)", [path(r"/(?:\z|[^a])")]),
    "path, not whole": ("!Path(`/a`)", [path(r"/(?:\z|[^a]|a(?:[\s\S]))")]),
    "paths, not": (
        "PathPrefix(`/a`) && !PathPrefix(`/a/b`) && !Path(`/a/-`) && !PathPrefix(`/z`)",
        [path(r"/a(?:\z|[^/]|/(?:\z|[^\-b]|-(?:[\s\S])))")],
    ),
    "path, not, elsewhere": (
        "PathPrefix(`/a`) && !PathPrefix(`/b`)",
        [{"path_prefix": "/a"}],
    ),
    "path, not, all of it": ("PathPrefix(`/a/b`) && !PathPrefix(`/a`)", []),
    "methods": ("Method(`get`) || Method(`POST`)", [{"methods": ["GET", "POST"]}]),
    "header": ("Header(`X-A`, `1`)", [{"header_matches": [value("X-A", "1")]}]),
    "header, any of two": (
        "Header(`X-A`, `1`) || Header(`X-A`, `2`)",
        [{"header_matches": [value("X-A", "1", "2")]}],
    ),
    "header, both": (
        "Header(`X-A`, `1`) && Header(`X-A`, `2`)",
        [{"header_matches": [value("X-A", "1"), value("X-A", "2")]}],
    ),
    "header, not": (
        "!Header(`X-A`, `1`)",
        [{"header_matches": [value("X-A", "1", invert=True)]}],
    ),
    "query": ("Query(`q`, `1`)", [{"query_matches": [value("q", "1")]}]),
    "query, empty": ("Query(`q`)", [{"query_matches": [value("q", "")]}]),
    "address": ("ClientIP(`10.0.0.1/8`)", [{"sources": [{"ip": "10.0.0.1/8"}]}]),
    "address, both": (
        "ClientIP(`10.0.0.0/8`) && ClientIP(`10.1.0.0/16`)",
        [{"sources": [{"ip": "10.1.0.0/16"}]}],
    ),
    "address, but": (
        "ClientIP(`10.0.0.0/31`) && !ClientIP(`10.0.0.1`)",
        [{"sources": [{"ip": "10.0.0.0/32"}]}],
    ),
    "different kinds": (
        "Host(`a.x`) || Path(`/a`)",
        [{"hosts": ["a.x"]}, {"path": "/a"}],
    ),
    "distributed": (
        "Host(`a.x`) && (Path(`/a`) || Header(`X-A`, `1`))",
        [
            {"path": "/a", "hosts": ["a.x"]},
            {"hosts": ["a.x"], "header_matches": [value("X-A", "1")]},
        ],
    ),
    "precedence": (
        "Host(`a.x`) || Host(`b.x`) && Path(`/a`)",
        [{"hosts": ["a.x"]}, {"path": "/a", "hosts": ["b.x"]}],
    ),
    "not, of both": (
        "!(Header(`X-A`, `1`) || !Header(`X-B`, `2`))",
        [{"header_matches": [value("X-A", "1", invert=True), value("X-B", "2")]}],
    ),
    "not, twice": ("!!Host(`a.x`)", [{"hosts": ["a.x"]}]),
    "names in one case": (
        "HOST(`a.x`) && pathprefix(`/a`)",
        [{"path_prefix": "/a", "hosts": ["a.x"]}],
    ),
    "quotes": (r'Path("/a\x41\u00e9\"")', [{"path": '/aAé"'}]),
    "lines": ("Host(`a.x`) &&\n  Path(`/a`)\n", [{"path": "/a", "hosts": ["a.x"]}]),
    "remarks": ("Host(`a.x`) /* x */ && Path(`/a`) // y", [{"path": "/a", "hosts": ["a.x"]}]),
    "a comma behind": ("Header(`X-A`, `1`,)", [{"header_matches": [value("X-A", "1")]}]),
}


@pytest.mark.parametrize(("rule", "expected"), V3.values(), ids=V3)
def test_v3(rule: str, expected: list[dict[str, Any]]) -> None:
    assert asked(rule) == expected


V2: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "hosts": ("Host(`a.x`, `B.x`)", [{"hosts": ["a.x", "b.x"]}]),
    "host, a star is none": ("Host(`*.x`)", [host(r"\*\.x\.?(?::\d+)?")]),
    "host header": ("HostHeader(`a.x`)", [{"hosts": ["a.x"]}]),
    "host expression, wildcard": (r"HostRegexp(`{s:.+}.a.x`)", [{"hosts": ["*.a.x"]}]),
    "host expression": ("HostRegexp(`{s:[a-z]+}.x`)", [host(r"(?:(?:[a-z]+)\.x)(?::\d+)?")]),
    "host expression, any": ("HostRegexp(`a.x`)", [host(r"(?:a\.x)(?::\d+)?")]),
    "paths": (
        "PathPrefix(`/a`, `/b`)",
        [{"paths": [{"path_prefix": "/a"}, {"path_prefix": "/b"}]}],
    ),
    "path, template": ("Path(`/a/{id}`)", [path("/a/(?:[^/]+)", None)]),
    "prefix, template": ("PathPrefix(`/{id:[0-9]{2}}/a`)", [path("/(?:[0-9]{2})/a")]),
    "methods": ("Method(`get`, `PUT`)", [{"methods": ["GET", "PUT"]}]),
    "headers, all": (
        "Headers(`X-A`, `1`, `X-B`, `2`)",
        [{"header_matches": [value("X-A", "1"), value("X-B", "2")]}],
    ),
    "queries, all": (
        "Query(`a=1`, `b=2`)",
        [{"query_matches": [value("a", "1"), value("b", "2")]}],
    ),
    "query, any value": ("Query(`a=`)", [{"query_matches": [value("a", kind="present")]}]),
    "addresses": (
        "ClientIP(`10.0.0.1`, `10.0.0.2`)",
        [{"sources": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}]}],
    ),
}


@pytest.mark.parametrize(("rule", "expected"), V2.values(), ids=V2)
def test_v2(rule: str, expected: list[dict[str, Any]]) -> None:
    assert asked(rule, "v2") == expected


REFUSED: dict[str, tuple[str, str, int, str]] = {
    "empty": ("v3", "", 0, "a matcher such as Host(`...`) is missing"),
    "no matcher": ("v3", "Foo(`a`)", 0, "there is no matcher Foo"),
    "mixed case": ("v3", "PathPREFIX(`/`)", 0, "there is no matcher PathPREFIX"),
    "of TCP": ("v3", "HostSNI(`a`)", 0, "there is no matcher HostSNI"),
    "two hosts": ("v3", "Host(`a`, `b`)", 0, "Host takes 1 value(s), not 2"),
    "no value": ("v3", "Host(``)", 0, "Host needs a value that is not empty"),
    "single quotes": ("v3", "Host('a')", 5, '"\'" does not belong into a rule'),
    "number": ("v3", "Path(1)", 5, '"1" does not belong into a rule'),
    "word": ("v3", "Host(`a`) and Path(`/`)", 10, "this does not belong to the rule"),
    "bracket": ("v3", "(Host(`a`)", 10, '")" is missing'),
    "nothing behind": ("v3", "Host(`a`) &&", 12, "a matcher such as Host(`...`) is missing"),
    "line before a sign": (
        "v3",
        "Host(`a`)\n&& Path(`/`)",
        9,
        "the rule ends with this line: && and || have to stand before it",
    ),
    "line in brackets": ("v3", "Host(`a`\n)", 8, '"," is missing'),
    "escape": ("v3", r'Path("/\d")', 7, r'Go has no "\d" in quotes'),
    "no slash": ("v3", "PathPrefix(`a`)", 0, 'the path "a" does not start with a slash'),
    "letters": ("v3", "Host(`é`)", 0, 'the host "é" has letters that are not ASCII'),
    "address": (
        "v3",
        "Host(`a`) && ClientIP(`x`)",
        13,
        "'x' does not appear to be an IPv4 or IPv6 network",
    ),
    "expression": (
        "v3",
        "PathRegexp(`(`)",
        0,
        'the expression "(" cannot be read: a bracket is not closed',
    ),
    "v2, header without a value": (
        "v2",
        "Headers(`a`)",
        0,
        "Headers takes names with a value each",
    ),
    "v2, query without a value": ("v2", "Query(`a`)", 0, "Query takes names with a value each"),
    "v2, of v3": ("v2", "Header(`a`, `b`)", 0, "there is no matcher Header"),
    "v2, braces": ("v2", "Path(`/{a`)", 0, 'the braces of "/{a" are not closed'),
    "v2, no name": (
        "v2",
        "Path(`/{:a}`)",
        0,
        '"/{:a}" has braces without a name or an expression',
    ),
    "too deep": ("v3", "!" * 101 + "Host(`a`)", 100, "the rule is nested too deeply"),
}


@pytest.mark.parametrize(("syntax", "rule", "offset", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(syntax: str, rule: str, offset: int, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_rule(rule, syntax)
    assert (str(caught.value), caught.value.offset) == (message, offset)


def test_an_error_points_into_the_rule() -> None:
    text = routers("r: {rule: 'Host(`a`) and Path(`/`)', service: s}")
    assert (
        'warning dropped http.routers.r: Traefik leaves out the router "r": this does not belong '
        "to the rule (at character 11 of its rule)"
    ) in said(text)
    assert routes(text) == []


UNSAYABLE: dict[str, tuple[str, list[str]]] = {
    "two expressions": (
        "PathRegexp(`a`) && PathRegexp(`b`)",
        ["the path has to fit a and b at once"],
    ),
    "not an expression": ("!PathRegexp(`a`)", ["the path must not fit a"]),
    "an expression but": (
        "PathRegexp(`a`) && !Path(`/b`)",
        ["the path must not fit /b"],
    ),
}


@pytest.mark.parametrize(("rule", "cannot"), UNSAYABLE.values(), ids=UNSAYABLE)
def test_what_cannot_be_said_refuses_everybody(rule: str, cannot: list[str]) -> None:
    (found,) = asked(rule)
    (guard,) = found["authentication"]["guards"]
    assert guard == {
        "name": "rule",
        "provider": "traefik",
        "config": {"rule": rule, "cannot": cannot},
    }


def test_methods_but_one() -> None:
    (found,) = asked("!Method(`GET`)")
    assert "GET" not in found["methods"]
    assert {"POST", "OPTIONS", "PROPFIND", "QUERY"} <= set(found["methods"])


def test_too_many_ways_refuse_everybody() -> None:
    pair = "(Header(`X-{0}`, `1`) || Query(`q{0}`, `1`))"
    rule = " && ".join(pair.format(number) for number in range(7))
    with pytest.raises(UnsayableError):
        conjunctions(parse_rule(rule, "v3"))
    (found,) = asked(rule)
    assert found["authentication"]["guards"][0]["name"] == "rule"


@pytest.mark.parametrize(
    ("rule", "hosts"),
    [
        pytest.param("Host(`a`, `b`)", ["a", "b"], id="several values"),
        pytest.param("HostRegexp(`{s:.+}.x`)", ["*.x"], id="a template"),
    ],
)
def test_rules_of_version_2(rule: str, hosts: list[str]) -> None:
    text = routers(f"r: {{rule: '{rule}', service: s}}")
    assert routes(text)[0]["hosts"] == hosts
    assert (
        "warning approximated http.routers.r.rule: read in syntax v2; Traefik 3 has it match "
        "nothing without ruleSyntax: v2"
    ) in said(text)


@pytest.mark.parametrize(
    "more",
    [
        pytest.param("core: {defaultRuleSyntax: v2}\n", id="default syntax"),
        pytest.param("pilot: {dashboard: false}\n", id="an option of version 2"),
    ],
)
def test_files_of_version_2(more: str) -> None:
    text = more + routers("r: {rule: 'Host(`a`, `b`)', service: s}")
    assert routes(text)[0]["hosts"] == ["a", "b"]
    assert not [line for line in said(text) if "syntax v2" in line]


EXCLUDED = {
    "one": ("/", ["/ab"], []),
    "one in another": ("/", ["/a", "/ab"], []),
    "whole": ("/", [], ["/a", "/"]),
    "both": ("/a", ["/ab"], ["/a", "/aa"]),
    "signs": ("/", ["/-", "/.", "/]", "/^"], ["/\\"]),
}


@pytest.mark.parametrize(("start", "prefixes", "wholes"), EXCLUDED.values(), ids=EXCLUDED)
def test_excluded_paths_are_those_and_no_others(
    start: str, prefixes: list[str], wholes: list[str]
) -> None:
    excluded = [PathMatch(path_prefix=one) for one in prefixes]
    excluded += [PathMatch(path=one) for one in wholes]
    found = without(PathMatch(path_prefix=start), excluded)
    assert found is not None
    assert found.path_regex is not None
    pattern = re.compile(found.path_regex.pattern.replace(r"\z", r"\Z"))
    for length in range(5):
        for letters in product("/ab-.]^\\\n", repeat=length):
            text = "".join(letters)
            wanted = text.startswith(start) and not (
                text.startswith(tuple(prefixes)) or text in wholes
            )
            assert bool(pattern.match(text)) == wanted, text


@pytest.mark.parametrize(
    ("second", "told"),
    [
        pytest.param("PathPrefix(`/`)", True, id="a route for all hosts"),
        pytest.param("Host(`b`)", False, id="hosts only"),
    ],
)
def test_full_stops_behind_hosts_are_said(second: str, told: bool) -> None:
    text = routers(f"r: {{rule: '{second}', service: s}}", "t: {rule: Host(`a.x`), service: s}")
    line = (
        "info approximated http.routers.t.rule: a full stop behind its name makes it another host "
        "elsewhere, and not in Traefik"
    )
    assert (line in said(text)) is told


@pytest.mark.parametrize(
    ("rule", "expected", "old"),
    [
        pytest.param("Query(`a=b`)", {"name": "a", "values": ["b"]}, True, id="one text"),
        pytest.param("Query(`a=`)", {"name": "a", "kind": "present"}, True, id="no value"),
        pytest.param("Query(`a`)", {"name": "a", "values": [""]}, False, id="only a name"),
        pytest.param("Query(`a`, `b=c`)", {"name": "a", "values": ["b=c"]}, False, id="two texts"),
        pytest.param(
            "!Query(`a=b`)", {"name": "a=b", "values": [""], "invert": True}, False, id="not"
        ),
    ],
)
def test_a_query_in_one_text_is_of_version_2(
    rule: str, expected: dict[str, Any], old: bool
) -> None:
    text = routers(f"r: {{rule: '{rule}', service: s}}")
    assert routes(text)[0]["query_matches"] == [expected]
    assert any("syntax v2" in line for line in said(text)) is old
    explicit = routers(f"r: {{rule: '{rule}', ruleSyntax: v3, service: s}}")
    assert not any("syntax v2" in line for line in said(explicit))
