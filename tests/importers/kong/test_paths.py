"""Paths: which are expressions, and their normal form."""

from __future__ import annotations

import pytest

from gal.importers.kong.paths import has_loose_alternatives, migrated, normalized
from tests.importers.kong.reading import fragment, model, refusal, said


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a/", "/a/"),
        ("/a//b", "/a/b"),
        ("/a/./b", "/a/b"),
        ("/a/x/../b", "/a/b"),
        ("/a/..", "/"),
        ("/a/b/..", "/a/"),
        ("/a/b/.", "/a/b/"),
        ("/..", "/"),
        ("/../a", "/a"),
        ("/a..b", "/a..b"),
        ("/%61bc", "/abc"),
        ("/a%2fb", "/a%2Fb"),
        ("/a%20b", "/a b"),
        ("/%e4%bd%a0", "/\N{CJK UNIFIED IDEOGRAPH-4F60}"),
        ("/a/%2e/b", "/a/b"),
        ("/%ff", "/%ff"),
        ("~/foo", "~/foo"),
    ],
)
def test_normal_form(path: str, wanted: str) -> None:
    assert normalized(path) == wanted


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/plain", "/plain"),
        ("/a.b", "/a.b"),
        ("/~x", "/~x"),
        ("/a-b_c%20", "/a-b_c "),
        ("/a:b", "~/a:b"),
        ("/a@b", "~/a@b"),
        ("/a+b", "~/a+b"),
        ("/a b", "~/a b"),
        ("/a,b", "~/a,b"),
        (r"/x/\d+$", r"~/x/\d+$"),
        ("/a%2e+", r"~/a\.+"),
        ("/a%2f+", "~/a%2F+"),
        ("/%61+", "~/a+"),
        ("~/foo", "~/foo"),
        ("~/fo+", "~~/fo+"),
    ],
)
def test_migration(path: str, wanted: str) -> None:
    assert migrated(path) == wanted


@pytest.mark.parametrize(
    ("version", "path", "wanted"),
    [
        ("3.0", "/a", {"path_prefix": "/a"}),
        ("3.0", "/a+", {"path_prefix": "/a+"}),
        ("3.0", "~/a+$", {"pattern": "/a+$", "dialect": "rust", "anchor": "start"}),
        ("2.1", "/a+$", {"pattern": "/a+$", "dialect": "pcre", "anchor": "start"}),
        ("1.1", "/a", {"path_prefix": "/a"}),
        ("1.1", "/a//b", {"path_prefix": "/a/b"}),
        ("3.0", "${PATH_HERE}", {"path_prefix": "${PATH_HERE}"}),
    ],
)
def test_paths(version: str, path: str, wanted: dict[str, str]) -> None:
    route = fragment(
        model(f"_format_version: '{version}'\nroutes: [{{paths: ['{path}']}}]"), "routes.0"
    )
    found = {"path_prefix": route["path_prefix"]} if "path_prefix" in route else route["path_regex"]
    assert found == wanted


@pytest.mark.parametrize(
    ("version", "path", "wanted"),
    [
        ("3.0", "a", 'the path "a" must start with "/", or with "~/" for an expression'),
        ("3.0", "~a", 'the path "~a" must start with "/", or with "~/" for an expression'),
        (
            "3.0",
            "/a//b",
            'the path "/a//b" is not in its normal form, in which requests are compared',
        ),
        (
            "3.0",
            "/%61",
            'the path "/%61" is not in its normal form, in which requests are compared',
        ),
        ("3.0", "/a%zz", 'the path "/a%zz" holds a "%" that is not followed by two hex digits'),
        ("2.1", "~/fo+", 'the path "~/fo+" must start with "/", or with "~/" for an expression'),
    ],
)
def test_refused_paths(version: str, path: str, wanted: str) -> None:
    text = f"_format_version: '{version}'\nroutes: [{{paths: ['{path}']}}]"
    assert refusal(text) == f"2:19: {wanted}"


@pytest.mark.parametrize(
    ("pattern", "loose"),
    [("/a|/b", True), ("/(a|b)", False), ("/[|]", False), (r"/\|", False), ("/(a(b|c))|d", True)],
)
def test_alternatives(pattern: str, loose: bool) -> None:
    assert has_loose_alternatives(pattern) is loose
    text = f"routes: [{{paths: ['~{pattern}']}}]"
    assert any("an alternative fits in the middle" in entry for entry in said(text)) is loose
    unstripped = text.replace("]}", "], strip_path: false}")
    assert not any("an alternative fits" in entry for entry in said(unstripped))
    regex = fragment(model(text), "routes.0.path_regex")
    assert regex["anchor"] == ("search" if loose else "start")
    assert regex["pattern"] == (f"^{pattern}" if loose else pattern)
