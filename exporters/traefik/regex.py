"""Regular expressions of other dialects for Go's `regexp`, which reads RE2's syntax.

One expression that Go refuses makes Traefik switch a whole router off, so every expression is
looked through here, and what Go does not know is refused before Traefik does it.

Source: https://pkg.go.dev/regexp/syntax
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gal.model import Anchor, Dialect, Regex

_META = frozenset(r"\.+*?()|[]{}^$")
_MOST_REPEATS = 1000
_LOOK_AROUND = ("?=", "?!", "?<=", "?<!", "?>", "?|", "?(", "*")
_KNOWN_ESCAPES = frozenset("dDwWsSbBAznrtfa")
_IN_CLASS = frozenset("dDwWsSnrtfa")
_TOKEN = re.compile(
    r"""(?P<hex>\\x(?:[0-9A-Fa-f]{2}|\{[0-9A-Fa-f]{1,6}\}))
    |(?P<property>\\[pP](?:[LMNPSZC]|\{\^?(?:[LMNPSZC][a-z]?|Greek|Latin|Cyrillic|Han)\}))
    |(?P<quoted>\\Q(?P<text>.*?)(?:\\E|$))
    |(?P<escape>\\.)
    |(?P<open>\((?:\?(?:P?<(?P<name>[A-Za-z_]\w*)>|(?P<flags>[imsU]*(?:-[imsU]+)?)(?P<end>[:)])))?)
    |(?P<close>\))
    |(?P<count>\{(?P<least>\d+)(?:,(?P<most>\d*))?\}|[*+?])
    |(?P<class>\[\^?\]?(?:\[:\^?[a-z]+:\]|\\.|[^\]\\])*\])
    |(?P<bar>\|)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(
    r"\\(x(?:[0-9A-Fa-f]{2}|\{[0-9A-Fa-f]{1,6}\})|[pP](?:\w|\{\w+\})|.)", re.DOTALL
)
_RANGE = re.compile(r"([^\\\]\[])-([^\\\]\[])")


class UntranslatableError(ValueError):
    """An expression that Go does not know, with the reason as its text."""


@dataclass(frozen=True, slots=True)
class Translation:
    """An expression in Go's syntax.

    Attributes:
        text: the expression; it matches anywhere unless it says otherwise itself.
        groups: how many groups it captures.
    """

    text: str
    groups: int

    @property
    def starts(self) -> bool:
        """Whether it can only match at the start of the text."""
        return self.text.startswith("^") and "|" not in self.text


def escaped(text: str) -> str:
    """Go's expression for exactly this text."""
    return "".join("\\" + one if one in _META else one for one in text)


def searched(regex: Regex) -> str:
    """The expression with its anchoring said in its text, to be searched.

    Raises:
        UntranslatableError: Go cannot say it; the text says why.
    """
    text = translate(regex).text
    if regex.anchor is Anchor.SEARCH:
        return text
    return f"^(?:{text})" + ("$" if regex.anchor is Anchor.FULL else "")


def translate(regex: Regex) -> Translation:
    """The expression in Go's syntax, without its anchoring.

    Raises:
        UntranslatableError: Go cannot say it; the text says why.
    """
    reader = _Reader(regex.dialect)
    for token in _TOKEN.finditer(regex.pattern):
        reader.read(token)
    if reader.depth:
        raise UntranslatableError('a ")" is missing')
    return Translation("".join(reader.parts), reader.groups)


class _Reader:
    """Goes through a pattern token by token."""

    __slots__ = ("depth", "dialect", "groups", "names", "parts", "repeatable", "repeated")

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.parts: list[str] = []
        self.depth = 0
        self.groups = 0
        self.repeatable = False
        self.repeated = False
        self.names: set[str] = set()

    def read(self, token: re.Match[str]) -> None:
        kind, text = token.lastgroup or "other", token[0]
        if token["quoted"] is not None:
            kind = "quoted"
        elif token["open"] is not None:
            kind = "open"
        elif token["count"] is not None:
            self._count(token)
            return
        self.repeated = False
        self.repeatable = kind not in ("open", "bar") and text not in ("^", "$")
        self.parts.append(self._converted(kind, text, token))

    def _converted(self, kind: str, text: str, token: re.Match[str]) -> str:
        if kind == "open":
            return self._open(text, token)
        if kind == "close":
            self.depth -= 1
            if self.depth < 0:
                raise UntranslatableError('there is a ")" too many')
        if kind == "quoted":
            return escaped(token["text"])
        if kind == "escape":
            return self._escape(text[1])
        if kind == "class":
            return self._class(text)
        if kind == "other" and text in "[\\":
            raise UntranslatableError(f'"{text}" is not closed')
        return "\\{" if kind == "other" and text == "{" else text

    def _count(self, token: re.Match[str]) -> None:
        text = token[0]
        if self.repeated:
            if text != "?":
                raise UntranslatableError("Go has no possessive or repeated repetition")
            self.repeatable = self.repeated = False
            self.parts.append(text)
            return
        if not self.repeatable:
            raise UntranslatableError(f'"{text}" repeats nothing')
        if token["least"] is not None:
            least, most = int(token["least"]), int(token["most"] or token["least"])
            if max(least, most) > _MOST_REPEATS or most < least:
                raise UntranslatableError(f"Go repeats at most {_MOST_REPEATS} times")
        self.repeated = True
        self.parts.append(text)

    def _open(self, text: str, token: re.Match[str]) -> str:
        after = token.string[token.end() :]
        if text == "(":
            if after.startswith(("?", "*")) and after.startswith((*_LOOK_AROUND, "?")):
                raise UntranslatableError(f'Go has no group "({after[:3]}"')
            self.groups += 1
        elif token["name"]:
            if token["name"] in self.names:
                raise UntranslatableError(f'the group "{token["name"]}" is there twice')
            self.names.add(token["name"])
            self.groups += 1
            text = f"(?P<{token['name']}>"
        elif token["end"] == ")":
            return text if token["flags"] else ""
        self.depth += 1
        return text

    def _escape(self, letter: str) -> str:
        if letter == "Z" and self.dialect is Dialect.PCRE:
            return "$"
        if letter == "h" and self.dialect is Dialect.PCRE:
            return r"[ \t]"
        if letter.isalnum() and letter not in _KNOWN_ESCAPES:
            raise UntranslatableError(f'Go has no "\\{letter}"')
        if not letter.isascii() or letter.isalnum() or letter in _META:
            return "\\" + letter if letter.isascii() else letter
        return escaped(letter)

    def _class(self, text: str) -> str:
        if self.dialect is Dialect.RUST and ("[" in text[1:] or "&&" in text or "--" in text):
            raise UntranslatableError("Go has no operations on classes of characters")
        for low, high in _RANGE.findall(text[1:-1]):
            if low > high:
                raise UntranslatableError(f'the range "{low}-{high}" is empty')
        return _ESCAPE.sub(self._in_class, text)

    def _in_class(self, found: re.Match[str]) -> str:
        letter = found[1][0]
        if letter.isalnum() and letter not in _IN_CLASS and letter not in "xpP":
            raise UntranslatableError(f'Go has no "\\{letter}" in a class of characters')
        return found[0] if letter.isascii() else letter
