"""Template placeholders: `${PORT}`, `{{ env "PORT" }}` and the like, kept as they are written."""

from __future__ import annotations

import re
from typing import Any, NoReturn

from gal.errors import InputError, Position

__all__ = ["Placeholder", "find_placeholders", "is_placeholder"]

ACTION = (
    r"""\$?\{\{(?!["'`]\s*[,:\]}])"""
    r"""(?:"[^"\n\\]*"|`[^`\n]*`|'[^'\n\\]*'|(?!\{\{)[^"'`\n\\}]|\}(?!\}))*?\}\}"""
)
"""A template action on one line; what stands between two quoted braces is none."""

VARIABLE = r"\$\{[A-Za-z_][A-Za-z0-9_.]*(?::?[-=?+][^{}\n\\\"']*)?\}"
"""A shell variable in braces, with or without a default."""

_PLACEHOLDER = re.compile(
    rf"{VARIABLE}"
    # GAL's own generators are values, not placeholders.
    rf"|(?!\{{\{{\s*(?:uuid|timestamp)\s*\}}\}}){ACTION}"
    r"|\{vault://[^{}\s]+\}"
    r"|\A\$(?:[A-Za-z_][A-Za-z0-9_]*://\S+|[A-Z_][A-Z0-9_]*)\Z"
)


def is_placeholder(text: str) -> bool:
    """Whether the text contains a placeholder that something else fills in later.

    Known are `${VAR}`, `${VAR:-x}`, `${{VAR}}`, `{{ .Values.x }}`, `{{ env "X" }}`,
    `{vault://...}`, and as the whole text `$VAR` (in capitals: lower case is how nginx and APISIX
    write their variables) and `$ENV://X`.
    """
    return ("{" in text or "$" in text) and _PLACEHOLDER.search(text) is not None


def find_placeholders(text: str) -> list[str]:
    """The placeholders in a text, in order."""
    return [found.group() for found in _PLACEHOLDER.finditer(text)]


class Placeholder(int):
    """A placeholder that stands where a number belongs, such as `port: ${PORT}`.

    As an integer it is 0, so it fits wherever a number does. It is true, prints as its text, equals
    only a placeholder with the same text, and raises `InputError` when something calculates with
    it: the number is not known, and a made-up one would end in the output.
    """

    text: str
    position: Position | None

    def __new__(cls, text: str, position: Position | None = None) -> Placeholder:
        """A placeholder with that text; `position` is where an error about it points."""
        self = super().__new__(cls, 0)
        self.text = text
        self.position = position
        return self

    def __getnewargs__(self) -> tuple[str, Position | None]:  # type: ignore[override]
        return self.text, self.position

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Placeholder({self.text!r})"

    def __format__(self, specification: str) -> str:
        return format(self.text, specification)

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Placeholder) and self.text == other.text

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.text)

    def _refuse(self, *_: Any) -> NoReturn:
        raise InputError(
            f"converting this needs the number that {self.text} stands for",
            self.position,
            "fill in the placeholder first, or write a number",
        )

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _refuse
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _refuse
    __divmod__ = __rdivmod__ = __pow__ = __rpow__ = __neg__ = __round__ = _refuse
