"""Deadlines and further attempts of a route.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
(`RouteAction.timeout`, `RetryPolicy`) and
https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gal.importers.envoy.carried import carry, quiet
from gal.importers.envoy.values import take_duration, take_integer
from gal.ledger import Fate, Level
from gal.model import Duration, Origin, Retry, Timeout
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.ledger import Reporter

_DEFAULT_TIMEOUT = Duration.seconds(15)
_DEFAULT_BASE = Duration.milliseconds(25)
_CONNECTION = ("connect-failure", "refused-stream", "reset-before-request")
_REGISTERED = [500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511]
_STATUSES = {"5xx": _REGISTERED, "gateway-error": [502, 503, 504], "retriable-4xx": [409]}
_WRITTEN = {*_CONNECTION, "reset", "retriable-status-codes"}
"""The conditions that GAL itself writes; others are kept besides what the model says of them."""
_BREAKING = ("5xx", "gateway-error", "reset")
_EMPTY = ("retriable-status-codes", "retriable-headers", "envoy-ratelimited")
_METHODS = re.compile(r"[A-Z]+(?:\|[A-Z]+)*")
_RETRY_NAMES = {
    "attempts": "num_retries",
    "status_codes": "retriable_status_codes",
    "attempt_timeout": "per_try_timeout",
    "backoff": "retry_back_off.base_interval",
    "max_backoff": "retry_back_off.max_interval",
    "on_connection_failure": "retry_on",
    "on_timeout": "retry_on",
}
_TABLE = {
    **quiet("host_selection_retry_max_attempts", "retry_options_predicates", "retry_priority"),
    **quiet("refresh_cluster_on_retry"),
    "retriable_headers": "answers with these headers are tried again",
    "rate_limited_retry_back_off": "answers say how long to pause",
}
_PREVIOUS_HOSTS = "previous_hosts"


def timeout(action: Mapping, connect: Duration | None) -> Timeout:
    """The deadlines of a route action; Envoy's own is 15 s."""
    names = {"request": "timeout", "read": "idle_timeout"}
    return Timeout(
        connect=connect,
        request=take_duration(action, "timeout") if action.has("timeout") else _DEFAULT_TIMEOUT,
        read=take_duration(action, "idle_timeout"),
        origin=Origin(action, names),
    )


def retry(node: Mapping, report: Reporter, kept: dict[str, Any]) -> tuple[Retry, Duration | None]:
    """A `RetryPolicy`, and how long an attempt may be without traffic."""
    conditions = [one.strip() for one in node.take_str("retry_on", "").split(",") if one.strip()]
    count = take_integer(node, "num_retries")
    policy = Retry(
        attempts=1 if count is None else count,
        on_connection_failure=any(one in _CONNECTION + _BREAKING for one in conditions),
        attempt_timeout=take_duration(node, "per_try_timeout"),
        origin=Origin(node, _RETRY_NAMES),
    )
    codes: dict[int, None] = {}
    for one in conditions:
        codes.update(dict.fromkeys(_STATUSES.get(one, ())))
    listed = [item.as_int() for item in node.take_sequence("retriable_status_codes")]
    if "retriable-status-codes" in conditions:
        codes.update(dict.fromkeys(listed))
    policy.status_codes = list(codes)
    policy.on_timeout = any(one in ("5xx", "reset") for one in conditions)
    _say(node, conditions, report)
    if not conditions or not (codes or policy.on_connection_failure):
        policy.attempts = 0
    _backoff(node, policy)
    _methods(node, policy, report)
    idle = take_duration(node, "per_try_idle_timeout")
    predicates = node.take("retry_host_predicate")
    if predicates is not None:
        predicates.take_all()
        if _PREVIOUS_HOSTS not in str(predicates.plain()):
            kept["retry_host_predicate"] = predicates.plain()
            message = "which targets are tried again"
            report.at(predicates, Fate.CARRIED, Level.INFO, "retry", message)
    own = {"host_selection_retry_max_attempts": 5}
    rest = carry(node, report, "retry", _TABLE, plain=own)
    if not set(conditions) <= _WRITTEN:
        rest["retry_on"] = ",".join(conditions)
    if rest:
        kept["retry_policy"] = rest
    return policy, idle


def _say(node: Mapping, conditions: list[str], report: Reporter) -> None:
    known = (*_CONNECTION, *_STATUSES, *_EMPTY, "reset")
    others = [one for one in conditions if one not in known]
    at = node.peek("retry_on")
    if others:
        message = f"only Envoy tries again after {', '.join(others)}"
        report.at(at, Fate.APPROXIMATED, Level.WARNING, "retry", message)
    elif any(one in ("5xx", "reset", "gateway-error") for one in conditions):
        message = "Envoy also tries again after a connection that broke before the answer"
        report.at(at, Fate.APPROXIMATED, Level.INFO, "retry", message)


def _backoff(node: Mapping, policy: Retry) -> None:
    pause = node.take_mapping("retry_back_off")
    base = take_duration(pause, "base_interval") if pause is not None else None
    longest = take_duration(pause, "max_interval") if pause is not None else None
    if pause is None:
        base = _DEFAULT_BASE
    if base is not None and base > Duration.milliseconds(1):
        policy.backoff = base
        policy.max_backoff = longest or Duration(base.nanoseconds * 10)


def _methods(node: Mapping, policy: Retry, report: Reporter) -> None:
    """`retriable_request_headers`, where it only compares the method."""
    items = node.take_mappings("retriable_request_headers")
    for item in items:
        plain = item.plain()
        item.take_all()
        match = plain.get("string_match", {})
        exact = match.get("exact") or match.get("safe_regex", {}).get("regex", "")
        if plain.get("name") == ":method" and len(items) == 1 and _METHODS.fullmatch(exact):
            policy.methods = exact.split("|")
        else:
            message = "only requests with these headers are tried again"
            report.at(item, Fate.APPROXIMATED, Level.WARNING, "retry", message)
