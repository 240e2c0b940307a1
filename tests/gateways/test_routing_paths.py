"""What the upstream sees of a path: GAL's YAML, converted, on a running Envoy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateways.cases import Group, Row, Stage, cases, get, gets, sees, unseen
from tests.gateways.gal_text import TARGET, to_envoy


def group(name: str, service_path: str, route: str, *rows: tuple[str, str | None]) -> Group:
    """One route behind a base path; each row is what is sent and what the upstream sees of it."""
    base = f"  path: {service_path}\n" if service_path else ""
    config = (
        f'version: "1.0"\nservices:\n- name: main\n  upstream: {TARGET}\n{base}'
        f"  routes:\n  - {{{route}}}\n"
    )
    return Group(
        name,
        config,
        *(
            Row(
                f"{sent} -> {seen}",
                get(sent),
                unseen() if seen is None else sees(seen),
                gets(404 if seen is None else 200),
            )
            for sent, seen in rows
        ),
    )


STRIP = "rewrite: {strip_prefix: true}"


def regex(pattern: str) -> str:
    return f"path_regex: {{pattern: '{pattern}', dialect: rust, anchor: start}}"


def searched(pattern: str, replacement: str) -> str:
    expression = f"{{pattern: '{pattern}', anchor: search}}"
    return f"path_prefix: /, rewrite: {{pattern: {expression}, replacement: '{replacement}'}}"


LONG = "|".join(letter * 12 for letter in "abcdefghijklmnopqrstuvwxyz")

STRIPPING = [
    group(
        "an expression of any size",
        "",
        f"path_regex: '/(?:{LONG})'",
        ("/zzzzzzzzzzzz", "/zzzzzzzzzzzz"),
        ("/z", None),
    ),
    group(
        "prefix, no base",
        "",
        f"path_prefix: /route, {STRIP}",
        ("/route", "/"),
        ("/route/", "/"),
        ("/routereq", "/req"),
        ("/route/a/b?x=/route", "/a/b?x=/route"),
        ("/route//a", "/a"),
        ("/route/./a/../b", "/b"),
        ("/route/a%2Fb", "/a%2Fb"),
        ("/route../a", "/a"),
        ("/route..", "/"),
        ("/route.", "/"),
        ("/route..a", "/..a"),
        ("/rout", None),
    ),
    group(
        "prefix with slash, no base",
        "",
        f"path_prefix: /route/, {STRIP}",
        ("/route/req", "/req"),
        ("/route/", "/"),
        ("/route", None),
    ),
    group(
        "prefix, base",
        "/srv",
        f"path_prefix: /rou, {STRIP}",
        ("/roureq", "/srv/req"),
        ("/rou", "/srv"),
        ("/rou/", "/srv/"),
        ("/rou/req", "/srv/req"),
        ("/rou?q", "/srv?q"),
        ("/rou../req", "/srv/req"),
        ("/rou./req", "/srv/req"),
        ("/rou..", "/srv"),
        ("/rou.req", "/srv/.req"),
    ),
    group(
        "prefix, base with slash",
        "/srv/",
        f"path_prefix: /rou, {STRIP}",
        ("/roureq", "/srv/req"),
        ("/rou", "/srv"),
        ("/rou/", "/srv/"),
        ("/rou/req", "/srv/req"),
    ),
    group(
        "prefix with slash, base",
        "/service",
        f"path_prefix: /route/, {STRIP}",
        ("/route/", "/service/"),
        ("/route/req", "/service/req"),
    ),
    group(
        "root prefix, base",
        "/service",
        f"path_prefix: /, {STRIP}",
        ("/", "/service"),
        ("/route/", "/service/route/"),
    ),
    group(
        "root prefix, base with slash",
        "/service/",
        f"path_prefix: /, {STRIP}",
        ("/", "/service/"),
        ("/route", "/service/route"),
    ),
    group(
        "prefix with special characters",
        "/v1.0",
        f"path_prefix: '/a.b~c+(d)', {STRIP}",
        ("/a.b~c+(d)/x", "/v1.0/x"),
        ("/aXb~c+(d)/x", None),
    ),
    group(
        "segments, base",
        "/srv",
        f"path_segments: /rou, {STRIP}",
        ("/rou", "/srv"),
        ("/rou/", "/srv/"),
        ("/rou/req", "/srv/req"),
        ("/roureq", None),
    ),
    group(
        "segments, no base",
        "",
        f"path_segments: /rou/, {STRIP}",
        ("/rou", "/"),
        ("/rou/", "/"),
        ("/rou/req", "/req"),
        ("/roureq", None),
    ),
    group("exact, base", "/srv", f"path: /rou, {STRIP}", ("/rou", "/srv"), ("/rou/", None)),
    group("exact, no base", "", f"path: /rou, {STRIP}", ("/rou?a=b", "/?a=b")),
    group(
        "expression, no base",
        "",
        regex(r"/users/\d+") + f", {STRIP}",
        ("/users/12/orders", "/orders"),
        ("/users/12", "/"),
        ("/users/12x", "/x"),
        ("/users/x", None),
    ),
    group(
        "expression, base",
        "/srv",
        regex(r"/users/\d+") + f", {STRIP}",
        ("/users/12/orders", "/srv/orders"),
        ("/users/12", "/srv"),
        ("/users/12/", "/srv/"),
        ("/users/12x", "/srv/x"),
    ),
    group(
        "expression that takes all, base",
        "/srv",
        regex("/a/.*") + f", {STRIP}",
        ("/a/b/c", "/srv"),
        ("/a/", "/srv/"),
    ),
    group(
        "expression with groups and branches",
        "/srv",
        regex("/(a|ab)/|/c") + f", {STRIP}",
        ("/ab/x", "/srv/x"),
        ("/c", "/srv"),
        ("/d/c", None),
    ),
]

KEEPING = [
    group("no base", "", "path_prefix: /route", ("/routereq", "/routereq"), ("/route", "/route")),
    group("base", "/srv", "path_prefix: /rou", ("/roureq", "/srv/roureq"), ("/rou", "/srv/rou")),
    group("base with slash", "/srv/", "path_prefix: /rou", ("/rou", "/srv/rou")),
    group(
        "base, any path", "/service", "hosts: [localhost]", ("/x", "/service/x"), ("/", "/service")
    ),
    group(
        "base with slash, any path",
        "/service/",
        "hosts: [localhost]",
        ("/x", "/service/x"),
        ("/", "/service/"),
    ),
    group("base that needs encoding", "/a b", "path_prefix: /", ("/x", "/a%20b/x")),
    group(
        "path that needs encoding",
        "",
        "path_prefix: '/é ü'",
        ("/%C3%A9%20%C3%BC/x", "/%C3%A9%20%C3%BC/x"),
    ),
    group(
        "expression that needs encoding",
        "",
        regex("/é+/ü$"),
        ("/%C3%A9%C3%A9/%C3%BC", "/%C3%A9%C3%A9/%C3%BC"),
        ("/%C3%A9/", None),
    ),
]

OTHER = [
    group(
        "joined plainly",
        "/srv",
        "path_prefix: /rou, rewrite: {strip_prefix: true, plain_join: true}",
        ("/roureq", "/srvreq"),
        ("/rou/req", "/srv/req"),
        ("/rou", "/srv"),
    ),
    group(
        "joined plainly, slash",
        "/srv/",
        "path_prefix: /rou, rewrite: {strip_prefix: true, plain_join: true}",
        ("/roureq", "/srv/req"),
        ("/rou/req", "/srv/req"),
        ("/rou", "/srv/"),
    ),
    group(
        "joined plainly, kept",
        "/srv",
        "path_prefix: /, rewrite: {plain_join: true}",
        ("/x", "/srvx"),
        ("/", "/srv"),
    ),
    group(
        "prefix put before",
        "",
        "path_prefix: /, rewrite: {add_prefix: /v2}",
        ("/", "/v2/"),
        ("/x", "/v2/x"),
    ),
    group(
        "prefix put before what is left",
        "/srv",
        "path_prefix: /api, rewrite: {strip_prefix: true, add_prefix: /v2}",
        ("/api/x", "/srv/v2/x"),
        ("/api", "/srv/v2/"),
    ),
    group(
        "whole path",
        "/srv",
        "path_prefix: /api, rewrite: {path: /one}",
        ("/api/x?q=1", "/srv/one?q=1"),
    ),
    group(
        "expression replaced",
        "",
        searched(r"^/a/(\w+)/(\w+)", r"/\2/\1"),
        ("/a/b/c/d", "/c/b/d"),
        ("/x/a/b/c", "/x/a/b/c"),
    ),
    group(
        "only the first match replaced",
        "",
        searched(r"o(.)", r"\1\1"),
        ("/foo/boo", "/foo/boo"),
        ("/xoy/oz", "/xyy/oz"),
    ),
    group(
        "only the first match replaced, base",
        "/srv",
        searched(r"a", r"b\3"),
        ("/aa", "/srv/ba"),
    ),
]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(to_envoy) as stage:
        yield stage


@pytest.mark.parametrize(("group", "row"), cases([*STRIPPING, *KEEPING, *OTHER]))
def test_path(stage: Stage, group: Group, row: Row) -> None:
    stage.check(group, row)
