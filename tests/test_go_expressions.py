"""Expressions that Go reads and refuses, as Traefik 3.7 told of routers with them."""

from __future__ import annotations

import pytest

from gal.go_expressions import refused
from tests.importers.traefik.reading import routers, routes, said

READ = (
    *("a", "", "|", "a||b", "()", "()*", "(|a)", "(?i)a", "(?i:a)", "(?-i:a)", "(?)a", "(?m)^a$"),
    *("(?U)a", "(?s).", "(?i)(?-i)b", "(?P<n>a)", "(?<n>a)", "(?P<n>a)(?P<n>b)", "(?P<1a>x)"),
    *("x{", "x{,3}", "a{1", "a{0}", "a{1000}", "a*?", "^*", "$+", r"\b*", "[]a]", "[a-]", "[-a]"),
    *("[--a]", "[+--]", "[a-c-e]", r"[\d-]", "[a&&b]", "[[a]", "[[:alpha:]]"),
    *("[[:^alpha:]]", "[:alpha:]", r"[\pL]", r"[\x{10FFFF}]", r"\p{L}", r"\pL", r"\p{Greek}"),
    *(r"\Qa*\E", r"\Qab", r"\x{41}", r"\12", r"\0", r"\_", r"\-", r"\/", r"\z", r"\d+\.\S"),
)
REFUSED = (
    *("(", "(a", "(?:a", "a)", "*", "a|*", "(*)", "(?i)*", "{1}", "a++", "a**", "a*??", "a{1,2}+"),
    *("x{2}{3}", "x{1001}", "x{3,2}", "(?>x)", "(?=a)", "(?!a)", "(?<=a)", "(?P=n)", "(?P<>x)"),
    *("(?#c)a", "(?x)a", "(?i-:a)", "(?imsU-i", "[^]", "[]", "[a", "[z-a]", r"[a-\d]"),
    *(
        "[a-[:digit:]]",
        "[[:foo:]]",
        r"[\b]",
        r"[\A]",
        r"[a-\]]",
        r"[\Qa\E]",
        r"(a)\1",
        r"\8",
        r"\Z",
        r"\C",
    ),
    *(r"\h", r"\R", r"\K", r"\G", r"\E", r"\x4", r"\pX", r"\é", r"\x{110000}", "\\"),
)


@pytest.mark.parametrize("pattern", READ)
def test_read(pattern: str) -> None:
    assert refused(pattern) is None


@pytest.mark.parametrize("pattern", REFUSED)
def test_refused(pattern: str) -> None:
    assert refused(pattern)


@pytest.mark.parametrize(
    "rule",
    [
        "PathRegexp(`^/a(?=b)`)",
        "HostRegexp(`^a++$`)",
        "HeaderRegexp(`X-A`, `(a)\\\\1`) || Path(`/b`)",
        "QueryRegexp(`a`, `(?x)a`) || Path(`/b`)",
    ],
)
def test_router_is_left_out(rule: str) -> None:
    """Not even the parts that could be read become routes."""
    text = routers(f'r: {{rule: "{rule}", service: s}}')
    assert routes(text) == []
    (entry,) = (entry for entry in said(text) if "leaves out" in entry)
    assert entry.startswith('warning dropped http.routers.r: Traefik leaves out the router "r"')
