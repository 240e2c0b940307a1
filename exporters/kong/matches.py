"""What else a route asks of a request: hosts, methods, headers, addresses
(https://developer.konghq.com/gateway/entities/route/).
"""

from __future__ import annotations

import re

from gal.exporters.kong.build import NO_HEADER, Build, Json, is_header
from gal.exporters.kong.listeners import is_bound
from gal.exporters.kong.regex import UntranslatableError, escaped, search
from gal.model import AddressMatch, Anchor, MatchKind, Route, ValueMatch

_STANDARD_METHODS = re.compile(r"[A-Z]+")


def write_matches(route: Route, entity: Json, build: Build) -> str | None:
    """Put the kinds of match besides paths into a route. Returns why the route has to refuse
    everybody, where Kong would take requests that the route does not.
    """
    if route.methods:
        entity["methods"] = list(route.methods)
        if any(not _STANDARD_METHODS.fullmatch(method.upper()) for method in route.methods):
            build.report.approximated(route, "methods", "Kong takes letters only", "methods")
    hosts = list(route.hosts)
    if hosts and "*" not in hosts:
        entity["hosts"] = hosts
    headers: Json = {}
    reason = None
    for match in route.headers:
        try:
            values = _header(match, build)
        except UntranslatableError as error:
            reason = _closed(build, route, match, "headers", str(error))
            continue
        name = next((one for one in headers if one.lower() == match.name.lower()), None)
        if name is not None:
            reason = _closed(build, route, match, "headers", "Kong asks for a header once")
            continue
        headers[match.name] = values
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


def _header(match: ValueMatch, build: Build) -> list[str]:
    if not is_header(match.name):
        raise UntranslatableError(f'"{match.name}": {NO_HEADER}')
    if match.invert:
        raise UntranslatableError("Kong's default router knows no header that must not be there")
    kind = match.kind
    if not match.ignore_case and kind is not MatchKind.PRESENT:
        message = "Kong compares headers without case"
        build.report.approximated(match, "headers", message)
    if kind is MatchKind.PRESENT:
        return ["~*.*"]
    if not (match.regexes if kind is MatchKind.REGEX else match.values):
        raise UntranslatableError("no value of the header is given")
    if kind is MatchKind.EXACT:
        return list(match.values)
    if kind is MatchKind.REGEX:
        return [
            _literal(regex.pattern, regex.anchor) or f"~*{search(regex)}" for regex in match.regexes
        ]
    texts = [escaped(value) for value in match.values]
    if kind is MatchKind.PREFIX:
        return [f"~*^{text}" for text in texts]
    return [f"~*{text}$" if kind is MatchKind.SUFFIX else f"~*{text}" for text in texts]


def _literal(pattern: str, anchor: Anchor) -> str | None:
    """The plain text that a whole expression stands for, if it is one."""
    if anchor is not Anchor.FULL:
        return None
    text = re.sub(r"\\([^A-Za-z0-9])", r"\1", pattern)
    return text if re.escape(text) == pattern and not text.startswith("~*") else None
