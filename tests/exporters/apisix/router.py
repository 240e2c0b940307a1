"""APISIX's choice between routes, told from its source: `apisix/http/router/*.lua`,
`lib/resty/radixtree.lua` of lua-resty-radixtree and `lib/resty/expr/v1.lua` of lua-resty-expr.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: what the router looks at."""

    path: str
    host: str = "h.test"
    method: str = "GET"
    scheme: str = "http"
    variables: dict[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str | None:
        """A variable of nginx."""
        known = {
            "uri": self.path,
            "host": self.host,
            "scheme": self.scheme,
            "request_method": self.method,
            "server_port": "80",
        }
        return known.get(name) or self.variables.get(name)


def chosen(data: Json, router: str, asked: Asked) -> Json | None:
    """The route that takes a request."""
    routes = [route for route in data.get("routes", []) if route.get("status", 1)]
    if router == "radixtree_host_uri":
        for hosts in _by_host(routes, asked.host):
            found = _by_path(hosts, asked)
            if found is not None:
                return found
        routes = [route for route in routes if not _several(route, "host")]
    return _by_path([one for one in routes if _takes_host(one, asked.host)], asked)


def _by_host(routes: list[Json], host: str) -> Iterable[list[Json]]:
    """Routes of the exact host, then of ever shorter wildcards."""
    names = [host, *(f"*{host[at:]}" for at in range(len(host) + 1))]
    for name in names:
        found = [route for route in routes if name in _lower(_several(route, "host"))]
        if found:
            yield found


def _lower(texts: list[str]) -> list[str]:
    return [text.lower() for text in texts]


def _takes_host(route: Json, host: str) -> bool:
    hosts = _lower(_several(route, "host"))
    return not hosts or any(
        host.endswith(one[1:]) if one.startswith("*") else host == one for one in hosts
    )


def _by_path(routes: list[Json], asked: Asked) -> Json | None:
    whole: list[Json] = []
    starts: dict[str, list[Json]] = {}
    for route in routes:
        for uri in _several(route, "uri"):
            head, star, _ = uri.partition("*")
            if not star and uri == asked.path:
                whole.append(route)
            elif star and asked.path.startswith(head):
                starts.setdefault(head, []).append(route)
    levels = [whole, *(starts[one] for one in sorted(starts, key=len, reverse=True))]
    for level in levels:
        for route in sorted(level, key=lambda one: -one.get("priority", 0)):
            if _fits(route, asked):
                return route
    return None


def _several(route: Json, key: str) -> list[str]:
    return [route[key]] if key in route else list(route.get(f"{key}s", []))


def _fits(route: Json, asked: Asked) -> bool:
    methods = route.get("methods")
    if methods and asked.method not in methods:
        return False
    return _holds(route["vars"], asked) if route.get("vars") else True


def _holds(rule: list[Any], asked: Asked) -> bool:
    if isinstance(rule[0], list):
        return all(_holds(one, asked) for one in rule)
    if rule[0] in ("OR", "AND"):
        found = [_holds(one, asked) for one in rule[1:]]
        return any(found) if rule[0] == "OR" else all(found)
    value = asked.value(rule[0])
    if rule[1] == "!":
        return not _compare(value, rule[2], rule[3])
    return _compare(value, rule[1], rule[2])


def _compare(value: str | None, operator: str, wanted: Any) -> bool:
    if operator in ("==", "~="):
        return bool(value == wanted) is (operator == "==")
    if operator == "in":
        return value in list(wanted)
    if operator in ("~~", "~*"):
        flags = re.IGNORECASE if operator == "~*" or "(?i)" in wanted else 0
        pattern = wanted.replace(r"\z", r"\Z").replace("(?i)", "")
        return value is not None and re.search(pattern, value, flags) is not None
    raise AssertionError(operator)
