"""Where requests go: targets with their shares, how one is chosen, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Final, TypeVar

from gal.drift.change import Level
from gal.drift.compare.finding import Finding, fields_of, of_field
from gal.drift.effective import Place
from gal.drift.shown import NONE, joined
from gal.model import (
    ActiveCheck,
    Algorithm,
    HashSource,
    HealthCheck,
    LoadBalancer,
    ModelNode,
    PassiveCheck,
    Upstream,
)
from gal.reading import Placeholder

Shares = dict[str, Fraction]
"""Share of the requests by `host:port`; targets of weight 0 have none."""

_FAILURES: Final = frozenset(range(400, 600))
"""Answers that are bad to everybody; all of them are the same as all that are not good."""

_ACTIVE: Final = dict.fromkeys(
    (
        *("protocol", "http_path", "headers", "interval", "unhealthy_interval", "timeout"),
        *("healthy_threshold", "unhealthy_threshold", "timeout_threshold"),
        *("connection_threshold", "healthy_status_codes", "unhealthy_status_codes", "sni"),
        *("verify_certificate", "concurrency"),
    ),
    "D073",
)
_PASSIVE: Final = dict.fromkeys(
    (
        *("protocol", "max_failures", "max_timeouts", "max_connection_failures"),
        *("healthy_threshold", "unhealthy_status_codes", "healthy_status_codes", "retry_after"),
    ),
    "D073",
)


def targets(old: Place, new: Place) -> Iterator[Finding]:
    """Targets and their shares of a route's requests, of all its upstreams together."""
    before, after = shares(old), shares(new)
    if before == after:
        return
    left, right = _node(old), _node(new)
    texts = _texts(before), _texts(after)
    if before.keys().isdisjoint(after) and (_sent(before) or _sent(after)):
        yield Finding("D006", "upstream", *texts, (left, "targets"), (right, "targets"))
        return
    for name in sorted(after.keys() - before.keys()):
        yield Finding(
            "D070",
            f"upstream.targets.{name}",
            NONE,
            _share(after[name]),
            (left, "targets"),
            (right, "targets"),
        )
    for name in sorted(before.keys() - after.keys()):
        yield Finding(
            "D075",
            f"upstream.targets.{name}",
            _share(before[name]),
            NONE,
            (left, "targets"),
            (right, "targets"),
        )
    yield from _weights(before, after, left, right)


def _weights(
    before: Shares, after: Shares, left: ModelNode | None, right: ModelNode | None
) -> Iterator[Finding]:
    """Shares of the targets that both have, as they are to each other."""
    places = (left, "targets"), (right, "targets")
    common = sorted(before.keys() & after.keys())
    drained = [one for one in common if before[one] and not after[one]]
    for name in drained:
        field = f"upstream.targets.{name}.weight"
        yield Finding("D076", field, _share(before[name]), "0 %", *places)
    kept = [one for one in common if one not in drained]
    ratios = [_ratios(side, kept) for side in (before, after)]
    if ratios[0] != ratios[1]:
        texts = [_texts({one: side[one] for one in kept}) for side in (before, after)]
        yield Finding("D071", "upstream.weights", texts[0], texts[1], *places)


def _ratios(side: Shares, names: list[str]) -> list[Fraction]:
    whole = sum((side[one] for one in names), Fraction(0))
    return [side[one] / whole if whole else Fraction(0) for one in names]


def shares(place: Place) -> Shares:
    """The share of each target in a route's requests."""
    if not place.route.backends:
        return _of_upstream(place.upstream, place.route.upstream)
    whole = sum(one.weight for one, _ in place.backends)
    found: Shares = {}
    for backend, upstream in place.backends:
        part = Fraction(backend.weight, whole) if whole else Fraction(0)
        for name, share in _of_upstream(upstream, backend.upstream).items():
            found[name] = found.get(name, Fraction(0)) + part * share
    return found


def _of_upstream(upstream: Upstream | None, name: str | None) -> Shares:
    if upstream is None:
        return {} if name is None else {f"the upstream {name}": Fraction(1)}
    weights: dict[str, int] = {}
    for target in upstream.targets:
        key = f"{target.host.lower()}:{target.port}"
        key = f"SRV {target.host.lower()}" if upstream.srv else key
        weight = 1 if isinstance(target.weight, Placeholder) else target.weight
        weights[key] = weights.get(key, 0) + weight
    whole = sum(weights.values())
    return {key: Fraction(one, whole) if whole else Fraction(0) for key, one in weights.items()}


def _sent(side: Shares) -> bool:
    return any(side.values())


def _share(share: Fraction) -> str:
    return f"{float(share * 100):.4g} %"


def _texts(side: Shares) -> str:
    if len(side) == 1:
        return next(iter(side))
    return joined(f"{name} {_share(share)}" for name, share in sorted(side.items()))


def _node(place: Place) -> ModelNode | None:
    return place.upstream or (place.route if place.route.backends else place.service)


def pairs(old: Place, new: Place) -> Iterator[tuple[Upstream, Upstream]]:
    """The upstreams of two routes that belong together: by targets, else in their order."""
    before, after = _upstreams(old), _upstreams(new)
    if len(before) == len(after) == 1:
        yield before[0], after[0]
        return
    by_targets = {_addresses(one): one for one in after}
    for one in before:
        other = by_targets.get(_addresses(one))
        if other is not None:
            yield one, other


def _upstreams(place: Place) -> list[Upstream]:
    if place.route.backends:
        return [one for _, one in place.backends if one is not None]
    return [place.upstream] if place.upstream is not None else []


def _addresses(upstream: Upstream) -> frozenset[tuple[str, int]]:
    return frozenset((one.host.lower(), one.port) for one in upstream.targets)


# -- how a target is chosen


def load_balancer(old: Upstream, new: Upstream) -> Iterator[Finding]:
    """The way, its key, and the cookie that brings clients back."""
    if min(len(old.targets), len(new.targets)) < 2 and not (old.srv or new.srv):
        return  # a single target is always chosen
    before, after = old.load_balancer, new.load_balancer
    if _way(before) != _way(after):
        yield Finding(
            "D072",
            "load_balancer.algorithm",
            _way(before),
            _way(after),
            (before, "algorithm"),
            (after, "algorithm"),
        )
    elif before.slots != after.slots and before.algorithm is Algorithm.HASH:
        yield of_field("D072", before, after, "slots", "load_balancer", level=Level.LOW)
    cookies = [one.cookie_name if one.sticky_sessions else NONE for one in (before, after)]
    if cookies[0] != cookies[1]:
        at = (before, "cookie_name"), (after, "cookie_name")
        yield Finding("D074", "load_balancer.sticky_sessions", cookies[0], cookies[1], *at)


def _way(balancer: LoadBalancer) -> str:
    if balancer.algorithm is Algorithm.WEIGHTED:
        return Algorithm.ROUND_ROBIN.value
    if balancer.algorithm is Algorithm.IP_HASH:
        return f"hash of {HashSource.IP_ADDRESS.value}"
    if balancer.algorithm is not Algorithm.HASH:
        return str(balancer.algorithm.value)
    keys = (f"{one.source.value} {one.name or ''}".strip() for one in balancer.hash_on)
    return f"hash of {joined(keys)}"


def health_check(old: Upstream, new: Upstream) -> Iterator[Finding]:
    """What the gateway asks and watches; switched off and absent are the same."""
    before, after = (one.health_check or HealthCheck() for one in (old, new))
    places = before if old.health_check else old, after if new.health_check else new
    active = _on(before.active), _on(after.active)
    passive = _on_passive(before.passive), _on_passive(after.passive)
    checks: tuple[tuple[str, ModelNode | None, ModelNode | None, dict[str, str]], ...] = (
        ("active", *active, _ACTIVE),
        ("passive", *passive, _PASSIVE),
    )
    for name, left, right, ids in checks:
        field = f"health_check.{name}"
        if left is None or right is None:
            if left is not right:
                said = ("off" if left is None else "on"), ("off" if right is None else "on")
                yield Finding(
                    "D073", field, *said, (left or places[0], ""), (right or places[1], "")
                )
            continue
        yield from fields_of(_settled(left), _settled(right), ids, field)
    yield from fields_of(before, after, {"minimum_healthy_percent": "D073"}, "health_check")


def _settled(check: ModelNode) -> ModelNode:
    """The check with what is unset said: thresholds that follow another, answers that count."""
    if isinstance(check, ActiveCheck):
        good = sorted(set(check.healthy_status_codes))
        bad = set(check.unhealthy_status_codes)
        return replace(
            check,
            unhealthy_interval=_or(check.unhealthy_interval, check.interval),
            timeout_threshold=_or(check.timeout_threshold, check.unhealthy_threshold),
            connection_threshold=_or(check.connection_threshold, check.unhealthy_threshold),
            unhealthy_status_codes=[] if not bad or bad >= _FAILURES - set(good) else sorted(bad),
            concurrency=None,
        )
    if isinstance(check, PassiveCheck):
        return replace(
            check,
            max_timeouts=_or(check.max_timeouts, check.max_failures),
            max_connection_failures=_or(check.max_connection_failures, check.max_failures),
        )
    return check


_V = TypeVar("_V")


def _or(value: _V | None, instead: _V) -> _V:
    return instead if value is None else value


def _on(check: ActiveCheck | None) -> ActiveCheck | None:
    return check if check is not None and check.enabled else None


def _on_passive(check: PassiveCheck | None) -> PassiveCheck | None:
    return check if check is not None and check.enabled else None
