"""Which path the upstream sees.

The request's path loses what the route's path matched (`strip_prefix`), is changed by the other
parts of the rewrite, and gets the service's base path in front. Base path and rest meet in one
slash; where nothing is left, the base path ends as the request's path did (Kong's
`path_handling: v0`). Envoy replaces with `regex_rewrite`, which never sees the query.

Source: https://developer.konghq.com/gateway/entities/route/ (`path_handling`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from gal.exporters.envoy.build import Json
from gal.exporters.envoy.regex import escaped, full_match, translate
from gal.exporters.envoy.regex_text import percent_encoded
from gal.model import Anchor, PathKind, PathMatch, Regex, Rewrite

_MOST_GROUPS = 9
_GROUP = re.compile(r"\\(\d)")

_NO_DOTS = r"(?:\.{1,2}(?:/|$)|/)?"
"""RE2 for what goes with a prefix that is taken away: a slash, or dots that would become a segment
of their own and lead the upstream out of its base path (`/api../x` is no `/../x`)."""


@dataclass(frozen=True, slots=True)
class PathAction:
    """What becomes of a path.

    Attributes:
        action: `prefix_rewrite` or `regex_rewrite` of Envoy's route; empty leaves the path.
        match: instead of the match of the route's path, where one path needs several entries.
    """

    action: Json = field(default_factory=dict)
    match: Json | None = None


@dataclass(slots=True)
class PathPlan:
    """The entries that one path needs, the first that fits wins, and what differs.

    Attributes:
        actions: one or two.
        differs: how the result differs from what was asked for, for people.
    """

    actions: list[PathAction]
    differs: list[str] = field(default_factory=list)


def path_plan(path: PathMatch | None, rewrite: Rewrite | None, base: str | None) -> PathPlan:
    """What becomes of the paths that one path of a route takes.

    `base` is the service's base path.

    Raises:
        UntranslatableError: an expression is none for RE2.
    """
    root = "" if base in (None, "/") else percent_encoded(base or "")
    if rewrite is None:
        return PathPlan([_kept(root)])
    strip = rewrite.strip_prefix and path is not None and path.text != "/"
    if rewrite.path is not None:
        whole = _joined(root, percent_encoded(rewrite.path))
        return PathPlan([_replace("^.*$", _literal(whole))])
    if rewrite.pattern is not None:
        return _searched(rewrite, root, strip)
    if rewrite.add_prefix is not None:
        front = _joined(root, percent_encoded(rewrite.add_prefix))
        return PathPlan([_prefixed(path if strip else None, front)])
    if rewrite.plain_join:
        return PathPlan([_plainly(path if strip else None, root or "/")])
    if not strip or path is None:
        return PathPlan([_kept(root)])
    return PathPlan(_stripped(path, root))


def _replace(pattern: str, substitution: str, match: Json | None = None) -> PathAction:
    rewrite = {"pattern": {"regex": pattern}, "substitution": substitution}
    return PathAction({"regex_rewrite": rewrite}, match)


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\")


def _joined(root: str, path: str) -> str:
    """The base path before a path, with one slash between."""
    return root.rstrip("/") + (path if path.startswith("/") else f"/{path}") if root else path


def _kept(root: str) -> PathAction:
    """The whole path behind the base path; `/` alone adds nothing to a base without a slash."""
    if not root:
        return PathAction()
    if root.endswith("/"):
        return _replace("^/", _literal(root))
    return _replace("^(?:/|(/.+))$", _literal(root) + r"\1")


def _matched(path: PathMatch) -> str:
    """RE2 for the text that a path matches, from its start."""
    if path.path_regex is None:
        text = percent_encoded(path.text)
        return escaped(text.rstrip("/") if path.kind is PathKind.SEGMENTS else text)
    found = translate(path.path_regex, path=True, capture=False)
    before = ".*?" if path.path_regex.anchor is Anchor.SEARCH and not found.starts else ""
    return before + (found.atom[1:] if found.starts else found.atom)


def _stripped(path: PathMatch, root: str) -> list[PathAction]:
    bare = root.rstrip("/")
    matched = _matched(path)
    if path.path_regex is not None:
        return _stripped_expression(path.path_regex, matched, bare)
    prefix = percent_encoded(path.text)
    if path.kind is PathKind.EXACT:
        end = "/" if prefix.endswith("/") or not bare else ""
        return [PathAction({"prefix_rewrite": bare + end})]
    if not bare:
        return [_replace(f"^{matched}{_NO_DOTS}", "/")]
    if path.kind is PathKind.PREFIX and prefix.endswith("/"):
        return [_replace(f"^{matched}", _literal(bare) + "/")]
    if path.kind is PathKind.SEGMENTS:
        return [_replace(f"^{matched}", _literal(bare))]
    rest = matched.removeprefix("/")  # its slash is caught, to be put where one is missing
    pattern = rf"^(?:/{rest}(?:\.{{1,2}})?|(/){rest}(?:/(.*)|\.{{1,2}}/(.*)|([^/].*)))$"
    return [_replace(pattern, _literal(bare) + r"\1\2\3\4")]


def _stripped_expression(regex: Regex, matched: str, bare: str) -> list[PathAction]:
    """An expression that matches all of the path leaves the base path alone, with the slash that
    the request's path ends with; anything else follows it after a slash.
    """
    loosely = _replace(f"^{matched}{_NO_DOTS}", _literal(bare) + "/")
    if not bare:
        return [loosely]
    whole = {"safe_regex": {"regex": full_match(replace(regex, anchor=Anchor.FULL), path=True)}}
    return [_replace("^.*?(/?)$", _literal(bare) + r"\1", whole), loosely]


def _prefixed(stripped: PathMatch | None, front: str) -> PathAction:
    """Put a text before what is left, which starts with one slash."""
    pattern = "^/" if stripped is None else f"^{_matched(stripped)}{_NO_DOTS}"
    return _replace(pattern, _literal(front) + "/")


def _plainly(stripped: PathMatch | None, root: str) -> PathAction:
    """Base path and rest as they stand (Kong's `path_handling: v1`)."""
    slash = _NO_DOTS if root.endswith("/") else r"(?:\.{1,2}(?:/|$))?"
    pattern = "^/" if stripped is None else f"^{_matched(stripped)}{slash}"
    return _replace(pattern, _literal(root))


def _searched(rewrite: Rewrite, root: str, strip: bool) -> PathPlan:
    """Replace the first match of an expression. Envoy replaces every match, so what stands before
    and behind is matched, too, and put back.
    """
    pattern = rewrite.pattern or Regex("", anchor=Anchor.SEARCH)
    found = translate(pattern, path=True)
    starts = found.starts or pattern.anchor is not Anchor.SEARCH
    ends = found.ends or pattern.anchor is Anchor.FULL
    text = found.text
    if pattern.anchor is not Anchor.SEARCH:
        text = f"^{found.inner}" + ("$" if ends else "")
    replacement = rewrite.replacement or ""
    differs = []
    if strip:
        differs.append("the expression is searched in the whole path, before anything is stripped")
    if starts and not root:
        return PathPlan([_replace(text, _shifted(replacement, 0, found.groups))], differs)
    if root:
        differs.append("a path in which the expression is not found stays without the base path")
    if found.groups + 2 > _MOST_GROUPS:
        differs.append("every match is replaced, not only the first")
        return PathPlan([_replace(text, _shifted(replacement, 0, _MOST_GROUPS))], differs)
    before = "()" if starts else "(.*?)"
    after = "()" if ends else "(.*)"
    middle = _shifted(replacement, 1, found.groups)
    substitution = rf"{_literal(root.rstrip('/'))}\1{middle}\{found.groups + 2}"
    return PathPlan([_replace(f"^{before}{found.inner}{after}$", substitution)], differs)


def _shifted(replacement: str, by: int, groups: int) -> str:
    r"""A replacement whose groups are further on, as others stand before them. A group that is not
    there is empty: Envoy would not replace at all.
    """

    def one(found: re.Match[str]) -> str:
        number = int(found[1])
        if not number:
            return found[0]
        return f"\\{number + by}" if number <= groups else ""

    return _GROUP.sub(one, replacement)
