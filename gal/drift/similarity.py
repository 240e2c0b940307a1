"""Routes that are alike enough to be the same with another match."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Final

from gal.drift.effective import Place
from gal.drift.normalise import ANY, given_name
from gal.model import Policies

ACCEPTED: Final = 0.6
"""Likeness, from 0 to 1, above which two routes are taken for one."""

_NEIGHBOURS: Final = 8
"""Routes tried on either side, in each of the two orders: this bounds the work."""

_HOSTS, _PATHS, _METHODS, _UPSTREAM, _POLICIES = 0.3, 0.3, 0.1, 0.2, 0.1
_RENAMED = -0.15
"""For two names that somebody gave, and that differ."""


@dataclass(frozen=True, slots=True, eq=False)
class _Traits:
    """What two routes are compared by."""

    place: Place
    hosts: frozenset[str]
    tokens: frozenset[str]
    methods: frozenset[str]
    upstream: frozenset[str]
    policies: frozenset[str]
    text: str


def most_alike(old: Iterable[Place], new: Iterable[Place]) -> Iterator[tuple[Place, Place]]:
    """Pairs of routes that are alike, the most alike first, each route once.

    Only neighbours in the order of the path, and in that of the path read backwards, are tried.
    """
    olds, news = [_traits(one) for one in old], [_traits(one) for one in new]
    if not olds or not news:
        return
    scored: dict[tuple[int, int], float] = {}
    for order in (_forwards, _backwards):
        for before, after in _neighbours(olds, news, order):
            key = before.place.number, after.place.number
            if key not in scored:
                scored[key] = _likeness(before, after)
    places_old = {one.place.number: one.place for one in olds}
    places_new = {one.place.number: one.place for one in news}
    best = sorted((-score, *key) for key, score in scored.items() if score >= ACCEPTED)
    for _, before_number, after_number in best:
        if before_number in places_old and after_number in places_new:
            yield places_old.pop(before_number), places_new.pop(after_number)


def _forwards(traits: _Traits) -> str:
    return traits.text


def _backwards(traits: _Traits) -> str:
    return "/".join(reversed(traits.text.split("/")))


def _neighbours(
    olds: list[_Traits], news: list[_Traits], order: Callable[[_Traits], str]
) -> Iterator[tuple[_Traits, _Traits]]:
    """Each old route with the new ones that stand next to it when both are sorted together."""
    both = sorted(
        [(order(one), 0, one.place.number, one) for one in olds]
        + [(order(one), 1, one.place.number, one) for one in news],
        key=lambda item: item[:3],
    )
    after = [item[3] for item in both if item[1] == 1]
    passed = 0
    for _, side, _, traits in both:
        if side == 1:
            passed += 1
            continue
        for candidate in after[max(0, passed - _NEIGHBOURS) : passed + _NEIGHBOURS]:
            yield traits, candidate


def _traits(place: Place) -> _Traits:
    atoms = place.atoms
    paths = sorted({atom.path for atom in atoms})
    upstream = place.upstream
    targets = upstream.targets if upstream is not None else []
    leads = {f"{one.host.lower()}:{one.port}" for one in targets}
    leads |= {one.upstream for one in place.route.backends}
    return _Traits(
        place,
        frozenset(atom.host for atom in atoms),
        frozenset(token for _, text in paths for token in text.split("/") if token),
        frozenset(atom.method for atom in atoms),
        frozenset(leads),
        _kinds(place),
        "|".join(text for _, text in paths),
    )


@lru_cache(maxsize=1)
def _policy_names() -> tuple[str, ...]:
    return tuple(item.name for item in fields(Policies) if item.name not in ("origin", "plugins"))


def _kinds(place: Place) -> frozenset[str]:
    own = place.route.policies
    return frozenset(name for name in _policy_names() if getattr(own, name) is not None)


def _likeness(old: _Traits, new: _Traits) -> float:
    hosts = _common(old.hosts, new.hosts)
    if old.hosts == new.hosts == {ANY}:
        hosts = 0.5  # neither says anything, which makes them no more alike
    names = given_name(old.place.route.name), given_name(new.place.route.name)
    renamed = None not in names and names[0] != names[1]
    return (
        (_RENAMED if renamed else 0)
        + _HOSTS * hosts
        + _PATHS * _common(old.tokens, new.tokens)
        + _METHODS * _common(old.methods, new.methods)
        + _UPSTREAM * _common(old.upstream, new.upstream)
        + _POLICIES * _common(old.policies, new.policies)
    )


def _common(old: frozenset[str], new: frozenset[str]) -> float:
    """The share of what both have in what either has; 1 where neither has anything."""
    whole = len(old | new)
    return len(old & new) / whole if whole else 1.0
