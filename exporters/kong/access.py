"""Who may enter by address and by kind of client, and limits on the size
(https://developer.konghq.com/plugins/ip-restriction/,
https://developer.konghq.com/plugins/bot-detection/).
"""

from __future__ import annotations

from gal.exporters.kong.build import Build, Json, put
from gal.exporters.kong.instance import Instance, split
from gal.model import Anchor, IpAccess, Policy, Regex, UserAgentAccess

_LOWEST_ERROR = 400


def ip_access(policy: IpAccess, build: Build) -> Instance | None:
    """An `ip-restriction` plugin."""
    if not policy.allow and not policy.deny and not build.native:
        return None
    around, config = split(policy.extensions)
    if policy.allow:
        config["allow"] = list(policy.allow)
    if policy.deny or not policy.allow:
        config["deny"] = list(policy.deny)
    put(config, "status", error_status(policy, "ip_access", policy.status_code, build), 403)
    put(config, "message", policy.message)
    return Instance("ip-restriction", config, around)


def user_agent(policy: UserAgentAccess, build: Build) -> Instance | None:
    """A `bot-detection` plugin. It always has Kong's own list of robots, after `allow`."""
    if not policy.deny and not policy.deny_known_bots:
        return None
    around, config = split(policy.extensions)
    if policy.allow:
        config["allow"] = [searched(regex) for regex in policy.allow]
    if policy.deny:
        config["deny"] = [searched(regex) for regex in policy.deny]
    if not policy.deny_known_bots:
        message = "Kong also refuses the robots that it knows itself"
        build.report.approximated(policy, "user_agent", message)
    if policy.status_code != 403:
        message = "Kong refuses with 403"
        build.report.approximated(policy, "user_agent", message, "status_code")
    return Instance("bot-detection", config, around)


def error_status(policy: Policy, feature: str, status: int, build: Build) -> int:
    """A status that Kong can refuse with: it makes errors from 400 up only."""
    if type(status) is not int or status >= _LOWEST_ERROR or build.native:
        return status
    message = f"Kong refuses with a status from {_LOWEST_ERROR} up only: it is 403"
    build.report.approximated(policy, feature, message, "status_code")
    return 403


def searched(regex: Regex) -> str:
    """An expression for where Kong searches with PCRE."""
    if regex.anchor is Anchor.SEARCH:
        return regex.pattern
    return f"^(?:{regex.pattern})" + ("$" if regex.anchor is Anchor.FULL else "")


def nothing(name: str) -> Json | None:
    """Settings with which a plugin does nothing, where it has any."""
    return {
        "request-transformer": {},
        "response-transformer": {},
    }.get(name)
