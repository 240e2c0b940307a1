"""Whether an engine that backtracks (PCRE) needs far more steps than a text has letters.

An expression becomes positions, one for each letter or class that stands in it, and the positions
that may follow each (Glushkov's construction). Where the same text leads from a position back to
itself in two ways, the engine tries both each time round: twice as many steps for every round, if
what comes after does not fit. Where two repetitions of overlapping classes stand side by side, it
tries every place to part them. Nothing is run, and what takes too many steps is not judged.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from itertools import product
from typing import Any

from gal.model import Anchor, Dialect, Regex

_LONGEST = 1000
_MOST_POSITIONS = 120
_MOST_STEPS = 200_000
_LOOP = 20
"""A repetition of at most so many rounds counts as none."""

_OTHER = 1 << 128
_ALL = (1 << 129) - 1
_ANY = _ALL & ~(1 << 0x0A)


class Growth(str, Enum):
    """How many steps a text may take."""

    EXPONENTIAL = "exponential"
    POLYNOMIAL = "polynomial"


class _UnjudgedError(Exception):
    """An expression that this cannot judge."""


@dataclass(slots=True)
class _Part:
    """A part of an expression: whether it matches nothing, and its first and last positions."""

    empty: bool
    first: list[int]
    last: list[int]


@dataclass(slots=True)
class _Positions:
    """The positions of an expression.

    Attributes:
        letters: by position, as bits; none for the end of the text.
        follow: by position: those that may follow, with the number of ways to get there.
        fixed: how deep inside of groups that are not entered again (`(?>...)`).
    """

    letters: list[int] = field(default_factory=list)
    follow: list[dict[int, int]] = field(default_factory=list)
    fixed: int = 0

    def at(self, letters: int) -> _Part:
        if len(self.letters) >= _MOST_POSITIONS:
            raise _UnjudgedError
        self.letters.append(letters)
        self.follow.append({})
        number = len(self.letters) - 1
        return _Part(False, [number], [number])

    def link(self, before: list[int], after: list[int]) -> None:
        for one, other in product(before, after):
            self.follow[one][other] = self.follow[one].get(other, 0) + 1

    def sequence(self, parts: Any, fold: bool) -> _Part:
        made = _Part(True, [], [])
        for operation, argument in parts:
            one = self.part(str(operation), argument, fold)
            self.link(made.last, one.first)
            made.first = made.first + one.first if made.empty else made.first
            made.last = made.last + one.last if one.empty else one.last
            made.empty = made.empty and one.empty
        return made

    def part(self, name: str, argument: Any, fold: bool) -> _Part:
        if name in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
            return self.at(_letters(name, argument, fold))
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            return self.repeat(argument, fold)
        if name == "BRANCH":
            parts = [self.sequence(below, fold) for below in argument[1]]
            first, last = ([p for one in parts for p in one.first], [])
            last = [p for one in parts for p in one.last]
            return _Part(any(one.empty for one in parts), first, last)
        if name == "SUBPATTERN":
            _, added, taken, below = argument
            inside = (fold or bool(added & re.IGNORECASE)) and not taken & re.IGNORECASE
            return self.sequence(below, inside)
        if name in ("ATOMIC_GROUP", "POSSESSIVE_REPEAT"):
            return self.settled(name, argument, fold)
        if name == "AT" and str(argument) in ("AT_END", "AT_END_STRING"):
            return self.at(0)
        if name in ("AT", "ASSERT", "ASSERT_NOT"):
            return _Part(True, [], [])
        raise _UnjudgedError

    def settled(self, name: str, argument: Any, fold: bool) -> _Part:
        """What the engine does not go back into: its repetitions cost nothing more."""
        self.fixed += 1
        least, below = (1, argument) if name == "ATOMIC_GROUP" else (argument[0], argument[2])
        made = self.sequence(below, fold)
        self.fixed -= 1
        return _Part(made.empty or least == 0, made.first, made.last)

    def repeat(self, argument: Any, fold: bool) -> _Part:
        least, most, below = argument
        made = self.sequence(below, fold)
        endless = str(most) == "MAXREPEAT" or int(most) > _LOOP
        if endless and not self.fixed:
            self.link(made.last, made.first)
        return _Part(made.empty or int(least) == 0, made.first, made.last)


@lru_cache(maxsize=1024)
def growth(pattern: str, *, to_end: bool = False) -> Growth | None:
    """How the steps grow; None for those that grow like the text, or that are not judged.

    Args:
        pattern: of PCRE.
        to_end: the engine wants the whole text to fit.
    """
    from gal.tracing.regexes import compiled, tree_of

    known = compiled(Regex(pattern, Dialect.PCRE, Anchor.SEARCH))
    if known is None or len(pattern) > _LONGEST:
        return None
    made = _Positions()
    try:
        tree = tree_of(known)
        whole = made.sequence(tree, bool(tree.state.flags & re.IGNORECASE))
        if to_end:
            end = made.at(0)
            made.link(whole.last, end.first)
            whole = _Part(False, whole.first or end.first, end.last)
        return _judged(made, whole)
    except (_UnjudgedError, RecursionError):
        return None


def _judged(made: _Positions, whole: _Part) -> Growth | None:
    if whole.empty:
        return None  # it always fits
    loops = _loops(made)
    failing = {p for p, loop in loops.items() if loop.isdisjoint(whole.last)}
    if any(made.follow[p].get(q, 0) > 1 and q in loops[p] for p in failing for q in made.follow[p]):
        return Growth.EXPONENTIAL
    budget = _Budget()
    if any(_splits(made, p, loops[p], budget) for p in failing):
        return Growth.EXPONENTIAL
    for p in failing:
        for q in made.follow[p]:
            beside = q != p and p in made.follow[p] and q in made.follow[q] and q not in loops[p]
            if beside and q in failing and made.letters[p] & made.letters[q]:
                return Growth.POLYNOMIAL
    return None


def _loops(made: _Positions) -> dict[int, set[int]]:
    """Positions that can be reached again, each with those on the way."""
    reached = [_reached(made.follow, p) for p in range(len(made.letters))]
    return {
        p: {q for q in after if p in reached[q]} for p, after in enumerate(reached) if p in after
    }


def _reached(follow: list[dict[int, int]], start: int) -> set[int]:
    found: set[int] = set()
    pending = [*follow[start]]
    while pending:
        one = pending.pop()
        if one not in found:
            found.add(one)
            pending += follow[one]
    return found


@dataclass(slots=True)
class _Budget:
    steps: int = 0

    def spend(self) -> None:
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise _UnjudgedError


def _splits(made: _Positions, start: int, loop: set[int], budget: _Budget) -> bool:
    """Whether one text leads from a position back to it by two different ways."""
    seen: set[tuple[int, int]] = {(start, start)}
    before: dict[tuple[int, int], list[tuple[int, int]]] = {}
    pending = deque(seen)
    while pending:
        pair = pending.popleft()
        for one, other in product(made.follow[pair[0]], made.follow[pair[1]]):
            budget.spend()
            if one not in loop or other not in loop or not made.letters[one] & made.letters[other]:
                continue
            before.setdefault((one, other), []).append(pair)
            if (one, other) not in seen:
                seen.add((one, other))
                pending.append((one, other))
    back: set[tuple[int, int]] = set()
    waiting = [(start, start)]
    while waiting:
        for pair in before.get(waiting.pop(), ()):
            budget.spend()
            if pair not in back:
                if pair[0] != pair[1]:
                    return True
                back.add(pair)
                waiting.append(pair)
    return False


# -- letters


def _letters(name: str, argument: Any, fold: bool) -> int:
    if name == "ANY":
        return _ANY
    if name == "LITERAL":
        return _letter(argument, fold)
    if name == "NOT_LITERAL":
        return _ALL & ~_letter(argument, fold)
    found, inverted = 0, False
    for operation, value in argument:
        kind = str(operation)
        if kind == "NEGATE":
            inverted = True
        elif kind == "LITERAL":
            found |= _letter(value, fold)
        elif kind == "RANGE":
            low, high = value
            found |= _range(low, high, fold)
        else:
            found |= _category(str(value))
    return _ALL & ~found if inverted else found


def _letter(code: int, fold: bool) -> int:
    if code > 127:
        return _OTHER
    bits = 1 << code
    if fold and chr(code).isalpha():
        bits |= 1 << ord(chr(code).swapcase())
    return bits


def _range(low: int, high: int, fold: bool) -> int:
    bits = _OTHER if high > 127 else 0
    for code in range(low, min(high, 127) + 1):
        bits |= _letter(code, fold)
    return bits


_TESTS: Mapping[str, Callable[[str], bool]] = {
    "DIGIT": str.isdigit,
    "SPACE": str.isspace,
    "WORD": lambda letter: letter.isalnum() or letter == "_",
}


def _category(name: str) -> int:
    test = _TESTS.get(name.rpartition("_")[2])
    if test is None:
        raise _UnjudgedError
    found = sum(1 << code for code in range(128) if test(chr(code)))
    return _ALL & ~found if "_NOT_" in name else found
