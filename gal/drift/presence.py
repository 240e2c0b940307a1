"""Routes of one side only, and matches that changed: who takes their requests now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from gal.drift.atoms import Atom, in_words
from gal.drift.change import Level, Security, Traffic
from gal.drift.compare.finding import NOWHERE, Finding
from gal.drift.compare.routes import conditions_of, match_changed
from gal.drift.effective import Place, SideView
from gal.drift.effects import Effect, Effects, level_of, worst_security
from gal.drift.matching import Found, Link, Matching
from gal.drift.normalise import ANY
from gal.drift.shown import NONE
from gal.drift.winners import Winners, witnesses
from gal.tracing.request import Request

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD")
_INTERNAL: Final = re.compile(
    r"(?i)/(?:admin|metrics|debug|internal|actuator|management|console|private|pprof"
    r"|server-status|heapdump|graphiql)(?:/|$)"
)


@dataclass(frozen=True, slots=True)
class Told:
    """A finding about the matches of a route.

    Attributes:
        finding: what differs.
        atoms: the matches that it is about.
        old: the old route, if any.
        new: the new route, if any.
    """

    finding: Finding
    atoms: tuple[Atom, ...]
    old: Place | None
    new: Place | None


@dataclass(slots=True)
class Presence:
    """Asks both sides who takes a request.

    Attributes:
        matching: the routes brought together.
        effects: compares what two routes do.
        old: router of the old side.
        new: router of the new side.
        by_old: a pair of each old route that has any.
        by_new: a pair of each new route that has any.
    """

    matching: Matching
    effects: Effects
    old: Winners
    new: Winners
    by_old: dict[int, Link]
    by_new: dict[int, Link]
    _old_places: dict[int, Place]
    _new_places: dict[int, Place]
    _linked: set[tuple[int, int]]

    @classmethod
    def of(cls, old: SideView, new: SideView, matching: Matching, effects: Effects) -> Presence:
        """Prepare to ask; the routers are built here."""
        return cls(
            matching,
            effects,
            Winners.made(old.gateway),
            Winners.made(new.gateway),
            {one.old.number: one for one in matching.links},
            {one.new.number: one for one in matching.links},
            {id(one.route): one for one in old.places},
            {id(one.route): one for one in new.places},
            {(one.old.number, one.new.number) for one in matching.links},
        )

    def told(self) -> Iterator[Told]:
        """Every finding about routes of one side only and about changed matches."""
        for place in self.matching.only_old:
            yield from self._removed(place)
        for place in self.matching.only_new:
            yield from self._added(place)
        for link in self.matching.links:
            if link.gone or link.come:
                yield from self._changed(link)

    def winner_old(self, request: Request) -> Place | None:
        """The old route that takes a request."""
        found = self.old.winner(request)
        return None if found is None else self._old_places[id(found)]

    def winner_new(self, request: Request) -> Place | None:
        """The new route that takes a request."""
        found = self.new.winner(request)
        return None if found is None else self._new_places[id(found)]

    def linked(self, old: Place, new: Place) -> bool:
        """Whether two routes are counterparts."""
        return (old.number, new.number) in self._linked

    # -- routes of one side only

    def _removed(self, place: Place) -> Iterator[Told]:
        gone: list[Atom] = []
        elsewhere: dict[int, tuple[Place, list[Atom]]] = {}
        for atom in place.atoms if place.enabled else []:
            winners = [self.winner_new(one) for one in _all_witnesses(place, atom)]
            if not winners or None in winners:
                gone.append(atom)
                continue
            for winner in winners:
                if winner is not None:
                    atoms = elsewhere.setdefault(winner.number, (winner, []))[1]
                    atoms += [] if atom in atoms else [atom]
        if not place.enabled:
            yield _cosmetic(place, None, "a route that was switched off is gone")
        if gone:
            finding = Finding("D001", "routes", _name(place), NONE, (place.route, ""))
            yield Told(finding, tuple(gone), place, None)
        for winner, atoms in elsewhere.values():
            yield from self._falls_to(place, winner, atoms)

    def _falls_to(self, old: Place, new: Place, atoms: list[Atom]) -> Iterator[Told]:
        effects = self.effects.between(old, new)
        if not effects:
            yield _cosmetic(old, new, "another route does the same with its requests")
            return
        finding = Finding(
            "D002",
            "routes",
            _name(old),
            in_words(new.atoms)[0],
            (old.route, ""),
            (new.route, ""),
            _instead(f"its requests are taken by {in_words(new.atoms)[0]}", effects),
            security=worst_security(effects),
            detail=_detail(effects),
        )
        yield Told(finding, tuple(atoms), old, new)

    def _added(self, place: Place) -> Iterator[Told]:
        if not place.enabled:
            yield _cosmetic(None, place, "a new route is switched off")
            return
        before: dict[int, Place] = {}
        opening = False
        for atom in place.atoms:
            for request in _all_witnesses(place, atom):
                winner = self.winner_old(request)
                opening |= winner is None
                if winner is not None:
                    before.setdefault(winner.number, winner)
        effects = [one for old in before.values() for one in self.effects.between(old, place)]
        if before and not opening and not effects:
            yield _cosmetic(None, place, "another route did the same with its requests")
            return
        finding = _new_route(place, before, effects)
        yield Told(finding, tuple(place.atoms), None, place)

    # -- changed matches

    def _changed(self, link: Link) -> Iterator[Told]:
        before = [*link.atoms, *(atom for _, atom in link.gone)]
        after = [*link.atoms, *(atom for _, atom in link.come)]
        same = conditions_of(before) == conditions_of(after)
        lost = [one for one in link.gone if not (same and self._still(one, link))]
        won = [one for one in link.come if not (same and self._before(one, link))]
        if not lost and not won:
            return
        about = before or after
        for finding in match_changed(before, after, link.old, link.new):
            yield Told(finding, tuple(about), link.old, link.new)
        yield from self._fallen(lost)

    def _fallen(self, lost: list[Found]) -> Iterator[Told]:
        """Requests that a route takes no more, and that another one lets in more easily."""
        told: set[tuple[int, int]] = set()
        for place, atom in lost:
            for request in _all_witnesses(place, atom):
                winner = self.winner_new(request)
                if winner is None or self.linked(place, winner) or not _serves(winner, request):
                    continue
                pair = place.number, winner.number
                if pair in told:
                    continue
                told.add(pair)
                effects = self.effects.between(place, winner)
                if worst_security(effects) is Security.WEAKENED:
                    yield from self._falls_to(place, winner, [atom])

    def _still(self, found: Found, link: Link) -> bool:
        """Whether the requests of an old match are all taken by a counterpart."""
        place, atom = found
        asked = False
        for request in _all_witnesses(place, atom):
            asked = True
            winner = self.winner_new(request)
            if winner is None or not _serves(winner, request):
                return False
            if not (self.linked(place, winner) or self.linked(link.old, winner)):
                return False
        return asked

    def _before(self, found: Found, link: Link) -> bool:
        """Whether the requests of a new match were all taken by a counterpart."""
        place, atom = found
        asked = False
        for request in _all_witnesses(place, atom):
            asked = True
            winner = self.winner_old(request)
            if winner is None or not _serves(winner, request):
                return False
            if not (self.linked(winner, place) or self.linked(winner, link.new)):
                return False
        return asked


def _serves(place: Place, request: Request) -> bool:
    """Whether a route lets a request through to where it leads; Kong's routes for HTTPS take plain
    requests, too, and send them to HTTPS.
    """
    schemes = place.route.schemes
    return request.scheme == "https" or not schemes or not all(one.endswith("s") for one in schemes)


def _all_witnesses(place: Place, atom: Atom) -> Iterator[Request]:
    """Requests for every method and scheme that an atomic match takes."""
    for request in witnesses(place, atom):
        methods = _METHODS if atom.method == ANY else (request.method,)
        for scheme in atom.schemes.split(","):
            name = request.server_name or (request.host if scheme == "https" else None)
            for method in methods:
                yield replace(
                    request,
                    method=method,
                    scheme=scheme,
                    server_name=name if scheme == "https" else None,
                )


_MOST_NAMED: Final = 3
"""Differences that a message names."""


def _detail(effects: Iterable[Effect]) -> tuple[str, ...]:
    """What one route does otherwise than another one, as texts to compare."""
    return tuple(sorted({one.text for one in _told_of(effects)}))


def _instead(message: str, effects: Iterable[Effect]) -> str:
    """A message with the worst that another route does otherwise."""
    told = sorted(_told_of(effects), key=lambda one: (-level_of(one).rank, one.field))
    texts = [f"{one.field} {one.old} -> {one.new}" for one in told]
    if not texts:
        return message
    more = f", and {len(texts) - _MOST_NAMED} more" if len(texts) > _MOST_NAMED else ""
    return f"{message}; there {', '.join(texts[:_MOST_NAMED])}{more}"


def _told_of(effects: Iterable[Effect]) -> list[Finding]:
    return [one.finding for one in effects if not one.finding.from_defaults]


def _new_route(place: Place, before: dict[int, Place], effects: list[Effect]) -> Finding:
    open_ = not _asks(place)
    internal = open_ and any(_INTERNAL.search(atom.path[1]) for atom in place.atoms)
    message = ""
    if before:
        others = next(iter(before.values()))
        message = _instead(f"it takes requests of {in_words(others.atoms)[0]}", effects)
    return Finding(
        "D062" if internal else "D003",
        "routes",
        NONE,
        _name(place),
        NOWHERE,
        (place.route, ""),
        message,
        security=None if internal else worst_security(effects),
        traffic=Traffic.REROUTING if before else None,
        level=Level.HIGH if open_ or before else None,
        detail=_detail(effects),
    )


def _asks(place: Place) -> bool:
    """Whether a route asks for anything before it lets in."""
    names = ("authentication", "acl", "ip_access", "redirect", "direct_response")
    return any(place.policy(name).node is not None for name in names)


def _name(place: Place) -> str:
    return place.route.name or in_words(place.atoms)[0]


def _cosmetic(old: Place | None, new: Place | None, message: str) -> Told:
    place = old or new
    assert place is not None
    finding = Finding(
        "D114",
        "routes",
        _name(old) if old is not None else NONE,
        _name(new) if new is not None else NONE,
        (old.route, "") if old is not None else NOWHERE,
        (new.route, "") if new is not None else NOWHERE,
        message,
    )
    return Told(finding, tuple(place.atoms), old, new)
