"""Which path the upstream sees: the plans, applied as Envoy does it."""

from __future__ import annotations

import re

import pytest

from gal.exporters.envoy.build import Json
from gal.exporters.envoy.paths import path_plan
from gal.model import Anchor, Dialect, PathMatch, Regex, Rewrite

STRIP = Rewrite(strip_prefix=True)
PLAIN = Rewrite(strip_prefix=True, plain_join=True)
PREFIX = PathMatch(path_prefix="/rou")
SLASHED = PathMatch(path_prefix="/rou/")
SEGMENTS = PathMatch(path_segments="/rou")
EXACT = PathMatch(path="/rou")
ROOT = PathMatch(path_prefix="/")
BLANK = PathMatch(path_prefix="/a b")


def expression(text: str, anchor: Anchor = Anchor.START) -> PathMatch:
    return PathMatch(path_regex=Regex(text, Dialect.RUST, anchor))


def searched(pattern: str, replacement: str) -> Rewrite:
    return Rewrite(pattern=Regex(pattern, Dialect.RE2, Anchor.SEARCH), replacement=replacement)


def rewritten(path: str, matched: str, actions: list[tuple[Json, Json | None]]) -> str:
    """What Envoy makes of a path; `matched` is the text of a prefix or an exact match."""
    for action, match in actions:
        if match is not None and not re.fullmatch(match["safe_regex"]["regex"], path):
            continue
        if "prefix_rewrite" in action:
            return str(action["prefix_rewrite"]) + path[len(matched) :]
        if "regex_rewrite" in action:
            rewrite = action["regex_rewrite"]
            substitution = re.sub(r"\\(\d)", r"\\g<\1>", rewrite["substitution"])
            return re.sub(rewrite["pattern"]["regex"], substitution, path)
        return path
    raise AssertionError("no entry takes the path")


@pytest.mark.parametrize(
    ("match", "rewrite", "base", "path", "expected"),
    [
        (PREFIX, None, None, "/rou/x", "/rou/x"),
        (PREFIX, None, "/", "/rou/x", "/rou/x"),
        (PREFIX, None, "/srv", "/rou/x", "/srv/rou/x"),
        (ROOT, None, "/srv", "/", "/srv"),
        (ROOT, None, "/srv/", "/", "/srv/"),
        (PREFIX, STRIP, None, "/rou", "/"),
        (PREFIX, STRIP, None, "/rou/", "/"),
        (PREFIX, STRIP, None, "/rou/x/", "/x/"),
        (PREFIX, STRIP, None, "/rouge", "/ge"),
        (PREFIX, STRIP, "/srv", "/rou", "/srv"),
        (PREFIX, STRIP, "/srv", "/rou/", "/srv/"),
        (PREFIX, STRIP, "/srv", "/rouge", "/srv/ge"),
        (PREFIX, STRIP, "/srv/", "/rou/x", "/srv/x"),
        (PREFIX, STRIP, "/a b", "/rou/x", "/a%20b/x"),
        (BLANK, STRIP, "/srv", "/a%20b/x", "/srv/x"),
        (PREFIX, STRIP, None, "/rou../x", "/x"),
        (PREFIX, STRIP, None, "/rou.x", "/.x"),
        (PREFIX, STRIP, "/srv", "/rou../x", "/srv/x"),
        (PREFIX, STRIP, "/srv", "/rou..", "/srv"),
        (SLASHED, STRIP, "/srv", "/rou/", "/srv/"),
        (SLASHED, STRIP, "/srv", "/rou/x", "/srv/x"),
        (SEGMENTS, STRIP, "/srv", "/rou/x", "/srv/x"),
        (EXACT, STRIP, None, "/rou", "/"),
        (EXACT, STRIP, "/srv", "/rou", "/srv"),
        (ROOT, STRIP, "/srv", "/x", "/srv/x"),
        (None, STRIP, "/srv", "/x", "/srv/x"),
        (expression("/r\\w+"), STRIP, None, "/rou/x", "/x"),
        (expression("/r\\w+"), STRIP, "/srv", "/rou", "/srv"),
        (expression("/r\\w+/?"), STRIP, "/srv", "/rou/", "/srv/"),
        (expression("/r\\w+"), STRIP, "/srv", "/rou/x", "/srv/x"),
        (PREFIX, PLAIN, "/srv", "/rouge", "/srvge"),
        (PREFIX, PLAIN, "/srv/", "/rou/x", "/srv/x"),
        (PREFIX, Rewrite(path="/new"), "/srv", "/rou/x", "/srv/new"),
        (PREFIX, Rewrite(add_prefix="/v1"), None, "/rou/x", "/v1/rou/x"),
        (PREFIX, Rewrite(strip_prefix=True, add_prefix="/v1"), "/srv", "/rou/x", "/srv/v1/x"),
        (PREFIX, searched("o(.)", r"<\1>"), None, "/rou/oo", "/r<u>/oo"),
        (PREFIX, searched("o(.)", r"<\1>"), "/srv", "/rou", "/srv/r<u>"),
        (PREFIX, searched("o(.)", r"<\2>"), None, "/rou", "/r<>"),
    ],
)
def test_paths(
    match: PathMatch | None, rewrite: Rewrite | None, base: str | None, path: str, expected: str
) -> None:
    plan = path_plan(match, rewrite, base)
    actions = [(one.action, one.match) for one in plan.actions]
    assert rewritten(path, match.text if match is not None else "", actions) == expected


@pytest.mark.parametrize(
    ("rewrite", "base", "differs"),
    [
        (STRIP, "/srv", []),
        (searched("o", "x"), None, []),
        (searched("o", "x"), "/srv", ["not found"]),
        (Rewrite(pattern=Regex("o"), replacement="x", strip_prefix=True), None, ["is stripped"]),
        (searched("(.)" * 8, "x"), None, ["every match"]),
    ],
)
def test_differences(rewrite: Rewrite, base: str | None, differs: list[str]) -> None:
    found = path_plan(PREFIX, rewrite, base).differs
    assert [wanted in told for wanted, told in zip(differs, found, strict=True)] == [True] * len(
        differs
    )
