"""Who may enter by address, by group and by kind of client.

A list of those who may enter is Traefik's `ipAllowList`; whoever may not gets a router of his own
in front, that refuses.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/ipallowlist/
"""

from __future__ import annotations

from gal import robots
from gal.exporters.traefik.build import (
    KNOWN_STATUSES,
    Json,
    RouteBuild,
    Shared,
    alternation,
    conjunction,
)
from gal.exporters.traefik.regex import UntranslatableError, searched
from gal.exporters.traefik.rules import call, client_ip, is_mapped, network
from gal.model import Acl, IpAccess, Policy, UserAgentAccess
from gal.reading import Placeholder

_FORBIDDEN = 403


def status_of(policy: IpAccess | Acl | UserAgentAccess, feature: str, shared: Shared) -> int:
    """The status for the refused; Traefik wants a number."""
    status = policy.status_code
    if isinstance(status, Placeholder) or status not in KNOWN_STATUSES or status < 400:
        message = "the refused get 403"
        shared.context.report.approximated(policy, feature, message, "status_code")
        return _FORBIDDEN
    return status


def ip_access(policy: IpAccess, build: RouteBuild, shared: Shared) -> None:
    """Addresses are those of the other end of the connection. A denied one never enters."""
    if not policy.allow and not policy.deny:
        return
    try:
        allowed = [network(address) for address in policy.allow if not is_mapped(address)]
        denied = alternation(
            client_ip(address) for address in policy.deny if not is_mapped(address)
        )
    except UntranslatableError as error:
        shared.refuse(build, policy, "ip_access", str(error))
        return
    status = status_of(policy, "ip_access", shared)
    if policy.message is not None:
        message = "the refused get the name of the status as text"
        shared.context.report.approximated(policy, "ip_access", message, "message")
    if denied:
        build.answer(denied, shared.refusal(status))
    if policy.allow and not allowed:
        build.answer("", shared.refusal(status))
    elif allowed:
        config: Json = {"sourceRange": allowed}
        if status != _FORBIDDEN:
            config["rejectStatusCode"] = status
        build.use(shared.middlewares.add("ip-allow", {"ipAllowList": config}))


def user_agent(policy: UserAgentAccess, build: RouteBuild, shared: Shared) -> None:
    """What a client calls itself: an allowed name enters, then a denied one is refused."""
    if not policy.deny and not policy.deny_known_bots and not policy.refuse_missing:
        return
    try:
        denied = [call("HeaderRegexp", "User-Agent", searched(one)) for one in policy.deny]
        allowed = [call("HeaderRegexp", "User-Agent", searched(one)) for one in policy.allow]
    except UntranslatableError as error:
        shared.refuse(build, policy, "user_agent", f"Traefik cannot say an expression: {error}")
        return
    if policy.deny_known_bots:
        denied += [call("HeaderRegexp", "User-Agent", expression) for expression in robots.SEARCHED]
        message = "the known robots are those of a list of GAL's own, and not the source's"
        shared.context.report.approximated(policy, "user_agent", message, "deny_known_bots")
    if policy.refuse_missing:
        denied.append(f"!{call('HeaderRegexp', 'User-Agent', '^')}")
    rule = conjunction(alternation(denied), f"!({alternation(allowed)})" if allowed else "")
    build.answer(rule, shared.refusal(status_of(policy, "user_agent", shared)))


def acl_alone(policy: Acl, build: RouteBuild, shared: Shared) -> None:
    """Without authentication nobody is a consumer, so nobody has a group."""
    if not policy.allow and not policy.deny:
        return
    message = "without a consumer nobody has a group: everybody is refused"
    shared.context.report.approximated(policy, "acl", message)
    close(policy, build, shared, status_of(policy, "acl", shared))


def close(policy: Policy, build: RouteBuild, shared: Shared, status: int = _FORBIDDEN) -> None:
    """Refuse everybody who has come so far."""
    shared.context.claims.claim(policy)
    build.answer("", shared.refusal(status))
