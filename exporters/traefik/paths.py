r"""Which path the upstream sees, with Traefik's `replacePathRegex`.

The request's path loses what the route's path matched (`strip_prefix`), is changed by the other
parts of the rewrite, and gets the service's base path in front. Base path and rest meet in one
slash; where nothing is left, the base path ends as the request's path did (Kong's
`path_handling: v0`). The expression is searched in the path as it was sent, percent-encoded and
without its query; every match is replaced, so all of them are bound to the path's start.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/replacepathregex/
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from gal.exporters.traefik.build import Json
from gal.exporters.traefik.regex import escaped, searched, translate
from gal.exporters.traefik.rules import call
from gal.model import Anchor, PathKind, PathMatch, Regex, Rewrite

TOLD = "the upstream is told the path that was asked for (X-Replaced-Path)"
"""What Traefik adds where it replaces a path."""

_GROUP = re.compile(r"\\(\d)")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SENT_ENCODED = frozenset(' "<>`')


@dataclass(frozen=True, slots=True)
class PathAction:
    """What becomes of a path.

    Attributes:
        middleware: `replacePathRegex` or `addPrefix`; None leaves the path.
        rule: a further rule that chooses it, where one path needs several routers.
    """

    middleware: Json | None = None
    rule: str = ""


@dataclass(slots=True)
class PathPlan:
    """What one path needs, the first that fits wins, and what differs.

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
        UntranslatableError: an expression is none for Go.
    """
    root = "" if base in (None, "/") else encoded(base or "")
    if rewrite is None:
        return PathPlan([_kept(root)])
    strip = rewrite.strip_prefix and path is not None and path.text != "/"
    if rewrite.path is not None:
        return PathPlan([_replaced("^.*$", _literal(_joined(root, encoded(rewrite.path))))])
    if rewrite.pattern is not None:
        return _searched(rewrite, root, strip)
    if rewrite.add_prefix is not None:
        front = _joined(root, encoded(rewrite.add_prefix))
        return PathPlan([_prefixed(path if strip else None, front)])
    if rewrite.plain_join:
        return PathPlan([_plainly(path if strip else None, root or "/")])
    if not strip or path is None:
        return PathPlan([_kept(root)])
    return PathPlan(_stripped(path, root))


def is_told(middleware: Json | None) -> bool:
    """Whether Traefik tells the upstream the path that was asked for."""
    return middleware is not None and any(kind.startswith("replacePath") for kind in middleware)


def encoded(text: str) -> str:
    """A text as clients send it in a path: what has to be encoded is."""
    text = _STRAY_PERCENT.sub("%25", text)
    return "".join(
        one if one.isascii() and one not in _SENT_ENCODED else quote(one) for one in text
    )


def _replaced(regex: str, replacement: str, rule: str = "") -> PathAction:
    return PathAction({"replacePathRegex": {"regex": regex, "replacement": replacement}}, rule)


def _literal(text: str) -> str:
    return text.replace("$", "$$")


def _joined(root: str, path: str) -> str:
    """The base path before a path, with one slash between."""
    return root.rstrip("/") + (path if path.startswith("/") else f"/{path}") if root else path


def _kept(root: str) -> PathAction:
    """The whole path behind the base path; `/` alone adds nothing to a base without a slash."""
    if not root:
        return PathAction()
    if root.endswith("/"):
        return _replaced("^/", _literal(root))
    return _replaced("^(?:/|(/.+))$", _literal(root) + "${1}")


def _matched(path: PathMatch) -> str:
    """Go's expression for the text that a path matches, from its start."""
    if path.path_regex is None:
        text = encoded(path.text)
        return escaped(text.rstrip("/") if path.kind is PathKind.SEGMENTS else text)
    found = translate(path.path_regex)
    if found.starts:
        return f"(?:{found.text[1:]})"
    before = ".*?" if path.path_regex.anchor is Anchor.SEARCH else ""
    return f"{before}(?:{found.text})"


def _stripped(path: PathMatch, root: str) -> list[PathAction]:
    bare = root.rstrip("/")
    matched = _matched(path)
    if path.path_regex is not None:
        return _stripped_expression(path.path_regex, matched, bare)
    prefix = encoded(path.text)
    if path.kind is PathKind.EXACT:
        end = "/" if prefix.endswith("/") or not bare else ""
        return [_replaced("^.*$", _literal(bare + end))]
    if not bare:
        return [_replaced(f"^{matched}/?", "/")]
    if path.kind is PathKind.PREFIX and prefix.endswith("/"):
        return [_replaced(f"^{matched}", _literal(bare) + "/")]
    if path.kind is PathKind.SEGMENTS:
        return [_replaced(f"^{matched}", _literal(bare))]
    rest = matched.removeprefix("/")  # its slash is caught, to be put where one is missing
    pattern = rf"^(?:(/){rest}(?:/(.*)|([^/].*))|/{rest})$"
    return [_replaced(pattern, _literal(bare) + "${1}${2}${3}")]


def _stripped_expression(regex: Regex, matched: str, bare: str) -> list[PathAction]:
    """An expression that matches all of the path leaves the base path alone, with the slash that
    the request's path ends with; anything else follows it after a slash.
    """
    loosely = _replaced(f"^{matched}/?", _literal(bare) + "/")
    if not bare:
        return [loosely]
    whole = call("PathRegexp", searched(replace(regex, anchor=Anchor.FULL)))
    return [_replaced("^.*?(/?)$", _literal(bare) + "${1}", whole), loosely]


def _prefixed(stripped: PathMatch | None, front: str) -> PathAction:
    """Put a text before what is left, which starts with one slash."""
    if stripped is None and not front.endswith("/"):
        return PathAction({"addPrefix": {"prefix": front}})
    pattern = "^/" if stripped is None else f"^{_matched(stripped)}/?"
    return _replaced(pattern, _literal(front) + "/")


def _plainly(stripped: PathMatch | None, root: str) -> PathAction:
    """Base path and rest as they stand (Kong's `path_handling: v1`)."""
    slash = "/?" if root.endswith("/") and stripped is not None else ""
    pattern = "^/" if stripped is None else f"^{_matched(stripped)}{slash}"
    return _replaced(pattern, _literal(root))


def _searched(rewrite: Rewrite, root: str, strip: bool) -> PathPlan:
    """Replace the first match of an expression: what stands before and behind is matched, too, and
    put back.
    """
    found = translate(rewrite.pattern or Regex(""))
    replacement = rewrite.replacement or ""
    anchor = rewrite.pattern.anchor if rewrite.pattern is not None else Anchor.SEARCH
    differs = []
    if strip:
        differs.append("the expression is searched in the whole path, before anything is stripped")
    if root:
        differs.append("a path in which the expression is not found stays without the base path")
    before = "(.*?)" if anchor is Anchor.SEARCH and not found.starts else "()"
    after = "()" if anchor is Anchor.FULL else "(.*)"
    text = found.text.removeprefix("^") if found.starts else found.text
    front = _literal(root.rstrip("/"))
    middle = _shifted(replacement, found.groups)
    substitution = f"{front}${{1}}{middle}${{{found.groups + 2}}}"
    return PathPlan([_replaced(f"^{before}(?:{text}){after}$", substitution)], differs)


def _shifted(replacement: str, groups: int) -> str:
    r"""A replacement whose groups are one further on, as another stands before them. One that is
    not there is empty. `\0` is all that was matched, which no group holds: it is left away.
    """

    def one(found: re.Match[str]) -> str:
        number = int(found[1])
        return f"${{{number + 1}}}" if 0 < number <= groups else ""

    return _GROUP.sub(one, _literal(replacement))
