"""Which route takes a request, and why a closer one does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gal.model import Gateway, PathMatch, Route
from gal.ranking import ranked
from gal.tracing.matching import asked, mismatch
from gal.tracing.request import Request, parse_request
from gal.tracing.routing import Router
from tests.tracing.traced import gateway

ROUTES = """\
upstreams: [{name: u, host: u.test, port: 80}]
routes:
- {name: exact, upstream: u, path: /a/b, hosts: [x.test]}
- {name: post, upstream: u, path_prefix: /a, methods: [POST], hosts: [x.test]}
- {name: beta, upstream: u, path_prefix: /a/, hosts: [x.test],
   header_matches: [{name: X-Beta, kind: present}]}
- {name: number, upstream: u, path_regex: "/n/[0-9]+"}
- {name: segments, upstream: u, paths: [{path_segments: /s}]}
- {name: inside, upstream: u, path_prefix: /in, sources: [{ip: 10.0.0.0/8}]}
- {name: wild, upstream: u, path_prefix: /w, hosts: ["*.wild.test"]}
- {name: query, upstream: u, path_prefix: /q, query_matches: [{name: v, values: ["2"]}]}
- {name: secure, upstream: u, path_prefix: /tls, schemes: [https]}
"""


@pytest.mark.parametrize(
    ("request_line", "headers", "name", "reason"),
    [
        ("GET http://x.test/a/b", [], "exact", ""),
        ("GET http://X.TEST/a/b?x=1", [], "exact", ""),
        ("POST http://x.test/a/c", [], "post", "the header X-Beta is absent"),
        ("GET http://x.test/a/c", ["X-Beta: 1"], "beta", ""),
        ("GET http://x.test/a", [], None, "the method GET is not POST"),
        ("GET http://y.test/a/b", [], None, ""),
        ("GET http://y.test/n/12", [], "number", ""),
        ("GET http://y.test/n/x", [], None, "the path /n/x does not match /n/[0-9]+"),
        ("GET http://y.test/s", [], "segments", ""),
        ("GET http://y.test/s/t", [], "segments", ""),
        ("GET http://y.test/st", [], None, "the path /st does not start with the segments /s"),
        ("GET http://y.test/in", [], None, "the client 192.0.2.1 is none of the route's sources"),
        ("GET http://a.wild.test/w", [], "wild", ""),
        ("GET http://a.b.wild.test/w", [], "wild", ""),
        ("GET http://wild.test/w", [], None, ""),
        ("GET http://y.test/q?v=2", [], "query", ""),
        ("GET http://y.test/q?v=3", [], None, "the query parameter v has another value"),
        ("GET https://y.test/tls", [], "secure", ""),
        ("GET http://y.test/tls", [], None, "the request came by http, which is not https"),
    ],
)
def test_choice(request_line: str, headers: list[str], name: str | None, reason: str) -> None:
    method, url = request_line.split()
    choice = Router.of(gateway(ROUTES)).choose(parse_request(method, url, headers, "192.0.2.1"))
    assert (choice.candidate.route.name if choice.candidate else None) == name
    assert (choice.rejected[0].reason.message if choice.rejected else "") == reason


PIECES = st.sampled_from(["", "a", "b", "a.b", "ab"])
PATHS = st.lists(PIECES, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))
HOSTS = st.sampled_from(["a.test", "b.a.test", "*.a.test", "*.test", "a.*", "a.test:8080"])


def _matches(text: str) -> st.SearchStrategy[PathMatch]:
    return st.sampled_from(
        [PathMatch(path=text), PathMatch(path_prefix=text), PathMatch(path_segments=text)]
    )


@st.composite
def _routes(draw: st.DrawFn) -> Route:
    paths = draw(st.lists(PATHS.flatmap(_matches), max_size=2))
    hosts = draw(st.lists(HOSTS, max_size=2, unique=True))
    return Route(paths=paths, hosts=hosts, priority=draw(st.integers(0, 2)))


@given(
    routes=st.lists(_routes(), max_size=8),
    path=PATHS,
    host=st.sampled_from(["a.test", "b.a.test", "c.b.a.test", "test", "a.org"]),
)
def test_looking_up_finds_what_trying_every_route_finds(
    routes: list[Route], path: str, host: str
) -> None:
    gateway = Gateway(routes=routes)
    request = Request("GET", "http", host, 8080, path)
    of = asked(request, gateway.settings.route_order)
    first = next((one for one in ranked(gateway) if mismatch(one, of) is None), None)
    found = Router.of(gateway).choose(request).candidate
    assert (found is None) == (first is None)
    assert first is None or (found is not None and found.route is first.route)
