"""The filter `rbac`: who may enter, by address, by kind of client, or by group.

Rules are a formula over properties of a request. Formulas over one kind of property are policies
of the model; all others only Envoy can decide (law 2).

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/rbac/v3/rbac.proto
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gal.importers.envoy import consumer_access, consumers
from gal.importers.envoy.carried import carry, quiet
from gal.importers.envoy.consumer_access import asks_nothing_else
from gal.importers.envoy.principals import (
    ADDRESS,
    AGENT,
    GROUP,
    MISSING,
    Term,
    UnsayableError,
    either,
    every,
    principal,
)
from gal.importers.envoy.use import Reading, carried, empty, guarded, mappings, nothing
from gal.importers.envoy.values import as_flag, as_number, take_enum, take_flag
from gal.ledger import Level
from gal.model import Acl, IpAccess, Origin, UserAgentAccess
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.envoy.use import Use

_ACTIONS = ("ALLOW", "DENY", "LOG")
_EVERYWHERE = ["0.0.0.0/0", "::/0"]
_TABLE = {
    **quiet("rules_stat_prefix", "shadow_rules_stat_prefix", "track_per_rule_stats"),
    **quiet("shadow_rules", "shadow_matcher"),
}
_NAMES = {"allow": "rules.policies", "deny": "rules.policies"}


@dataclass(slots=True)
class _Rules:
    """Rules of a filter.

    Attributes:
        action: ALLOW, DENY or LOG.
        matched: who is allowed, or denied; None for nobody.
        trusting: addresses come from X-Forwarded-For.
    """

    action: str
    matched: Term | None
    trusting: list[Mapping] = field(default_factory=list)


def read(use: Use) -> Reading:
    """Rules on one kind of property, or a guard."""
    people = consumer_access.read(use)
    if people is not None:
        return people
    settings = _settings(use)
    claims = consumers.claims_label(use)
    if claims is not None:
        return _claims(use, settings)
    if settings.has("matcher"):
        return guarded(use, "a tree of matchers decides")
    rules = settings.take_mapping("rules")
    if rules is None:
        return _without_rules(use, settings)
    try:
        found = _rules(rules)
    except UnsayableError as error:
        return guarded(use, str(error))
    if found.action == "LOG":
        return carried(use, "it only marks requests for logs", Level.INFO)
    if use.own is not None:
        use.base.take_all()
    kept = carry(settings, use.report, "ip_access", _TABLE)
    result = _policy(use, settings, found)
    for one in fields_of(result):
        if kept:
            one.extensions = {"envoy": {"rbac": kept}}
    return result


def _settings(use: Use) -> Mapping:
    """The settings that act: empty ones of a route let everybody in."""
    own = use.own
    if own is None:
        return use.base
    rbac = own.take_mapping("rbac")
    return rbac if rbac is not None else empty(own)


def _without_rules(use: Use, settings: Mapping) -> Reading:
    if settings.has("shadow_rules") or settings.has("shadow_matcher"):
        return carried(use, "it only counts (shadow rules)", Level.INFO)
    return nothing(use, "without rules it lets everybody in")


def fields_of(reading: Reading) -> Iterable[IpAccess | UserAgentAccess | Acl]:
    """The policies of a reading of this filter."""
    policies = reading.policies
    return [one for one in (policies.ip_access, policies.user_agent, policies.acl) if one]


def _rules(node: Mapping) -> _Rules:
    """The rules as one term.

    Raises:
        UnsayableError: they look at something that the model does not.
    """
    action = take_enum(node, "action", _ACTIONS, "ALLOW")
    found = _Rules(action, None)
    audit = node.take("audit_logging_options")
    if audit is not None:
        audit.take_all()
    if action == "LOG":
        return found
    terms = []
    for _, policy in mappings(node, "policies"):
        for key in ("condition", "checked_condition", "cel_config"):
            if policy.has(key):
                raise UnsayableError("an expression decides")
        permissions = either(_permission(one) for one in policy.take_mappings("permissions"))
        principals = [principal(one, found.trusting) for one in policy.take_mappings("principals")]
        terms.append(permissions.both(either(principals)))
    if terms:
        found.matched = either(terms)
    return found


def _permission(node: Mapping) -> Term:
    """What is asked for: everything, or a kind of client.

    Raises:
        UnsayableError: it is something else.
    """
    if take_flag(node, "any"):
        return Term()
    if node.has("header"):
        return principal(node, [])
    for key, inner in (("and_rules", "rules"), ("or_rules", "rules")):
        below = node.take_mapping(key)
        if below is not None:
            terms = [_permission(one) for one in below.take_mappings(inner)]
            return either(terms) if key == "or_rules" else every(terms)
    what = next(iter(node), "nothing")
    raise UnsayableError(f"it looks at what is asked for: {what}")


def _policy(use: Use, settings: Mapping, rules: _Rules) -> Reading:
    """The policy for a term of one kind."""
    origin = Origin(settings, _NAMES)
    matched = rules.matched
    allows = rules.action == "ALLOW"
    if matched is None:
        if not allows:
            return nothing(use, "nobody is denied")
        policy = IpAccess(deny=list(_EVERYWHERE), origin=origin)
        return _addressed(use, policy)
    if matched.is_any:
        if allows:
            return nothing(use, "everybody is allowed")
        return _addressed(use, IpAccess(deny=list(_EVERYWHERE), origin=origin))
    if matched.kind == ADDRESS:
        return _addresses(use, matched, rules, origin)
    if matched.kind == AGENT and not allows and matched.allow:
        found = Reading(use, groups={"address"})
        found.policies.user_agent = UserAgentAccess(
            deny=list(matched.patterns(matched.allow)),
            allow=list(matched.patterns(matched.deny)),
            refuse_missing=MISSING in matched.allow,
            origin=origin,
        )
        return found
    if matched.kind == GROUP and allows:
        found = Reading(use, groups={"acl"})
        found.policies.acl = Acl(
            allow=list(matched.allow),
            deny=list(matched.deny),
            hide_groups_header=True,  # unless GAL's own script says otherwise
            origin=origin,
        )
        return found
    return guarded(use, "it looks at headers")


def _addresses(use: Use, matched: Term, rules: _Rules, origin: Origin) -> Reading:
    """A policy on addresses, where they are those of connections."""
    allows = rules.action == "ALLOW"
    if not allows and matched.allow and matched.deny:
        return guarded(use, "some of the denied addresses are let in")
    if rules.trusting and not _is_edge(use):
        return guarded(use, "addresses that X-Forwarded-For tells")
    if use.chain.told:
        return guarded(use, "addresses that the proxy in front tells")
    allow, deny = (matched.allow, matched.deny) if allows else (matched.deny, matched.allow)
    return _addressed(use, IpAccess(allow=list(allow), deny=list(deny), origin=origin))


def _addressed(use: Use, policy: IpAccess) -> Reading:
    found = Reading(use, groups={"address"})
    found.policies.ip_access = policy
    return found


def _is_edge(use: Use) -> bool:
    """Whether Envoy takes the client's address from the connection, not from X-Forwarded-For."""
    hcm = use.chain.hcm
    edge, hops = hcm.peek("use_remote_address"), hcm.peek("xff_num_trusted_hops")
    others = hcm.has("original_ip_detection_extensions")
    own = edge is not None and as_flag(edge)
    return own and not others and (hops is None or not as_number(hops, "xff_num_trusted_hops"))


def _claims(use: Use, settings: Mapping) -> Reading:
    """What GAL asks of a token besides being valid: part of the policy that checks it."""
    rules = settings.peek("rules")
    data = rules.plain() if rules is not None else {}
    inner = rules.peek("policies") if isinstance(rules, Mapping) else None
    policies = list(inner.entries.values()) if isinstance(inner, Mapping) else []
    plain = all(isinstance(one, Mapping) and asks_nothing_else(one) for one in policies)
    if not plain or data.get("action", "ALLOW") != "ALLOW":
        return guarded(use, "it asks for more than claims of tokens")
    use.take_all()
    return Reading(use, groups={"access"}, marks={"claims": (use, data)})
