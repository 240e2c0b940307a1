"""Query parameters within a query as it is sent, and values within a header that stands several
times: expressions that both RE2 and PCRE know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_META = re.compile(r"[.^$*+?()\[\]{}|\\]")
_EDGE = re.compile(r"\\.|[\^$]", re.DOTALL)
_EDGES = {"^": "(?:^|, )", "$": "(?:, |$)", r"\z": r"(?:, |\z)"}
_NEVER_PLAIN = frozenset('#&+%"<>')


def as_sent(text: str) -> str:
    """An expression for a text in all the ways in which a client may write it in a query."""
    return "".join(map(_character, text))


def holds(name: str, values: Iterable[str]) -> str:
    """An expression to search in a query: any of its parameters of a name has one of some values.

    Args:
        name: of the parameter, decoded.
        values: decoded; an empty one also stands for a parameter without `=`.
    """
    wanted = list(dict.fromkeys(values))
    value = f"=(?:{'|'.join(map(as_sent, wanted))})"
    if "" in wanted:
        value = f"(?:{value})?"
    return f"(?:^|&){as_sent(name)}{value}(?:&|$)"


def each_value(condition: Sequence[object]) -> list[object] | None:
    """An operator of lua-resty-expr and its value for a header that is there several times, which
    nginx's variables have joined with commas: any of its values is what is asked for.

    Args:
        condition: operator and value for a header that is there once, such as `==`, `in` or `~~`.

    Returns:
        operator and value; None where the expression is not understood well enough.
    """
    if len(condition) != 2:
        return None  # a negation
    operator, value = condition
    if operator in ("==", "in"):
        values = [value] if operator == "==" else value
        if not isinstance(values, list):
            return None
        texts = "|".join(_META.sub(r"\\\g<0>", str(one)) for one in values)
        return ["~~", rf"(?:^|, )(?:{texts})(?:, |\z)"]
    if operator not in ("~~", "~*") or not isinstance(value, str) or "[" in value:
        return None
    pattern = _EDGE.sub(lambda found: _EDGES.get(found[0], found[0]), value)
    return None if pattern == value else [operator, pattern]


def _character(character: str) -> str:
    encoded = "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))
    ways = [f"(?i:{encoded})"]
    if character == " ":
        ways.append(r"\+")
    elif character.isascii() and character not in _NEVER_PLAIN:
        ways.append(_META.sub(r"\\\g<0>", character))
    return f"(?:{'|'.join(ways)})" if len(ways) > 1 else ways[0]
