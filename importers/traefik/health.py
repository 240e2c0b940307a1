"""What Traefik knows of its servers' health: `healthCheck` and `passiveHealthCheck`.

Servers count as well until one answer says otherwise, and one answer brings them back.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/load-balancing/service/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.importers.traefik.carried import Kept, carry
from gal.importers.traefik.options import duration, flag, number, section, text, texts
from gal.importers.traefik.statuses import between
from gal.ledger import Fate, Level
from gal.model import ActiveCheck, CheckProtocol, Duration, HealthCheck, Origin, PassiveCheck

if TYPE_CHECKING:
    from gal.ledger import Reporter
    from gal.reading import Mapping

ACTIVE_NAMES = {
    "protocol": "scheme",
    "http_path": "path",
    "unhealthy_interval": "unhealthyInterval",
    "healthy_status_codes": "status",
}
PASSIVE_NAMES = {"max_failures": "maxFailedAttempts", "retry_after": "failureWindow"}
_FEATURE = "health_check"
_INTERVAL, _TIMEOUT, _WINDOW = 30, 5, 10
_SLIGHT = (Fate.APPROXIMATED, Level.INFO)


def health_check(
    balancer: Mapping, secure: bool, report: Reporter
) -> tuple[HealthCheck | None, dict[str, Any]]:
    """The checks of a load balancer, and what of them only Traefik has.

    Args:
        balancer: the load balancer.
        secure: its servers are spoken to with TLS.
        report: where to say what differs.
    """
    active, passive = section(balancer, "healthCheck"), section(balancer, "passiveHealthCheck")
    if active is None and passive is None:
        return None, {}
    check = HealthCheck(origin=Origin(balancer, {"active": "healthCheck"}))
    kept: dict[str, Any] = {}
    if active is not None:
        check.active, settings = _active(active, secure, report)
        if settings:
            kept["healthCheck"] = settings
    if passive is not None:
        check.passive = _passive(passive, active is not None, report)
    return check, kept


def _active(node: Mapping, secure: bool, report: Reporter) -> tuple[ActiveCheck, dict[str, Any]]:
    scheme, mode = text(node, "scheme"), text(node, "mode")
    by_tls = scheme == "https" or (scheme is None and secure and mode != "grpc")
    protocol = CheckProtocol.HTTPS if by_tls else CheckProtocol.HTTP
    if mode == "grpc":
        protocol = CheckProtocol.GRPCS if by_tls else CheckProtocol.GRPC
    status = number(node, "status")
    headers = {name: [value] for name, value in texts(node, "headers").items()}
    host = text(node, "hostname")
    if host is not None:
        headers["Host"] = [host]
    interval = _positive(node, "interval", _INTERVAL)
    unhealthy = _positive(node, "unhealthyInterval", _INTERVAL)
    check = ActiveCheck(
        protocol=protocol,
        http_path=text(node, "path") or "/",
        headers=headers,
        interval=interval,
        unhealthy_interval=unhealthy if node.has("unhealthyInterval") else None,
        timeout=_positive(node, "timeout", _TIMEOUT),
        healthy_threshold=1,
        unhealthy_threshold=1,
        healthy_status_codes=[status] if status else between(200, 399),
        origin=Origin(node, ACTIVE_NAMES),
    )
    if check.unhealthy_interval == interval:
        check.unhealthy_interval = None
    kept = carry(
        node,
        report,
        _FEATURE,
        Kept("port", "other gateways ask the server's own port"),
        Kept("method", "other gateways ask with GET", "GET"),
    )
    follows = flag(node, "followRedirects", default=True)
    if not follows:
        kept["followRedirects"] = False  # which is what other gateways do
    elif not status and mode != "grpc":
        message = "Traefik follows redirections, others take them for good answers"
        report.about(check, *_SLIGHT, _FEATURE, message)
    return check, kept


def _positive(node: Mapping, key: str, default: float) -> Duration:
    """A length of time; none at all is Traefik's own."""
    found = duration(node, key)
    return Duration.seconds(default) if found is None or not found.nanoseconds else found


def _passive(node: Mapping, asked: bool, report: Reporter) -> PassiveCheck:
    """Failures in a window; the window is how long the server is left alone."""
    window = _positive(node, "failureWindow", _WINDOW)
    failures = number(node, "maxFailedAttempts")
    check = PassiveCheck(
        max_failures=1 if failures is None else failures,
        unhealthy_status_codes=between(500, 599),
        retry_after=None if asked else window,
        origin=Origin(node, PASSIVE_NAMES),
    )
    message = "failures count in a window of time; elsewhere they have to follow each other"
    report.about(check, *_SLIGHT, _FEATURE, message, "retry_after")
    return check
