"""Conditions in which all values of a header or parameter count, as GAL writes them: the variable,
of which APISIX takes the first or the joined value, or an expression on all of them.
"""

from __future__ import annotations

from collections.abc import Callable

from gal.model import MatchKind, Route
from gal.queries import each_value, holds
from gal.reading import Node, Sequence

EACH_HEADER, EACH_PARAMETER = "each_header", "each_parameter"
"""Names under which a route of APISIX keeps that its conditions are such ones."""


def apply(
    route: Route, word: str, items: list[Node], condition: Callable[[Route, Sequence], str | None]
) -> bool:
    """Whether two alternatives became one match of the route.

    Args:
        route: where to put it.
        word: `OR`, or `!OR`.
        items: the alternatives.
        condition: reads one condition into a route.
    """
    if word not in ("OR", "!OR") or len(items) != 2:
        return False
    first, second = items
    scratch = Route()
    if not isinstance(first, Sequence) or not isinstance(second, Sequence):
        return False
    if condition(scratch, first) is not None:
        return False
    found = [*scratch.headers, *scratch.query_params]
    if len(found) != 1 or found[0].invert:
        return False
    match = found[0]
    variable, *asked = first.plain()
    everywhere: list[object] | None = None
    if scratch.headers and word == "OR" and len(asked) == len(("operator", "value")):
        kind, each = EACH_HEADER, each_value(asked)
        everywhere = None if each is None else [variable, *each]
    elif scratch.query_params and match.kind is MatchKind.EXACT:
        kind, everywhere = EACH_PARAMETER, ["args", "~~", holds(match.name, match.values)]
    if everywhere is None or second.plain() != everywhere:
        return False
    match.invert = word == "!OR"
    (route.query_params if scratch.query_params else route.headers).append(match)
    route.extensions.setdefault("apisix", {})[kind] = True
    return True
