"""A load balancer of Traefik as a service of the model.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/load-balancing/service/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.importers.traefik.carried import Kept, carry, extensions
from gal.importers.traefik.health import health_check
from gal.importers.traefik.options import flag, section, text
from gal.importers.traefik.placement import UnusableError
from gal.importers.traefik.servers import read_servers, sticky_cookie
from gal.ledger import Fate, Level
from gal.model import (
    Algorithm,
    HostHeader,
    HostMode,
    LoadBalancer,
    Origin,
    Protocol,
    Retry,
    Service,
    Upstream,
)
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.traefik.servers_transport import Transport
    from gal.ledger import Reporter

UPSTREAM_NAMES = {
    "targets": "servers",
    "load_balancer": "strategy",
    "health_check": "healthCheck",
    "host_header": "passHostHeader",
    "tls": "serversTransport",
    "timeout": "serversTransport",
}
BALANCER_NAMES = {
    "algorithm": "strategy",
    "sticky_sessions": "sticky.cookie",
    "cookie_name": "sticky.cookie.name",
}
_STRATEGIES = {
    "wrr": Algorithm.ROUND_ROBIN,
    "p2c": Algorithm.LEAST_CONN,
    "hrw": Algorithm.IP_HASH,
    "leasttime": Algorithm.LATENCY,
}
_COOKIE = (
    Kept("secure", "other gateways send the cookie over plain HTTP, too", False),
    Kept("sameSite", "other gateways say nothing of SameSite"),
    Kept("maxAge", "elsewhere the cookie ends with the session", 0),
    Kept("path", "elsewhere the cookie is for all paths", "/"),
    Kept("domain", "elsewhere the cookie is for the host that was asked"),
)


def read_balancer(name: str, node: Mapping, transport: Transport, report: Reporter) -> Service:
    """The service that a load balancer is.

    Args:
        name: of the service.
        node: the load balancer.
        transport: how its servers are spoken to.
        report: where to say what differs.

    Raises:
        UnusableError: Traefik has no such strategy.
    """
    servers = read_servers(node, report)
    secure = servers.protocol in (Protocol.HTTPS, Protocol.GRPCS)
    origin = Origin(node, UPSTREAM_NAMES)
    upstream = Upstream(name, targets=servers.targets, origin=origin)
    upstream.load_balancer, kept = _balancer(name, node, report)
    upstream.health_check, checks = health_check(node, secure, report)
    kept |= checks
    if not flag(node, "passHostHeader", default=True):
        names = {"mode": "passHostHeader"}
        upstream.host_header = HostHeader(HostMode.TARGET, origin=Origin(node, names))
    upstream.timeout = transport.timeout
    upstream.retry = Retry(attempts=0, origin=Origin(node, {}))
    if secure:
        upstream.tls = transport.tls
    if transport.kept:
        kept["serversTransport"] = transport.kept
    forwarding = section(node, "responseForwarding")
    if forwarding is not None:
        message = "other gateways pass answers on as they come"
        quiet = Kept("flushInterval", message, "100ms", Level.INFO)
        more = carry(forwarding, report, "upstream", quiet)
        if more:
            kept["responseForwarding"] = more
    upstream.extensions = extensions(kept)
    return Service(
        name,
        protocol=servers.protocol,
        upstream=upstream,
        path=servers.path,
        origin=Origin(node, {"upstream": "servers", "protocol": "servers", "path": "servers"}),
    )


def _balancer(name: str, node: Mapping, report: Reporter) -> tuple[LoadBalancer, dict[str, Any]]:
    given = (text(node, "strategy") or "wrr").lower()
    if given not in _STRATEGIES:
        raise UnusableError(f'Traefik has no strategy "{given}"')
    balancer = LoadBalancer(_STRATEGIES[given], origin=Origin(node, BALANCER_NAMES))
    if given == "p2c":
        message = "of two servers taken at random Traefik takes the one with fewer connections"
        report.about(balancer, Fate.APPROXIMATED, Level.INFO, "load_balancer", message, "algorithm")
    cookie, cookie_name = sticky_cookie(node, name)
    if cookie is None:
        return balancer, {}
    balancer.sticky_sessions, balancer.cookie_name = True, cookie_name
    kept = carry(cookie, report, "load_balancer", *_COOKIE)
    if not flag(cookie, "httpOnly"):
        kept["httpOnly"] = False
        message = "elsewhere scripts of the page may not see the cookie"
        report.at(cookie, Fate.CARRIED, Level.INFO, "load_balancer", message, whole=False)
    return balancer, {"sticky": {"cookie": kept}} if kept else {}
