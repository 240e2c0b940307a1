"""Which requests a route takes, as sets that can be compared: whether one holds another.

A route is taken apart into pieces of one host and one path, which share the rest of what the route
asks for. Every answer here is a proof or nothing: what cannot be decided in a few steps counts as
not held.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, product

from gal.model import (
    AddressMatch,
    Anchor,
    Authentication,
    MatchKind,
    PathMatch,
    Regex,
    Route,
    ValueMatch,
)
from gal.model.route import PathKind
from gal.ranking import Candidate
from gal.reading import is_placeholder
from gal.tracing.regexes import literal_start

ANY_HOST = ""
"""The host of a route that takes all of them."""

MOST_PIECES = 128
"""A route of more pieces is not judged."""

_LONGEST = 200
_PLAIN = re.compile(r"(?:[A-Za-z0-9/_~ -]|\\[^A-Za-z0-9])*")
_ESCAPED = re.compile(r"\\(.)")
_WRAPPED = re.compile(r"\(\?:([^()|\\]*)\)(?=\$?\Z)")
_ANYTHING = re.compile(r"(?:\.\*)+\$?")
_LOST = frozenset({"rule", "route-match", "matcher"})
"""Guards that stand for conditions which the model has no words for."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Which paths are taken.

    Attributes:
        kind: how they are compared.
        text: the path, or what stands at its start; of an expression, plain text with which all
            that it matches starts.
        regex: the expression, where it says more than that.
    """

    kind: PathKind
    text: str
    regex: Regex | None = None


Value = tuple[str, MatchKind, frozenset[str], bool, frozenset[Regex], bool]


@dataclass(frozen=True, slots=True)
class Rest:
    """What a route asks for besides host and path; an empty set asks for nothing."""

    methods: frozenset[str] = frozenset()
    schemes: frozenset[str] = frozenset()
    server_names: frozenset[str] = frozenset()
    sources: frozenset[tuple[str | None, int | None]] = frozenset()
    destinations: frozenset[tuple[str | None, int | None]] = frozenset()
    headers: frozenset[Value] = frozenset()
    query: frozenset[Value] = frozenset()


NO_REST = Rest()


@dataclass(frozen=True, slots=True)
class Piece:
    """One host and one path of a route, with the rest of what it asks for."""

    host: str
    shape: Shape
    rest: Rest


def pieces(candidate: Candidate, schemes: frozenset[str] = frozenset()) -> list[Piece] | None:
    """The pieces of a candidate; None where there are too many, or where a template fills in what
    they are.

    Args:
        candidate: the route.
        schemes: which it takes if it names none; empty is all.
    """
    route = candidate.route
    if len(route.hosts) * len(candidate.paths) > MOST_PIECES or has_placeholders(route):
        return None
    hosts = {_host(host) for host in route.hosts} or {ANY_HOST}
    if ANY_HOST in hosts:
        hosts = {ANY_HOST}
    shapes = {shape_of(path) for path in candidate.paths} or {Shape(PathKind.PREFIX, "/")}
    rest = _rest(route, schemes)
    return [Piece(host, shape, rest) for host, shape in product(sorted(hosts), shapes)]


def says_all(route: Route) -> bool:
    """Whether a route of the model takes no more than the one that was read: what the model could
    not say stands in a guard.
    """
    policy = route.policies.authentication
    guards = policy.guards if isinstance(policy, Authentication) else []
    return not any(one.name in _LOST for one in guards)


def has_placeholders(route: Route) -> bool:
    """Whether a template fills in what the route takes."""
    return any(is_placeholder(text) for text in islice(_texts(route), 1000))


def _texts(route: Route) -> Iterator[str]:
    yield from route.hosts
    yield from route.methods
    yield from route.server_names
    for path in route.paths:
        if path.path_regex is None:
            yield path.text
    for match in (*route.headers, *route.query_params):
        yield from match.values
    for address in (*route.sources, *route.destinations):
        yield address.ip or ""


def _host(host: str) -> str:
    name = host.lower()
    return ANY_HOST if name == "*" else name


def _rest(route: Route, unnamed: frozenset[str]) -> Rest:
    schemes = set(route.schemes or unnamed)
    if schemes and route.https_redirect is not None:
        schemes.add("http")  # it takes these requests in order to send them away
    return Rest(
        frozenset(route.methods),
        frozenset() if schemes >= {"http", "https"} else frozenset(schemes),
        frozenset(name.lower() for name in route.server_names),
        _addresses(route.sources),
        _addresses(route.destinations),
        frozenset(_value(match, match.name.lower()) for match in route.headers),
        frozenset(_value(match, match.name) for match in route.query_params),
    )


def _addresses(matches: list[AddressMatch]) -> frozenset[tuple[str | None, int | None]]:
    found = frozenset((one.ip, one.port) for one in matches)
    return frozenset() if (None, None) in found else found


def _value(match: ValueMatch, name: str) -> Value:
    fold = match.ignore_case
    values = frozenset(one.lower() if fold else one for one in match.values)
    return name, match.kind, values, fold, frozenset(match.regexes), match.invert


# -- paths


def shape_of(path: PathMatch) -> Shape:
    """The paths that a match takes, as simply as that can be said."""
    if path.path_regex is not None:
        return _of_expression(path.path_regex)
    if path.kind is PathKind.EXACT:
        return Shape(PathKind.EXACT, path.text)
    if path.kind is PathKind.SEGMENTS:
        whole = path.text.rstrip("/")
        return Shape(PathKind.SEGMENTS, whole) if whole else Shape(PathKind.PREFIX, "/")
    return Shape(PathKind.PREFIX, path.text or "/")


@lru_cache(maxsize=4096)
def _of_expression(regex: Regex) -> Shape:
    start = Shape(PathKind.REGEX, literal_start(regex) or "/", regex)
    pattern, anchor = regex.pattern, regex.anchor
    if anchor is Anchor.SEARCH:
        if not pattern.startswith("^"):
            return start
        anchor = Anchor.START
    pattern = _WRAPPED.sub(r"\1", pattern.removeprefix("^"))
    found = _PLAIN.match(pattern)
    text = _ESCAPED.sub(r"\1", found[0]) if found is not None else ""
    left = pattern[found.end() :] if found is not None else pattern
    if _ANYTHING.fullmatch(left) or (not left and anchor is Anchor.START):
        return Shape(PathKind.PREFIX, text or "/")
    if left == "$" or (not left and anchor is Anchor.FULL):
        return Shape(PathKind.EXACT, text)
    return start


def holds_shape(wide: Shape, narrow: Shape) -> bool:
    """Whether every path of the one is a path of the other."""
    if wide == narrow:
        return True
    text = narrow.text
    if wide.kind is PathKind.PREFIX:
        return wide.text == "/" or text.startswith(wide.text)
    if wide.kind is PathKind.EXACT:
        return False
    if wide.kind is PathKind.SEGMENTS:
        if text.startswith(f"{wide.text}/"):
            return True
        return text == wide.text and narrow.kind in (PathKind.EXACT, PathKind.SEGMENTS)
    return narrow.kind is PathKind.EXACT and wide.regex is not None and matches(wide.regex, text)


@lru_cache(maxsize=4096)
def matches(regex: Regex, text: str) -> bool:
    """Whether an expression takes a text, found without running it: hostile ones take no time."""
    from gal.lint.automata import UnjudgedError, automaton, common_text

    if len(text) > _LONGEST or len(regex.pattern) > _LONGEST:
        return False
    try:
        return common_text(automaton(regex), automaton(Regex(re.escape(text)))) is not None
    except UnjudgedError:
        return False


# -- hosts


def holds_host(wide: str, narrow: str) -> bool:
    """Whether every host that one pattern takes is taken by the other. An empty one takes all."""
    if wide in (ANY_HOST, narrow):
        return True
    name, port = split_port(wide)
    other, other_port = split_port(narrow)
    if port is not None and port != other_port:
        return False
    if name == other:
        return True
    if name.startswith("*"):
        end = name[1:]
        bare = other[1:] if other.startswith("*") else other
        return not other.endswith("*") and bare.endswith(end) and len(other) > len(end)
    if name.endswith("*"):
        start = name[:-1]
        return not other.startswith("*") and other.startswith(start) and len(other) > len(start)
    return False


def split_port(host: str) -> tuple[str, str | None]:
    """A host pattern and its port, if it has one."""
    name, colon, port = host.rpartition(":")
    return (name, port) if colon and port.isdigit() else (host, None)


# -- the rest


def holds_rest(wide: Rest, narrow: Rest) -> bool:
    """Whether the one asks for nothing that the other does not ask for."""
    if wide in (narrow, NO_REST):
        return True
    return (
        _any_of(wide.methods, narrow.methods)
        and _any_of(wide.schemes, narrow.schemes)
        and _names(wide.server_names, narrow.server_names)
        and _networks(wide.sources, narrow.sources)
        and _networks(wide.destinations, narrow.destinations)
        and _values(wide.headers, narrow.headers)
        and _values(wide.query, narrow.query)
    )


def _any_of(wide: frozenset[str], narrow: frozenset[str]) -> bool:
    return not wide or (bool(narrow) and narrow <= wide)


def _names(wide: frozenset[str], narrow: frozenset[str]) -> bool:
    if not wide or (narrow and narrow <= wide):
        return True
    if len(wide) * len(narrow) > MOST_PIECES:
        return False
    return bool(narrow) and all(any(holds_host(one, name) for one in wide) for name in narrow)


def _networks(
    wide: frozenset[tuple[str | None, int | None]],
    narrow: frozenset[tuple[str | None, int | None]],
) -> bool:
    if not wide or (narrow and narrow <= wide):
        return True
    if len(wide) * len(narrow) > MOST_PIECES:
        return False
    return bool(narrow) and all(any(_network(one, other) for one in wide) for other in narrow)


def _network(wide: tuple[str | None, int | None], narrow: tuple[str | None, int | None]) -> bool:
    if wide[1] is not None and wide[1] != narrow[1]:
        return False
    if wide[0] is None or wide[0] == narrow[0]:
        return True
    if narrow[0] is None:
        return False
    try:
        one = ipaddress.ip_network(wide[0], strict=False)
        other = ipaddress.ip_network(narrow[0], strict=False)
    except ValueError:
        return False
    if isinstance(one, ipaddress.IPv4Network) and isinstance(other, ipaddress.IPv4Network):
        return other.subnet_of(one)
    if isinstance(one, ipaddress.IPv6Network) and isinstance(other, ipaddress.IPv6Network):
        return other.subnet_of(one)
    return False


def _values(wide: frozenset[Value], narrow: frozenset[Value]) -> bool:
    """Whether each condition of the one follows from a condition of the other."""
    if wide <= narrow:
        return True
    if len(wide) * len(narrow) > MOST_PIECES:
        return False
    return all(any(_follows(one, other) for other in narrow) for one in wide)


def _follows(wanted: Value, given: Value) -> bool:
    if wanted == given:
        return True
    name, kind, values, fold, _, invert = wanted
    if name != given[0] or invert or given[5]:
        return False
    if kind is MatchKind.PRESENT:
        return True
    both = kind is MatchKind.EXACT and given[1] is MatchKind.EXACT
    return both and fold == given[3] and bool(given[2]) and given[2] <= values


def holds(wide: Piece, narrow: Piece) -> bool:
    """Whether every request that one piece takes is taken by the other, too."""
    return (
        holds_host(wide.host, narrow.host)
        and holds_shape(wide.shape, narrow.shape)
        and holds_rest(wide.rest, narrow.rest)
    )


_WORDS = {
    PathKind.EXACT: "the path",
    PathKind.PREFIX: "paths that start with",
    PathKind.SEGMENTS: "paths below",
    PathKind.REGEX: "paths that match",
}


def piece_text(piece: Piece) -> str:
    """Host and path of a piece for people, such as `paths that start with /a on a.test`."""
    shape = piece.shape
    text = shape.regex.pattern if shape.regex is not None else shape.text
    path = "all paths" if shape == Shape(PathKind.PREFIX, "/") else f"{_WORDS[shape.kind]} {text}"
    return f"{path} on {piece.host}" if piece.host != ANY_HOST else path


def overlapping_networks(
    one: frozenset[tuple[str | None, int | None]],
    other: frozenset[tuple[str | None, int | None]],
) -> bool:
    """Whether some address fits both; where there are many, only if that is seen at once."""
    if not one or not other or not one.isdisjoint(other):
        return True
    if len(one) * len(other) > MOST_PIECES:
        return False
    return any(_network(a, b) or _network(b, a) for a in one for b in other)
