"""Matches of routes as Envoy's."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gal.exporters.envoy.matches import path_match, request_match
from gal.exporters.envoy.regex import UntranslatableError
from gal.model import (
    AddressMatch,
    Anchor,
    Dialect,
    MatchKind,
    PathMatch,
    Regex,
    Route,
    ValueMatch,
)

PATHS: list[tuple[PathMatch | None, dict[str, Any]]] = [
    (None, {"prefix": "/"}),
    (PathMatch(path="/a"), {"path": "/a"}),
    (PathMatch(path_prefix="/a/"), {"prefix": "/a/"}),
    (PathMatch(path_segments="/a"), {"path_separated_prefix": "/a"}),
    (PathMatch(path_segments="/a/"), {"safe_regex": {"regex": "/a(?:/.*)?"}}),
    (PathMatch(path_segments="/"), {"prefix": "/"}),
    (PathMatch(path_prefix="/é"), {"prefix": "/%C3%A9"}),
    (
        PathMatch(path_regex=Regex("/a", Dialect.RUST, Anchor.START)),
        {"safe_regex": {"regex": "/a.*"}},
    ),
]


@pytest.mark.parametrize(("path", "expected"), PATHS)
def test_path(path: PathMatch | None, expected: dict[str, Any]) -> None:
    assert path_match(path) == expected


def string(**match: Any) -> dict[str, Any]:
    return {"name": "x", "string_match": match}


def regex(expression: str) -> dict[str, Any]:
    return string(safe_regex={"regex": expression})


K = MatchKind
BOT = Regex("b.t", Dialect.PCRE, Anchor.SEARCH)
HEADERS = [
    (ValueMatch("x", ["a"]), string(exact="a")),
    (ValueMatch("x", ["a"], ignore_case=True), string(exact="a", ignore_case=True)),
    (ValueMatch("x", ["a", "b."]), regex(r"(?:a|b\.)")),
    (ValueMatch("x", ["a", "b"], ignore_case=True), regex("(?i)(?:a|b)")),
    (ValueMatch("x", ["a"], K.PREFIX), string(prefix="a")),
    (ValueMatch("x", ["a", "b"], K.PREFIX), regex(r"(?:a|b)\C*")),
    (ValueMatch("x", ["a", "b"], K.SUFFIX), regex(r"\C*(?:a|b)")),
    (ValueMatch("x", ["a", "b"], K.CONTAINS), regex(r"\C*(?:a|b)\C*")),
    (ValueMatch("x", [""], K.CONTAINS), {"name": "x", "present_match": True}),
    (ValueMatch("x", kind=K.PRESENT), {"name": "x", "present_match": True}),
    (ValueMatch("x", kind=K.PRESENT, invert=True), {"name": "x", "present_match": False}),
    (ValueMatch("x", kind=K.REGEX, regexes=[BOT]), regex(r"\C*b.t\C*")),
    (
        ValueMatch("x", kind=K.REGEX, regexes=[BOT, Regex("a|b")], ignore_case=True),
        regex(r"(?i)(?:\C*b.t\C*)|(?:a|b)"),
    ),
    (
        ValueMatch("x", ["a"], invert=True),
        {**string(exact="a"), "invert_match": True, "treat_missing_header_as_empty": True},
    ),
    (ValueMatch("Host", kind=K.PRESENT), {"name": ":authority", "present_match": True}),
]


@pytest.mark.parametrize(("match", "expected"), HEADERS)
def test_header(match: ValueMatch, expected: dict[str, Any]) -> None:
    assert request_match(Route(headers=[match])).headers == [expected]


QUERIES = [
    (ValueMatch("x", ["a-b_c.~"]), string(exact="a-b_c.~")),
    (ValueMatch("x", ["a b"]), regex(r"(?:a(?:(?i:%20)|\+)b)")),
    (ValueMatch("x", ["a/b"]), regex("(?:a(?:(?i:%2F)|/)b)")),
    (ValueMatch("x", ["é&"]), regex("(?:(?i:%C3%A9)(?i:%26))")),
    (ValueMatch("x", ["a", "b"]), regex("(?:a|b)")),
    (ValueMatch("x", kind=K.PRESENT), {"name": "x", "present_match": True}),
]


@pytest.mark.parametrize(("match", "expected"), QUERIES)
def test_query(match: ValueMatch, expected: dict[str, Any]) -> None:
    assert request_match(Route(query_params=[match])).query_parameters == [expected]


SOURCES = [
    ("10.0.0.0/8", r"10\.[0-9]+\.[0-9]+\.[0-9]+:[0-9]+"),
    ("10.1.2.3", r"10\.1\.2\.3:[0-9]+"),
    ("10.1.2.255/30", r"10\.1\.2\.(?:252|253|254|255):[0-9]+"),
    ("0.0.0.0/0", r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+:[0-9]+"),
    ("::/0", r"\[.*\]:[0-9]+"),
    ("2001:DB8::1", r"\[2001:db8::1\]:[0-9]+"),
]


@pytest.mark.parametrize(("ip", "expected"), SOURCES)
def test_source(ip: str, expected: str) -> None:
    state = request_match(Route(sources=[AddressMatch(ip)])).filter_state
    assert state == [{"key": "gal.source", "string_match": {"safe_regex": {"regex": expected}}}]


SCHEMES: list[tuple[list[str], bool | None, bool]] = [
    ([], None, False),
    (["http", "https"], None, False),
    (["https"], True, False),
    (["http"], False, False),
    (["grpc", "grpcs"], None, True),
    (["grpcs"], True, True),
]


@pytest.mark.parametrize(("schemes", "secure", "grpc"), SCHEMES)
def test_schemes(schemes: list[str], secure: bool | None, grpc: bool) -> None:
    match = request_match(Route(schemes=schemes))
    assert (match.secure, match.grpc) == (secure, grpc)


@pytest.mark.parametrize(
    ("match", "path"),
    [
        (ValueMatch("a b", ["1"]), "/x?q&%61+b=%31"),
        (ValueMatch("a", [""]), "/x?a"),
        (ValueMatch("a", kind=K.PRESENT), "/x?a&b"),
    ],
)
def test_all_values_of_a_parameter(match: ValueMatch, path: str) -> None:
    (found,) = request_match(Route(query_params=[match]), repeated=True).headers
    assert found["name"] == ":path"
    pattern = re.compile(found["string_match"]["safe_regex"]["regex"])
    assert pattern.fullmatch(path)
    assert not pattern.fullmatch("/x?ab=1&b=a")


def test_no_expression_is_empty() -> None:
    (found,) = request_match(
        Route(headers=[ValueMatch("x", kind=K.REGEX, regexes=[EMPTY])])
    ).headers
    assert found["string_match"] == {"safe_regex": {"regex": "(?:)"}}


EMPTY = Regex("^$", Dialect.PCRE, Anchor.SEARCH)
IMPOSSIBLE = [
    (Route(sources=[AddressMatch("2001:db8::/32")]), "2001:db8::/32"),
    (Route(sources=[AddressMatch("no")]), "no address"),
    (Route(destinations=[AddressMatch("10.0.0.1", 80)]), "gateway's addresses"),
    (Route(headers=[ValueMatch("x", kind=K.REGEX, regexes=[Regex("(?!a)")])]), "look-around"),
    (Route(query_params=[ValueMatch("x", ["a"], K.PREFIX, invert=True)]), "no such value"),
    (Route(headers=[ValueMatch("x", ["", "a"], invert=True)]), "from an absent one"),
    (Route(headers=[ValueMatch("x", kind=K.REGEX, regexes=[EMPTY], invert=True)]), "an absent one"),
]


@pytest.mark.parametrize(("route", "reason"), IMPOSSIBLE, ids=[reason for _, reason in IMPOSSIBLE])
def test_impossible(route: Route, reason: str) -> None:
    with pytest.raises(UntranslatableError, match=reason):
        request_match(route)
