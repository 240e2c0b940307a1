"""Which requests a route takes, as rules of Traefik's routers.

Traefik compares paths decoded, but for reserved characters, and with `//` and `..` resolved; hosts
in lower case and without their port.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/router/rules-and-priority/
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from gal.claims import unwrap
from gal.exporters.traefik.build import alternation, conjunction
from gal.exporters.traefik.regex import UntranslatableError, escaped, searched
from gal.model import AddressMatch, MatchKind, PathKind, PathMatch, Route, ValueMatch
from gal.reading import is_placeholder
from gal.underscores import underscored

_PORT = re.compile(r":\d+$")


def call(name: str, *values: str) -> str:
    """A matcher with its values, quoted as Go does."""
    return f"{name}({', '.join(map(_quoted, values))})"


def _quoted(value: str) -> str:
    if "`" not in value and "\r" not in value:
        return f"`{value}`"
    text = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + text.replace("\n", "\\n").replace("\r", "\\r") + '"'


def route_rule(route: Route, underscores: bool = False) -> str:
    """What a route asks of a request besides its host, server name and path; empty where it asks
    for nothing.

    Args:
        route: the route.
        underscores: headers that it asks for are also found with `_` for `-` in their names.

    Raises:
        UntranslatableError: Traefik cannot ask it; the text says what and why.
    """
    return conjunction(
        alternation(call("Method", method) for method in route.methods),
        *(header(one, underscores) for one in route.headers),
        *map(_query, route.query_params),
        alternation(map(_source, route.sources)),
    )


def widest_rule(route: Route) -> str:
    """What of a route's matches Traefik can ask, for a router that refuses all who fit it."""
    parts: list[str] = []
    asked: list[Callable[[], str]] = [
        lambda: host_rule(route.hosts),
        lambda: alternation(call("Method", method) for method in route.methods),
        lambda: alternation(map(_source, route.sources)),
        lambda: alternation(map(path_rule, route.paths)),
    ]
    asked += [partial(header, match) for match in route.headers]
    asked += [partial(_query, match) for match in route.query_params]
    for ask in asked:
        with contextlib.suppress(UntranslatableError):
            parts.append(ask())
    return conjunction(*parts)


def path_rule(path: PathMatch) -> str:
    """What a path of a route asks for.

    Raises:
        UntranslatableError: the expression is none for Go.
    """
    if path.path_regex is not None:
        return call("PathRegexp", searched(path.path_regex))
    text = path.text
    if path.kind is PathKind.EXACT:
        return call("Path", text)
    if path.kind is PathKind.PREFIX:
        return call("PathPrefix", text)
    bare = text.rstrip("/")
    if not bare:
        return call("PathPrefix", "/")
    return alternation([call("Path", bare), call("PathPrefix", f"{bare}/")])


def without_port(host: str) -> str:
    """A host of a route in lower case, without its port."""
    name = host.strip().lower()
    if _PORT.search(name) and (name.count(":") == 1 or name.startswith("[")):
        name = _PORT.sub("", name)
    return name


def host_port(host: str) -> int | None:
    """The port that a host of a route asks for, if it does."""
    found = _PORT.search(host.strip())
    if found is None or is_placeholder(host) or without_port(host) == host.strip().lower():
        return None
    return int(found[0][1:])


def host_rule(hosts: Iterable[str]) -> str:
    """A rule for hosts without their ports.

    Raises:
        UntranslatableError: one has a wildcard in another place than an end.
    """
    return alternation(map(_host, hosts))


def _host(host: str) -> str:
    if is_placeholder(host):
        return call("Host", host)
    name = without_port(host)
    if not name.isascii():
        raise UntranslatableError(f'"{host}" has letters that are not ASCII')
    if name in ("*", ""):
        return call("HostRegexp", "^.*$")
    if "*" not in name:
        return call("Host", name)
    if name.count("*") == 1 and name.startswith("*."):
        return call("HostRegexp", f"^.+{escaped(name[1:])}$")
    if name.count("*") == 1 and name.endswith(".*"):
        return call("HostRegexp", f"^{escaped(name[:-1])}.+$")
    raise UntranslatableError(f'"{host}" is no host with one wildcard at an end')


def server_rule(names: Iterable[str]) -> str:
    """A rule for server names of TLS, by what nearly every client sends alike: the host.

    Raises:
        UntranslatableError: one has a wildcard in another place than an end.
    """
    return alternation(_host(name.rstrip(".")) for name in names)


def _source(address: AddressMatch) -> str:
    if address.port is not None or address.ip is None:
        raise UntranslatableError("Traefik does not look at the client's port")
    return client_ip(address.ip)


def client_ip(address: str) -> str:
    """A rule for clients of an address or a range.

    Raises:
        UntranslatableError: it is neither.
    """
    return call("ClientIP", network(address))


def is_mapped(address: str) -> bool:
    """Whether it is an IPv4 address in IPv6's words (`::ffff:a.b.c.d`). Traefik takes it for the
    IPv4 address; other gateways never see a client with it.
    """
    return address.lower().startswith("::ffff:")


def network(address: str) -> str:
    """An address or range, checked: one bad range makes Traefik refuse all of them.

    Raises:
        UntranslatableError: it is neither.
    """
    if is_placeholder(address):
        return address
    try:
        found = ipaddress.ip_network(address, strict=False)
    except ValueError:
        raise UntranslatableError(f'"{address}" is no address and no range') from None
    return str(found) if "/" in address else str(found.network_address)


def header(match: ValueMatch, underscores: bool = False) -> str:
    """A rule for a header that a request must have; with `underscores` in either spelling.

    Raises:
        UntranslatableError: an expression is none for Go.
    """
    if match.name.lower() == "host":
        return _negated(match, _host_header(match))
    rule = _value(match, "Header")
    if underscores and "-" in match.name and not match.invert:
        other = _value(replace(unwrap(match), name=underscored(match.name)), "Header")
        rule = alternation([rule, other])
    return _negated(match, rule)


def _host_header(match: ValueMatch) -> str:
    """Traefik keeps `Host` apart from the other headers."""
    if match.kind is MatchKind.EXACT:
        return alternation(call("Host", without_port(value)) for value in match.values)
    return alternation(call("HostRegexp", text) for text in _expressions(match))


def _query(match: ValueMatch) -> str:
    return _negated(match, _value(match, "Query"))


def _value(match: ValueMatch, matcher: str) -> str:
    """Traefik leaves out a router whose rule has an empty value: expressions ask for it."""
    if match.kind is MatchKind.EXACT and not match.ignore_case and all(match.values):
        return alternation(call(matcher, match.name, value) for value in match.values)
    texts = (text or "^" for text in _expressions(match))
    return alternation(call(f"{matcher}Regexp", match.name, text) for text in texts)


def _negated(match: ValueMatch, rule: str) -> str:
    """The rule or its opposite. One without values fits no request."""
    if not rule and not match.invert:
        raise UntranslatableError(f'"{match.name}" is asked for without a value')
    return f"!({rule})" if match.invert and rule else rule


def _expressions(match: ValueMatch) -> Sequence[str]:
    """Expressions that are searched in a value."""
    flags = "(?i)" if match.ignore_case else ""
    if match.kind is MatchKind.PRESENT:
        return ["^"]
    if match.kind is MatchKind.REGEX:
        return [flags + searched(regex) for regex in match.regexes]
    before = "^" if match.kind in (MatchKind.EXACT, MatchKind.PREFIX) else ""
    after = "$" if match.kind in (MatchKind.EXACT, MatchKind.SUFFIX) else ""
    return [flags + before + escaped(value) + after for value in match.values]
