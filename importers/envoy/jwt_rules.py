"""Which requests of a route a rule of `jwt_authn` takes.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
(`RouteMatch`)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gal.importers.envoy.values import as_regex, take_flag
from gal.model import PathKind, PathMatch

if TYPE_CHECKING:
    from gal.model import Route
    from gal.reading import Mapping

_EVERY = (PathMatch(path_prefix="/"),)
ALL, SOME, NONE = "all", "some", "none"
_PATHS = ("prefix", "path", "path_separated_prefix", "safe_regex", "regex")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, read once for all routes.

    Attributes:
        node: the rule.
        everything: it takes every request.
        path: the path that it compares; None where it compares that in another way.
        others: it compares more than the path.
        ignores_case: it compares the path without case.
    """

    node: Mapping
    everything: bool = False
    path: PathMatch | None = None
    others: bool = False
    ignores_case: bool = False


def parse(node: Mapping) -> Rule:
    """A `RequirementRule`."""
    match = node.take_mapping("match")
    if match is None:
        return Rule(node, everything=True)
    others = any(match.spelt(key) == key and not _is_path(match, key) for key in match)
    return Rule(node, False, _path(match), others, _ignores_case(match))


def relation(rule: Rule, route: Route) -> str:
    """Whether a rule takes all, some or none of the requests of a route. In doubt some."""
    if rule.everything:
        return ALL
    found = {_compare(rule.path, path) for path in route.paths or _EVERY}
    how = found.pop() if len(found) == 1 else SOME
    if how == ALL and (rule.others or rule.ignores_case):
        every = not rule.others and rule.path is not None and rule.path.text == "/"
        return ALL if every else SOME
    return how if how != NONE or not rule.ignores_case else SOME


def _is_path(match: Mapping, key: str) -> bool:
    name = key if match.fold is None else match.fold(key)
    return name in _PATHS or name == "case_sensitive"


def _ignores_case(match: Mapping) -> bool:
    return match.has("case_sensitive") and take_flag(match, "case_sensitive") is False


def _path(match: Mapping) -> PathMatch | None:
    """The path of a rule; None for one that is compared in another way."""
    prefix = match.take_str("prefix")
    if prefix is not None:
        return PathMatch(path_prefix=prefix or "/")
    whole = match.take_str("path")
    if whole is not None:
        return PathMatch(path=whole)
    segments = match.take_str("path_separated_prefix")
    if segments is not None:
        return PathMatch(path_segments=segments)
    for key in ("safe_regex", "regex"):
        below = match.take(key)
        if below is not None:
            return PathMatch(path_regex=as_regex(below))
    return None


def _compare(rule: PathMatch | None, path: PathMatch) -> str:
    if rule is None:
        return SOME
    if rule.kind is PathKind.PREFIX and rule.text == "/":
        return ALL
    if rule.kind is PathKind.REGEX or path.kind is PathKind.REGEX:
        return ALL if rule == path else SOME
    if path.kind is PathKind.EXACT:
        return ALL if _takes(rule, path.text) else NONE
    if rule.kind is path.kind and rule.text == path.text:
        return ALL
    if rule.kind is PathKind.PREFIX and path.text.startswith(rule.text):
        return ALL
    if rule.kind is PathKind.SEGMENTS and path.text.startswith(rule.text.rstrip("/") + "/"):
        return ALL
    return SOME if _meets(path, rule.text) else NONE


def _takes(rule: PathMatch, text: str) -> bool:
    if rule.kind is PathKind.EXACT:
        return rule.text == text
    if rule.kind is PathKind.PREFIX:
        return text.startswith(rule.text)
    return text == rule.text or text.startswith(rule.text.rstrip("/") + "/")


def _meets(path: PathMatch, text: str) -> bool:
    """Whether a route takes any request that a narrower rule takes."""
    if path.kind is PathKind.PREFIX or path.text == text:
        return text.startswith(path.text)
    return text.startswith(path.text.rstrip("/") + "/")


def narrowed(rule: Rule, route: Route) -> PathMatch | None:
    """The path of a route for those requests only that a rule takes; None where there is none."""
    if rule.everything or len(route.paths) > 1:
        return None
    if route.rewrite is not None and route.rewrite.strip_prefix:
        return None
    known = route.paths[0] if route.paths else _EVERY[0]
    path = rule.path
    if path is None or rule.others or rule.ignores_case or known.kind is PathKind.REGEX:
        return None
    if path.kind is PathKind.REGEX and known.text != "/":
        return None
    return replace(path, origin=known.origin)
