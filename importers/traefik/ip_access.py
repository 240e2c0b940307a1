"""Who may enter by address: `ipAllowList`, and `ipWhiteList` of version 2.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/ipallowlist/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.importers.traefik.options import number, section, strings
from gal.importers.traefik.placement import Placement, UnusableError, settings
from gal.ledger import Fate, Level
from gal.model import DirectResponse, IpAccess, Origin
from gal.networks import network, shared
from gal.reading import Mapping, is_placeholder

if TYPE_CHECKING:
    from gal.importers.traefik.dynamic import Middleware

IP_NAMES = {"allow": "sourceRange", "status_code": "rejectStatusCode"}
_FEATURE = "ip_access"
_NOBODY = ["255.255.255.255/32"]
_EVERYBODY = ["0.0.0.0/0", "::/0"]
_FORBIDDEN = 403


def ip_access(middleware: Middleware, place: Placement) -> None:
    """Only these addresses enter. Several lists are all asked; a list of nobody, which is how
    Traefik is made to refuse, is an answer of the gateway's own.

    Raises:
        UnusableError: the list is empty, or an entry is no address and no range.
    """
    config = settings(middleware)
    strategy = section(config, "ipStrategy")
    if strategy is not None and not _is_remote(strategy):
        place.guard(middleware, "addresses that X-Forwarded-For tells")
        return
    allowed = strings(config, "sourceRange")
    if not allowed:
        raise UnusableError(f"{middleware.kind} needs a sourceRange")
    for one in allowed:
        if not is_placeholder(one) and network(one) is None:
            raise UnusableError(f'"{one}" is no address and no range')
    status = number(config, "rejectStatusCode") or _FORBIDDEN
    origin = Origin(config, IP_NAMES)
    if allowed == _NOBODY:
        place.policies.direct_response = DirectResponse(status, origin=origin)
        place.answered = True
        return
    policy = IpAccess(allow=allowed, status_code=status, origin=origin)
    other = place.policies.ip_access
    place.policies.ip_access = policy if other is None else _both(other, policy, place)


def _is_remote(strategy: Mapping) -> bool:
    """Whether the address is that of the connection's other end, whole."""
    strategy.take_all()
    return not any(strategy.plain().values())


def _both(first: IpAccess, second: IpAccess, place: Placement) -> IpAccess:
    """The list of those whom both let in; of nobody where they share none."""
    if first.status_code != second.status_code:
        message = f"who is refused by this list gets {first.status_code}, too"
        place.report.approximated(second, _FEATURE, message, "status_code")
    both = shared(first.allow, second.allow)
    message = "only addresses that both lists have enter"
    place.report.about(second, Fate.EXACT, Level.INFO, _FEATURE, message)
    return IpAccess(
        allow=both or first.allow,
        deny=list(first.deny) if both else list(_EVERYBODY),
        status_code=first.status_code,
        origin=first.origin,
    )
