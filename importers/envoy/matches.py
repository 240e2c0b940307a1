"""Which requests a route takes.

What the model cannot say makes the match wider; the reason is noted, so that the route refuses
everybody instead of letting in whom Envoy would not have (law 2).

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
(`RouteMatch`, `HeaderMatcher`, `QueryParameterMatcher`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from gal.importers.envoy.connection import server_names_of, sources_of
from gal.importers.envoy.strings import StringMatch, literal_of, string_match
from gal.importers.envoy.values import as_percent, as_regex, take_flag, take_regex
from gal.model import AddressMatch, MatchKind, Origin, PathMatch, Regex, Route, ValueMatch
from gal.reading import Mapping, Node

_METHODS = re.compile(r"\(?(?:\?:)?([A-Z]+(?:\|[A-Z]+)*)\)?")
_ABSENT_QUERY = re.compile(
    r"(\(\?i\))?\[\^\?\]\*\\\?\(\?:\.\*&\)\?(.+?)"
    r"(?:\(\?:=\[\^&\]\*\)\?|(\(\?:)?=\(\?:(.*)\)(?:\)\?)?)\(\?:&\.\*\)\?"
)
_ENCODED = re.compile(
    r"\(\?:\(\?i:((?:%[0-9A-F]{2})+)\)\|(?:\\.|[^\\)])\)|\(\?i:((?:%[0-9A-F]{2})+)\)"
)
"""One character: percent signs in any case, and the character itself where it may stand so."""
_TEXTS = re.compile(r"(?:\\.|[^\\|])+")
_SCHEMES = ("http", "https")
_UNSAYABLE = {
    "tls_context": "whether the client has shown a certificate",
    "dynamic_metadata": "what filters have found out",
    "cookies": "cookies",
}


@dataclass(slots=True)
class Matched:
    """What a match asks for.

    Attributes:
        path: the path, None for every path.
        methods: methods, None for all.
        schemes: schemes, None for all.
        headers: header matches.
        query_params: query matches.
        server_names: TLS server names.
        sources: addresses of clients.
        grpc: only gRPC requests.
        rest: what of the path a prefix leaves: the text that it takes away, None for other kinds.
        never: it takes nothing at all.
        unsaid: what the model cannot compare.
        insensitive: the path is compared without case.
    """

    path: PathMatch | None = None
    methods: list[str] | None = None
    schemes: list[str] | None = None
    headers: list[ValueMatch] = field(default_factory=list)
    query_params: list[ValueMatch] = field(default_factory=list)
    server_names: list[str] = field(default_factory=list)
    sources: list[AddressMatch] = field(default_factory=list)
    grpc: bool = False
    never: bool = False
    unsaid: list[str] = field(default_factory=list)
    insensitive: bool = False

    @property
    def takes_all(self) -> bool:
        """Whether it takes every request."""
        path = self.path
        every = path is None or path.path_prefix in ("", "/")
        narrow = (self.methods, self.schemes, self.headers, self.query_params, self.server_names)
        return every and not any((*narrow, self.sources, self.grpc, self.never, self.unsaid))

    def put(self, route: Route) -> None:
        """Have a route of the model ask for it."""
        route.paths = [self.path] if self.path is not None else []
        route.methods = list(self.methods or ())
        route.headers = list(self.headers)
        route.query_params = list(self.query_params)
        route.server_names = list(self.server_names)
        route.sources = list(self.sources)
        schemes = self.schemes
        if self.grpc:
            known = {"http": "grpc", "https": "grpcs"}
            schemes = [known[one] for one in schemes or _SCHEMES]
        route.schemes = list(schemes or ())


@dataclass(frozen=True, slots=True)
class Reading:
    """How the gateway reads requests before it compares them.

    Attributes:
        edge: it sets `X-Forwarded-Proto` itself.
        own_scheme: the scheme is that of the connection, whatever clients say.
        parameters: what follows a semicolon in a path is not compared.
    """

    edge: bool
    own_scheme: bool
    parameters: bool = False


def read_match(node: Mapping, reading: Reading) -> Matched:
    """A `RouteMatch`."""
    found = Matched()
    found.insensitive = take_flag(node, "case_sensitive") is False
    _path(node, found)
    if reading.parameters and found.path is not None:
        found.path = _with_parameters(found.path)
    for header in node.take_mappings("headers"):
        _header(header, found, reading)
    for query in node.take_mappings("query_parameters"):
        _query(query, found)
    for state in node.take_mappings("filter_state"):
        _filter_state(state, found)
    grpc = node.take("grpc")
    if grpc is not None:
        grpc.take_all()
        found.grpc = True
    _share(node, found)
    for key, what in _UNSAYABLE.items():
        below = node.take(key)
        if below is not None:
            below.take_all()
            found.unsaid.append(what)
    return found


def _share(node: Mapping, found: Matched) -> None:
    share = node.take("runtime_fraction") or node.take("runtime")
    if share is None:
        return
    percent = as_percent(share, "runtime_fraction")
    if percent == 0:
        found.never = True
    elif percent < 100:
        found.unsaid.append("a share of the requests")
    share.take_all()


def _path(node: Mapping, found: Matched) -> None:
    for key in ("prefix", "path", "safe_regex", "regex", "path_separated_prefix"):
        below = node.take(key)
        if below is None:
            continue
        origin = Origin(below, {})
        if key in ("safe_regex", "regex"):
            found.path = PathMatch(path_regex=as_regex(below), origin=origin)
            return
        text = below.as_str()
        if found.insensitive and re.search("[A-Za-z]", text):
            after = {"prefix": ".*", "path": "", "path_separated_prefix": "(?:/.*)?"}[key]
            regex = Regex(f"(?i){re.escape(text)}{after}")
            found.path = PathMatch(path_regex=regex, origin=origin)
        elif key == "prefix":
            found.path = PathMatch(path_prefix=text or "/", origin=origin)
        elif key == "path":
            found.path = PathMatch(path=text, origin=origin)
        else:
            found.path = PathMatch(path_segments=text, origin=origin)
        return
    for key, what in (
        ("connect_matcher", "CONNECT requests"),
        ("path_match_policy", "the path, by a template"),
    ):
        below = node.take(key)
        if below is not None:
            below.take_all()
            found.unsaid.append(what)
            if key == "connect_matcher":
                found.methods = ["CONNECT"]


def _with_parameters(path: PathMatch) -> PathMatch:
    """A path with whatever stands behind a semicolon."""
    if path.path is not None:
        pattern = f"{re.escape(path.path)}(?:;.*)?"
    elif path.path_segments is not None:
        pattern = f"{re.escape(path.path_segments)}(?:[/;].*)?"
    elif path.path_regex is not None:
        pattern = f"(?:{path.path_regex.pattern})(?:;.*)?"
    else:
        return path
    return PathMatch(path_regex=Regex(pattern), origin=path.origin)


def _header(node: Mapping, found: Matched, reading: Reading) -> None:
    name = node.take_str("name", "")
    inverted = take_flag(node, "invert_match") or False
    empty = take_flag(node, "treat_missing_header_as_empty") or False
    ranged = node.take("range_match")
    if ranged is not None:
        ranged.take_all()
        found.unsaid.append(f"a range of numbers in the header {name}")
        return
    match = _value(node)
    if match is None:
        present = take_flag(node, "present_match")
        wanted = (present is not False) != inverted
        if empty:  # an absent one counts as there
            found.never |= not wanted
            return
        _present(ValueMatch(name, kind=MatchKind.PRESENT, origin=Origin(node, {})), found, wanted)
        return
    if match.unsaid:
        node.take_all()
        found.unsaid.append(f"the header {name}, by an extension")
        return
    lower = name.lower()
    if lower == ":method" and not inverted and _method(match, found):
        return
    if _scheme(lower, match, found, reading, inverted=inverted):
        return
    if lower == ":path":
        if not _in_query(match, found, inverted=inverted, node=node):
            found.unsaid.append("the path with its query, as a text")
        return
    if lower in (":method", ":scheme", ":protocol"):
        found.unsaid.append(f"the header {name}")
        return
    _compared(node, match, found, name, inverted=inverted)


def _compared(
    node: Mapping, match: StringMatch, found: Matched, name: str, *, inverted: bool
) -> None:
    """A header with a value."""
    empty = take_flag(node, "treat_missing_header_as_empty") or False
    lower = name.lower()
    one = match.of("host" if lower == ":authority" else name)
    one.origin = Origin(node, {})
    one.invert = inverted
    if empty and not inverted and match.takes_empty:
        found.unsaid.append(f"a header {name} that is empty or not there")
        return
    found.headers.append(one)
    if inverted and not empty:
        found.headers.append(ValueMatch(name, kind=MatchKind.PRESENT, origin=Origin(node, {})))


def _value(node: Mapping) -> StringMatch | None:
    """What a header's value is compared with; None for mere presence."""
    string = node.take_mapping("string_match")
    if string is not None:
        return string_match(string)
    for key, kind in (
        ("exact_match", MatchKind.EXACT),
        ("prefix_match", MatchKind.PREFIX),
        ("suffix_match", MatchKind.SUFFIX),
        ("contains_match", MatchKind.CONTAINS),
    ):
        text = node.take_str(key)
        if text is not None:
            return StringMatch(kind, text)
    regex = take_regex(node, "safe_regex_match") or take_regex(node, "regex_match")
    return None if regex is None else StringMatch(MatchKind.REGEX, regex=regex)


def _present(match: ValueMatch, found: Matched, wanted: bool) -> None:
    if match.name.startswith(":"):
        if not wanted:
            found.never = True  # every request has them
        return
    match.invert = not wanted
    found.headers.append(match)


def _method(match: StringMatch, found: Matched) -> bool:
    if match.ignore_case:
        return False
    if match.kind is MatchKind.EXACT:
        methods = [match.text]
    else:
        words = _METHODS.fullmatch(match.regex.pattern) if match.regex is not None else None
        if words is None:
            return False
        methods = words[1].split("|")
    if found.methods is not None:
        methods = [one for one in found.methods if one in methods]
        if not methods:
            found.never = True
            return True
    found.methods = methods
    return True


def _scheme(
    name: str, match: StringMatch, found: Matched, reading: Reading, *, inverted: bool
) -> bool:
    told = {":scheme": reading.own_scheme, "x-forwarded-proto": reading.edge}
    if not told.get(name, False):
        return False
    if match.kind is not MatchKind.EXACT or match.text.lower() not in _SCHEMES:
        return False
    wanted = [one for one in _SCHEMES if (one == match.text.lower()) != inverted]
    if found.schemes is not None and found.schemes != wanted:
        found.never = True
    found.schemes = wanted
    return True


def _in_query(match: StringMatch, found: Matched, *, inverted: bool, node: Mapping) -> bool:
    """A query parameter as GAL writes it for Envoy where it must not be there, or where all of its
    values count.
    """
    pattern = match.regex.pattern if match.regex is not None else ""
    parts = _ABSENT_QUERY.fullmatch(pattern)
    if parts is None:
        return False
    name = literal_of(_decoded(parts[2]))
    if name is None:
        return False
    one = ValueMatch(name, kind=MatchKind.PRESENT, invert=inverted, origin=Origin(node, {}))
    if parts[4] is not None:
        values = [literal_of(text) for text in _TEXTS.findall(_decoded(parts[4]))]
        if parts[3] is not None:  # without "=" it is empty
            values.append("")
        if None in values:
            return False
        one.kind, one.values = MatchKind.EXACT, [value for value in values if value is not None]
    one.ignore_case = parts[1] is not None
    found.query_params.append(one)
    return True


def _decoded(pattern: str) -> str:
    """An expression for a text in all the ways in which clients may encode it, as one for the text
    itself.
    """
    return _ENCODED.sub(lambda found: re.escape(unquote(found[1] or found[2])), pattern)


def _query(node: Mapping, found: Matched) -> None:
    name = node.take_str("name", "")
    string = node.take_mapping("string_match")
    value = node.take("value")
    is_regex = take_flag(node, "regex") or False
    present = take_flag(node, "present_match")
    match: StringMatch | None = None
    if string is not None:
        match = string_match(string)
    elif value is not None:
        match = _old_value(value, is_regex=is_regex)
    if match is None:
        one = ValueMatch(name, kind=MatchKind.PRESENT, invert=present is False)
    elif match.unsaid:
        node.take_all()
        found.unsaid.append(f"the query parameter {name}, by an extension")
        return
    else:
        one = match.of(name)
        if one.kind is not MatchKind.REGEX:
            one.values = [unquote(text) if "%" in text else text for text in one.values]
    one.origin = Origin(node, {})
    found.query_params.append(one)


def _old_value(value: Node, *, is_regex: bool) -> StringMatch:
    text = value.as_str()
    if is_regex:
        return StringMatch(MatchKind.REGEX, regex=Regex(text))
    return StringMatch(MatchKind.EXACT, text)


def _filter_state(node: Mapping, found: Matched) -> None:
    """What GAL itself has kept of a connection; anything else only Envoy can compare."""
    key = node.take_str("key", "")
    string = node.peek("string_match")
    node.take_all()
    regex = string.peek("safe_regex") if isinstance(string, Mapping) else None
    pattern = regex.peek("regex") if isinstance(regex, Mapping) else None
    text = pattern.as_str() if pattern is not None else None
    if text is not None and key == "gal.server_name":
        names = server_names_of(text)
        if names is not None:
            found.server_names = names
            return
    if text is not None and key == "gal.source":
        sources = sources_of(text)
        if sources is not None:
            found.sources = sources
            return
    found.unsaid.append(f"what filters have kept of the connection ({key})")
