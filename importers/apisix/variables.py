r"""Conditions of routes on nginx's variables: `vars`
(https://github.com/api7/lua-resty-expr#operator-list).

A condition is `[VARIABLE, OPERATOR, VALUE]`, with `!` before the operator to negate it. Those that
the model has become matches of the route; one that it has not leaves the route out.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gal.importers.apisix import connection, repeated
from gal.importers.apisix.texts import escape, texts_of
from gal.model import (
    Anchor,
    Dialect,
    MatchKind,
    Origin,
    PathMatch,
    Regex,
    Route,
    ValueMatch,
)
from gal.reading import Node, Scalar, Sequence

_ANYWHERE = frozenset((None, "/"))
_WORDS = frozenset(("AND", "OR", "!AND", "!OR"))
_WHOLE_NUMBER = re.compile(r"0|[1-9]\d{0,14}")
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)


def apply_vars(route: Route, node: Node) -> str | None:
    """Add the conditions to a route; all of them have to hold.

    Returns:
        Why the model cannot say them, or None where it can. The route may then be half done.
    """
    if not isinstance(node, Sequence):
        raise node.mismatch("a list")
    node.take_all()
    items = node.items
    if items and isinstance(items[0], Scalar):
        word = items[0].as_str().upper()
        if _became_one(route, word, node):
            return None
        if word == "AND":
            items = items[1:]
        elif word in _WORDS:
            return f'"{word}" of conditions on variables'
        else:
            return _condition(route, node)  # a condition without the list around it
    for item in items:
        if not isinstance(item, Sequence):
            raise item.mismatch("a list")
        first = item.items[0] if item.items else None
        if isinstance(first, Sequence) or (
            isinstance(first, Scalar) and first.text.upper() in _WORDS
        ):
            reason = apply_vars(route, item)
        else:
            reason = _condition(route, item)
        if reason is not None:
            return reason
    return None


def _became_one(route: Route, word: str, node: Sequence) -> bool:
    """Whether several conditions became a single match of the route."""
    if word == "AND":
        return connection.apply_host(route, node)
    others = node.items[1:]
    if word == "OR" and connection.apply_any(route, others):
        return True
    return repeated.apply(route, word, others, _condition)


def _condition(route: Route, node: Sequence) -> str | None:
    parts = list(node.items)
    if not parts or not all(isinstance(part, Scalar) for part in parts[:-1]):
        return "a condition that is none"
    variable = parts[0].as_str()
    invert = len(parts) > 2 and parts[1].as_str() == "!"
    if invert:
        del parts[1]
    value = parts[-1]
    if len(parts) == len(("variable", "value")) and isinstance(value, Scalar):
        operator = "=="
    elif len(parts) == len(("variable", "operator", "value")):
        operator = parts[1].as_str().lower()
    else:
        return f'a condition on "{variable}" without an operator and a value'
    prefix, found = _source(variable)
    unsaid = f'"{operator}" on the variable "{variable}"'
    if prefix is None:
        applied = not invert and _plain(route, variable, operator, value)
        return None if applied else unsaid
    match = _value_match(found, operator, value)
    if match is None or (prefix == "cookie_" and match.kind is not MatchKind.EXACT):
        return unsaid
    match.invert ^= invert
    if prefix == "arg_" and match.invert and "" in match.values:
        return unsaid  # a parameter without "=" is not empty there
    match.origin = Origin(node, {})
    if prefix == "arg_":
        route.query_params.append(match)
        return None
    if prefix == "cookie_":
        match = _cookie(match)
    route.headers.append(match)
    return None


def _source(variable: str) -> tuple[str | None, str]:
    for prefix in ("arg_", "http_", "cookie_"):
        if variable.startswith(prefix) and len(variable) > len(prefix):
            name = variable[len(prefix) :]
            if prefix == "http_":
                name = name.lower().replace("_", "-")
            return prefix, name
    return None, variable


def _value_match(name: str, operator: str, value: Node) -> ValueMatch | None:
    """The match on a header or parameter; an absent one is unequal to everything. The variables
    are texts: only a comparison with `==` and `~=` turns them into numbers.
    """
    if operator in ("==", "~=") and isinstance(value, Scalar):
        return _equal(name, value, invert=operator == "~=")
    if operator == "in" and isinstance(value, Sequence):
        texts = [item for item in value.items if item.kind == "string"]
        return ValueMatch(name, [item.as_str() for item in texts]) if texts else None
    if operator == "~~" and isinstance(value, Scalar):
        if value.as_str() == "^":
            return ValueMatch(name, kind=MatchKind.PRESENT)
        return ValueMatch(name, kind=MatchKind.REGEX, regexes=[_search(value.as_str())])
    if operator == "~*" and isinstance(value, Scalar):
        regex = _search(f"(?i){value.as_str()}")
        return ValueMatch(name, kind=MatchKind.REGEX, regexes=[regex])
    return None


def _equal(name: str, value: Scalar, *, invert: bool) -> ValueMatch | None:
    if value.is_null:
        # In JSON it stands for nothing, which an absent one is; in YAML nothing is equal to it.
        if value.source.text.lstrip()[:1] not in ("{", "["):
            return None
        return ValueMatch(name, kind=MatchKind.PRESENT, invert=not invert)
    if value.kind == "string":
        return ValueMatch(name, [value.as_str()], invert=invert)
    if _WHOLE_NUMBER.fullmatch(value.text):
        pattern = rf"^[ \t]*\+?0*{value.text}(?:\.0*)?[ \t]*\z"
        regexes = [_search(pattern)]
        return ValueMatch(name, kind=MatchKind.REGEX, regexes=regexes, invert=invert)
    return None


def _search(pattern: str) -> Regex:
    return Regex(pattern, Dialect.PCRE, Anchor.SEARCH)


def _cookie(match: ValueMatch) -> ValueMatch:
    values = "|".join(escape(value) for value in match.values)
    pattern = rf"(?:^|;[ ]*){escape(match.name)}=(?:{values})(?:;|$)"
    return ValueMatch(
        "cookie",
        kind=MatchKind.REGEX,
        regexes=[_search(pattern)],
        invert=match.invert,
        origin=match.origin,
    )


def _plain(route: Route, variable: str, operator: str, value: Node) -> bool:
    """Whether a condition on the request as a whole became one of the route's own matches."""
    known = _PLAIN.get(variable)
    if known is not None:
        return known(route, operator, value)
    return connection.apply(route, variable, operator, value)


def _method(route: Route, operator: str, value: Node) -> bool:
    texts = texts_of(operator, value)
    if not texts:
        return False
    if route.methods:
        texts = [one for one in texts if one in route.methods]
    route.methods = texts
    return bool(texts)


def _scheme(route: Route, operator: str, value: Node) -> bool:
    texts = texts_of(operator, value)
    if not texts or not set(texts) <= {"http", "https"}:
        return False
    return connection.narrow_schemes(route, texts)


def _uri(route: Route, operator: str, value: Node) -> bool:
    """A path, where the route itself takes every path that the condition takes. The route's own
    uris decide over its rank, so they are kept.
    """
    if len(route.paths) != 1 or route.paths[0].path_prefix is None:
        return False
    start = route.paths[0].path_prefix
    texts = texts_of(operator, value)
    origin = Origin(value, {})
    if texts and all(text.startswith(start) for text in texts):
        route.paths = [PathMatch(path=text, origin=origin) for text in texts]
    elif operator in ("~~", "~*") and isinstance(value, Scalar):
        text = value.as_str() if operator == "~~" else f"(?i){value.as_str()}"
        if start not in _ANYWHERE and not _starts_with(text, start):
            return False
        route.paths = [PathMatch(path_regex=_search(text), origin=origin)]
    else:
        return False
    route.extensions.setdefault("apisix", {})["uris"] = [f"{start}*"]
    return True


def _starts_with(pattern: str, start: str) -> bool:
    """Whether all that an expression finds starts with a text, as far as can be seen."""
    if not pattern.startswith("^") or _has_alternatives(pattern):
        return False
    plain = escape(start)
    if not pattern.startswith(plain, 1):
        return False
    return pattern[len(plain) + 1 : len(plain) + 2] not in ("*", "?", "{")


def _has_alternatives(pattern: str) -> bool:
    """Whether a `|` stands outside of all groups."""
    depth = 0
    for token in _TOKEN.findall(pattern):
        if token == "|" and depth == 0:
            return True
        depth += (token == "(") - (token == ")")
    return False


_PLAIN: dict[str, Callable[[Route, str, Node], bool]] = {
    "request_method": _method,
    "scheme": _scheme,
    "uri": _uri,
}
