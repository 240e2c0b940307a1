"""What Go's expressions may hold: a rule with another one is no rule for Traefik, which then has no
such router (https://pkg.go.dev/regexp/syntax).
"""

from __future__ import annotations

import re

_MOST = 1000
"""The highest count of a repetition."""

_LITERAL = re.compile(r"\\Q[\s\S]*?(?:\\E|\Z)")
_ESCAPE = re.compile(
    r"\\(?:x\{0*(?:10|[0-9A-Fa-f])?[0-9A-Fa-f]{1,4}\}|x[0-9A-Fa-f]{2}|[1-7][0-7]{1,2}|0[0-7]{0,2}|[pP]\{\^?[A-Za-z_]+\}"
    r"|[pP][CLMNPSZ]|[AbBzdDsSwWafnrtv]|[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f])"
)
_GROUP = re.compile(r"\((?:\?(?:P?<[A-Za-z0-9_]+>|(?P<flags>[imsU]*(?:-[imsU]+)?)(?P<end>[:)])))?")
_REPEAT = re.compile(r"(?:[*+?]|\{(?P<least>\d+)(?P<comma>,(?P<most>\d*))?\})\??")
_NAMED = re.compile(
    r"\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit)"
    r":\]"
)
_PLACES = frozenset("AbBz")
"""Escapes that no class may hold."""
_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def refused(pattern: str) -> str | None:
    """Why Go refuses an expression; None where it reads it."""
    try:
        _Reader(pattern).read()
    except ValueError as error:
        return str(error)
    return None


class _Reader:
    """Goes through an expression once.

    Attributes:
        text: the expression.
        at: how far it is read.
        open: groups that are not closed.
        repeatable: what stands before may be repeated.
        repeated: it already is.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.open = 0
        self.repeatable = False
        self.repeated = False

    def read(self) -> None:
        while self.at < len(self.text):
            letter = self.text[self.at]
            if letter == "\\":
                self._escape()
            elif letter == "[":
                self._class()
            elif letter == "(":
                self._group()
            elif letter == ")":
                self._close()
            elif letter == "|":
                self._step(1, repeatable=False)
            elif not self._repeat():
                self._step(1)
        if self.open:
            raise ValueError("a bracket is not closed")

    def _step(self, letters: int, *, repeatable: bool = True) -> None:
        self.at += letters
        self.repeatable, self.repeated = repeatable, False

    def _escape(self) -> None:
        found = _LITERAL.match(self.text, self.at)
        if found is not None:
            literal = found[0][2:].removesuffix("\\E")
            self._step(len(found[0]), repeatable=bool(literal) or self.repeatable)
            return
        self._step(len(self._escaped()))

    def _escaped(self) -> str:
        found = _ESCAPE.match(self.text, self.at)
        if found is None:
            raise ValueError(f'Go knows no "{self.text[self.at : self.at + 2]}"')
        return found[0]

    def _group(self) -> None:
        found = _GROUP.match(self.text, self.at)
        flags = found["flags"] if found is not None else None
        if found is None or (found[0] == "(" and self.text.startswith("(?", self.at)):
            raise ValueError(f'Go knows no "{self.text[self.at : self.at + 3]}"')
        if flags is not None and found["end"] == ")":
            self._step(len(found[0]), repeatable=False)
            return
        self.open += 1
        self._step(len(found[0]), repeatable=False)

    def _close(self) -> None:
        if not self.open:
            raise ValueError("a bracket is closed that is not open")
        self.open -= 1
        self._step(1)

    def _repeat(self) -> bool:
        found = _REPEAT.match(self.text, self.at)
        if found is None:
            return False
        least, most = _count(found["least"] or "0"), _count(found["most"] or found["least"] or "0")
        if max(least, most) > _MOST or most < least:
            raise ValueError(f'Go does not repeat as often as "{found[0]}"')
        if self.repeated or not self.repeatable:
            raise ValueError(f'nothing stands before "{found[0]}" that may be repeated')
        self.at = found.end()
        self.repeated = True
        return True

    def _class(self) -> None:
        self.at += 2 if self.text.startswith("[^", self.at) else 1
        first = True
        while first or not self.text.startswith("]", self.at):
            low = self._member()
            rest = self.text[self.at : self.at + 2]
            if low and rest.startswith("-") and rest not in ("-", "-]"):
                self.at += 1
                high = self._member()
                if high < low:
                    raise ValueError("a class has a range that is none")
            first = False
        self._step(1)

    def _member(self) -> str:
        """The letter of a member of a class, empty for one that stands for several."""
        if self.at >= len(self.text):
            raise ValueError("a class is not closed")
        if self.text.startswith("[:", self.at) and ":]" in self.text[self.at + 2 :]:
            found = _NAMED.match(self.text, self.at)
            if found is None:
                raise ValueError("Go knows no such class")
            self.at = found.end()
            return ""
        if self.text[self.at] != "\\":
            self.at += 1
            return self.text[self.at - 1]
        escaped = self._escaped()
        if escaped[1] in _PLACES:
            raise ValueError(f'no class holds "{escaped}"')
        self.at += len(escaped)
        return _letter(escaped)


def _count(digits: str) -> int:
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= len(str(_MOST)) else _MOST + 1


def _letter(escaped: str) -> str:
    """The letter that an escape stands for, empty where it stands for several."""
    kind = escaped[1]
    if kind == "x":
        return chr(int(escaped[2:].strip("{}"), 16))
    if kind.isdigit():
        return chr(int(escaped[1:], 8))
    return _CONTROLS.get(kind, "") if kind.isalpha() else kind
