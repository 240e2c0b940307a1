"""Texts that a regular expression matches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from gal.model import Regex
from gal.tracing.regexes import compiled, found_in, tree_of

_CATEGORIES = {"CATEGORY_DIGIT": "7", "CATEGORY_WORD": "w", "CATEGORY_SPACE": " "}
_NOT_CATEGORIES = {"CATEGORY_NOT_DIGIT": "x", "CATEGORY_NOT_WORD": "-", "CATEGORY_NOT_SPACE": "x"}
_CANDIDATES = "x7a/-._ X0"


def sample(regex: Regex) -> str | None:
    """A short text that the expression matches, None where none was found."""
    pattern = compiled(regex)
    if pattern is None:
        return None
    try:
        text = "".join(_texts(tree_of(pattern), {}))
    except (re.error, KeyError, RecursionError, ValueError):
        return None
    return text if found_in(regex, text) else None


def _texts(parts: Any, groups: dict[int, str]) -> Iterator[str]:
    for operation, argument in parts:
        yield _text(str(operation), argument, groups)


def _text(operation: str, argument: Any, groups: dict[int, str]) -> str:
    way = _WAYS.get(operation)
    if way is None:
        raise ValueError(operation)
    return way(argument, groups)


def _literal(argument: Any, groups: dict[int, str]) -> str:
    del groups
    return chr(argument)


def _other_literal(argument: Any, groups: dict[int, str]) -> str:
    del groups
    return next(one for one in _CANDIDATES if one != chr(argument))


def _any(argument: Any, groups: dict[int, str]) -> str:
    del argument, groups
    return "x"


def _nothing(argument: Any, groups: dict[int, str]) -> str:
    del argument, groups
    return ""


def _class(argument: Any, groups: dict[int, str]) -> str:
    del groups
    return _of_class(argument)


def _branch(argument: Any, groups: dict[int, str]) -> str:
    return "".join(_texts(argument[1][0], groups))


def _group(argument: Any, groups: dict[int, str]) -> str:
    text = "".join(_texts(argument[-1], groups))
    if argument[0] is not None:
        groups[argument[0]] = text
    return text


def _repeat(argument: Any, groups: dict[int, str]) -> str:
    least, _, below = argument
    return "".join("".join(_texts(below, groups)) for _ in range(least))


def _atomic(argument: Any, groups: dict[int, str]) -> str:
    return "".join(_texts(argument, groups))


def _reference(argument: Any, groups: dict[int, str]) -> str:
    return groups[argument]


_WAYS: dict[str, Callable[[Any, dict[int, str]], str]] = {
    "LITERAL": _literal,
    "NOT_LITERAL": _other_literal,
    "ANY": _any,
    "IN": _class,
    "BRANCH": _branch,
    "SUBPATTERN": _group,
    "MAX_REPEAT": _repeat,
    "MIN_REPEAT": _repeat,
    "POSSESSIVE_REPEAT": _repeat,
    "ATOMIC_GROUP": _atomic,
    "GROUPREF": _reference,
    "AT": _nothing,
    "ASSERT": _nothing,
    "ASSERT_NOT": _nothing,
}


def _of_class(parts: list[tuple[Any, Any]]) -> str:
    negated = bool(parts) and str(parts[0][0]) == "NEGATE"
    if negated:
        return next((one for one in _CANDIDATES if not _in_class(one, parts[1:])), "x")
    for operation, argument in parts:
        name = str(operation)
        if name == "LITERAL":
            return chr(argument)
        if name == "RANGE":
            return chr(argument[0])
        found = _CATEGORIES.get(str(argument)) or _NOT_CATEGORIES.get(str(argument))
        if found:
            return found
    raise ValueError("an empty class")


def _in_class(character: str, parts: list[tuple[Any, Any]]) -> bool:
    for operation, argument in parts:
        name = str(operation)
        if name == "LITERAL" and chr(argument) == character:
            return True
        if name == "RANGE" and argument[0] <= ord(character) <= argument[1]:
            return True
        if name == "CATEGORY" and _is_in(character, str(argument)):
            return True
    return False


def _is_in(character: str, category: str) -> bool:
    tests = {
        "CATEGORY_DIGIT": character.isdigit(),
        "CATEGORY_WORD": character.isalnum() or character == "_",
        "CATEGORY_SPACE": character.isspace(),
    }
    if category in tests:
        return tests[category]
    return not tests[category.replace("NOT_", "")]
