"""Rules of routers: reading them, in both syntaxes.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/rules-and-priority/
and, for syntax `v2`, https://doc.traefik.io/traefik/v2.11/routing/routers/#rule
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from gal.importers.traefik.matchers import Literal, matcher_v2, matcher_v3

_TOKEN = re.compile(
    r"""\s*(?:(?P<name>[A-Za-z][A-Za-z0-9]*)|(?P<raw>`[^`]*`)|(?P<quoted>"(?:[^"\\]|\\.)*")"""
    r"""|(?P<sign>&&|\|\||[!(),]))"""
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "'": "'"}
_DEEPEST = 100


class RuleError(ValueError):
    """A rule that Traefik would refuse.

    Attributes:
        offset: where, in characters from the start of the rule.
    """

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


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

    def __init__(self, text: str, matcher: Callable[[str, list[str]], list[Literal]]) -> None:
        self._text = text
        self._matcher = matcher
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def whole(self) -> Condition:
        found = self._either()
        kind, _, offset = self._next()
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
            raise RuleError(str(error), offset) from None
        return found[0] if len(found) == 1 else Either(tuple(found))


def negated(condition: Condition) -> Condition:
    """The opposite of a condition, with its negations at single matchers."""
    if isinstance(condition, Literal):
        return condition.negated_one()
    parts = tuple(negated(part) for part in condition.parts)
    return Either(parts) if isinstance(condition, Every) else Every(parts)


def _tokens(text: str) -> list[tuple[str, str, int]]:
    found = []
    at = 0
    while at < len(text.rstrip()):
        token = _TOKEN.match(text, at)
        if token is None:
            place = at + len(text[at:]) - len(text[at:].lstrip())
            raise RuleError(f'"{text[place]}" does not belong into a rule', place)
        kind = token.lastgroup or ""
        value, offset = token[kind], token.start(kind)
        if kind == "raw":
            kind, value = "value", value[1:-1].replace("\r", "")
        elif kind == "quoted":
            kind, value = "value", _unescaped(value[1:-1])
        found.append((kind, value, offset))
        at = token.end()
    found.append(("end", "", len(text)))
    return found


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), text)
