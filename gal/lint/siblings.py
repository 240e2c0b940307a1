"""Prefixes that end within a word, and who would take the paths that only begin alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gal.lint.match_sets import Piece, Shape, says_all
from gal.lint.shadows import Earlier, Placed, placed
from gal.model import PathMatch
from gal.model.route import PathKind

if TYPE_CHECKING:
    from gal.lint.subject import Subject


@dataclass(frozen=True, slots=True, eq=False)
class Sibling:
    """A prefix that takes paths of other words.

    Attributes:
        placed: the route.
        path: the prefix in it.
        letter: with this behind the prefix, a request gets to the route.
        other: the route that would take this request otherwise; None for none that is known.
    """

    placed: Placed
    path: PathMatch
    letter: str
    other: Placed | None

    @property
    def prefix(self) -> str:
        """The prefix."""
        return self.path.text


def siblings(subject: Subject) -> list[Sibling]:
    """All such prefixes, in the order in which the routes win."""
    routes = subject.once(placed)
    known = Earlier()
    for one in routes:
        if one.pieces is not None and says_all(one.route):
            known.add(one)
    return [found for one in routes for found in _of(one, known)]


def _of(one: Placed, known: Earlier) -> Iterator[Sibling]:
    for path in one.candidate.paths:
        text = path.text
        if path.kind is not PathKind.PREFIX or not text[-1:].isalnum():
            continue
        letter = "0" if text[-1].isdigit() else "x"
        shape = Shape(PathKind.EXACT, text + letter)
        own = [piece for piece in one.pieces or () if piece.shape.text == text]
        lost, other = False, None
        for piece in own:
            before, after = _around(replace(piece, shape=shape), one, known)
            lost = lost or before
            other = other or after
        if own and not lost:
            yield Sibling(one, path, letter, other)


def _around(piece: Piece, one: Placed, known: Earlier) -> tuple[bool, Placed | None]:
    """Whether a route before takes the request, and the first route behind that would."""
    best: Placed | None = None
    for other, _ in known.holding(piece):
        if other.source == one.source:
            continue
        if other.rank < one.rank:
            return True, None
        if best is None or other.rank < best.rank:
            best = other
    return False, best
