"""Reading single fields as APISIX's schema does: words, ranges, secrets, labels, leftovers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gal.ledger import Fate, Level
from gal.model import Duration, Extensions, Secret
from gal.reading import Mapping, Node, Placeholder, is_placeholder

if TYPE_CHECKING:
    from gal.ledger import Reporter

_IDLE = ("create_time", "update_time")
_WORDS = ("desc", "description")
_NO_EFFECT = "no effect on traffic"
_ONLY_HERE = "only APISIX has this setting"
_VARIABLE = re.compile(r"\$(?!env://|secret://)(?:[a-z0-9_]|\{[a-z0-9_])")


@dataclass(frozen=True, slots=True)
class Kept:
    """A setting that only APISIX knows.

    Attributes:
        key: its name.
        default: APISIX's own value, which is not worth keeping.
        level: what other gateways lose.
        message: what it does.
    """

    key: str
    default: Any = None
    level: Level = Level.WARNING
    message: str = _ONLY_HERE


def quiet(*keys: str) -> tuple[Kept, ...]:
    """Settings whose loss nobody sees from outside."""
    return tuple(Kept(key, level=Level.INFO) for key in keys)


def carry(node: Mapping, report: Reporter, feature: str, *settings: Kept) -> dict[str, Any]:
    """What has to be kept for APISIX of these settings; each gets an entry in the ledger."""
    values: dict[str, Any] = {}
    for kept in settings:
        below = node.take(kept.key)
        if below is None:
            continue
        below.take_all()
        value = below.plain()
        if value != kept.default:
            values[kept.key] = value
            report.at(below, Fate.CARRIED, kept.level, feature, kept.message)
    return values


def extensions(values: dict[str, Any]) -> Extensions:
    """Kept settings as an object of the model has them."""
    return {"apisix": values} if values else {}


def carry_idle(node: Mapping, report: Reporter, *more: str) -> dict[str, Any]:
    """What has no effect on traffic: timestamps go, descriptions and the keys in `more` stay."""
    for key in _IDLE:
        below = node.take(key)
        if below is not None:
            below.take_all()
            report.at(below, Fate.DROPPED, Level.INFO, key, _NO_EFFECT)
    kept = (Kept(key, level=Level.INFO, message=_NO_EFFECT) for key in (*_WORDS, *more))
    return carry(node, report, "description", *kept)


def take_labels(node: Mapping) -> list[str]:
    """`labels` as tags: `NAME:VALUE`."""
    labels = node.take("labels")
    if labels is None:
        return []
    if not isinstance(labels, Mapping):
        raise labels.mismatch("a mapping")
    return [f"{key}:{_label(value)}" for key, value in labels.take_items()]


def _label(value: Node) -> str:
    plain = value.plain()
    if isinstance(plain, list):  # ADC allows several values
        return ",".join(str(one) for one in plain)
    return value.as_str()


def take_id(node: Mapping, key: str = "id") -> str | None:
    """An id, which may be written as a number."""
    return node.take_str(key)


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
    if text not in known:
        hint = "fill in the placeholder first" if is_placeholder(text) else None
        raise below.error(f'field "{key}" must be one of {", ".join(known)}, not "{text}"', hint)
    return text


def take_integer(node: Mapping, key: str, default: int, low: int = 0, high: int = 2**53) -> int:
    """An integer within bounds.

    Raises:
        InputError: it lies outside of them.
    """
    below = node.take(key)
    return default if below is None else in_range(below, key, below.as_int(), low, high)


def in_range(below: Node, key: str, value: int, low: int, high: int) -> int:
    """The value, if it lies within bounds or is a placeholder."""
    if not isinstance(value, Placeholder) and not low <= value <= high:
        raise below.error(f'field "{key}" must be between {low} and {high}, not {value}')
    return value


def take_integers(node: Mapping, key: str, default: list[int]) -> list[int]:
    """A list of integers."""
    if node.take(key) is None:
        return list(default)
    return [item.as_int() for item in node.take_sequence(key)]


def take_seconds(node: Mapping, key: str, default: float) -> Duration:
    """A length of time, given in seconds.

    Raises:
        InputError: it is negative.
    """
    below = node.take(key)
    if below is None:
        return Duration.seconds(default)
    value = below.as_float()
    if not isinstance(value, Placeholder) and value < 0:
        raise below.error(f'field "{key}" must not be negative')
    return Duration.seconds(value)


def take_secret(node: Mapping, key: str) -> Secret | None:
    """A secret text, None when it is absent."""
    text = node.take_str(key)
    return None if text is None else Secret(text)


def has_variable(text: str) -> bool:
    """Whether APISIX fills in a text: `$name` and `${name}` are nginx's variables, in lower case.

    `${{NAME}}`, `${NAME}`, `$ENV://` and `$secret://` are placeholders, filled in before.
    """
    return _VARIABLE.search(text) is not None
