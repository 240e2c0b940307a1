"""Which route takes a request, and what the upstream sees of it, on a running Traefik."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateways.cases import Backend, Group, Row, Stage, cases, get, gets, post, sees, unseen
from tests.gateways.gal_text import TARGET, service
from tests.gateways.traefik import TraefikStage


def named(name: str) -> str:
    """A part of a route that tells the upstream the route's name."""
    return f"name: {name}, headers: {{request_set: {{x-route: {name}}}}}"


def takes(what: str, row: object, name: str | None) -> Row:
    """A row about the route that takes a request."""
    assert isinstance(row, type(get("/")))
    if name is None:
        return Row(what, row, unseen(), gets(404))
    return Row(what, row, sees(headers={"x-route": name}), gets(200))


ORDER = Group(
    "order",
    service(rf"""
- {{{named("prefix")}, path_prefix: /a}}
- {{{named("longer")}, path_prefix: /a/longer}}
- {{{named("exact")}, path: /a/longer/exact}}
- {{{named("expression")}, path_regex: '/a/[0-9]+'}}
- {{{named("host")}, hosts: [h.test], path_prefix: /a}}
- {{{named("wildcard")}, hosts: ['*.h.test', 'p.*']}}
- {{{named("header")}, path_prefix: /a, header_matches: [{{name: X-Tenant, values: [one, two]}}]}}
- {{{named("first")}, path_prefix: /a/first, priority: 9}}
"""),
    takes("prefix, by text", get("/abc"), "prefix"),
    takes("longer prefix", get("/a/longer/x"), "longer"),
    takes("exact", get("/a/longer/exact"), "exact"),
    takes("expression before prefix", get("/a/12"), "expression"),
    takes("expression matches whole", get("/a/12/x"), "prefix"),
    takes("host before no host", get("/a/longer/exact", host="H.test"), "host"),
    takes("host with a port", get("/a", host="h.test:81"), "host"),
    takes("wildcard in front", get("/z", host="a.b.h.test"), "wildcard"),
    takes("wildcard behind", get("/z", host="p.test"), "wildcard"),
    takes("header", get("/a", "x-tenant: two"), "header"),
    takes("another value", get("/a", "x-tenant: three"), "prefix"),
    takes("priority", get("/a/first", host="h.test"), "first"),
    takes("none", get("/z"), None),
)

MATCHES = Group(
    "matches",
    service(rf"""
- {{{named("segments")}, path_segments: /s}}
- {{{named("space")}, path: '/sp ace'}}
- {{{named("tick")}, path: '/t`ick'}}
- {{{named("methods")}, path_prefix: /m, methods: [PUT, PATCH]}}
- {{{named("query")}, path_prefix: /q, query_matches: [{{name: k, values: ['a b']}}]}}
- {{{named("not")}, path_prefix: /i, header_matches: [{{name: I, kind: present, invert: true}}]}}
- {{{named("source")}, path_prefix: /src, sources: [{{ip: 127.0.0.2/32}}]}}
- {{{named("braces")}, path_prefix: '/b{{{{c'}}
- {{{named("lower")}, path_regex: {{pattern: '/l[a-z]', dialect: pcre, anchor: start}}}}
"""),
    takes("the segment", get("/s"), "segments"),
    takes("below it", get("/s/x"), "segments"),
    takes("no text", get("/sx"), None),
    takes("a space", get("/sp%20ace"), "space"),
    takes("a backtick", get("/t%60ick"), "tick"),
    takes("method", post("/m"), None),
    takes("parameter", get("/q?k=a+b"), "query"),
    takes("another parameter", get("/q?k=ab"), None),
    takes("absent", get("/i"), "not"),
    takes("present", get("/i", "i: 1"), None),
    takes("source", get("/src", source="127.0.0.2"), "source"),
    takes("another source", get("/src"), None),
    takes("braces of templates", get("/b%7B%7Bc"), "braces"),
    takes("start of the path", get("/lab"), "lower"),
    takes("not elsewhere", get("/x/lab"), None),
)


def stripped(name: str, base: str, route: str, *rows: tuple[str, str]) -> Group:
    """One route behind a base path; each row is what is sent and what the upstream sees of it."""
    front = f"  path: {base}\n" if base else ""
    config = (
        f'version: "1.0"\nservices:\n- name: main\n  upstream: {TARGET}\n{front}'
        f"  routes:\n  - {{{route}}}\n"
    )
    return Group(
        name, config, *(Row(f"{sent} -> {seen}", get(sent), sees(seen)) for sent, seen in rows)
    )


STRIP = "rewrite: {strip_prefix: true}"
PATHS = [
    stripped("kept", "", "path_prefix: /r", ("/r//x?a=/r", "/r/x?a=/r")),
    stripped("base", "/srv", "path_prefix: /", ("/", "/srv"), ("/x", "/srv/x")),
    stripped("base with slash", "/srv/", "path_prefix: /", ("/", "/srv/"), ("/x", "/srv/x")),
    stripped(
        "prefix",
        "",
        f"path_prefix: /r, {STRIP}",
        ("/r", "/"),
        ("/r/", "/"),
        ("/rx", "/x"),
        ("/r/a%2Fb?x=/r", "/a%2Fb?x=/r"),
    ),
    stripped(
        "prefix, base",
        "/srv",
        f"path_prefix: /r, {STRIP}",
        ("/r", "/srv"),
        ("/r/", "/srv/"),
        ("/rx", "/srv/x"),
        ("/r/x?q", "/srv/x?q"),
    ),
    stripped(
        "expression, base",
        "/srv",
        f"path_regex: {{pattern: '/v\\d', dialect: pcre, anchor: start}}, {STRIP}",
        ("/v1", "/srv"),
        ("/v1/", "/srv/"),
        ("/v1/x", "/srv/x"),
        ("/v1x", "/srv/x"),
    ),
    stripped(
        "replaced",
        "",
        r"path_prefix: /u, rewrite: {pattern: {pattern: '/u/(\d+)', anchor: search}, "
        r"replacement: '/user$/\1'}",
        ("/u/7/u/8", "/user$/7/u/8"),
        ("/u/x", "/u/x"),
    ),
    stripped("added", "/srv", "path_prefix: /a, rewrite: {add_prefix: /n}", ("/a", "/srv/n/a")),
    stripped(
        "whole", "", "path_prefix: /a, rewrite: {path: '/new one'}", ("/a/b?c", "/new%20one?c")
    ),
]

TARGETS = Group(
    "targets",
    """
version: "1.0"
upstreams:
- {name: blue, targets: [{host: '{blue_host}', port: {blue_port}}]}
- {name: green, targets: [{host: '{green_host}', port: {green_port}}], host_header: {mode: target}}
- {name: gone, targets: []}
routes:
- {path_prefix: /blue, upstream: blue}
- {path_prefix: /green, upstream: green}
- {path_prefix: /set, upstream: blue, host_header: {mode: rewrite, value: s.test}}
- {path_prefix: /split, backends: [{upstream: blue, weight: 0}, {upstream: green, weight: 1}]}
- {path_prefix: /copy, upstream: blue, mirror: {upstream: green}}
- {path_prefix: /gone, upstream: gone}
- {path_prefix: /lost, upstream: nobody}
""",
    Row("the client's host", get("/blue", host="c.test"), sees(upstream="blue", host="c.test")),
    Row("the target's", get("/green", host="c.test"), sees(upstream="green")),
    Row("a host of its own", get("/set"), sees(upstream="blue", host="s.test")),
    Row("by weight", get("/split", times=3), sees(upstream="green", count=3)),
    Row("copied", get("/copy"), sees(upstream="blue"), sees(upstream="green"), gets(200)),
    Row("no target", get("/gone"), unseen(), gets(503)),
    Row("no upstream", get("/lost"), unseen(), gets(503)),
    backends=[Backend("blue"), Backend("green")],
)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with TraefikStage() as stage:
        yield stage


@pytest.mark.parametrize(("group", "row"), cases([ORDER, MATCHES, *PATHS, TARGETS]))
def test_what_it_does(stage: Stage, group: Group, row: Row) -> None:
    stage.check(group, row)
