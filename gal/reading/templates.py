"""Template actions in YAML: hidden from the parser while it runs, and put back afterwards.

`port: {{ .Values.port }}` and `[${A}, ${B}]` are no YAML, or YAML that means something else. Before
parsing, every action gives way to private-use characters of the same length, so that each position
stays. The same is done for line breaks that only YAML 1.1 knows.
"""

from __future__ import annotations

import re

from gal.errors import InputError, Position
from gal.reading.placeholders import ACTION, VARIABLE
from gal.reading.source import Source

__all__ = ["RENDER_FIRST", "StandIns", "hide_templates", "unread_template"]

RENDER_FIRST = "render the template first, then read the result"

_STATEMENT = r"\{%(?:(?!\{%|%\})[^\n\\])*%\}"
_OLD_BREAKS = "\x85\u2028\u2029"
_HIDDEN = re.compile(rf"{ACTION}|{VARIABLE}|{_STATEMENT}|[{_OLD_BREAKS}]")
_CONTROL_LINE = re.compile(
    r"^[ \t]*(?:- +)?(?P<action>\{\{(?:-|[ \t]*(?:\$\w+[ \t]*:?=|/\*"
    r"|(?:range|if|else|end|with|define|template|block|include|break|continue)(?![\w.:])))"
    r".*\}\}|\{%.*%\})[ \t]*\r?$",
    re.MULTILINE,
)

_AREAS = ((0xE000, 0xF8FF), (0xF0000, 0xFFFFD), (0x100000, 0x10FFFD))
"""The areas of private-use characters; stand-ins come from the first that a text does not use."""


def unread_template(source: Source, position: Position) -> InputError | None:
    """The error for a template action at that place; one over several lines was not hidden."""
    line = source.line(position.line)
    if not line[max(position.column - 2, 0) :].lstrip().startswith("{{"):
        return None
    return InputError(f"a template that cannot be read: {line.strip()}", position, RENDER_FIRST)


def hide_templates(source: Source) -> StandIns | None:
    """The stand-ins for a text; None when there is nothing to hide."""
    text = source.text
    if "{{" in text or "${" in text or "{%" in text:
        return StandIns(source)
    if not text.isascii() and any(character in text for character in _OLD_BREAKS):
        return StandIns(source)
    return None


class StandIns:
    """What was hidden in one text.

    A stand-in is a mark, the number of the action in two digits of a large base, and filling.

    Attributes:
        text: the text for the parser.
    """

    __slots__ = (
        "_base",
        "_breaks",
        "_controls",
        "_digits",
        "_fill",
        "_hidden",
        "_mark",
        "_shown",
        "_source",
        "text",
    )

    def __init__(self, source: Source) -> None:
        first, last = _free_area(source)
        self._source = source
        self._hidden: list[str] = []
        self._controls: dict[int, int] = {}
        self._mark, self._fill = chr(first), chr(first + 1)
        self._breaks = {old: chr(first + 2 + at) for at, old in enumerate(_OLD_BREAKS)}
        self._digits, self._base = first + 5, last - first - 4
        restored = "".join(self._breaks.values())
        self._shown = re.compile(f"{self._mark}(..){self._fill}*|[{restored}]")
        starts = {found.start("action") for found in _CONTROL_LINE.finditer(source.text)}
        self.text = _HIDDEN.sub(lambda found: self._hide(found, starts), source.text)

    def _hide(self, found: re.Match[str], control_starts: set[int]) -> str:
        text = found.group()
        if text in self._breaks:
            return self._breaks[text]
        number = len(self._hidden)
        self._hidden.append(text)
        if found.start() in control_starts:
            self._controls[number] = found.start()
        high, low = divmod(number, self._base)
        digits = chr(self._digits + high) + chr(self._digits + low)
        return self._mark + digits + self._fill * (len(text) - 3)

    def restore(self, text: str, style: str | None) -> str:
        """A parsed scalar as it was written; `style` is the indicator of a scalar that has one.

        Raises:
            InputError: for control flow outside of quotes and block scalars: what the file holds is
                only known when the template was rendered.
        """
        return self._shown.sub(lambda found: self._restored(found, style), text)

    def _restored(self, found: re.Match[str], style: str | None) -> str:
        digits = found.group(1)
        if digits is None:
            return _OLD_BREAKS[ord(found.group()) - ord(self._mark) - 2]
        high, low = (ord(digit) - self._digits for digit in digits)
        number = high * self._base + low
        text = self._hidden[number]
        if number in self._controls:
            if not style:
                raise self._refusal(number)
            del self._controls[number]
        return text.replace("''", "'") if style == "'" else text

    def control_before(self, line: int) -> InputError | None:
        """The error for the first control flow up to that line, None when there is none.

        It explains a syntax error on that line. What stood in quotes or in a block scalar, as far
        as the parser came, does not count.
        """
        if self._controls:
            error = self._refusal(next(iter(self._controls)))
            if error.position is not None and error.position.line <= line:
                return error
        return None

    def _refusal(self, number: int) -> InputError:
        return InputError(
            f"the template has control flow: {self._hidden[number]}",
            self._source.position_at(self._controls[number]),
            RENDER_FIRST,
        )


def _free_area(source: Source) -> tuple[int, int]:
    for first, last in _AREAS:
        if not re.search(f"[{chr(first)}-{chr(last)}]", source.text):
            return first, last
    raise InputError("the text uses private-use characters of every kind next to a template")
