"""The filter `local_ratelimit`: counts in Envoy's own memory.

A bucket counts all requests; a descriptor, those of which the actions of `rate_limits` (here, or of
the route and its virtual host) find the same. `filter_enabled` and `filter_enforced` are 0 % unless
said otherwise: then nothing is limited.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/local_ratelimit/v3/local_rate_limit.proto
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from gal.importers.envoy.carried import carry, keep, quiet
from gal.importers.envoy.descriptors import Counted, counted, rate
from gal.importers.envoy.use import Reading, nothing
from gal.importers.envoy.values import as_percent, take_flag, take_integer
from gal.ledger import Fate, Level
from gal.model import (
    LimitResponse,
    Origin,
    Policies,
    RateLimit,
    RateLimitAlgorithm,
    RateLimitKey,
    RateLimitStore,
)
from gal.reading import Mapping, Node, Sequence

if TYPE_CHECKING:
    from gal.importers.envoy.chain import Shared
    from gal.importers.envoy.use import Use
    from gal.model import Route

_FEATURE = "rate_limit"
_TEXT = "local_rate_limited"
_TOO_MANY = 429
_UNLIMITED = 1_000_000
_STATUSES = {
    "TooManyRequests": 429,
    "ServiceUnavailable": 503,
    "Forbidden": 403,
    "Unauthorized": 401,
}
_NAMES = {"limits": "token_bucket", "burst": "token_bucket.max_tokens"}
_TABLE = {
    **quiet("stat_prefix", "stage", "vh_rate_limits", "rate_limited_as_resource_exhausted"),
    **quiet("max_dynamic_descriptors", "request_headers_to_add_when_not_enforced"),
    **quiet("enable_retry_after_header"),
    "response_headers_to_add": "elsewhere the refused do not get these headers",
}


def given(use: Use, route: Route, where: Mapping) -> Hashable:
    """The `rate_limits` of the route and its virtual host, where the filter has none itself."""
    del route
    if not use.settings.has("descriptors") or use.settings.has("rate_limits"):
        return ()
    found = []
    action = where.peek("route")
    above = where.parent.parent if where.parent is not None else None
    for one in (action, where, above):
        below = one.peek("rate_limits") if isinstance(one, Mapping) else None
        if isinstance(below, Sequence) and isinstance(one, Mapping):
            one.mark("rate_limits")
            found += list(below.items)
    return tuple(_Same(one) for one in found)


class _Same:
    """A node that is equal to itself only, so that it may be part of a key."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.node is self.node

    def __hash__(self) -> int:
        return id(self.node)


def keep_descriptors(route: Route, where: Mapping, shared: Shared) -> None:
    """What only another service counts by (`ratelimit`)."""
    kept = []
    for one in (where, where.peek("route")):
        below = one.take("rate_limits") if isinstance(one, Mapping) else None
        if below is not None:
            below.take_all()
            kept += below.plain()
            message = "elsewhere nothing is counted: the limits are those of another service"
            shared.report.at(below, Fate.CARRIED, Level.WARNING, _FEATURE, message)
    if kept:
        keep(route.extensions, {"rate_limits": kept})


def read(use: Use) -> Reading:
    """A limit, or several of them of which the model has one."""
    settings = use.settings
    if settings is not use.base:
        use.base.take_all()
    for key in ("filter_enabled", "filter_enforced"):
        node = settings.peek(key)
        share = 0.0 if node is None else as_percent(node, key)
        if share == 0:
            message = f"{key} is 0 %: nothing is limited"
            return nothing(use, message)
        if share < 100:
            message = f"Envoy limits {share:g} % of the requests, here all are limited"
            use.report.at(node, Fate.APPROXIMATED, Level.WARNING, _FEATURE, message)
        settings.mark(key)
    everything = _groups(use, settings)
    if not everything:
        return nothing(use, "nothing is limited: there is no bucket")
    groups = [group for group in everything if group[0].consumer is None]
    own = [group for group in everything if group[0].consumer is not None]
    found = Reading(use, groups={"limit"})
    if own:
        found.marks["people"] = _people(use, settings, own)
    if not groups:
        return found
    first, *others = groups
    policy = _policy(use, settings, first)
    if policy.key_type is RateLimitKey.HEADER:
        found.groups.add("limit by header")
    found.policies.rate_limit = policy
    if others:
        message = (
            "Envoy limits requests in several ways at once, of which the model has one:"
            f" {_shown(policy)}"
        )
        node = settings.peek("descriptors") or use.node
        use.report.at(node, Fate.CARRIED, Level.WARNING, _FEATURE, message, whole=False)
        found.policies.plugins = {"envoy": [use.plain()]}
    return found


def _people(use: Use, settings: Mapping, groups: list[list[Counted]]) -> dict[str, Policies]:
    """Limits of single consumers, by their names."""
    found: dict[str, Policies] = {}
    for group in groups:
        name = group[0].consumer or ""
        found.setdefault(name, Policies(rate_limit=_policy(use, settings, group)))
    return found


def _shown(policy: RateLimit) -> str:
    by = policy.key_header or policy.key_type.value
    return f"{', '.join(map(str, policy.limits))} by {by}"


def _groups(use: Use, settings: Mapping) -> list[list[Counted]]:
    """What is counted by one thing together, the most telling first; the bucket for all last."""
    embedded = settings.take_mappings("rate_limits")
    actions = embedded or [one.node for one in use.given or () if isinstance(one.node, Mapping)]
    by_key: dict[tuple[object, ...], list[Counted]] = {}
    lost = []
    for node in settings.take_mappings("descriptors"):
        one = counted(node, actions)
        if one is None:
            lost.append(node)
        else:
            by_key.setdefault((one.consumer, one.key, one.header), []).append(one)
    for one_node in actions:
        one_node.take_all()
    for node in lost:
        node.take_all()
        message = "some requests have a limit of their own in Envoy, which the model cannot say"
        use.report.at(node, Fate.CARRIED, Level.WARNING, _FEATURE, message)
    groups = [group for (_, key, _), group in by_key.items() if key is not None]
    bucket = settings.take_mapping("token_bucket")
    always = take_flag(settings, "always_consume_default_token_bucket")
    if bucket is not None:
        whole = rate(bucket)
        unlimited = whole.tokens >= _UNLIMITED and bool(groups or lost)
        if not unlimited:
            if groups and always is False:
                message = "requests of which no descriptor is found have a limit of their own"
                use.report.at(bucket, Fate.CARRIED, Level.WARNING, _FEATURE, message)
            groups.append([Counted(RateLimitKey.NONE, None, whole.rate, whole.tokens)])
    return groups


def _policy(use: Use, settings: Mapping, group: list[Counted]) -> RateLimit:
    first = group[0]
    policy = RateLimit(
        limits=[one.rate for one in group],
        algorithm=RateLimitAlgorithm.TOKEN_BUCKET,
        key_type=first.key or RateLimitKey.NONE,
        key_header=first.header if first.key is RateLimitKey.HEADER else None,
        key_claim=first.header if first.key is RateLimitKey.JWT_CLAIM else None,
        key_path=first.header if first.key is RateLimitKey.PATH else None,
        hide_headers=settings.take_str("enable_x_ratelimit_headers", "OFF") in ("OFF", "0"),
        response=LimitResponse(_status(settings), _TEXT, origin=Origin(settings, {})),
        origin=Origin(settings, _NAMES),
    )
    bursts = {one.tokens for one in group if one.tokens != max(1, int(one.rate.count))}
    if len(bursts) == 1 and len(group) == 1:
        policy.burst = bursts.pop()
    elif bursts:
        message = "each window has a burst of its own in Envoy; here as many as its requests"
        use.report.approximated(policy, _FEATURE, message, "burst")
    if first.missing:
        message = "requests without it are not limited in Envoy; here they are, by address"
        use.report.approximated(policy, _FEATURE, message, "limits")
    kept: dict[str, Any] = {}
    _scope(use, settings, policy, kept)
    kept |= carry(settings, use.report, _FEATURE, _TABLE)
    if kept.keys() - {"stat_prefix", "max_dynamic_descriptors"}:
        policy.extensions = {"envoy": {"local_ratelimit": kept}}
    return policy


def _scope(use: Use, settings: Mapping, policy: RateLimit, kept: dict[str, Any]) -> None:
    """Who shares a count."""
    node = settings.peek("local_rate_limit_per_downstream_connection")
    if take_flag(settings, "local_rate_limit_per_downstream_connection"):
        kept["local_rate_limit_per_downstream_connection"] = True
        message = "Envoy counts each connection by itself; here they are counted together"
        use.report.at(node, Fate.APPROXIMATED, Level.WARNING, _FEATURE, message)
    cluster = settings.take("local_cluster_rate_limit")
    if cluster is not None:
        cluster.take_all()
        policy.store = RateLimitStore.CLUSTER


def _status(settings: Mapping) -> int:
    """The status of the refused: at least 400, else it is 429."""
    node = settings.take_mapping("status")
    code = node.peek("code") if node is not None else None
    if node is None or code is None:
        return _TOO_MANY
    text = code.as_str()
    known = _STATUSES.get(text)
    if known is not None:
        node.mark("code")
        return known
    if text.isdigit():
        number = take_integer(node, "code") or _TOO_MANY
        return number if number >= 400 else _TOO_MANY
    node.mark("code")
    from http import HTTPStatus

    name = "".join(f"_{one}" if one.isupper() else one.upper() for one in text).strip("_")
    found = getattr(HTTPStatus, name, _TOO_MANY)
    return int(found) if found >= 400 else _TOO_MANY
