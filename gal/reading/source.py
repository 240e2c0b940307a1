"""The text of an input, and the way from an offset in it to a line and a column."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import Any

from gal.errors import Position

__all__ = ["Source"]

_BREAK = re.compile(r"\r\n|\r|\n")


class Source:
    """One input: `name` as it shows in messages, and its `text` without a byte order mark.

    Lines end with a line feed, a carriage return, or both.
    """

    __slots__ = ("_starts", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._starts: list[int] | None = None

    def starts(self) -> list[int]:
        """The offset of each line; found once."""
        if self._starts is None:
            if "\r" in self.text:
                self._starts = [0, *(found.end() for found in _BREAK.finditer(self.text))]
            else:
                lines = self.text.split("\n")
                lines.pop()
                self._starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
        return self._starts

    def line(self, number: int) -> str:
        """The line with that number, from 1, without its break; empty when there is none."""
        starts = self.starts()
        if not 0 < number <= len(starts):
            return ""
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of the character with that index."""
        starts = self.starts()
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def position(self, line: int, column: int) -> Position:
        """The position at that line and column, both from 1."""
        return Position(self.name, line, column, source=self)

    def position_at(self, offset: int) -> Position:
        """The position of the character with that index."""
        return self.position(*self.place(offset))

    def end(self) -> Position:
        """Where the text ends, white space and empty lines at the end left out."""
        return self.position_at(len(self.text.rstrip()))

    def __repr__(self) -> str:
        return f"Source({self.name!r})"

    def __copy__(self) -> Source:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Source:
        return self  # as Position does it
