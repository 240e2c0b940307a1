"""Who may enter by address, by kind of client and by group: `ip-restriction`, `ua-restriction` and
`consumer-restriction` (https://apisix.apache.org/docs/apisix/plugins/ip-restriction/,
https://apisix.apache.org/docs/apisix/plugins/ua-restriction/,
https://apisix.apache.org/docs/apisix/plugins/consumer-restriction/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.importers.apisix.fields import Kept, carry, extensions, take_choice, take_integer
from gal.ledger import Fate, Level
from gal.model import Acl, Anchor, Dialect, IpAccess, Regex, UserAgentAccess
from gal.networks import network, shared
from gal.reading import Node, is_placeholder

if TYPE_CHECKING:
    from gal.importers.apisix.plugin import Plugin
    from gal.ledger import Reporter

IP_NAMES = {"allow": "whitelist", "deny": "blacklist", "status_code": "response_code"}
AGENT_NAMES = {"allow": "allowlist", "deny": "denylist", "refuse_missing": "bypass_missing"}
ACL_NAMES = {"allow": "whitelist", "deny": "blacklist", "status_code": "rejected_code"}
_TEXT = "other gateways refuse with a text of their own"

_NO_GROUP = "-"
"""A group of which nobody is."""


def ip_access(plugin: Plugin, report: Reporter) -> IpAccess:
    """An `ip-restriction` plugin.

    Raises:
        InputError: neither list, or an entry that is no address and no range.
    """
    config = plugin.node
    allow, deny = config.take_sequence("whitelist"), config.take_sequence("blacklist")
    if not allow and not deny:
        raise config.error('one of "whitelist" and "blacklist" is needed')
    del report
    return IpAccess(
        allow=[_address(node) for node in allow],
        deny=[_address(node) for node in deny],
        status_code=take_integer(config, "response_code", 403, 403, 404),
        message=config.take_str("message", "Your IP address is not allowed"),
        origin=plugin.origin(IP_NAMES),
    )


def user_agent(plugin: Plugin, report: Reporter) -> UserAgentAccess:
    """A `ua-restriction` plugin. With an allow list everybody else is refused, by an expression
    that matches all.

    Raises:
        InputError: both lists or neither.
    """
    config = plugin.node
    allow = [_search(one) for one in config.take_sequence("allowlist")]
    deny = [_search(one) for one in config.take_sequence("denylist")]
    if bool(allow) == bool(deny):
        raise config.error('exactly one of "allowlist" and "denylist" is needed')
    kept = carry(config, report, "user_agent", Kept("message", "Not allowed", Level.INFO, _TEXT))
    return UserAgentAccess(
        allow=allow,
        deny=[Regex("^", Dialect.PCRE, Anchor.SEARCH)] if allow else deny,
        refuse_missing=not config.take_bool("bypass_missing", False),
        extensions=extensions(kept),
        origin=plugin.origin(AGENT_NAMES),
    )


def is_by_group(plugin: Plugin) -> bool:
    """Whether a `consumer-restriction` asks for groups or names, and for nothing else."""
    config = plugin.node
    methods = config.peek("allowed_by_methods")
    if methods is not None and methods.plain():
        return False
    kind = config.peek("type")
    return kind is None or kind.as_str() in ("consumer_name", "consumer_group_id")


def acl(plugin: Plugin, report: Reporter) -> Acl:
    """A `consumer-restriction` plugin by group, or by name where each name is a group.

    Raises:
        InputError: neither list.
    """
    config = plugin.node
    kinds = ("consumer_name", "service_id", "route_id", "consumer_group_id")
    kind = take_choice(config, "type", kinds, "consumer_name")
    config.mark("allowed_by_methods")
    allow, deny = config.take_strings("whitelist") or [], config.take_strings("blacklist") or []
    if not allow and not deny:
        raise config.error('one of "whitelist" and "blacklist" is needed')
    kept = carry(config, report, "acl", Kept("rejected_msg", None, Level.INFO, _TEXT))
    kept["type"] = kind
    return Acl(
        allow=allow,
        deny=deny,
        hide_groups_header=True,
        status_code=take_integer(config, "rejected_code", 403, 200, 599),
        extensions=extensions(kept),
        origin=plugin.origin(ACL_NAMES),
    )


def ask_for_a_group(policy: Acl, plugin: Plugin, groups: frozenset[str], report: Reporter) -> None:
    """Where some groups are kept out, APISIX also refuses a consumer of none: the others are named.

    Args:
        policy: made of the plugin.
        plugin: a `consumer-restriction`.
        groups: all groups of consumers.
        report: where to say so.
    """
    kind = plugin.node.peek("type")
    if not policy.deny or kind is None or kind.as_str() != "consumer_group_id":
        return
    policy.allow = sorted({*(policy.allow or groups)} - {*policy.deny}) or [_NO_GROUP]
    policy.deny = []
    message = "who is of no group is refused, too, so the other groups are named"
    report.about(policy, Fate.EXACT, Level.INFO, "acl", message)


def both(inner: IpAccess, outer: IpAccess, report: Reporter) -> IpAccess:
    """The one that lets in whom both let in; a list of nobody where they share none."""
    allow, deny = inner.allow, [*inner.deny, *outer.deny]
    if inner.allow and outer.allow:
        allow = shared(inner.allow, outer.allow)
        if not allow:
            allow, deny = inner.allow, ["0.0.0.0/0", "::/0"]
    elif outer.allow:
        allow = outer.allow
    message = "global rules run besides this one: both lists are put together here"
    report.about(inner, Fate.EXACT, Level.INFO, "ip_access", message)
    return IpAccess(
        allow=allow,
        deny=list(dict.fromkeys(deny)),
        status_code=inner.status_code,
        message=inner.message,
        extensions=inner.extensions,
        origin=inner.origin,
    )


def _address(node: Node) -> str:
    text = node.as_str()
    if not is_placeholder(text) and network(text) is None:
        raise node.error(f'"{text}" is no IP address and no range such as 10.0.0.0/8')
    return text


def _search(node: Node) -> Regex:
    return Regex(node.as_str(), Dialect.PCRE, Anchor.SEARCH)
