"""A request that a route has to take, from which probes are made by changing it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gal.model import Gateway, MatchKind, PathMatch, Route, Service, ValueMatch
from gal.model.route import PathKind
from gal.ranking import Candidate, ranked
from gal.reading import is_placeholder
from gal.tracing.request import Request
from gal.verify.derive.entering import Entry, entries
from gal.verify.sample import sample

_PORT = re.compile(r":(\d+)$")
ANYBODY = "127.255.255.254"
"""Stands for a client address that nothing asks for; every probe gets one of its own."""

NO_HOST = "probe.test"
"""The host of requests to routes that take any."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A part of a route, and a request that it has to take.

    Attributes:
        gateway: the model.
        candidate: the route.
        request: fits every match of the route, and lets nobody in by itself.
        entry: what has to be added so that the route's policies let it in; None where that cannot
            be made here.
    """

    gateway: Gateway
    candidate: Candidate
    request: Request
    entry: Entry | None

    @property
    def route(self) -> Route:
        """The route."""
        return self.candidate.route

    @property
    def service(self) -> Service | None:
        """The service that the route is nested in."""
        return self.candidate.service

    @property
    def name(self) -> str:
        """The route's name for reports."""
        return self.route.name or f"the route for {self.request.path}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What reports leave out of requests that it lets in."""
        return self.entry.secrets if self.entry is not None else ()

    def entering(self, request: Request | None = None) -> Request:
        """A request with what lets it in, as far as that can be made."""
        return entered(request or self.request, self.entry)


def entered(request: Request, entry: Entry | None) -> Request:
    """A request with credentials."""
    if entry is None:
        return request
    query = request.query
    if entry.query:
        query = f"{query}&{entry.query}" if query else entry.query
    return replace(request, headers=(*request.headers, *entry.headers), query=query)


def grounds(gateway: Gateway) -> Iterator[Ground]:
    """Every part of every route for which a request could be made, the first to win first."""
    for candidate in ranked(gateway):
        if candidate.service is not None and not candidate.service.enabled:
            continue
        for path in candidate.paths or (None,):
            request = fitting(candidate.route, path)
            if request is not None:
                found = entries(gateway, candidate.service, candidate.route)
                yield Ground(gateway, candidate, request, next(iter(found), None))


def fitting(route: Route, path: PathMatch | None) -> Request | None:
    """A request that fits every match of a route; None where none could be made here."""
    text = sampled_path(path)
    if any(match.name.lower() == "host" for match in route.headers):
        return None  # one Host would stand against the other
    headers = [_value(match) for match in route.headers if not match.invert]
    query = [_value(match) for match in route.query_params if not match.invert]
    address = _address(route)
    plain = not route.schemes or "http" in route.schemes
    secure = "https" in route.schemes
    if text is None or None in headers or None in query or address is None:
        return None
    if not (plain or secure):
        return None
    host, port = sampled_host(route.hosts[0]) if route.hosts else (NO_HOST, None)
    name = next((sampled_host(one)[0] for one in route.server_names), host)
    ports = [one.port for one in route.destinations if one.port is not None]
    parameters = "&".join(f"{pair[0]}={pair[1]}" for pair in query if pair is not None)
    return Request(
        route.methods[0] if route.methods else "GET",
        "http" if plain else "https",
        host,
        port or next(iter(ports), None),
        text,
        parameters or None,
        tuple(pair for pair in headers if pair is not None),
        address,
        None if plain else name,
    )


def sampled_host(pattern: str) -> tuple[str, int | None]:
    """A name that a host pattern takes, and the port that it asks for."""
    port = _PORT.search(pattern)
    name = pattern[: port.start()] if port else pattern
    name = f"probe{name[1:]}" if name.startswith("*.") else name.replace("*", "probe")
    return name.lower(), int(port[1]) if port else None


def sampled_path(path: PathMatch | None) -> str | None:
    """A path that a match takes; None where none was found, or where it is not known."""
    if path is None:
        return "/"
    if path.kind is PathKind.REGEX:
        text = sample(path.path_regex) if path.path_regex is not None else None
    else:
        text = path.text
    if text is None or is_placeholder(text) or not text.startswith("/"):
        return None
    return text if text.isascii() and " " not in text and "%" not in text else None


def _value(match: ValueMatch) -> tuple[str, str] | None:
    """A header or parameter that fits a match."""
    if match.kind is MatchKind.REGEX:
        text = sample(match.regexes[0]) if match.regexes else None
    elif match.kind is MatchKind.PRESENT:
        text = "probe"
    else:
        text = match.values[0] if match.values else None
    if text is None or not text.isprintable() or is_placeholder(text):
        return None
    return match.name, text


def _address(route: Route) -> str | None:
    """An address of this machine that the route's sources take."""
    from gal.tracing.matching import address_taken

    own = Request("GET", "http", NO_HOST, None, "/")
    if not route.sources:
        return ANYBODY
    if any(address_taken(one, own) for one in route.sources):
        return own.client_ip
    for one in route.sources:
        text = (one.ip or "").partition("/")[0]
        if text.startswith("127."):
            return text
    return None
