"""Settings of plugins as they are written, and what is said of them
(https://apisix.apache.org/docs/apisix/terminology/plugin/).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gal.ledger import Fate, Level
from gal.model import Anchor, Extensions, ModelNode, Regex, RouteOrder
from gal.reading import Placeholder

if TYPE_CHECKING:
    from gal.exporters.apisix.build import Shared

Json = dict[str, Any]
Plugins = dict[str, Json]
"""Settings by name of plugin."""

JSON_TYPE = "application/json"
_VARIABLE = re.compile(r"(?<!\\)\$(?!env://|ENV://|secret://)(?:\{(?!\{|[A-Z][A-Z0-9_]*\})|[\w.])")


class CannotGuardError(Exception):
    """An access control that APISIX cannot do; the message says why."""


def kept(extensions: Extensions) -> Json:
    """What only APISIX knows of a policy."""
    found: Json = dict(extensions.get("apisix", {}))
    return found


def below(values: Json, key: str) -> Json:
    """A mapping among what only APISIX knows; empty where there is none."""
    found = values.get(key)
    return dict(found) if isinstance(found, dict) else {}


def native(shared: Shared) -> bool:
    """Whether the model comes from APISIX, so that what APISIX does is what is meant."""
    return shared.gateway.settings.route_order is RouteOrder.APISIX


def put(target: Json, key: str, value: Any, default: Any = None) -> None:
    """Write a field, unless it says what APISIX does by itself."""
    if value is not None and (value != default or type(value) is not type(default)):
        target[key] = value


def note(shared: Shared, subject: ModelNode, feature: str, message: str, field: str = "") -> None:
    """A difference that hardly anybody sees. What comes from APISIX does not differ."""
    if not native(shared):
        report = shared.context.report
        report.about(subject, Fate.APPROXIMATED, Level.INFO, feature, message, field)


def differs(
    shared: Shared, subject: ModelNode, feature: str, message: str, field: str = ""
) -> None:
    """Another behaviour. What comes from APISIX does not differ."""
    if not native(shared):
        shared.context.report.approximated(subject, feature, message, field)


def between(value: int, low: int, high: int) -> int:
    """The nearest value within bounds; a placeholder as it is."""
    return value if isinstance(value, Placeholder) else min(max(value, low), high)


def searched(regex: Regex) -> str:
    """An expression for where APISIX searches with PCRE."""
    if regex.anchor is Anchor.SEARCH:
        return regex.pattern
    return f"^(?:{regex.pattern})" + ("$" if regex.anchor is Anchor.FULL else "")


def header_variable(name: str) -> str:
    """The variable of nginx for a request header, without its dollar."""
    return "http_" + name.lower().replace("-", "_")


def fills_in(text: str) -> bool:
    """Whether APISIX would take a part of a text for a variable (`apisix/core/utils.lua`,
    `resolve_var`). It knows no way to write a dollar before a word.
    """
    return _VARIABLE.search(text) is not None


def has_condition(name: str) -> list[Any]:
    """A condition on requests that have a variable, with whatever value."""
    return [name, "~~", "^"]


def labels(tags: list[str]) -> dict[str, str]:
    """Tags as labels: what has no colon is a label without a meaning of its own."""
    found = {}
    for tag in tags:
        name, colon, value = tag.partition(":")
        if name and not re.search(r"\s", value):
            found[name] = value if colon and value else "true"
    return found
