"""Answers that the gateway gives itself."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from gal.model import DirectResponse, Redirect
from gal.tracing.decision import Answer, Outcome
from gal.tracing.exchange import Exchange
from gal.tracing.paths import quoted

_UPGRADE_REQUIRED = 426
_PORTS = {"http": 80, "https": 443}


def https_redirect(exchange: Exchange) -> None:
    """Plain HTTP is sent to HTTPS, or refused, where a route only takes HTTPS."""
    route, request = exchange.route, exchange.request
    wanted = route.https_redirect
    if wanted is None or request.scheme == "https" or "http" in (route.schemes or ["http"]):
        return
    answer = Answer(wanted.status_code)
    if wanted.status_code != _UPGRADE_REQUIRED:
        query = "" if request.query is None else f"?{request.query}"
        location = f"https://{request.host}{quoted(exchange.path)}{query}"
        answer.headers = [("Location", location)]
    exchange.reply("https_redirect", answer, "the route takes HTTPS only", wanted)


def redirect(exchange: Exchange) -> None:
    """The client is sent elsewhere."""
    policy = exchange.policy(Redirect, "redirect")
    if policy is None:
        return
    location = redirected(policy, exchange)
    answer = Answer(policy.status_code, [("Location", location)])
    shown = exchange.decision.hiding.query(location)
    exchange.reply("redirect", answer, f"the client is sent to {shown}", policy)


def redirected(policy: Redirect, exchange: Exchange) -> str:
    """Where a redirect leads."""
    request = exchange.request
    query = "" if policy.strip_query or request.query is None else f"?{request.query}"
    if policy.location is not None:
        if not policy.keep_path:
            return policy.location
        parts = urlsplit(policy.location)
        return f"{parts.scheme}://{parts.netloc}{quoted(exchange.path)}{query}"
    scheme = policy.scheme or request.scheme
    port = policy.port if policy.port is not None else None
    if port is None and policy.scheme is None:
        port = request.port
    shown = "" if port in (None, _PORTS.get(scheme)) else f":{port}"
    path = policy.path if policy.path is not None else quoted(exchange.path)
    return f"{scheme}://{policy.host or request.host}{shown}{path}{query}"


def direct_response(exchange: Exchange) -> None:
    """The gateway answers itself."""
    policy = exchange.policy(DirectResponse, "direct_response")
    if policy is None:
        return
    if policy.trigger is not None and not _triggered(exchange, policy.trigger):
        message = f"no {policy.trigger} triggers the answer"
        exchange.note("direct_response", Outcome.PASSED, message, policy, "trigger")
        return
    headers = [("Content-Type", policy.content_type)] if policy.content_type else []
    body = policy.body if policy.body is not None else policy.message
    answer = Answer(policy.status_code, headers, body)
    exchange.reply("direct_response", answer, "the gateway answers itself", policy)


def _triggered(exchange: Exchange, name: str) -> bool:
    if exchange.header(name) is not None:
        return True
    return any(unquote(one) == name for one, _ in exchange.request.parameters())
