"""Regular expressions of other dialects as RE2, the only one Envoy takes.

One expression that RE2 refuses makes Envoy refuse the whole file, so every expression is parsed
here and written anew; what cannot be said, or might be too large, is refused before Envoy does it.

Source: https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gal.exporters.envoy.regex_class import ClassReader
from gal.exporters.envoy.regex_text import (
    ANY_SIZE,
    Cursor,
    UntranslatableError,
    escaped,
    hexadecimal,
    percent_encoded,
    property_class,
)
from gal.model import Anchor, Dialect, Regex

__all__ = ["Translation", "UntranslatableError", "escaped", "full_match", "translate"]

_MOST_REPEATS = 1000
_LARGEST_PROGRAM = 40_000
_DEEPEST = 100
_BRACES = re.compile(r"\{(\d+)(,(\d*))?\}")
_BRACES_FROM_ZERO = re.compile(r"\{\s*,\s*\d+\s*\}")
_NAMED_GROUP = re.compile(r"\?(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')")
_FLAGS = re.compile(r"\?([A-Za-z]*)(?:-([A-Za-z]+))?([:)])")
_LOOK_AROUND = ("?=", "?!", "?<=", "?<!")
_SAME_ESCAPES = frozenset("dDwWsSbBAzafnrt")
_CONTROL = {"e": 0x1B}


@dataclass(frozen=True, slots=True)
class Translation:
    """An expression in RE2.

    Attributes:
        text: the expression; it matches anywhere unless it says otherwise itself.
        branches: alternatives at its top level.
        groups: how many groups it captures.
        names: number of each named group.
        starts: it begins with `^`, which binds all of it.
        ends: it ends with `$`, which binds all of it.
    """

    text: str
    branches: int
    groups: int
    names: dict[str, int]
    starts: bool
    ends: bool

    @property
    def atom(self) -> str:
        """The expression so that others can stand next to it."""
        return f"(?:{self.text})" if self.branches > 1 else self.text

    @property
    def inner(self) -> str:
        """The atom without the anchors that bind its two ends."""
        if self.branches > 1:
            return self.atom
        return self.text[1 if self.starts else 0 : -1 if self.ends else None]


def full_match(regex: Regex, *, path: bool = False) -> str:
    """The expression in RE2, so that it has to match the whole text, as Envoy demands it.

    `path` says that it is compared with a path: those reach Envoy percent-encoded, while other
    gateways compare the decoded ones. Other texts may hold any bytes.

    Raises:
        UntranslatableError: RE2 cannot say it; the text says why.
    """
    found = translate(regex, path=path)
    if regex.anchor is Anchor.FULL:
        native = found.branches > 1 or regex.dialect is Dialect.RE2
        return found.text if native else found.inner
    rest = ".*" if path else r"\C*"  # RE2's dot takes no bytes that are not UTF-8
    before = rest if regex.anchor is Anchor.SEARCH and not found.starts else ""
    return before + found.inner + ("" if found.ends else rest)


def translate(regex: Regex, *, path: bool = False, capture: bool = True) -> Translation:
    """The expression in RE2, to be searched.

    With `capture=False` its groups capture nothing.

    Raises:
        UntranslatableError: RE2 cannot say it; the text says why.
    """
    reader = _Reader(regex.pattern, regex.dialect, path=path, capture=capture)
    piece = reader.alternation(0)
    if not reader.cursor.done:
        raise UntranslatableError('there is a ")" too many')
    if piece.size > _LARGEST_PROGRAM:
        raise UntranslatableError("it is too large for RE2")
    loose = reader.multiline or piece.branches > 1
    native = regex.dialect is Dialect.RE2 and capture
    return Translation(
        regex.pattern if native else piece.text,
        piece.branches,
        reader.groups,
        reader.names,
        starts=piece.starts and not loose,
        ends=piece.ends and not loose,
    )


@dataclass(slots=True)
class _Piece:
    """Translated text with what it costs.

    Attributes:
        text: RE2.
        size: estimate of RE2's program.
        repeats: product of nested counts.
        branches: alternatives at its top level.
        starts: it begins with `^`.
        ends: it ends with `$`.
        single: a repetition after it takes all of it.
    """

    text: str
    size: int = 1
    repeats: int = 1
    branches: int = 1
    starts: bool = False
    ends: bool = False
    single: bool = True


class _Reader:
    __slots__ = ("capture", "cursor", "dialect", "groups", "multiline", "names", "path")

    def __init__(self, pattern: str, dialect: Dialect, *, path: bool, capture: bool) -> None:
        self.cursor = Cursor(pattern)
        self.dialect = dialect
        # Envoy's own expressions are on the path as it is sent.
        self.path = path and dialect is not Dialect.RE2
        self.capture = capture
        self.groups = 0
        self.names: dict[str, int] = {}
        self.multiline = False

    def alternation(self, depth: int) -> _Piece:
        if depth > _DEEPEST:
            raise UntranslatableError("its groups are nested too deeply")
        branches = [self._sequence(depth)]
        while self.cursor.take("|"):
            branches.append(self._sequence(depth))
        first = branches[0]
        if len(branches) == 1:
            return first
        return _Piece(
            "|".join(branch.text for branch in branches),
            sum(branch.size for branch in branches) + len(branches),
            max(branch.repeats for branch in branches),
            len(branches),
        )

    def _sequence(self, depth: int) -> _Piece:
        pieces: list[_Piece] = []
        while not self.cursor.done and self.cursor.peek() not in "|)":
            piece = self._atom(depth)
            if piece is not None:
                pieces.append(self._repeated(piece))
        return _Piece(
            "".join(piece.text for piece in pieces),
            sum(piece.size for piece in pieces) + 1,
            max((piece.repeats for piece in pieces), default=1),
            starts=bool(pieces) and pieces[0].text == "^",
            ends=bool(pieces) and pieces[-1].text == "$",
        )

    def _atom(self, depth: int) -> _Piece | None:
        """The next thing that a repetition may follow; None where it says nothing."""
        character = self.cursor.next()
        if character == "(":
            return self._group(depth)
        if character == "[":
            return ClassReader(self.cursor, self.dialect, path=self.path).read(_Piece)
        if character == "\\":
            return self._escape()
        if character in "*+?" or (character == "{" and self._repeats_nothing()):
            raise UntranslatableError(f'"{character}" repeats nothing')
        if character == ".":
            return _Piece(".", ANY_SIZE)
        if character in "^$":
            return _Piece(character)
        return self._literal(character)

    def _repeats_nothing(self) -> bool:
        """Whether the brace that was passed starts a count, and is no text."""
        found = _BRACES.match(self.cursor.text, self.cursor.at - 1)
        return self.dialect is Dialect.RUST or found is not None

    def _literal(self, character: str) -> _Piece:
        if self.path and percent_encoded(character) != character:
            encoded = percent_encoded(character)
            return _Piece(encoded, len(encoded), single=False)
        return _Piece(escaped(character), len(character.encode("utf-8", "replace")))

    def _repeated(self, piece: _Piece) -> _Piece:
        applied = 0
        while (quantifier := self._quantifier()) is not None:
            text, most = quantifier
            if not piece.size:
                raise UntranslatableError(f'"{text}" repeats nothing')
            if applied and self.dialect is not Dialect.RUST:
                raise UntranslatableError("a repetition is repeated")
            lazy = "?" if self.cursor.take("?") else ""
            if self.cursor.peek() == "+" and self.dialect is not Dialect.RUST:
                raise UntranslatableError("RE2 has no possessive repetition")
            single = piece.single and not applied
            inner = piece.text if single else f"(?:{piece.text})"
            repeats = piece.repeats * max(most, 1)
            if repeats > _MOST_REPEATS:
                raise UntranslatableError(f"RE2 repeats at most {_MOST_REPEATS} times")
            piece = _Piece(inner + text + lazy, piece.size * max(most, 1) + 2, repeats)
            applied += 1
        return piece

    def _quantifier(self) -> tuple[str, int] | None:
        """The repetition that comes next, and how often it repeats at most (0: no number)."""
        character = self.cursor.peek()
        if character and character in "*+?":
            return self.cursor.next(), 0
        if character != "{":
            return None
        found = self.cursor.match(_BRACES)
        if found is None:
            if self.cursor.looks_at(_BRACES_FROM_ZERO) and self.dialect is Dialect.PCRE:
                raise UntranslatableError('versions of PCRE disagree about "{,n}"')
            return None
        least, most = int(found[1]), int(found[3] or found[1])
        if most < least:
            raise UntranslatableError(f"{found[0]} is empty")
        return found[0], max(least, most)

    def _group(self, depth: int) -> _Piece | None:
        cursor = self.cursor
        if cursor.peek() == "*" and self.dialect is Dialect.PCRE:
            raise UntranslatableError("RE2 has no verbs")
        if any(cursor.text.startswith(mark, cursor.at) for mark in _LOOK_AROUND):
            raise UntranslatableError("RE2 has no look-around")
        opening = "(" if self.capture else "(?:"
        if cursor.peek() != "?":
            self.groups += 1
        elif (named := cursor.match(_NAMED_GROUP)) is not None:
            self._name(named[1] or named[2])
        elif (flags := cursor.match(_FLAGS)) is not None:
            opening = self._flags(flags[1], flags[2] or "", flags[3])
            if flags[3] == ")":
                return _Piece(opening, 0, single=False)
        elif cursor.text.startswith("?#", cursor.at) and self.dialect is Dialect.PCRE:
            end = cursor.text.find(")", cursor.at)
            cursor.at = len(cursor.text) if end < 0 else end + 1
            return None
        else:
            raise UntranslatableError(f'RE2 has no group "({cursor.text[cursor.at :][:3]}"')
        inner = self.alternation(depth + 1)
        if not cursor.take(")"):
            raise UntranslatableError('a ")" is missing')
        return _Piece(f"{opening}{inner.text})", inner.size + 2, inner.repeats)

    def _name(self, name: str) -> None:
        self.groups += 1
        if name in self.names:
            raise UntranslatableError(f'the group "{name}" is there twice')
        self.names[name] = self.groups

    def _flags(self, on: str, off: str, end: str) -> str:
        if self.dialect is Dialect.RUST:
            on, off = on.replace("u", ""), off.replace("u", "")
        strange = set(on + off) - set("imsU")
        if strange:
            raise UntranslatableError(f'RE2 has no flag "{min(strange)}"')
        if "m" in on:
            self.multiline = True
        if not on and not off:
            return "(?:" if end == ":" else ""
        return f"(?{on}{'-' + off if off else ''}{end}"

    def _escape(self) -> _Piece | None:
        character = self.cursor.next()
        if not character:
            raise UntranslatableError('it ends with "\\"')
        if character == "Q" and self.dialect is not Dialect.RUST:
            self._quoted()
            return None
        if character in ("p", "P"):
            return _Piece(*property_class(self.cursor, character))
        special = self._special(character)
        if special is not None:
            return special
        code = hexadecimal(self.cursor, character, self.dialect)
        if code is None and self.dialect is Dialect.PCRE:
            code = _CONTROL.get(character)
        if code is not None:
            return self._literal(chr(code))
        if character.isalnum() or (self.dialect is Dialect.RUST and character in "<>"):
            raise UntranslatableError(f'RE2 has no "\\{character}"')
        return self._literal(character)

    def _special(self, character: str) -> _Piece | None:
        """What an escaped letter stands for; None where it is no class and no position."""
        dialect = self.dialect
        if character in _SAME_ESCAPES or (character == "v" and dialect is not Dialect.PCRE):
            if character in "bB" and dialect is Dialect.RUST and self.cursor.peek() == "{":
                raise UntranslatableError("RE2 has no halves of word boundaries")
            return _Piece("\\" + character, ANY_SIZE if character in "DWS" else 1)
        if character == "C" and dialect is Dialect.RE2:
            return _Piece(r"\C")
        if character == "Z" and dialect is Dialect.PCRE:
            return _Piece(r"\z" if self.multiline else "$")
        if character == "N" and dialect is Dialect.PCRE and self.cursor.peek() != "{":
            return _Piece(r"[^\n]", ANY_SIZE)
        return None

    def _quoted(self) -> None:
        r"""Go on with the text between `\Q` and `\E` as if each of its characters were escaped."""
        cursor = self.cursor
        quoted, _, rest = cursor.text[cursor.at :].partition(r"\E")
        cursor.text = cursor.text[: cursor.at] + re.escape(quoted) + rest
