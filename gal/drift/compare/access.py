"""Who may enter, by address, by group and by kind of client."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gal.drift import lattice
from gal.drift.compare.finding import Finding, fields_of, whole
from gal.drift.lattice import Direction, by_inclusion, combined, of_bounded
from gal.drift.normalise import canonical
from gal.drift.shown import joined
from gal.model import Acl, IpAccess, UserAgentAccess

_REFUSAL = {"status_code": "D069", "message": "D069"}
_IP = {Direction.WIDER: "D060", Direction.NARROWER: "D063", Direction.OTHER: "D068"}
_GROUPS = {Direction.WIDER: "D019", Direction.NARROWER: "D133", Direction.OTHER: "D134"}
_AGENTS = {Direction.WIDER: "D064", Direction.NARROWER: "D065", Direction.OTHER: "D068"}
_ACL = {**_REFUSAL, "hide_groups_header": "D137", "authenticated_groups": "D134"}


def ip_access(old: IpAccess | None, new: IpAccess | None) -> Iterator[Finding]:
    """Addresses by inclusion of their ranges."""
    direction = lattice.ip_access(old, new)
    if direction is not Direction.SAME:
        said = _lists(old), _lists(new)
        yield whole(_IP[direction], old, new, "ip_access", said)
    if old is not None and new is not None:
        yield from fields_of(old, new, _REFUSAL, "ip_access")


def acl(old: Acl | None, new: Acl | None) -> Iterator[Finding]:
    """Groups by inclusion; no rule at all lets everybody enter that is known."""
    if old is None or new is None:
        direction = Direction.NARROWER if old is None else Direction.WIDER
    else:
        entering = of_bounded(old.allow, new.allow)
        direction = combined((entering, by_inclusion(old.deny, new.deny).reverse))
    if direction is not Direction.SAME:
        yield whole(_GROUPS[direction], old, new, "acl", (_lists(old), _lists(new)))
    if old is not None and new is not None:
        yield from fields_of(old, new, _ACL, "acl")


def user_agent(old: UserAgentAccess | None, new: UserAgentAccess | None) -> Iterator[Finding]:
    """Expressions by inclusion of their texts."""
    allowed = by_inclusion(_patterns(old, "allow"), _patterns(new, "allow"))
    denied = by_inclusion(_patterns(old, "deny"), _patterns(new, "deny")).reverse
    direction = combined((allowed, denied))
    if direction is not Direction.SAME:
        said = _agents(old), _agents(new)
        yield whole(_AGENTS[direction], old, new, "user_agent", said)
    if old is not None and new is not None:
        yield from fields_of(old, new, _REFUSAL, "user_agent")


def _patterns(policy: UserAgentAccess | None, name: str) -> Collection[str]:
    if policy is None:
        return set()
    found = {str(canonical("", one)) for one in getattr(policy, name)}
    if name == "deny":
        found |= {"known bots"} if policy.deny_known_bots else set()
        found |= {"clients without a User-Agent"} if policy.refuse_missing else set()
    return found


def _agents(policy: UserAgentAccess | None) -> str:
    texts = [f"{name} {one}" for name in ("allow", "deny") for one in _sorted(policy, name)]
    return joined(texts)


def _sorted(policy: UserAgentAccess | None, name: str) -> list[str]:
    return sorted(_patterns(policy, name))


def _lists(policy: IpAccess | Acl | None) -> str:
    if policy is None:
        return "none"
    texts = [f"allow {', '.join(sorted(policy.allow))}"] if policy.allow else []
    texts += [f"deny {', '.join(sorted(policy.deny))}"] if policy.deny else []
    return joined(texts)
