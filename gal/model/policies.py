"""All policies that one scope can have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gal.model.access import Acl, IpAccess, UserAgentAccess
from gal.model.authentication import Authentication
from gal.model.cors import Cors
from gal.model.headers import Headers, Query, RequestLine, Transformation
from gal.model.node import ModelNode
from gal.model.rate_limit import RateLimit, ResponseRateLimit
from gal.model.resilience import CircuitBreaker, Retry, Timeout
from gal.model.traffic import (
    Cache,
    Compression,
    DirectResponse,
    Mirror,
    Redirect,
    RequestId,
    SizeLimit,
)


@dataclass(slots=True)
class Policies(ModelNode):
    """The policies of one scope, in the order in which they act. An unset kind is inherited from
    the next wider scope (consumer, route, service, global); a set one wins whole.

    Attributes:
        request_id: requests get an id.
        user_agent: who may enter, by kind of client.
        cors: cross-origin resource sharing.
        ip_access: who may enter, by address.
        authentication: who may enter, by credentials.
        acl: who may enter, by group.
        size_limit: largest request body.
        rate_limit: how many requests.
        response_rate_limit: how many requests, as the upstream counts.
        request_line: another method or path for the upstream.
        headers: changes of headers.
        query: changes of query parameters.
        transformation: changes of bodies.
        redirect: the client is sent elsewhere.
        cache: answers are kept.
        direct_response: the gateway answers itself.
        compression: answers are compressed.
        circuit_breaker: a failing upstream is left alone.
        retry: further attempts.
        timeout: how long is waited.
        mirror: copies go to another upstream.
        plugins: what else acts in this scope, by provider: a list of the provider's own objects.
    """

    request_id: RequestId | None = None
    user_agent: UserAgentAccess | None = None
    cors: Cors | None = None
    ip_access: IpAccess | None = None
    authentication: Authentication | None = None
    acl: Acl | None = None
    size_limit: SizeLimit | None = None
    rate_limit: RateLimit | None = None
    response_rate_limit: ResponseRateLimit | None = None
    request_line: RequestLine | None = None
    headers: Headers | None = None
    query: Query | None = None
    transformation: Transformation | None = None
    redirect: Redirect | None = None
    cache: Cache | None = None
    direct_response: DirectResponse | None = None
    compression: Compression | None = None
    circuit_breaker: CircuitBreaker | None = None
    retry: Retry | None = None
    timeout: Timeout | None = None
    mirror: Mirror | None = None
    plugins: dict[str, list[Any]] = field(default_factory=dict)
