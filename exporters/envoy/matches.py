"""Which requests a route takes, in Envoy's words: everything but hosts and paths' rewriting.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
(`RouteMatch`).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from gal.exporters.envoy.addresses import SOURCE_KEY, sources_regex
from gal.exporters.envoy.build import Json
from gal.exporters.envoy.regex import UntranslatableError, escaped, full_match
from gal.exporters.envoy.regex_text import percent_encoded
from gal.model import MatchKind, PathKind, PathMatch, Regex, Route, RouteOrder, ValueMatch

SNI_KEY = "gal.server_name"
_ON_PATH = frozenset({MatchKind.EXACT, MatchKind.PRESENT})
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
DECODES_QUERIES = frozenset({RouteOrder.APISIX, RouteOrder.TRAEFIK})
"""Gateways that decode names and values of query parameters before they compare them."""
_SECURE = frozenset({"https", "grpcs"})
_GRPC = frozenset({"grpc", "grpcs"})


@dataclass(slots=True)
class RequestMatch:
    """What a route asks of a request besides its path and host.

    Attributes:
        headers: Envoy's header matches.
        query_parameters: Envoy's query matches.
        filter_state: matches of what the connection left behind.
        grpc: only gRPC requests.
        server_names: RE2 for the TLS server name.
        ports: the listeners' ports; None means all.
        secure: the scheme that it takes: True https, False http, None both.
    """

    headers: list[Json] = field(default_factory=list)
    query_parameters: list[Json] = field(default_factory=list)
    filter_state: list[Json] = field(default_factory=list)
    grpc: bool = False
    server_names: str | None = None
    ports: frozenset[int] | None = None
    secure: bool | None = None

    def render(self, path: Json, methods: Sequence[str], secure: bool | None) -> Json:
        """Envoy's match with a path's, for these methods and this scheme."""
        match = dict(path)
        headers = [*_methods(methods), *_scheme(secure), *self.headers]
        if headers:
            match["headers"] = headers
        if self.query_parameters:
            match["query_parameters"] = list(self.query_parameters)
        if self.filter_state:
            match["filter_state"] = list(self.filter_state)
        if self.grpc:
            match["grpc"] = {}
        return match


def request_match(route: Route, repeated: bool = False) -> RequestMatch:
    """What a route asks of a request.

    Args:
        route: the route.
        repeated: names and values of query parameters count decoded, and every value does.

    Raises:
        UntranslatableError: Envoy cannot ask it; the text says what and why.
    """
    match = RequestMatch(headers=[_header(one) for one in route.headers])
    for query in route.query_params:
        if query.invert:
            match.headers.append(_absent_query(query))
        elif repeated and query.kind in _ON_PATH:
            match.headers.append(_query_on_path(query))
        else:
            match.query_parameters.append({"name": query.name, **_query_value(query)})
    schemes = frozenset(route.schemes)
    if schemes:
        match.secure = True if schemes <= _SECURE else None if schemes & _SECURE else False
        match.grpc = schemes <= _GRPC
    if route.server_names:
        match.server_names = _server_names(route.server_names)
    if route.sources:
        source = {"safe_regex": {"regex": sources_regex(route.sources)}}
        match.filter_state.append({"key": SOURCE_KEY, "string_match": source})
    if route.destinations:
        match.ports = _ports(route)
    return match


def widest_match(route: Route) -> RequestMatch:
    """What of a route's matches Envoy can ask, for an entry that refuses all who fit it."""
    match = RequestMatch(headers=[])
    for one in route.headers:
        with contextlib.suppress(UntranslatableError):
            match.headers.append(_header(one))
    for query in route.query_params:
        with contextlib.suppress(UntranslatableError):
            if query.invert:
                match.headers.append(_absent_query(query))
            else:
                match.query_parameters.append({"name": query.name, **_query_value(query)})
    with contextlib.suppress(UntranslatableError):
        if route.sources:
            source = {"safe_regex": {"regex": sources_regex(route.sources)}}
            match.filter_state.append({"key": SOURCE_KEY, "string_match": source})
    return match


def path_match(path: PathMatch | None) -> Json:
    """Envoy's match of one path; none takes every path.

    Raises:
        UntranslatableError: the expression is none for RE2.
    """
    if path is None:
        return {"prefix": "/"}
    if path.path_regex is not None:
        return {"safe_regex": {"regex": full_match(path.path_regex, path=True)}}
    text = percent_encoded(path.text)
    if path.kind is PathKind.EXACT:
        return {"path": text}
    bare = text.rstrip("/")
    if path.kind is PathKind.PREFIX or not bare:
        return {"prefix": text}
    if text != bare or bare.count("?") or bare.count("#"):
        return {"safe_regex": {"regex": f"{escaped(bare)}(?:/.*)?"}}
    return {"path_separated_prefix": bare}


def _methods(methods: Sequence[str]) -> list[Json]:
    if not methods:
        return []
    value: Json = {"exact": methods[0]}
    if len(methods) > 1:
        value = {"safe_regex": {"regex": "|".join(escaped(method) for method in methods)}}
    return [{"name": ":method", "string_match": value}]


def _scheme(secure: bool | None) -> list[Json]:
    if secure is None:
        return []
    exact = {"exact": "https" if secure else "http"}
    return [{"name": ":scheme", "string_match": exact}]


def _header(match: ValueMatch) -> Json:
    name = ":authority" if match.name.lower() == "host" else match.name
    found: Json = {"name": name}
    if match.kind is MatchKind.PRESENT or _takes_all(match):
        return {**found, "present_match": not match.invert}
    found["string_match"] = _string(match, [escaped(value) for value in match.values])
    if match.invert:
        if _takes_empty(match):
            message = f'Envoy cannot tell a header "{match.name}" that is empty from an absent one'
            raise UntranslatableError(message)
        found |= {"invert_match": True, "treat_missing_header_as_empty": True}
    return found


def _takes_empty(match: ValueMatch) -> bool:
    """Whether an empty value is among those that must not be there."""
    if match.kind is not MatchKind.REGEX:
        return "" in match.values
    text = _any_of(match.regexes, match.ignore_case).replace(r"\C", r"[\s\S]")
    try:
        return re.fullmatch(text, "") is not None
    except re.error:  # RE2's own words: none of them stands for nothing
        return False


def _takes_all(match: ValueMatch) -> bool:
    """Whether it asks for nothing but presence: Envoy refuses an empty start or end."""
    return match.kind in (MatchKind.PREFIX, MatchKind.SUFFIX, MatchKind.CONTAINS) and (
        "" in match.values
    )


def _string(match: ValueMatch, literals: Sequence[str]) -> Json:
    """Envoy's string match for the values, given as RE2, too."""
    if match.kind is MatchKind.REGEX:
        return {"safe_regex": {"regex": _any_of(match.regexes, match.ignore_case)}}
    if len(literals) == 1 and literals[0] == escaped(match.values[0]):
        found: Json = {match.kind.value: match.values[0]}
        return {**found, "ignore_case": True} if match.ignore_case else found
    before = r"\C*" if match.kind in (MatchKind.SUFFIX, MatchKind.CONTAINS) else ""
    after = r"\C*" if match.kind in (MatchKind.PREFIX, MatchKind.CONTAINS) else ""
    flags = "(?i)" if match.ignore_case else ""
    return {"safe_regex": {"regex": f"{flags}{before}(?:{'|'.join(literals)}){after}"}}


def _any_of(regexes: Sequence[Regex], ignore_case: bool) -> str:
    texts = [full_match(regex) for regex in regexes]
    texts = [text or "(?:)" for text in texts]  # Envoy refuses an empty expression
    flags = "(?i)" if ignore_case else ""
    return flags + (texts[0] if len(texts) == 1 and not flags else f"(?:{')|(?:'.join(texts)})")


def _query_value(match: ValueMatch) -> Json:
    if match.kind is MatchKind.PRESENT or _takes_all(match):
        return {"present_match": True}
    return {"string_match": _string(match, [_as_sent(value) for value in match.values])}


def _as_sent(value: str, *, whole: bool = False) -> str:
    """RE2 for a query value in all the ways in which clients may encode it; with `whole` also
    those that no client has a need for, such as `%61` for `a`.
    """
    return "".join(_character_as_sent(character, whole) for character in value)


def _character_as_sent(character: str, whole: bool) -> str:
    if character in _UNRESERVED and not whole:
        return escaped(character)
    encoded = "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))
    ways = [f"(?i:{encoded})"]
    if character == " ":
        ways.append(r"\+")
    elif character.isascii() and character not in '#&+%"<>':
        ways.append(escaped(character))
    return f"(?:{'|'.join(ways)})" if len(ways) > 1 else ways[0]


def _absent_query(match: ValueMatch) -> Json:
    """A query parameter that must not be there: Envoy only inverts matches of headers. However a
    client writes it, it is found.
    """
    return {**_query_on_path(match), "invert_match": True}


def _query_on_path(match: ValueMatch) -> Json:
    """A query parameter as a match of the path with the query: all of its values count."""
    name = _as_sent(match.name, whole=True)
    value = "(?:=[^&]*)?"
    if match.kind is MatchKind.EXACT:
        value = f"=(?:{'|'.join(_as_sent(one, whole=True) for one in match.values)})"
        if "" in match.values:
            value = f"(?:{value})?"  # a parameter without "=" is empty, too
    elif match.kind is not MatchKind.PRESENT:
        raise UntranslatableError(
            f'Envoy cannot ask that the query parameter "{match.name}" be no such value'
        )
    flags = "(?i)" if match.ignore_case else ""
    expression = rf"{flags}[^?]*\?(?:.*&)?{name}{value}(?:&.*)?"
    return {
        "name": ":path",
        "string_match": {"safe_regex": {"regex": expression}},
    }


def _server_names(names: Sequence[str]) -> str:
    """RE2 for TLS server names, which Envoy gives in lower case."""
    found = []
    for name in names:
        text = name.lower().rstrip(".")
        if text.startswith("*."):
            found.append(".+" + escaped(text[1:]))
        elif text.endswith(".*"):
            found.append(escaped(text[:-1]) + ".+")
        else:
            found.append(".*" if text == "*" else escaped(text))
    return "|".join(found)


def _ports(route: Route) -> frozenset[int]:
    """The ports of the listeners that a route wants.

    Raises:
        UntranslatableError: it wants one of the gateway's addresses.
    """
    ports = set()
    for address in route.destinations:
        if address.ip is not None or address.port is None:
            raise UntranslatableError("Envoy's routes do not tell the gateway's addresses apart")
        ports.add(address.port)
    return frozenset(ports)
