r"""Which path the upstream sees: `uri` and `regex_uri` of `proxy-rewrite`
(https://apisix.apache.org/docs/apisix/plugins/proxy-rewrite/).

`regex_uri` holds an expression and a text that takes the place of its first match, in which `$1`
is a group. It sees the decoded path without the query, which stays.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from gal.exporters.apisix.plugin import Json, fills_in
from gal.exporters.apisix.regex import UntranslatableError, escaped, searched, translate
from gal.model import Anchor, PathKind, PathMatch, Rewrite

_DOTS = r"(?:\.{1,2}(?=/|\z))?"
"""Dots that would become a segment of their own and lead out of the base path (`/api../x` is no
`/../x`)."""

_REFERENCE = re.compile(r"\\[1-9gk]|\(\?(?:[R&+\-0-9]|P[=>])")
"""What refers to a group by its number or name within an expression."""

_GROUP = re.compile(r"\\(\d)|\\\\|\$")


def path_change(
    paths: list[PathMatch], rewrite: Rewrite | None, base: str | None, *, native: bool = False
) -> tuple[Json, list[str]]:
    """What `proxy-rewrite` is told, and how the result differs from what was asked for.

    Args:
        paths: of the route.
        rewrite: what is asked for.
        base: the service's base path.
        native: it comes from APISIX, so that texts stay as they are; others are encoded, and APISIX
            encodes them once more.

    Raises:
        UntranslatableError: an expression that PCRE has not.
    """
    decoded = str if native else _decoded
    root = "" if base in (None, "/") else decoded(str(base))
    if rewrite is None:
        return _kept(root), []
    strip = rewrite.strip_prefix and bool(paths)
    if rewrite.path is not None:
        whole = _joined(root, decoded(rewrite.path))
        differs = ["APISIX fills in a part of the path"] if fills_in(whole) else []
        return {"uri": whole}, differs
    if rewrite.pattern is not None:
        return _searched(rewrite, root, strip)
    front = root
    if rewrite.add_prefix is not None:
        front = _joined(root, decoded(rewrite.add_prefix))
    if not strip:
        if rewrite.add_prefix is None and not rewrite.plain_join:
            return _kept(root), []
        slash = "" if rewrite.plain_join and rewrite.add_prefix is None else "/"
        return (_regex_uri(r"^/", _literal(front) + slash) if front else {}), []
    if rewrite.plain_join and rewrite.add_prefix is None and front:
        return _regex_uri(f"^{_matched(paths)}", _literal(front)), []
    return _stripped(paths, front, whole=rewrite.add_prefix is None), []


def _decoded(text: str) -> str:
    """A path as the variable `uri` has it; as it is where that would be another path."""
    try:
        found = unquote(text, errors="strict")
    except UnicodeDecodeError:
        return text
    return text if found.count("/") != text.count("/") or "?" in found else found


def _regex_uri(*pairs: str) -> Json:
    return {"regex_uri": list(pairs)}


def _literal(text: str) -> str:
    """The text where `$` begins the name of a group."""
    return text.replace("$", "$$")


def _joined(root: str, path: str) -> str:
    """The base path before a path, with one slash between."""
    return f"{root.rstrip('/')}/{path.lstrip('/')}"


def _kept(root: str) -> Json:
    """The whole path behind the base path; `/` alone adds nothing to a base without a slash."""
    if not root:
        return {}
    if root.endswith("/"):
        return _regex_uri("^/", _literal(root))
    return _regex_uri(r"^(?:/\z|(/))", _literal(root) + "$1")


def _matched(paths: list[PathMatch]) -> str:
    """What the paths of a route match, from the start of the path: first what matches all of it,
    then expressions, then the longest text.
    """
    if len(paths) == 1 and paths[0].path_regex is None:
        return escaped(_text(paths[0]))
    texts = [f"{escaped(path.text)}\\z" for path in paths if path.kind is PathKind.EXACT]
    for path in paths:
        regex = path.path_regex
        if regex is not None:
            before = "" if regex.anchor is not Anchor.SEARCH else r"[\s\S]*?"
            pattern = translate(regex)
            if pattern.startswith("^"):
                pattern, before = pattern[1:], ""
            end = r"\z" if regex.anchor is Anchor.FULL else ""
            texts.append(f"{before}(?:{pattern}){end}")
    starts = {
        _text(path): r"(?=/|\z)" if path.kind is PathKind.SEGMENTS else ""
        for path in paths
        if path.kind in (PathKind.PREFIX, PathKind.SEGMENTS)
    }
    longest = sorted(starts, key=lambda text: (-len(text), text))
    texts += [f"{escaped(text)}{starts[text]}" for text in longest]
    return texts[0] if len(texts) == 1 else f"(?:{'|'.join(texts)})"


def _text(path: PathMatch) -> str:
    return path.text.rstrip("/") if path.kind is PathKind.SEGMENTS else path.text


def _stripped(paths: list[PathMatch], front: str, *, whole: bool) -> Json:
    """What is left starts with one slash; with `whole`, nothing left of it leaves `front` alone,
    with the slash that the request's path ends with.
    """
    loose = any(_may_leave_dots(path) for path in paths)
    matched = "^" + _matched(paths) + (_DOTS if loose else "")
    bare = _literal(front.rstrip("/"))
    rest = [f"{matched}/*", f"{bare}/"]
    if not bare or not whole:
        return _regex_uri(*rest)
    if len(paths) == 1 and paths[0].path_regex is None and matched.startswith("^/"):
        if _text(paths[0]).endswith("/"):
            return _regex_uri(*rest)
        # The slash at the start is caught, to be put where one is missing.
        behind = matched.removeprefix("^/")
        return _regex_uri(rf"^(?:/{behind}\z|(/){behind}/*)", f"{bare}$1")
    return _regex_uri(rf"{matched}(?<!/)\z", bare, *rest)


def _may_leave_dots(path: PathMatch) -> bool:
    if path.kind in (PathKind.EXACT, PathKind.SEGMENTS):
        return False
    return path.kind is PathKind.REGEX or not path.text.endswith("/")


def _searched(rewrite: Rewrite, root: str, strip: bool) -> tuple[Json, list[str]]:
    """Replace the first match of an expression."""
    regex = rewrite.pattern
    if regex is None:
        raise UntranslatableError("no expression is given")
    differs = []
    if strip:
        differs.append("the expression is searched in the whole path, before anything is stripped")
    text = rewrite.replacement or ""
    pattern, replacement = searched(regex), _replacement(text)
    if "?" in replacement:
        differs.append("APISIX takes what stands behind a question mark for the query")
    pairs = [pattern, replacement]
    if root:
        bare = _literal(root.rstrip("/"))
        if regex.anchor is not Anchor.SEARCH or pattern.startswith("^"):
            pairs = [pattern, bare + replacement]
        elif _REFERENCE.search(pattern) is None and r"\0" not in text:
            # What stands before the match is the first group, so the others move up by one.
            moved = _replacement(text, first=2)
            pairs = [rf"^([\s\S]*?)(?:{pattern})", f"{bare}${{1}}{moved}"]
        else:
            differs.append("a path that is changed stays without the base path")
        pairs += _kept(root)["regex_uri"]
    return _regex_uri(*pairs), differs


def _replacement(text: str, first: int = 1) -> str:
    r"""The text as `regex_uri` takes it.

    Args:
        text: of the model, where `\1` is the first group.
        first: the number of that group.
    """

    def one(found: re.Match[str]) -> str:
        if found[0] == "$":
            return "$$"
        if found[1] is None:
            return "\\"
        group = int(found[1]) + (first - 1 if found[1] != "0" else 0)
        following = found.string[found.end() : found.end() + 1]
        return f"${{{group}}}" if following.isalnum() or following == "_" else f"${group}"

    return _GROUP.sub(one, text)
