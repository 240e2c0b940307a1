"""Who of the consumers is refused, as GAL writes it for Envoy: an `rbac` filter behind the script
that finds them out.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/rbac/v3/rbac.proto (`Principal`)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.importers.envoy import consumers
from gal.importers.envoy.principals import ADDRESS, UnsayableError, principal
from gal.importers.envoy.use import Reading
from gal.model import DirectResponse, IpAccess, Origin, Policies
from gal.reading import Mapping, Sequence

if TYPE_CHECKING:
    from gal.importers.envoy.use import Use

_NAME = "gal.consumer_access."
_REFUSED = 403


def read(use: Use) -> Reading | None:
    """Policies of the consumers whom the filter names; None for any other filter."""
    if not use.filter.name.startswith(_NAME) or use.own is not None:
        return None
    found: dict[str, Policies] = {}
    for node in _principals(use.base):
        one = _policies(node)
        if one is None:
            return None
        consumers.join(found.setdefault(one[0], Policies()), one[1])
    if not found:
        return None
    use.take_all()
    return Reading(use, groups={"acl"}, marks={"people": found})


def _principals(base: Mapping) -> list[Mapping]:
    """What the only policy denies."""
    rules = base.peek("rules")
    policies = rules.peek("policies") if isinstance(rules, Mapping) else None
    denied = rules.peek("action") if isinstance(rules, Mapping) else None
    if not isinstance(policies, Mapping) or denied is None or denied.plain() != "DENY":
        return []
    policy = policies.peek("gal")
    if len(policies) != 1 or not isinstance(policy, Mapping) or not asks_nothing_else(policy):
        return []
    found = policy.peek("principals")
    items = found.items if isinstance(found, Sequence) else []
    return [one for one in items if isinstance(one, Mapping)]


def asks_nothing_else(policy: Mapping) -> bool:
    """Whether a policy of RBAC looks at its principals only."""
    asked = policy.peek("permissions")
    only = {policy.spelt(key) for key in ("permissions", "principals")} >= set(policy)
    return only and asked is not None and asked.plain() == [{"any": True}]


def _policies(node: Mapping) -> tuple[str, Policies] | None:
    """A consumer who is refused, or is from some addresses."""
    who = _name(node)
    if who is not None:
        refused = DirectResponse(_REFUSED, "RBAC: access denied", content_type="text/plain")
        refused.origin = Origin(node, {})
        return who, Policies(direct_response=refused)
    both = node.peek("and_ids")
    ids = both.peek("ids") if isinstance(both, Mapping) else None
    if not isinstance(ids, Sequence) or len(ids.items) != 2:
        return None
    first, second = ids.items
    who = _name(first) if isinstance(first, Mapping) else None
    inner = second.peek("not_id") if isinstance(second, Mapping) else None
    if who is None or not isinstance(inner, Mapping):
        return None
    try:
        term = principal(inner, [])
    except UnsayableError:
        return None
    if term.kind != ADDRESS:
        return None
    policy = IpAccess(list(term.allow), list(term.deny), origin=Origin(inner, {}))
    return who, Policies(ip_access=policy)


def _name(node: Mapping) -> str | None:
    """The consumer whom the script has found, where it is a certain one."""
    sourced = node.peek("sourced_metadata")
    matcher = sourced.peek("metadata_matcher") if isinstance(sourced, Mapping) else None
    if not isinstance(matcher, Mapping):
        return None
    plain = matcher.plain()
    try:
        exact = plain["value"]["string_match"]["exact"]
    except (KeyError, TypeError):
        return None
    own = plain.get("filter") == consumers.NAMESPACE and plain.get("path") == [{"key": "name"}]
    return str(exact) if own else None
