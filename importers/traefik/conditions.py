"""Conditions of rules as matches of routes.

A route asks for every kind of match that it has, and within a kind for any value. What a rule asks
is brought into that form: as few routes as possible, each of which takes what one way to fit takes.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gal.importers.traefik.exclusions import InexpressibleError, without
from gal.importers.traefik.matchers import Host, Literal
from gal.importers.traefik.rules import Condition, Every
from gal.model import AddressMatch, MatchKind, PathMatch, Route, ValueMatch
from gal.model.route import PathKind

_MOST = 64
_METHODS = (
    *("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "QUERY"),
    *("ACL", "BASELINE-CONTROL", "BIND", "CHECKIN", "CHECKOUT", "COPY", "LABEL", "LINK", "LOCK"),
    *("M-SEARCH", "MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL", "MKREDIRECTREF", "MKWORKSPACE"),
    *("MOVE", "NOTIFY", "ORDERPATCH", "PROPFIND", "PROPPATCH", "PURGE", "REBIND", "REPORT"),
    *("SEARCH", "SUBSCRIBE", "UNBIND", "UNCHECKOUT", "UNLINK", "UNLOCK", "UNSUBSCRIBE", "UPDATE"),
    *("UPDATEREDIRECTREF", "VERSION-CONTROL"),
)
"""Those of IANA's registry, and those that parsers know besides."""
_WHOLE = ("0.0.0.0/0", "::/0")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Atom = tuple[Literal, ...]
"""Literals of one family, any of which has to fit."""
Conjunction = tuple[Atom, ...]


class UnsayableError(Exception):
    """A route cannot ask for this; the message says what."""


class NeverError(Exception):
    """No request fits this."""


@dataclass(slots=True)
class Matched:
    """What became of one way to fit a rule.

    Attributes:
        unsayable: what the route does not ask for though the rule does, in words; empty where the
            route is exact.
        approximated: where the route takes slightly other requests.
    """

    unsayable: list[str]
    approximated: list[str]


def conjunctions(condition: Condition) -> list[Conjunction]:
    """The ways to fit a rule; what differs in the values of one kind only is one way.

    Raises:
        UnsayableError: there are too many.
    """
    if isinstance(condition, Literal):
        return [((condition,),)]
    if isinstance(condition, Every):
        found: list[Conjunction] = [()]
        for part in condition.parts:
            below = conjunctions(part)
            if len(found) * len(below) > _MOST:
                raise UnsayableError(f"the rule has more than {_MOST} ways to fit")
            found = [(*one, *other) for one in found for other in below]
        return found
    ways = [way for part in condition.parts for way in conjunctions(part)]
    merged = _merged(ways)
    if len(merged) > _MOST:
        raise UnsayableError(f"the rule has more than {_MOST} ways to fit")
    return merged


def _merged(ways: Iterable[Conjunction]) -> list[Conjunction]:
    """Ways of a single atom become one, where they ask for values of the same kind."""
    found: dict[object, Conjunction] = {}
    for number, way in enumerate(ways):
        key = _kind(way[0]) if len(way) == 1 else None
        if key is None:
            found[number] = way
        elif key in found:
            found[key] = ((*found[key][0], *way[0]),)
        else:
            found[key] = way
    return list(found.values())


def _kind(atom: Atom) -> tuple[str, ...] | None:
    """What an atom's values have to share with others to stand in one list."""
    first = atom[0]
    if first.negated:
        return None
    if isinstance(first.value, ValueMatch):
        if first.value.kind is MatchKind.PRESENT:
            return None
        return first.family, first.value.name.lower(), first.value.kind.value
    return (first.family,)


def ask(route: Route, way: Conjunction) -> Matched:
    """Have a route ask for what one way to fit a rule asks for.

    Raises:
        NeverError: no request fits it.
    """
    told = Matched([], [])
    excluded: list[PathMatch] = []
    for atom in way:
        if atom[0].family == "path" and atom[0].negated:
            excluded += _path_values(atom)
            continue
        try:
            _ASK[atom[0].family](route, atom, told)
        except UnsayableError as error:
            told.unsayable.append(str(error))
    if excluded:
        _exclude(route, excluded, told)
    return told


def _path_values(atom: Atom) -> list[PathMatch]:
    return [replace(one.value) for one in atom if isinstance(one.value, PathMatch)]


def _exclude(route: Route, excluded: list[PathMatch], told: Matched) -> None:
    """Take excluded paths out of those that the route has, or out of all."""
    kept: list[PathMatch] = []
    for path in route.paths or [PathMatch(path_prefix="/")]:
        try:
            left = without(path, excluded)
        except InexpressibleError:
            names = ", ".join(one.text for one in excluded)
            told.unsayable.append(f"the path must not fit {names}")
            left = path
        if left is not None:
            kept.append(left)
    if not kept:
        raise NeverError
    route.paths = kept


def _hosts(route: Route, atom: Atom, told: Matched) -> None:
    del told
    hosts = [one.value for one in atom if isinstance(one.value, Host)]
    negated = atom[0].negated
    if not negated and any(one.pattern == "*" for one in hosts):
        return
    patterns = [one.pattern for one in hosts if one.pattern is not None]
    if not negated and not route.hosts and len(patterns) == len(hosts):
        route.hosts = list(dict.fromkeys(patterns))
        return
    regexes = [one.regex for one in hosts]
    match = ValueMatch("Host", kind=MatchKind.REGEX, ignore_case=True, invert=negated)
    match.regexes = regexes
    route.headers.append(match)


def _paths(route: Route, atom: Atom, told: Matched) -> None:
    del told
    paths = _path_values(atom)
    if not route.paths:
        route.paths = paths
        return
    both = [_both(one, other) for one in route.paths for other in paths]
    route.paths = [one for one in both if one is not None]
    if not route.paths:
        raise NeverError


def _both(one: PathMatch, other: PathMatch) -> PathMatch | None:
    """What both paths take, None when that is nothing.

    Raises:
        UnsayableError: an expression is among them.
    """
    if one == other:
        return one
    if PathKind.REGEX in (one.kind, other.kind):
        raise UnsayableError(f"the path has to fit {one.text} and {other.text} at once")
    if one.kind is PathKind.EXACT and other.kind is PathKind.EXACT:
        return None
    if one.kind is PathKind.EXACT:
        return one if one.text.startswith(other.text) else None
    if other.kind is PathKind.EXACT:
        return other if other.text.startswith(one.text) else None
    longer, shorter = (one, other) if len(one.text) > len(other.text) else (other, one)
    return longer if longer.text.startswith(shorter.text) else None


def _methods(route: Route, atom: Atom, told: Matched) -> None:
    methods = [str(one.value) for one in atom]
    if atom[0].negated:
        told.approximated.append("methods that nobody has registered are not taken")
        methods = [one for one in _METHODS if one not in methods]
    if route.methods:
        methods = [one for one in route.methods if one in methods]
    if not methods:
        raise NeverError
    route.methods = list(dict.fromkeys(methods))


def _headers(route: Route, atom: Atom, told: Matched) -> None:
    del told
    route.headers.append(_values(atom))


def _query(route: Route, atom: Atom, told: Matched) -> None:
    del told
    route.query_params.append(_values(atom))


def _values(atom: Atom) -> ValueMatch:
    matches = [one.value for one in atom if isinstance(one.value, ValueMatch)]
    found = replace(matches[0], invert=atom[0].negated)
    found.values = [value for one in matches for value in one.values]
    found.regexes = [regex for one in matches for regex in one.regexes]
    return found


def _clients(route: Route, atom: Atom, told: Matched) -> None:
    del told
    texts = [str(one.value) for one in atom]
    if not atom[0].negated and not route.sources:
        route.sources = [AddressMatch(ip=text) for text in texts]
        return
    try:
        wanted = [ipaddress.ip_network(text, strict=False) for text in texts]
        known = [ipaddress.ip_network(one.ip or "", strict=False) for one in route.sources]
    except ValueError:
        raise UnsayableError("what stands for an address is not known") from None
    if atom[0].negated:
        wanted = _complement(wanted)
    if route.sources:
        wanted = [one for left in known for right in wanted for one in _shared(left, right)]
    if not wanted:
        raise NeverError
    route.sources = [AddressMatch(ip=str(one)) for one in wanted]


def _complement(networks: Sequence[Network]) -> list[Network]:
    """All addresses but these."""
    left: list[Network] = [ipaddress.ip_network(text) for text in _WHOLE]
    for gone in networks:
        kept: list[Network] = []
        for one in left:
            if one.version != gone.version or not one.overlaps(gone):
                kept.append(one)
            elif gone.subnet_of(one):  # type: ignore[arg-type]
                kept += sorted(one.address_exclude(gone))  # type: ignore[arg-type]
        left = kept
    return left


def _shared(one: Network, other: Network) -> list[Network]:
    if one.version != other.version or not one.overlaps(other):
        return []
    return [one if one.prefixlen >= other.prefixlen else other]


_ASK = {
    "host": _hosts,
    "path": _paths,
    "method": _methods,
    "header": _headers,
    "query": _query,
    "client": _clients,
}
