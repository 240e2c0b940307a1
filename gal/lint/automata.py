"""What a regular expression can match, decided in bounded time.

Expressions of a configuration may be hostile, so none is run: each becomes a nondeterministic
automaton over the letters that origins are made of, and questions are answered by walking pairs of
states. What such an automaton cannot say (references back, looking ahead, word boundaries), and
what would grow too large, is not judged.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from gal.model import Anchor, Regex

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789-.:/_"
"""What automata tell apart: the letters of origins as browsers write them."""

_EVERYTHING = (1 << len(ALPHABET)) - 1
_BITS = dict(zip(ALPHABET, (1 << place for place in range(len(ALPHABET))), strict=True))
_MOST_STATES = 3000
_MOST_STEPS = 200_000
_CATEGORIES = {
    "CATEGORY_DIGIT": str.isdigit,
    "CATEGORY_WORD": lambda letter: letter.isalnum() or letter == "_",
    "CATEGORY_SPACE": str.isspace,
}


class UnjudgedError(Exception):
    """An expression that no automaton of this kind stands for."""


@dataclass(slots=True)
class Automaton:
    """States are numbers; the first is where it starts.

    Attributes:
        moves: by state: letters, as bits of `ALPHABET`, and the state after one of them.
        free: by state: states that are reached without a letter.
        starts: by state: states that are reached without a letter at the start of the text.
        ends: by state: states that are reached without a letter at the end of the text.
        accepting: the state in which a text is matched.
    """

    moves: list[list[tuple[int, int]]] = field(default_factory=list)
    free: list[list[int]] = field(default_factory=list)
    starts: list[list[int]] = field(default_factory=list)
    ends: list[list[int]] = field(default_factory=list)
    accepting: int = 0

    def state(self) -> int:
        """A new state.

        Raises:
            UnjudgedError: there are too many.
        """
        if len(self.moves) >= _MOST_STATES:
            raise UnjudgedError("too large")
        for table in (self.moves, self.free, self.starts, self.ends):
            table.append([])
        return len(self.moves) - 1


_At = tuple[int, bool]
"""A state, and whether the end of the text was asked for on the way to it."""


def _closure(one: Automaton, state: _At, at_start: bool) -> list[_At]:
    found, pending = {state}, [state]
    while pending:
        number, ended = pending.pop()
        following = [(target, ended) for target in one.free[number]]
        following += [(target, True) for target in one.ends[number]]
        if at_start:
            following += [(target, ended) for target in one.starts[number]]
        for target in following:
            if target not in found:
                found.add(target)
                pending.append(target)
    return list(found)


_Pair = tuple[_At, _At]
_Came = tuple[_Pair, str]
"""The pair before, and the letter after it."""


@dataclass(slots=True)
class _Product:
    """Pairs of states that both automata can be in after the same text."""

    one: Automaton
    other: Automaton
    seen: dict[_Pair, _Came | None] = field(default_factory=dict)
    pending: deque[_Pair] = field(default_factory=deque)
    steps: int = 0

    def reach(self, left: _At, right: _At, came: _Came | None) -> None:
        if came is not None and (left, right) in self.seen:
            return  # and so is all that follows from it
        first = _closure(self.one, left, came is None)
        second = _closure(self.other, right, came is None)
        self.steps += len(first) * len(second)
        if self.steps > _MOST_STEPS:
            raise UnjudgedError("too large")
        for a in first:
            for b in second:
                if (a, b) not in self.seen:
                    self.seen[a, b] = came
                    self.pending.append((a, b))

    def leave(self, pair: _Pair) -> None:
        (left, left_ended), (right, right_ended) = pair
        if left_ended or right_ended:
            return
        for letters, after in self.one.moves[left]:
            for others, then in self.other.moves[right]:
                if letters & others:
                    came = (pair, _first(letters & others))
                    self.reach((after, False), (then, False), came)

    def text_of(self, pair: _Pair) -> str:
        letters = []
        came = self.seen[pair]
        while came is not None:
            letters.append(came[1])
            came = self.seen[came[0]]
        return "".join(reversed(letters))


def common_text(one: Automaton, other: Automaton) -> str | None:
    """A shortest text that both match, None where there is none.

    Raises:
        UnjudgedError: there are too many pairs of states.
    """
    product = _Product(one, other)
    product.reach((0, False), (0, False), None)
    while product.pending:
        pair = product.pending.popleft()
        if pair[0][0] == one.accepting and pair[1][0] == other.accepting:
            return product.text_of(pair)
        product.leave(pair)
    return None


def _first(letters: int) -> str:
    return ALPHABET[(letters & -letters).bit_length() - 1]


@lru_cache(maxsize=1024)
def automaton(regex: Regex) -> Automaton:
    """The automaton of an expression, with its anchoring.

    Raises:
        UnjudgedError: there is none.
    """
    from gal.tracing.regexes import compiled, tree_of

    pattern = compiled(regex)
    if pattern is None:
        raise UnjudgedError("another syntax")
    try:
        tree = tree_of(pattern)
        flags = tree.state.flags
    except (re.error, RecursionError, OverflowError):
        raise UnjudgedError("another syntax") from None
    made = Automaton()
    start = made.state()
    if regex.anchor is Anchor.SEARCH:
        made.moves[start].append((_EVERYTHING, start))
    try:
        end = _Builder(made).parts(tree, start, bool(flags & re.IGNORECASE))
    except RecursionError:
        raise UnjudgedError("too deep") from None
    if regex.anchor is not Anchor.FULL:
        after = made.state()
        made.free[end].append(after)
        made.moves[after].append((_EVERYTHING, after))
        end = after
    made.accepting = end
    return made


@dataclass(slots=True)
class _Builder:
    """Makes states of what Python's own parser reads."""

    made: Automaton

    def parts(self, parts: Any, start: int, fold: bool) -> int:
        """States for all parts in turn; the last state."""
        for operation, argument in parts:
            start = self.part(str(operation), argument, start, fold)
        return start

    def part(self, name: str, argument: Any, start: int, fold: bool) -> int:
        if name in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
            end = self.made.state()
            letters = _letters(name, argument, fold)
            if letters:
                self.made.moves[start].append((letters, end))
            return end
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            return self.repeat(argument, start, fold)
        if name == "BRANCH":
            end = self.made.state()
            for branch in argument[1]:
                self.made.free[self.parts(branch, self._fresh(start), fold)].append(end)
            return end
        if name == "SUBPATTERN":
            _, added, taken, below = argument
            inside = (fold or bool(added & re.IGNORECASE)) and not taken & re.IGNORECASE
            return self.parts(below, start, inside)
        if name == "AT":
            return self.place(str(argument), start)
        raise UnjudgedError(name)

    def _fresh(self, start: int) -> int:
        state = self.made.state()
        self.made.free[start].append(state)
        return state

    def repeat(self, argument: Any, start: int, fold: bool) -> int:
        least, most, below = argument
        for _ in range(int(least)):
            start = self.parts(below, self._fresh(start), fold)
        if str(most) == "MAXREPEAT":
            loop = self._fresh(start)
            self.made.free[self.parts(below, loop, fold)].append(loop)
            return self._fresh(loop)
        end = self.made.state()
        self.made.free[start].append(end)
        for _ in range(int(most) - int(least)):
            start = self.parts(below, self._fresh(start), fold)
            self.made.free[start].append(end)
        return end

    def place(self, where: str, start: int) -> int:
        if where not in ("AT_BEGINNING", "AT_BEGINNING_STRING", "AT_END", "AT_END_STRING"):
            raise UnjudgedError(where)
        end = self.made.state()
        table = self.made.starts if "BEGINNING" in where else self.made.ends
        table[start].append(end)
        return end


def _letters(name: str, argument: Any, fold: bool) -> int:
    if name == "ANY":
        return _EVERYTHING
    if name == "LITERAL":
        return _letter(argument, fold)
    if name == "NOT_LITERAL":
        return _EVERYTHING & ~_letter(argument, fold)
    found, inverted = 0, False
    for operation, value in argument:
        kind = str(operation)
        if kind == "NEGATE":
            inverted = True
        elif kind == "LITERAL":
            found |= _letter(value, fold)
        elif kind == "RANGE":
            found |= _range(value, fold)
        else:
            found |= _category(str(value))
    return _EVERYTHING & ~found if inverted else found


def _letter(code: int, fold: bool) -> int:
    letter = chr(code)
    return _BITS.get(letter.lower() if fold else letter, 0)


def _range(ends: tuple[int, int], fold: bool) -> int:
    low, high = ends
    return sum(
        bit
        for letter, bit in _BITS.items()
        if low <= ord(letter) <= high or (fold and low <= ord(letter.upper()) <= high)
    )


def _category(name: str) -> int:
    inverted = "_NOT_" in name
    test = _CATEGORIES.get(name.replace("_NOT_", "_"))
    if test is None:
        raise UnjudgedError(name)
    found = sum(bit for letter, bit in _BITS.items() if test(letter))
    return _EVERYTHING & ~found if inverted else found


def matched_by(regex: Regex, shapes: Sequence[Regex]) -> str | None:
    """A text that an expression matches and that has one of some shapes, which are expressions as
    well; None where there is none, or where this cannot be judged.
    """
    return _matched_by(regex, tuple(shapes))


@lru_cache(maxsize=4096)
def _matched_by(regex: Regex, shapes: tuple[Regex, ...]) -> str | None:
    try:
        made = automaton(regex)
    except UnjudgedError:
        return None
    for shape in shapes:
        try:
            found = common_text(made, automaton(shape))
        except UnjudgedError:
            continue
        if found is not None:
            return found
    return None
