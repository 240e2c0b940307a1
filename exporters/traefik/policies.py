"""What the policies make of a route: each kind, from the most specific scope that sets it, in the
order in which they act (see `gal.model.policies`).
"""

from __future__ import annotations

from gal.exporters.traefik.access import acl_alone, ip_access, user_agent
from gal.exporters.traefik.authentication import authentication
from gal.exporters.traefik.build import RouteBuild, Shared
from gal.exporters.traefik.carried import internal, plugins
from gal.exporters.traefik.cors import cors
from gal.exporters.traefik.headers import headers
from gal.exporters.traefik.rate_limit import rate_limit
from gal.exporters.traefik.resilience import circuit_breaker, retry
from gal.exporters.traefik.traffic import (
    compression,
    direct_response,
    impossible,
    redirect,
    request_line,
    size_limit,
)


def apply_policies(build: RouteBuild, shared: Shared) -> None:
    """Have all policies of a route act on it."""
    scopes = build.scopes
    if (ids := scopes.find(lambda policies: policies.request_id)) is not None:
        impossible(ids, "request_id", "Traefik makes no ids for requests", shared)
    if (agents := scopes.find(lambda policies: policies.user_agent)) is not None:
        user_agent(agents, build, shared)
    if (sharing := scopes.find(lambda policies: policies.cors)) is not None:
        cors(sharing, build, shared)
    _enter(build, shared)
    plugins(build, shared)
    _transform(build, shared)
    _answer(build, shared)
    _forward(build, shared)


def _enter(build: RouteBuild, shared: Shared) -> None:
    """Who may enter, and how often."""
    scopes = build.scopes
    if (addresses := scopes.find(lambda policies: policies.ip_access)) is not None:
        ip_access(addresses, build, shared)
    credentials = scopes.find(lambda policies: policies.authentication)
    groups = scopes.find(lambda policies: policies.acl)
    if credentials is not None:
        authentication(credentials, groups, build, shared)
    elif groups is not None:
        acl_alone(groups, build, shared)
    if (size := scopes.find(lambda policies: policies.size_limit)) is not None:
        size_limit(size, build, shared)
    if (limit := scopes.find(lambda policies: policies.rate_limit)) is not None:
        rate_limit(limit, build, shared)
    if (counted := scopes.find(lambda policies: policies.response_rate_limit)) is not None:
        message = "Traefik does not count by the answers of an upstream"
        impossible(counted, "response_rate_limit", message, shared)


def _transform(build: RouteBuild, shared: Shared) -> None:
    """What the upstream sees, and what of its answer the client sees."""
    scopes = build.scopes
    if (line := scopes.find(lambda policies: policies.request_line)) is not None:
        request_line(line, build, shared)
    headers(build, shared)
    if (parameters := scopes.find(lambda policies: policies.query)) is not None:
        impossible(parameters, "query", "Traefik does not change query parameters", shared)


def _answer(build: RouteBuild, shared: Shared) -> None:
    """Answers that the upstream does not make."""
    scopes = build.scopes
    if (elsewhere := scopes.find(lambda policies: policies.redirect)) is not None:
        redirect(elsewhere, build, shared)
    if (kept := scopes.find(lambda policies: policies.cache)) is not None:
        impossible(kept, "cache", "Traefik keeps no answers", shared)
    answer = scopes.find(lambda policies: policies.direct_response)
    own = internal(build)
    if answer is not None and own is not None and answer is build.route.policies.direct_response:
        shared.context.claims.claim(answer)  # it stands for what only Traefik has
        build.answer("", None, own)
    elif answer is not None:
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
