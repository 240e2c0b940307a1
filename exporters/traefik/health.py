"""What Traefik knows of the targets' health.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/load-balancing/service/
(`healthCheck`, `passiveHealthCheck`).
"""

from __future__ import annotations

from gal.exporters.traefik.build import KNOWN_STATUSES, Json, Shared
from gal.exporters.traefik.values import duration, is_sound
from gal.model import ActiveCheck, CheckProtocol, HealthCheck, PassiveCheck

_FEATURE = "health_check"
_ASKED = (CheckProtocol.HTTP, CheckProtocol.HTTPS, CheckProtocol.GRPC, CheckProtocol.GRPCS)
_GOOD = frozenset(code for code in KNOWN_STATUSES if code < 400)
_GRPC = (CheckProtocol.GRPC, CheckProtocol.GRPCS)


def health_checks(health: HealthCheck, shared: Shared) -> Json:
    """The parts of a load balancer that ask its targets, and watch them."""
    found: Json = {}
    if health.minimum_healthy_percent:
        message = "requests are sent as long as one target is well"
        name = "minimum_healthy_percent"
        shared.context.report.approximated(health, _FEATURE, message, name)
    if health.active is not None:
        check = _active(health.active, shared)
        if check is not None:
            found["healthCheck"] = check
    if health.passive is not None:
        check = _passive(health.passive, shared)
        if check is not None:
            found["passiveHealthCheck"] = check
    return found


def _active(check: ActiveCheck, shared: Shared) -> Json | None:
    """Traefik asks over HTTP or gRPC, and one answer decides."""
    report, claims = shared.context.report, shared.context.claims
    if not check.enabled or not check.interval.nanoseconds:
        claims.claim(check)
        return None
    if check.protocol not in _ASKED:
        report.dropped(check, _FEATURE, "Traefik asks over HTTP and gRPC only", "protocol")
        claims.claim(check)
        return None
    found: Json = {"path": check.http_path, "interval": duration(check.interval)}
    if check.protocol in _GRPC:
        found["mode"] = "grpc"
    elif check.protocol is CheckProtocol.HTTPS:
        found["scheme"] = "https"
    if check.unhealthy_interval is not None and check.unhealthy_interval.nanoseconds:
        found["unhealthyInterval"] = duration(check.unhealthy_interval)
    found["timeout"] = duration(check.timeout)
    if check.headers:
        found |= _headers(check, shared)
    if len(check.healthy_status_codes) == 1:
        found["status"] = check.healthy_status_codes[0]
    _report(check, shared)
    return found


def _headers(check: ActiveCheck, shared: Shared) -> Json:
    """Traefik would send no request with a broken header, and has a place of its own for `Host`."""
    found: Json = {}
    for name, values in check.headers.items():
        value = ", ".join(values)
        if name.lower() == "host":
            found["hostname"] = value
        elif is_sound(name, value):
            found.setdefault("headers", {})[name] = value
        else:
            message = f"{name}: this cannot stand in a header"
            shared.context.report.dropped(check, _FEATURE, message, "headers")
    return found


def _report(check: ActiveCheck, shared: Shared) -> None:
    """Say what Traefik does not count, and read what follows from the rest."""
    report = shared.context.report
    good = {code for code in check.healthy_status_codes if code in KNOWN_STATUSES}
    if len(check.healthy_status_codes) > 1 and good != _GOOD:
        message = "answers from 200 to 399 are good, all others are bad"
        report.approximated(check, _FEATURE, message, "healthy_status_codes")
    for name in ("healthy_threshold", "unhealthy_threshold"):
        if getattr(check, name) != 1:
            report.approximated(check, _FEATURE, "one answer decides", name)
    for name in ("timeout_threshold", "connection_threshold"):
        if getattr(check, name) not in (None, 1):
            report.approximated(check, _FEATURE, "one missing answer decides", name)
    _ = check.unhealthy_status_codes  # what is not good is bad
    if check.protocol is CheckProtocol.HTTPS:
        message = "TLS is done as with requests"
        if check.sni is not None:
            report.approximated(check, _FEATURE, message, "sni")
        if not check.verify_certificate:
            report.approximated(check, _FEATURE, message, "verify_certificate")
    else:
        _ = check.sni, check.verify_certificate


def _passive(check: PassiveCheck, shared: Shared) -> Json | None:
    """Traefik counts failures in a window of time, and leaves the target alone for that long."""
    report, claims = shared.context.report, shared.context.claims
    counts = (check.max_failures, check.max_timeouts, check.max_connection_failures)
    failures = min((count for count in counts if count), default=0)
    if not check.enabled or not failures:
        claims.claim(check)
        return None
    claims.claim(check)
    message = (
        "failed connections and answers from 500 to 599 count, in a window of time and not in a "
        "row; the window is also how long the target is left alone"
    )
    if not shared.native:
        report.approximated(check, _FEATURE, message)
    found: Json = {"maxFailedAttempts": failures}
    if check.retry_after is not None and check.retry_after.nanoseconds:
        found["failureWindow"] = duration(check.retry_after)
    return found
