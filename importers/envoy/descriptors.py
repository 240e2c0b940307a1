"""What `local_ratelimit` counts by: descriptors, and the actions that find them in requests.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
(`RateLimit.Action`)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from gal.importers.envoy.values import take_duration, take_flag, take_number
from gal.model import Duration, Rate, RateLimitKey
from gal.reading import Placeholder

if TYPE_CHECKING:
    from gal.reading import Mapping

_SECOND = 10**9
_OWN = "gal.consumer"
_CLAIM = "x-gal-claim-"
_KNOWN = {"name": RateLimitKey.CONSUMER, "credential": RateLimitKey.CREDENTIAL}
_NOBODY = "?"
_FALLBACKS = ("absent", "other_path")
_PATH = re.compile(r"\(\?:\\\?\.\*\)\?$")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket: so many tokens, and how they come back."""

    tokens: int
    rate: Rate


@dataclass(frozen=True, slots=True)
class Counted:
    """A limit.

    Attributes:
        key: what is counted by; None for a part of another limit.
        header: the header, claim or path that is meant.
        rate: how many in which time.
        tokens: how many at once.
        missing: requests without the header are not counted.
        consumer: only requests of this one are counted.
    """

    key: RateLimitKey | None
    header: str | None
    rate: Rate
    tokens: int
    missing: bool = False
    consumer: str | None = None


def rate(node: Mapping) -> Bucket:
    """A token bucket. One that fills within less than a second becomes one of whole seconds."""
    tokens = _count(node, "max_tokens", 0)
    fill = _count(node, "tokens_per_fill", 1)
    interval = take_duration(node, "fill_interval") or Duration(_SECOND)
    if isinstance(fill, Placeholder) or isinstance(tokens, Placeholder):
        return Bucket(tokens, Rate(interval, fill))
    period = max(interval.nanoseconds, 1)
    if period < _SECOND:
        count = Fraction(fill * _SECOND, period)
        if count.denominator == 1:
            return Bucket(tokens, Rate(Duration(_SECOND), int(count)))
    return Bucket(tokens, Rate(Duration(period), fill))


def _count(node: Mapping, key: str, default: int) -> int:
    found: object = take_number(node, key)
    if isinstance(found, Placeholder):
        return found
    return int(found) if isinstance(found, (int, float)) else default


def counted(node: Mapping, actions: list[Mapping]) -> Counted | None:
    """The limit of a descriptor; None for one of some requests only."""
    bucket_node = node.take_mapping("token_bucket")
    limit = node.take("limit")
    if limit is not None:
        limit.take_all()
    if bucket_node is None or take_flag(node, "shadow_mode"):
        return None
    bucket = rate(bucket_node)
    entries = [
        (one.take_str("key", ""), one.take_str("value")) for one in node.take_mappings("entries")
    ]
    sources = _sources(entries, actions)
    limited = dict(entries).get("limited")
    consumer = None if limited == _NOBODY else limited
    rest = [(key, value) for key, value in entries if key not in ("limited", "window")]
    if sources is None:
        return None
    if not rest and consumer is not None:
        return Counted(RateLimitKey.CONSUMER, None, bucket.rate, bucket.tokens, consumer=consumer)
    if not rest:
        return None
    found = _of(rest, sources, bucket)
    return found if found is None else replace(found, consumer=consumer)


def _of(
    rest: list[tuple[str, str | None]], sources: dict[str, Any], bucket: Bucket
) -> Counted | None:
    (key, value), *others = rest
    if others:
        # The model counts by address where there is nothing else: GAL's own limits say so twice.
        fallback = (key in _FALLBACKS and value == "yes") or (key in _KNOWN and value == _NOBODY)
        if fallback and [one for one, _ in others] == ["remote_address"]:
            return Counted(None, None, bucket.rate, bucket.tokens)
        return None
    found = _single(key, value, sources)
    if found is None:
        return None
    kind, header, missing = found
    return Counted(kind, header, bucket.rate, bucket.tokens, missing)


def _single(
    key: str, value: str | None, sources: dict[str, Any]
) -> tuple[RateLimitKey, str | None, bool] | None:
    source = sources.get(key, {})
    if key in ("remote_address", "masked_remote_address"):
        return (RateLimitKey.IP_ADDRESS, None, False) if value is None else None
    if "generic_key" in source and value is not None:
        return RateLimitKey.NONE, None, False
    if "metadata" in source and key in _KNOWN and value is None:
        return _KNOWN[key], None, False
    if "header_value_match" in source and key == "path" and value == "yes":
        path = _path(source["header_value_match"])
        return None if path is None else (RateLimitKey.PATH, path, False)
    header = source.get("request_headers", {}).get("header_name")
    if header is None or value is not None:
        return None
    if header.startswith(_CLAIM):
        return RateLimitKey.JWT_CLAIM, header.removeprefix(_CLAIM), False
    return RateLimitKey.HEADER, header, "absent" not in sources


def _path(match: dict[str, Any]) -> str | None:
    headers = match.get("headers") or [{}]
    regex = headers[0].get("string_match", {}).get("safe_regex", {}).get("regex")
    if not isinstance(regex, str) or not _PATH.search(regex):
        return None
    from gal.importers.envoy.strings import literal_of

    return literal_of(_PATH.sub("", regex))


def _sources(
    entries: list[tuple[str, str | None]], actions: list[Mapping]
) -> dict[str, Any] | None:
    """The actions that find the entries, by key; None where none does. What is looked for where a
    header is absent is there, too.
    """
    wanted = [key for key, _ in entries]
    found: dict[str, Any] | None = None
    fallbacks: dict[str, Any] = {}
    for one in actions:
        plain = one.plain()
        made = {_key(action): action for action in plain.get("actions") or ()}
        for name in _FALLBACKS:
            if name in made:
                fallbacks[name] = made[name]
        if found is None and list(made) == wanted:
            found = made
    return None if found is None else {**fallbacks, **found}


def _key(action: dict[str, Any]) -> str:
    """The key of the entry that an action makes."""
    for kind, settings in action.items():
        if kind == "request_headers":
            return str(settings.get("descriptor_key", ""))
        if kind in ("generic_key", "header_value_match"):
            default = "generic_key" if kind == "generic_key" else "header_match"
            return str(settings.get("descriptor_key", default))
        if kind == "metadata":
            return str(settings.get("descriptor_key", ""))
        return str(kind)
    return ""
