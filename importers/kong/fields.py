"""Reading single fields as Kong's own schema does: enumerations, ranges, fields without effect."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gal.ledger import Fate, Level
from gal.model import Secret
from gal.reading import Mapping, Placeholder, is_placeholder

if TYPE_CHECKING:
    from gal.ledger import Reporter

_IDLE = ("created_at", "updated_at", "ws_id", "_comment", "_ignore")
_IDLE_REASON = "no effect on traffic"


def take_idle(node: Mapping, report: Reporter, *more: str) -> None:
    """Take what says nothing about traffic: timestamps, comments, and the keys in `more`."""
    for key in (*_IDLE, *more):
        below = node.take(key)
        if below is not None:
            below.take_all()
            report.at(below, Fate.DROPPED, Level.INFO, key, _IDLE_REASON)


def take_required(node: Mapping, key: str) -> None:
    """Refuse an explicit null where Kong needs a value although it has a default.

    Raises:
        InputError: the key is there and null.
    """
    if node.has(key) and node.peek(key) is None:
        raise node.entries[key].error(f'field "{key}" must not be null', "leave it out")


def take_choice(node: Mapping, key: str, choices: Iterable[str], default: str) -> str:
    """One of a set of words.

    Raises:
        InputError: it is another word.
    """
    below = node.take(key)
    if below is None:
        return default
    text = below.as_str()
    known = tuple(choices)
    if text not in known and not is_placeholder(text):
        raise below.error(f'field "{key}" must be one of {", ".join(known)}, not "{text}"')
    return text


def take_integer(node: Mapping, key: str, default: int, low: int, high: int) -> int:
    """An integer within bounds.

    Raises:
        InputError: it lies outside of them.
    """
    below = node.take(key)
    if below is None:
        return default
    value = below.as_int()
    if not isinstance(value, Placeholder) and not low <= value <= high:
        raise below.error(f'field "{key}" must be between {low} and {high}, not {value}')
    return value


def take_number(node: Mapping, key: str, default: float, low: float, high: float) -> float:
    """A number within bounds.

    Raises:
        InputError: it lies outside of them.
    """
    below = node.take(key)
    if below is None:
        return default
    value = below.as_float()
    if not isinstance(value, Placeholder) and not low <= value <= high:
        raise below.error(f'field "{key}" must be between {low:g} and {high:g}, not {value:g}')
    return value


def take_secret(node: Mapping, key: str) -> Secret | None:
    """A secret text, None when it is absent."""
    text = node.take_str(key)
    return None if text is None else Secret(text)


def take_tags(node: Mapping) -> list[str]:
    """The entity's tags.

    Raises:
        InputError: a tag with a comma or a slash, which Kong refuses.
    """
    tags = []
    for item in node.take_sequence("tags"):
        tag = item.as_str()
        if ("," in tag or "/" in tag) and not is_placeholder(tag):
            raise item.error(f'the tag "{tag}" must not hold a comma or a slash')
        tags.append(tag)
    return tags
