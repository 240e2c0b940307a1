"""Who may enter by address, by group and by kind of client: `ip-restriction`, `acl` and
`bot-detection` (https://developer.konghq.com/plugins/ip-restriction/,
https://developer.konghq.com/plugins/acl/, https://developer.konghq.com/plugins/bot-detection/).

All three still take `whitelist` and `blacklist`, their names for the lists before Kong 3.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from gal.importers.kong.settings import begin, renamed_list
from gal.ledger import Fate, Level
from gal.model import Acl, Anchor, Dialect, IpAccess, Regex, UserAgentAccess
from gal.reading import Mapping, Node, Placeholder, is_placeholder

if TYPE_CHECKING:
    from gal.importers.kong.plugin import Plugin
    from gal.ledger import Reporter

_LISTS = {"allow": "config.allow", "deny": "config.deny"}
_OLD_LISTS = {"allow": "config.whitelist", "deny": "config.blacklist"}
_OTHERS = {
    "status_code": "config.status",
    "message": "config.message",
    "hide_groups_header": "config.hide_groups_header",
    "authenticated_groups": "config.always_use_authenticated_groups",
}
NAMES = {**_LISTS, **_OTHERS}
OLD_NAMES = {**_OLD_LISTS, **_OTHERS}


def ip_access(plugin: Plugin, report: Reporter) -> IpAccess:
    """An `ip-restriction` plugin. The address is the peer's, unless the peer is a trusted proxy.

    Raises:
        InputError: neither list, or an entry that is no address and no range.
    """
    config = begin(plugin, report)
    allow, deny = _lists(config)
    status = config.take_int("status", 403)
    if not isinstance(status, Placeholder) and status < 400:
        report.at(
            config.entries["status"],
            Fate.APPROXIMATED,
            Level.WARNING,
            "ip_access",
            "Kong itself answers 500 here: it makes errors with a status from 400 up only",
        )
    return IpAccess(
        allow=[_address(node) for node in allow or []],
        deny=[_address(node) for node in deny or []],
        status_code=status,
        message=config.take_str("message"),
        origin=plugin.origin(_names(config)),
    )


def acl(plugin: Plugin, report: Reporter) -> Acl:
    """An `acl` plugin.

    Raises:
        InputError: both lists or neither, which Kong refuses, or an empty one, with which it
            refuses everybody; a list of who is denied that names consumer groups.
    """
    config = begin(plugin, report)
    allow, deny = _lists(config)
    if allow is not None and deny is not None:
        raise config.error('only one of "allow" and "deny" can be given')
    groups = [node.as_str() for node in allow or deny or []]
    _consumer_groups(config, report, closed=allow is not None)
    if not groups:
        raise config.error(
            "without any group everybody is refused", 'name groups, or use "request-termination"'
        )
    return Acl(
        allow=groups if allow else [],
        deny=groups if deny else [],
        hide_groups_header=config.take_bool("hide_groups_header", False),
        authenticated_groups=config.take_bool("always_use_authenticated_groups", False),
        origin=plugin.origin(_names(config)),
    )


def _consumer_groups(config: Mapping, report: Reporter, *, closed: bool) -> None:
    """Consumer groups, which the enterprise edition has, do not count among the model's groups."""
    node = config.take("include_consumer_groups")
    if node is None or not node.as_bool():
        return
    if not closed:
        raise node.error(
            "members of consumer groups that are denied would enter elsewhere",
            "list the groups of the credentials `acls`, and leave out include_consumer_groups",
        )
    message = "who is only in a consumer group is refused elsewhere"
    report.at(node, Fate.APPROXIMATED, Level.WARNING, "acl", message)


def user_agent(plugin: Plugin, report: Reporter) -> UserAgentAccess:
    """A `bot-detection` plugin. It always has Kong's own list of robots, after `allow`.

    Raises:
        InputError: an entry that is no regular expression.
    """
    config = begin(plugin, report)
    return UserAgentAccess(
        allow=[_search(node) for node in renamed_list(config, "allow", "whitelist") or []],
        deny=[_search(node) for node in renamed_list(config, "deny", "blacklist") or []],
        deny_known_bots=True,
        origin=plugin.origin(_names(config)),
    )


def _names(config: Mapping) -> dict[str, str]:
    old = config.peek("whitelist") is not None or config.peek("blacklist") is not None
    return OLD_NAMES if old else NAMES


def _lists(config: Mapping) -> tuple[list[Node] | None, list[Node] | None]:
    allow = renamed_list(config, "allow", "whitelist")
    deny = renamed_list(config, "deny", "blacklist")
    if allow is None and deny is None:
        raise config.error('one of "allow" and "deny" is needed')
    return allow, deny


def _address(node: Node) -> str:
    text = node.as_str()
    if is_placeholder(text):
        return text
    address, slash, length = text.partition("/")
    try:
        ipaddress.ip_network(text, strict=False)
        if slash and not length.isdigit():
            raise ValueError  # a netmask, which only Python reads
    except ValueError:
        raise node.error(f'"{text}" is no IP address and no range such as 10.0.0.0/8') from None
    return text if slash else address


def _search(node: Node) -> Regex:
    return Regex(pattern_text(node), Dialect.PCRE, Anchor.SEARCH)


def pattern_text(node: Node) -> str:
    """The text of a regular expression.

    Raises:
        InputError: it starts with a repetition of nothing, which is how wildcards get there.
    """
    text = node.as_str()
    if text.removeprefix("^")[:1] in ("*", "+", "?"):
        raise node.error(
            f'"{text}" is no regular expression: nothing stands before the "{text.lstrip("^")[0]}"',
            r"a wildcard is written .*, and a dot \.",
        )
    return text
