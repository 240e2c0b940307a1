"""Several upstreams of a route: Kong has weights at targets, so all targets become those of one
upstream.
"""

from __future__ import annotations

from gal.exporters.kong.build import Build, Json
from gal.exporters.kong.certificates import Certificates
from gal.exporters.kong.upstreams import upstream_entity
from gal.model import Route, Service, Target, Upstream

_MOST_WEIGHT = 65535


def merged(
    route: Route,
    upstreams: dict[str, Upstream],
    services: dict[str, Service],
    build: Build,
    certificates: Certificates,
) -> str:
    """The name of the upstream that has the targets of all backends of a route."""
    targets: list[Target] = []
    first: Upstream | None = None
    shares: list[tuple[Target, float]] = []
    for backend in route.backends:
        upstream = upstreams.get(backend.upstream)
        service = services.get(backend.upstream)
        if service is not None:
            found = service.upstream
            upstream = upstreams.get(found) if isinstance(found, str) else found
        if upstream is None:
            message = f'there is no service or upstream "{backend.upstream}"'
            build.report.dropped(backend, "backends", message, "upstream")
            continue
        first = first or upstream
        whole = sum(target.weight for target in upstream.targets) or 1
        shares += [(one, backend.weight * one.weight / whole) for one in upstream.targets]
    most = max((share for _, share in shares), default=0) or 1
    scale = 1 if _are_whole(shares) and most <= _MOST_WEIGHT else min(_MOST_WEIGHT, 10000) / most
    for target, share in shares:
        weight = max(round(share * scale), 1) if share else 0
        targets.append(Target(target.host, target.port, weight))
    message = "Kong has weights at targets: the backends become one upstream with all targets"
    build.note(route, "backends", message, "backends")
    whole_upstream = Upstream(targets=targets)
    if first is not None:
        whole_upstream.host_header = first.host_header
        whole_upstream.load_balancer = first.load_balancer
    name = build.upstream_names.give(f"{route.name or 'route'}-backends")
    entity: Json = upstream_entity(name, whole_upstream, build, certificates, own_tls=False)
    build.section("upstreams").append(entity)
    return name


def _are_whole(shares: list[tuple[Target, float]]) -> bool:
    return all(share == int(share) for _, share in shares)
