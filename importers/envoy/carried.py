"""Settings that only Envoy knows: kept in `extensions` of the nearest part of the model, each with
an entry in the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from typing import Any

from gal.ledger import Fate, Level, Reporter
from gal.model import Extensions
from gal.reading import Mapping

QUIET = "no effect on what clients get"

Table = MappingABC[str, str]
"""Messages by field; `QUIET` is no loss for traffic, anything else is."""


def quiet(*keys: str) -> dict[str, str]:
    """Settings whose loss nobody sees from outside."""
    return dict.fromkeys(keys, QUIET)


def carry(
    node: Mapping,
    report: Reporter,
    feature: str,
    table: Table,
    *,
    plain: MappingABC[str, Any] | None = None,
) -> dict[str, Any]:
    """What has to be kept of the fields of a table.

    Args:
        node: has the fields.
        report: gets an entry for each.
        feature: what they are about.
        table: the fields.
        plain: values that say what every other gateway does, too, by field.
    """
    kept: dict[str, Any] = {}
    for key in list(node):
        name = key if node.fold is None else node.fold(key)
        message = table.get(name)
        if message is None or node.is_taken(key):
            continue
        below = node.take(key)
        if below is None:
            continue
        below.take_all()
        value = below.plain()
        if plain is not None and name in plain and value == plain[name]:
            continue
        kept[name] = value
        level = Level.INFO if message.startswith(QUIET) else Level.WARNING
        report.at(below, Fate.CARRIED, level, feature, message)
    return kept


def carry_whole(
    node: Mapping, report: Reporter, feature: str, message: str, level: Level = Level.WARNING
) -> Any:
    """An object that only Envoy knows, as plain data."""
    node.take_all()
    report.at(node, Fate.CARRIED, level, feature, message)
    return node.plain()


def keep(extensions: Extensions, values: dict[str, Any]) -> None:
    """Put kept settings into the extensions of a part of the model."""
    if values:
        extensions.setdefault("envoy", {}).update(values)
