"""Errors that end a command with exit code 2, and the place in a file that they point at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

__all__ = ["GalError", "InputError", "InputErrors", "Position", "UsageError"]

_WIDTH = 120
"""Characters of an offending line that are shown, the marks of a cut line included."""


class _Lines(Protocol):
    """Text that can give one of its lines."""

    def line(self, number: int) -> str: ...


@dataclass(frozen=True, slots=True, init=False)
class Position:
    """A place in an input file.

    `line` and `column` count from 1, columns in characters. The text of the line is looked up only
    when it is asked for, so building a position costs nothing on the way to an error that never
    comes.
    """

    file: str
    line: int
    column: int
    source: _Lines | str = field(compare=False, repr=False)

    def __init__(
        self, file: str, line: int, column: int, text: str = "", source: _Lines | str | None = None
    ) -> None:
        set_field = object.__setattr__
        set_field(self, "file", file)
        set_field(self, "line", line)
        set_field(self, "column", column)
        set_field(self, "source", text if source is None else source)

    @property
    def text(self) -> str:
        """The line of the file, without its line break; empty when it is not known."""
        if isinstance(self.source, str):
            return self.source
        return self.source.line(self.line)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def __copy__(self) -> Position:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Position:
        return self  # immutable, and a copy would drag the text of the whole file along

    def __reduce__(self) -> tuple[Any, ...]:
        return Position, (self.file, self.line, self.column, self.text)


class GalError(Exception):
    """Base of everything that ends a command with exit code 2."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def render(self) -> str:
        """The error as it is printed, without a final line break."""
        return self.message


class UsageError(GalError):
    """The command line, or a call of the library, asks for something that makes no sense."""


class InputError(GalError):
    """An input that cannot be read, with the place where reading stopped."""

    def __init__(
        self, message: str, position: Position | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.position = position
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.position is None else f"{self.position}: {self.message}"

    def __reduce__(self) -> tuple[Any, ...]:
        return InputError, (self.message, self.position, self.hint)

    def render(self) -> str:
        """`file:line:column: message`, the line with a caret under the column, and the hint."""
        lines = [str(self)]
        if self.position is not None and self.position.text.strip():
            lines += _excerpt(_without_secrets(self.position.text), self.position.column)
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)


class InputErrors(GalError):  # noqa: N818 - it holds several
    """Several input errors, kept in the order of their positions."""

    def __init__(self, errors: Iterable[InputError]) -> None:
        self.errors = sorted(errors, key=_order)
        count = len(self.errors)
        super().__init__("1 error" if count == 1 else f"{count} errors")

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)

    def __reduce__(self) -> tuple[Any, ...]:
        return InputErrors, (self.errors,)

    def render(self) -> str:
        """Every error as it renders alone, one below the other."""
        return "\n".join(error.render() for error in self.errors)


def _order(error: InputError) -> tuple[str, int, int]:
    position = error.position
    return ("", 0, 0) if position is None else (position.file, position.line, position.column)


def _excerpt(line: str, column: int) -> list[str]:
    """The line and a caret below `column`, both cut to a readable width around the caret."""
    at = min(max(column - 1, 0), len(line))
    start, end = 0, len(line)
    if end > _WIDTH:
        kept = _WIDTH - len("......")
        start = max(0, min(at - kept // 2, end - kept))
        end = start + kept
    shown = "".join(_printable(character) for character in line[start:end])
    before = "".join(_blank(character) for character in shown[: at - start])
    lead = "..." if start else ""
    tail = "..." if end < len(line) else ""
    return [f"  {lead}{shown}{tail}", f"  {' ' * len(lead)}{before}^"]


def _without_secrets(line: str) -> str:
    """The line with stars, as many as characters, in place of what looks like a secret."""
    import re

    named = re.compile(
        r"""(?ix)
        ( \b [\w.-]* (?:password|passwd|secret|token|credential|private.?key|api.?key) [\w.-]*
          | \b key )
        ( ["']? \s* [:=] \s* )
        ( "(?:[^"\\]|\\.)*"? | '[^']*'? | [^\s,}\]{\[][^,}\]]* )
        """
    )
    line = named.sub(lambda found: found[1] + found[2] + "*" * len(found[3]), line)
    line = re.sub(r"(?<=://)[^/@\s]+(?=@)", lambda found: "*" * len(found[0]), line)
    # The inside of a PEM text; other long words seldom mix capitals, small letters and digits.
    if re.fullmatch(r"\s*(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9+/=]{40,}\s*", line):
        return re.sub(r"\S", "*", line)
    return line


def _printable(character: str) -> str:
    # A control character in a file must not reach the terminal as one.
    return (
        character if character == "\t" or character.isprintable() else "\N{REPLACEMENT CHARACTER}"
    )


def _blank(character: str) -> str:
    """White space as wide as `character` on a terminal; a tab stays a tab."""
    if character.isascii():
        return "\t" if character == "\t" else " "
    import unicodedata

    if unicodedata.combining(character):
        return ""
    return "  " if unicodedata.east_asian_width(character) in "FW" else " "
