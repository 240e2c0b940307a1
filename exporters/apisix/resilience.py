"""What happens when an upstream is slow or fails
(https://apisix.apache.org/docs/apisix/plugins/api-breaker/,
https://apisix.apache.org/docs/apisix/admin-api/#upstream).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.exporters.apisix.plugin import Json, Plugins, below, between, differs, kept, native, put
from gal.reading import Placeholder

if TYPE_CHECKING:
    from gal.exporters.apisix.build import Shared
    from gal.model import CircuitBreaker

_SHORTEST = 3
_DEFAULT_PAUSE = 300
_DEFAULT_COUNT = 3
_DEFAULT_STATUSES = [500]
_GOOD = [200, 201, 202, 203, 204, 206, 300, 301, 302, 303, 304, 307, 308]
"""Answers that close it again, where APISIX by itself wants 200."""


def circuit_breaker(policy: CircuitBreaker, shared: Shared) -> Plugins:
    """An `api-breaker` plugin."""
    values = kept(policy.extensions)
    statuses = list(dict.fromkeys(policy.unhealthy_status_codes))
    failing = [
        status for status in statuses if isinstance(status, Placeholder) or 500 <= status <= 599
    ]
    if len(failing) < len(statuses):
        message = "APISIX takes only 500 to 599 for failures"
        differs(shared, policy, "circuit_breaker", message, "unhealthy_status_codes")
    if not failing:
        message = "APISIX takes no other answer for a failure: it never opens"
        shared.context.report.dropped(policy, "circuit_breaker", message)
        shared.context.claims.claim(policy)
        return {}
    config: Json = {"break_response_code": between(policy.response.status_code, 200, 599)}
    if policy.response.message:
        config["break_response_body"] = policy.response.message
    pause = max(_SHORTEST, round(policy.timeout.in_seconds))
    put(config, "max_breaker_sec", pause, _DEFAULT_PAUSE)
    unhealthy: Json = {}
    put(unhealthy, "http_statuses", failing, _DEFAULT_STATUSES)
    put(unhealthy, "failures", max(1, policy.max_failures), _DEFAULT_COUNT)
    healthy = below(values, "healthy")
    if not native(shared):
        healthy["http_statuses"] = list(_GOOD)
    put(healthy, "successes", max(1, policy.half_open_requests), _DEFAULT_COUNT)
    if unhealthy:
        config["unhealthy"] = unhealthy
    if healthy:
        config["healthy"] = healthy
    values.pop("healthy", None)
    message = (
        "APISIX opens it for each host and path by itself, for 2 seconds at first, doubling up to "
        f"{pause}"
    )
    differs(shared, policy, "circuit_breaker", message, "timeout")
    return {"api-breaker": config | values}
