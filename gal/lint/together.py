"""One finding for what is wrong in many places, of which each can be ignored alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from gal.lint.finding import Finding

_Item = TypeVar("_Item")


def together(items: Sequence[_Item], build: Callable[[Sequence[_Item]], Finding]) -> Finding:
    """The finding of all items, which knows what it would be for each and for some of them.

    Args:
        items: what is wrong, at least one.
        build: the finding of one item or of several.
    """
    whole = build(items)
    if len(items) == 1:
        return whole

    def only(numbers: Sequence[int]) -> Finding:
        return together([items[number] for number in numbers], build)

    return replace(whole, parts=tuple(build([item]) for item in items), only=only)
