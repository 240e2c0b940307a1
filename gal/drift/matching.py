"""Which routes of two sides are the same: by what they match, by name, by likeness.

Four passes, each over what the passes before it left, each in about linear time:

1. atomic matches that are equal; several routes of the same match pair by name, then by rank;
2. atomic matches that are equal but for the scheme, the method or the conditions;
3. names that nobody generated;
4. likeness of hosts, paths, methods, upstream and policies, tried on neighbours only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from gal.drift.atoms import Atom
from gal.drift.effective import Place, SideView
from gal.drift.normalise import given_name
from gal.drift.similarity import most_alike

Found = tuple[Place, Atom]


@dataclass(slots=True, eq=False)
class Link:
    """A route of the old side and its counterpart.

    Attributes:
        old: the old route.
        new: the new route.
        atoms: atomic matches that both have.
        gone: old atomic matches without their equal, with the route that has them.
        come: new ones, likewise.
    """

    old: Place
    new: Place
    atoms: list[Atom] = field(default_factory=list)
    gone: list[Found] = field(default_factory=list)
    come: list[Found] = field(default_factory=list)


@dataclass(slots=True)
class Matching:
    """The routes of two sides brought together.

    Attributes:
        links: pairs, in the order of the old side's file.
        only_old: routes without any counterpart.
        only_new: likewise.
    """

    links: list[Link]
    only_old: list[Place]
    only_new: list[Place]


def matched(old: SideView, new: SideView) -> Matching:
    """Bring the routes of two sides together."""
    matcher = _Matcher(old, new)
    matcher.by_key(_whole)
    matcher.by_key(_any_scheme, several=True)
    matcher.by_key(_any_method, several=True)
    matcher.by_key(_anything_else)
    matcher.by_name()
    matcher.by_likeness()
    matcher.rest()
    links = sorted(matcher.links.values(), key=lambda one: (one.old.number, one.new.number))
    return Matching(links, *matcher.alone())


Key = Callable[[Atom], Any]


def _whole(atom: Atom) -> Any:
    return atom


def _any_scheme(atom: Atom) -> Any:
    return atom.without_schemes


def _any_method(atom: Atom) -> Any:
    return atom.without_method


def _anything_else(atom: Atom) -> Any:
    return atom.place


class _Matcher:
    """Keeps what is left of both sides while it brings them together."""

    def __init__(self, old: SideView, new: SideView) -> None:
        self.links: dict[tuple[int, int], Link] = {}
        self.old = sorted(old.places, key=lambda one: one.rank)
        self.new = sorted(new.places, key=lambda one: one.rank)
        self.left_old = {one.number: dict.fromkeys(one.atoms) for one in self.old}
        self.left_new = {one.number: dict.fromkeys(one.atoms) for one in self.new}
        self.partners: dict[int, list[Place]] = {}
        self.linked_new: dict[int, list[Place]] = {}

    # -- passes

    def by_key(self, key: Key, *, several: bool = False) -> None:
        """Pair what is left and has the same key. With `several`, a route that is alone on its
        side is paired with all of the other side.
        """
        news = _grouped(self.new, self.left_new, key)
        if not news:
            return
        for found, olds in _grouped(self.old, self.left_old, key).items():
            there = news.get(found)
            if there is None:
                continue
            pairs = list(self._pairs(olds, there))
            if several and len(olds) == 1:
                pairs = [(next(iter(olds)), new) for new in there]
            elif several and len(there) == 1:
                pairs = [(old, next(iter(there))) for old in olds]
            for old, new in pairs:
                self._link(old, olds[old], new, there[new])

    def by_name(self) -> None:
        """Pair routes without any counterpart by names that somebody gave."""
        olds, news = self.alone()
        named = _by_name(news)
        for name, old in _by_name(olds).items():
            if name in named:
                self._link_whole(old, named[name])

    def by_likeness(self) -> None:
        """Pair routes without any counterpart by how much they are alike."""
        for old, new in most_alike(*self.alone()):
            self._link_whole(old, new)

    def rest(self) -> None:
        """Add what is left of routes that have a counterpart to one of their pairs."""
        names_old = _families(self.old, self.partners)
        names_new = _families(self.new, self.linked_new)
        for place in self.old:
            left = self.left_old[place.number]
            known = place if place.number in self.partners else _relative(place, names_old)
            if left and known.number in self.partners:
                link = self._best(known, self.partners, old=True)
                link.gone += [(place, one) for one in left]
                left.clear()
        for place in self.new:
            left = self.left_new[place.number]
            known = place if place.number in self.linked_new else _relative(place, names_new)
            if left and known.number in self.linked_new:
                link = self._best(known, self.linked_new, old=False)
                link.come += [(place, one) for one in left]
                left.clear()

    def alone(self) -> tuple[list[Place], list[Place]]:
        """The routes of both sides that have no counterpart."""
        return (
            [one for one in self.old if self.left_old[one.number] and not self._has_old(one)],
            [one for one in self.new if self.left_new[one.number] and not self._has_new(one)],
        )

    # -- steps

    def _has_old(self, place: Place) -> bool:
        return place.number in self.partners

    def _has_new(self, place: Place) -> bool:
        return place.number in self.linked_new

    def _pairs(self, olds: Iterable[Place], news: Iterable[Place]) -> Iterator[tuple[Place, Place]]:
        """Pair routes of the same key: known pairs, then equal names, then by rank."""
        before, after = list(olds), list(news)
        if len(before) == len(after) == 1:
            yield before[0], after[0]
            return
        free = {one.number: one for one in after}
        rest = []
        for old in before:
            known = (one for one in self.partners.get(old.number, []) if one.number in free)
            partner = next(known, None)
            if partner is None:
                rest.append(old)
            else:
                yield old, free.pop(partner.number)
        named = _by_name(free.values())
        unnamed = []
        for old in rest:
            match = named.get(given_name(old.route.name) or "")
            if match is not None and match.number in free:
                yield old, free.pop(match.number)
            else:
                unnamed.append(old)
        yield from zip(unnamed, free.values(), strict=False)

    def _link(self, old: Place, gone: list[Atom], new: Place, come: list[Atom]) -> None:
        link = self._between(old, new)
        same = set(gone) & set(come)
        link.atoms += [one for one in gone if one in same]
        link.gone += [(old, one) for one in gone if one not in same]
        link.come += [(new, one) for one in come if one not in same]
        for atom in gone:
            self.left_old[old.number].pop(atom, None)
        for atom in come:
            self.left_new[new.number].pop(atom, None)

    def _link_whole(self, old: Place, new: Place) -> None:
        self._link(old, list(self.left_old[old.number]), new, list(self.left_new[new.number]))

    def _between(self, old: Place, new: Place) -> Link:
        key = old.number, new.number
        if key not in self.links:
            self.links[key] = Link(old, new)
            self.partners.setdefault(old.number, []).append(new)
            self.linked_new.setdefault(new.number, []).append(old)
        return self.links[key]

    def _best(self, place: Place, partners: dict[int, list[Place]], *, old: bool) -> Link:
        """The pair that is to say what is left of a route: one whose other side changed, too."""
        pairs = [
            self.links[(place.number, one.number) if old else (one.number, place.number)]
            for one in partners[place.number]
        ]
        changed = (one for one in pairs if (one.come if old else one.gone))
        return next(changed, pairs[0])


def _grouped(
    places: list[Place], left: dict[int, dict[Atom, None]], key: Key
) -> dict[Any, dict[Place, list[Atom]]]:
    found: dict[Any, dict[Place, list[Atom]]] = {}
    for place in places:
        for atom in left[place.number]:
            found.setdefault(key(atom), {}).setdefault(place, []).append(atom)
    return found


def _by_name(places: Iterable[Place]) -> dict[str, Place]:
    """Routes by their given names, without names that stand twice."""
    found: dict[str, Place] = {}
    twice = set()
    for place in places:
        name = given_name(place.route.name)
        if name is not None:
            twice.update([name] if name in found else [])
            found[name] = place
    return {name: place for name, place in found.items() if name not in twice}


Family = tuple[str, int]


def family(place: Place) -> Family | None:
    """What routes have in common that were written as one: the name, but for a number behind it,
    and where they lead. Importers number the parts of a route that ranks differently by host.
    """
    name = given_name(place.route.name)
    if name is None:
        return None
    leads = place.upstream or place.service
    return _NUMBER.sub("", name), id(leads)


_NUMBER = re.compile(r"-\d+$")


def _families(places: list[Place], linked: dict[int, list[Place]]) -> dict[Family | None, Place]:
    """The first route of each family that has a counterpart."""
    found: dict[Family | None, Place] = {}
    for place in places:
        own = family(place)
        if own is not None and place.number in linked:
            found.setdefault(own, place)
    return found


def _relative(place: Place, families: dict[Family | None, Place]) -> Place:
    """The route with a counterpart that a route is a part of; else the route itself."""
    found = families.get(family(place), place)
    return found if found.route.policies == place.route.policies else place
