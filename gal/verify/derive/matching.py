"""Probes about which route takes a request, and what its path becomes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gal.model.route import PathKind
from gal.ranking import ranked
from gal.tracing.request import Request
from gal.verify.derive.base import NO_HOST, Ground, sampled_host, sampled_path
from gal.verify.probe import Kind, Probe

_MOST_PATHS = 40
_TAILS = ("", "/", "/probe", "/a/b/", "/a%20b", "/a.b;c=d")
_FOREIGN = "probe-foreign.test"


def matches(ground: Ground) -> Iterator[Probe]:
    """The request that the route has to take, with each of its methods and hosts."""
    yield _probe(ground, Kind.MATCH, "a request that fits", ground.request)
    for method in ground.route.methods[1:]:
        request = replace(ground.request, method=method)
        yield _probe(ground, Kind.MATCH, f"by {method}", request)
    for pattern in ground.route.hosts[1:]:
        host, port = sampled_host(pattern)
        request = replace(ground.request, host=host, port=port or ground.request.port)
        yield _probe(ground, Kind.MATCH, f"for the host {pattern}", request)


def near_misses(ground: Ground) -> Iterator[Probe]:
    """Requests that differ from a fitting one in one thing."""
    request = ground.request
    for what, changed in _changes(ground):
        if changed != request:
            yield _probe(ground, Kind.NEAR_MISS, what, changed)


def _changes(ground: Ground) -> Iterator[tuple[str, Request]]:
    request, route = ground.request, ground.route
    path = request.path
    yield "a path that goes on without a slash", replace(request, path=f"{path}x")
    yield "a path that goes on", replace(request, path=f"{path.rstrip('/')}/probe/x")
    if len(path) > 1:
        yield "a slash at the end", replace(request, path=f"{path}/")
        yield "a shorter path", replace(request, path=path[:-1])
        yield "a path in another case", replace(request, path=path.swapcase())
        yield "two slashes", replace(request, path=f"/{path}")
        yield "a dot segment", replace(request, path=f"/probe/..{path}")
        yield "an encoded letter", replace(request, path=f"{path[:-1]}%{ord(path[-1]):02x}")
    if route.methods:
        known = ("DELETE", "PATCH", "GET", "TRACE", "PROBE")
        other = next((one for one in known if one not in route.methods), "OTHER")
        yield f"by {other}", replace(request, method=other)
    if route.hosts:
        yield "a foreign host", replace(request, host=_FOREIGN)
        yield "a host below", replace(request, host=f"below.{request.host}")
        yield "a host in another case", replace(request, host=request.host.upper())
    for name, _ in request.headers:
        rest = tuple(pair for pair in request.headers if pair[0] != name)
        yield f"without the header {name}", replace(request, headers=rest)
        other_value = (*rest, (name, "probe-other"))
        yield f"with another {name}", replace(request, headers=other_value)
    if request.query is not None:
        yield "without its query", replace(request, query=None)
        yield "with other parameters", replace(request, query="probe=other")


def overlaps(ground: Ground) -> Iterator[Probe]:
    """Paths of other routes, asked on this route's host and with what else it asks for."""
    request = ground.request
    hosts = {request.host} if ground.route.hosts else {request.host, NO_HOST}
    for path in _near_paths(ground):
        for host in sorted(hosts):
            changed = replace(request, path=path, host=host)
            if changed != request:
                yield _probe(ground, Kind.OVERLAP, f"the path {path} of another route", changed)


def _near_paths(ground: Ground) -> list[str]:
    """Paths of routes that begin as this one does, or as which this one begins."""
    own = ground.request.path
    first = own[1:].partition("/")[0]
    found: dict[str, None] = {}
    for path in _all_paths(ground):
        if path != own and path[1:].partition("/")[0] == first:
            found.setdefault(path)
        if len(found) == _MOST_PATHS:
            break
    return list(found)


def _all_paths(ground: Ground) -> Iterator[str]:
    for candidate in ranked(ground.gateway):
        for match in candidate.paths:
            text = sampled_path(match)
            if text is not None:
                yield text


def rewrites(ground: Ground) -> Iterator[Probe]:
    """What is left of paths that a prefix or an expression takes."""
    path = next(iter(ground.candidate.paths), None)
    if path is None or not _changes_path(ground):
        return
    for tail in _TAILS if path.kind is not PathKind.EXACT else ("",):
        request = replace(ground.request, path=f"{ground.request.path}{tail}")
        what = f"what becomes of {request.path}"
        yield _probe(ground, Kind.REWRITE, what, request)
    query = replace(ground.request, query="a=1&b=%20&c")
    yield _probe(ground, Kind.REWRITE, "what becomes of the query", query)


def _changes_path(ground: Ground) -> bool:
    base = ground.service.path if ground.service is not None else None
    return ground.route.rewrite is not None or bool(base)


def _probe(ground: Ground, kind: Kind, what: str, request: Request) -> Probe:
    nodes = (ground.route,)
    about = f"{ground.name}: {what}"
    return Probe(kind, about, ground.entering(request), nodes=nodes, secrets=ground.secrets)
