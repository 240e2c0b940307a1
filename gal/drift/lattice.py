"""Which of two values protects more: the direction of a change, property by property.

A value is compared with another by inclusion (sets of origins, addresses, groups, methods) or by
order (rates, sizes). Where neither includes the other, the direction is unknown.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable
from enum import Enum
from typing import Final, Union

from gal.model import IpAccess, RateLimit, RateLimitAlgorithm

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]  # noqa: UP007 - evaluated on 3.10
Networks = tuple[frozenset[Network], frozenset[str]]
"""Ranges without overlap, and texts that are no addresses (placeholders)."""


class Direction(str, Enum):
    """What happened to a set of those who may do something, or to a bound."""

    SAME = "same"
    WIDER = "wider"
    NARROWER = "narrower"
    OTHER = "other"

    @property
    def reverse(self) -> Direction:
        """The direction for those who are shut out instead."""
        return _REVERSE.get(self, self)


_REVERSE: Final = {Direction.WIDER: Direction.NARROWER, Direction.NARROWER: Direction.WIDER}


def by_inclusion(old: Collection[object], new: Collection[object]) -> Direction:
    """Whether a set grew, shrank, or both."""
    before, after = set(old), set(new)
    if before == after:
        return Direction.SAME
    if before < after:
        return Direction.WIDER
    return Direction.NARROWER if after < before else Direction.OTHER


def of_bounded(
    old: Collection[object], new: Collection[object], *, everything: Iterable[object] = ()
) -> Direction:
    """The same for sets where empty, or any of `everything`, stands for all there is."""
    marks = set(everything)
    all_before = not old or not marks.isdisjoint(old)
    all_after = not new or not marks.isdisjoint(new)
    if all_before or all_after:
        if all_before and all_after:
            return Direction.SAME
        return Direction.NARROWER if all_before else Direction.WIDER
    return by_inclusion(old, new)


def by_order(old: float | None, new: float | None) -> Direction:
    """Whether an upper bound rose or fell; None is no bound at all."""
    if old == new:
        return Direction.SAME
    if new is None or (old is not None and new > old):
        return Direction.WIDER
    return Direction.NARROWER


def combined(directions: Iterable[Direction]) -> Direction:
    """What several directions amount to: unknown where they point different ways."""
    found = {one for one in directions if one is not Direction.SAME}
    if not found:
        return Direction.SAME
    return found.pop() if len(found) == 1 else Direction.OTHER


# -- addresses


def networks(texts: Iterable[str]) -> Networks:
    """Addresses and ranges merged, so that equal sets of addresses are equal."""
    found: dict[int, list[Network]] = {4: [], 6: []}
    unknown: set[str] = set()
    for text in texts:
        try:
            network = ipaddress.ip_network(text.strip(), strict=False)
        except ValueError:
            unknown.add(text)
        else:
            found[network.version].append(network)
    merged: set[Network] = set()
    for version in (4, 6):
        merged.update(ipaddress.collapse_addresses(found[version]))  # type: ignore[type-var]
    return frozenset(merged), frozenset(unknown)


def by_addresses(old: Iterable[str], new: Iterable[str]) -> Direction:
    """Whether a set of addresses grew, shrank, or both."""
    before, after = networks(old), networks(new)
    if before == after:
        return Direction.SAME
    if before[1] != after[1]:
        return Direction.OTHER
    if _covers(after[0], before[0]):
        return Direction.WIDER
    return Direction.NARROWER if _covers(before[0], after[0]) else Direction.OTHER


def _covers(outer: frozenset[Network], inner: frozenset[Network]) -> bool:
    """Whether every range is in one of `outer`, whose ranges do not touch each other."""
    for network in inner:
        found = (
            network.supernet(new_prefix=length) in outer
            for length in range(network.prefixlen, -1, -1)
        )
        if not any(found):
            return False
    return True


_EVERYBODY: Final = ("0.0.0.0/0", "::/0")


def ip_access(old: IpAccess | None, new: IpAccess | None) -> Direction:
    """Whether more or fewer addresses may enter: what is allowed without what is denied."""
    before, after = (_entering(one) for one in (old, new))
    if before == after:
        return Direction.SAME
    if before[1] != after[1]:
        return Direction.OTHER
    if _covers(after[0], before[0]):
        return Direction.WIDER
    return Direction.NARROWER if _covers(before[0], after[0]) else Direction.OTHER


def _entering(policy: IpAccess | None) -> Networks:
    if policy is None:
        return networks(_EVERYBODY)
    allowed, unknown = networks(policy.allow or _EVERYBODY)
    denied, unknown_denied = networks(policy.deny)
    left = set(allowed)
    for shut in denied:
        left = {part for one in left for part in _without(one, shut)}
    texts = (str(one) for one in left)
    marks = unknown | {f"not {one}" for one in unknown_denied}
    return networks(texts)[0], frozenset(marks)


def _without(network: Network, shut: Network) -> list[Network]:
    """What is left of a range without another one."""
    if network.version != shut.version or not network.overlaps(shut):
        return [network]
    if network.subnet_of(shut):  # type: ignore[arg-type]
        return []
    return list(network.address_exclude(shut))  # type: ignore[arg-type]


# -- rates


def _windows(limit: RateLimit) -> dict[int, float]:
    """Count by the window's nanoseconds; the lowest where a window stands twice."""
    found: dict[int, float] = {}
    for rate in limit.limits:
        window = rate.period.nanoseconds
        count = float(str(rate.count))  # of a placeholder its text, which is no number
        found[window] = min(found.get(window, count), count)
    return found


_TOLERANCE: Final = 0.01


def rates(old: RateLimit, new: RateLimit) -> Direction:
    """Whether a limit lets more or fewer requests through.

    Windows of the same length compare by their counts; single windows of different lengths by the
    rate that they amount to, with 1 % of tolerance, where the count tells the same.
    """
    try:
        before, after = _windows(old), _windows(new)
    except ValueError:  # a placeholder
        return Direction.SAME if old.limits == new.limits else Direction.OTHER
    if set(before) == set(after):
        return combined(by_order(before[one], after[one]) for one in before)
    if set(before) < set(after):
        return combined([*(by_order(before[one], after[one]) for one in before), _NARROWER])
    if set(after) < set(before):
        return combined([*(by_order(before[one], after[one]) for one in after), _WIDER])
    if len(before) == len(after) == 1:
        bucket = old.algorithm in _BUCKETS and new.algorithm in _BUCKETS
        return _single(next(iter(before.items())), next(iter(after.items())), bucket=bucket)
    return Direction.OTHER


_BUCKETS: Final = frozenset({RateLimitAlgorithm.TOKEN_BUCKET, RateLimitAlgorithm.LEAKY_BUCKET})
_NARROWER: Final = Direction.NARROWER
_WIDER: Final = Direction.WIDER


def _single(old: tuple[int, float], new: tuple[int, float], *, bucket: bool) -> Direction:
    """Two windows of different lengths: `60/1m` and `1/1s` are the same to a bucket, and only on
    average to a window.
    """
    before, after = old[1] / old[0], new[1] / new[0]
    if abs(before - after) <= _TOLERANCE * max(before, after):
        return Direction.SAME if bucket else Direction.OTHER
    if bucket:
        return by_order(before, after)
    average = by_order(before, after)
    at_once = by_order(old[1], new[1])
    return combined((average, at_once))
