"""Which of two overlapping routes wins: asked with requests, and only where order may matter."""

from __future__ import annotations

from collections.abc import Iterator

from gal.drift.atoms import Atom, in_words
from gal.drift.compare.finding import Finding
from gal.drift.effective import Place, SideView
from gal.drift.matching import Link, Matching
from gal.drift.presence import Presence, Told
from gal.drift.winners import witnesses
from gal.tracing.request import Request

_MOST_ATOMS = 20
"""Atomic matches of one route that are asked about."""


def order_matters(old: SideView, new: SideView, matching: Matching) -> bool:
    """Whether another route may win anywhere: not where both sides rank the same routes in the
    same order by the same rules, with nothing new between them.
    """
    if old.gateway.settings.route_order is not new.gateway.settings.route_order:
        return True
    if matching.only_new or any(link.come for link in matching.links):
        return True
    ranks = [link.new.rank for link in sorted(matching.links, key=lambda one: one.old.rank)]
    return ranks != sorted(ranks)


def precedence(presence: Presence) -> Iterator[Told]:
    """Findings where a request of a route is now taken by another one than before."""
    told: set[tuple[int, int]] = set()
    for link in presence.matching.links:
        if not link.old.enabled or not link.new.enabled:
            continue
        for atom in link.atoms[:_MOST_ATOMS]:
            yield from _asked(presence, link, atom, told)


def _asked(
    presence: Presence, link: Link, atom: Atom, told: set[tuple[int, int]]
) -> Iterator[Told]:
    answers = [
        (request, presence.winner_old(request), presence.winner_new(request))
        for request in witnesses(link.old, atom)
    ]
    wrong = [
        (request, before, after)
        for request, before, after in answers
        if before is not None and after is not None and not presence.linked(before, after)
    ]
    for request, before, after in wrong:
        pair = min(before.number, -1 - after.number), max(before.number, -1 - after.number)
        if pair in told:
            continue
        found = _told(presence, request, before, after, whole=len(wrong) == len(answers))
        if found is not None:
            told.add(pair)
            yield found


def _told(
    presence: Presence, request: Request, old: Place, new: Place, *, whole: bool
) -> Told | None:
    """The finding of one request, None where another finding says it."""
    before, after = presence.by_old.get(old.number), presence.by_new.get(new.number)
    if before is None:
        return None  # the route is gone, which is told with it
    is_new = after is None or bool(after.come)
    if is_new and not whole:
        return None  # told with the new route
    effects = presence.effects.between(old, new)
    said = f"{request.method} {request.host}{request.path}"
    texts = in_words(old.atoms)[0], in_words(new.atoms)[0]
    at = (old.route, "priority"), (new.route, "priority")
    if not effects:
        message = f"a request such as {said} takes another route that does the same"
        return Told(Finding("D111", "priority", *texts, *at, message), tuple(old.atoms), old, new)
    id_ = "D002" if is_new else "D008"
    message = f"a request such as {said} takes {texts[1]} now"
    return Told(Finding(id_, "priority", *texts, *at, message), tuple(old.atoms), old, new)
