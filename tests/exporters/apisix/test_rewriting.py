"""Which path the upstream sees, run as APISIX runs it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gal.exporters.apisix.rewriting import path_change
from gal.model import Anchor, Dialect, PathMatch, Regex, Rewrite

A = PathMatch(path_prefix="/a")
SEGMENTS = PathMatch(path_segments="/a")
SLASH = PathMatch(path_prefix="/a/")
EXACT = PathMatch(path="/a")
FULL = PathMatch(path_regex=Regex("/v[0-9]+(/.*)?"))
START = PathMatch(path_regex=Regex("/v[0-9]+", Dialect.PCRE, Anchor.START))
STRIP = Rewrite(strip_prefix=True)


def upstream(config: dict[str, Any], path: str) -> str:
    """What `proxy-rewrite` makes of a path: the first pair whose expression is found."""
    if "uri" in config:
        return str(config["uri"])
    pairs = config.get("regex_uri", [])
    for pattern, text in zip(pairs[::2], pairs[1::2], strict=True):
        found = re.search(pattern.replace(r"\z", r"\Z"), path)
        if found is not None:
            return path[: found.start()] + _filled(text, found) + path[found.end() :]
    return path


def _filled(text: str, found: re.Match[str]) -> str:
    def one(part: re.Match[str]) -> str:
        if part[0] == "$$":
            return "$"
        return found[int(part[1] or part[2])] or ""

    return re.sub(r"\$\$|\$(?:\{(\d+)\}|(\d+))", one, text)


@pytest.mark.parametrize(
    ("paths", "rewrite", "base", "asked", "seen"),
    [
        ([A], None, None, "/a/x", "/a/x"),
        ([A], None, "/", "/a/x", "/a/x"),
        ([A], None, "/v2", "/a/x", "/v2/a/x"),
        ([A], None, "/v2/", "/a/x", "/v2/a/x"),
        ([], None, "/v2", "/", "/v2"),
        ([], None, "/v2/", "/", "/v2/"),
        ([], None, "/v2", "/x", "/v2/x"),
        ([A], STRIP, None, "/a", "/"),
        ([A], STRIP, None, "/a/x", "/x"),
        ([A], STRIP, None, "/ax", "/x"),
        ([A], STRIP, None, "/a../x", "/x"),
        ([A], STRIP, None, "/a..x", "/..x"),
        ([A], STRIP, "/v2", "/a", "/v2"),
        ([A], STRIP, "/v2", "/a/", "/v2/"),
        ([A], STRIP, "/v2", "/a/x", "/v2/x"),
        ([A], STRIP, "/v2", "/ax", "/v2/x"),
        ([A], STRIP, "/v2/", "/a", "/v2"),
        ([A], STRIP, "/v$2", "/a/x", "/v$2/x"),
        ([A], STRIP, "/v%202", "/a/x", "/v 2/x"),
        ([SEGMENTS], STRIP, "/v2", "/a", "/v2"),
        ([SEGMENTS], STRIP, "/v2", "/a/x", "/v2/x"),
        ([SLASH], STRIP, "/v2", "/a/", "/v2/"),
        ([SLASH], STRIP, "/v2", "/a/x", "/v2/x"),
        ([EXACT], STRIP, "/v2", "/a", "/v2"),
        ([A, PathMatch(path_prefix="/a/b")], STRIP, None, "/a/b/c", "/c"),
        ([A, PathMatch(path_prefix="/b")], STRIP, "/v2", "/b/c", "/v2/c"),
        ([FULL], STRIP, "/v2", "/v1/x", "/v2"),
        ([START], STRIP, None, "/v1/x", "/x"),
        ([A], Rewrite(strip_prefix=True, add_prefix="/p"), None, "/a/x", "/p/x"),
        ([A], Rewrite(strip_prefix=True, add_prefix="/p"), None, "/a", "/p/"),
        ([A], Rewrite(add_prefix="/p"), "/v2", "/a/x", "/v2/p/a/x"),
        ([A], Rewrite(path="/n"), "/v2", "/a/x", "/v2/n"),
        ([A], Rewrite(path="n"), None, "/a/x", "/n"),
        ([A], Rewrite(pattern=Regex("a(.)", anchor=Anchor.SEARCH), replacement=r"\1$"), None,
         "/ab/ac", "/b$/ac"),
        ([A], Rewrite(pattern=Regex("/a/(.*)"), replacement=r"/\1"), "/v2", "/a/x", "/v2/x"),
        ([A], Rewrite(pattern=Regex("b", anchor=Anchor.SEARCH), replacement="c"), "/v2", "/a/b",
         "/v2/a/c"),
        ([A], Rewrite(pattern=Regex("b", anchor=Anchor.SEARCH), replacement="c"), "/v2", "/a",
         "/v2/a"),
        ([A], Rewrite(strip_prefix=True, plain_join=True), "/v2", "/ax", "/v2x"),
    ],
)  # fmt: skip
def test_paths(
    paths: list[PathMatch], rewrite: Rewrite | None, base: str | None, asked: str, seen: str
) -> None:
    config, differences = path_change(paths, rewrite, base)
    assert upstream(config, asked) == seen
    assert differences == []


def test_an_expression_that_is_searched_is_not_stripped_before() -> None:
    rewrite = Rewrite(strip_prefix=True, pattern=Regex("b"), replacement="c")
    assert path_change([A], rewrite, None)[1] == [
        "the expression is searched in the whole path, before anything is stripped"
    ]
