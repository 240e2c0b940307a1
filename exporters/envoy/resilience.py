"""What happens when an upstream is slow or fails.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
(`RouteAction.timeout`, `idle_timeout`, `retry_policy`) and
https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/outlier_detection.proto
"""

from __future__ import annotations

import re

from gal.exporters.envoy.build import EXTENSION, Json, Outlier, RouteBuild, Shared
from gal.exporters.envoy.carried import own
from gal.exporters.envoy.traffic import JSON_TYPE, message_body
from gal.exporters.envoy.values import duration
from gal.model import CircuitBreaker, Duration, LimitResponse, Retry, Timeout

_AT_ONCE = "0.001s"
_ONCE_ONLY = frozenset({"POST", "PATCH", "LOCK", "CONNECT"})
"""Methods that may not be repeated once the upstream has got them (RFC 9110, 9.2.2)."""

_CHECK_INTERVAL = "0.5s"


def timeout(policy: Timeout, build: RouteBuild, shared: Shared) -> None:
    """Deadlines of a request. `connect` belongs to the cluster, which its maker reads."""
    whole = policy.request or shared.gateway.settings.timeout
    build.action["timeout"] = duration(whole) if whole is not None else "0s"
    if policy.read is not None:
        build.action["idle_timeout"] = duration(policy.read)
        retries = build.action.get("retry_policy", {})
        if "reset" in retries.get("retry_on", "") and "per_try_timeout" not in retries:
            # `idle_timeout` ends the request; this one ends an attempt.
            retries["per_try_idle_timeout"] = duration(policy.read)
            del build.action["idle_timeout"]
    if policy.send is not None and policy.send != policy.read:
        shared.context.report.approximated(
            policy,
            "timeout",
            "Envoy has one deadline for a stream without traffic either way: that of `read`"
            if policy.read is not None
            else "Envoy has no deadline of its own for writes to the upstream",
            "send",
        )


def retry(policy: Retry, build: RouteBuild, shared: Shared) -> None:
    """Further attempts, on another host where there is one."""
    conditions = []
    if policy.on_connection_failure:
        conditions += ["connect-failure", "refused-stream", "reset-before-request"]
    if policy.on_timeout and policy.attempts:
        conditions += _after_timeouts(policy, build, shared)
    if policy.status_codes:
        conditions.append("retriable-status-codes")
    if not conditions or policy.attempts == 0:
        shared.context.claims.claim(policy)
        return
    settings: Json = {"retry_on": ",".join(conditions), "num_retries": policy.attempts}
    if policy.status_codes:
        settings["retriable_status_codes"] = list(policy.status_codes)
    if policy.methods:
        methods = "|".join(re.escape(method) for method in policy.methods)
        match = {"name": ":method", "string_match": {"safe_regex": {"regex": methods}}}
        settings["retriable_request_headers"] = [match]
    if policy.attempt_timeout is not None:
        settings["per_try_timeout"] = duration(policy.attempt_timeout)
    settings["retry_back_off"] = _backoff(policy, shared)
    settings["retry_host_predicate"] = [
        {
            "name": "envoy.retry_host_predicates.previous_hosts",
            "typed_config": {
                "@type": EXTENSION + "retry.host.previous_hosts.v3.PreviousHostsPredicate"
            },
        }
    ]
    settings["host_selection_retry_max_attempts"] = 5
    build.action["retry_policy"] = settings


def _after_timeouts(policy: Retry, build: RouteBuild, shared: Shared) -> list[str]:
    """Envoy's condition for answers that do not come, where no request is done twice by it."""
    if "retry_on" in (own(build.route.extensions).get("retry_policy") or {}):
        return []  # the source's conditions are put back
    methods = policy.methods or build.route.methods
    repeatable = bool(methods) and not _ONCE_ONLY.intersection(methods)
    message = (
        "Envoy also tries again after a connection that broke before the answer"
        if repeatable
        else "what the upstream has got is not tried again: Envoy would repeat a POST, too"
    )
    shared.context.report.approximated(policy, "retry", message, "on_timeout")
    return ["reset"] if repeatable else []


def _backoff(policy: Retry, shared: Shared) -> Json:
    """Envoy's pauses are random: between nothing and a base that doubles up to the longest."""
    if policy.backoff is None or policy.backoff.nanoseconds < 10**6:
        if policy.max_backoff is not None:
            shared.context.claims.claim(policy)  # there is no pause that could be too long
        return {"base_interval": _AT_ONCE, "max_interval": _AT_ONCE}
    shared.context.report.approximated(
        policy, "retry", "Envoy's pauses are random, up to this one, which doubles", "backoff"
    )
    longest = policy.max_backoff or Duration(policy.backoff.nanoseconds * 10)
    return {
        "base_interval": duration(policy.backoff),
        "max_interval": duration(max(longest, policy.backoff)),
    }


def circuit_breaker(policy: CircuitBreaker, build: RouteBuild, shared: Shared) -> None:
    """After so many failures in a row a host of the cluster gets nothing for a while. With one
    host, or when all of them fail, that is the whole upstream.
    """
    statuses = sorted(set(policy.unhealthy_status_codes))
    pause = duration(max(policy.timeout, Duration.milliseconds(1)))
    detection = {
        "interval": _CHECK_INTERVAL,
        "base_ejection_time": pause,
        "max_ejection_time": pause,  # Envoy would have it grow with every time
        "max_ejection_percent": 100,
        "consecutive_5xx": max(policy.max_failures, 1),
        "enforcing_consecutive_5xx": 100,
        "enforcing_success_rate": 0,
    }
    build.outlier = Outlier(detection, _error_matcher(statuses))
    build.replies.append(_refusal(policy.response, shared))
    report = shared.context.report
    report.approximated(
        policy,
        "circuit_breaker",
        "Envoy opens it for each host of the upstream by itself; it also counts connections that"
        " fail",
    )
    if policy.half_open_requests > 1:
        report.approximated(
            policy,
            "circuit_breaker",
            "after the pause all requests are let through again, and only"
            f" {policy.max_failures} failures in a row open it anew",
            "half_open_requests",
        )


def _refusal(answer: LimitResponse, shared: Shared) -> str:
    """The mark of what clients get while it is open, where Envoy says 503."""
    status = answer.status_code
    if not 200 <= status <= 599:
        status = 503
        message = "Envoy answers with 200 to 599 only: it is 503"
        shared.context.report.approximated(answer, "circuit_breaker", message, "status_code")
    return shared.replies.label(503, status, message_body(answer.message), JSON_TYPE)


def _error_matcher(statuses: list[int]) -> Json:
    """Statuses in a row become one range; Envoy's ranges end before their `end`."""
    ranges: list[list[int]] = []
    for status in statuses:
        if ranges and ranges[-1][1] == status:
            ranges[-1][1] = status + 1
        else:
            ranges.append([status, status + 1])
    rules = [
        {
            "http_response_headers_match": {
                "headers": [{"name": ":status", "range_match": {"start": start, "end": end}}]
            }
        }
        for start, end in ranges
    ]
    # Envoy takes `or_match` for two rules and more; no status at all is one that does not exist.
    if not rules:
        return _error_matcher([999])
    return {"or_match": {"rules": rules}} if len(rules) > 1 else rules[0]
