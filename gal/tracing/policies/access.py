"""Who may enter, by kind of client, by address and by group."""

from __future__ import annotations

from gal.model import Acl, IpAccess, UserAgentAccess
from gal.tracing.decision import Answer, Outcome
from gal.tracing.exchange import Exchange
from gal.tracing.matching import in_range
from gal.tracing.regexes import found_in


def user_agent(exchange: Exchange) -> None:
    """Clients by what they call themselves; an allowed one enters whatever else is said."""
    policy = exchange.policy(UserAgentAccess, "user_agent")
    if policy is None:
        return
    name = exchange.header("User-Agent")
    if name is None:
        _nameless(exchange, policy)
        return
    for regex in policy.allow:
        if found_in(regex, name):
            message = f"the User-Agent matches {regex.pattern}, which is let in"
            exchange.note("user_agent", Outcome.PASSED, message, policy, "allow")
            return
    for regex in policy.deny:
        if found_in(regex, name):
            message = f"the User-Agent matches {regex.pattern}, which is refused"
            exchange.refuse("user_agent", Answer(policy.status_code), message, policy)
            return
    if policy.deny_known_bots:
        message = "the gateway's own list of robots decides, too"
        exchange.note("user_agent", Outcome.UNKNOWN, message, policy, "deny_known_bots")
        return
    exchange.note("user_agent", Outcome.PASSED, "no expression stands against it", policy)


def _nameless(exchange: Exchange, policy: UserAgentAccess) -> None:
    """A client that does not say what it is: no expression is asked."""
    message = "there is no User-Agent"
    if policy.refuse_missing:
        exchange.refuse("user_agent", Answer(policy.status_code), message, policy)
    else:
        exchange.note("user_agent", Outcome.PASSED, message, policy, "refuse_missing")


def ip_access(exchange: Exchange) -> None:
    """Clients by their address: a denied one never enters, with an allow list only its own."""
    policy = exchange.policy(IpAccess, "ip_access")
    if policy is None:
        return
    address = exchange.request.client_ip
    answer = Answer(policy.status_code, body=policy.message)
    denied = next((one for one in policy.deny if in_range(address, one)), None)
    if denied is not None:
        exchange.refuse("ip_access", answer, f"{address} is in {denied}, which is denied", policy)
        return
    if policy.allow:
        allowed = next((one for one in policy.allow if in_range(address, one)), None)
        if allowed is None:
            exchange.refuse("ip_access", answer, f"{address} is in no allowed range", policy)
            return
        message = f"{address} is in {allowed}, which is allowed"
    else:
        message = f"{address} is in no denied range"
    exchange.note("ip_access", Outcome.PASSED, message, policy)


def acl(exchange: Exchange) -> None:
    """Consumers by their groups."""
    policy = exchange.policy(Acl, "acl")
    if policy is None:
        return
    answer = Answer(policy.status_code)
    if exchange.consumer is None and not exchange.groups:
        exchange.refuse("acl", answer, "nobody is known, so no group is", policy)
        return
    own = ", ".join(exchange.groups) or "no group"
    denied = sorted(set(policy.deny) & set(exchange.groups))
    if denied:
        exchange.refuse("acl", answer, f"the group {denied[0]} is denied", policy)
    elif policy.allow and set(policy.allow).isdisjoint(exchange.groups):
        wanted = ", ".join(policy.allow)
        exchange.refuse("acl", answer, f"{own} is none of {wanted}", policy)
    else:
        exchange.note("acl", Outcome.PASSED, f"{own} may enter", policy)
