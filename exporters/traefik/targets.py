"""The service of a route: its own, several with weights, with copies to another one."""

from __future__ import annotations

from gal.exporters.traefik.build import Json, RouteBuild, Shared
from gal.exporters.traefik.carried import below, kept
from gal.exporters.traefik.services import Destination, Directory
from gal.model import HostMode, Mirror, Timeout


def route_service(
    build: RouteBuild, destination: Destination | None, directory: Directory, shared: Shared
) -> str:
    """The name of Traefik's service for a route."""
    timeout = build.scopes.find(lambda policies: policies.timeout)
    if timeout is None and shared.gateway.settings.timeout is not None:
        timeout = Timeout(request=shared.gateway.settings.timeout)
        timeout.origin = shared.gateway.settings.origin
    own = below(kept(build.route), "service")
    copies = build.scopes.find(lambda policies: policies.mirror)
    fallback = _fallback(build, own, directory, shared)
    around: list[Json] = [{}, {}, {}]
    if build.service_middlewares:
        outermost = 2 if fallback is not None else 1 if copies is not None else 0
        around[outermost] = {"middlewares": list(build.service_middlewares)}
    if build.route.backends:
        name = _weighted(build, directory, timeout, shared, around[0])
    elif destination is not None:
        name = _one(build, destination, directory, timeout, shared, around[0])
    else:
        name = directory.nowhere()
    buffered = _is_buffered(build, shared)
    for wanted in ("request_buffering", "response_buffering"):
        if getattr(build.route, wanted) and not buffered:
            message = "Traefik passes bodies on as they come"
            shared.context.report.approximated(build.route, "buffering", message, wanted)
    if copies is not None:
        name = _mirrored(copies, name, directory, shared, below(own, "mirroring"), around[1])
    if fallback is None:
        return name
    failover = {**below(own, "failover"), "service": name, "fallback": fallback}
    return shared.services.add(f"{build.name}-failover", {"failover": failover, **around[2]})


def _fallback(build: RouteBuild, own: Json, directory: Directory, shared: Shared) -> str | None:
    """The service that Traefik goes to while the route's own is down, if there is one."""
    wanted = below(own, "failover").get("fallback")
    if not isinstance(wanted, str):
        return None
    found = directory.named(wanted) or directory.named(wanted.removesuffix("@file"))
    if found is not None:
        header = found.upstream.host_header
        mode = header.mode if header is not None else HostMode.PASS
        return directory.load_balancer(found, mode is not HostMode.TARGET, None)
    if "@" in wanted and not wanted.endswith("@file"):
        return wanted
    message = f'there is no service "{wanted}" to go to while the route\'s own is down'
    shared.context.report.dropped(build.route, "backends", message)
    return None


def _is_buffered(build: RouteBuild, shared: Shared) -> bool:
    """Whether a middleware takes bodies in whole, on all that leads to the upstream."""
    known = shared.middlewares.items
    return all(
        any("buffering" in known.get(name, {}) for name in variant.chain)
        for variant in build.variants
        if not variant.closed
    )


def _one(
    build: RouteBuild,
    destination: Destination,
    directory: Directory,
    timeout: Timeout | None,
    shared: Shared,
    around: Json,
) -> str:
    header = build.route.host_header or destination.upstream.host_header
    mode = header.mode if header is not None else HostMode.PASS
    if build.host:  # a policy sets it
        mode = HostMode.PASS
    elif header is not None and mode is HostMode.REWRITE and header.value is not None:
        headers = {"customRequestHeaders": {"Host": header.value}}
        build.use(shared.middlewares.add("host", {"headers": headers}))
    return directory.load_balancer(destination, mode is not HostMode.TARGET, timeout, around)


def _weighted(
    build: RouteBuild,
    directory: Directory,
    timeout: Timeout | None,
    shared: Shared,
    around: Json,
) -> str:
    report = shared.context.report
    services: list[Json] = []
    for backend in build.route.backends:
        found = directory.named(backend.upstream)
        if found is None:
            message = f'there is no service or upstream "{backend.upstream}"'
            report.dropped(backend, "backends", message, "upstream")
            continue
        header = build.route.host_header or found.upstream.host_header
        mode = header.mode if header is not None else HostMode.PASS
        if mode is HostMode.REWRITE:
            message = "the upstream sees the client's Host"
            report.approximated(header or build.route, "host_header", message, "value")
        name = directory.load_balancer(found, mode is not HostMode.TARGET, timeout)
        services.append({"name": name, "weight": backend.weight})
        if found.service is not None and found.service.path not in (None, "/"):
            message = "the base path of a service has no effect where it is one of several"
            report.approximated(backend, "backends", message, "upstream")
    if not sum(one["weight"] for one in services):
        return directory.nowhere()
    own = below(kept(build.route), "service")
    kind = "highestRandomWeight" if "highestRandomWeight" in own else "weighted"
    config = {"services": services, **below(own, kind)}
    return shared.services.add(f"{build.name}-backends", {kind: config, **around})


def _mirrored(
    policy: Mirror, name: str, directory: Directory, shared: Shared, own: Json, around: Json
) -> str:
    report = shared.context.report
    found = directory.named(policy.upstream)
    if found is None:
        message = f'there is no service or upstream "{policy.upstream}": nothing is copied'
        report.dropped(policy, "mirror", message, "upstream")
        return name
    percent = round(policy.percent)
    if percent != policy.percent:
        report.approximated(policy, "mirror", f"{percent} % are copied", "percent")
    copy = directory.load_balancer(found, True, None)
    mirroring = {"service": name, "mirrors": [{"name": copy, "percent": percent}], **own}
    return shared.services.add(f"{name}-mirrored", {"mirroring": mirroring, **around})
