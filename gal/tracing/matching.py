"""Whether a route takes a request, and if not, what stands against it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote_plus

from gal.model import (
    AddressMatch,
    MatchKind,
    ModelNode,
    PathMatch,
    Regex,
    Route,
    RouteOrder,
    ValueMatch,
)
from gal.model.route import PathKind
from gal.ranking import Candidate
from gal.tracing.paths import NORMAL, PathWay, compared_path
from gal.tracing.regexes import compiled, found_in
from gal.tracing.request import Request

_PORT = re.compile(r":(\d+)$")
_SCHEMES = {"http": ("http", "grpc"), "https": ("https", "grpcs")}
_DROPS_LAST_DOT = frozenset({RouteOrder.APISIX, RouteOrder.TRAEFIK})
_TAKES_EMPTY_LABEL = frozenset({RouteOrder.APISIX, RouteOrder.KONG})
_DECODES_QUERY = frozenset({RouteOrder.APISIX, RouteOrder.TRAEFIK})


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a route does not take a request.

    Attributes:
        node: the part of the model that stands against it.
        field: its field.
        message: the reason, in words.
    """

    node: ModelNode
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request in the forms in which a gateway compares it.

    Attributes:
        request: as the client sent it.
        path: in the gateway's normal form.
        order: whose rules hold.
    """

    request: Request
    path: str
    order: RouteOrder


def asked(request: Request, order: RouteOrder, way: PathWay = NORMAL) -> Asked:
    """The request as the gateway whose order this is compares it.

    Args:
        request: as sent.
        order: whose rules hold.
        way: how an Envoy brings paths into a normal form.
    """
    host = request.host
    if order is not RouteOrder.KONG:  # which tells names of hosts apart by their case
        host = host.lower()
    if order in _DROPS_LAST_DOT:
        host = host.removesuffix(".")
    if request.host != host:
        request = replace(request, host=host)
    return Asked(request, compared_path(request.path, order, way), order)


def mismatch(candidate: Candidate, of: Asked) -> Mismatch | None:
    """The first thing that stands against a route taking a request, None when it takes it."""
    route = candidate.route
    for field, check in _CHECKS:
        message = check(route, of)
        if message:
            return Mismatch(route, field, message)
    if candidate.paths and all(path_taken(path, of.path) is None for path in candidate.paths):
        return Mismatch(candidate.paths[0], "", _path_message(candidate.paths, of.path))
    for field, matches, values in (
        ("headers", route.headers, _header_values),
        ("query_params", route.query_params, _query_values),
    ):
        for match in matches:
            if not value_taken(match, values(of, match.name)):
                return Mismatch(match, "", _value_message(field, match, values(of, match.name)))
    return None


# -- paths


def path_taken(match: PathMatch, path: str) -> str | None:
    """The part of a path that the match stands for, None when it does not take it."""
    if match.kind is PathKind.REGEX:
        found = found_in(match.path_regex, path) if match.path_regex is not None else None
        return None if found is None else found[0]
    text = match.text
    if match.kind is PathKind.EXACT:
        return text if path == text else None
    if match.kind is PathKind.PREFIX:
        return text if path.startswith(text) else None
    whole = text.rstrip("/")
    return text if path == whole or path.startswith(f"{whole}/") else None


_PATH_WORDS = {
    PathKind.EXACT: "is not",
    PathKind.PREFIX: "does not start with",
    PathKind.SEGMENTS: "does not start with the segments",
    PathKind.REGEX: "does not match",
}


def _path_message(paths: tuple[PathMatch, ...], path: str) -> str:
    unknown = [one for one in paths if one.path_regex and compiled(one.path_regex) is None]
    if unknown:
        return f"the expression {unknown[0].text} cannot be tried here"
    said = ", ".join(f"{_PATH_WORDS[one.kind]} {one.text}" for one in paths[:3])
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return f"the path {path} {said}{more}"


# -- the rest of the request line and the connection


def host_taken(
    pattern: str, host: str, port: int | None, order: RouteOrder = RouteOrder.GAL
) -> bool:
    """Whether a host of a route takes the `Host` of a request: by its case in Kong, elsewhere the
    host stands in lower case here.
    """
    wanted = _PORT.search(pattern)
    if wanted:
        if port != int(wanted[1]):
            return False
        pattern = pattern[: wanted.start()]
    name = pattern if order is RouteOrder.KONG else pattern.lower()
    least = len(name) - 1 if order in _TAKES_EMPTY_LABEL else len(name)
    if name.startswith("*"):
        return host.endswith(name[1:]) and len(host) >= least
    if name.endswith("*"):
        return host.startswith(name[:-1]) and len(host) >= least
    return host == name


def _hosts(route: Route, of: Asked) -> str:
    request = of.request
    port = request.port if request.host_port is None else request.host_port
    if not route.hosts or any(host_taken(one, request.host, port, of.order) for one in route.hosts):
        return ""
    return f"the host {request.host} is not {_one_of(route.hosts)}"


def _methods(route: Route, of: Asked) -> str:
    method = of.request.method
    if not route.methods or method in route.methods:
        return ""
    return f"the method {method} is not {_one_of(route.methods)}"


def _schemes(route: Route, of: Asked) -> str:
    scheme = of.request.scheme
    if not route.schemes or not {*_SCHEMES[scheme]}.isdisjoint(route.schemes):
        return ""
    if route.https_redirect is not None and scheme == "http":
        return ""  # it takes the request in order to answer that
    return f"the request came by {scheme}, which is not {_one_of(route.schemes)}"


def _server_names(route: Route, of: Asked) -> str:
    name = of.request.server_name
    if not route.server_names or of.request.scheme == "http":
        return ""
    if name is not None and any(host_taken(one, name.lower(), None) for one in route.server_names):
        return ""
    return f"the TLS server name {name or 'is absent and'} is not {_one_of(route.server_names)}"


def _sources(route: Route, of: Asked) -> str:
    if not route.sources or any(address_taken(one, of.request) for one in route.sources):
        return ""
    return f"the client {of.request.client_ip} is none of the route's sources"


def address_taken(match: AddressMatch, request: Request) -> bool:
    """Whether a client's address is the one, or in the range, that a route asks for."""
    return match.ip is None or in_range(request.client_ip, match.ip)


def in_range(address: str, network: str) -> bool:
    """Whether an address is in a CIDR range, or is the one that stands there."""
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _destinations(route: Route, of: Asked) -> str:
    port = of.request.port
    ports = [one.port for one in route.destinations]
    if not ports or None in ports or port is None or port in ports:
        return ""
    return f"the port {port} is not {_one_of([str(one) for one in ports])}"


def _one_of(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    shown = ", ".join(names[:5])
    return f"one of {shown}{', ...' if len(names) > 5 else ''}"


_CHECKS: tuple[tuple[str, Callable[[Route, Asked], str]], ...] = (
    ("hosts", _hosts),
    ("server_names", _server_names),
    ("schemes", _schemes),
    ("destinations", _destinations),
    ("sources", _sources),
    ("methods", _methods),
)


# -- headers and query parameters


def value_taken(match: ValueMatch, values: list[str]) -> bool:
    """Whether the values of a header or parameter are what a route asks for."""
    return any(_tests(match, value) for value in values) is not match.invert


def _tests(match: ValueMatch, value: str) -> bool:
    if match.kind is MatchKind.PRESENT:
        return True
    if match.kind is MatchKind.REGEX:
        return any(_searched(regex, value, match.ignore_case) for regex in match.regexes)
    if match.ignore_case:
        value = value.lower()
    wanted = [one.lower() for one in match.values] if match.ignore_case else match.values
    compare = _COMPARISONS[match.kind]
    return any(compare(value, one) for one in wanted)


_COMPARISONS: dict[MatchKind, Callable[[str, str], bool]] = {
    MatchKind.EXACT: str.__eq__,
    MatchKind.PREFIX: str.startswith,
    MatchKind.SUFFIX: str.endswith,
    MatchKind.CONTAINS: str.__contains__,
}


def _searched(regex: Regex, value: str, ignore_case: bool) -> bool:
    if ignore_case:
        regex = Regex(f"(?i){regex.pattern}", regex.dialect, regex.anchor)
    return found_in(regex, value) is not None


def _header_values(of: Asked, name: str) -> list[str]:
    if name.lower() == "host":
        return [of.request.authority]
    values = [value for one, value in of.request.headers if one.lower() == name.lower()]
    if len(values) > 1 and of.order is RouteOrder.APISIX:
        return [", ".join(values)]  # as nginx's variables have them
    return values


def _query_values(of: Asked, name: str) -> list[str]:
    return list(_named_parameters(of, name))


def _named_parameters(of: Asked, name: str) -> Iterator[str]:
    decoded = of.order in _DECODES_QUERY
    for one, value in of.request.parameters():
        if (unquote_plus(one) if decoded else one) == name:
            yield unquote_plus(value or "") if decoded else value or ""


_KINDS = {"headers": "header", "query_params": "query parameter"}


def _value_message(field: str, match: ValueMatch, values: list[str]) -> str:
    what = f"the {_KINDS[field]} {match.name}"
    if not values:
        return f"{what} is absent"
    if match.kind is MatchKind.PRESENT:
        return f"{what} is there"
    return f"{what} {'has a value that is shut out' if match.invert else 'has another value'}"
