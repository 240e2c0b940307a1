"""What a route asks of a request besides its path: hosts, methods, and conditions on variables
(https://apisix.apache.org/docs/apisix/admin-api/#route,
https://github.com/api7/lua-resty-expr#operator-list).
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass, field

from gal.exporters.apisix.order import METHODS, hosts_of, without_port
from gal.exporters.apisix.plugin import Json, has_condition, header_variable, kept
from gal.exporters.apisix.regex import UntranslatableError, escaped, searched
from gal.model import AddressMatch, MatchKind, ModelNode, Route, RouteOrder, ValueMatch
from gal.queries import each_value, holds
from gal.reading import is_placeholder

Condition = list[object]

PLAIN: Condition = ["scheme", "==", "http"]
"""A request that came without TLS."""

_SECURE = frozenset({"https", "grpcs"})
_GRPC = frozenset({"grpc", "grpcs"})
_HOST = re.compile(r"\*?[0-9a-zA-Z\-._\[\]:]+")


@dataclass(slots=True)
class Matches:
    """What a route asks.

    Attributes:
        entity: fields of APISIX's route.
        conditions: for its `vars`; all have to hold.
        missing: what APISIX cannot ask, and why.
    """

    entity: Json = field(default_factory=dict)
    conditions: list[Condition] = field(default_factory=list)
    missing: list[tuple[ModelNode, str, str]] = field(default_factory=list)


def matches_of(route: Route, order: RouteOrder, guarded: bool = False) -> Matches:
    """Everything that a route asks besides its path.

    Args:
        route: the route.
        order: whose rules decide between the routes: what comes from APISIX stays as it is.
        guarded: whether access to the route is controlled: nobody may pass it by with a header that
            is there twice.
    """
    found = Matches()
    native = order is RouteOrder.APISIX
    own = kept(route.extensions) if native else {}
    _hosts(route, found, native)
    _methods(route, found)
    _addresses(route, found)
    for match in route.headers:
        _value(match, header_variable(match.name), "headers", found)
        if (own.get("each_header") if native else guarded) and found.conditions:
            found.conditions[-1] = _any_header(match, found.conditions[-1])
    for match in route.query_params:
        _value(match, f"arg_{match.name}", "query_params", found)
        if (order is RouteOrder.TRAEFIK or own.get("each_parameter")) and found.conditions:
            found.conditions[-1] = _any_parameter(match, found.conditions[-1])
    _schemes(route, found)
    _server_names(route, found)
    _destinations(route, found)
    return found


def _hosts(route: Route, found: Matches, native: bool) -> None:
    hosts = list(dict.fromkeys(route.hosts))
    if not hosts or (not native and hosts_of(route) == ("",)):
        return
    own = kept(route.extensions).get("hosts", hosts) if native else None
    if own == hosts:
        found.entity["hosts"] = hosts
        return
    ports = [host for host in hosts if without_port(host) != host]
    names = hosts_of(route) if own is None else tuple(own) or None
    if names is not None and not ports and own is None:
        if all(_HOST.fullmatch(host) or is_placeholder(host) for host in hosts):
            found.entity["hosts"] = hosts
            return
        names = None
    if names is not None:
        found.entity["hosts"] = list(names)
    if not ports and len(hosts) > 1 and "*" not in "".join(hosts):
        found.conditions.append(["host", "in", hosts])
    elif ports or names is None:
        found.conditions.append(_any_of([_host(host) for host in hosts]))


def _host(host: str) -> Condition:
    name = without_port(host)
    port = host[len(name) + 1 :]
    lower = name.lower()
    if lower.startswith("*."):
        condition: Condition = ["host", "~~", rf"{escaped(lower[1:])}\z"]
    elif lower.endswith(".*"):
        condition = ["host", "~~", f"^{escaped(lower[:-1])}."]
    else:
        condition = ["host", "==", lower]
    return ["AND", condition, _port(port)] if port else condition


def _port(port: str) -> Condition:
    """The port that a request names in its `Host`, or where it names none, that it comes to."""
    unnamed: Condition = ["AND", ["http_host", "!", "~~", r":\d+\z"], ["server_port", "==", port]]
    return ["OR", ["http_host", "~~", rf":{port}\z"], unnamed]


def _any_of(conditions: list[Condition]) -> Condition:
    return conditions[0] if len(conditions) == 1 else ["OR", *conditions]


def _methods(route: Route, found: Matches) -> None:
    methods = list(dict.fromkeys(route.methods))
    if not methods:
        return
    if all(method in METHODS or is_placeholder(method) for method in methods):
        found.entity["methods"] = methods
    elif len(methods) == 1:
        found.conditions.append(["request_method", "==", methods[0]])
    else:
        found.conditions.append(["request_method", "in", methods])


def _addresses(route: Route, found: Matches) -> None:
    if _takes_all(route.sources):
        return
    if all(one.port is None for one in route.sources):
        found.entity["remote_addrs"] = [str(one.ip) for one in route.sources]
        return
    found.conditions.append(
        _any_of([_address(one, "remote_addr", "remote_port") for one in route.sources])
    )


def _takes_all(addresses: list[AddressMatch]) -> bool:
    return not addresses or any(one.ip is None and one.port is None for one in addresses)


def _address(one: AddressMatch, ip: str, port: str) -> Condition:
    parts: list[Condition] = []
    if one.ip is not None:
        parts.append([ip, "ipmatch", [one.ip]])
    if one.port is not None:
        parts.append([port, "==", str(one.port)])
    return parts[0] if len(parts) == 1 else ["AND", *parts]


def _destinations(route: Route, found: Matches) -> None:
    if _takes_all(route.destinations):
        return
    ports = [one.port for one in route.destinations if one.ip is None]
    if len(ports) == len(route.destinations) and None not in ports:
        texts = [str(port) for port in ports]
        single = len(texts) == 1
        condition: Condition = ["server_port", "==", texts[0]]
        found.conditions.append(condition if single else ["server_port", "in", texts])
        return
    alternatives = [_address(one, "server_addr", "server_port") for one in route.destinations]
    found.conditions.append(_any_of(alternatives))


def _schemes(route: Route, found: Matches) -> None:
    schemes = frozenset(route.schemes)
    if not schemes:
        return
    if schemes <= _GRPC:
        found.conditions.append(["http_content_type", "~~", "^application/grpc"])
    secure = {scheme in _SECURE for scheme in schemes}
    if len(secure) == 2 or (True in secure and route.https_redirect is not None):
        return
    found.conditions.append(["scheme", "==", "https" if True in secure else "http"])


def _server_names(route: Route, found: Matches) -> None:
    """TLS server names. Plain requests have none: where the route takes them, they pass."""
    secure = {scheme in _SECURE for scheme in route.schemes}
    if not route.server_names or secure == {False}:
        return
    condition = _server_name(route.server_names)
    if secure != {True} or route.https_redirect is not None:
        condition = ["OR", deepcopy(PLAIN), condition]
    found.conditions.append(condition)


def _server_name(names: list[str]) -> Condition:
    exact = [name.lower() for name in names if "*" not in name]
    if len(exact) == len(names):
        whole: Condition = ["ssl_server_name", "==", exact[0]]
        return whole if len(exact) == 1 else ["ssl_server_name", "in", exact]
    texts = []
    for name in names:
        lower = name.lower()
        if lower == "*":
            texts.append(".")
        elif lower.startswith("*"):
            texts.append(rf"{escaped(lower[1:])}\z")
        elif lower.endswith("*"):
            texts.append(f"^{escaped(lower[:-1])}.")
        else:
            texts.append(rf"^{escaped(lower)}\z")
    return ["ssl_server_name", "~*", "|".join(texts)]


def _value(match: ValueMatch, variable: str, feature: str, found: Matches) -> None:
    try:
        condition = _condition(match, variable)
    except UntranslatableError as error:
        found.missing.append((match, feature, str(error)))
        return
    found.conditions.append(condition)


def _any_header(match: ValueMatch, whole: Condition) -> Condition:
    """Each value of a header counts that is there several times; APISIX's variable has them all."""
    if match.invert or match.kind is MatchKind.PRESENT:
        return whole
    each = each_value(whole[1:])
    return whole if each is None else ["OR", whole, [whole[0], *each]]


def _any_parameter(match: ValueMatch, first: Condition) -> Condition:
    """All values of a parameter count, where APISIX's variable has the first."""
    if match.kind is not MatchKind.EXACT or match.ignore_case:
        return first
    anywhere: Condition = ["args", "~~", holds(match.name, match.values)]
    return ["!OR" if match.invert else "OR", _inverted_back(first, match.invert), anywhere]


def _inverted_back(condition: Condition, inverted: bool) -> Condition:
    """The condition without its negation."""
    if not inverted:
        return condition
    if condition[1] == "~=":
        return [condition[0], "==", *condition[2:]]
    return [condition[0], *condition[2:]]


def _condition(match: ValueMatch, variable: str) -> Condition:
    kind = match.kind
    if kind is MatchKind.PRESENT:
        return _inverted(has_condition(variable), match.invert)
    if not (match.regexes if kind is MatchKind.REGEX else match.values):
        raise UntranslatableError("no value is given")
    if kind is MatchKind.EXACT and not match.ignore_case:
        values: list[object] = list(dict.fromkeys(match.values))
        if "" in values and variable.startswith("arg_"):
            values.append(True)  # a parameter without "="
        if len(values) > 1:
            return _inverted([variable, "in", values], match.invert)
        return [variable, "~=" if match.invert else "==", values[0]]
    operator = "~*" if match.ignore_case else "~~"
    return _inverted([variable, operator, _expression(match)], match.invert)


def _expression(match: ValueMatch) -> str:
    if match.kind is MatchKind.REGEX:
        texts = [searched(regex) for regex in match.regexes]
        return texts[0] if len(texts) == 1 else "|".join(f"(?:{text})" for text in texts)
    before = "^" if match.kind in (MatchKind.EXACT, MatchKind.PREFIX) else ""
    after = r"\z" if match.kind in (MatchKind.EXACT, MatchKind.SUFFIX) else ""
    return "|".join(f"{before}{escaped(value)}{after}" for value in match.values) or "^"


def _inverted(condition: Condition, invert: bool) -> Condition:
    return [condition[0], "!", *condition[1:]] if invert else condition
