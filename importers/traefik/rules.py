"""Rules of routers: reading them, in both syntaxes.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/rules-and-priority/
and, for syntax `v2`, https://doc.traefik.io/traefik/v2.11/routing/routers/#rule
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass

from gal.importers.traefik.matchers import Asked, ExpressionError, Literal, matcher_v2, matcher_v3

_BLANK = re.compile(r"(?:[ \t\r]|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)+")
_TOKEN = re.compile(
    r"""(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<raw>`[^`]*`)|(?P<quoted>"(?:[^"\\\n]|\\.)*")"""
    r"""|(?P<sign>&&|\|\||[!(),]|\n)"""
)
_ESCAPE = re.compile(
    r"\\(?:(?P<plain>[abfnrtv\\\"])|x(?P<byte>[0-9A-Fa-f]{2})|(?P<octal>[0-3][0-7]{2})"
    r"|u(?P<short>[0-9A-Fa-f]{4})|U(?P<long>[0-9A-Fa-f]{8})|(?P<other>.))",
    re.DOTALL,
)
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_DEEPEST = 100


class RuleError(ValueError):
    """A rule that Traefik would refuse.

    Attributes:
        offset: where, in characters from the start of the rule.
        expression: an expression is the reason.
    """

    def __init__(self, message: str, offset: int, *, expression: bool = False) -> None:
        super().__init__(message)
        self.offset = offset
        self.expression = expression


@dataclass(frozen=True, slots=True)
class Every:
    """All of these have to fit."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of these has to fit."""

    parts: tuple[Condition, ...]


Condition = Literal | Every | Either


def parse_rule(text: str, syntax: str) -> Condition:
    """The rule as a tree without negations but those of single matchers.

    Args:
        text: the rule.
        syntax: `v2` or `v3`.

    Raises:
        RuleError: Traefik would refuse it.
    """
    return _Parser(text, matcher_v2 if syntax == "v2" else matcher_v3).whole()


class _Parser:
    """Go's precedence: `!` before `&&` before `||`."""

    def __init__(self, text: str, matcher: Callable[[str, list[str]], list[Asked]]) -> None:
        self._matcher = matcher
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def whole(self) -> Condition:
        found = self._either()
        kind, _, offset = self._next()
        if kind == "newline":
            raise RuleError(
                "the rule ends with this line: && and || have to stand before it", offset
            )
        if kind != "end":
            raise RuleError("this does not belong to the rule", offset)
        return found

    def _next(self) -> tuple[str, str, int]:
        return self._tokens[self._at]

    def _take(self, sign: str) -> bool:
        kind, text, _ = self._next()
        if kind == "sign" and text == sign:
            self._at += 1
            return True
        return False

    def _either(self) -> Condition:
        parts = [self._both()]
        while self._take("||"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Condition:
        parts = [self._one()]
        while self._take("&&"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _one(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise RuleError("the rule is nested too deeply", self._next()[2])
        try:
            if self._take("!"):
                return negated(self._one())
            if self._take("("):
                found = self._either()
                self._expect(")")
                return found
            return self._call()
        finally:
            self._depth -= 1

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise RuleError(f'"{sign}" is missing', self._next()[2])

    def _call(self) -> Condition:
        kind, name, offset = self._next()
        if kind != "name":
            raise RuleError("a matcher such as Host(`...`) is missing", offset)
        self._at += 1
        self._expect("(")
        values: list[str] = []
        while not self._take(")"):
            if values:
                self._expect(",")
                if self._take(")"):  # as Go has it, a comma may end the list
                    break
            kind, value, place = self._next()
            if kind != "value":
                raise RuleError("a value in backticks or quotes is missing", place)
            self._at += 1
            values.append(value)
        if not values or not all(values):
            raise RuleError(f"{name} needs a value that is not empty", offset)
        try:
            found = self._matcher(name, values)
        except ValueError as error:
            expression = isinstance(error, ExpressionError)
            raise RuleError(str(error), offset, expression=expression) from None
        parts = [one[0] if len(one) == 1 else Either(tuple(one)) for one in found]
        return parts[0] if len(parts) == 1 else Every(tuple(parts))


def negated(condition: Condition) -> Condition:
    """The opposite of a condition, with its negations at single matchers."""
    if isinstance(condition, Literal):
        return condition.negated_one()
    parts = tuple(negated(part) for part in condition.parts)
    return Either(parts) if isinstance(condition, Every) else Every(parts)


def _tokens(text: str) -> list[tuple[str, str, int]]:
    """Go's tokens: a line that ends behind a name, a value or a bracket ends the rule."""
    found: list[tuple[str, str, int]] = []
    at = 0
    while True:
        blank = _BLANK.match(text, at)
        at = blank.end() if blank is not None else at
        if at == len(text):
            break
        token = _TOKEN.match(text, at)
        if token is None:
            raise RuleError(f'"{text[at]}" does not belong into a rule', at)
        at = token.end()
        if token[0] != "\n":
            found.append(_token(token))
        elif found and (found[-1][0] in ("name", "value") or found[-1][1] == ")"):
            found.append(("newline", "", token.start()))
    if found and found[-1][0] == "newline":
        found.pop()
    found.append(("end", "", len(text)))
    return found


def _token(token: re.Match[str]) -> tuple[str, str, int]:
    kind, value = token.lastgroup or "", token[0]
    if kind == "raw":
        return "value", value[1:-1].replace("\r", ""), token.start()
    if kind == "quoted":
        return "value", _unescaped(value[1:-1], token.start() + 1), token.start()
    return kind, value, token.start()


def _unescaped(text: str, offset: int) -> str:
    """The text of a quoted value. Single bytes of other letters are left as they are."""

    def one(found: re.Match[str]) -> str:
        if found["other"]:
            raise RuleError(f'Go has no "{found[0]}" in quotes', offset + found.start())
        if found["plain"]:
            return _ESCAPES.get(found["plain"], found["plain"])
        if found["octal"]:
            return chr(int(found["octal"], 8))
        number = int(found["byte"] or found["short"] or found["long"], 16)
        if number > sys.maxunicode:
            raise RuleError(f'"{found[0]}" is no letter', offset + found.start())
        return chr(number)

    return _ESCAPE.sub(one, text)
