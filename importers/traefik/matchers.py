"""Matchers of rules, each as what it asks of a request.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/rules-and-priority/#rules
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from gal.go_expressions import refused
from gal.importers.traefik.host_letters import without_capitals
from gal.model import Anchor, Dialect, MatchKind, PathMatch, Regex, ValueMatch
from gal.reading import is_placeholder

_TEMPLATE = re.compile(r"\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)?(?P<colon>:)?")
_WILDCARD_REGEX = re.compile(r"\^?(?:\.\+|\[\^\.\]\+|\[a-zA-Z0-9-\]\+)((?:\\\.[A-Za-z0-9_-]+)+)\$")
_FLAG = re.compile(r"^(?:\(\?i\))+")
"""Hosts are compared without case anyway."""

_PORT = r"(?::\d+)?"
_ANY_VALUE = frozenset(("^", "$", ".*", "^.*", ".*$", "^.*$"))
_ANY_HOST = frozenset(("", ".*", ".+", "^.*", "^.+", "^.*$", "^.+$", ".*$", ".+$"))


class ExpressionError(ValueError):
    """An expression that Go refuses."""


@dataclass(frozen=True, slots=True)
class Host:
    """A host that is asked for.

    Attributes:
        pattern: an exact name, or one with a wildcard; unset where only the expression says it.
        regex: the same as an expression on the host without its port, in lower case.
    """

    pattern: str | None
    regex: Regex


Value = Host | PathMatch | ValueMatch | str


@dataclass(frozen=True, slots=True)
class Literal:
    """One matcher with one value.

    Attributes:
        family: `host`, `path`, `method`, `header`, `query` or `client`.
        value: what it asks for; methods and addresses are texts.
        negated: it must not fit.
    """

    family: str
    value: Value
    negated: bool = False

    def negated_one(self) -> Literal:
        """The opposite."""
        return replace(self, negated=not self.negated)


Asked = list[Literal]
"""What one value, or one pair of values, asks for: any of these has to fit."""


def matcher_v3(name: str, values: list[str]) -> list[Asked]:
    """A matcher of syntax `v3`; names are as they are, or all in one case.

    Raises:
        ValueError: Traefik would refuse it.
    """
    found = _named(name, _V3)
    if found is None:
        raise ValueError(f"there is no matcher {name}")
    known, counts, read = found
    if len(values) not in counts:
        raise ValueError(f"{known} takes {_told(counts)} value(s), not {len(values)}")
    return [[read(values)]]


def matcher_v2(name: str, values: list[str]) -> list[Asked]:
    """A matcher of syntax `v2`: one of several values has to fit, but every header and every query
    parameter.

    Raises:
        ValueError: Traefik would refuse it.
    """
    found = _named(name, _V2)
    if found is None:
        raise ValueError(f"there is no matcher {name}")
    known, counts, read = found
    if counts == _ONE:
        return [[read([value]) for value in values]]
    if known == "Query":
        values = [part for value in values for part in value.split("=", 1)]
    if len(values) % 2:
        raise ValueError(f"{known} takes names with a value each")
    return [[read(values[at : at + 2])] for at in range(0, len(values), 2)]


def _told(counts: tuple[int, ...]) -> str:
    return " or ".join(map(str, counts))


Reader = Callable[[list[str]], Literal]
_Table = dict[str, tuple[tuple[int, ...], Reader]]
_ONE, _PAIRS = (1,), (2,)


def _named(name: str, table: _Table) -> tuple[str, tuple[int, ...], Reader] | None:
    for known, (counts, read) in table.items():
        if name in (known, known.lower(), known.upper(), known.capitalize()):
            return known, counts, read
    return None


# -- hosts


def _host(values: list[str]) -> Literal:
    """`Host`: a name, `*`, or `*.` for one label before a domain."""
    name = _lower(values[0])
    if name == "*":
        return Literal("host", Host("*", _host_regex(r"[\s\S]*")))
    _ascii(name)
    bare = name.removesuffix(".")
    if bare.startswith("*."):
        return Literal("host", Host(None, _host_regex(rf"[^.]*{escaped(bare[1:])}\.?")))
    return _exact_host(bare)


def _exact_host(name: str) -> Literal:
    """A star in it stands for nothing but itself, and no client sends one. A full stop may follow
    in the request.
    """
    regex = _host_regex(rf"{escaped(name)}\.?")
    return Literal("host", Host(None if "*" in name else name, regex))


def _lower(text: str) -> str:
    return text if is_placeholder(text) else text.lower()


def _ascii(text: str) -> None:
    if not text.isascii():
        raise ValueError(f'the host "{text}" has letters that are not ASCII')


def escaped(text: str) -> str:
    """Go's expression for exactly this text."""
    return text if is_placeholder(text) else re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text)


def _host_regex(pattern: str) -> Regex:
    """An expression for a whole host. Elsewhere the header is compared with the port in it."""
    return Regex(f"{pattern}{_PORT}", Dialect.GO, Anchor.FULL)


def _host_regexp(values: list[str]) -> Literal:
    """`HostRegexp`: searched in the host."""
    _ascii(values[0])
    _check(values[0])
    text = without_capitals(values[0])
    regex = Regex(_before_port(_FLAG.sub("", text)), Dialect.GO, Anchor.SEARCH)
    if text in _ANY_HOST:
        return Literal("host", Host("*", regex))
    wildcard = _WILDCARD_REGEX.fullmatch(text)
    if wildcard and text.startswith(("^.+", ".+")):
        return Literal("host", Host(f"*{wildcard[1]}".replace("\\", ""), regex))
    return Literal("host", Host(None, regex))


def _before_port(pattern: str) -> str:
    """An expression whose end is that of the host, though a port may follow."""
    if _PORT in pattern:
        return pattern
    if pattern.endswith("$") and not pattern.endswith("\\$") and "|" not in pattern:
        return f"{pattern[:-1]}{_PORT}$"
    return pattern


def _host_v2(values: list[str]) -> Literal:
    name = _lower(values[0])
    _ascii(name)
    return _exact_host(name.removesuffix("."))


def _host_template(values: list[str]) -> Literal:
    """`HostRegexp` of v2: literal text with `{name:expression}` in it."""
    pattern = _from_template(values[0], "[^.]+")
    wildcard = re.fullmatch(r"\(\?:(?:\.\+|\.\*|\[\^\.\]\+)\)((?:\\\.[A-Za-z0-9_-]+)+)", pattern)
    name = f"*{wildcard[1]}".replace("\\", "") if wildcard and "[^.]" not in pattern else None
    return Literal("host", Host(name, _host_regex(f"(?:{pattern})")))


# -- paths


def _path(values: list[str]) -> Literal:
    _rooted(values[0])
    return Literal("path", PathMatch(path=values[0]))


def _path_prefix(values: list[str]) -> Literal:
    _rooted(values[0])
    return Literal("path", PathMatch(path_prefix=values[0]))


def _path_regexp(values: list[str]) -> Literal:
    _check(values[0])
    return Literal("path", PathMatch(path_regex=Regex(values[0], Dialect.GO, Anchor.SEARCH)))


def _path_v2(values: list[str]) -> Literal:
    _rooted(values[0])
    if _is_plain(values[0]):
        return Literal("path", PathMatch(path=values[0]))
    pattern = _from_template(values[0], "[^/]+")
    return Literal("path", PathMatch(path_regex=Regex(pattern, Dialect.GO, Anchor.FULL)))


def _path_prefix_v2(values: list[str]) -> Literal:
    _rooted(values[0])
    if _is_plain(values[0]):
        return Literal("path", PathMatch(path_prefix=values[0]))
    pattern = _from_template(values[0], "[^/]+")
    return Literal("path", PathMatch(path_regex=Regex(pattern, Dialect.GO, Anchor.START)))


def _rooted(path: str) -> None:
    if not path.startswith("/") and not is_placeholder(path):
        raise ValueError(f'the path "{path}" does not start with a slash')


def has_template(text: str) -> bool:
    """Whether a text holds `{name}` or `{name:expression}`, as syntax `v2` has it."""
    return any(found["name"] for found in _TEMPLATE.finditer(text)) and not is_placeholder(text)


def _is_plain(text: str) -> bool:
    return ("{" not in text and "}" not in text) or is_placeholder(text)


def _from_template(text: str, default: str) -> str:
    """The expression of a text with `{name:expression}` in it (gorilla/mux, `newRouteRegexp`)."""
    pattern, at = "", 0
    while at < len(text):
        if text[at] == "}":
            raise ValueError(f'the braces of "{text}" are not closed')
        if text[at] != "{":
            pattern += escaped(text[at])
            at += 1
            continue
        end = _end_of_braces(text, at)
        name, colon, expression = text[at + 1 : end].partition(":")
        pattern += f"(?:{expression})" if colon else f"(?:{default})"
        if not name or (colon and not expression):
            raise ValueError(f'"{text}" has braces without a name or an expression')
        at = end + 1
    _check(pattern)
    return pattern


def _end_of_braces(text: str, start: int) -> int:
    depth = 0
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return place
    raise ValueError(f'the braces of "{text}" are not closed')


def _check(pattern: str) -> None:
    """Refuse what Go refuses."""
    reason = None if is_placeholder(pattern) else refused(pattern)
    if reason is not None:
        raise ExpressionError(f'the expression "{pattern}" cannot be read: {reason}')


# -- the rest


def _method(values: list[str]) -> Literal:
    return Literal("method", values[0].upper())


def _header(values: list[str]) -> Literal:
    return Literal("header", ValueMatch(values[0], [values[1]]))


def _header_regexp(values: list[str]) -> Literal:
    return Literal("header", _expression(values))


def _query(values: list[str]) -> Literal:
    """`Query`: with only a name, the value is empty."""
    return Literal("query", ValueMatch(values[0], [values[1] if len(values) > 1 else ""]))


def _query_regexp(values: list[str]) -> Literal:
    return Literal("query", _expression(values)) if len(values) > 1 else _query(values)


def _query_v2(values: list[str]) -> Literal:
    """`Query("name=value")`; without a value any does."""
    name, value = values
    if not value:
        return Literal("query", ValueMatch(name, kind=MatchKind.PRESENT))
    if not _is_plain(value):
        regex = Regex(_from_template(value, ".*"), Dialect.GO, Anchor.FULL)
        return Literal("query", ValueMatch(name, kind=MatchKind.REGEX, regexes=[regex]))
    return Literal("query", ValueMatch(name, [value]))


def _expression(values: list[str]) -> ValueMatch:
    if values[1] in _ANY_VALUE:
        return ValueMatch(values[0], kind=MatchKind.PRESENT)
    _check(values[1])
    regex = Regex(values[1], Dialect.GO, Anchor.SEARCH)
    return ValueMatch(values[0], kind=MatchKind.REGEX, regexes=[regex])


def _client(values: list[str]) -> Literal:
    if not is_placeholder(values[0]):
        ipaddress.ip_network(values[0], strict=False)
    return Literal("client", values[0])


_V3: _Table = {
    "ClientIP": ((1,), _client),
    "Method": ((1,), _method),
    "Host": ((1,), _host),
    "HostRegexp": ((1,), _host_regexp),
    "Path": ((1,), _path),
    "PathRegexp": ((1,), _path_regexp),
    "PathPrefix": ((1,), _path_prefix),
    "Header": ((2,), _header),
    "HeaderRegexp": ((2,), _header_regexp),
    "Query": ((1, 2), _query),
    "QueryRegexp": ((1, 2), _query_regexp),
}
_V2: _Table = {
    "Host": (_ONE, _host_v2),
    "HostHeader": (_ONE, _host_v2),
    "HostRegexp": (_ONE, _host_template),
    "ClientIP": (_ONE, _client),
    "Path": (_ONE, _path_v2),
    "PathPrefix": (_ONE, _path_prefix_v2),
    "Method": (_ONE, _method),
    "Headers": (_PAIRS, _header),
    "HeadersRegexp": (_PAIRS, _header_regexp),
    "Query": (_PAIRS, _query_v2),
}
