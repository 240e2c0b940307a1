"""Routers between which Traefik has no order."""

from __future__ import annotations

import pytest

from tests.importers.traefik.reading import routers, said

TIES: dict[str, tuple[str, str, bool]] = {
    "the same rule": ("Host(`a.x`)", "Host(`a.x`)", True),
    "other hosts": ("Host(`a.x`)", "Host(`b.x`)", False),
    "other paths": ("PathPrefix(`/a`)", "PathPrefix(`/b`)", False),
    "a path in a prefix": ("Path(`/ab`) && Method(`GET`)", "PathPrefix(`/a`)", True),
    "other paths exactly": ("Path(`/a`)", "Path(`/b`)", False),
    "a wildcard": ("HostRegexp(`^.+\\.a\\.x$`)", "Host(`b.a.x`)", True),
    "other methods": ("Path(`/`) && Method(`GET`)", "Path(`/`) && Method(`PUT`)", False),
    "other values": ("Path(`/`) && Header(`A`,`1`)", "Path(`/`) && Header(`a`,`2`)", False),
    "other headers": ("Path(`/`) && Header(`A`,`1`)", "Path(`/`) && Header(`B`,`1`)", True),
    "other parameters": ("Path(`/`) && Query(`a`,`1`)", "Path(`/`) && Query(`a`,`2`)", False),
    "the opposite": ("Path(`/`)&& Header(`A`,`1`)", "Path(`/`)&&!Header(`A`,`1`)", False),
    "other expressions": ("PathRegexp(`^/a+`)", "PathRegexp(`^/b+`)", False),
    "one expression": ("PathRegexp(`^/a+`)", "PathRegexp(`^/a+`)", True),
    "a prefix of an expression": ("PathRegexp(`^/a/b`)", "PathPrefix(`/a/bcd`)", True),
}

TOLD = (
    'warning approximated http.routers.two: Traefik has no order between this router and "one", '
    "and chooses anew at every start; here the one that stands first wins"
)


@pytest.mark.parametrize(("first", "second", "tie"), TIES.values(), ids=TIES)
def test_ties(first: str, second: str, tie: bool) -> None:
    text = routers(
        f"one: {{rule: '{first}', service: s, priority: 5}}",
        f"two: {{rule: '{second}', service: s, priority: 5}}",
    )
    assert _told(text) == ([TOLD] if tie else [])


@pytest.mark.parametrize(
    ("second", "tie"),
    [
        pytest.param("PathPrefix(`/ab`)", True, id="as long by chance"),
        pytest.param("PathPrefix(`/abc`)", False, id="longer"),
    ],
)
def test_the_length_is_a_priority(second: str, tie: bool) -> None:
    text = routers(
        "one: {rule: Host(`shop.test`), service: s}", f"two: {{rule: '{second}', service: s}}"
    )
    assert _told(text) == ([TOLD] if tie else [])


def _told(text: str) -> list[str]:
    return [line for line in said(text) if "no order" in line]


@pytest.mark.parametrize(
    "more",
    [
        pytest.param("priority: 9", id="a priority"),
        pytest.param("tls: {}", id="TLS"),
        pytest.param("entryPoints: [other]", id="another entry point"),
    ],
)
def test_what_tells_them_apart(more: str) -> None:
    points = "entryPoints: {web: {address: ':80'}, other: {address: ':81'}}\n"
    text = routers(
        "one: {rule: Host(`a.x`), service: s, entryPoints: [web]}",
        f"two: {{rule: Host(`a.x`), service: s, {more}}}"
        if "entry" in more
        else f"two: {{rule: Host(`a.x`), service: s, entryPoints: [web], {more}}}",
        points=points,
    )
    assert _told(text) == []


def test_one_router_of_several_routes_is_no_tie() -> None:
    text = routers("one: {rule: 'Path(`/a`) && Host(`a`) || Header(`A`,`1`)', service: s}")
    assert _told(text) == []
