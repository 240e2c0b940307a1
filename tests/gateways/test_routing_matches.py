"""Which route takes a request: GAL's YAML, converted, on a running Envoy.

Each route rewrites the path to its own name, so the upstream's path tells which one it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.gateways.cases import Group, Request, Row, Stage, cases, get, gets, request, sees, unseen
from tests.gateways.gal_text import TARGET, to_envoy

CERTIFICATE = """
certificates:
- name: c
  server_names: [a.test, b.w.test, "*.w.test"]
  certificate: "{cert_pem:a.test,*.w.test,b.w.test}"
  key: "{key_pem:a.test,*.w.test,b.w.test}"
"""


def group(name: str, order: str, routes: dict[str, str], *rows: tuple[Request, str | int]) -> Group:
    """Routes by name with what they match; each row is a request and who takes it, or a status."""
    listed = "\n".join(
        f"  - {{name: '{route}', rewrite: {{path: '/{quote(route)}'}}, {match}}}"
        for route, match in routes.items()
    )
    config = (
        f'version: "1.0"\nglobal: {{port: 8000, route_order: {order}}}\n{CERTIFICATE}'
        f"services:\n- name: main\n  upstream: {TARGET}\n  routes:\n{listed}\n"
    )
    return Group(
        name,
        config,
        *(
            Row(
                f"{sent.method} {sent.host}{sent.path} {number}",
                sent,
                *(
                    (unseen(), gets(taken))
                    if isinstance(taken, int)
                    else (
                        sees(f"/{quote(taken)}{''.join(sent.path.partition('?')[1:])}"),
                        gets(200),
                    )
                ),
            )
            for number, (sent, taken) in enumerate(rows, 1)
        ),
    )


def host(name: str | None, path: str = "/") -> Request:
    return get(path, host=name)


HOSTS = [
    group(
        "hosts, wider ones in between",
        "kong",
        {
            "any": "path_prefix: /any, methods: [GET]",
            "exact": "hosts: [a.test]",
            "exact any": "path_prefix: /p",
            "suffix": "hosts: ['*.w.test']",
            "longer suffix": "hosts: ['*.x.w.test'], path_prefix: /x",
            "prefix": "hosts: ['p.*'], path_prefix: /pre",
            "longer prefix": "hosts: ['p.q.*'], path_prefix: /q",
            "both": "hosts: [b.test, '*.b.test'], path_prefix: /b",
        },
        (host("a.test"), "exact"),
        (host("A.Test"), "exact"),
        (host("a.test:81"), "exact"),
        (host("a.test", "/any"), "exact"),
        (host("other", "/any"), "any"),
        (host("a.test", "/p"), "exact"),
        (host("b.a.test"), 404),
        (host("b.a.test", "/p"), "exact any"),
        (host("b.w.test"), "suffix"),
        (host("c.b.w.test"), "suffix"),
        (host("w.test"), 404),
        (host("c.x.w.test", "/x"), "longer suffix"),
        (host("c.x.w.test", "/y"), "suffix"),
        (host("p.com", "/pre"), "prefix"),
        (host("p.q.com", "/pre"), "prefix"),
        (host("p.q.com", "/q"), "longer prefix"),
        (host("p.w.test", "/pre"), "prefix"),
        (host("p.w.test", "/s"), "suffix"),
        (host("p.w.test:80", "/pre"), "prefix"),
        (host("pp.w.test", "/pre"), "exact any"),
        (host("p.x.w.test", "/pre"), "prefix"),
        (host("p.q.x.w.test", "/q"), "longer prefix"),
        (host("b.test", "/b"), "both"),
        (host("a.b.test", "/b"), "both"),
        (host("other", "/p"), "exact any"),
        (host("other", "/pre"), "exact any"),
    ),
    group(
        "ports of hosts",
        "kong",
        {
            "own port": "hosts: ['a.test:8000'], path_prefix: /a",
            "other port": "hosts: ['a.test:9000'], path_prefix: /b",
            "both": "hosts: ['b.test:9000', 'c.test']",
            "wild": "hosts: ['*.w.test:9000', 'x.*:8000']",
        },
        (host("a.test", "/a"), "own port"),
        (host("a.test:8000", "/a"), "own port"),
        (host("a.test:9000", "/a"), 404),
        (host("a.test:9000", "/b"), "other port"),
        (host("a.test", "/b"), 404),
        (host("b.test:9000"), "both"),
        (host("b.test"), 404),
        (host("c.test"), "both"),
        (host("c.test:1"), "both"),
        (host("a.w.test:9000"), "wild"),
        (host("a.w.test"), 404),
        (host("x.test"), "wild"),
        (host("x.w.test"), "wild"),
    ),
]

ORDER = [
    group(
        "own order",
        "gal",
        {
            "short": "path_prefix: /a",
            "long": "path_prefix: /a/b",
            "expression": "path_regex: '/a/b/[a-z]+'",
            "exact": "path: /a/b/c",
            "first": "path_prefix: /a/b/c/d, priority: 1",
            "with method": "path_prefix: /a, methods: [POST]",
            "segments": "path_segments: /s",
        },
        (get("/a"), "short"),
        (request("POST", "/a"), "with method"),
        (get("/a/b"), "long"),
        (get("/a/b/x"), "expression"),
        (get("/a/b/c"), "exact"),
        (get("/a/b/c/d"), "first"),
        (get("/s"), "segments"),
        (get("/s/"), "segments"),
        (get("/s/x?y"), "segments"),
        (get("/sx"), 404),
    ),
    group(
        "Kong's order",
        "kong",
        {
            "prefix": "path_prefix: /a/very/long/path",
            "expression": "path_regex: {pattern: /a, dialect: rust, anchor: start}",
            "expression first": (
                "path_regex: {pattern: /a/v, dialect: rust, anchor: start}, priority: 1"
            ),
            "host": "hosts: [h.test], path_prefix: /",
            "header": "header_matches: [{name: x-a, values: ['1']}], path_prefix: /",
        },
        (get("/a/very/long/path"), "expression first"),
        (get("/a/w"), "expression"),
        (host("h.test", "/a/very/long/path"), "host"),
        (get("/b", "x-a: 1"), "header"),
    ),
]

ASKS = [
    group(
        "methods",
        "gal",
        {"one": "path: /1, methods: [GET]", "two": "path: /2, methods: [POST, 'PUT']"},
        (get("/1"), "one"),
        (request("HEAD", "/1"), 404),
        (request("POST", "/2"), "two"),
        (request("PUT", "/2"), "two"),
        (get("/2"), 404),
    ),
    group(
        "headers",
        "gal",
        {
            "exact": "path: /e, header_matches: [{name: X-A, values: [One]}]",
            "any of": (
                "path: /a, header_matches: [{name: x-a, values: [One, t.o], ignore_case: true}]"
            ),
            "search": (
                "path: /s, header_matches: [{name: x-a, kind: regex, ignore_case: true, "
                "regexes: [{pattern: 'b+$', dialect: rust, anchor: search}, "
                "{pattern: 'zz', dialect: pcre, anchor: full}]}]"
            ),
            "present": "path: /p, header_matches: [{name: x-a, kind: present}]",
            "absent": "path: /n, header_matches: [{name: x-a, kind: present, invert: true}]",
            "not": "path: /i, header_matches: [{name: x-a, values: [one, two], invert: true}]",
            "starts": "path: /pre, header_matches: [{name: x-a, kind: prefix, values: [ab]}]",
            "ends": "path: /suf, header_matches: [{name: x-a, kind: suffix, values: [ab, cd]}]",
            "holds": "path: /con, header_matches: [{name: x-a, kind: contains, values: [., +]}]",
            "two": "path: /2, header_matches: [{name: x-a, values: [c]}, {name: x-b, values: [b]}]",
            "host": "path: /h, header_matches: [{name: Host, values: [a.test]}]",
        },
        (get("/e", "x-a: One"), "exact"),
        (get("/e", "x-a: one"), 404),
        (get("/a", "x-a: ONE"), "any of"),
        (get("/a", "x-a: tXo"), 404),
        (get("/a", "x-a: no", "x-a: one"), "any of"),
        (get("/s", "x-a: aBB"), "search"),
        (get("/s", "x-a: \xffbb"), "search"),
        (get("/s", "x-a: zz"), "search"),
        (get("/s", "x-a: zzz"), 404),
        (get("/p", "x-a: "), "present"),
        (get("/p"), 404),
        (get("/n"), "absent"),
        (get("/n", "x-a: 1"), 404),
        (get("/i"), "not"),
        (get("/i", "x-a: three"), "not"),
        (get("/i", "x-a: two"), 404),
        (get("/pre", "x-a: abc"), "starts"),
        (get("/pre", "x-a: cab"), 404),
        (get("/suf", "x-a: xcd"), "ends"),
        (get("/suf", "x-a: cdx"), 404),
        (get("/con", "x-a: a+b"), "holds"),
        (get("/con", "x-a: ab"), 404),
        (get("/2", "x-a: c", "x-b: b"), "two"),
        (get("/2", "x-a: c"), 404),
        (host("a.test", "/h"), "host"),
    ),
    group(
        "query",
        "gal",
        {
            "exact": "path: /e, query_matches: [{name: q, values: [a]}]",
            "encoded": "path: /enc, query_matches: [{name: q, values: ['a b/ü']}]",
            "any of": "path: /a, query_matches: [{name: q, values: [x, y]}]",
            "present": "path: /p, query_matches: [{name: q, kind: present}]",
            "absent": "path: /n, query_matches: [{name: q, kind: present, invert: true}]",
            "not": "path: /i, query_matches: [{name: q, values: [a], invert: true}]",
            "expression": (
                "path: /r, query_matches: [{name: q, kind: regex, "
                "regexes: [{pattern: 'a+', dialect: re2, anchor: start}]}]"
            ),
        },
        (get("/e?q=a"), "exact"),
        (get("/e?q=ab"), 404),
        (get("/enc?q=a%20b%2f%C3%BC"), "encoded"),
        (get("/enc?q=a+b/%c3%bc"), "encoded"),
        (get("/a?x=q&q=y"), "any of"),
        (get("/p?q"), "present"),
        (get("/p?qq=1"), 404),
        (get("/n"), "absent"),
        (get("/n?qq=1"), "absent"),
        (get("/n?z=1&q"), 404),
        (get("/i?q=b"), "not"),
        (get("/i?q=a"), 404),
        (get("/r?q=aab"), "expression"),
        (get("/r?q=baa"), 404),
    ),
    group(
        "addresses of the client",
        "gal",
        {
            "exact": "path: /1, sources: [{ip: 127.0.0.2}]",
            "range": "path: /2, sources: [{ip: 127.0.0.4/30}, {ip: 10.0.0.0/8}, {ip: '::1'}]",
            "port": "path: /3, sources: [{port: 1}]",
            "own port": "path: /4, destinations: [{port: 8000}]",
            "another port": "path: /5, destinations: [{port: 8001}]",
        },
        (get("/1", source="127.0.0.2"), "exact"),
        (get("/1", source="127.0.0.20"), 404),
        (get("/1", "x-forwarded-for: 127.0.0.2"), 404),
        (get("/2", source="127.0.0.7"), "range"),
        (get("/2", source="127.0.0.8"), 404),
        (get("/3"), 404),
        (get("/4"), "own port"),
        (get("/5"), 404),
    ),
    group(
        "expressions of other dialects",
        "gal",
        {
            "named": r"path_regex: {pattern: '/n/(?<id>\d+)', dialect: rust, anchor: start}",
            "anchored": r"path_regex: {pattern: '^/an/[^/]+$', dialect: pcre, anchor: search}",
            "branches": r"path_regex: {pattern: '/b1|/b2', dialect: go, anchor: start}",
            "searched": r"path_regex: {pattern: 'find.me', dialect: pcre, anchor: search}",
            "case": r"path_regex: {pattern: '(?i)/case', dialect: go, anchor: full}",
            "counted": r"path_regex: {pattern: '/c/a{2}{2}', dialect: rust, anchor: full}",
            "quoted": r"path_regex: {pattern: '/q/\Qa.b\E+', dialect: pcre, anchor: full}",
        },
        (get("/n/12/x"), "named"),
        (get("/x/n/12"), 404),
        (get("/an/x"), "anchored"),
        (get("/an/x/y"), 404),
        (get("/b2x"), "branches"),
        (get("/x/b2"), 404),
        (get("/x/find/me/y"), "searched"),
        (get("/CASE"), "case"),
        (get("/CASEs"), 404),
        (get("/c/aaaa"), "counted"),
        (get("/c/aaa"), 404),
    ),
]

TLS = [
    group(
        "schemes",
        "gal",
        {
            "both": "path: /both, schemes: [http, https]",
            "plain": "path: /plain, schemes: [http]",
            "secure": "path: /secure, schemes: [https]",
            "426": "path: /426, schemes: [https], https_redirect: {}",
            "308": "path_prefix: /308, schemes: [https], https_redirect: {status_code: 308}",
        },
        (get("/both"), "both"),
        (get("/both", listener=8443, tls=True), "both"),
        (get("/plain"), "plain"),
        (get("/plain", listener=8443, tls=True), 404),
        (get("/secure"), 404),
        (get("/secure", "x-forwarded-proto: https"), 404),
        (get("/secure", listener=8443, tls=True), "secure"),
        (get("/426"), 426),
        (get("/426", listener=8443, tls=True), "426"),
        (get("/308/x?y"), 308),
        (get("/308/x", listener=8443, tls=True), "308"),
    ),
    group(
        "server names",
        "gal",
        {
            "exact": "path: /1, server_names: [A.test]",
            "wild": "path: /2, server_names: ['*.w.test', 'x.*']",
        },
        (get("/1", listener=8443, tls=True, sni="a.test"), "exact"),
        (get("/1", listener=8443, tls=True, sni="b.test"), 404),
        (get("/1", listener=8443, tls=True, sni="b.test", host="a.test"), 404),
        (get("/2", listener=8443, tls=True, sni="b.w.test"), "wild"),
        (get("/2", listener=8443, tls=True, sni="x.com"), "wild"),
        (get("/2", listener=8443, tls=True, sni="w.test"), 404),
        (get("/1"), "exact"),
    ),
]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(to_envoy) as stage:
        yield stage


@pytest.mark.parametrize(("group", "row"), cases([*HOSTS, *ORDER, *ASKS, *TLS]))
def test_match(stage: Stage, group: Group, row: Row) -> None:
    stage.check(group, row)
