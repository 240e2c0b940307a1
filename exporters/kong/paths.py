"""Paths of routes, as Kong writes them: a plain prefix, or `~` and an expression
(https://developer.konghq.com/gateway/entities/route/, `paths`).
"""

from __future__ import annotations

from gal.exporters.kong.regex import escaped, from_start
from gal.model import PathKind, PathMatch


def plain_path(path: PathMatch) -> list[str]:
    """A path in Kong's own ranking: prefixes stay prefixes.

    Raises:
        UntranslatableError: an expression that Kong's router has not.
    """
    if path.kind is PathKind.PREFIX:
        return [path.text]
    return [expression(path)]


def expression(path: PathMatch | None) -> str:
    """A path as an expression, for routes that are ranked by `regex_priority`.

    Raises:
        UntranslatableError: an expression that Kong's router has not.
    """
    if path is None:
        return "~/"
    if path.path_regex is not None:
        return "~" + from_start(path.path_regex)
    text = escaped(path.text)
    if path.kind is PathKind.EXACT:
        return f"~{text}$"
    if path.kind is PathKind.SEGMENTS:
        bare = escaped(path.text.rstrip("/"))
        return f"~{bare}(?:/|$)" if bare else "~/"
    return f"~{text}"
