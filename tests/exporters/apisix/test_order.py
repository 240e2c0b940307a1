"""Routes come out so that APISIX chooses as the source does."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gal import model as m
from gal.claims import Claims
from gal.context import ExportContext
from gal.exporters import apisix
from gal.ledger import Ledger, Reporter, Stage
from gal.model import MatchKind, PathKind, PathMatch, Route
from gal.ranking import ranked
from tests.exporters.apisix.router import Asked, chosen

HOSTS = ("a.test", "b.a.test", "c.b.a.test", "other.test")
PATHS = ("/", "/a", "/ab", "/a/", "/a/b", "/a/b/c", "/a.b", "/a+b/c", "/b", "/b/c/d")


def written(gateway: m.Gateway) -> tuple[dict[str, Any], str]:
    """The file, and the router that the settings name."""
    claims = Claims()
    context = ExportContext(Reporter(Ledger(), apisix.NAME, Stage.EXPORT), claims)
    routes, server = apisix.write(claims.view(gateway), context)
    router = server.data["apisix"].get("router", {}).get("http", "radixtree_host_uri")
    return routes.data, router


def path_matches(path: PathMatch, text: str) -> bool:
    if path.path_regex is not None:
        return re.fullmatch(path.path_regex.pattern, text) is not None
    if path.kind is PathKind.EXACT:
        return text == path.text
    if path.kind is PathKind.PREFIX:
        return text.startswith(path.text)
    bare = path.text.rstrip("/")
    return text == bare or text.startswith(f"{bare}/")


def host_matches(host: str, text: str) -> bool:
    if host.startswith("*."):
        return text.endswith(host[1:])
    if host.endswith(".*"):
        return text.startswith(host[:-1])
    return host == text


def takes(route: Route, paths: tuple[PathMatch, ...], asked: Asked) -> bool:
    return (
        (not paths or any(path_matches(path, asked.path) for path in paths))
        and (not route.hosts or any(host_matches(host, asked.host) for host in route.hosts))
        and (not route.methods or asked.method in route.methods)
        and (not route.schemes or asked.scheme in route.schemes)
        and all(f"http_{one.name}" in asked.variables for one in route.headers)
    )


def winner(gateway: m.Gateway, asked: Asked) -> str | None:
    """The route that the source chooses."""
    for candidate in ranked(gateway):
        if takes(candidate.route, candidate.paths, asked):
            return candidate.route.name
    return None


paths = st.one_of(
    st.sampled_from(PATHS).map(lambda text: PathMatch(path=text)),
    st.sampled_from(PATHS).map(lambda text: PathMatch(path_prefix=text)),
    st.sampled_from(PATHS).map(lambda text: PathMatch(path_segments=text)),
    st.sampled_from(("/a/.*", "/a(/b)?", "/.", "/a|/b", "(?i)/A.*", "/a/[bc]+/?c?")).map(
        lambda text: PathMatch(path_regex=m.Regex(text))
    ),
)
hosts = st.sampled_from((*HOSTS[:3], "*.test", "*.a.test", "*.b.a.test", "a.*", "other.*"))
routes = st.builds(
    Route,
    paths=st.lists(paths, max_size=3),
    hosts=st.lists(hosts, max_size=2, unique=True),
    methods=st.sampled_from(([], [], ["GET"], ["POST"], ["GET", "POST"])).map(list),
    schemes=st.sampled_from(([], [], [], ["http"], ["https"])).map(list),
    headers=st.sampled_from((0, 0, 1)).map(
        lambda many: [m.ValueMatch("x", kind=MatchKind.PRESENT)] * many
    ),
    priority=st.integers(0, 3),
)
requests = st.builds(
    Asked,
    path=st.sampled_from((*PATHS, "/A", "/a/c", "/a/bc", "/x")),
    host=st.sampled_from(HOSTS),
    method=st.sampled_from(("GET", "POST", "PUT")),
    scheme=st.sampled_from(("http", "https")),
    variables=st.sampled_from(({}, {"http_x": "1"})),
)
orders = st.sampled_from([one for one in m.RouteOrder if one is not m.RouteOrder.APISIX])


@given(found=st.lists(routes, max_size=6), order=orders, asked=st.lists(requests, max_size=30))
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
def test_apisix_chooses_as_the_source(
    found: list[Route], order: m.RouteOrder, asked: list[Asked]
) -> None:
    for number, route in enumerate(found):
        route.name = f"r{number}"
        route.policies = m.Policies(direct_response=m.DirectResponse(body=route.name))
    gateway = m.Gateway(routes=found, settings=m.Global(route_order=order))
    data, router = written(gateway)
    for one in asked:
        taken = chosen(data, router, one)
        body = None if taken is None else taken["plugins"]["fault-injection"]["abort"]["body"]
        assert body == winner(gateway, one), (one, data["routes"], router)


def test_the_usual_spellings() -> None:
    """Where APISIX's own order does, everything is spelled as people do."""
    found = [
        Route(name="exact", paths=[PathMatch(path="/a")]),
        Route(name="text", paths=[PathMatch(path_prefix="/b")], hosts=["a.test"]),
        Route(name="segments", paths=[PathMatch(path_segments="/c")], hosts=["a.test", "*.b.test"]),
        Route(name="all"),
    ]
    data, router = written(m.Gateway(routes=found))
    assert router == "radixtree_host_uri"
    assert [
        {
            key: one[key]
            for key in ("uri", "uris", "host", "hosts", "priority", "vars")
            if key in one
        }
        for one in data["routes"]
    ] == [
        {"uri": "/a"},
        {"uri": "/b*", "host": "a.test"},
        {"uris": ["/c", "/c/*"], "hosts": ["a.test", "*.b.test"]},
        {"uri": "/*"},
    ]


@pytest.mark.parametrize(
    ("first", "second", "spelled"),
    [
        (
            Route(paths=[PathMatch(path_prefix="/a")], priority=1),
            Route(paths=[PathMatch(path_prefix="/a/b")]),
            [{"uri": "/a*", "priority": 1}, {"uri": "/a*", "vars": [["uri", "~~", "^/a/b"]]}],
        ),
        (
            Route(paths=[PathMatch(path_prefix="/a")], priority=1),
            Route(paths=[PathMatch(path="/a")]),
            [{"uri": "/a*", "priority": 1}, {"uri": "/a*", "vars": [["uri", "==", "/a"]]}],
        ),
        (
            Route(paths=[PathMatch(path_prefix="/a")], priority=1, methods=["GET"]),
            Route(paths=[PathMatch(path_prefix="/a/b")], methods=["POST"]),
            [{"uri": "/a*", "methods": ["GET"]}, {"uri": "/a/b*", "methods": ["POST"]}],
        ),
        (
            Route(paths=[PathMatch(path="/a")], methods=["GET"], priority=5),
            Route(paths=[PathMatch(path="/a")]),
            [{"uri": "/a", "methods": ["GET"], "priority": 1}, {"uri": "/a"}],
        ),
        (
            Route(paths=[PathMatch(path_regex=m.Regex("/a/[0-9]+"))]),
            Route(paths=[PathMatch(path_prefix="/a/")]),
            [
                {"uri": "/a/*", "vars": [["uri", "~~", r"^/a/[0-9]+\z"]], "priority": 1},
                {"uri": "/a/*"},
            ],
        ),
        (
            Route(paths=[PathMatch(path="/c*b")]),
            Route(paths=[PathMatch(path_prefix="/a+b/")]),
            [
                {"uri": "/c*", "vars": [["uri", "==", "/c*b"]]},
                {"uri": "/a+b*", "vars": [["uri", "~~", r"^/a\+b/"]]},
            ],
        ),
    ],
    ids=[
        "a longer start after a shorter",
        "an exact path after a start",
        "methods that do not meet",
        "equal paths",
        "an expression",
        "characters that mean something",
    ],
)
def test_spellings(first: Route, second: Route, spelled: list[dict[str, Any]]) -> None:
    data, _ = written(m.Gateway(routes=[first, second]))
    assert [
        {key: value for key, value in one.items() if key != "plugins"} for one in data["routes"]
    ] == spelled
