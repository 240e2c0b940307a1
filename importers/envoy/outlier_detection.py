"""When a cluster leaves a target alone because of the answers it gives.

Source: https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.importers.envoy.carried import carry, quiet
from gal.importers.envoy.values import take_duration, take_flag, take_integer
from gal.ledger import Fate, Level
from gal.model import CircuitBreaker, Duration, Origin, PassiveCheck
from gal.reading import Mapping, Sequence

if TYPE_CHECKING:
    from gal.ledger import Reporter

_FEATURE = "health_check"
_FAILURES = list(range(500, 600))
_GATEWAY_FAILURES = [502, 503, 504]
_DEFAULT_EJECTION = Duration.seconds(30)
_DEFAULT_FAILURES = 5
_NAMES = {"max_failures": "consecutive_5xx", "retry_after": "base_ejection_time"}
_BREAKER_NAMES = {"max_failures": "consecutive_5xx", "timeout": "base_ejection_time"}
_BREAKER_INTERVAL = Duration.milliseconds(500)
_RATES = (
    "success_rate_minimum_hosts",
    "success_rate_request_volume",
    "success_rate_stdev_factor",
    "failure_percentage_minimum_hosts",
    "failure_percentage_request_volume",
    "failure_percentage_threshold",
    "enforcing_success_rate",
    "enforcing_local_origin_success_rate",
    "enforcing_failure_percentage",
    "enforcing_failure_percentage_local_origin",
)
_TABLE = {
    **quiet("interval", "max_ejection_time", "max_ejection_time_jitter", "always_eject_one_host"),
    **quiet("successful_active_health_check_uneject_host", "detect_degraded_hosts"),
    **dict.fromkeys(_RATES, "targets are also left alone for their share of failures"),
    "max_ejection_percent": "how many of the targets may be left alone at once",
    "monitors": "extensions that watch answers",
}
_PLAIN = {
    **dict.fromkeys(_RATES[6:], 0),
    "max_ejection_percent": 100,
}


@dataclass(slots=True)
class Outliers:
    """When targets are left alone.

    Attributes:
        check: as the model's upstreams have it.
        breaker: as its routes have it, where the cluster is set up like GAL's circuit breakers.
        kept: what only Envoy can say.
    """

    check: PassiveCheck | None = None
    breaker: CircuitBreaker | None = None
    kept: dict[str, Any] = field(default_factory=dict)


def outlier_detection(
    cluster: Mapping, statuses: list[int] | None, report: Reporter
) -> Outliers | None:
    """`outlier_detection` of a cluster.

    Args:
        cluster: has it, or has not.
        statuses: answers that count as failures, where an error matcher says so.
        report: where differences go.
    """
    node = cluster.take_mapping("outlier_detection")
    if node is None:
        return None
    found = Outliers()
    interval = take_duration(node, "interval")
    pause = take_duration(node, "base_ejection_time") or _DEFAULT_EJECTION
    longest = take_duration(node, "max_ejection_time")
    split = take_flag(node, "split_external_local_origin_errors") or False
    failures = _counted(node, "consecutive_5xx", enforced=100)
    gateway = _counted(node, "consecutive_gateway_failure", enforced=0)
    local = _counted(node, "consecutive_local_origin_failure", enforced=100)
    enforced_whole = take_integer(node, "enforcing_consecutive_5xx") == 100
    percent = node.peek("max_ejection_percent")
    if percent is None:
        message = "no more than 10 % of the targets are left alone at once"
        report.at(node, Fate.APPROXIMATED, Level.WARNING, _FEATURE, message, whole=False)
    found.kept = carry(node, report, _FEATURE, _TABLE, plain=_PLAIN)
    if statuses is None and gateway and not failures:
        statuses, failures = list(_GATEWAY_FAILURES), gateway
    if interval == _BREAKER_INTERVAL and longest == pause and enforced_whole and not split:
        found.breaker = CircuitBreaker(
            max_failures=failures,
            timeout=pause,
            half_open_requests=1,
            unhealthy_status_codes=_FAILURES if statuses is None else statuses,
            origin=Origin(node, _BREAKER_NAMES),
        )
        return found
    check = PassiveCheck(
        max_failures=failures,
        unhealthy_status_codes=_FAILURES if statuses is None else statuses,
        retry_after=pause,
        origin=Origin(node, _NAMES),
    )
    connections = local if split else failures
    if connections != failures:
        check.max_timeouts = check.max_connection_failures = connections
    found.check = check
    return found


def _counted(node: Mapping, name: str, *, enforced: int) -> int:
    """So many failures in a row; 0 where they have no effect."""
    count = take_integer(node, name)
    share = take_integer(node, f"enforcing_{name}")
    if (enforced if share is None else share) == 0:
        return 0
    return _DEFAULT_FAILURES if count is None else count


def error_statuses(matcher: Mapping, report: Reporter) -> list[int] | None:
    """The statuses that `error_matcher` of a cluster's HTTP options takes for failures; None where
    it compares anything else.
    """
    rules: list[Mapping] = [matcher]
    either = matcher.take_mapping("or_match")
    if either is not None:
        rules = either.take_mappings("rules")
    found: list[int] = []
    for rule in rules:
        statuses = _statuses(rule)
        if statuses is None:
            matcher.take_all()
            message = "which answers count as failures"
            report.at(matcher, Fate.APPROXIMATED, Level.WARNING, _FEATURE, message)
            return None
        found.extend(statuses)
    return found


def _statuses(rule: Mapping) -> list[int] | None:
    match = rule.take("http_response_headers_match")
    headers = match.take("headers") if isinstance(match, Mapping) else None
    if not isinstance(headers, Sequence) or len(headers) != 1:
        return None
    header = headers.items[0]
    if not isinstance(header, Mapping) or header.take_str("name") != ":status":
        return None
    wanted = header.take("range_match")
    if not isinstance(wanted, Mapping):
        return None
    start, end = take_integer(wanted, "start") or 0, take_integer(wanted, "end") or 0
    return list(range(start, min(end, 1000)))
