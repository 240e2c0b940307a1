"""What differs between two parts of the model that belong together: a function a policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from gal.drift.compare import (
    access,
    administration,
    answers,
    authentication,
    cors,
    gateway,
    headers,
    limits,
    resilience,
    routes,
    tls,
    upstreams,
)
from gal.drift.compare.finding import Finding
from gal.drift.effective import Place, SideView
from gal.model import Upstream

POLICIES: Final[dict[str, Callable[[Any, Any], Iterator[Finding]]]] = {
    "request_id": headers.request_id,
    "user_agent": access.user_agent,
    "cors": cors.cors,
    "ip_access": access.ip_access,
    "authentication": authentication.authentication,
    "acl": access.acl,
    "size_limit": limits.size_limit,
    "rate_limit": limits.rate_limit,
    "response_rate_limit": limits.response_rate_limit,
    "request_line": routes.request_line,
    "query": headers.query,
    "transformation": headers.transformation,
    "redirect": answers.redirect,
    "cache": resilience.cache,
    "direct_response": answers.direct_response,
    "compression": resilience.compression,
    "circuit_breaker": resilience.circuit_breaker,
}
"""Policies whose most specific scope wins whole, in the order in which they act."""

WITH_UPSTREAM: Final[dict[str, Callable[[Any, Any], Iterator[Finding]]]] = {
    "retry": resilience.retry,
    "timeout": resilience.timeout,
}
"""Policies that an upstream may say, too."""

ROUTES: Final[tuple[Callable[[Place, Place], Iterator[Finding]], ...]] = (
    routes.enabled,
    routes.rewrite,
    routes.host_header,
    answers.https_redirect,
    routes.buffering,
    headers.headers,
    tls.protocol,
    upstreams.targets,
    resilience.mirror,
)
"""What a route says itself, or together with its service."""

UPSTREAMS: Final[tuple[Callable[[Upstream, Upstream], Iterator[Finding]], ...]] = (
    upstreams.load_balancer,
    upstreams.health_check,
)
"""What an upstream says; `tls.upstream_tls` needs its side, too."""

GATEWAY: Final[tuple[Callable[[SideView, SideView], Iterator[tuple[str, Finding]]], ...]] = (
    gateway.listeners,
    gateway.timeout,
    administration.administration,
    gateway.certificates,
    gateway.settings,
)
"""What holds for the gateway as a whole, each finding with what it is about."""
