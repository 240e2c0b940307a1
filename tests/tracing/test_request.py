"""Requests as a command line describes them."""

from __future__ import annotations

import pytest

from gal.errors import UsageError
from gal.tracing.request import Request, parse_request


def short(request: Request) -> tuple[str, str, int | None, str]:
    return request.scheme, request.authority, request.port, request.target


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("http://a.test", ("http", "a.test", 80, "/")),
        ("https://a.test/x?", ("https", "a.test", 443, "/x?")),
        ("HTTP://A.test/x", ("http", "A.test", 80, "/x")),
        ("http://a.test:8000/x", ("http", "a.test:8000", 8000, "/x")),
        ("http://a.test:/", ("http", "a.test", 80, "/")),
        ("http://a.test:0/", ("http", "a.test:0", 0, "/")),
        ("http://a.test?x=1", ("http", "a.test", 80, "/?x=1")),
        ("http://a.test/x#f?y", ("http", "a.test", 80, "/x")),
        ("http://u:p@a.test/", ("http", "a.test", 80, "/")),
        ("http://[::1]:8000/", ("http", "[::1]:8000", 8000, "/")),
        ("/a//b?u=http://x/", ("http", "localhost", None, "/a//b?u=http://x/")),
        ("//a/b", ("http", "localhost", None, "//a/b")),
    ],
)
def test_url(url: str, wanted: tuple[str, str, int | None, str]) -> None:
    assert short(parse_request("GET", url)) == wanted


@pytest.mark.parametrize(
    ("url", "host", "authority", "port"),
    [
        ("http://127.0.0.1:8000/", "a.test", "a.test", 8000),
        ("http://127.0.0.1/", "a.test:81", "a.test:81", 81),
        ("/x", "a.test:81", "a.test:81", 81),
    ],
)
def test_host_header(url: str, host: str, authority: str, port: int) -> None:
    request = parse_request("GET", url, [f"Host: {host}"])
    assert (request.authority, request.port) == (authority, port)


@pytest.mark.parametrize("method", ["GET", "get", "M-SEARCH", "VERSION_CONTROL"])
def test_method(method: str) -> None:
    assert parse_request(method, "/").method == method


@pytest.mark.parametrize(
    ("method", "url", "headers", "ip", "name", "reason"),
    [
        ("", "/", [], "::1", None, "is no method"),
        ("G T", "/", [], "::1", None, "is no method"),
        ("GET", "", [], "::1", None, "is no URL and no path"),
        ("GET", "a.test/x", [], "::1", None, "is no URL and no path"),
        ("GET", "ftp://a.test/", [], "::1", None, "is no URL and no path"),
        ("GET", "http://", [], "::1", None, "names no host"),
        ("GET", "http:///x", [], "::1", None, "names no host"),
        ("GET", "http://[::1/", [], "::1", None, "Invalid IPv6 URL"),
        ("GET", "http://a.test:99999/", [], "::1", None, "Port out of range"),
        ("GET", "/a b", [], "::1", None, "has a space"),
        ("GET", "/", ["X"], "::1", None, "is no header"),
        ("GET", "/", ["a b: c"], "::1", None, "is no header"),
        ("GET", "/", ["Host: a", "host: b"], "::1", None, "one Host"),
        ("GET", "/", [], "1.2.3", None, "does not appear to be an IPv4 or IPv6 address"),
        ("GET", "http://a.test/", [], "::1", "a.test", "needs a URL with https"),
    ],
)
def test_refused(
    method: str, url: str, headers: list[str], ip: str, name: str | None, reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        parse_request(method, url, headers, ip, name)
