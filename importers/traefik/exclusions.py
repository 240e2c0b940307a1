"""Paths that a route must not take, said as an expression that takes all others.

No gateway's expressions can look ahead, so the expression spells out letter by letter how a path
may part from those that are excluded.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gal.importers.traefik.matchers import escaped
from gal.model import Anchor, Dialect, PathMatch, Regex
from gal.model.route import PathKind

_END = r"\z"
_LONGEST = 500
"""Letters of excluded paths together; an expression of more would be too much for gateways."""


class InexpressibleError(Exception):
    """No expression says it."""


@dataclass(slots=True)
class _Letter:
    """A place in the excluded paths, with the letters that may follow.

    Attributes:
        following: places behind this one.
        whole: a path ends here that is excluded as a whole.
        start: whatever starts like this is excluded.
    """

    following: dict[str, _Letter] = field(default_factory=dict)
    whole: bool = False
    start: bool = False


def without(path: PathMatch, excluded: list[PathMatch]) -> PathMatch | None:
    """What a path takes but for excluded ones; None when that is nothing.

    Args:
        path: exact, or how paths start.
        excluded: the same.

    Raises:
        InexpressibleError: an expression is among them, or they are too long.
    """
    if PathKind.REGEX in (path.kind, *(one.kind for one in excluded)):
        raise InexpressibleError
    text = path.text
    if path.kind is PathKind.EXACT:
        return None if any(_takes(one, text) for one in excluded) else path
    if any(one.kind is PathKind.PREFIX and text.startswith(one.text) for one in excluded):
        return None
    within = [one for one in excluded if one.text.startswith(text)]
    if not within:
        return path
    if sum(len(one.text) for one in within) > _LONGEST:
        raise InexpressibleError
    root = _Letter()
    for one in within:
        _add(root, one.text[len(text) :], one.kind is PathKind.EXACT)
    pattern = f"{escaped(text)}{_others(root)}"
    return PathMatch(path_regex=Regex(pattern, Dialect.GO, Anchor.START))


def _takes(path: PathMatch, text: str) -> bool:
    return path.text == text if path.kind is PathKind.EXACT else text.startswith(path.text)


def _add(root: _Letter, text: str, whole: bool) -> None:
    place = root
    for letter in text:
        place = place.following.setdefault(letter, _Letter())
    if whole:
        place.whole = True
    else:
        place.start = True


def _others(place: _Letter) -> str:
    """How a text may go on here: it ends, or it parts, or it goes on and parts later."""
    ways = [] if place.whole else [_END]
    letters = sorted(place.following)
    ways.append(f"[^{''.join(map(_in_class, letters))}]" if letters else r"[\s\S]")
    for letter in letters:
        below = place.following[letter]
        if not below.start:
            ways.append(escaped(letter) + _others(below))
    return f"(?:{'|'.join(ways)})"


def _in_class(letter: str) -> str:
    return f"\\{letter}" if letter in r"\]^-[" else letter
