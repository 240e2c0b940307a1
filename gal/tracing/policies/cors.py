"""Cross-origin resource sharing (https://fetch.spec.whatwg.org/#http-cors-protocol)."""

from __future__ import annotations

from gal.model import Cors, RouteOrder
from gal.tracing.decision import Answer, Outcome, Pairs
from gal.tracing.exchange import Exchange
from gal.tracing.regexes import found_in

_OK = 200


def cors(exchange: Exchange) -> None:
    """A preflight is answered, any other request of an allowed origin gets its headers."""
    policy = exchange.policy(Cors, "cors")
    if policy is None:
        return
    order = exchange.gateway.settings.route_order
    origin = exchange.header("Origin")
    allowed = allowed_origin(policy, origin, order)
    if _is_preflight(exchange, order) and not policy.forward_preflight:
        if allowed is None and order is RouteOrder.ENVOY and _goes_on(policy):
            message = f"the origin {origin} is not allowed: its preflight goes to the upstream"
            exchange.note("cors", Outcome.PASSED, message, policy)
            return
        _answer_preflight(exchange, policy, allowed)
        return
    if origin is None and allowed is None:
        exchange.note("cors", Outcome.PASSED, "no Origin, so nothing is said", policy)
        return
    if allowed is None:
        message = f"the origin {origin} is not allowed: the answer has no CORS headers"
        exchange.note("cors", Outcome.PASSED, message, policy)
        return
    headers = _headers(policy, allowed)
    if policy.expose_headers:
        headers.append(("Access-Control-Expose-Headers", ", ".join(policy.expose_headers)))
    exchange.decision.response_headers += [("set", *pair) for pair in headers]
    exchange.note("cors", Outcome.CHANGED, f"the answer allows {allowed}", policy)


def _is_preflight(exchange: Exchange, order: RouteOrder) -> bool:
    """Whether it is a preflight, for which APISIX takes every OPTIONS."""
    if exchange.request.method != "OPTIONS":
        return False
    names = ("Origin", "Access-Control-Request-Method")
    return order is RouteOrder.APISIX or all(exchange.header(one) is not None for one in names)


def _goes_on(policy: Cors) -> bool:
    """Whether Envoy sends preflights of foreign origins to the upstream: it does unless it is told
    not to. Other gateways have no such setting, so it stands in the source only.
    """
    if policy.origin is None:
        return True
    node, there = policy.origin.locate("forward_not_matching_preflights")
    return not there or getattr(node, "text", "") != "false"


def allowed_origin(
    policy: Cors, origin: str | None, order: RouteOrder = RouteOrder.GAL
) -> str | None:
    """What `Access-Control-Allow-Origin` says, None when nothing is said. Kong says a single origin
    to everybody.
    """
    if order is RouteOrder.KONG and policy.allow_origin_when_absent and _single(policy):
        return policy.allowed_origins[0]
    if origin is None and not policy.allow_origin_when_absent:
        return None
    if policy.reflect_any_origin:
        return origin or "*"
    if "*" in policy.allowed_origins:
        return "*"
    if origin is None:
        return policy.allowed_origins[0] if _single(policy) else None
    if origin in policy.allowed_origins:
        return origin
    patterns = policy.allowed_origin_patterns
    return origin if any(found_in(one, origin) for one in patterns) else None


def _single(policy: Cors) -> bool:
    return len(policy.allowed_origins) == 1 and not policy.allowed_origin_patterns


def _headers(policy: Cors, allowed: str) -> Pairs:
    headers = [("Access-Control-Allow-Origin", allowed)]
    if policy.allow_credentials:
        headers.append(("Access-Control-Allow-Credentials", "true"))
    if allowed != "*":
        headers.append(("Vary", "Origin"))
    return headers


def _answer_preflight(exchange: Exchange, policy: Cors, allowed: str | None) -> None:
    answer = Answer(_OK)
    if allowed is not None:
        answer.headers = _headers(policy, allowed)
        answer.headers.append(("Access-Control-Allow-Methods", ", ".join(policy.allowed_methods)))
        wanted = exchange.header("Access-Control-Request-Headers")
        names = ", ".join(policy.allowed_headers) or wanted
        if names:
            answer.headers.append(("Access-Control-Allow-Headers", names))
        if policy.max_age is not None:
            seconds = str(int(policy.max_age.in_seconds))
            answer.headers.append(("Access-Control-Max-Age", seconds))
    message = (
        f"the preflight is answered: {allowed} is allowed"
        if allowed is not None
        else "the preflight is answered: the origin is not allowed"
    )
    exchange.reply("cors", answer, message, policy)
