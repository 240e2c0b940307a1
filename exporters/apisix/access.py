"""Who may enter by address, by kind of client and by group
(https://apisix.apache.org/docs/apisix/plugins/ip-restriction/,
https://apisix.apache.org/docs/apisix/plugins/ua-restriction/,
https://apisix.apache.org/docs/apisix/plugins/consumer-restriction/).
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from gal import robots
from gal.exporters.apisix.plugin import (
    CannotGuardError,
    Json,
    Plugins,
    differs,
    kept,
    native,
    note,
    put,
    searched,
)
from gal.model import Acl, Anchor, IpAccess, UserAgentAccess
from gal.reading import is_placeholder

if TYPE_CHECKING:
    from gal.exporters.apisix.build import Shared
    from gal.exporters.apisix.people import People

NOBODY = "gal-nobody"
"""Stands in lists that name nobody, which APISIX wants to name somebody."""

_EVERYWHERE = ("0.0.0.0/0", "::/0")
_LONGEST_TEXT = 1024
_USUAL_TEXT = "Your IP address is not allowed"
_EVERYBODY = ("^", "")
_NEVER = "(?!)"
"""An expression that finds nothing: the list has to have one."""
_UNAUTHORIZED = 401
_BY_NUMBER = re.compile(r"\\[1-9]|\\g|\(\?[R&P0-9]")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def ip_access(policy: IpAccess, shared: Shared) -> Plugins:
    """An `ip-restriction` plugin, which looks at the connection's address (or that of `real-ip`).

    Raises:
        CannotGuardError: both lists are given, with placeholders among them.
    """
    config = kept(policy.extensions)
    if policy.allow and policy.deny:
        config["whitelist"] = _without(policy.allow, policy.deny)
        if not config["whitelist"]:
            del config["whitelist"]
            config["blacklist"] = list(_EVERYWHERE)
    elif policy.allow:
        config["whitelist"] = list(policy.allow)
    elif policy.deny:
        config["blacklist"] = list(policy.deny)
    else:
        return {}
    if policy.status_code not in (403, 404):
        message = "APISIX refuses with 403 or 404: it is 403"
        differs(shared, policy, "ip_access", message, "status_code")
    else:
        put(config, "response_code", policy.status_code, 403)
    if policy.message:
        put(config, "message", policy.message[:_LONGEST_TEXT], _USUAL_TEXT)
        if len(policy.message) > _LONGEST_TEXT:
            message = f"APISIX says no more than {_LONGEST_TEXT} characters"
            differs(shared, policy, "ip_access", message, "message")
    return {"ip-restriction": config}


def _without(allow: list[str], deny: list[str]) -> list[str]:
    """The ranges of one list without those of another, as whole ranges: APISIX takes one list."""
    if any(is_placeholder(text) for text in (*allow, *deny)):
        message = "APISIX takes one list of addresses: placeholders cannot be put together"
        raise CannotGuardError(message)
    left: list[Network] = [ipaddress.ip_network(text, strict=False) for text in allow]
    for text in deny:
        denied = ipaddress.ip_network(text, strict=False)
        left = [part for network in left for part in _minus(network, denied)]
    return [_short(network) for network in left]


def _minus(network: Network, denied: Network) -> list[Network]:
    if isinstance(network, ipaddress.IPv4Network) and isinstance(denied, ipaddress.IPv4Network):
        if not network.overlaps(denied):
            return [network]
        return sorted(network.address_exclude(denied)) if denied.subnet_of(network) else []
    if isinstance(network, ipaddress.IPv6Network) and isinstance(denied, ipaddress.IPv6Network):
        if not network.overlaps(denied):
            return [network]
        return sorted(network.address_exclude(denied)) if denied.subnet_of(network) else []
    return [network]


def _short(network: Network) -> str:
    whole = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if whole else str(network)


def user_agent(policy: UserAgentAccess, shared: Shared) -> Plugins:
    """A `ua-restriction` plugin. It has one list: what is allowed in spite of a denial becomes a
    part of the denying expression.

    Raises:
        CannotGuardError: the expressions cannot stand in one.
    """
    if not policy.deny and not policy.deny_known_bots and not policy.refuse_missing:
        return {}
    config = kept(policy.extensions)
    config.pop("bypass_missing", None)
    if not policy.refuse_missing:
        config["bypass_missing"] = True
    allow = list(dict.fromkeys(searched(one) for one in policy.allow))
    deny = list(dict.fromkeys(searched(one) for one in policy.deny))
    if policy.deny_known_bots:
        deny += robots.SEARCHED
        message = "the known robots are those of a list of GAL's own, and not the source's"
        differs(shared, policy, "user_agent", message, "deny_known_bots")
    if allow and any(
        one.anchor is Anchor.SEARCH and one.pattern in _EVERYBODY for one in policy.deny
    ):
        config["allowlist"] = allow
    elif allow:
        config["denylist"] = [_unless(allow, one) for one in deny] or [_NEVER]
    else:
        config["denylist"] = deny or [_NEVER]
    if policy.status_code != 403:
        message = "APISIX refuses with 403"
        differs(shared, policy, "user_agent", message, "status_code")
    return {"ua-restriction": config}


def _unless(allow: list[str], denied: str) -> str:
    """An expression that finds what is denied in a text in which nothing allowed is found."""
    parts = [*allow, denied]
    if any(_BY_NUMBER.search(part) for part in parts):
        message = "expressions that refer to their own groups cannot be put together for APISIX"
        raise CannotGuardError(message)
    allowed = "|".join(f"(?:{one})" for one in allow)
    return rf"^(?![\s\S]*?(?:{allowed}))[\s\S]*?(?:{denied})"


def acl(policy: Acl | None, people: People, inline: list[str] | None, shared: Shared) -> Plugins:
    """A `consumer-restriction` plugin.

    Args:
        policy: who may enter, by group.
        people: all consumers.
        inline: made-up consumers whom alone the authentication lets in; None for the real ones.
        shared: the file.
    """
    if inline is not None:
        asked = policy is not None and bool(policy.allow)
        config: Json = {"whitelist": [NOBODY] if asked or not inline else list(inline)}
        put(config, "rejected_code", 403 if asked else 401, 403)
        if policy is not None:
            _ = policy.deny, policy.status_code, policy.hide_groups_header
        return {"consumer-restriction": config}
    made = list(people.made)
    if policy is None or not (policy.allow or policy.deny):
        if not made:
            return {}
        return {"consumer-restriction": {"blacklist": made, "rejected_code": 401}}
    config = kept(policy.extensions)
    by_name = _by_name(policy, people, str(config.pop("type", "")), shared)
    if by_name is None:
        allow, deny = list(policy.allow), list(policy.deny)
        config["type"] = "consumer_group_id"
        _say_unauthorized(policy, people, shared)
    else:
        allow, deny = by_name
    if allow:
        config["whitelist"] = allow
    if deny:
        config["blacklist"] = deny
    put(config, "rejected_code", policy.status_code, 403)
    if not policy.hide_groups_header:
        message = "APISIX does not tell the upstream the groups"
        note(shared, policy, "acl", message, "hide_groups_header")
    return {"consumer-restriction": config}


def _say_unauthorized(policy: Acl, people: People, shared: Shared) -> None:
    """APISIX looks for a group first, and has a status of its own for who is in none."""
    alone = people.made or any(not groups for groups in people.groups.values())
    if alone and policy.allow and policy.status_code != _UNAUTHORIZED:
        message = f"APISIX refuses consumers of no group with {_UNAUTHORIZED}"
        differs(shared, policy, "acl", message, "status_code")


def _by_name(
    policy: Acl, people: People, kind: str, shared: Shared
) -> tuple[list[str], list[str]] | None:
    """The lists with consumers instead of groups, where a consumer's only group in APISIX does not
    do; None where it does.
    """
    if native(shared) and kind:
        if kind != "consumer_name":
            return None
        return [people.username(n) for n in policy.allow], [people.username(n) for n in policy.deny]
    several = any(len(groups) > 1 for groups in people.groups.values())
    nobody = any(not groups for groups in people.groups.values())
    if not several and people.groups_are_ids and not (policy.deny and (nobody or people.made)):
        return None
    allow = people.members(policy.allow) or [NOBODY] if policy.allow else []
    deny = [*people.members(policy.deny), *people.made] or [NOBODY] if policy.deny else []
    return allow, deny
