"""Who may enter, by credentials."""

from __future__ import annotations

from urllib.parse import unquote_plus

from gal.model import Authentication, Consumer, Require, RouteOrder
from gal.tracing.decision import Answer, Outcome
from gal.tracing.exchange import Exchange
from gal.tracing.policies import credentials
from gal.tracing.policies.credentials import Check

_WORDS = {"api_key": "API key", "jwt": "JWT", "oauth2": "OAuth 2.0", "forward": "external check"}


def authentication(exchange: Exchange) -> None:
    """With several kinds, any of them lets in, or all have to."""
    policy = exchange.policy(Authentication, "authentication")
    if policy is None:
        return
    checks = [(kind.value, _check(policy, kind.value, exchange)) for kind in policy.kinds()]
    for guard in policy.guards:
        message = f"{guard.name} of {guard.provider} decides; it is not run here"
        exchange.note("authentication", Outcome.UNKNOWN, message, guard)
    if not checks:
        return
    decisive = _decisive(policy, checks)
    kind, check = decisive
    message = f"{_WORDS.get(kind, kind)}: {check.message}"
    section = getattr(policy, kind)
    if check.passed is False:
        _refuse(exchange, policy, check, message)
        return
    outcome = Outcome.PASSED if check.passed else Outcome.UNKNOWN
    exchange.note("authentication", outcome, message, section)
    passed = [one for _, one in checks if one.passed is not False]
    for one in passed if policy.require is Require.ALL else [check]:
        _enter(exchange, policy, one)


def _check(policy: Authentication, kind: str, exchange: Exchange) -> Check:
    section = getattr(policy, kind)
    asks = getattr(section, "run_on_preflight", True)
    if exchange.request.method == "OPTIONS" and not asks:
        return Check(True, "a preflight is not asked")
    found: Check = getattr(credentials, kind)(section, exchange)
    return found


def _decisive(policy: Authentication, checks: list[tuple[str, Check]]) -> tuple[str, Check]:
    """The check that decides: of several that may let in the first that does."""
    wanted = (False, None, True) if policy.require is Require.ALL else (True, None, False)
    for result in wanted:
        for kind, check in checks:
            if check.passed is result:
                return kind, check
    return checks[0]


def _refuse(exchange: Exchange, policy: Authentication, check: Check, message: str) -> None:
    if policy.anonymous is not None:
        _become(exchange, policy.anonymous)
        said = f"{message}; it counts as {policy.anonymous}"
        exchange.note("authentication", Outcome.PASSED, said, policy, "anonymous")
        return
    headers = [("WWW-Authenticate", check.challenge)] if check.challenge else []
    exchange.refuse("authentication", Answer(check.status, headers), message, policy)


def _become(exchange: Exchange, name: str) -> None:
    for consumer in exchange.gateway.consumers:
        if name in (consumer.name, consumer.id):
            exchange.consumer, exchange.groups = consumer, list(consumer.groups)
            exchange.decision.consumer = consumer.name
            _tell_upstream(exchange, consumer, anonymous=True)


def _tell_upstream(exchange: Exchange, consumer: Consumer, *, anonymous: bool = False) -> None:
    """Kong and APISIX tell the upstream who the client is; what the client says of that goes."""
    order = exchange.gateway.settings.route_order
    if order not in (RouteOrder.KONG, RouteOrder.APISIX):
        return
    told = {"X-Consumer-Username": consumer.name}
    if order is RouteOrder.KONG:
        told["X-Consumer-ID"] = consumer.id or "{{id}}"
        told["X-Consumer-Custom-ID"] = consumer.custom_id or ""
        told["X-Anonymous-Consumer"] = "true" if anonymous else ""
    for name, value in told.items():
        if value:
            exchange.set_header(name, value)
        else:
            exchange.remove_headers([name])


def _enter(exchange: Exchange, policy: Authentication, check: Check) -> None:
    if check.consumer is not None:
        exchange.consumer, exchange.groups = check.consumer, list(check.consumer.groups)
        exchange.decision.consumer = check.consumer.name
        _tell_upstream(exchange, check.consumer)
    exchange.credential = check.credential
    exchange.claims.update(check.claims)
    exchange.remove_headers(check.hide.headers)
    hidden = check.hide.parameters
    if hidden and exchange.query is not None:
        kept = [
            part
            for part in exchange.query.split("&")
            if unquote_plus(part.partition("=")[0]) not in hidden
        ]
        exchange.query = "&".join(kept) or None
    if policy.jwt is not None:
        for one in policy.jwt.claims_to_headers:
            if one.claim in check.claims:
                exchange.set_header(one.header, str(check.claims[one.claim]))
