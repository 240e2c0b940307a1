"""Defaults that only one of two sides says, with the same value (D112)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final

from gal.drift.compare.finding import Finding, stands
from gal.drift.effective import Place
from gal.drift.matching import Link
from gal.drift.shown import shown
from gal.model import ModelNode, Policies
from gal.reading import Mapping

_APART: Final = frozenset(
    {"origin", "extensions", "name", "id", "tags", "policies", "routes", "upstream", "targets"}
)
"""Fields that are no settings, or that are compared for themselves."""


Said = dict[tuple[str, str, str], list[tuple[Finding, Link]]]
"""Findings by field and both values."""


def explicit(links: list[Link]) -> Said:
    """What one of two sides says, and the other one leaves to the default that is the same. Parts
    that many routes share are looked at once.
    """
    found: Said = {}
    seen: set[tuple[int, int]] = set()
    for link in links:
        for prefix, old, new in _parts(link.old, link.new):
            if old is new or (id(old), id(new)) in seen:
                continue
            seen.add((id(old), id(new)))
            for name in _said_once(old, new):
                finding = _finding(f"{prefix}{name}", name, old, new)
                key = finding.field, finding.old, finding.new
                found.setdefault(key, []).append((finding, link))
    return found


def _parts(old: Place, new: Place) -> Iterator[tuple[str, ModelNode, ModelNode]]:
    """What belongs together of two routes, with the start of its fields' names."""
    yield "", old.route, new.route
    pairs: list[tuple[str, Any, Any]] = [
        ("service.", old.service, new.service),
        ("upstream.", old.upstream, new.upstream),
    ]
    owners: list[tuple[Policies, Policies]] = [(old.route.policies, new.route.policies)]
    if old.service is not None and new.service is not None:
        owners.append((old.service.policies, new.service.policies))
    for left, right in owners:
        pairs += [
            (f"{item.name}.", getattr(left, item.name), getattr(right, item.name))
            for item in fields(Policies)
        ]
    for prefix, one, other in pairs:
        if isinstance(one, ModelNode) and isinstance(other, ModelNode):
            yield prefix, one, other


def _finding(field: str, name: str, old: ModelNode, new: ModelNode) -> Finding:
    said = stands((old, name))
    text = shown(name, getattr(old, name))
    default = f"{text} by default"
    texts = (text, default) if said else (default, text)
    message = f"{field} has the same value, which is the default where it is not said"
    return Finding("D112", field, *texts, (old, name), (new, name), message)


def _said_once(old: ModelNode, new: ModelNode) -> Iterator[str]:
    if old.origin is None or new.origin is None or _keys(old) == _keys(new):
        return
    for item in fields(old):
        name = item.name
        value = getattr(old, name)
        if name in _APART or value in (None, [], {}) or value != getattr(new, name):
            continue
        if stands((old, name)) is not stands((new, name)):
            yield name


def _keys(one: ModelNode) -> list[tuple[str, tuple[str, ...]]]:
    """The keys of a part of a file, and those right below them: without other ones there is no
    other field.
    """
    node = one.origin.node if one.origin is not None else None
    if not isinstance(node, Mapping):
        return []
    return sorted(
        (key, tuple(sorted(below.entries)) if isinstance(below, Mapping) else ())
        for key, below in node.entries.items()
    )
