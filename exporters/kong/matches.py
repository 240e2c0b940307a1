"""What else a route asks of a request: hosts, methods, headers, addresses
(https://developer.konghq.com/gateway/entities/route/).
"""

from __future__ import annotations

import re

from gal.exporters.kong.build import NO_HEADER, Build, Json, is_header
from gal.exporters.kong.listeners import is_bound
from gal.exporters.kong.regex import UntranslatableError, escaped, search
from gal.model import AddressMatch, Anchor, MatchKind, Route, ValueMatch

_ESCAPE = "~*"
"""What stands before an expression for a header."""


def write_matches(route: Route, methods: list[str], entity: Json, build: Build) -> str | None:
    """Put the kinds of match besides paths into a route. Returns why the route has to refuse
    everybody, where Kong would take requests that the route does not.

    Args:
        route: the route.
        methods: those that it asks for in Kong.
        entity: the route of the file.
        build: the file.
    """
    if methods:
        entity["methods"] = list(methods)
    hosts = list(route.hosts)
    if hosts and "*" not in hosts:
        entity["hosts"] = hosts
    headers: Json = {}
    reason = None
    for match in route.headers:
        try:
            values = header_values(match)
        except UntranslatableError as error:
            reason = _closed(build, route, match, "headers", str(error))
            continue
        name = next((one for one in headers if one.lower() == match.name.lower()), None)
        if name is not None:
            reason = _closed(build, route, match, "headers", "Kong asks for a header once")
            continue
        headers[match.name] = values
        if not match.ignore_case and match.kind is not MatchKind.PRESENT:
            message = "Kong compares headers without case"
            build.report.approximated(match, "headers", message)
    if headers:
        entity["headers"] = headers
    for query in route.query_params:
        message = "Kong's default router does not look at query parameters"
        reason = _closed(build, route, query, "query_params", message)
    if route.server_names:
        entity["snis"] = list(route.server_names)
    return _addresses(route, entity, build) or reason


def _addresses(route: Route, entity: Json, build: Build) -> str | None:
    reason = None
    for key, matches in (("sources", route.sources), ("destinations", route.destinations)):
        if not matches:
            continue
        if key == "destinations" and is_bound(route) and not build.native:
            continue  # it is reached on the ports that are Kong's
        if build.native:
            entity[key] = [_address(match) for match in matches]
            continue
        message = "Kong's default router does not look at addresses"
        reason = _closed(build, route, matches[0], key, message)
        for match in matches:
            build.context.claims.claim(match)
    return reason


def _address(match: AddressMatch) -> Json:
    found: Json = {}
    if match.ip is not None:
        found["ip"] = match.ip
    if match.port is not None:
        found["port"] = match.port
    return found


def _closed(
    build: Build, route: Route, match: ValueMatch | AddressMatch, feature: str, reason: str
) -> str | None:
    del route
    build.context.claims.claim(match)
    return build.refuse(match, feature, f"{reason}, so the route would take other requests, too")


def header_values(match: ValueMatch) -> list[str]:
    """What a route of Kong asks of a header.

    Raises:
        UntranslatableError: Kong cannot ask for it.
    """
    if not is_header(match.name):
        raise UntranslatableError(f'"{match.name}": {NO_HEADER}')
    if match.name.lower() == "host":
        raise UntranslatableError("Kong asks for hosts by whole names and wildcards only")
    if match.invert:
        raise UntranslatableError("Kong's default router knows no header that must not be there")
    kind = match.kind
    if kind is MatchKind.PRESENT:
        return ["~*.*"]
    if not (match.regexes if kind is MatchKind.REGEX else match.values):
        raise UntranslatableError("no value of the header is given")
    if kind is MatchKind.EXACT:
        return [_exact(value) for value in match.values]
    if kind is MatchKind.REGEX:
        return [
            _literal(regex.pattern, regex.anchor) or f"~*{search(regex)}" for regex in match.regexes
        ]
    texts = [escaped(value) for value in match.values]
    if kind is MatchKind.PREFIX:
        return [f"~*^{text}" for text in texts]
    return [f"~*{text}$" if kind is MatchKind.SUFFIX else f"~*{text}" for text in texts]


def is_asked(match: ValueMatch) -> bool:
    """Whether a route of Kong can ask for a header."""
    try:
        header_values(match)
    except UntranslatableError:
        return False
    return True


def _exact(value: str) -> str:
    """A whole value; Kong takes no empty text, and takes some texts for expressions."""
    return value if value and not value.startswith(_ESCAPE) else f"~*^{escaped(value)}$"


def _literal(pattern: str, anchor: Anchor) -> str | None:
    """The plain text that a whole expression stands for, if it is one."""
    if anchor is not Anchor.FULL:
        return None
    text = re.sub(r"\\([^A-Za-z0-9])", r"\1", pattern)
    return text if re.escape(text) == pattern and not text.startswith("~*") else None
