"""Transformers: headers, queries and the request line, and the entries that only Kong can do."""

from __future__ import annotations

import pytest

from gal.errors import InputError
from gal.importers.kong.headers import (
    headers,
    query,
    request_headers,
    request_line,
    response_headers,
)
from gal.importers.kong.plugin import Plugin
from gal.ledger import Reporter
from gal.model import Headers, Operations, Query, RequestLine
from tests.importers.kong.plugins import APPROXIMATED, CARRIED, IDLE, Said, check, read_with


def on_request(plugin: Plugin, report: Reporter) -> Headers | None:
    return headers(plugin, None, report)


def on_response(plugin: Plugin, report: Reporter) -> Headers | None:
    return headers(None, plugin, report)


def kept(plugin: str, key: str, *entries: str, area: str = "headers") -> dict[str, object]:
    return {"kong": {plugin: {key: {area: list(entries)}}}}


REQUEST: list[tuple[str, str, Headers | None, tuple[Said, ...]]] = [
    ("nothing", "", None, ()),
    ("empty lists", "add: {headers: []}\nremove: {}\nrename: null", None, ()),
    (
        "every operation",
        (
            "remove: {headers: [X-A]}\nrename: {headers: ['X-B:X-C']}\n"
            "replace: {headers: [X-D:1]}\nadd: {headers: ['X-E: 2']}\n"
            "append: {headers: [X-F:3, x-f::4]}"
        ),
        Headers(
            request=Operations(
                remove=["X-A"],
                rename={"X-B": "X-C"},
                replace={"X-D": ["1"]},
                default={"X-E": ["2"]},
                add={"X-F": ["3", "4"]},
            )
        ),
        (),
    ),
    (
        "colons in values",
        "add: {headers: ['X-Url:http://a.test:80/']}",
        Headers(request=Operations(default={"X-Url": ["http://a.test:80/"]})),
        (),
    ),
    (
        "the first addition and the last replacement count",
        "add: {headers: [X-A:1, x-a:2]}\nreplace: {headers: [X-B:1, X-B:2]}",
        Headers(request=Operations(replace={"X-B": ["2"]}, default={"X-A": ["1"]})),
        ((*IDLE, "config.add.headers[1]", "is there by then"),),
    ),
    (
        "renamed twice",
        "rename: {headers: ['X-A:X-B', 'x-a:X-C']}",
        Headers(request=Operations(rename={"X-A": "X-B"})),
        ((*IDLE, "config.rename.headers[1]", "another name by then"),),
    ),
    (
        "Host",
        (
            "replace: {headers: ['Host:a.test']}\nadd: {headers: ['host:b.test']}\n"
            "remove: {headers: [Host]}"
        ),
        Headers(request=Operations(set={"Host": ["a.test"]})),
        (
            (*IDLE, "config.add.headers[0]", "leaves Host alone"),
            (*IDLE, "config.remove.headers[0]", "leaves Host alone"),
        ),
    ),
    (
        "a template",
        "add: {headers: ['X-A:$(headers.x)', 'X-B:1']}",
        Headers(
            request=Operations(default={"X-B": ["1"]}),
            extensions=kept("request-transformer", "add", "X-A:$(headers.x)"),  # type: ignore[arg-type]
        ),
        ((*CARRIED, "config.add.headers[0]", "Kong's own"),),
    ),
    (
        "nothing but a template",
        "append: {headers: ['X-A:$(headers.x)']}",
        Headers(
            extensions=kept("request-transformer", "append", "X-A:$(headers.x)"),  # type: ignore[arg-type]
        ),
        ((*CARRIED, "config.append.headers[0]", "Kong's own"),),
    ),
    (
        "no value",
        "add: {headers: ['X-A:']}",
        Headers(),
        ((*IDLE, "config.add.headers[0]", "does nothing"),),
    ),
    (
        "a comment",
        "add: {headers: [X-A:1], _comment: why}",
        Headers(request=Operations(default={"X-A": ["1"]})),
        ((*IDLE, "config.add._comment", "no effect"),),
    ),
]


@pytest.mark.parametrize(
    ("config", "expected", "said"), [row[1:] for row in REQUEST], ids=[row[0] for row in REQUEST]
)
def test_request_headers(config: str, expected: Headers | None, said: tuple[Said, ...]) -> None:
    check(on_request, "request-transformer", config, expected, said)


RENAMED = "left out elsewhere: Kong asks for the header before it renames it"

RESPONSE: list[tuple[str, str, Headers, tuple[Said, ...]]] = [
    (
        "every operation",
        (
            "remove: {headers: [X-A]}\nrename: {headers: ['X-B:X-C']}\n"
            "replace: {headers: [X-D:1]}\nadd: {headers: [X-E:2]}\nappend: {headers: [X-F:3]}"
        ),
        Headers(
            response=Operations(
                remove=["X-A"],
                rename={"X-B": "X-C"},
                replace={"X-D": ["1"]},
                default={"X-E": ["2"]},
                add={"X-F": ["3"]},
            )
        ),
        (),
    ),
    (
        "Host is a header like others",
        "add: {headers: [Host:a]}",
        Headers(response=Operations(default={"Host": ["a"]})),
        (),
    ),
    (
        "$( is text",
        "add: {headers: ['X-A:1']}",
        Headers(response=Operations(default={"X-A": ["1"]})),
        (),
    ),
    (
        "the last addition counts",
        "add: {headers: [X-A:1, X-A:2]}",
        Headers(response=Operations(default={"X-A": ["2"]})),
        (),
    ),
    (
        "removed and replaced is replaced",
        "remove: {headers: [X-A]}\nreplace: {headers: [x-a:1]}",
        Headers(response=Operations(replace={"x-a": ["1"]})),
        (),
    ),
    (
        "removed and renamed is renamed",
        "remove: {headers: [X-A]}\nrename: {headers: ['X-A:X-B']}",
        Headers(response=Operations(rename={"X-A": "X-B"})),
        (),
    ),
    (
        "removed and added",
        "remove: {headers: [X-A]}\nadd: {headers: [X-A:1]}",
        Headers(
            response=Operations(remove=["X-A"]),
            extensions=kept("response-transformer", "add", "X-A:1"),  # type: ignore[arg-type]
        ),
        ((*CARRIED, "config.add.headers[0]", "only where it removed nothing"),),
    ),
    (
        "renamed and added",
        "rename: {headers: ['X-A:X-B']}\nadd: {headers: [X-B:1]}",
        Headers(
            response=Operations(rename={"X-A": "X-B"}),
            extensions=kept("response-transformer", "add", "X-B:1"),  # type: ignore[arg-type]
        ),
        ((*CARRIED, "config.add.headers[0]", RENAMED),),
    ),
    (
        "a chain of names",
        "rename: {headers: ['X-A:X-B', 'X-B:X-C']}",
        Headers(
            response=Operations(rename={"X-A": "X-B"}),
            extensions=kept("response-transformer", "rename", "X-B:X-C"),  # type: ignore[arg-type]
        ),
        ((*CARRIED, "config.rename.headers[1]", "another entry renames"),),
    ),
]


@pytest.mark.parametrize(
    ("config", "expected", "said"), [row[1:] for row in RESPONSE], ids=[row[0] for row in RESPONSE]
)
def test_response_headers(config: str, expected: Headers, said: tuple[Said, ...]) -> None:
    check(on_response, "response-transformer", config, expected, said)


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        (request_headers, "request-transformer", Operations(default={"X-A": ["1"]})),
        (response_headers, "response-transformer", Operations(default={"X-A": ["1"]})),
    ],
)
def test_one_side_alone(kind: object, name: str, expected: Operations) -> None:
    assert callable(kind)
    check(kind, name, "add: {headers: [X-A:1]}", expected)


QUERY: list[tuple[str, str, Query | None, tuple[Said, ...]]] = [
    ("nothing", "", None, ()),
    (
        "every operation",
        (
            "remove: {querystring: [a]}\nrename: {querystring: ['b:c']}\n"
            "replace: {querystring: [d:1]}\nadd: {querystring: ['e: 2', E:3]}\n"
            "append: {querystring: [f:4, f:5]}"
        ),
        Query(
            Operations(
                remove=["a"],
                rename={"b": "c"},
                replace={"d": ["1"]},
                default={"e": [" 2"], "E": ["3"]},
                add={"f": ["4", "5"]},
            )
        ),
        (),
    ),
    (
        "host is a name like others",
        "remove: {querystring: [host]}",
        Query(Operations(remove=["host"])),
        (),
    ),
    (
        "a template",
        "add: {querystring: ['a:$(headers.x)']}",
        Query(
            extensions=kept(  # type: ignore[arg-type]
                "request-transformer", "add", "a:$(headers.x)", area="querystring"
            )
        ),
        ((*CARRIED, "config.add.querystring[0]", "Kong's own"),),
    ),
]


@pytest.mark.parametrize(
    ("config", "expected", "said"), [row[1:] for row in QUERY], ids=[row[0] for row in QUERY]
)
def test_query(config: str, expected: Query | None, said: tuple[Said, ...]) -> None:
    check(query, "request-transformer", config, expected, said)


LINES: list[tuple[str, RequestLine | None, tuple[Said, ...]]] = [
    ("", None, ()),
    ("http_method: POST", RequestLine(method="POST"), ()),
    ("replace: {uri: /new}", RequestLine(path="/new"), ()),
    ("http_method: '${M}'\nreplace: {uri: '${P}'}", RequestLine("${M}", "${P}"), ()),
    (
        "replace: {uri: new}",
        RequestLine(path="new"),
        ((*APPROXIMATED, "config.replace.uri", "answers 500"),),
    ),
    (
        "replace: {uri: '/a/$(uri_captures[1])'}",
        RequestLine(
            extensions={
                "kong": {"request-transformer": {"replace": {"uri": "/a/$(uri_captures[1])"}}}
            }
        ),
        ((*CARRIED, "config.replace.uri", "Kong's own"),),
    ),
]


@pytest.mark.parametrize(("config", "expected", "said"), LINES)
def test_request_line(config: str, expected: RequestLine | None, said: tuple[Said, ...]) -> None:
    check(request_line, "request-transformer", config, expected, said)


@pytest.mark.parametrize(
    ("kind", "config", "where", "message"),
    [
        (on_request, "add: {headers: [X-A]}", "3:19", "has no value"),
        (on_request, "rename: {headers: ['X-A:']}", "3:22", "has no value"),
        (on_request, "rename: {headers: ['X-A:b c']}", "3:22", "no name of a header"),
        (on_request, "remove: {headers: ['a b']}", "3:22", "no name of a header"),
        (on_request, "add: {headers: [':x']}", "3:19", "starts with a name"),
        (on_request, "add: {headers: 'X-A:1'}", "3:18", "must be a list"),
        (query, "add: {querystring: ['a:']}", "3:23", "has no value"),
        (request_line, "http_method: post", "3:16", "no method in capitals"),
    ],
)
def test_refused(kind: object, config: str, where: str, message: str) -> None:
    assert callable(kind)
    with pytest.raises(InputError, match=message) as caught:
        read_with(kind, "request-transformer", config)
    assert str(caught.value.position) == f"kong.yaml:{where}"


@pytest.mark.parametrize(
    ("field", "path"),
    [("remove", "config.remove.headers"), ("default", "config.add.headers")],
)
def test_origins_point_at_the_lists(field: str, path: str) -> None:
    config = "remove: {headers: [X-A]}\nadd: {headers: [X-B:1]}"
    made, _, _ = read_with(request_headers, "request-transformer", config)
    assert made.origin.locate(field)[0].path == path
