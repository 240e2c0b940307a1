"""Who may enter, by address, by group and by kind of client."""

from __future__ import annotations

from dataclasses import dataclass, field

from gal.model.node import Policy
from gal.model.values import Regex


@dataclass(slots=True)
class IpAccess(Policy):
    """Addresses that may or may not enter (Kong and APISIX `ip-restriction`, Traefik
    `ipAllowList`, Envoy `rbac`). A denied address never enters; with an allow list, only its
    addresses do.

    Attributes:
        allow: addresses or CIDR ranges, IPv4 or IPv6.
        deny: addresses or CIDR ranges.
        status_code: given to the refused.
        message: given to the refused; unset leaves it to the provider.
    """

    allow: list[str] = field(default_factory=list)
    deny: list[str] = field(default_factory=list)
    status_code: int = 403
    message: str | None = None


@dataclass(slots=True)
class Acl(Policy):
    """Consumer groups that may or may not enter (Kong `acl`, APISIX `consumer-restriction`).

    Attributes:
        allow: groups of which the consumer needs one.
        deny: groups of which the consumer must have none.
        hide_groups_header: do not tell the upstream the groups.
        authenticated_groups: groups that the authentication found win over the consumer's own.
        status_code: given to the refused.
    """

    allow: list[str] = field(default_factory=list)
    deny: list[str] = field(default_factory=list)
    hide_groups_header: bool = False
    authenticated_groups: bool = False
    status_code: int = 403


@dataclass(slots=True)
class UserAgentAccess(Policy):
    """Clients that may or may not enter by what they call themselves (Kong `bot-detection`,
    APISIX `ua-restriction`).

    Attributes:
        allow: expressions on `User-Agent`; a match enters whatever else is said.
        deny: expressions on `User-Agent`; a match is refused.
        deny_known_bots: the provider's own list of robots is refused, too.
        refuse_missing: whoever sends no `User-Agent` is refused, whatever else is said.
        status_code: given to the refused.
    """

    allow: list[Regex] = field(default_factory=list)
    deny: list[Regex] = field(default_factory=list)
    deny_known_bots: bool = False
    refuse_missing: bool = False
    status_code: int = 403
