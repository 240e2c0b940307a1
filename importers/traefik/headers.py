"""Changes of headers, and what browsers are told: `headers`.

Request headers change before the next middleware sees them, so of several middlewares the last one
wins; response headers change on the way back, so the first one wins.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/headers/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.importers.traefik import cors
from gal.importers.traefik.options import flag, number, plain, strings, text, texts
from gal.importers.traefik.placement import Placement, UnusableError, settings
from gal.ledger import Fate, Level
from gal.model import Guard, HostHeader, HostMode, Origin
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.traefik.dynamic import Middleware

_FEATURE = "headers"
_SECURE = frozenset(("https", "grpcs"))
_CORS_CLEANUP = frozenset(("access-control-allow-origin", "access-control-allow-credentials"))
_TEXTS = {
    "contentSecurityPolicy": "Content-Security-Policy",
    "contentSecurityPolicyReportOnly": "Content-Security-Policy-Report-Only",
    "referrerPolicy": "Referrer-Policy",
    "permissionsPolicy": "Permissions-Policy",
}
_TO_HTTPS = ("sslRedirect", "sslTemporaryRedirect", "sslHost", "sslForceHost")
_STS = ("stsSeconds", "stsIncludeSubdomains", "stsPreload", "forceSTSHeader")
_HOST_NAMES = {"value": "customRequestHeaders.Host"}


def headers(middleware: Middleware, place: Placement) -> None:
    """A `headers` middleware: CORS, headers of its own, and those for browsers.

    Raises:
        UnusableError: it says nothing.
    """
    config = settings(middleware)
    if not len(config):
        raise UnusableError("headers needs a setting")
    place.first.setdefault(_FEATURE, middleware)
    shares = cors.cors(config, place)
    for name, value in texts(config, "customRequestHeaders").items():
        if name.lower() == "host":
            _host(value, config, place)
        else:
            place.request.set(name, value)
    for name, value in texts(config, "customResponseHeaders").items():
        if shares and not value and name.lower() in _CORS_CLEANUP:
            continue  # so that the upstream does not allow more than is said here
        place.response.default(name, value)
    _for_browsers(config, place)
    _strict_transport(config, place)
    _allowed_hosts(middleware, config, place)
    _of_old(config, place)


def _host(value: str, config: Mapping, place: Placement) -> None:
    """`Host` is what the upstream sees; Go removes it no more than other gateways do."""
    if value:
        origin = Origin(config, _HOST_NAMES)
        place.route.host_header = HostHeader(HostMode.REWRITE, value, origin=origin)


def _for_browsers(config: Mapping, place: Placement) -> None:
    """Headers of responses with values of Traefik's own; those given by name win over them."""
    own = text(config, "customFrameOptionsValue")
    denied = flag(config, "frameDeny")
    if own or denied:
        place.response.default("X-Frame-Options", own or "DENY")
    if flag(config, "contentTypeNosniff"):
        place.response.default("X-Content-Type-Options", "nosniff")
    own = text(config, "customBrowserXSSValue")
    filtered = flag(config, "browserXssFilter")
    if own or filtered:
        place.response.default("X-XSS-Protection", own or "1; mode=block")
    for key, name in _TEXTS.items():
        value = text(config, key)
        if value:
            place.response.default(name, value)
    for key in ("publicKey", "featurePolicy"):
        node = config.take(key)
        if node is not None:
            message = "browsers do not know this header any more"
            place.report.at(node, Fate.DROPPED, Level.INFO, _FEATURE, message)


def _strict_transport(config: Mapping, place: Placement) -> None:
    """`Strict-Transport-Security`, over HTTPS only unless it is forced; browsers ignore it over
    plain HTTP (RFC 6797, 8.1).
    """
    seconds = number(config, "stsSeconds")
    parts = [f"max-age={seconds}"]
    if flag(config, "stsIncludeSubdomains"):
        parts.append("includeSubDomains")
    if flag(config, "stsPreload"):
        parts.append("preload")
    forced = flag(config, "forceSTSHeader")
    proxies = config.take("sslProxyHeaders")
    plain(proxies)
    if not seconds:
        for key in (*_STS, "sslProxyHeaders"):
            if (node := config.peek(key)) is not None:
                message = "without stsSeconds it does nothing"
                place.report.at(node, Fate.EXACT, Level.INFO, _FEATURE, message)
        return
    node = config.peek("stsSeconds")
    if flag(config, "isDevelopment"):
        message = "isDevelopment keeps the header from being sent"
        place.report.at(node, Fate.EXACT, Level.INFO, _FEATURE, message)
        return
    schemes = frozenset(place.route.schemes)
    if schemes and not schemes & _SECURE and not forced and proxies is None:
        message = "it is not sent over plain HTTP"
        place.report.at(node, Fate.EXACT, Level.INFO, _FEATURE, message)
        return
    place.response.default("Strict-Transport-Security", "; ".join(parts))
    if not forced and not (schemes and schemes <= _SECURE):
        message = "it is sent over plain HTTP, too, where browsers ignore it"
        place.report.at(node, Fate.APPROXIMATED, Level.INFO, _FEATURE, message)


def _allowed_hosts(middleware: Middleware, config: Mapping, place: Placement) -> None:
    """Other hosts are refused with 500. Where the route takes none of them, nothing is."""
    allowed = {host.lower() for host in strings(config, "allowedHosts")}
    proxies = strings(config, "hostsProxyHeaders")
    development = flag(config, "isDevelopment")
    if not allowed or development:
        return
    wanted = {host.lower() for host in place.route.hosts}
    if not proxies and wanted and wanted <= allowed:
        return
    kept = {"allowedHosts": sorted(allowed)}
    if proxies:
        kept["hostsProxyHeaders"] = proxies
    place.first.setdefault("authentication", middleware)
    node = config.peek("allowedHosts") or config
    place.guards.append(
        Guard(
            "allowedHosts",
            "traefik",
            {"headers": kept},
            {"name": middleware.name},
            origin=Origin(node, {}),
        )
    )
    message = "only Traefik refuses other hosts of a route; others refuse everybody"
    place.report.at(node, Fate.CARRIED, Level.WARNING, "authentication", message)


def _of_old(config: Mapping, place: Placement) -> None:
    """What version 2 did besides."""
    for key in _TO_HTTPS:
        node = config.take(key)
        if node is None or node.plain() in (False, "", "false"):
            continue
        message = (
            "Traefik 2 sends plain requests to HTTPS because of it; Traefik 3 does not, and neither"
            " does what comes out here: use redirectScheme"
        )
        place.report.at(node, Fate.DROPPED, Level.WARNING, "redirect", message)
