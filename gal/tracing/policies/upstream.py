"""What the upstream sees, and which target gets it."""

from __future__ import annotations

import re
from urllib.parse import unquote

from gal.model import (
    Algorithm,
    Backend,
    CircuitBreaker,
    Compression,
    HostHeader,
    HostMode,
    Mirror,
    ModelNode,
    RequestLine,
    Retry,
    Rewrite,
    RouteOrder,
    Service,
    Timeout,
    Upstream,
)
from gal.model.service import Protocol
from gal.tracing.decision import Outcome, Share, UpstreamRequest
from gal.tracing.exchange import Exchange
from gal.tracing.matching import path_taken
from gal.tracing.paths import quoted
from gal.tracing.regexes import found_in

_GROUP = re.compile(r"\\(\d)")


def send(exchange: Exchange) -> None:
    """The request goes to the upstream."""
    service = exchange.service
    protocol = service.protocol if service is not None else Protocol.HTTP
    path = sent_path(exchange)
    _tell_rewrite(exchange, path)
    exchange.decision.upstream = UpstreamRequest(
        protocol.value,
        exchange.method,
        path,
        exchange.query,
        _host(exchange),
        exchange.headers,
    )
    exchange.decision.targets = _shares(exchange)
    _tell(exchange)


def _tell_rewrite(exchange: Exchange, path: str) -> None:
    """Say what the path becomes, and which part of the model says so."""
    before = quoted(exchange.path, exchange.gateway.settings.route_order)
    if path in (before, exchange.request.path):
        return
    line = exchange.policy(RequestLine, "request_line")
    node: ModelNode | None = exchange.route.rewrite
    name = ""
    if line is not None and line.path is not None:
        node, name = line, "path"
    elif node is None and exchange.service is not None:
        node, name = exchange.service, "path"
    message = f"the path {before} becomes {path}"
    exchange.note("rewrite", Outcome.CHANGED, message, node or exchange.route, name)


def sent_path(exchange: Exchange) -> str:
    """The path in the request line that the upstream gets. APISIX compares a normal form, and sends
    the path on as the client wrote it where nothing rewrites it.
    """
    path = upstream_path(exchange)
    order = exchange.gateway.settings.route_order
    if order is RouteOrder.APISIX and path == exchange.path:
        return exchange.request.path
    return quoted(path, order)


def upstream_path(exchange: Exchange) -> str:
    """The path that the upstream sees: what the rewrite leaves, behind the service's own path."""
    line = exchange.policy(RequestLine, "request_line")
    if line is not None and line.path is not None:
        return line.path
    rewrite = exchange.route.rewrite or Rewrite()
    base = (exchange.service.path if exchange.service is not None else None) or ""
    rest = _rewritten(exchange, rewrite)
    if rewrite.plain_join:
        return f"{base}{rest}" if base else rest
    if not base or base == "/":
        return rest if rest.startswith("/") else f"/{rest}"
    if not rest:
        order = exchange.gateway.settings.route_order
        ends = exchange.path.endswith("/") and order in (RouteOrder.KONG, RouteOrder.GAL)
        return f"{base.rstrip('/')}{'/' if ends else ''}" or "/"
    if rest == "/" == exchange.path and not rewrite.strip_prefix:
        return base  # nothing is left that had to be joined
    return f"{base.rstrip('/')}/{rest.lstrip('/')}"


def _rewritten(exchange: Exchange, rewrite: Rewrite) -> str:
    """The path after the route's rewrite; empty when nothing of it is left."""
    path = exchange.path
    if rewrite.path is not None:
        return rewrite.path
    if rewrite.strip_prefix:
        path = _stripped(exchange, path)
    if rewrite.pattern is not None:
        found = found_in(rewrite.pattern, path)
        if found is not None:
            instead = found.expand(_GROUP.sub(r"\\g<\1>", rewrite.replacement or ""))
            path = f"{path[: found.start()]}{instead}{path[found.end() :]}"
    if rewrite.add_prefix is not None:
        return f"{rewrite.add_prefix.rstrip('/')}/{path.lstrip('/')}"
    return path


def _stripped(exchange: Exchange, path: str) -> str:
    candidate = exchange.decision.choice.candidate
    order = exchange.gateway.settings.route_order
    for match in candidate.paths if candidate is not None else ():
        taken = path_taken(match, path)
        if taken is not None:
            rest = path.replace(taken, "", 1)
            if rest.startswith("%2F") and order is RouteOrder.TRAEFIK:
                rest = unquote(rest)  # what is no path by itself is sent as it was decoded
            while rest.startswith(("./", "../")):
                rest = rest.partition("/")[2]
            return f"/{rest.lstrip('/')}" if rest else ""
    return path


def _host(exchange: Exchange) -> str | None:
    upstream = _upstream(exchange)
    own = exchange.route.host_header or (upstream.host_header if upstream is not None else None)
    header = own or HostHeader()
    if header.mode is HostMode.PASS:
        return exchange.header("Host") or exchange.request.authority
    return header.value if header.mode is HostMode.REWRITE else None


def _upstream(exchange: Exchange) -> Upstream | None:
    if exchange.service is not None:
        return _of_service(exchange, exchange.service)
    return _named(exchange, exchange.route.upstream)


def _of_service(exchange: Exchange, service: Service) -> Upstream | None:
    own = service.upstream
    return own if isinstance(own, Upstream) else _only_upstream(exchange, own)


def _only_upstream(exchange: Exchange, name: str | None) -> Upstream | None:
    found = (one for one in exchange.gateway.upstreams if one.name == name)
    return next(found, None) if name is not None else None


def _named(exchange: Exchange, name: str | None) -> Upstream | None:
    """The upstream of a name, or that of the service of that name."""
    if name is None:
        return None
    for service in exchange.gateway.services:
        if service.name == name:
            return _of_service(exchange, service)
    return _only_upstream(exchange, name)


def _shares(exchange: Exchange) -> list[Share]:
    backends = exchange.route.backends
    if not backends:
        return list(_targets(_upstream(exchange), 100.0))
    whole = sum(one.weight for one in backends)
    shares: list[Share] = []
    for backend in backends:
        if whole and backend.weight:
            shares += _targets(_backend(exchange, backend), 100.0 * backend.weight / whole)
    return shares


def _backend(exchange: Exchange, backend: Backend) -> Upstream | None:
    return _named(exchange, backend.upstream)


def _targets(upstream: Upstream | None, percent: float) -> list[Share]:
    if upstream is None:
        return []
    whole = sum(one.weight for one in upstream.targets)
    return [
        Share(upstream.name, one.host, one.port, percent * one.weight / whole, one)
        for one in upstream.targets
        if whole and one.weight
    ]


def _tell(exchange: Exchange) -> None:
    upstream = _upstream(exchange)
    if upstream is not None:
        balancer = upstream.load_balancer
        if balancer.sticky_sessions:
            message = f"the cookie {balancer.cookie_name} brings a client back to its target"
            exchange.note("load_balancer", Outcome.NOTED, message, balancer)
        elif balancer.algorithm not in (Algorithm.ROUND_ROBIN, Algorithm.WEIGHTED):
            message = f"the target is chosen by {balancer.algorithm.value}"
            exchange.note("load_balancer", Outcome.NOTED, message, balancer)
    breaker = exchange.policy(CircuitBreaker, "circuit_breaker")
    if breaker is not None:
        message = f"after {breaker.max_failures} failures in a row it rests for {breaker.timeout}"
        exchange.note("circuit_breaker", Outcome.NOTED, message, breaker)
    retry = exchange.policy(Retry, "retry") or (upstream.retry if upstream is not None else None)
    if retry is not None and retry.attempts:
        exchange.decision.retry = retry
        message = f"up to {retry.attempts} further attempt{'' if retry.attempts == 1 else 's'}"
        exchange.note("retry", Outcome.NOTED, message, retry)
    timeout = exchange.policy(Timeout, "timeout")
    timeout = timeout or (upstream.timeout if upstream is not None else None)
    if timeout is not None:
        exchange.decision.timeout = timeout
        kinds = ("connect", "send", "read", "request")
        waits = [(kind, getattr(timeout, kind)) for kind in kinds]
        said = [
            f"{kind} {wait if wait.nanoseconds else 'without end'}"
            for kind, wait in waits
            if wait is not None
        ]
        exchange.note("timeout", Outcome.NOTED, ", ".join(said) or "for ever", timeout)
    mirror = exchange.policy(Mirror, "mirror")
    if mirror is not None:
        message = f"{mirror.percent:g} % are copied to {mirror.upstream}"
        exchange.note("mirror", Outcome.NOTED, message, mirror)
    compression = exchange.policy(Compression, "compression")
    if compression is not None:
        message = f"the answer may be compressed: {', '.join(compression.algorithms)}"
        exchange.note("compression", Outcome.NOTED, message, compression)
