"""Where GAL's YAML is written more shortly than the dataclasses alone would have it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gal import model as m

RENAMED: Mapping[type, Mapping[str, str]] = {
    m.Gateway: {"settings": "global"},
    # On a route, `headers` is the policy that changes them.
    m.Route: {"headers": "header_matches", "query_params": "query_matches"},
}
"""Keys that differ from the field's name."""

ALWAYS_WRITTEN: Mapping[type, frozenset[str]] = {m.Gateway: frozenset({"version"})}
"""Fields that are written even where they have their default."""

FLATTENED: Mapping[type, Mapping[str, str]] = {
    m.Route: {"policies": ""},
    m.Headers: {"request": "request_", "response": "response_"},
    m.Query: {"request": ""},
}
"""Fields whose own keys stand among those of their owner, with a prefix."""


@dataclass(frozen=True, slots=True)
class Shorthand:
    """Short keys that stand for one field.

    Attributes:
        field: the field that they stand for.
        keys: the short keys with their types.
        expand: the field's value from the short keys' values (those that are given).
        contract: the short keys' values from the field's value, or None where they cannot say it.
    """

    field: str
    keys: Mapping[str, Any]
    expand: Callable[[dict[str, Any]], Any]
    contract: Callable[[Any], dict[str, Any] | None]


def shorthands(cls: type) -> tuple[Shorthand, ...]:
    """The short keys of a class of the model."""
    return {
        m.Route: _ROUTE,
        m.RateLimit: _RATE_LIMIT,
        m.Upstream: _UPSTREAM,
        m.ApiKeyAuth: _API_KEY,
        m.JwtAuth: _JWT,
    }.get(cls, ())


def _one_item(field: str, key: str, hint: Any, *, written: bool = True) -> Shorthand:
    """A short key for a list of one."""
    return Shorthand(
        field,
        {key: hint},
        lambda given: [given[key]],
        lambda items: {key: items[0]} if written and len(items) == 1 else None,
    )


def _path(key: str) -> Shorthand:
    hint = m.Regex if key == "path_regex" else str

    def contract(paths: list[m.PathMatch]) -> dict[str, Any] | None:
        only = paths[0] if len(paths) == 1 else None
        value = getattr(only, key) if only else None
        return None if value is None else {key: value}

    return Shorthand("paths", {key: hint}, lambda given: [m.PathMatch(**given)], contract)


def _expand_rate(given: dict[str, Any]) -> list[m.Rate]:
    return [m.Rate(m.Duration.seconds(1), given["requests_per_second"])]


def _contract_rate(limits: list[m.Rate]) -> dict[str, Any] | None:
    if len(limits) != 1 or limits[0].period != m.Duration.seconds(1):
        return None
    return {"requests_per_second": limits[0].count}


def _expand_target(given: dict[str, Any]) -> list[m.Target]:
    return [m.Target(**given)]


def _contract_target(targets: list[m.Target]) -> dict[str, Any] | None:
    if len(targets) != 1 or targets[0] != m.Target(targets[0].host, targets[0].port):
        return None
    return {"host": targets[0].host, "port": targets[0].port}


_ROUTE = (
    *(_path(key) for key in ("path", "path_prefix", "path_segments", "path_regex")),
    _one_item("methods", "method", str, written=False),
)
_RATE_LIMIT = (Shorthand("limits", {"requests_per_second": float}, _expand_rate, _contract_rate),)
_UPSTREAM = (Shorthand("targets", {"host": str, "port": int}, _expand_target, _contract_target),)
_API_KEY = (
    _one_item("header_names", "header_name", str),
    _one_item("query_params", "query_param", str),
)
_JWT = (_one_item("header_names", "header_name", str),)
