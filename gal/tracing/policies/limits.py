"""How large and how many requests may be."""

from __future__ import annotations

from gal.model import Rate, RateLimit, RateLimitAlgorithm, RateLimitKey, SizeLimit
from gal.reading import is_placeholder
from gal.tracing.decision import Answer, Outcome
from gal.tracing.exchange import Exchange

_TOO_LARGE, _LENGTH_REQUIRED = 413, 411
_WINDOWED = frozenset({RateLimitAlgorithm.FIXED_WINDOW, RateLimitAlgorithm.SLIDING_WINDOW})


def size_limit(exchange: Exchange) -> None:
    """A body that is too large is refused."""
    policy = exchange.policy(SizeLimit, "size_limit")
    if policy is None:
        return
    said = exchange.header("Content-Length")
    length = int(said) if said is not None and said.isdigit() else len(exchange.request.body)
    if length > policy.max_body.bytes:
        message = f"the body's {length} bytes are more than {policy.max_body}"
        exchange.refuse("size_limit", Answer(_TOO_LARGE), message, policy)
    elif policy.require_content_length and said is None and not exchange.request.body:
        message = "the request does not say the length of its body"
        exchange.refuse("size_limit", Answer(_LENGTH_REQUIRED), message, policy)
    else:
        message = f"a body of up to {policy.max_body} may pass"
        exchange.note("size_limit", Outcome.PASSED, message, policy)


def rate_limit(exchange: Exchange) -> None:
    """Too many requests are refused. Requests are counted by what the policy says."""
    policy = exchange.policy(RateLimit, "rate_limit")
    if policy is None or not policy.limits:
        return
    key, words = _key(exchange, policy)
    if key is None:
        exchange.note("rate_limit", Outcome.PASSED, words, policy)
        return
    told = []
    for rate in policy.limits:
        if is_placeholder(str(rate.count)):
            message = f"the limit is {rate}: what stands for it is not known"
            exchange.note("rate_limit", Outcome.UNKNOWN, message, policy, "limits")
            continue
        before = exchange.counters.take(id(policy), key, rate)
        allowed = _allowed(policy, rate)
        if before >= allowed:
            answer = Answer(policy.response.status_code, body=policy.response.message)
            exchange.refuse("rate_limit", answer, f"more than {rate} {words}", policy)
            return
        told.append(f"{rate} {words}, this is number {before + 1}")
    if told:
        exchange.note("rate_limit", Outcome.PASSED, "; ".join(told), policy)


def _allowed(policy: RateLimit, rate: Rate) -> float:
    """How many requests pass at once."""
    if policy.algorithm in _WINDOWED:
        return rate.count
    if policy.algorithm is RateLimitAlgorithm.LEAKY_BUCKET:
        return 1 + policy.burst
    return max(1, policy.burst or rate.count)


def _key(exchange: Exchange, policy: RateLimit) -> tuple[str | None, str]:
    """What the request counts as, and the same in words; None when it is not counted."""
    address = exchange.request.client_ip
    kind = policy.key_type
    if kind in (RateLimitKey.CONSUMER, RateLimitKey.CREDENTIAL):
        found = exchange.credential if kind is RateLimitKey.CREDENTIAL else None
        found = found or (exchange.consumer.name if exchange.consumer else None)
        if found:
            return f"{kind.value}:{found}", f"for the {kind.value} {found}"
        return address, f"for the address {address}, as no {kind.value} is known"
    if kind is RateLimitKey.HEADER:
        value = exchange.header(policy.key_header or "")
        if value:
            return f"header:{value}", f"for the header {policy.key_header}"
        return address, f"for the address {address}, as the header {policy.key_header} is absent"
    if kind is RateLimitKey.JWT_CLAIM:
        claim = exchange.claims.get(policy.key_claim or "")
        if claim is not None:
            return f"claim:{claim}", f"for the claim {policy.key_claim}"
        return address, f"for the address {address}, as the claim {policy.key_claim} is absent"
    if kind is RateLimitKey.PATH:
        if exchange.path != policy.key_path:
            return address, f"for the address {address}, as the path is not {policy.key_path}"
        return "path", f"for the path {policy.key_path}"
    if kind is RateLimitKey.IP_ADDRESS:
        return address, f"for the address {address}"
    return kind.value, "for all clients together"
