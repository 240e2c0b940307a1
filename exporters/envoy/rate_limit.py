"""Limits on requests, counted in Envoy's own memory.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/local_rate_limit_filter
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gal.claims import unwrap
from gal.exporters.envoy import limiter, lua
from gal.exporters.envoy.build import HTTP_FILTER, RouteBuild, Shared
from gal.exporters.envoy.headers import OVERWRITE, mutation
from gal.exporters.envoy.jwt_auth import limit_header
from gal.exporters.envoy.limiter import UNLIMITED, Key, Limiter
from gal.exporters.envoy.regex_text import escaped
from gal.exporters.envoy.traffic import JSON_TYPE, message_body
from gal.model import LimitResponse, RateLimit, RateLimitAlgorithm, RateLimitKey, RateLimitStore
from gal.reading import Placeholder

_TOO_MANY = 429
_PARTS = ("Limit", "Remaining", "Reset")
_TIGHTEST = """\
-- Of what several limiters tell, leaves the limit of which the least is left.
local parts = { "limit", "remaining", "reset" }

function envoy_on_response(handle)
  local headers, least = handle:headers(), nil
  for index = 0, headers:getNumValues("x-ratelimit-limit") - 1 do
    local found = {}
    for _, part in ipairs(parts) do
      found[part] = tonumber(headers:getAtIndex("x-ratelimit-" .. part, index)) or 0
    end
    if found.limit ~= handle:filterContext():get("unlimited")
      and (least == nil or found.remaining < least.remaining) then
      least = found
    end
  end
  for _, part in ipairs(parts) do
    headers:remove("x-ratelimit-" .. part)
    if least ~= nil then
      local value = string.format("%.0f", least[part])
      headers:add("x-ratelimit-" .. part, value)
      headers:replace("ratelimit-" .. part, value)
    end
  end
end
"""


@dataclass(slots=True)
class Counts:
    """The labels of the filters by what they count: a policy's counts are shared by all of its
    routes, unless it counts by service.
    """

    labels: dict[object, str] = field(default_factory=dict)

    def label(self, key: object) -> tuple[str, bool]:
        """The label of a set of counts, and whether it is new."""
        new = key not in self.labels
        return self.labels.setdefault(key, str(len(self.labels) + 1)), new


def rate_limit(policy: RateLimit, build: RouteBuild, shared: Shared) -> None:
    """Have a route's requests counted, but not those of consumers with limits of their own."""
    report_limit(policy, shared)
    if not policy.limits:
        return
    keys = keys_of(policy, build, shared)
    service = None
    if policy.key_type is RateLimitKey.SERVICE and build.service is not None:
        service = id(unwrap(build.service))
    counts = Limiter()
    counts.add([limiter.not_limited() + key for key in keys], policy)
    identity = (id(unwrap(policy)), service, tuple(map(repr, keys)))
    switch_on(counts, identity, policy, build, shared)


def switch_on(
    counts: Limiter, identity: object, policy: RateLimit, build: RouteBuild, shared: Shared
) -> None:
    """Have a set of counts act on a route.

    Args:
        counts: what is counted.
        identity: equal for the same set of counts.
        policy: says what clients get.
        build: the route.
        shared: what all routes share.
    """
    label, new = shared.state(Counts).label(identity)
    name = f"gal.rate_limit.{label}"
    if new:
        settings = counts.render(f"limit_{label}", policy.hide_headers)
        name = shared.filters.ensure("rate_limit", settings, label)
    build.switch_on(name)
    if not policy.hide_headers:
        _tell_what_is_left(build, shared)
    _answer(policy.response, build, shared)


def keys_of(policy: RateLimit, build: RouteBuild, shared: Shared) -> list[Key]:
    """What requests are counted by; the address where a request lacks it."""
    address = limiter.by_address()
    kind = policy.key_type
    if kind is RateLimitKey.HEADER and policy.key_header:
        return _by_header(policy.key_header)
    if kind is RateLimitKey.JWT_CLAIM and policy.key_claim and _has_tokens(build):
        return _by_header(limit_header(policy.key_claim))
    if kind is RateLimitKey.CONSUMER:
        return [limiter.by_consumer("name"), limiter.without_consumer("name") + address]
    if kind is RateLimitKey.CREDENTIAL:
        return [limiter.by_consumer("credential"), limiter.without_consumer("credential") + address]
    if kind is RateLimitKey.PATH and policy.key_path:
        expression = escaped(policy.key_path) + r"(?:\?.*)?"
        match = {"name": ":path", "string_match": {"safe_regex": {"regex": expression}}}
        other = {**match, "invert_match": True}
        return [
            limiter.where_header("path", match),
            limiter.where_header("other_path", other) + address,
        ]
    if kind is RateLimitKey.NONE or (kind is RateLimitKey.SERVICE and build.service is not None):
        return [limiter.together("all", "yes")]
    if kind in (RateLimitKey.JWT_CLAIM, RateLimitKey.HEADER, RateLimitKey.PATH):
        message = "there is nothing to count by here but the address"
        shared.context.report.approximated(policy, "rate_limit", message, "key_type")
    return [address]


def _by_header(name: str) -> list[Key]:
    absent = {"name": name, "present_match": True, "invert_match": True}
    return [
        limiter.by_header(name),
        limiter.where_header("absent", absent) + limiter.by_address(),
    ]


def _has_tokens(build: RouteBuild) -> bool:
    authentication = build.scopes.find(lambda policies: policies.authentication)
    return authentication is not None and authentication.jwt is not None


def _tell_what_is_left(build: RouteBuild, shared: Shared) -> None:
    """Beside Envoy's own headers those of the RateLimit draft. The filter stands in front of the
    limiters to see theirs: answers pass the filters in reverse.
    """
    told = [
        mutation(f"RateLimit-{part}", f"%RESP(x-ratelimit-{part.lower()})%", OVERWRITE)
        for part in _PARTS
    ]
    base = {
        "@type": HTTP_FILTER + "header_mutation.v3.HeaderMutation",
        "mutations": {"response_mutations": told},
    }
    name = shared.filters.ensure("limit_headers", base)
    if sum(one.startswith("gal.rate_limit.") for one in build.filters) < 2:
        build.switch_on(name)
        return
    build.filters.pop(name, None)
    lua.switch_on(build, shared, "limit_headers", _TIGHTEST, {"unlimited": UNLIMITED}, "tightest")


def _answer(response: LimitResponse, build: RouteBuild, shared: Shared) -> None:
    """The text and status of a refusal, chosen by the status that the limiter gives."""
    status = response.status_code
    if isinstance(status, Placeholder) or not 400 <= status <= 599:
        message = "the refused get 429"
        shared.context.report.approximated(response, "rate_limit", message, "status_code")
        status = _TOO_MANY
    mark = shared.replies.label(_TOO_MANY, status, message_body(response.message), JSON_TYPE)
    if mark in build.replies:
        return
    if shared.replies.answers(_TOO_MANY, build.replies):
        message = "the refused get the text and status of another limit of this route"
        shared.context.report.approximated(response, "rate_limit", message)
        return
    build.replies.append(mark)


def report_limit(policy: RateLimit, shared: Shared) -> None:
    """Say in what a limit differs on Envoy."""
    report = shared.context.report

    def differs(message: str, name: str = "") -> None:
        report.approximated(policy, "rate_limit", message, name)

    windows = (RateLimitAlgorithm.FIXED_WINDOW, RateLimitAlgorithm.SLIDING_WINDOW)
    if policy.algorithm in windows:
        differs(
            "Envoy's count refills evenly: once it is used up, further requests pass one by one, "
            "up to nearly twice as many in the first window",
            "limits",
        )
    if policy.algorithm is RateLimitAlgorithm.LEAKY_BUCKET and policy.burst:
        differs("requests of a burst are passed on at once, not delayed", "burst")
    if len(policy.limits) > 1:
        differs("a request that one window refuses may count in another one", "limits")
    if policy.store is not RateLimitStore.LOCAL:
        differs("each Envoy counts for itself", "store")
    if limiter.has_several_listeners(shared):
        differs("each listener counts for itself")
    if not policy.hide_headers:
        differs(
            "what is left is told in X-RateLimit-* and RateLimit-* of the tightest window, without "
            "Retry-After",
            "hide_headers",
        )
    _ = policy.fail_open  # read, so that it is not missed: counts in memory never fail
