"""Envoy's settings by the names of their messages, wherever they stand: at a filter of the chain,
or at a route that has its own.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.lint.peeking import at, number, section, text
from gal.reading import Mapping, Node

if TYPE_CHECKING:
    from gal.lint.subject import Subject

_WHOLE = {"HUNDRED": 100, "TEN_THOUSAND": 10_000, "MILLION": 1_000_000}


def messages(subject: Subject, *names: str) -> list[Mapping]:
    """The fields of all messages of these names (without their package), in the files' order."""
    if subject.provider != "envoy":
        return []
    known = subject.once(_by_name)
    return [one for name in names for one in known.get(name, [])]


def _by_name(subject: Subject) -> dict[str, list[Mapping]]:
    found: dict[str, list[Mapping]] = {}
    for node in subject.walk():
        if isinstance(node, Mapping) and node.has("@type"):
            name, fields = message(node)
            if fields is not None:
                found.setdefault(name, []).append(fields)
    return found


def message(node: Mapping) -> tuple[str, Mapping | None]:
    """The name of a message without its package, and its fields; a `TypedStruct` is unwrapped."""
    name = _bare(text(node, "@type"))
    if name == "TypedStruct":
        return _bare(text(node, "type_url")), section(node, "value")
    return name, node


def _bare(type_url: str | None) -> str:
    return (type_url or "").rpartition("/")[2].rpartition(".")[2]


def percent(node: Node | None) -> float | None:
    """The share of a `RuntimeFractionalPercent` or `FractionalPercent`, 0 to 100; None for one
    that is not known.
    """
    value = at(node, "default_value") or node
    if at(value, "numerator") is None:
        return 0.0
    whole = _WHOLE.get(text(value, "denominator") or "HUNDRED")
    share = number(value, "numerator")
    return None if share is None or whole is None else share * 100 / whole
