"""What the policies make of a route: each kind, from the most specific scope that sets it, in the
order in which they act (see `gal.model.policies`).
"""

from __future__ import annotations

from collections.abc import Callable

from gal.exporters.envoy.access import acl, ip_access, user_agent
from gal.exporters.envoy.alternatives import settle
from gal.exporters.envoy.authentication import authentication
from gal.exporters.envoy.build import RouteBuild, Shared
from gal.exporters.envoy.carried import plugins
from gal.exporters.envoy.consumer_policies import consumer_policies
from gal.exporters.envoy.cors import cors
from gal.exporters.envoy.headers import headers
from gal.exporters.envoy.mirror import mirror
from gal.exporters.envoy.query import query
from gal.exporters.envoy.rate_limit import rate_limit
from gal.exporters.envoy.resilience import circuit_breaker, retry, timeout
from gal.exporters.envoy.traffic import (
    cache,
    compression,
    direct_response,
    redirect,
    request_id,
    request_line,
    response_rate_limit,
    size_limit,
)
from gal.exporters.envoy.transformation import transformation
from gal.model import (
    Headers,
    Operations,
    Transformation,
)

Side = Callable[[Headers], Operations | None]


def apply_policies(build: RouteBuild, shared: Shared) -> None:
    """Have all policies of a route act on it."""
    scopes = build.scopes
    if (request_ids := scopes.find(lambda policies: policies.request_id)) is not None:
        request_id(request_ids, build, shared)
    if (agents := scopes.find(lambda policies: policies.user_agent)) is not None:
        user_agent(agents, build, shared)
    if (sharing := scopes.find(lambda policies: policies.cors)) is not None:
        cors(sharing, build, shared)
    _enter(build, shared)
    _transform(build, shared)
    _answer(build, shared)
    _forward(build, shared)
    plugins(build, shared)
    consumer_policies(build, shared)
    settle(build)


def _enter(build: RouteBuild, shared: Shared) -> None:
    """Who may enter, and how often."""
    scopes = build.scopes
    if (addresses := scopes.find(lambda policies: policies.ip_access)) is not None:
        ip_access(addresses, build, shared)
    if (credentials := scopes.find(lambda policies: policies.authentication)) is not None:
        authentication(credentials, build, shared)
    if (groups := scopes.find(lambda policies: policies.acl)) is not None:
        acl(groups, build, shared)
    if (size := scopes.find(lambda policies: policies.size_limit)) is not None:
        size_limit(size, build, shared)
    if (limit := scopes.find(lambda policies: policies.rate_limit)) is not None:
        rate_limit(limit, build, shared)
    if (counted := scopes.find(lambda policies: policies.response_rate_limit)) is not None:
        response_rate_limit(counted, build, shared)


def _transform(build: RouteBuild, shared: Shared) -> None:
    """What the upstream sees, and what of its answer the client sees."""
    scopes = build.scopes
    if (line := scopes.find(lambda policies: policies.request_line)) is not None:
        request_line(line, build, shared)
    body = _transformation(build)
    _headers(body, build, shared)
    if (parameters := scopes.find(lambda policies: policies.query)) is not None:
        query(parameters, build, shared)
    if body is not None:
        transformation(body, build, shared)


def _answer(build: RouteBuild, shared: Shared) -> None:
    """Answers that the upstream does not make."""
    scopes = build.scopes
    if (elsewhere := scopes.find(lambda policies: policies.redirect)) is not None:
        redirect(elsewhere, build, shared)
    if (kept := scopes.find(lambda policies: policies.cache)) is not None:
        cache(kept, build, shared)
    if (answer := scopes.find(lambda policies: policies.direct_response)) is not None:
        direct_response(answer, build, shared)


def _forward(build: RouteBuild, shared: Shared) -> None:
    """How the upstream is asked."""
    scopes = build.scopes
    if (small := scopes.find(lambda policies: policies.compression)) is not None:
        compression(small, build, shared)
    if (breaker := scopes.find(lambda policies: policies.circuit_breaker)) is not None:
        circuit_breaker(breaker, build, shared)
    if (attempts := scopes.find(lambda policies: policies.retry)) is not None:
        retry(attempts, build, shared)
    if (waiting := scopes.find(lambda policies: policies.timeout)) is not None:
        timeout(waiting, build, shared)
    if (copies := scopes.find(lambda policies: policies.mirror)) is not None:
        mirror(copies, build, shared)


def _transformation(build: RouteBuild) -> Transformation | None:
    """The service's own transformation stands between the route's and those of wider scopes."""
    own = build.route.policies.transformation
    if own is None and build.service is not None and build.service.transformation is not None:
        own = build.service.transformation
        return own if own.enabled else None
    return build.scopes.find(lambda policies: policies.transformation)


def _headers(body: Transformation | None, build: RouteBuild, shared: Shared) -> None:
    """Headers change twice: as the transformations of service and route say, then as the policy
    does, whose two sides may stand in different scopes.
    """
    service = build.service.transformation if build.service is not None else None
    if service is not None and service.enabled and service is not body:
        _apply(service.headers, build, shared)
    if body is not None:
        _apply(body.headers, build, shared)
    request = _side(build, lambda policy: policy.request)
    response = _side(build, lambda policy: policy.response)
    if request is not None or response is not None:
        headers(request, response, build, shared)


def _apply(policy: Headers | None, build: RouteBuild, shared: Shared) -> None:
    if policy is not None and policy.enabled:
        headers(policy.request, policy.response, build, shared)


def _side(build: RouteBuild, side: Side) -> Operations | None:
    """The changes of one side, from the most specific scope that says anything about it."""
    for level in build.scopes.levels:
        policy = level.headers
        if policy is None:
            continue
        if not policy.enabled:
            return None
        found = side(policy)
        if found is not None:
            build.scopes.act(policy)
            return found
    return None
