"""What the rules of Envoy's `rbac` look at, where only Envoy knows them.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/rbac/v3/rbac.proto
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gal.model import Guard

_ADDRESSES = ("remote_ip", "direct_remote_ip", "source_ip")
_NO_CREDENTIALS = frozenset(
    ("referer", "origin", "user-agent", "host", ":authority", ":path", ":method", ":scheme")
)
"""Headers that tell nothing of who sends a request."""


def asks_who(guard: Guard) -> bool:
    """Whether the rules look at who sends a request: not where their principals are `any` or
    addresses, or all that they look at are headers that are no credential.
    """
    principals = _principals(guard)
    if principals is not None:
        return any(_names_somebody(one) for one in principals)
    inputs = [*_inputs(_settings(guard).get("matcher"))]
    headers = {str(one.get("header_name", one.get("headerName"))).lower() for one in inputs}
    return not inputs or not headers <= _NO_CREDENTIALS


def looks_at_paths(guard: Guard) -> bool:
    """Whether the rules compare paths."""
    pending: list[object] = [_settings(guard)]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            if "url_path" in one or "urlPath" in one or one.get("name") == ":path":
                return True
            pending += one.values()
        elif isinstance(one, list):
            pending += one
    return False


def allowed_addresses(guard: Guard) -> list[str]:
    """The ranges of addresses of which alone clients are let in; none where there is more to it."""
    rules = _rules(guard)
    principals = _principals(guard)
    if rules is None or not principals or rules.get("action", "ALLOW") not in ("ALLOW", 0):
        return []
    found = [_range(one) for one in principals]
    ranges = [one for one in found if one is not None]
    return ranges if len(ranges) == len(found) else []


def _settings(guard: Guard) -> dict[str, Any]:
    """The settings that act: a route's own take the place of the filter's."""
    own = [one["rbac"] for one in _listed(guard.config, "overrides") if "rbac" in one]
    config = own[-1] if own else guard.config.get("typed_config")
    return config if isinstance(config, dict) else {}


def _rules(guard: Guard) -> dict[str, Any] | None:
    rules = _settings(guard).get("rules")
    return rules if isinstance(rules, dict) and isinstance(rules.get("policies"), dict) else None


def _principals(guard: Guard) -> list[dict[str, Any]] | None:
    """All principals of all policies, `or_ids` taken apart; None where there are no policies."""
    rules = _rules(guard)
    if guard.name != "rbac" or rules is None:
        return None
    found: list[dict[str, Any]] = []
    for policy in rules["policies"].values():
        pending = _listed(policy, "principals")
        while pending:
            one = pending.pop(0)
            several = one.get("or_ids", one.get("orIds"))
            if several is None:
                found.append(one)
            else:
                pending += _listed(several, "ids")
    return found


def _listed(holder: object, key: str) -> list[dict[str, Any]]:
    found = holder.get(key) if isinstance(holder, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _names_somebody(principal: dict[str, Any]) -> bool:
    header = principal.get("header")
    if isinstance(header, dict):
        return str(header.get("name")).lower() not in _NO_CREDENTIALS
    return principal != {"any": True} and _range(principal) is None


def _range(principal: dict[str, Any]) -> str | None:
    """The range of a principal that is an address, as `10.0.0.0/8`."""
    for name in _ADDRESSES:
        given = principal.get(name, principal.get(_camel(name)))
        if isinstance(given, dict):
            address = given.get("address_prefix", given.get("addressPrefix", ""))
            return f"{address}/{given.get('prefix_len', given.get('prefixLen', 0))}"
    return None


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _inputs(matcher: object) -> Iterator[dict[str, Any]]:
    """What a matcher looks at: the settings of all its inputs."""
    pending = [matcher]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            given = one.get("input")
            if isinstance(given, dict):
                config = given.get("typed_config", given.get("typedConfig"))
                yield config if isinstance(config, dict) else {}
            pending += one.values()
        elif isinstance(one, list):
            pending += one
