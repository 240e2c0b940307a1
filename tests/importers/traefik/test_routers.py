"""Routers as routes: entry points, priorities, and routers below routers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.traefik.reading import SERVICE, model, routers, routes, said

TWO = "entryPoints: {web: {address: ':80'}, websecure: {address: ':443'}}\n"
MIDDLEWARES = (
    "  middlewares:\n"
    "    ip: {ipAllowList: {sourceRange: [10.0.0.0/8]}}\n"
    "    ask: {forwardAuth: {address: 'http://auth'}}\n"
)


def where(line: str, points: str = TWO) -> list[dict[str, Any]]:
    """Schemes and ports of the routes of one router."""
    found = routes(routers(line, points=points))
    return [{key: one[key] for key in ("schemes", "destinations") if key in one} for one in found]


HTTP, HTTPS = {"schemes": ["http"]}, {"schemes": ["https"]}
PLACES: dict[str, tuple[str, str, list[dict[str, Any]]]] = {
    "default ones": (TWO, "r: {rule: Path(`/`), service: s}", [{}]),
    "one of two": (
        TWO,
        "r: {rule: Path(`/`), service: s, entryPoints: [web]}",
        [{"destinations": [{"port": 80}]}],
    ),
    "TLS": (
        TWO,
        "r: {rule: Path(`/`), service: s, entryPoints: [websecure], tls: {}}",
        [HTTPS],
    ),
    "TLS of the entry point": (
        "entryPoints: {web: {address: ':80'}, in: {address: ':444', http: {tls: {}}}}\n",
        "r: {rule: Path(`/`), service: s}",
        [HTTP, HTTPS],
    ),
    "a default one": (
        "entryPoints: {web: {address: ':80'}, in: {address: ':81', asDefault: true}}\n",
        "r: {rule: Path(`/`), service: s}",
        [{"destinations": [{"port": 81}]}],
    ),
    "not Traefik's own": (
        "entryPoints: {traefik: {address: ':8080'}, web: {address: ':80'}}\n",
        "r: {rule: Path(`/`), service: s}",
        [{}],
    ),
    "nowhere": (TWO, "r: {rule: Path(`/`), service: s, entryPoints: [other]}", []),
}


@pytest.mark.parametrize(("points", "line", "expected"), PLACES.values(), ids=PLACES)
def test_entry_points(points: str, line: str, expected: list[dict[str, Any]]) -> None:
    assert where(line, points) == expected


def test_an_entry_point_that_is_not_there_is_said() -> None:
    text = routers("r: {rule: Path(`/`), service: s, entryPoints: [web, other]}")
    assert len(routes(text)) == 1
    assert 'warning dropped http.routers.r.entryPoints: there is no entry point "other"' in said(
        text
    )


def test_middlewares_of_an_entry_point_act_there_only() -> None:
    points = (
        "entryPoints: {web: {address: ':80'}, in: {address: ':81', http: {middlewares: [ip]}}}\n"
    )
    text = routers("r: {rule: Path(`/`), service: s}", points=points) + MIDDLEWARES
    assert [(one["destinations"], one.get("ip_access")) for one in routes(text)] == [
        ([{"port": 80}], None),
        ([{"port": 81}], {"allow": ["10.0.0.0/8"]}),
    ]


PRIORITIES = {
    "length of the rule": ("r: {rule: Path(`/`), service: s}", 9),
    "in bytes": ("r: {rule: Path(`/é`), service: s}", 11),
    "said": ("r: {rule: Path(`/`), service: s, priority: 3}", 3),
    "zero is none": ("r: {rule: Path(`/`), service: s, priority: 0}", 9),
    "negative": ("r: {rule: Path(`/`), service: s, priority: -5}", -5),
    "the highest": (
        "r: {rule: Path(`/`), service: s, priority: 9223372036854774807}",
        9223372036854774807,
    ),
}


@pytest.mark.parametrize(("line", "priority"), PRIORITIES.values(), ids=PRIORITIES)
def test_priority(line: str, priority: int) -> None:
    assert [one["priority"] for one in routes(routers(line))] == [priority]


LEFT: dict[str, tuple[str, str]] = {
    "priority": (
        "r: {rule: Path(`/`), service: s, priority: 9223372036854774808}",
        "its priority is above 9223372036854774807",
    ),
    "no rule": ("r: {service: s}", "it has no rule: only Docker knows the default one"),
    "no service": ("r: {rule: Path(`/`)}", "it has no service"),
    "no such service": ("r: {rule: Path(`/`), service: t}", 'there is no service "t"'),
    "no such middleware": (
        "r: {rule: Path(`/`), service: s, middlewares: [m]}",
        'there is no middleware "m"',
    ),
    "no such TLS options": (
        "r: {rule: Path(`/`), service: s, tls: {options: o}}",
        'there are no TLS options "o"',
    ),
    "no entry point": (
        "r: {rule: Path(`/`), service: s, entryPoints: [no]}",
        "it has none of the entry points that are there",
    ),
    "nobody above": (
        "r: {rule: Path(`/`), service: s, parentRefs: [no]}",
        "no router hands requests to it",
    ),
}


@pytest.mark.parametrize(("line", "reason"), LEFT.values(), ids=LEFT)
def test_what_traefik_leaves_out(line: str, reason: str) -> None:
    text = routers(line)
    assert routes(text) == []
    wanted = f'warning dropped http.routers.r: Traefik leaves out the router "r": {reason}'
    assert wanted in said(text)


def test_a_count_of_its_own_for_every_way_is_said() -> None:
    text = routers("r: {rule: Host(`a`) || Path(`/`), service: s, middlewares: [few]}")
    text += "  middlewares: {few: {rateLimit: {average: 1}}}\n"
    assert (
        "warning approximated http.routers.r.rule: each of the 2 ways to fit the rule has a count "
        "of its own"
    ) in said(text)


# -- routers below routers

LAYERS = (
    "entryPoints: {web: {address: ':80'}}\nhttp:\n  routers:\n"
    "    top: {rule: 'PathPrefix(`/a`)'%s}\n"
    "    low: {rule: 'Path(`/a/b`)', parentRefs: [top], service: s, priority: 1}\n"
    "    high: {rule: 'Header(`X-A`, `1`)', parentRefs: [top@file], service: s, "
    "middlewares: [ask]}\n"
) + SERVICE


def test_routers_below_a_router() -> None:
    text = LAYERS % ", middlewares: [ip]" + MIDDLEWARES
    found = routes(text)
    assert [(one["name"], one["priority"]) for one in found] == [
        ("high", 16),
        ("low", 16),
        ("top", 16),
    ]
    assert [one.get("path") or one["path_prefix"] for one in found] == ["/a", "/a/b", "/a"]
    assert all(one["ip_access"] == {"allow": ["10.0.0.0/8"]} for one in found)
    assert ["forward" in one.get("authentication", {}) for one in found] == [True, False, False]
    assert found[2]["direct_response"] == {"status_code": 404}


def test_routers_that_see_another_request_refuse_everybody() -> None:
    """A check may add the headers that the rules below ask for: a client could send them itself."""
    text = LAYERS % ", middlewares: [ask]" + MIDDLEWARES
    (found,) = routes(text)
    assert (found["name"], found["path_prefix"]) == ("top", "/a")
    (guard,) = found["authentication"]["guards"]
    assert guard["config"]["cannot"] == [
        'the middleware "ask" may change what the routers below ask for'
    ]
    assert [line for line in said(text) if "http.routers.low:" in line] == [
        (
            "warning dropped http.routers.low: nobody comes past the router above it, which others "
            "have refuse everybody"
        )
    ]


def test_routers_below_each_other_are_never_reached() -> None:
    text = routers(
        "a: {rule: Path(`/`), service: s, parentRefs: [b]}",
        "b: {rule: Path(`/`), parentRefs: [a]}",
    )
    assert routes(text) == []
    assert len([line for line in said(text) if "no router hands requests to it" in line]) == 2


def test_a_router_with_a_service_has_nobody_below() -> None:
    text = routers(
        "a: {rule: Path(`/`), service: s}", "b: {rule: Path(`/`), service: s, parentRefs: [a]}"
    )
    assert routes(text) == []


def test_what_only_traefik_does_by_router_is_kept() -> None:
    text = routers("r: {rule: Path(`/`), service: s, observability: {accessLogs: false}}")
    kept = model(text)["routes"][0]["extensions"]
    assert kept == {"traefik": {"observability": {"accessLogs": False}}}
