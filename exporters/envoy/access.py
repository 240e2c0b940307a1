"""Who may enter by address, by group and by kind of client, as Envoy's `rbac` filters.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rbac_filter
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field

from gal import robots
from gal.claims import unwrap
from gal.exporters.envoy.build import HTTP_FILTER, Json, RouteBuild, Shared
from gal.exporters.envoy.consumers import consumer_value, is_identified, plain
from gal.exporters.envoy.consumers import contexts as consumer_contexts
from gal.exporters.envoy.regex import UntranslatableError, full_match
from gal.exporters.envoy.traffic import JSON_TYPE, message_body
from gal.ledger import Reporter
from gal.model import Acl, IpAccess, Policy, UserAgentAccess
from gal.reading import Placeholder, is_placeholder
from gal.two_consumers import MESSAGE, may_name_two

_TYPE = HTTP_FILTER + "rbac.v3.RBAC"
_REFUSED = 403
_ANOTHER_TEXT = "the refused get the status and text of another policy of this route"


def rules(action: str, *principals: Json) -> Json:
    """RBAC rules that allow or deny whom any of the principals describes: without any, nobody."""
    found: Json = {"action": action}
    if principals:
        policy = {"permissions": [{"any": True}], "principals": list(principals)}
        found["policies"] = {"gal": policy}
    return found


def both(*principals: Json) -> Json:
    """A principal that all of these describe."""
    return principals[0] if len(principals) == 1 else {"and_ids": {"ids": list(principals)}}


def either(principals: Iterable[Json]) -> Json:
    """A principal that any of these describes."""
    found = list(principals)
    return found[0] if len(found) == 1 else {"or_ids": {"ids": found}}


@dataclass(slots=True)
class _Labels:
    """The filters of the policies that several routes share."""

    found: dict[int, str] = field(default_factory=dict)


def guard(stage: str, policy: Policy, settings: Json, build: RouteBuild, shared: Shared) -> None:
    """Have RBAC rules act on a route. Those of a wider scope stand in the file once."""
    own = getattr(unwrap(build.route.policies), stage)
    if own is unwrap(policy):
        name = shared.filters.ensure(stage, {"@type": _TYPE})
        build.switch_on(name, {"@type": _TYPE + "PerRoute", "rbac": {"rules": settings}})
        return
    labels = shared.state(_Labels).found
    label = labels.setdefault(id(unwrap(policy)), str(len(labels) + 1))
    build.switch_on(shared.filters.ensure(stage, {"@type": _TYPE, "rules": settings}, label))


def ip_access(policy: IpAccess, build: RouteBuild, shared: Shared) -> None:
    """Addresses are those of the other end of the connection, as Kong takes them. A denied one
    never enters.
    """
    if not policy.allow and not policy.deny:
        return
    try:
        principal = addresses(policy)
    except ValueError as error:
        shared.refuse(build, policy, "ip_access", str(error))
        return
    guard("ip_access", policy, rules("ALLOW", principal), build, shared)
    message = policy.message
    if message is not None or policy.status_code != _REFUSED:
        _answer(policy, policy.status_code, message or "Forbidden", "ip_access", build, shared)


def addresses(policy: IpAccess) -> Json:
    """A principal for those who may enter.

    Raises:
        ValueError: an address that is none; the text names it.
    """
    allowed = [_address(text) for text in policy.allow]
    denied = [_address(text) for text in policy.deny]
    wanted = [either(allowed)] if allowed else []
    if denied:
        wanted.append({"not_id": either(denied)})
    return both(*wanted)


def _address(text: str) -> Json:
    if is_placeholder(text):
        address, _, length = text.partition("/")
        if is_placeholder(length) or not length.isdigit():
            raise ValueError(f'the length of the range "{text}" is not known')
        return {"direct_remote_ip": {"address_prefix": address, "prefix_len": int(length)}}
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f'"{text}" is no address and no range') from None
    prefix = str(network.network_address)
    return {"direct_remote_ip": {"address_prefix": prefix, "prefix_len": network.prefixlen}}


def _answer(
    policy: Policy, status: int, message: str, feature: str, build: RouteBuild, shared: Shared
) -> None:
    """Another status or text for those who are refused. Envoy tells refusals of one route apart by
    their status only, so the first text stays.
    """
    report = shared.context.report
    if isinstance(status, Placeholder) or not 400 <= status <= 599:
        report.approximated(policy, feature, "the refused get 403", "status_code")
        status = _REFUSED
    if shared.replies.answers(_REFUSED, build.replies):
        report.approximated(policy, feature, _ANOTHER_TEXT)
        return
    mark = shared.replies.label(_REFUSED, status, message_body(message), JSON_TYPE)
    build.replies.append(mark)


def acl(policy: Acl, build: RouteBuild, shared: Shared) -> None:
    """Groups are those of the consumer that authentication has found. Where it finds none, nobody
    enters.
    """
    report = shared.context.report
    if not policy.allow and not policy.deny:
        return
    _report_consumers(policy, build, report)
    if not policy.hide_groups_header:
        for context in consumer_contexts(build):
            context["groups"] = True
    if policy.authenticated_groups:
        message = "only the consumer's own groups count"
        report.approximated(policy, "acl", message, "authenticated_groups")
    wanted = [consumer_value("name", {"present_match": True})]
    if policy.allow:
        wanted.append(either(map(_in_group, policy.allow)))
    if policy.deny:
        wanted.append({"not_id": either(map(_in_group, policy.deny))})
    guard("acl", policy, rules("ALLOW", both(*wanted)), build, shared)
    if policy.status_code != _REFUSED:
        _answer(policy, policy.status_code, "Forbidden", "acl", build, shared)
    elif shared.replies.answers(_REFUSED, build.replies):
        report.approximated(policy, "acl", _ANOTHER_TEXT)


def _report_consumers(policy: Acl, build: RouteBuild, report: Reporter) -> None:
    if may_name_two(build.scopes.find(lambda policies: policies.authentication)):
        report.approximated(policy, "acl", MESSAGE)
    if not is_identified(build):
        message = "without a consumer nobody has a group: everybody is refused"
        report.approximated(policy, "acl", message)


def _in_group(group: str) -> Json:
    one = {"string_match": {"exact": plain(group)}}
    return consumer_value("groups", {"list_match": {"one_of": one}})


def user_agent(policy: UserAgentAccess, build: RouteBuild, shared: Shared) -> None:
    """What a client calls itself: an allowed name enters, then a denied one is refused."""
    if not policy.deny and not policy.deny_known_bots and not policy.refuse_missing:
        return
    try:
        denied = [_named(full_match(regex)) for regex in policy.deny]
        allowed = [_named(full_match(regex)) for regex in policy.allow]
    except UntranslatableError as error:
        shared.refuse(build, policy, "user_agent", f"Envoy cannot say an expression: {error}")
        return
    if policy.deny_known_bots:
        denied += [_named(expression) for expression in robots.WHOLE]
        message = "the known robots are those of a list of GAL's own, and not the source's"
        shared.context.report.approximated(policy, "user_agent", message, "deny_known_bots")
    if policy.refuse_missing:
        denied.append({"not_id": {"header": {"name": "user-agent", "present_match": True}}})
    principals = [either(denied)]
    if allowed:
        principals.append({"not_id": either(allowed)})
    guard("user_agent", policy, rules("DENY", both(*principals)), build, shared)
    if policy.status_code != _REFUSED:
        _answer(policy, policy.status_code, "Forbidden", "user_agent", build, shared)


def _named(expression: str) -> Json:
    return {"header": {"name": "user-agent", "string_match": {"safe_regex": {"regex": expression}}}}
