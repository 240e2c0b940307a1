"""Routes (https://developer.konghq.com/gateway/entities/route/)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gal.importers.kong.fields import take_choice, take_idle, take_required, take_tags
from gal.importers.kong.paths import read_path
from gal.importers.kong.services import STREAM, read_name
from gal.ledger import Fate, Level
from gal.model import (
    AddressMatch,
    Anchor,
    Dialect,
    HostHeader,
    HostMode,
    HttpsRedirect,
    MatchKind,
    Origin,
    Policies,
    Regex,
    Rewrite,
    Route,
    ValueMatch,
)
from gal.reading import Mapping, Node, is_placeholder

if TYPE_CHECKING:
    from gal.importers.kong.references import Entity, File
    from gal.ledger import Reporter

_GROUPS = (
    frozenset({"http", "https"}),
    frozenset({"grpc", "grpcs"}),
    frozenset({"tcp", "tls", "udp"}),
    frozenset({"tls_passthrough"}),
    frozenset({"ws", "wss"}),
)
_PROTOCOLS = ("grpc", "grpcs", "http", "https", *STREAM)
_REDIRECTS = ("426", "301", "302", "307", "308")
_NAMES = {
    "schemes": "protocols",
    "server_names": "snis",
    "priority": "regex_priority",
    "rewrite": "strip_path",
    "host_header": "preserve_host",
    "https_redirect": "https_redirect_status_code",
}
_REWRITE_NAMES = {"strip_prefix": "strip_path", "plain_join": "path_handling"}
_MODE_NAMES = {"mode": "preserve_host"}
_REDIRECT_NAMES = {"status_code": "https_redirect_status_code"}
_METHOD = re.compile(r"[A-Z]+")
_HOST = re.compile(r"(\*\.)?[\w.\-\[\]:]+|[\w.\-]+\.\*", re.ASCII)
_REGEX_MARK = "~*"
_KEPT_UPPER = re.compile(r"\\[A-Z]")


def is_carried(entity: Entity) -> str | None:
    """Why a route cannot be a route of the model, if it cannot. Marks nothing."""
    node = entity.node
    protocols = node.peek("protocols")
    words = protocols.plain() if protocols is not None else []
    if isinstance(words, list) and any(word in STREAM for word in words):
        return "a stream route takes connections, not HTTP requests"
    if node.peek("expression") is not None:
        return "what this expression matches is only known to Kong; no other route stands in for it"
    return None


def distinct_names(file: File) -> dict[str, str]:
    """New names, by key, for routes whose name another one of the same file has."""
    taken = set(file.names.get("routes", {}))
    renamed: dict[str, str] = {}
    for entity in file.of("routes"):
        name = entity.name
        if name is None or file.names["routes"][name] is entity:
            continue
        number = 2
        while f"{name}-{number}" in taken:
            number += 1
        renamed[entity.key] = f"{name}-{number}"
        taken.add(renamed[entity.key])
    return renamed


def read_route(file: File, entity: Entity, renamed: dict[str, str]) -> Route:
    """One route, without its service and plugins.

    Raises:
        InputError: Kong would refuse it.
    """
    node, report = entity.node, file.report
    take_idle(node, report)
    for key in ("strip_path", "preserve_host", "request_buffering", "response_buffering"):
        take_required(node, key)
    node.mark("expression")  # null, or the route would be carried
    priority = node.peek("priority")
    if priority is None or priority.plain() == 0:
        node.mark("priority")  # says nothing without an expression
    protocols = _protocols(node)
    route = Route(
        read_name(node),
        paths=[read_path(item, old=entity.old) for item in node.take_sequence("paths")],
        methods=_methods(node),
        hosts=[_host(item) for item in node.take_sequence("hosts")],
        headers=_headers(node, file, entity.old),
        server_names=node.take_strings("snis") or [],
        sources=_addresses(node, "sources"),
        destinations=_addresses(node, "destinations"),
        priority=node.take_int("regex_priority", 0),
        tags=take_tags(node),
        id=node.take_str("id") or entity.id,
        policies=Policies(origin=Origin(node, {})),
        origin=Origin(node, _NAMES),
    )
    if entity.key in renamed:
        route.id = None
        route.name = renamed[entity.key]
        message = f'Kong refuses a second route of this name; it is read as "{route.name}"'
        report.at(node.entries["name"], Fate.APPROXIMATED, Level.WARNING, "name", message)
    _check_match(node, route, protocols)
    extensions: dict[str, Any] = {}
    _read_protocols(node, route, protocols, extensions, file)
    _read_forwarding(node, route, protocols, extensions, file, entity.old)
    _warn_of_alternatives(node, route, report)
    if extensions:
        route.extensions["kong"] = extensions
    return route


def _warn_of_alternatives(node: Mapping, route: Route, report: Reporter) -> None:
    """Kong anchors only the first of several alternatives at the start of the path. What it strips
    is as long as what fits, but from the start.
    """
    if route.rewrite is None or not route.rewrite.strip_prefix:
        return
    for item, path in zip(node.take_sequence("paths"), route.paths, strict=True):
        if path.path_regex is not None and path.path_regex.anchor is Anchor.SEARCH:
            message = "where an alternative fits in the middle of the path, Kong strips the start"
            report.at(item, Fate.APPROXIMATED, Level.WARNING, "paths", message)


def _protocols(node: Mapping) -> list[str]:
    take_required(node, "protocols")
    if not node.has("protocols"):
        return ["http", "https"]
    protocols = []
    for item in node.take_sequence("protocols"):
        word = item.as_str()
        if word not in _PROTOCOLS:
            raise item.error(f'"{word}" is no protocol', f"there are: {', '.join(_PROTOCOLS)}")
        protocols.append(word)
    if not any(set(protocols) <= group for group in _GROUPS) or not protocols:
        raise node.entries["protocols"].error(
            f"the protocols {', '.join(protocols) or '(none)'} do not go together",
            "http goes with https, grpc with grpcs, tcp with tls and udp",
        )
    return protocols


def _methods(node: Mapping) -> list[str]:
    methods = []
    for item in node.take_sequence("methods"):
        method = item.as_str()
        if not _METHOD.fullmatch(method) and not is_placeholder(method):
            raise item.error(f'the method "{method}" must be upper case')
        methods.append(method)
    return methods


def _host(item: Node) -> str:
    host = item.as_str()
    if not _HOST.fullmatch(host) and not is_placeholder(host):
        raise item.error(
            f'"{host}" is no host to match', "one * may stand for the first or the last label"
        )
    return host


def _headers(node: Mapping, file: File, old: bool) -> list[ValueMatch]:
    headers = node.take_mapping("headers")
    if headers is None:
        return []
    matches = []
    for name in headers:
        if name.lower() == "host":
            raise headers.entries[name].error('a route matches Host by "hosts", not by "headers"')
        below = headers.take_sequence(name)
        values = [item.as_str() for item in below]
        match = ValueMatch(name, ignore_case=True, origin=Origin(headers.entries[name], {}))
        if any(value.startswith(_REGEX_MARK) for value in values):
            match.kind = MatchKind.REGEX
            match.regexes = [_header_regex(value, old) for value in values]
            _warn_of_case(values, match, file)
        else:
            match.values = values
        _warn_of_name(match, file)
        matches.append(match)
    return matches


def _header_regex(value: str, old: bool) -> Regex:
    """Kong lower-cases value and expression alike, and searches."""
    dialect = Dialect.PCRE if old else Dialect.RUST
    if value.startswith(_REGEX_MARK):
        return Regex(value[2:].lower(), dialect, Anchor.SEARCH)
    return Regex(re.escape(value.lower()), dialect, Anchor.FULL)


def _warn_of_name(match: ValueMatch, file: File) -> None:
    if "_" in match.name:
        message = "Kong takes a request header with hyphens for underscores, too"
        file.report.about(match, Fate.APPROXIMATED, Level.WARNING, "headers", message)


def _warn_of_case(values: list[str], match: ValueMatch, file: File) -> None:
    if any(_KEPT_UPPER.search(value) for value in values if value.startswith(_REGEX_MARK)):
        message = r"Kong lower-cases the expression as a whole, so \S in it means \s"
        file.report.about(match, Fate.EXACT, Level.WARNING, "headers", message)


def _addresses(node: Mapping, key: str) -> list[AddressMatch]:
    found = []
    for item in node.take_mappings(key):
        match = AddressMatch(item.take_str("ip"), item.take_int("port"), origin=Origin(item, {}))
        if match.ip is None and match.port is None:
            raise item.error('an address needs "ip" or "port"')
        found.append(match)
    return found


def _check_match(node: Mapping, route: Route, protocols: list[str]) -> None:
    secure = "https" in protocols or "grpcs" in protocols
    if route.server_names and not secure:
        raise node.entries["snis"].error('"snis" needs https or grpcs among the protocols')
    grpc = protocols[0] in _GROUPS[1]
    if grpc and route.methods:
        raise node.entries["methods"].error('a gRPC route must not have "methods"')
    wanted = ["hosts", "headers", "paths", *([] if grpc else ["methods"])]
    wanted += ["snis"] if secure else []
    given = (route.hosts, route.headers, route.paths, route.methods, route.server_names)
    if not any(given) and not (route.sources or route.destinations):
        raise node.error(f"a route needs one of {', '.join(wanted)}")


def _read_protocols(
    node: Mapping, route: Route, protocols: list[str], extensions: dict[str, Any], file: File
) -> None:
    """Kong does not choose routes by protocol: it only turns plain requests away from a route
    that has no plain protocol.
    """
    take_required(node, "https_redirect_status_code")
    status = int(take_choice(node, "https_redirect_status_code", _REDIRECTS, "426"))
    given = set(protocols)
    if given == {"https"}:
        route.schemes = ["https"]
        origin = Origin(node, _REDIRECT_NAMES)
        route.https_redirect = HttpsRedirect(status, origin=origin)
        return
    if given == {"http"}:
        extensions["protocols"] = ["http"]
    elif given == {"grpcs"}:
        route.schemes = ["grpcs"]
    elif "grpc" in given:
        route.schemes = ["grpc", "grpcs"]
        if given == {"grpc"}:
            extensions["protocols"] = ["grpc"]
    if status != 426:
        extensions["https_redirect_status_code"] = status
        file.report.at(
            node.entries["https_redirect_status_code"],
            Fate.CARRIED,
            Level.INFO,
            "https_redirect",
            "no effect on a route that takes plain requests, too",
        )


def _read_forwarding(
    node: Mapping,
    route: Route,
    protocols: list[str],
    extensions: dict[str, Any],
    file: File,
    old: bool,
) -> None:
    grpc = protocols[0] in _GROUPS[1]
    strip = node.take_bool("strip_path", not grpc)
    if strip and grpc:
        raise node.entries["strip_path"].error('a gRPC route must not have "strip_path"')
    joined = take_choice(node, "path_handling", ("v0", "v1"), "v0") == "v1"
    if joined and not old:
        joined = False
        extensions["path_handling"] = "v1"
        message = "Kong's default router since 3.0 takes v1 for v0, and so does this conversion"
        place = node.entries["path_handling"]
        file.report.at(place, Fate.CARRIED, Level.WARNING, "rewrite", message)
    if not strip and grpc is False and not route.paths:
        extensions["strip_path"] = False
    if (strip and route.paths) or joined:
        route.rewrite = Rewrite(
            strip_prefix=bool(strip and route.paths),
            plain_join=joined,
            origin=Origin(node, _REWRITE_NAMES),
        )
    if node.take_bool("preserve_host", False):
        route.host_header = HostHeader(HostMode.PASS, origin=Origin(node, _MODE_NAMES))
    if not node.take_bool("request_buffering", True):
        route.request_buffering = False
    if not node.take_bool("response_buffering", True):
        route.response_buffering = False
