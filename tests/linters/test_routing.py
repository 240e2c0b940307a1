"""What the linter says of routes that shadow each other, held against the router of `gal trace`."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gal.ledger import Ledger
from gal.lint.match_sets import holds_host, holds_shape, shape_of
from gal.lint.overlaps import Overlap, overlaps
from gal.lint.shadows import Earlier, placed, shadows
from gal.lint.subject import Subject
from gal.model import (
    AddressMatch,
    Anchor,
    Dialect,
    Gateway,
    Global,
    MatchKind,
    PathMatch,
    Regex,
    Route,
    RouteOrder,
    ValueMatch,
)
from gal.tracing.matching import asked, mismatch
from gal.tracing.request import Request
from gal.tracing.routing import Router

ORDERS = [pytest.param(order, id=order.value) for order in RouteOrder]
TEXTS = ("/", "/a", "/a/", "/a/b", "/ab", "/b")
PATTERNS = (
    ("/a/.*", Anchor.FULL),
    ("/a/.*.*", Anchor.FULL),
    ("/a", Anchor.FULL),
    ("/a", Anchor.START),
    ("/a[a-z]*", Anchor.FULL),
    ("/(a|b)/b", Anchor.FULL),
    ("^/a.*", Anchor.SEARCH),
    ("b$", Anchor.SEARCH),
)
HOSTS = ("a.test", "b.a.test", "*.a.test", "*.test", "a.*")
SENT_HOSTS = ("a.test", "b.a.test", "c.b.a.test", "x.test", "a.x", "y")
SENT_PATHS = ("/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/abb", "/b", "/b/b", "/c", "/A")
SENT_HEADERS = ((), (("x-v", "1"),), (("x-v", "2"),))


def _matches() -> st.SearchStrategy[PathMatch]:
    texts = st.sampled_from(TEXTS)
    return st.one_of(
        texts.map(lambda text: PathMatch(path=text)),
        texts.map(lambda text: PathMatch(path_prefix=text)),
        texts.map(lambda text: PathMatch(path_segments=text)),
        st.sampled_from(PATTERNS).map(
            lambda one: PathMatch(path_regex=Regex(one[0], Dialect.RE2, one[1]))
        ),
    )


def _headers() -> st.SearchStrategy[ValueMatch]:
    return st.sampled_from(
        [
            ValueMatch("X-V", ["1"]),
            ValueMatch("x-v", ["1", "2"]),
            ValueMatch("x-v", kind=MatchKind.PRESENT),
            ValueMatch("x-v", ["1"], invert=True),
        ]
    )


@st.composite
def _routes(draw: st.DrawFn) -> Route:
    return Route(
        paths=draw(st.lists(_matches(), max_size=2)),
        hosts=draw(st.lists(st.sampled_from(HOSTS), max_size=2, unique=True)),
        methods=draw(st.sampled_from([[], [], ["GET"], ["GET", "POST"]])),
        headers=draw(st.lists(_headers(), max_size=1)),
        schemes=draw(st.sampled_from([[], [], [], ["https"]])),
        sources=draw(st.sampled_from([[], [], [AddressMatch("10.0.0.0/8")]])),
        priority=draw(st.integers(0, 2)),
    )


def _gateway(order: RouteOrder, routes: list[Route]) -> Gateway:
    return Gateway(settings=Global(route_order=order), routes=routes)


def _subject(gateway: Gateway) -> Subject:
    return Subject("gal", [], gateway, Ledger())


def _requests() -> list[Request]:
    parts = product(SENT_HOSTS, SENT_PATHS, ("GET", "POST"), SENT_HEADERS, ("http", "https"))
    return [
        Request(method, scheme, host, None, path, headers=headers, client_ip=address)
        for host, path, method, headers, scheme in parts
        for address in ("10.0.0.1", "192.0.2.1")
    ]


REQUESTS = _requests()


@pytest.mark.parametrize("order", ORDERS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_request_reaches_a_route_that_is_said_to_be_unreachable(
    order: RouteOrder, data: st.DataObject
) -> None:
    routes = data.draw(st.lists(_routes(), min_size=2, max_size=6))
    gateway = _gateway(order, routes)
    found = shadows(placed(_subject(gateway)), order, Earlier())
    dead = {id(one.parts[0].route): one for one in found if one.whole}
    if not dead:
        return
    router = Router.of(gateway)
    for request in REQUESTS:
        candidate = router.choose(request).candidate
        assert candidate is None or id(candidate.route) not in dead, (request, candidate)


@pytest.mark.parametrize("order", ORDERS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_request_that_shows_an_ambiguity_is_taken_by_both(
    order: RouteOrder, data: st.DataObject
) -> None:
    routes = data.draw(st.lists(_routes(), min_size=2, max_size=6))
    subject = _subject(_gateway(order, routes))
    for one in overlaps(placed(subject), order, Earlier()):
        of = asked(_request(one), order)
        for side in (one.first, one.second):
            assert mismatch(side.candidate, of) is None
        assert one.first.level == one.second.level


def _request(one: Overlap) -> Request:
    """The request that an overlap speaks of, with what else both routes ask for."""
    sides = one.first.route, one.second.route
    methods = [set(side.methods) or {"GET"} for side in sides]
    values = [set(match.values) for side in sides for match in side.headers]
    wanted = set.intersection(*[value for value in values if value] or [{"1"}])
    inverted = any(match.invert for side in sides for match in side.headers)
    headers = (("x-v", min(wanted)),) if any(side.headers for side in sides) else ()
    return Request(
        min(set.intersection(*methods)),
        "https",
        one.host or "a.test",
        None,
        one.path,
        headers=() if inverted else headers,
        client_ip="10.0.0.1",
    )


@given(wide=_matches(), narrow=_matches())
def test_a_shape_holds_another_only_if_each_of_its_paths_is_taken(
    wide: PathMatch, narrow: PathMatch
) -> None:
    if not holds_shape(shape_of(wide), shape_of(narrow)):
        return
    router = Router.of(_gateway(RouteOrder.GAL, [Route(paths=[wide])]))
    other = Router.of(_gateway(RouteOrder.GAL, [Route(paths=[narrow])]))
    for request in REQUESTS:
        if other.choose(request).candidate is not None:
            assert router.choose(request).candidate is not None, request.path


@pytest.mark.parametrize(
    ("wide", "narrow", "held"),
    [
        ("", "a.test", True),
        ("a.test", "", False),
        ("a.test", "a.test", True),
        ("*.a.test", "b.a.test", True),
        ("*.a.test", "a.test", False),
        ("*.test", "*.a.test", True),
        ("*.a.test", "*.test", False),
        ("a.*", "a.b.c", True),
        ("a.*", "*.a.b", False),
        ("*.b", "a.*", False),
        ("a.test", "a.test:8080", True),
        ("a.test:8080", "a.test", False),
    ],
)
def test_a_host_holds_another(wide: str, narrow: str, held: bool) -> None:
    assert holds_host(wide, narrow) is held


# -- the work grows like the number of routes


def _of_hosts(number: int) -> Route:
    return Route(hosts=[f"h{number}.test"], paths=[PathMatch(path_prefix="/")])


def _of_headers(number: int) -> Route:
    match = ValueMatch("x-tenant", [str(number)])
    return Route(headers=[match], paths=[PathMatch(path_prefix="/")])


def _of_nested_paths(number: int) -> Route:
    return Route(paths=[PathMatch(path_prefix=f"/a/{number % 97}/{number % 1009}/{number}")])


def _of_expressions(number: int) -> Route:
    pattern = Regex(f"/[a-z]+/{number}", Dialect.RE2, Anchor.START)
    return Route(paths=[PathMatch(path_regex=pattern)])


def _of_one_match(number: int) -> Route:
    return Route(paths=[PathMatch(path=f"/{number % 3}")])


SHAPES = {
    "hosts": _of_hosts,
    "headers": _of_headers,
    "nested paths": _of_nested_paths,
    "expressions": _of_expressions,
    "one match": _of_one_match,
}
MOST_STEPS = 100


@pytest.mark.parametrize("shape", SHAPES)
def test_the_steps_grow_like_the_routes(shape: str) -> None:
    number, order = 20_000, RouteOrder.KONG
    routes = [SHAPES[shape](one) for one in range(number)]
    found = placed(_subject(_gateway(order, routes)))
    steps = Earlier()
    for _ in shadows(found, order, steps):
        pass
    for _ in overlaps(found, order, steps):
        pass
    assert steps.steps <= MOST_STEPS * number
