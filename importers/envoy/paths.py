r"""Which path the upstream sees.

Envoy replaces the text that a prefix matched with another text, whatever follows it, so most
prefixes become an expression that does the same; those that only lose or gain whole segments become
that. `regex_rewrite` is read back from what GAL writes, and else kept as an expression.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
(`RouteAction.prefix_rewrite`, `regex_rewrite`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gal.importers.envoy.values import as_regex
from gal.ledger import Fate, Level
from gal.model import Anchor, Dialect, Origin, PathKind, PathMatch, Regex, Rewrite
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.envoy.matches import Matched
    from gal.ledger import Reporter

_FEATURE = "rewrite"
_NO_DOTS = r"(?:\.{1,2}(?:/|$)|/)?"
_GROUP = re.compile(r"\\\d")


def rewrite(action: Mapping, matched: Matched, report: Reporter) -> Rewrite | None:
    """What a route action does with the path; None leaves it as it is."""
    prefix = action.take("prefix_rewrite")
    if prefix is not None:
        made = _prefix(matched, prefix.as_str())
        other = action.take("regex_rewrite")
        if other is not None:
            other.take_all()
            message = "Envoy loads no file with both, prefix_rewrite and this"
            report.at(other, Fate.DROPPED, Level.WARNING, _FEATURE, message)
        made.origin = Origin(action, _names(made, "prefix_rewrite"))
        return made
    node = action.take_mapping("regex_rewrite")
    if node is None:
        return None
    pattern = node.take("pattern")
    regex = as_regex(pattern).pattern if pattern is not None else ""
    made = _regex(regex, node.take_str("substitution", ""), matched)
    made.origin = Origin(action, _names(made, "regex_rewrite"))
    if made.pattern is not None and not regex.startswith("^"):
        message = "Envoy replaces every match of the expression; elsewhere it is the first"
        report.at(node, Fate.APPROXIMATED, Level.WARNING, _FEATURE, message)
    return made


def _names(made: Rewrite, key: str) -> dict[str, str]:
    names = dict.fromkeys(("strip_prefix", "add_prefix", "path", "pattern", "replacement"), key)
    if key == "regex_rewrite":
        names |= {"pattern": f"{key}.pattern", "replacement": f"{key}.substitution"}
    del made
    return names


def _prefix(matched: Matched, text: str) -> Rewrite:
    path = matched.path
    if path is None or path.kind in (PathKind.EXACT, PathKind.REGEX):
        if matched.insensitive and path is not None and path.text.endswith(".*"):
            return _replaced(path.text[:-2], text)
        return Rewrite(path=text) if path is not None else _front(text)
    prefix = path.text
    if prefix == "/":
        return _front(text)
    if text == "/":
        return Rewrite(strip_prefix=True)
    if path.kind is PathKind.PREFIX and prefix.endswith("/") and text.endswith("/"):
        return Rewrite(strip_prefix=True, add_prefix=text.rstrip("/"))
    return _replaced(re.escape(prefix), text)


def _front(text: str) -> Rewrite:
    """Another text for the slash that every path starts with."""
    bare = text.rstrip("/")
    if text.endswith("/"):
        return Rewrite(add_prefix=bare) if bare else Rewrite()
    return _replaced("/", text)


def _replaced(pattern: str, text: str) -> Rewrite:
    flags = "(?i)" if pattern.startswith("(?i)") else ""
    return Rewrite(
        pattern=Regex(f"{flags}^{pattern[len(flags) :]}", Dialect.RE2, Anchor.SEARCH),
        replacement=text.replace("\\", "\\\\"),
    )


def _regex(pattern: str, substitution: str, matched: Matched) -> Rewrite:
    literal = None if _GROUP.search(substitution) else substitution.replace("\\\\", "\\")
    if literal is not None:
        if pattern in ("^.*$", "^/.*$", "^.*"):
            return Rewrite(path=literal)
        front = literal.rstrip("/")
        if literal.endswith("/"):
            if pattern == "^/" and front:
                return Rewrite(add_prefix=front)
            if _strips(pattern, matched.path):
                return Rewrite(strip_prefix=True, add_prefix=front or None)
    return Rewrite(pattern=Regex(pattern, Dialect.RE2, Anchor.SEARCH), replacement=substitution)


def _strips(pattern: str, path: PathMatch | None) -> bool:
    """Whether an expression takes away what the path of the route matched, and one slash."""
    if path is None or path.kind in (PathKind.EXACT, PathKind.REGEX):
        return False
    text = path.text.rstrip("/") if path.kind is PathKind.SEGMENTS else path.text
    for ending in (_NO_DOTS, "/?"):
        if pattern.endswith(ending):
            found = pattern[: -len(ending)].removeprefix("^")
            return _plain(found) == text
    return False


def _plain(pattern: str) -> str | None:
    from gal.importers.envoy.strings import literal_of

    return literal_of(pattern)
