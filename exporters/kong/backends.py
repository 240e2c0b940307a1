"""Several upstreams of a route: Kong has weights at targets, so all targets become those of one
upstream, which has one protocol.
"""

from __future__ import annotations

from dataclasses import dataclass

from gal.exporters.kong.build import Build, Json
from gal.exporters.kong.certificates import Certificates
from gal.exporters.kong.upstreams import upstream_entity
from gal.model import Backend, Protocol, Route, Service, Target, Upstream

_MOST_WEIGHT = 65535


@dataclass(frozen=True, slots=True)
class Merged:
    """What the backends of a route have become.

    Attributes:
        host: name of the upstream of the file.
        protocol: of all its targets.
        path: base path of all its targets.
        upstream: the model's first one among them, if any.
    """

    host: str
    protocol: Protocol = Protocol.HTTP
    path: str | None = None
    upstream: Upstream | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    backend: Backend
    upstream: Upstream
    protocol: Protocol
    path: str | None


def merged(
    route: Route,
    upstreams: dict[str, Upstream],
    services: dict[str, Service],
    build: Build,
    certificates: Certificates,
) -> Merged:
    """The upstream that has the targets of all backends of a route."""
    parts = _alike(_parts(route, upstreams, services, build), build)
    shares: list[tuple[Target, float]] = []
    for part in parts:
        whole = sum(target.weight for target in part.upstream.targets) or 1
        share = part.backend.weight / whole
        shares += [(one, share * one.weight) for one in part.upstream.targets]
    message = "Kong has weights at targets: the backends become one upstream with all targets"
    build.note(route, "backends", message, "backends")
    whole_upstream = Upstream(targets=_weighted(shares))
    first = parts[0] if parts else None
    if first is not None:
        whole_upstream.host_header = first.upstream.host_header
        whole_upstream.load_balancer = first.upstream.load_balancer
        _report_hosts(parts, build)
    name = build.upstream_names.give(f"{route.name or 'route'}-backends")
    entity: Json = upstream_entity(name, whole_upstream, build, certificates, own_tls=False)
    build.section("upstreams").append(entity)
    if first is None:
        return Merged(name)
    return Merged(name, first.protocol, first.path, first.upstream)


def _parts(
    route: Route, upstreams: dict[str, Upstream], services: dict[str, Service], build: Build
) -> list[_Part]:
    found = []
    for backend in route.backends:
        service = services.get(backend.upstream)
        upstream = upstreams.get(backend.upstream)
        if service is not None:
            behind = service.upstream
            upstream = upstreams.get(behind) if isinstance(behind, str) else behind
        if upstream is None:
            message = f'there is no service or upstream "{backend.upstream}"'
            build.report.dropped(backend, "backends", message, "upstream")
            continue
        protocol, path = Protocol.HTTP, None
        if service is not None:
            protocol, path = service.protocol, service.path
        found.append(_Part(backend, upstream, protocol, path))
    return found


def _alike(parts: list[_Part], build: Build) -> list[_Part]:
    """Those with the protocol and base path that have the largest share: a service of Kong has one
    of each, and the wrong one would show in the clear what TLS hides.
    """
    weights: dict[tuple[Protocol, str | None], int] = {}
    for part in parts:
        kind = part.protocol, part.path
        weights[kind] = weights.get(kind, 0) + part.backend.weight
    if len(weights) < 2:
        return parts
    chosen = max(weights, key=lambda kind: weights[kind])
    for part in parts:
        if (part.protocol, part.path) == chosen:
            continue
        message = (
            "a service of Kong has one protocol and base path for all targets,"
            f" here {chosen[0].value}:{chosen[1] or '/'}: this one gets nothing"
        )
        build.report.dropped(part.backend, "backends", message)
        build.context.claims.claim(part.backend)
    return [part for part in parts if (part.protocol, part.path) == chosen]


def _report_hosts(parts: list[_Part], build: Build) -> None:
    first = parts[0].upstream
    for part in parts[1:]:
        if part.upstream.host_header != first.host_header:
            message = "Kong sends the Host of the first backend's kind to all of them"
            build.report.approximated(part.backend, "backends", message)
        if part.upstream.tls != first.tls:
            message = "Kong does TLS as for the first backend with all of them"
            build.report.approximated(part.backend, "backends", message)


def _weighted(shares: list[tuple[Target, float]]) -> list[Target]:
    most = max((share for _, share in shares), default=0) or 1
    scale = 1 if _are_whole(shares) and most <= _MOST_WEIGHT else min(_MOST_WEIGHT, 10000) / most
    targets = []
    for target, share in shares:
        weight = max(round(share * scale), 1) if share else 0
        targets.append(Target(target.host, target.port, weight))
    return targets


def _are_whole(shares: list[tuple[Target, float]]) -> bool:
    return all(share == int(share) for _, share in shares)
