"""What a cluster knows of its targets' health: questions that it asks, and answers that it watches.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/health_check.proto and
https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier
"""

from __future__ import annotations

from collections.abc import Iterable

from gal.exporters.envoy.build import Json, Shared
from gal.exporters.envoy.values import duration, header_option
from gal.model import ActiveCheck, CheckProtocol, Duration, HealthCheck, PassiveCheck, Upstream

_STATUSES = range(100, 600)
_DEFAULT_EJECTION = Duration(30 * 10**9)
_SECURE = (CheckProtocol.HTTPS, CheckProtocol.GRPCS)
_GRPC = (CheckProtocol.GRPC, CheckProtocol.GRPCS)


def health_checks(upstream: Upstream, host: str, secure: bool, http2: bool, shared: Shared) -> Json:
    """`health_checks` of a cluster, if it asks.

    Args:
        upstream: whose targets are asked.
        host: `Host` of the questions.
        secure: the cluster speaks TLS.
        http2: the cluster speaks HTTP/2.
        shared: where differences are reported.
    """
    check = upstream.health_check.active if upstream.health_check is not None else None
    if check is None or not check.enabled:
        return {}
    report = shared.context.report
    if not check.unhealthy_threshold:
        message = "no bad answer takes a target out, so nothing is asked"
        report.approximated(check, "health_check", message, "unhealthy_threshold")
        return {}
    interval = check.interval if check.interval.nanoseconds else check.unhealthy_interval
    if interval is None or not interval.nanoseconds:
        report.approximated(check, "health_check", "it never asks: no interval", "interval")
        return {}
    if not check.interval.nanoseconds:
        message = "Envoy asks healthy targets, too, in the interval of the unhealthy ones"
        report.approximated(check, "health_check", message, "interval")
    found: Json = {
        "timeout": duration(check.timeout),
        "interval": duration(interval),
        "no_traffic_interval": duration(interval),
        "unhealthy_threshold": check.unhealthy_threshold,
        "healthy_threshold": max(check.healthy_threshold, 1),
    }
    if check.unhealthy_interval is not None and check.unhealthy_interval != interval:
        if check.unhealthy_interval.nanoseconds:
            found["unhealthy_interval"] = duration(check.unhealthy_interval)
        else:
            message = "Envoy asks unhealthy targets, too, so that they can come back"
            report.approximated(check, "health_check", message, "unhealthy_interval")
    _report_differences(check, secure, shared)
    found |= _question(check, host, http2, shared)
    return {"health_checks": [found]}


def _question(check: ActiveCheck, host: str, http2: bool, shared: Shared) -> Json:
    if check.protocol is CheckProtocol.TCP:
        return {"tcp_health_check": {}}
    if check.protocol in _GRPC and http2:
        return {"grpc_health_check": {}}
    if check.protocol in _GRPC:
        message = "Envoy only asks by gRPC where requests are gRPC: it only connects"
        shared.context.report.approximated(check, "health_check", message, "protocol")
        return {"tcp_health_check": {}}
    question: Json = {"path": check.http_path, "host": own_host(check) or host}
    added = [
        header_option(name, value)
        for name, values in check.headers.items()
        for value in values
        if name.lower() != "host"  # which Envoy lets nobody set among the headers
    ]
    if added:
        question["request_headers_to_add"] = added
    question["expected_statuses"] = ranges(check.healthy_status_codes)
    # A status that is neither would take a target out at once, whatever the threshold.
    question["retriable_statuses"] = [{"start": _STATUSES.start, "end": _STATUSES.stop}]
    if http2:
        question["codec_client_type"] = "HTTP2"
    return {"http_health_check": question}


def own_host(check: ActiveCheck) -> str | None:
    """The `Host` that a check names among its headers."""
    for name, values in check.headers.items():
        if name.lower() == "host" and values:
            return values[0]
    return None


def endpoint_host(upstream: Upstream, host: str, usual: str) -> Json:
    """`health_check_config` of one target, where it is asked with another `Host` than the others.

    Args:
        upstream: whose target it is.
        host: `Host` of the target.
        usual: `Host` of the cluster's check.
    """
    check = upstream.health_check.active if upstream.health_check is not None else None
    if check is None or not check.enabled or host == usual or own_host(check) is not None:
        return {}
    if check.protocol is CheckProtocol.TCP:
        return {}
    return {"health_check_config": {"hostname": host}}


def _report_differences(check: ActiveCheck, secure: bool, shared: Shared) -> None:
    report = shared.context.report
    if check.protocol is not CheckProtocol.TCP and secure != (check.protocol in _SECURE):
        asked = "with TLS" if secure else "without TLS"
        message = f"Envoy asks {asked}, as requests are sent"
        report.approximated(check, "health_check", message, "protocol")
    if secure and check.sni is not None:
        message = "Envoy asks with the server name that requests are sent with"
        report.approximated(check, "health_check", message, "sni")
    if secure and check.protocol in _SECURE and not check.verify_certificate:
        message = "Envoy verifies certificates as for requests"
        report.approximated(check, "health_check", message, "verify_certificate")
    others = {"timeout_threshold": check.timeout_threshold}
    others["connection_threshold"] = check.connection_threshold
    for name, threshold in others.items():
        if threshold is not None and threshold != check.unhealthy_threshold:
            message = "Envoy counts every failure alike, up to unhealthy_threshold"
            report.approximated(check, "health_check", message, name)
    bad = set(check.unhealthy_status_codes)
    ignored = set(_STATUSES) - bad - set(check.healthy_status_codes)
    if bad and ignored and check.protocol in (CheckProtocol.HTTP, CheckProtocol.HTTPS):
        message = "statuses that are neither healthy nor unhealthy count as unhealthy"
        report.approximated(check, "health_check", message, "unhealthy_status_codes")


def ranges(statuses: Iterable[int]) -> list[Json]:
    """Envoy's ranges, whose end is not in them, of the statuses that there are."""
    found: list[Json] = []
    for status in sorted({status for status in statuses if status in _STATUSES}):
        if found and found[-1]["end"] == status:
            found[-1]["end"] = status + 1
        else:
            found.append({"start": status, "end": status + 1})
    return found


def outlier(health: HealthCheck | None, shared: Shared) -> tuple[Json, Json | None]:
    """`outlier_detection` of a cluster and its error matcher, if it watches."""
    check = health.passive if health is not None else None
    if check is None or not check.enabled:
        return {}, None
    connection = check.max_connection_failures
    connection = check.max_failures if connection is None else connection
    silent = check.max_failures if check.max_timeouts is None else check.max_timeouts
    local = min((count for count in (connection, silent) if count), default=0)
    if not check.max_failures and not local:
        return {}, None
    _report_passive(check, local, (connection, silent), shared)
    time = duration(check.retry_after or _DEFAULT_EJECTION)
    found: Json = {
        "interval": "1s",
        "base_ejection_time": time,
        "max_ejection_time": time,
        "max_ejection_percent": 100,
        "enforcing_success_rate": 0,
        "split_external_local_origin_errors": True,
        **_counted("consecutive_5xx", check.max_failures),
        **_counted("consecutive_local_origin_failure", local),
        "enforcing_local_origin_success_rate": 0,
    }
    return {"outlier_detection": found}, _matcher(check.unhealthy_status_codes)


def _counted(name: str, count: int) -> Json:
    return {name: count} if count else {f"enforcing_{name}": 0}


def _report_passive(
    check: PassiveCheck, local: int, counts: tuple[int, int], shared: Shared
) -> None:
    report = shared.context.report
    if check.retry_after is None:
        message = f"a target that was taken out is tried again after {_DEFAULT_EJECTION}"
        report.approximated(check, "health_check", message, "retry_after")
    if any(count != local for count in counts):
        message = f"Envoy counts refused connections and timeouts together: {local} in a row"
        report.approximated(check, "health_check", message, "max_timeouts")
    if check.healthy_threshold and check.healthy_status_codes:
        message = "a target comes back after a time, not by good answers"
        report.approximated(check, "health_check", message, "healthy_threshold")


def _matcher(statuses: Iterable[int]) -> Json | None:
    """Which answers are failures, where they are not Envoy's own: all from 500 on."""
    wanted = ranges(statuses)
    if not wanted or wanted == [{"start": 500, "end": 600}]:
        return None
    rules = [
        {"http_response_headers_match": {"headers": [{"name": ":status", "range_match": one}]}}
        for one in wanted
    ]
    return {"or_match": {"rules": rules}} if len(rules) > 1 else rules[0]
